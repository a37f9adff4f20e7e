"""Tokens that must never be let in, each with what is wrong with it, and a few good ones.

Made by hand where the library refuses to: an attacker uses no library that refuses.
"""

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
NOW = int(NOON.timestamp())
ISSUER, AUDIENCE = "https://issuer.example", "automoney"

P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = ec.generate_private_key(ec.SECP256R1())
STRANGE_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KOBLITZ = ec.generate_private_key(ec.SECP256K1())
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def public(key: Key, kid: str, **more: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        numbers = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**numbers, "kid": kid, **more}


KEYS = json.dumps(
    {
        "keys": [
            public(P256, "ec", use="sig", alg="ES256"),
            public(RSA, "rsa", use="sig", alg="RS256"),
            public(RSA, "bare"),
            public(P384, "p384", use="sig"),
            public(P256, "enc", use="enc"),
            public(P256, "wrap", key_ops=["encrypt"]),
            {"kty": "oct", "kid": "oct", "k": urlsafe_b64encode(b"k" * 32).decode()},
            {"kty": "oct", "kid": "empty", "k": ""},
        ]
    }
)


def text64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: object) -> str:
    return text64(value.encode() if isinstance(value, str) else json.dumps(value).encode())


def claims(**changed: Any) -> dict[str, Any]:
    """A good body; None takes a claim away."""
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": NOW + 3600, "roles": ["user"]}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def ecdsa(key: ec.EllipticCurvePrivateKey, text: str) -> bytes:
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)


def signature(key: Key, text: str) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return ecdsa(key, text)


def token(body: object, key: Key = P256, header: object = None, **more: Any) -> str:
    """Signed with `key`; `header` whole, or the usual one with `more` in it."""
    if header is None:
        usual = ("RS256", "rsa") if isinstance(key, rsa.RSAPrivateKey) else ("ES256", "ec")
        named = {"alg": usual[0], "kid": usual[1], "typ": "JWT"} | more
        header = {name: value for name, value in named.items() if value is not None}
    text = f"{part(header)}.{part(body)}"
    return f"{text}.{text64(signature(key, text))}"


def unsigned(algorithm: object, tail: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'ec'})}.{part(claims(roles=['ops']))}.{tail}"


def with_secret(secret: bytes, kid: str, algorithm: str = "HS256") -> str:
    text = f"{part({'alg': algorithm, 'kid': kid, 'typ': 'JWT'})}.{part(claims(roles=['ops']))}"
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.get(algorithm, "sha256")
    return f"{text}.{text64(hmac.digest(secret, text.encode(), digest))}"


GOOD: Mapping[str, str] = {
    "ES256": token(claims()),
    "RS256": token(claims(), RSA),
    "RS256 by a key that names no algorithm": token(claims(), RSA, kid="bare"),
    "several audiences": token(claims(aud=["other", AUDIENCE])),
    "one second left": token(claims(exp=NOW + 1)),
    "valid from this second": token(claims(nbf=NOW, iat=NOW)),
    "no typ": token(claims(), typ=None),
    "an access token by RFC 9068": token(claims(), typ="at+jwt"),
    "a header nobody trusts is ignored": token(claims(), x5t="abc"),
}


def hostile() -> Iterator[tuple[str, str]]:
    """What is wrong, and the token; every one of them is to be refused."""
    yield from _algorithms()
    yield from _keys()
    yield from _claims()
    yield from _shapes()
    yield from _signatures()


def _algorithms() -> Iterator[tuple[str, str]]:
    for spelling in ("none", "None", "NONE", "nOnE", "none ", "", None, 0, ["none"], {"a": 1}):
        yield f"alg={spelling!r} without a signature", unsigned(spelling)
    yield "alg=none with a signature", unsigned("none", token(claims()).rpartition(".")[2])
    yield "no alg at all", token(claims(), alg=None)
    pem = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    rsa_pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = P256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    point = P256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secrets = {
        "PEM": pem,
        "PEM without the line end": pem.rstrip(),
        "PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "RSA PEM": rsa_pem,
        "PKCS#1 PEM": RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": der,
        "DER in base64": b64encode(der),
        "point": point,
        "x": point[1:33],
        "OpenSSH": P256.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "JWK": json.dumps(public(P256, "ec")).encode(),
        "key set": KEYS.encode(),
        "nothing": b"",
    }
    for name, secret in secrets.items():
        yield f"HS256 with the public key as {name}", with_secret(secret, "ec")
    yield "HS384 with the public key", with_secret(pem, "ec", "HS384")
    yield "HS512 with the public key", with_secret(rsa_pem, "rsa", "HS512")
    yield "HS256 with a secret of the set", with_secret(b"k" * 32, "oct")
    yield "HS256 with an empty secret of the set", with_secret(b"", "empty")
    yield "HS256 that calls itself ES256", with_secret(pem, "ec", "ES256")
    for other in ("es256", "RS384", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "A128KW", "dir"):
        yield f"alg={other}", token(claims(), alg=other)


