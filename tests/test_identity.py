import base64
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from automoney.errors import InvalidInput, SourceUnavailable, Unauthorized
from automoney.identity import Identity, Verifier

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
ISSUER, AUDIENCE = "https://issuer.example", "automoney"

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


KEYS = json.dumps(
    {
        "keys": [
            public(EC_KEY, "ec", use="sig", alg="ES256"),
            public(RSA_KEY, "rsa", alg="RS256"),
            public(EC_KEY, "for-encryption", use="enc"),
            {"kty": "oct", "kid": "secret", "k": base64.urlsafe_b64encode(b"k" * 32).decode()},
        ]
    }
)


def claims(**changed: Any) -> dict[str, Any]:
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "exp": int((NOON + timedelta(hours=1)).timestamp()),
        "roles": ["user", "ops"],
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(
    payload: dict[str, Any], key: Any = EC_KEY, algorithm: str = "ES256", kid: str | None = "ec"
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers)


def forged(payload: dict[str, Any], secret: bytes) -> str:
    """HS256 by hand: the library itself refuses to sign with what looks like a public key."""
    parts = ({"alg": "HS256", "kid": "ec", "typ": "JWT"}, payload)
    text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_base64(hmac.digest(secret, text.encode(), 'sha256'))}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def verify(token: str, now: datetime = NOON) -> Identity:
    return Verifier(ISSUER, AUDIENCE, KEYS).verify(token, now=now)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        pytest.param(signed(claims()), Identity("ada", frozenset({"user", "ops"})), id="ES256"),
        pytest.param(
            signed(claims(sub="Bob_1.x@y-z", roles=None), RSA_KEY, "RS256", "rsa"),
            Identity("Bob_1.x@y-z", frozenset()),
            id="RS256, and no roles are none",
        ),
        pytest.param(
            signed(claims(aud=["other", AUDIENCE], nbf=int(NOON.timestamp()))),
            Identity("ada", frozenset({"user", "ops"})),
            id="one of several audiences, valid from this second on",
        ),
    ],
)
def test_a_good_token_says_who_it_is(token: str, expected: Identity) -> None:
    assert verify(token) == expected


def _seconds(**after: float) -> float:
    return (NOON + timedelta(**after)).timestamp()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("", "malformed", id="nothing"),
        pytest.param("a.b.c", "malformed", id="three words"),
        pytest.param("ä.ö.ü", "malformed", id="not even ASCII"),
        pytest.param("x" * 10_000, "too long", id="too long"),
        pytest.param(signed(claims(), STRANGER), "signature", id="another's signature"),
        pytest.param(signed(claims())[:-6] + "AAAAAA", "signature", id="a changed signature"),
        pytest.param(signed(claims(), kid="new"), "key is unknown", id="an unknown key"),
        pytest.param(signed(claims(), kid=None), "key is unknown", id="no key id"),
        pytest.param(
            signed(claims(), kid="for-encryption"), "key is unknown", id="a key not for signing"
        ),
        pytest.param(signed(claims(), kid="rsa"), "that of its key", id="ES256 by an RSA key"),
        pytest.param(
            signed(claims(), "", "none"), "algorithm is not accepted", id="no signature at all"
        ),
        pytest.param(
            signed(claims(), b"k" * 32, "HS256", "secret"), "not accepted", id="a shared secret"
        ),
        pytest.param(
            forged(claims(), KEYS.encode()), "not accepted", id="the public key as secret"
        ),
        pytest.param(
            signed(claims(), RSA_KEY, "RS512", "rsa"), "not accepted", id="RS512 was not asked for"
        ),
        pytest.param(signed(claims(iss="https://evil")), "another issuer", id="another issuer"),
        pytest.param(signed(claims(iss=None)), "no iss", id="no issuer"),
        pytest.param(signed(claims(aud="other")), "another audience", id="another audience"),
        pytest.param(signed(claims(aud=None)), "no aud", id="no audience"),
        pytest.param(signed(claims(exp=_seconds())), "expired", id="expires at this moment"),
        pytest.param(signed(claims(exp=None)), "no exp", id="never expires"),
        pytest.param(signed(claims(exp=True)), "exp is no time", id="exp is no number"),
        pytest.param(signed(claims(nbf=_seconds(seconds=1))), "not valid yet", id="not yet"),
        pytest.param(signed(claims(sub=None)), "no sub", id="nobody's"),
        pytest.param(signed(claims(sub="")), "no user id", id="an empty name"),
        pytest.param(signed(claims(sub="a b")), "no user id", id="a blank in the name"),
        pytest.param(signed(claims(sub="ada\n")), "no user id", id="a line end after the name"),
        pytest.param(signed(claims(sub="a" * 129)), "no user id", id="a name too long"),
        pytest.param(signed(claims(roles="ops")), "no list", id="roles as a word"),
    ],
)
def test_anything_else_is_refused_in_words_that_do_not_quote_it(token: str, reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason) as refused:
        verify(token)
    for part in token.split("."):
        assert len(part) < 4 or part not in str(refused.value)


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_text_gets_in_or_raises_anything_else(token: str) -> None:
    with pytest.raises(Unauthorized):
        verify(token)


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_gets_in(position: int, change: int) -> None:
    whole = signed(claims())
    position %= len(whole)
    changed = whole[:position] + chr(ord(whole[position]) ^ change) + whole[position + 1 :]
    try:
        found = verify(changed)
    except Unauthorized:
        return
    # the last character of a part may hold bits that base64 ignores: then nothing was changed
    assert found == verify(whole)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "es256", ""])
