"""Whether a ledger holds what it says: the chain, and every signature, id and hash in it."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from rbutton.person.errors import PersonError
from rbutton.person.ledger import Kind, Ledger, Link, Record, Tail, next_head
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms import notice as notices
from rbutton.terms import policy as policies
from rbutton.terms.agreement import Agreement, SignedAgreement
from rbutton.terms.encoding import (
    Hash,
    Origin,
    Text,
    Time,
    check_origin,
    from_b64u,
    from_time_text,
)
from rbutton.terms.errors import BadSignature, InvalidDocument
from rbutton.terms.keys import PublicKey
from rbutton.terms.models import Closed, build
from rbutton.terms.notice import Acknowledge, SignedNotice, Withdraw

#: How many of how many records are done.
Progress = Callable[[int, int], None]


class BadRecord(PersonError):
    """The first record of a ledger that is not as it was kept.

    Attributes:
        number: its place in the ledger, from 1.
        kind: where it is one; else None.
        origin: the same.
        why: in a few words.
    """

    def __init__(self, number: int, record: Record | None, why: str) -> None:
        self.kind, self.origin = readable(record)
        told = ", ".join(one for one in (self.kind, self.origin) if one)
        super().__init__(
            "ledger",
            f"Record {number} of your ledger{told and f' ({told})'} is not as it was kept: {why}.",
            "Keep a copy of ledger.sqlite3 elsewhere, take it away, and put a backup in its place: "
            "rbutton import FILE",
        )
        self.number = number
        self.why = why


@dataclass
class Known:
    """What its records say of one agreement.

    Attributes:
        person: the key of the proffer; `nonce` and the seed give its private half.
        site: the key that may seal it.
        replaces: the id of the agreement that it supersedes.
        answers: the id of the proffer that it answers, where it is a counter-offer.
        frame: the hash of what a counter-offer may not change.
        until: when it ends by itself, RFC 3339; None: not at all.
        sealed: when both had signed, RFC 3339, the earliest on record; None where they have not.
        counters: the ids of what the site wanted instead.
        withdrawals: the ids of the person's notices that end it.
    """

    origin: str
    person: PublicKey
    site: PublicKey
    nonce: bytes
    replaces: str | None
    answers: str | None
    frame: bytes
    until: str | None
    sealed: str | None = None
    counters: set[str] = field(default_factory=set)
    withdrawals: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, offered: Agreement) -> "Known":
        """What a signed one says of itself."""
        return cls(
            origin=offered.site.origin,
            person=offered.person.jwk,
            site=offered.site.jwk,
            nonce=from_b64u(offered.nonce),
            replaces=offered.supersedes,
            answers=offered.answers,
            frame=_frame(offered),
            until=offered.until,
        )

    def over(self, at: str) -> bool:
        """Whether it has ended by itself at that time, RFC 3339."""
        return self.until is not None and self.until <= at


class Verification:
    """Takes records, oldest first, and remembers of each agreement what later ones rest on.

    Attributes:
        agreements: what is known, by id.
        erased: how many records were forgotten.
    """

    def __init__(self) -> None:
        self.agreements: dict[str, Known] = {}
        self.erased = 0
        self._policies: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, set[PublicKey]] = defaultdict(set)
        self._checks: dict[Kind, Callable[[Record], None]] = {
            "policy": self._policy,
            "proffer": self._proffer,
            "sent": self._sent,
            "response": self._response,
            "sealed": self._sealed,
            "declined": self._answer,
            "refused": self._answer,
            "countered": self._countered,
            "counter-accepted": self._counter_answered,
            "counter-declined": self._counter_answered,
            "accepted": self._accepted,
            "delivered": self._delivered,
            "undeliverable": self._answer,
            "replaced": self._replaced,
            "withdraw": self._withdraw,
            "acknowledged": self._acknowledged,
            "notice-refused": self._answer,
            "erased": self._erased,
        }

    def take(self, record: Record) -> None:
        """Check one more.

        Raises:
            InvalidDocument: it is not what its kind says, or does not follow from those before.
        """
        check = self._checks.get(record.kind)
        if check is None:
            raise InvalidDocument("it is of a kind that this r-button does not know")
        if record.kind != "erased":
            members = {"at": record.at, "origin": record.origin, "agreement": record.agreement}
            build(_Members, members, "record")
        check(record)

    def _known(self, record: Record) -> Known:
        found = self.agreements.get(record.agreement)
        if found is None or found.origin != record.origin:
            raise InvalidDocument("it is about terms that were not offered there before")
        return found

    def _policy(self, record: Record) -> None:
        at = from_time_text(record.at)
        policy = policies.read(record.body, record.origin, catalogue().vocabulary, at)
        self._policies[record.agreement].add(policy.sha256)
        self._keys[record.origin].update(policy.keys)

    def _proffer(self, record: Record) -> None:
        signed = _agreement(record)
        if not signed.by_person or signed.by_site:
            raise InvalidDocument("it is not signed by the person alone")
        if record.agreement in self.agreements:
            raise InvalidDocument("it was offered before")
        offered = signed.agreement
        if offered.site.policy not in self._policies[record.agreement]:
            raise InvalidDocument("it rests on a policy that is not the one kept beside it")
        self.agreements[record.agreement] = Known.of(offered)

    def _sealed(self, record: Record) -> None:
        known = self._known(record)
        if not _agreement(record).sealed:
            raise InvalidDocument("it is not signed by both")
        known.sealed = min(known.sealed or record.at, record.at)

    def _countered(self, record: Record) -> None:
        known = self._known(record)
        counter = agreements.read(record.body)
        if counter.by_person or not counter.by_site:
            raise InvalidDocument("it is not signed by the site alone")
        if counter.agreement.answers != record.agreement:
            raise InvalidDocument("it answers something else than what was offered")
        if _frame(counter.agreement) != known.frame:
            raise InvalidDocument("it changes more of what was offered than a counter-offer may")
        known.counters.add(counter.id)

    def _counter_answered(self, record: Record) -> None:
        known = self._known(record)
        told = build(_CounterAnswer, documents.parse(record.body, "note"), "note")
        if told.counter not in known.counters:
            raise InvalidDocument("it answers a counter-offer that was not made")

    def _accepted(self, record: Record) -> None:
        signed = _agreement(record)
        offered = self.agreements.get(signed.agreement.answers or "")
        if not signed.sealed:
            raise InvalidDocument("it is not signed by both")
        if offered is None or signed.id not in offered.counters:
            raise InvalidDocument("it accepts a counter-offer that was not made")
        known = self.agreements.setdefault(record.agreement, Known.of(signed.agreement))
        known.sealed = min(known.sealed or record.at, record.at)

    def _delivered(self, record: Record) -> None:
        if self._known(record).sealed is None or record.body:
            raise InvalidDocument("it is about terms that were not accepted")

    def _replaced(self, record: Record) -> None:
        self._known(record)
        by = build(_Replaced, documents.parse(record.body, "note"), "note").by
        later = self.agreements.get(by)
        if later is None or later.sealed is None or later.replaces != record.agreement:
            raise InvalidDocument("nothing that both signed has replaced it")

    def _sent(self, record: Record) -> None:
        self._known(record)
        build(_Sent, documents.parse(record.body, "note"), "note")

    def _response(self, record: Record) -> None:
        self._known(record)
        build(_Response, documents.parse(record.body, "note"), "note")

    def _answer(self, record: Record) -> None:
        self._known(record)
        if not isinstance(documents.parse(record.body, "answer").get("code"), str):
            raise InvalidDocument("it is an answer without a code")

    def _withdraw(self, record: Record) -> None:
        known = self._known(record)
        signed = _notice(record)
        if not isinstance(signed.notice, Withdraw):
            raise InvalidDocument("it does not end anything")
        signed.check_by([known.person])
        known.withdrawals.add(signed.notice.id)

    def _acknowledged(self, record: Record) -> None:
        known = self._known(record)
        signed = _notice(record)
        answered = signed.notice.body.re if isinstance(signed.notice, Acknowledge) else None
        if answered not in known.withdrawals:
            raise InvalidDocument("it does not acknowledge what was sent")
        signed.check_by({known.site, *self._keys[record.origin]} - {known.person})

    def _erased(self, record: Record) -> None:
        if not record.made(b""):
            raise InvalidDocument("it was erased by half")
        self.erased += 1


def verified(
    ledger: Ledger, tail: Tail, progress: Progress, verification: Verification
) -> Iterator[Link]:
    """The records of a ledger, oldest first, each checked before it is given out.

    Args:
        ledger: may be written to meanwhile.
        tail: how far to go, as `Ledger.tail` told it.
        progress: is told now and then.
        verification: takes every record.

    Raises:
        BadRecord: the first that is not as it was kept.
        PersonError: "ledger": the file cannot be read at all.
    """
    for link in _walk(ledger, tail, progress):
        try:
            verification.take(link.record)
        except InvalidDocument as error:
            raise BadRecord(link.record.seq, link.record, str(error)) from None
        yield link


def readable(record: Record | None) -> tuple[Kind | None, str | None]:
    """Kind and origin of a record, each None where it is not fit to be shown."""
    if record is None:
        return None, None
    kind = record.kind if record.kind in get_args(Kind) else None
    try:
        return kind, check_origin(record.origin)
    except InvalidDocument:
        return kind, None


class _Members(Closed):
    at: Time
    origin: Origin
    agreement: Hash


class _Sent(Closed):
    by: Literal["click", "touch", "retry"]


class _CounterAnswer(Closed):
    by: Literal["click", "listed"]
    counter: Hash


class _Replaced(Closed):
    by: Hash


class _Response(Closed):
    """As `decisions.response` writes it."""

    at: Time
    why: Text
    status: int | None
    fault: Text | None
    date: Time | None
    wait_until: Time | None


def _agreement(record: Record) -> SignedAgreement:
    signed = agreements.read(record.body)
    if signed.id != record.agreement:
        raise InvalidDocument("it has another id than its content")
    if signed.agreement.site.origin != record.origin:
        raise InvalidDocument("it names another site")
    return signed


def _frame(agreement: Agreement) -> bytes:
    return hashlib.sha256(documents.canonical(agreement.frame())).digest()


def _notice(record: Record) -> SignedNotice:
    signed = notices.read(jws.parse(record.body, "notice"))
    if signed.notice.under != record.agreement:
        raise BadSignature("it is a notice about something else")
    return signed


def _walk(ledger: Ledger, tail: Tail, progress: Progress) -> Iterator[Link]:
    """The records, each checked to follow from those before it in the chain."""
    head, last = b"", 0
    while last < tail.records:
        progress(last, tail.records)
        for link in _some(ledger, last, tail.records):
            last += 1
            if link.record.seq != last:
                raise BadRecord(last, None, "it is missing")
            head = next_head(head, link.digest)
            if not link.record.made(link.digest) or link.head != head:
                raise BadRecord(last, link.record, "it was changed")
            yield link
    progress(last, tail.records)


def _some(ledger: Ledger, after: int, upto: int) -> list[Link]:
    """The next records; where one of them cannot be read, those before it."""
    try:
        found = ledger.links(after=after, upto=upto)
    except PersonError as error:
        # A locked file is no damaged one.
        name = getattr(error.__cause__, "sqlite_errorname", "SQLITE_CORRUPT")
        if name != "SQLITE_CORRUPT":
            raise
        found = []
        for number in range(after + 1, upto + 1):
            try:
                found += ledger.links(after=number - 1, upto=number)
            except PersonError:
                if found:
                    return found
                raise BadRecord(number, None, "it cannot be read") from error
    if not found:
        raise BadRecord(after + 1, None, "it is missing")
    return found