def _keys() -> Iterator[tuple[str, str]]:
    kids = (
        "../../dev/null",
        "/etc/passwd",
        "https://evil.example/k",
        "ec' OR '1'='1",
        "ec\0",
        "EC",
    )
    for kid in (
        *kids,
        "",
        "ec ",
        None,
        1,
        ["ec"],
        {"kid": "ec"},
        "k" * 2000,
        "oct",
        "enc",
        "wrap",
        "EC",
    ):
        yield f"kid={str(kid)[:24]!r}", token(claims(), kid=kid)
    mine = public(STRANGER, "ec", alg="ES256")
    yield "embedded jwk", token(claims(), STRANGER, jwk=mine)
    yield "embedded jwk and no kid", token(claims(), STRANGER, kid=None, jwk=mine)
    yield "jku", token(claims(), STRANGER, jku="https://evil.example/jwks.json")
    yield "jku to this machine", token(claims(), STRANGER, jku="http://127.0.0.1:1/k", kid="evil")
    yield "x5u", token(claims(), STRANGER, x5u="https://evil.example/cert.pem")
    yield "x5c", token(claims(), STRANGER, x5c=["MIIB"])
    yield "another's key", token(claims(), STRANGER)
    yield "another's RSA key", token(claims(), STRANGE_RSA)
    yield "ES256 by an RSA key's name", token(claims(), P256, kid="rsa")
    yield "RS256 by an EC key's name", token(claims(), RSA, kid="ec")
    yield "ES256 by a key of P-384", token(claims(), P384, kid="p384")
    yield "ES256 of secp256k1", token(claims(), KOBLITZ)
    yield "P-384's signature under P-256's name", token(claims(), P384)


def _claims() -> Iterator[tuple[str, str]]:
    changed: dict[str, list[Any]] = {
        "iss": [None, "https://evil.example", ISSUER + "/", "", 1, [ISSUER], {"a": ISSUER}, True],
        "aud": [None, "other", "", [], ["other"], [AUDIENCE, 1], {AUDIENCE: 1}, 1, "AUTOMONEY"],
        "sub": [None, "", 1, ["ada"], True, "a b", "ada\n", "ada\0", "a" * 129, "../ada"],
        "exp": [None, NOW, NOW - 1, str(NOW + 60), True, [], {}, float("nan"), float("inf"), -1],
        "nbf": [NOW + 1, str(NOW), True, [], float("nan"), float("-inf"), 10**400],
        "iat": [NOW + 3600, "now", True, float("nan")],
        "roles": ["ops", [1], {"ops": True}, [["ops"]], [None], 1],
    }
    for name, values in changed.items():
        for value in values:
            body = claims(**{name: value})
            yield f"{name}={str(value)[:24]!r} ({type(value).__name__})", token(body)
    for name in ("exp", "nbf", "aud", "sub"):
        yield f"{name} is null", token(claims() | {name: None})
    yield "exp=10**400", token(claims(exp=10**400))
    for name in ("аda", "ada\u200b", "\uff41da", "ada\u0301", "\u202eada", "😀", "\ud800"):
        yield f"sub={name!a}", token(claims(sub=name))


