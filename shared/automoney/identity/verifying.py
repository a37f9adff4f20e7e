"""One verifier for REST and WebSocket."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from automoney.errors import InvalidInput, Unauthorized
from automoney.identity.key_sets import FixedKeys, RemoteKeys, parse_keys
from automoney.identity.strict import parts_of

OPS = "ops"  # the role of those who run this installation
USER = "user"  # the role of somebody who may see his own account and nothing more
ALGORITHMS = ("RS256", "ES256")

_TYPES = frozenset({"jwt", "at+jwt"})  # RFC 7519 5.1, RFC 9068 2.1
_SUBJECT = re.compile(r"[A-Za-z0-9_.@-]{1,128}")
_ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_LONGEST_TOKEN = 8192
_LAST_SECOND = 253_402_300_800  # the end of the year 9999
_AHEAD = timedelta(minutes=1)  # by how much the issuer's clock may be before ours


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
        self._keys: FixedKeys | RemoteKeys
        if keys.startswith(("http://", "https://")):
            self._keys = RemoteKeys(keys)
        else:
            self._keys = FixedKeys(parse_keys(keys))

    def verify(self, token: str, *, now: datetime) -> Identity:
        """Whose token it is.

        Raises Unauthorized for everything that is wrong with it, and SourceUnavailable when the
        issuer's keys can't be had, which says nothing about the token.
        """
        if len(token) > _LONGEST_TOKEN:
            raise Unauthorized("the token is too long")
        header, claims = parts_of(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise Unauthorized("the token's algorithm is not accepted")
        if "crit" in header or "b64" in header:
            raise Unauthorized("the token asks for an extension that is not known here")
        kind = header.get("typ", "JWT")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
            raise Unauthorized("this is another type of token")
        if not isinstance(kid, str) or (key := self._keys.find(kid, now)) is None:
            raise Unauthorized("the token's key is unknown")
        self._check(token, key, algorithm)
        return self._identity(claims, now)

    def _check(self, token: str, key: Mapping[str, Any], algorithm: str) -> None:
        """Raises Unauthorized unless issuer, audience and signature are right."""
        # The key's own type decides: a token can't choose another use for it.
        if (
            key["kty"] != _KEY_TYPES[algorithm[:2]]
            or key.get("alg", algorithm) != algorithm
            or key.get("crv") not in (_CURVES.get(algorithm), "Ed25519", "Ed448")
        ):
            raise Unauthorized("the token's algorithm is not that of its key")
        try:
            jwt.decode(
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
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            # the last three: of a key in the set that is none
            raise Unauthorized("the token's signature does not match") from None

    @staticmethod
    def _identity(claims: Mapping[str, Any], now: datetime) -> Identity:
        moment = now.timestamp()
        if _seconds(claims["exp"], "exp") <= moment:
            raise Unauthorized("the token has expired")
        if "nbf" in claims and _seconds(claims["nbf"], "nbf") > moment:
            raise Unauthorized("the token is not valid yet")
        if "iat" in claims and _seconds(claims["iat"], "iat") > moment + _AHEAD.total_seconds():
            raise Unauthorized("the token was issued in the future")
        subject = claims["sub"]
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise Unauthorized("the token's sub is no user id")
        roles = claims.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise Unauthorized("the token's roles are no list of names")
        return Identity(subject, frozenset(roles))


def _seconds(value: object, claim: str) -> float:
    """A time in seconds since 1970, between the years 1970 and 9999."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized(f"the token's {claim} is no time")
    if not 0 <= value < _LAST_SECOND:
        raise Unauthorized(f"the token's {claim} is no time")
    return float(value)
