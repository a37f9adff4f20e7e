"""Tokens for the local runtime, signed with a key of its own made at first start."""

import json
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from automoney.errors import InvalidInput

ISSUER = "automoney-local"
AUDIENCE = "automoney"

_KEY_FILE = "signing-key.pem"
_USER = re.compile(r"[A-Za-z0-9_.@-]{1,128}")


@dataclass(frozen=True, slots=True)
class Session:
    """A token and what its holder needs to know about it."""

    token: str = field(repr=False)
    user_id: str
    expires_at: datetime


def new_key() -> tuple[str, str]:
    """A fresh P-256 key: its private PEM, and the key set as JSON that verifies its tokens."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, _key_set(key)


def issue(
    private_key_pem: str,
    kid: str,
    *,
    issuer: str,
    audience: str,
    user_id: str,
    roles: Iterable[str],
    now: datetime,
    ttl: timedelta,
) -> str:
    """Sign a token that is good from `now` for `ttl`.  Raises InvalidInput for a bad user id."""
    if not _USER.fullmatch(user_id):
        raise InvalidInput("user", user_id, "1 to 128 letters, digits or _ . @ -")
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": user_id,
        "roles": sorted(roles),
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, private_key_pem, algorithm="ES256", headers={"kid": kid})


def mint(folder: Path, user: str, roles: Iterable[str], *, now: datetime, ttl: timedelta) -> str:
    """A token of the local runtime whose key is in `folder`; makes the key if there is none."""
    return session(folder, user, roles, now=now, ttl=ttl).token


def session(
    folder: Path, user: str, roles: Iterable[str], *, now: datetime, ttl: timedelta
) -> Session:
    """`mint`, with the user and the time when it ends (whole seconds, as in the token)."""
    pem, keys = _load(folder)
    kid = json.loads(keys)["keys"][0]["kid"]
    token = issue(
        pem, kid, issuer=ISSUER, audience=AUDIENCE, user_id=user, roles=roles, now=now, ttl=ttl
    )
    return Session(token, user, (now + ttl).replace(microsecond=0))


def key_set(folder: Path) -> str:
    """The JSON Web Key Set for `Settings.jwks`; makes the key if there is none."""
    return _load(folder)[1]


def _load(folder: Path) -> tuple[str, str]:
    path = folder / _KEY_FILE
    if not path.exists():
        _create(path)
    pem = path.read_text()
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidInput("signing key", str(path), "a P-256 private key; delete it to get one")
    return pem, _key_set(key)


def _create(path: Path) -> None:
    """Write a new key whole or not at all; of two that start at once, one key stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_key()[0])
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _key_set(key: ec.EllipticCurvePrivateKey) -> str:
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    named = {name: public[name] for name in ("crv", "kty", "x", "y")}
    # RFC 7638: the key's own thumbprint names it
    digest = sha256(json.dumps(named, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return json.dumps({"keys": [{**named, "kid": kid, "use": "sig", "alg": "ES256"}]})