def _shapes() -> Iterator[tuple[str, str]]:
    good = GOOD["ES256"]
    header, body, sign = good.split(".")
    usual = '"alg":"ES256","kid":"ec"'
    whole = json.dumps(claims())[1:-1]
    yield "sub twice, the good one last", token(f'{{"sub":"eve",{whole}}}')
    yield "sub twice, the good one first", token(f'{{{whole},"sub":"eve"}}')
    yield "exp twice", token(f'{{"exp":1,{whole}}}')
    yield "an escaped name twice", token(f'{{{whole},"\\u0073ub":"eve"}}')
    yield "alg twice in the header", token(claims(), header=f'{{"alg":"none",{usual}}}')
    yield "kid twice in the header", token(claims(), header=f'{{"kid":"x",{usual}}}')
    yield "a name twice within", token(f'{{{whole},"x":{{"a":1,"a":2}}}}')
    for name, value in (("[]", []), ("a text", "x"), ("a number", 1), ("null", None)):
        yield f"the header is {name}", token(claims(), header=json.dumps(value))
        yield f"the body is {name}", token(json.dumps(value))
    yield "the body is no JSON", token("{")
    yield "the body is JSON and more", token(json.dumps(claims()) + "x")
    yield "the body is no UTF-8", f"{header}.{text64(bytes([255, 254]))}.{sign}"
    yield "the body is a token", token(good)
    yield "a token in a token", token(claims(cty="JWT", jwt=good, exp=1))
    yield "nested too deeply", token('{"a":' * 1200 + "1" + "}" * 1200)
    yield "nested lists", token("[" * 2500 + "]" * 2500)
    yield "a number of 4,400 digits", token(f'{{{whole},"n":{"9" * 4400}}}')
    yield "too long", token(claims(x="x" * 9000))
    yield "a megabyte", "a" * 1_000_000
    yield "crit", token(claims(), crit=["exp"])
    yield "crit of what is there", token(claims(), crit=["mine"], mine=1)
    yield "an empty crit", token(claims(), crit=[])
    yield "b64=false", token(claims(), b64=False, crit=["b64"])
    yield "encrypted", token(claims(), typ="JWE", enc="A128GCM", alg="dir")
    yield "a logout token", token(claims(), typ="logout+jwt")
    yield "typ is a number", token(claims(), typ=1)
    yield "no token", ""
    yield "dots alone", ".."
    yield "two parts", f"{header}.{body}"
    yield "four parts", f"{good}.{sign}"
    yield "five parts", f"{good}.{sign}.{sign}"
    yield "a JSON serialisation", json.dumps({"payload": body, "protected": header, "sig": sign})
    yield "whitespace within", f"{header}. {body}.{sign}"
    yield "a line end within", f"{header}.{body[:9]}\n{body[9:]}.{sign}"
    yield "a zero within", f"{header}.{body}\0.{sign}"
    yield "padding", f"{header}=.{body}==.{sign}"
    yield "base64 of the other alphabet", good.replace("_", "/").replace("-", "+") + "+"
    yield "not ASCII", good.replace("e", "е", 1)  # a Cyrillic one


def _signatures() -> Iterator[tuple[str, str]]:
    header, body, sign = GOOD["ES256"].split(".")
    other_header, other_body, other_sign = token(claims(sub="bob"), kid="ec").split(".")
    eve = part(claims(sub="eve", roles=["ops"]))
    text = f"{header}.{body}"
    raw = ecdsa(P256, text)
    yield "the signature cut off", f"{text}."
    yield "the signature cut short", f"{text}.{sign[:-4]}"
    yield "half of the signature", f"{text}.{text64(raw[:32])}"
    yield "the signature and more", f"{text}.{text64(raw + b'0')}"
    yield "another body", f"{header}.{eve}.{sign}"
    yield "another token's signature", f"{text}.{other_sign}"
    yield "another token's body", f"{other_header}.{other_body}.{sign}"
    yield "r and s swapped", f"{text}.{text64(raw[32:] + raw[:32])}"
    yield "r and s of zero", f"{header}.{eve}.{text64(bytes(64))}"
    yield "r and s of the order", f"{header}.{eve}.{text64(_ORDER.to_bytes(32) * 2)}"
    yield "DER for a signature", f"{text}.{text64(P256.sign(text.encode(), ec.ECDSA(SHA256())))}"
    yield "one bit more", f"{text}.{text64(bytes([raw[0] ^ 1]) + raw[1:])}"
    loose = sign[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[sign[-1]]
    yield "a bit that base64 ignores", f"{text}.{loose}"
    rsa_text, _, rsa_sign = GOOD["RS256"].rpartition(".")
    yield "RSA cut short", f"{rsa_text}.{rsa_sign[:-4]}"
    yield "RSA of zero", f"{rsa_text}.{text64(bytes(256))}"
    yield "RSA of one", f"{rsa_text}.{text64((1).to_bytes(256))}"
    yield "an RSA signature under ES256", f"{text}.{rsa_sign}"
    yield "RSA-PSS under RS256", f"{rsa_text}.{text64(_pss(rsa_text))}"
    yield "expired by a second", token(claims(exp=NOW - 1), RSA)
    yield "valid in a second", token(claims(nbf=NOW + 1), RSA)


def _pss(text: str) -> bytes:
    return RSA.sign(text.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256())


HOSTILE: Mapping[str, str] = dict(hostile())