def test_an_algorithm_that_is_not_asymmetric_cannot_be_allowed(algorithm: str) -> None:
    with pytest.raises(InvalidInput, match="algorithm"):
        Verifier(ISSUER, AUDIENCE, KEYS, algorithms=("ES256", algorithm))


@pytest.mark.parametrize("keys", ["", "{}", "[]", '{"keys": 3}', '{"keys": ["x"]}', "ftp://x/"])
def test_what_is_no_key_set_is_said_at_once(keys: str) -> None:
    with pytest.raises(InvalidInput, match="jwks"):
        Verifier(ISSUER, AUDIENCE, keys)


def test_a_short_rsa_key_is_not_trusted() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    verifier = Verifier(ISSUER, AUDIENCE, json.dumps({"keys": [public(short, "short")]}))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = signed(claims(), short, "RS256", "short")
    with pytest.raises(Unauthorized):
        verifier.verify(token, now=NOON)


# ---------------------------------------------------------------- keys behind a URL


class KeyServer:
    """A loopback HTTP server whose answer a test may change; counts the requests."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, KEYS, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(outer.body.encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.stop()


def test_keys_are_fetched_on_first_use_and_kept(server: KeyServer) -> None:
    verifier = Verifier(ISSUER, AUDIENCE, server.url)
    assert server.asked == 0
    for _ in range(3):
        assert verifier.verify(signed(claims()), now=NOON).user_id == "ada"
    assert server.asked == 1


def test_an_unknown_key_is_asked_for_at_most_once_a_minute(server: KeyServer) -> None:
    server.body = json.dumps({"keys": [public(RSA_KEY, "rsa")]})
    verifier = Verifier(ISSUER, AUDIENCE, server.url)
    for _ in range(3):
        with pytest.raises(Unauthorized, match="key is unknown"):
            verifier.verify(signed(claims()), now=NOON)
    assert server.asked == 1
    server.body = KEYS
    with pytest.raises(Unauthorized):
        verifier.verify(signed(claims()), now=NOON + timedelta(seconds=59))
    assert verifier.verify(signed(claims()), now=NOON + timedelta(seconds=60)).user_id == "ada"
    assert server.asked == 2


def test_a_key_that_was_withdrawn_stops_working_within_an_hour(server: KeyServer) -> None:
    verifier = Verifier(ISSUER, AUDIENCE, server.url)
    token = signed(claims(exp=_seconds(days=1)))
    verifier.verify(token, now=NOON)
    server.body = json.dumps({"keys": [public(RSA_KEY, "rsa")]})
    verifier.verify(token, now=NOON + timedelta(minutes=59))
    with pytest.raises(Unauthorized):
        verifier.verify(token, now=NOON + timedelta(minutes=60))


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "{}"), (404, ""), (200, "<html>"), (200, '{"keys": 1}')],
)
def test_an_issuer_that_fails_is_not_the_callers_fault(
    server: KeyServer, status: int, body: str
) -> None:
    server.status, server.body = status, body
    verifier = Verifier(ISSUER, AUDIENCE, server.url)
    for _ in range(3):  # a fetch that just failed is not repeated at once
        with pytest.raises(SourceUnavailable, match="issuer's keys"):
            verifier.verify(signed(claims()), now=NOON)
    assert server.asked == 1
    server.status, server.body = 200, KEYS
    later = NOON + timedelta(seconds=5)
    assert verifier.verify(signed(claims()), now=later).user_id == "ada"


def test_keys_that_we_hold_outlive_a_failing_issuer(server: KeyServer) -> None:
    verifier = Verifier(ISSUER, AUDIENCE, server.url)
    token = signed(claims(exp=_seconds(days=1)))
    verifier.verify(token, now=NOON)
    server.status = 503
    assert verifier.verify(token, now=NOON + timedelta(hours=2)).user_id == "ada"
    assert server.asked == 2
