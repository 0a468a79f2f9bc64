"""Ed25519 keys: which are fit for use, their thumbprint, and the person's key for one proffer."""

import json
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rbutton.terms.encoding import Text, b64u, from_b64u, sha256
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.models import Closed

_P = 2**255 - 19
# y coordinates of the eight points of small order (RFC 8032's curve: order 1, 2, 4 twice, 8 four
# times). With such a key one fixed signature verifies for many messages. tests/ recomputes them.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)


class PublicKey(Closed):
    """An Ed25519 public key as a JWK (RFC 8037), exactly the three members that identify it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Text

    @property
    def thumbprint(self) -> str:
        """RFC 7638, SHA-256, unpadded base64url: the `kid` of its signatures."""
        members = {"crv": self.crv, "kty": self.kty, "x": self.x}
        return sha256(json.dumps(members, separators=(",", ":")).encode())

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> "PublicKey":
        """The public half of `private`."""
        return cls(kty="OKP", crv="Ed25519", x=b64u(private.public_key().public_bytes_raw()))


def check_public_key(key: PublicKey) -> PublicKey:
    """Refuse what is 32 bytes but no key one may rely on.

    Raises:
        InvalidDocument: not 32 bytes, a y coordinate of 2²⁵⁵−19 or more (non-canonical,
            RFC 8032 section 5.1.3), or a point of small order.
    """
    data = from_b64u(key.x)
    if len(data) != 32:
        raise InvalidDocument("is not a key of 32 bytes")
    y = int.from_bytes(data, "little") & (2**255 - 1)
    if y >= _P:
        raise InvalidDocument("is a key in non-canonical form")
    if y in _SMALL_ORDER_Y:
        raise InvalidDocument("is a key of small order")
    return key


def person_key(seed: bytes, nonce: bytes, origin: str) -> Ed25519PrivateKey:
    """The person's key for one proffer to one origin (protocol, section 4).

    Nobody can link two of them without the seed; with it, nonce and origin give the key back.

    Args:
        seed: 32 bytes, the person's.
        nonce: 32 bytes, the agreement's.
        origin: the site's.
    """
    info = b"emanciterms/1 person " + origin.encode("ascii")
    derived = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=info).derive(seed)
    return Ed25519PrivateKey.from_private_bytes(derived)
