"""Keys that may be relied on and those that may not; the person's key of each proffer."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rbutton.terms.encoding import b64u
from tests.vectors.making.common import (
    NONCE,
    ORIGIN,
    OTHER_KEY,
    SEED,
    SITE_KEY,
    Json,
    jwk,
    kid,
    thirty_two,
)

_P = 2**255 - 19
#: y of the points of order 8, with either sign: RFC 7748 and 8032 give the curve, not these.
_EIGHT = (
    2707385501144840649318225287225658788936804267575313519463743609750303402022,
    55188659117513257062467267217118295137698188065244968500265048394206261417927,
)


def _bytes(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


_BAD = {
    "of order 1, the neutral point": _bytes(1),
    "the neutral point with the other sign": _bytes(1, 1),
    "of order 2": _bytes(_P - 1),
    "of order 2 with the other sign": _bytes(_P - 1, 1),
    "of order 4": _bytes(0),
    "of order 4, the other": _bytes(0, 1),
    "of order 8": _bytes(_EIGHT[0]),
    "of order 8, the second": _bytes(_EIGHT[0], 1),
    "of order 8, the third": _bytes(_EIGHT[1]),
    "of order 8, the fourth": _bytes(_EIGHT[1], 1),
    "2^255 - 19, which is 0 in another form": _bytes(_P),
    "2^255 - 18, which is 1 in another form": _bytes(_P + 1),
    "2^255 - 1": _bytes(2**255 - 1),
    "no canonical form of a point that is fit": _bytes(_P + 3),
    "31 bytes": bytes(range(1, 32)),
    "33 bytes": bytes(range(1, 34)),
}


def vectors() -> Json:
    """`x` of keys to take and to refuse, thumbprints, and derivations."""
    good = {"the site's": SITE_KEY, "another": OTHER_KEY}
    return {
        "about": (
            "`x` is that of an Ed25519 JWK; `kid` its RFC 7638 thumbprint. Bad ones are refused "
            "wherever they stand. `derived`: the person's key of a proffer, from HKDF-SHA-256."
        ),
        "good": [{"name": name, "jwk": jwk(key), "kid": kid(key)} for name, key in good.items()],
        "bad": [
            *({"name": name, "x": b64u(data)} for name, data in _BAD.items()),
            {"name": "base64url with padding", "x": jwk(SITE_KEY)["x"] + "="},
            {"name": "base64 of the other alphabet", "x": "+/" * 21 + "8"},
            {"name": "bits left over", "x": _with_bits_left_over(jwk(SITE_KEY)["x"])},
        ],
        "derived": [
            _derived(SEED, NONCE, ORIGIN),
            _derived(SEED, thirty_two("another nonce"), ORIGIN),
            _derived(SEED, NONCE, "https://shop.example:8443"),
            _derived(thirty_two("another seed"), NONCE, "http://[::1]:8080"),
        ],
    }


def _with_bits_left_over(x: str) -> str:
    """The same bytes for a careless decoder: 43 characters have two bits to spare."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return x[:-1] + alphabet[alphabet.index(x[-1]) + 1]


def _derived(seed: bytes, nonce: bytes, origin: str) -> Json:
    info = f"emanciterms/1 person {origin}"
    private = HKDF(SHA256(), 32, nonce, info.encode()).derive(seed)
    key = Ed25519PrivateKey.from_private_bytes(private)
    return {
        "seed": b64u(seed),
        "nonce": b64u(nonce),
        "origin": origin,
        "private": b64u(private),
        "jwk": jwk(key),
        "kid": kid(key),
    }
