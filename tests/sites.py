"""A small stand-in for a signing site, made of `rbutton.terms` and raw Ed25519 signatures."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement, documents, policy
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.encoding import b64u, time_text
from rbutton.terms.keys import PublicKey, person_key

ORIGIN = "https://shop.example"
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
SEED = bytes(range(32))
NONCE = bytes(range(100, 132))


def in_base64(data: bytes) -> str:
    """Bytes as the extension passes them to the host."""
    return base64.b64encode(data).decode("ascii")


def compact(value: Any) -> bytes:
    """JSON laid out as JCS does, from values that JCS would refuse too (members twice)."""
    return json.dumps(
        value, separators=(",", ":"), ensure_ascii=False, sort_keys=True, allow_nan=True
    ).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Site:
    """A site with one key, that signs whatever it is brought."""

    origin: str = ORIGIN
    name: str = "Example Shop Ltd"
    key: Ed25519PrivateKey = field(
        default_factory=lambda: Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    )

    @property
    def jwk(self) -> dict[str, str]:
        """Its public key as it publishes it."""
        return PublicKey.of(self.key).model_dump()

    def policy(self, **changes: Any) -> bytes:
        """Its policy's bytes; `changes` replaces members, None takes one out."""
        members = {
            "emanciterms": 1,
            "origin": self.origin,
            "controller": {"name": self.name},
            "keys": [self.jwk],
            "accepts": ["SD-BASE", "SD-BASE-DP", "do-not-track", "mine-as-well", "no-stalking"],
            "negotiates": True,
        } | changes
        kept = {name: value for name, value in members.items() if value is not None}
        return json.dumps(kept).encode()

    def served(self, **changes: Any) -> dict[str, str]:
        """Its policy as the extension hands it to the host."""
        return {"at": time_text(datetime.now(UTC)), "body": in_base64(self.policy(**changes))}

    def countersign(self, body: bytes | str) -> bytes:
        """The sealed agreement, from the proffer as it was posted."""
        posted = body.encode() if isinstance(body, str) else body
        return agreement.countersign(agreement.read(posted), self.key).body

    def counter(self, body: bytes | str, *ids: str, now: datetime | None = None) -> bytes:
        """Its counter-offer of other roster terms, to the proffer as it was posted."""
        posted = body.encode() if isinstance(body, str) else body
        terms = [catalogue().documents[one] for one in ids]
        signed = agreement.read(posted)
        when = now or datetime.now(UTC)
        return agreement.counter(signed, terms=terms, key=self.key, now=when).body

    def answer(self, body: bytes | str) -> dict[str, Any]:
        """Its 200 as the extension hands it to the host."""
        return http(200, "application/jose+json", self.countersign(body))


def http(
    status: int,
    content_type: str | None,
    body: bytes,
    *,
    date: str | None = None,
    retry_after: str | None = None,
) -> dict[str, Any]:
    """An HTTP answer as the extension hands it to the host."""
    headers = {"content-type": content_type, "retry-after": retry_after, "date": date}
    return {"status": status, "headers": headers, "body": in_base64(body)}


def problem(
    status: int, code: str, detail: str | None = None, **headers: str | None
) -> dict[str, Any]:
    """A refusal (RFC 9457) as the extension hands it to the host."""
    members = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    body = json.dumps({name: value for name, value in members.items() if value is not None})
    return http(status, "application/problem+json", body.encode(), **headers)


def nonce_of(*what: object) -> bytes:
    """A nonce that is another one for another thing."""
    return hashlib.sha256(repr(what).encode()).digest()


def proffer(
    site: Site, *ids: str, now: datetime = NOW, nonce: bytes = NONCE, seed: bytes = SEED
) -> SignedAgreement:
    """A person's proffer to `site`, of SD-BASE-DP where no ids are given."""
    read = policy.read(site.policy(), site.origin, catalogue().vocabulary, now)
    return agreement.proffer(
        terms=[catalogue().documents[one] for one in ids or ("SD-BASE-DP",)],
        site=agreement.Site(
            origin=site.origin, name=read.name, jwk=read.keys[0], policy=read.sha256
        ),
        key=person_key(seed, nonce, site.origin),
        nonce=nonce,
        now=now,
    )


def header_of(key: Ed25519PrivateKey) -> dict[str, Any]:
    """The protected header that a signature by `key` has."""
    return {"alg": "Ed25519", "kid": PublicKey.of(key).thumbprint, "typ": "emanciterms+jws"}


def raw_signature(
    key: Ed25519PrivateKey, payload: bytes, protected: bytes | None = None
) -> dict[str, str]:
    """A signature object over any bytes, under any header, by `cryptography` alone."""
    header = b64u(compact(header_of(key)) if protected is None else protected)
    signed = key.sign(f"{header}.{b64u(payload)}".encode())
    return {"protected": header, "signature": b64u(signed)}


def raw_jws(payload: bytes, *signatures: dict[str, Any]) -> bytes:
    """A JWS of any payload and signatures."""
    return compact({"payload": b64u(payload), "signatures": list(signatures)})


def payload_of(signed: SignedAgreement) -> dict[str, Any]:
    """The signed members, to make another document of."""
    return documents.parse(signed.payload, "payload")


IN_A_YEAR = time_text(datetime.now(UTC) + timedelta(days=365))
A_YEAR_AGO = time_text(datetime.now(UTC) - timedelta(days=365))
