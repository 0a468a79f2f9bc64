"""Keys: thumbprints, the person's key for one proffer, and points nobody may use as a key."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rbutton.terms import agreement
from rbutton.terms.encoding import b64u
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey, check_public_key, person_key
from tests import sites

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(one: Point, two: Point) -> Point:
    """Addition on the curve of RFC 8032, section 5.1, in plain fractions."""
    (x1, y1), (x2, y2) = one, two
    product = D * x1 * x2 * y1 * y2 % P
    x3 = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y3 = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x3, y3


def times(number: int, point: Point) -> Point:
    """`number` times `point`."""
    result = NEUTRAL
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def on_curve(y: int) -> Point | None:
    """A point with this y, if there is one (RFC 8032, section 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x, y) if x * x % P == square else None


def encoded(y: int, sign: int) -> bytes:
    """A point as its 32 bytes, whether canonical or not."""
    return (y | sign << 255).to_bytes(32, "little")


def small_order_points() -> list[Point]:
    """All eight: L times any point is one of them; one of order 8 gives the others."""
    for y in range(2, 100):
        point = on_curve(y)
        if point is None:
            continue
        torsion = times(L, point)
        if times(4, torsion) != NEUTRAL:
            return [times(number, torsion) for number in range(8)]
    raise AssertionError("no point of order 8 was found")


SMALL = small_order_points()
UNFIT: dict[str, bytes] = {
    **{f"small order {i}": encoded(y, x & 1) for i, (x, y) in enumerate(SMALL)},
    **{f"small order {i}, other sign": encoded(y, 1 - (x & 1)) for i, (x, y) in enumerate(SMALL)},
    **{f"y = p + {y}, sign {sign}": encoded(P + y, sign) for y in range(19) for sign in (0, 1)},
    "31 bytes": bytes(31),
    "33 bytes": b"\x07" * 33,
    "nothing": b"",
}


def jwk(data: bytes) -> PublicKey:
    """Any bytes as a JWK."""
    return PublicKey(kty="OKP", crv="Ed25519", x=b64u(data))


def test_there_are_eight_points_of_small_order() -> None:
    """The recomputation itself: eight different points on the curve, each of order 1, 2, 4 or 8."""
    assert len(set(SMALL)) == 8
    for x, y in SMALL:
        assert (-x * x + y * y - 1 - D * x * x * y * y) % P == 0
        assert times(8, (x, y)) == NEUTRAL


@pytest.mark.parametrize("data", UNFIT.values(), ids=UNFIT)
def test_unfit_keys_are_refused(data: bytes) -> None:
    """Small order (recomputed here), non-canonical, or of another length."""
    with pytest.raises(InvalidDocument):
        check_public_key(jwk(data))


@settings(max_examples=50, deadline=None)
@given(private=st.binary(min_size=32, max_size=32))
def test_real_keys_are_taken(private: bytes) -> None:
    """No key that somebody can hold the private half of is refused."""
    key = PublicKey.of(Ed25519PrivateKey.from_private_bytes(private))
    assert check_public_key(key) is key


def test_the_identity_point_as_key_would_seal_anything() -> None:
    """Why such keys are refused: one fixed signature is valid under it for every message."""
    forged = encoded(1, 0) + bytes(32)
    Ed25519PublicKey.from_public_bytes(encoded(1, 0)).verify(forged, b"whatever you like")


@pytest.mark.parametrize("side", ["person", "site"])
@pytest.mark.parametrize("data", UNFIT.values(), ids=UNFIT)
def test_an_agreement_with_an_unfit_key_never_reads(side: str, data: bytes) -> None:
    """On neither side, though the other side signed and the forged signature would verify."""
    site = sites.Site()
    person = person_key(sites.SEED, sites.NONCE, site.origin)
    members = sites.payload_of(sites.proffer(site))
    members[side] = {**members[side], "jwk": jwk(data).model_dump()}
    payload = sites.compact(members)
    kid = jwk(data).thumbprint
    protected = sites.compact({**sites.header_of(person), "kid": kid})
    forged = {"protected": b64u(protected), "signature": b64u(encoded(1, 0) + bytes(32))}
    honest = sites.raw_signature(site.key if side == "person" else person, payload)
    with pytest.raises(InvalidDocument):
        agreement.read(sites.raw_jws(payload, honest, forged))
    with pytest.raises(InvalidDocument):
        agreement.read(sites.raw_jws(payload, honest))


def test_the_thumbprint_is_that_of_the_published_example() -> None:
    """RFC 8037, appendix A.3."""
    key = PublicKey(kty="OKP", crv="Ed25519", x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@settings(max_examples=40, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), nonce=st.binary(min_size=32, max_size=32))
def test_the_persons_key_is_hkdf_of_seed_nonce_and_origin(seed: bytes, nonce: bytes) -> None:
    """RFC 5869 by hand: extract with the nonce as salt, expand once with the origin in the info."""
    origin = "https://shop.example:8443"
    extracted = hmac.digest(nonce, seed, hashlib.sha256)
    info = b"emanciterms/1 person https://shop.example:8443"
    expanded = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    assert person_key(seed, nonce, origin).private_bytes_raw() == expanded


def test_no_two_proffers_share_a_key() -> None:
    """Another nonce, another origin, another seed: each gives another key."""
    other = bytes(32)
    keys = {
        person_key(seed, nonce, origin).public_key().public_bytes_raw()
        for seed in (sites.SEED, other)
        for nonce in (sites.NONCE, other)
        for origin in ("https://a.example", "https://b.example", "https://a.example:444")
    }
    assert len(keys) == 12


@pytest.mark.parametrize(
    "members",
    [
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "EC", "crv": "Ed25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": 7},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "alg": "EdDSA"},
    ],
)
def test_a_key_has_exactly_its_three_members(members: dict[str, object]) -> None:
    """No other curve, nothing added: a private half or an algorithm among it."""
    with pytest.raises(ValidationError):
        PublicKey.model_validate(members)
