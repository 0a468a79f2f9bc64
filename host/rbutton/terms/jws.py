"""JWS in General JSON Serialization (RFC 7515 section 7.2.1), as the exchange uses it.

joserfc signs and verifies; what it leaves open is closed here: the exact members, one spelling of
base64url, each signature checked by itself under the key its `kid` names.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import Field

from rbutton.terms import documents
from rbutton.terms.encoding import Hash, Text, b64u, from_b64u
from rbutton.terms.errors import BadSignature, InvalidDocument
from rbutton.terms.keys import PublicKey
from rbutton.terms.models import Closed, build

ALGORITHM = "Ed25519"  # RFC 9864; not the older, vaguer "EdDSA"
TYPE = "emanciterms+jws"
CONTENT_TYPE = "application/jose+json"

_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
# "In any JSON spelling" takes in a header of mostly spaces; joserfc stops at 512 characters.
_REGISTRY.max_header_length = documents.MAX_CHARACTERS


class Signature(Closed):
    """One signature object: no unprotected header."""

    protected: Text
    signature: Text


class Envelope(Closed):
    """A whole JWS. Two signatures are the most any document of the exchange has."""

    payload: Text
    signatures: list[Signature] = Field(min_length=1, max_length=2)


class Protected(Closed):
    """The protected header: exactly these three members, in any JSON spelling."""

    alg: Literal["Ed25519"]
    kid: Hash
    typ: Literal["emanciterms+jws"]


@dataclass(frozen=True)
class Jws:
    """A parsed JWS, its signatures not yet verified; `body` is its text as received."""

    body: bytes
    envelope: Envelope
    payload: bytes
    members: dict[str, Any]
    kids: tuple[str, ...]


def parse(body: bytes, what: str) -> Jws:
    """Read a JWS whose payload is JSON in its own JCS form; verify nothing yet.

    Raises:
        InvalidDocument: any member missing, added or of a wrong type, in the JWS, a protected
            header or its base64url; or a payload that is not canonical.
    """
    envelope = build(Envelope, documents.parse(body, what), what)
    payload = _decoded(envelope.payload, f"the {what}'s payload")
    members = documents.parse(payload, f"{what}'s payload")
    if documents.canonical(members) != payload:
        raise InvalidDocument(f"the {what}'s payload is not in canonical form (RFC 8785)")
    kids = tuple(_kid(signature, what) for signature in envelope.signatures)
    return Jws(body, envelope, payload, members, kids)


def verify(document: Jws, keys: Iterable[PublicKey]) -> None:
    """Check every signature, each under the one of `keys` that its `kid` names.

    Raises:
        BadSignature: a `kid` that is none of `keys`, the same `kid` twice, or a signature that
            does not verify.
    """
    by_kid = {key.thumbprint: key for key in keys}
    if len(set(document.kids)) < len(document.kids):
        raise BadSignature("two signatures are by the same key")
    for kid, signature in zip(document.kids, document.envelope.signatures, strict=True):
        if kid not in by_kid:
            raise BadSignature("a signature is by a key that the document does not name")
        _decoded(signature.signature, "a signature")
        key = OKPKey.import_key(by_kid[kid].model_dump())
        flattened: jws.FlattenedJSONSerialization = {
            "payload": document.envelope.payload,
            "protected": signature.protected,
            "signature": signature.signature,
        }
        try:
            jws.deserialize_json(flattened, key, registry=_REGISTRY)
        except (JoseError, ValueError):
            raise BadSignature("a signature does not verify") from None


def sign(payload: bytes, key: Ed25519PrivateKey, onto: Envelope | None = None) -> bytes:
    """A JWS over `payload`, the new signature after those of `onto`."""
    public = PublicKey.of(key)
    protected = {"alg": ALGORITHM, "kid": public.thumbprint, "typ": TYPE}
    private = OKPKey.import_key({**public.model_dump(), "d": b64u(key.private_bytes_raw())})
    made = jws.serialize_json({"protected": protected}, payload, private, algorithms=[ALGORITHM])
    signature = {"protected": made["protected"], "signature": made["signature"]}
    earlier = [one.model_dump() for one in onto.signatures] if onto else []
    return _compact({"payload": b64u(payload), "signatures": [*earlier, signature]})


def text(envelope: Envelope) -> bytes:
    """A JWS without a byte to spare, in whatever spelling it came."""
    return _compact(envelope.model_dump())


def _compact(whole: dict[str, Any]) -> bytes:
    return json.dumps(whole, separators=(",", ":")).encode()


def _kid(signature: Signature, what: str) -> str:
    data = _decoded(signature.protected, f"the {what}'s protected header")
    name = f"{what}'s protected header"
    return build(Protected, documents.parse(data, name), name).kid


def _decoded(text: str, place: str) -> bytes:
    try:
        return from_b64u(text)
    except InvalidDocument as error:
        raise InvalidDocument(f"{place} {error}") from None
