"""A site made with the ⊃ kit, and people who offer it their terms."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.site.endpoint import answer
from rbutton.site.messages import Request, Response
from rbutton.site.policy import SitePolicy
from rbutton.site.store import Store
from rbutton.terms import agreement
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import b64u
from rbutton.terms.keys import PublicKey, person_key
from tests.sites import payload_of, raw_jws, raw_signature

ORIGIN = "https://shop.example"
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
SEED = bytes(range(32))
SITE_KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
JOSE = "application/jose+json"
PROBLEM = "application/problem+json"

_nonces = (number.to_bytes(32, "big") for number in itertools.count(1))


def policy(
    origin: str = ORIGIN,
    accepts: Iterable[str] = ("SD-BASE-DP", "do-not-track", "no-stalking"),
    **changes: Any,
) -> SitePolicy:
    """The shop's policy, or one that differs in `changes`."""
    members: dict[str, Any] = {"name": "Example Shop Ltd", "key": SITE_KEY} | changes
    return SitePolicy.of(origin=origin, accepts=accepts, **members)


@dataclass(frozen=True)
class Proffer:
    """A proffer as posted, with the key that signed it."""

    signed: SignedAgreement
    key: Ed25519PrivateKey

    @property
    def body(self) -> bytes:
        return self.signed.body

    @property
    def id(self) -> str:
        return self.signed.id

    def accepts(self, counter: bytes) -> bytes:
        """The site's counter, with this person's signature beside it."""
        return agreement.countersign(agreement.read(counter), self.key).body

    def resigned(self, **changes: Any) -> bytes:
        """The same person's JWS over a payload that differs in `changes`."""
        return self.resigned_as(payload_of(self.signed) | changes)

    def resigned_as(self, members: dict[str, Any]) -> bytes:
        """The same person's JWS over any payload."""
        payload = canonical(members)
        return raw_jws(payload, raw_signature(self.key, payload))


def proffer(to: SitePolicy, *ids: str, now: datetime = NOW) -> Proffer:
    """A person's proffer of roster terms, each with a nonce of its own."""
    nonce = next(_nonces)
    key = person_key(SEED, nonce, to.origin)
    site = agreement.Site(origin=to.origin, name=to.name, jwk=to.jwk, policy=to.sha256)
    terms = [catalogue().documents[one] for one in ids or ("SD-BASE-DP",)]
    return Proffer(agreement.proffer(terms=terms, site=site, key=key, nonce=nonce, now=now), key)


def other_key() -> dict[str, str]:
    """The public key of somebody else."""
    return PublicKey.of(Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)).model_dump()


def a_hash() -> str:
    """A well-formed id of nothing."""
    return b64u(b"\x05" * 32)


@dataclass
class Shop:
    """The core with a real database, and a clock that tests set.

    Attributes:
        path: of an SQLite file.
        url: of another database instead.
    """

    path: Path
    policy: SitePolicy = field(default_factory=policy)
    now: datetime = NOW
    url: str = ""

    def __post_init__(self) -> None:
        self.store = Store(self.url or f"sqlite:///{self.path}")
        self._others: list[Shop] = []

    def another(self) -> "Shop":
        """Another worker of the same site."""
        other = Shop(self.path, self.policy, self.now, self.url)
        self._others.append(other)
        return other

    def close(self) -> None:
        """Let go of the database, the others too."""
        for one in (self, *self._others):
            one.store.close()

    def post(self, body: bytes, content_type: str = JOSE, method: str = "POST") -> Response:
        """What the site answers to this body."""
        request = Request(method, content_type, body)
        return answer(request, self.policy, self.store, lambda: self.now)

    @property
    def kept(self) -> list[str]:
        """The ids of the agreements it holds."""
        return [one.id for one in self.store.agreements()]
