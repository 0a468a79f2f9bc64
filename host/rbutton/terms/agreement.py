"""The agreement: what both sides sign, byte for byte (protocol, section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from rbutton.terms import documents, jws
from rbutton.terms.clauses import Value
from rbutton.terms.encoding import (
    Hash,
    Name,
    Origin,
    Time,
    Version,
    b64u,
    from_time_text,
    sha256,
    time_text,
)
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey, check_public_key
from rbutton.terms.models import Closed, build
from rbutton.terms.roster import RosterDocument, RosterId

#: How long a proffer may be answered, and how long a counter (section 5).
PROFFER_STANDS = timedelta(minutes=10)
COUNTER_STANDS = timedelta(days=7)
#: How long our own proffers stand: a page is answered in seconds, or not at all.
OUR_PROFFER_STANDS = timedelta(minutes=5)

FitKey = Annotated[PublicKey, AfterValidator(check_public_key)]
TermClauses = Annotated[dict[str, Value], Field(min_length=1)]


class RosterTerm(Closed):
    """A term both sides can look up: id, hash, and its clauses in full."""

    id: RosterId
    sha256: Hash
    clauses: TermClauses

    @classmethod
    def of(cls, document: RosterDocument) -> Self:
        """The term that names `document`."""
        return cls(id=document.id, sha256=document.sha256, clauses=dict(document.clauses))


class OwnTerm(Closed):
    """The person's own clauses: no document, so no hash."""

    id: Literal["own"]
    clauses: TermClauses


def _kind(term: Any) -> str:
    # By id, so that a fault is told of the kind of term that was meant.
    term_id = term.get("id") if isinstance(term, dict) else getattr(term, "id", None)
    return "own" if term_id == "own" else "roster"


Term = Annotated[
    Annotated[OwnTerm, Tag("own")] | Annotated[RosterTerm, Tag("roster")], Discriminator(_kind)
]


class Person(Closed):
    """⊂: nothing but the key made for this proffer."""

    jwk: FitKey


class Site(Closed):
    """⊃: as its policy named it when the terms were offered."""

    origin: Origin
    name: Name
    jwk: FitKey
    policy: Hash


class Agreement(Closed):
    """The payload. `answers` names the proffer that a counter answers, null in a proffer."""

    emanciterms: Version
    type: Literal["agreement"]
    terms: list[Term] = Field(min_length=1)
    person: Person
    site: Site
    nonce: Hash
    proffered: Time
    answer_by: Time
    until: Time | None
    supersedes: Hash | None
    answers: Hash | None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        ids = [term.id for term in self.terms]
        if ids != sorted(set(ids)):
            raise InvalidDocument("has terms that are not different and sorted by id")
        if self.person.jwk == self.site.jwk:
            raise InvalidDocument("has one key on both sides")
        stands = from_time_text(self.answer_by) - from_time_text(self.proffered)
        if not timedelta(0) <= stands <= (COUNTER_STANDS if self.answers else PROFFER_STANDS):
            raise InvalidDocument("asks for an answer earlier or later than it may")
        return self

    @property
    def ends(self) -> datetime | None:
        """When it ends by itself; None: not at all."""
        return None if self.until is None else from_time_text(self.until)

    def frame(self) -> dict[str, Any]:
        """The members that a counter takes over from the proffer that it answers."""
        return self.model_dump(exclude={"terms", "proffered", "answer_by", "answers"})


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement whose every signature was verified.

    Attributes:
        body: the JWS as received or made, UTF-8 JSON.
        payload: the signed bytes, the same on both sides.
        by_person: the person's key signed.
        by_site: the site's key signed.
    """

    body: bytes
    payload: bytes
    agreement: Agreement
    by_person: bool
    by_site: bool
    envelope: jws.Envelope

    @property
    def id(self) -> str:
        """`b64u(SHA-256(payload))`."""
        return sha256(self.payload)

    @property
    def sealed(self) -> bool:
        """Exactly two signatures, one of each side: nothing else closes the button."""
        return self.by_person and self.by_site


# One agreement is read for the answer, for the view of it, and at every visit to its site.
@lru_cache(maxsize=16)
def read(body: bytes) -> SignedAgreement:
    """Read and verify a proffer, a counter or a sealed agreement.

    Raises:
        InvalidDocument: not such a document; `code` says how it is answered (section 5).
        BadSignature: the document is whole, but a signature is foreign, doubled or wrong.
    """
    return verified(jws.parse(body, "agreement"))


def verified(parsed: jws.Jws) -> SignedAgreement:
    """`read`, of a JWS that was parsed already."""
    agreement = build(Agreement, parsed.members, "agreement")
    person, site = agreement.person.jwk, agreement.site.jwk
    jws.verify(parsed, (person, site))
    return SignedAgreement(
        body=parsed.body,
        payload=parsed.payload,
        agreement=agreement,
        by_person=person.thumbprint in parsed.kids,
        by_site=site.thumbprint in parsed.kids,
        envelope=parsed.envelope,
    )


def proffer(
    *,
    terms: Iterable[RosterDocument | OwnTerm],
    site: Site,
    key: Ed25519PrivateKey,
    nonce: bytes,
    now: datetime,
    lasts: timedelta | None = None,
    supersedes: str | None = None,
) -> SignedAgreement:
    """The person's signed proffer.

    Args:
        terms: roster documents, and terms of the person's own, in any order.
        site: as its policy names it; its `policy` is the hash of the bytes that were read.
        key: from `keys.person_key` with this nonce and origin.
        nonce: 32 fresh random bytes.
        now: the moment of signing.
        lasts: from now to its `until`; None: for good.
        supersedes: the id of the agreement that this one replaces once it is sealed.
    """
    named = (RosterTerm.of(one) if isinstance(one, RosterDocument) else one for one in terms)
    agreement = Agreement(
        emanciterms=1,
        type="agreement",
        terms=sorted(named, key=lambda term: term.id),
        person=Person(jwk=PublicKey.of(key)),
        site=site,
        nonce=b64u(nonce),
        proffered=time_text(now),
        answer_by=time_text(now + OUR_PROFFER_STANDS),
        until=None if lasts is None else time_text(now + lasts),
        supersedes=supersedes,
        answers=None,
    )
    return read(jws.sign(documents.canonical(agreement.model_dump()), key))


def counter(
    offered: SignedAgreement,
    *,
    terms: Iterable[RosterDocument],
    key: Ed25519PrivateKey,
    now: datetime,
) -> SignedAgreement:
    """The site's signed answer with other terms, open for as long as a counter may be.

    Args:
        offered: the proffer; all else is taken from it.
        terms: the documents offered instead, in any order.
        key: the site's, which the proffer names.
        now: the moment of signing.
    """
    others = sorted((RosterTerm.of(document) for document in terms), key=lambda term: term.id)
    members = offered.agreement.model_dump() | {
        "terms": [term.model_dump() for term in others],
        "proffered": time_text(now),
        "answer_by": time_text(now + COUNTER_STANDS),
        "answers": offered.id,
    }
    return read(jws.sign(documents.canonical(members), key))


def countersign(signed: SignedAgreement, key: Ed25519PrivateKey) -> SignedAgreement:
    """`signed` with one more signature, by the other side's key.

    Raises:
        BadSignature: `key` is not a key that the agreement names, or has signed already.
    """
    return read(jws.sign(signed.payload, key, onto=signed.envelope))
