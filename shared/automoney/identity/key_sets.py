"""The issuer's public keys: a JSON Web Key Set as it is, or behind a URL (RFC 7517)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from automoney.errors import InvalidInput, SourceUnavailable

KEY_TYPES = ("RSA", "EC", "OKP")  # a secret, `oct`, is none of them

_LONGEST_KEY_SET = 256 * 1024
_FETCH_TIMEOUT = 5.0  # seconds

_REFRESH_AT_MOST = timedelta(minutes=1)
_REFRESH_AT_LEAST = timedelta(hours=1)  # so that a key the issuer withdrew stops working
_RETRY = timedelta(seconds=5)  # while we hold no key at all

KeySet = Mapping[str, Mapping[str, Any]]  # by kid


def parse_keys(text: str) -> KeySet:
    """The public signing keys of a set; secret (`oct`) and encryption keys are left out.

    Raises InvalidInput for what is no set.
    """
    expected = 'a JSON Web Key Set such as {"keys": [...]}'
    try:
        found = json.loads(text)["keys"]
        return {
            key["kid"]: {name: value for name, value in key.items() if name != "d"}
            for key in found
            if key.get("kty") in KEY_TYPES
            and key.get("use", "sig") == "sig"
            and "verify" in key.get("key_ops", ("verify",))
            and isinstance(key.get("kid"), str)
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput("jwks", f"{len(text)} characters", expected) from None


class FixedKeys:
    """Keys that never change."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def find(self, kid: str, now: datetime) -> Mapping[str, Any] | None:
        return self._keys.get(kid)


class RemoteKeys:
    """Keys behind a URL.  Safe to share between threads; one fetch at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._keys: KeySet = {}
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
            self._keys = parse_keys(text)
            self._failure = None
        except (URLError, OSError, ValueError, InvalidInput) as error:
            self._failure = SourceUnavailable("issuer's keys", str(error))
