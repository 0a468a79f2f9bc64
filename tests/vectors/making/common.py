"""What all vectors are made from: fixed seeds, keys and times, and signatures over any bytes.

Signatures are made by `cryptography` alone, so that a wrong one is as easy as a right one.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.terms import documents
from rbutton.terms.encoding import b64u, time_text
from rbutton.terms.keys import PublicKey, person_key

Json = dict[str, Any]

ORIGIN = "https://shop.example"
NAME = "Example Shop Ltd"


def thirty_two(what: str) -> bytes:
    """32 bytes that are the same each time."""
    return hashlib.sha256(f"vector: {what}".encode()).digest()


def private_key(what: str) -> Ed25519PrivateKey:
    """A key that is the same each time."""
    return Ed25519PrivateKey.from_private_bytes(thirty_two(what))


SEED = thirty_two("seed")
NONCE = thirty_two("nonce")
SITE_KEY = private_key("site")
OTHER_KEY = private_key("other")
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


def jwk(key: Ed25519PrivateKey) -> Json:
    """The public half of `key`, as it is published."""
    return PublicKey.of(key).model_dump()


def kid(key: Ed25519PrivateKey) -> str:
    """What its signatures name it by."""
    return PublicKey.of(key).thumbprint


def policy(**changes: Any) -> str:
    """The policy of the example shop; `changes` replaces members, None takes one out."""
    members: Json = {
        "emanciterms": 1,
        "origin": ORIGIN,
        "controller": {"name": NAME},
        "keys": [jwk(SITE_KEY)],
        "accepts": ["SD-BASE-DP"],
        "negotiates": True,
    }
    members |= changes
    kept = {name: value for name, value in members.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False)


def roster_term(roster_id: str) -> Json:
    """A term as an agreement has it: id, hash, clauses in full."""
    document = catalogue().documents[roster_id]
    return {"id": document.id, "sha256": document.sha256, "clauses": dict(document.clauses)}


def own_term(**clauses: Any) -> Json:
    """A term of the person's own; `__` in a name stands for its dot."""
    return {"id": "own", "clauses": {name.replace("__", "."): clauses[name] for name in clauses}}


def proffered(
    terms: Iterable[str | Json],
    *,
    nonce: bytes = NONCE,
    served: str,
    at: datetime = NOW,
    answer_by: datetime | None = None,
    until: datetime | None = None,
    supersedes: str | None = None,
) -> Json:
    """A proffer's payload. Terms are roster ids, or terms as they stand; `served` is the policy."""
    full = [roster_term(one) if isinstance(one, str) else one for one in terms]
    return {
        "emanciterms": 1,
        "type": "agreement",
        "terms": full,
        "person": {"jwk": jwk(person_key(SEED, nonce, ORIGIN))},
        "site": {
            "origin": ORIGIN,
            "name": NAME,
            "jwk": jwk(SITE_KEY),
            "policy": digest(served.encode()),
        },
        "nonce": b64u(nonce),
        "proffered": time_text(at),
        "answer_by": time_text(answer_by or at + timedelta(minutes=5)),
        "until": until and time_text(until),
        "supersedes": supersedes,
        "answers": None,
    }


def digest(data: bytes) -> str:
    """SHA-256 as unpadded base64url."""
    return b64u(hashlib.sha256(data).digest())


def id_of(body: str) -> str:
    """The id of what a JWS carries."""
    return digest(payload_of(body))


def payload_of(body: str) -> bytes:
    """The signed bytes of a JWS."""
    text = json.loads(body)["payload"]
    return _from_b64u(text)


def members_of(body: str) -> Json:
    """What a JWS signs, parsed."""
    members: Json = json.loads(payload_of(body))
    return members


def header(key: Ed25519PrivateKey | None = None, **changes: Any) -> str:
    """A protected header of `key`, the site's where none is given; a change to None drops one."""
    members = {"alg": "Ed25519", "kid": kid(key or SITE_KEY), "typ": "emanciterms+jws"}
    members |= changes
    kept = {name: value for name, value in members.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"))


def signature(payload: str, protected: str, key: Ed25519PrivateKey) -> Json:
    """A signature object over a payload in base64url, under any protected header."""
    encoded = b64u(protected.encode())
    return {"protected": encoded, "signature": b64u(key.sign(f"{encoded}.{payload}".encode()))}


def signed(members: Json | bytes, *keys: Ed25519PrivateKey) -> str:
    """A JWS by each of the keys, whatever the members are; bytes are signed as they are."""
    payload = b64u(members if isinstance(members, bytes) else documents.canonical(members))
    signatures = [signature(payload, header(key), key) for key in keys]
    return json.dumps({"payload": payload, "signatures": signatures}, separators=(",", ":"))


def and_by(body: str, key: Ed25519PrivateKey) -> str:
    """A JWS with one signature more."""
    whole = json.loads(body)
    more = signature(whole["payload"], header(key), key)
    whole["signatures"] = [*whole["signatures"], more]
    return json.dumps(whole, separators=(",", ":"))


def _from_b64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
