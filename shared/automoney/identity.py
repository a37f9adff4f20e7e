"""Who is calling: JSON Web Tokens checked against the issuer's published keys."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import jwt

from automoney.errors import InvalidInput, SourceUnavailable, Unauthorized

OPS = "ops"  # the role of those who run this installation
USER = "user"  # the role of somebody who may see his own account and nothing more
ALGORITHMS = ("RS256", "ES256")

_SUBJECT = re.compile(r"[A-Za-z0-9_.@-]{1,128}")
_ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_LONGEST_TOKEN = 8192
_LONGEST_KEY_SET = 256 * 1024
_FETCH_TIMEOUT = 5.0  # seconds

_REFRESH_AT_MOST = timedelta(minutes=1)
_REFRESH_AT_LEAST = timedelta(hours=1)  # so that a key the issuer withdrew stops working
_RETRY = timedelta(seconds=5)  # while we hold no key at all


@dataclass(frozen=True, slots=True)
class Identity:
    """The `sub` of a valid token and the roles it grants."""

    user_id: str
    roles: frozenset[str]


class Verifier:
    """Checks tokens of one issuer for one audience.

    `keys` is the JSON Web Key Set itself or its http(s) URL.  A set behind a URL is fetched on
    first use, kept, and fetched again hourly or for an unknown `kid`, at most once a minute.
    Raises InvalidInput for an algorithm by which a public key could pass for a secret.
    """

    def __init__(
        self, issuer: str, audience: str, keys: str, algorithms: Iterable[str] = ALGORITHMS
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._algorithms = tuple(algorithms)
        for algorithm in self._algorithms:
            if algorithm not in _ASYMMETRIC:
                expected = f"one of {', '.join(sorted(_ASYMMETRIC))}"
                raise InvalidInput("algorithm", algorithm, expected)
        self._keys: _Keys
        if keys.startswith(("http://", "https://")):
            self._keys = _RemoteKeys(keys)
        else:
            self._keys = _FixedKeys(_parse_keys(keys))

    def verify(self, token: str, *, now: datetime) -> Identity:
        """Whose token it is.

        Raises Unauthorized for everything that is wrong with it, and SourceUnavailable when the
        issuer's keys can't be had, which says nothing about the token.
        """
        if len(token) > _LONGEST_TOKEN:
            raise Unauthorized("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Unauthorized("the token is malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._algorithms:
            raise Unauthorized("the token's algorithm is not accepted")
        if not isinstance(kid, str) or (key := self._keys.find(kid, now)) is None:
            raise Unauthorized("the token's key is unknown")
        return self._identity(self._claims(token, key, str(algorithm)), now)

    def _claims(self, token: str, key: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
        # The key's own type decides: a token can't choose another use for it.
        if key["kty"] != _KEY_TYPES[algorithm[:2]] or key.get("alg", algorithm) != algorithm:
            raise Unauthorized("the token's algorithm is not that of its key")
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm=algorithm),
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["iss", "aud", "exp", "sub"],
                    "enforce_minimum_key_length": True,
                    # by the caller's clock, below, and not by the library's
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidIssuerError:
            raise Unauthorized("the token is from another issuer") from None
        except jwt.InvalidAudienceError:
            raise Unauthorized("the token is for another audience") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthorized(f"the token has no {error.claim}") from None
        except jwt.PyJWTError:
            raise Unauthorized("the token's signature does not match") from None

    @staticmethod
    def _identity(claims: Mapping[str, Any], now: datetime) -> Identity:
        moment = now.timestamp()
        if _seconds(claims["exp"], "exp") <= moment:
            raise Unauthorized("the token has expired")
        if "nbf" in claims and _seconds(claims["nbf"], "nbf") > moment:
            raise Unauthorized("the token is not valid yet")
        subject = claims["sub"]
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise Unauthorized("the token's sub is no user id")
        roles = claims.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise Unauthorized("the token's roles are no list of names")
        return Identity(subject, frozenset(roles))


def _seconds(value: object, claim: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized(f"the token's {claim} is no time")
    return float(value)


_KeySet = Mapping[str, Mapping[str, Any]]  # by kid


def _parse_keys(text: str) -> _KeySet:
    """The public signing keys of a set; secret (`oct`) and encryption keys are left out."""
    expected = 'a JSON Web Key Set such as {"keys": [...]}'
    try:
        found = json.loads(text)["keys"]
        return {
            key["kid"]: {name: value for name, value in key.items() if name != "d"}
            for key in found
            if key.get("kty") in _KEY_TYPES.values()
            and key.get("use", "sig") == "sig"
            and isinstance(key.get("kid"), str)
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput("jwks", f"{len(text)} characters", expected) from None


class _FixedKeys:
    def __init__(self, keys: _KeySet) -> None:
        self._keys = keys

    def find(self, kid: str, now: datetime) -> Mapping[str, Any] | None:
        return self._keys.get(kid)


class _RemoteKeys:
    """Keys behind a URL.  Safe to share between threads; one fetch at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._keys: _KeySet = {}
        self._tried_at: datetime | None = None
        self._failure: SourceUnavailable | None = None

    def find(self, kid: str, now: datetime) -> Mapping[str, Any] | None:
        with self._lock:
            if self._due(kid, now):
                self._tried_at = now
                self._refresh()
            if not self._keys and self._failure is not None:
                raise self._failure
            return self._keys.get(kid)

    def _due(self, kid: str, now: datetime) -> bool:
        if self._tried_at is None:
            return True
        age = now - self._tried_at
        if not self._keys:
            return age >= _RETRY
        return age >= (_REFRESH_AT_LEAST if kid in self._keys else _REFRESH_AT_MOST)

    def _refresh(self) -> None:
        """Fetch; after a failure the keys we have stay good."""
        request = Request(self._url, headers={"Accept": "application/json"})  # noqa: S310  # http(s) only, by Verifier
        try:
            with urlopen(request, timeout=_FETCH_TIMEOUT) as answer:  # noqa: S310
                text = answer.read(_LONGEST_KEY_SET).decode()
            self._keys = _parse_keys(text)
            self._failure = None
        except (URLError, OSError, ValueError, InvalidInput) as error:
            self._failure = SourceUnavailable("issuer's keys", str(error))


_Keys = _FixedKeys | _RemoteKeys
