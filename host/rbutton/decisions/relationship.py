"""Where the person stands with one site, as its records tell it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rbutton.decisions import response
from rbutton.decisions.delivery import Delivery
from rbutton.decisions.reply import code_of
from rbutton.decisions.response import Response
from rbutton.decisions.states import TABLE, State
from rbutton.decisions.tries import TRIES_IN, tried_out
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.person.ledger import Record
from rbutton.terms import agreement as agreements
from rbutton.terms.encoding import from_time_text


@dataclass(frozen=True)
class OpenProffer:
    """Signed by the person; the site's answer is not known."""

    proffer: Record
    sent: tuple[datetime, ...] = ()

    def unanswered(self, now: datetime) -> bool:
        """Tried as often as it may be, or a day old: only the person sends it again."""
        # The same bytes years later would tell a site who was there before.
        return tried_out(self.sent) or now - from_time_text(self.proffer.at) >= TRIES_IN


@dataclass(frozen=True)
class Counter:
    """The site wants other terms, and has signed them.

    Attributes:
        proffer: the record of what it was offered.
        record: of what it signed instead; its `agreement` is the proffer's.
        answer: the record of what the person said to it: `counter-accepted`, `counter-declined`.
    """

    proffer: Record
    record: Record
    answer: Record | None = None

    @property
    def wanted(self) -> agreements.SignedAgreement:
        """What the site signed."""
        return agreements.read(self.record.body)

    @property
    def last(self) -> Record:
        """What was said last: by the person, or else by the site."""
        return self.answer or self.record

    def open(self, now: datetime) -> bool:
        """Whether the person can still answer it."""
        return self.answer is None and now < from_time_text(self.wanted.agreement.answer_by)


@dataclass(frozen=True)
class Relationship:
    """The state of one origin.

    Attributes:
        sealed: what both signed last and nobody ended, of what was in force when the records were
            read; if nothing was, what has ended by its own `until`.
        delivery: of the counter that was accepted, where `sealed` is one.
        open: the one open proffer; where something is sealed, it would replace that.
        countered: the site's counter-offer to the last proffer, answered or not.
        ended: the site's last answer that was not a signature: declined or refused.
        response: what came back last where nothing was sealed.
        policy: the policy record that the person's last act rests on.
        conflicts: how many proffers the site refused because its policy was another one.
        withdrawals: what the person took back, oldest first.
        replaced: the record that a later agreement took this one's place; of one agreement alone.
    """

    origin: str
    sealed: Record | None = None
    delivery: Delivery | None = None
    open: OpenProffer | None = None
    countered: Counter | None = None
    ended: Record | None = None
    response: Response | None = None
    policy: Record | None = None
    conflicts: int = 0
    withdrawals: tuple[Withdrawal, ...] = ()
    replaced: Record | None = None

    @property
    def is_new(self) -> bool:
        """Nothing is on record."""
        several = (self.sealed, self.open, self.countered, self.ended, self.withdrawals)
        return not any(several)

    def in_force(self, now: datetime) -> Record | None:
        """The agreement that holds now."""
        return None if self.sealed is None or self.expired(now) else self.sealed

    def expired(self, now: datetime) -> bool:
        """What both signed has ended by itself."""
        if self.sealed is None:
            return False
        ends = agreements.read(self.sealed.body).agreement.ends
        return ends is not None and ends <= now

    def may_accept(self, wanted: agreements.Agreement, now: datetime) -> bool:
        """Whether a counter-offer is in time, and about what is in force or its absence.

        Else two would be in force. What has run out meanwhile may be replaced as well.
        """
        in_force = self.in_force(now)
        replaces = {in_force.agreement if in_force else None}
        if self.sealed and not in_force:
            replaces.add(self.sealed.agreement)
        in_time = now < from_time_text(wanted.answer_by) and (not wanted.ends or now < wanted.ends)
        return in_time and wanted.supersedes in replaces

    def acceptable(self, now: datetime) -> Counter | None:
        """The counter-offer that the person can accept now."""
        found = self.countered
        if found and found.answer is None and self.may_accept(found.wanted.agreement, now):
            return found
        return None

    def last_word(self, now: datetime) -> Record | OpenProffer | Counter | Withdrawal | None:
        """What is in force, else what waits for an answer, else what came last; None: nothing.

        Of what came last, a Record is the site's no, or what both signed and has run out.
        """
        if waits := self.in_force(now) or self.open or self.acceptable(now):
            return waits
        words: list[tuple[Record, Record | Counter | Withdrawal]] = [
            (one.record, one) for one in self.withdrawals[-1:]
        ]
        if self.ended:
            words.append((self.ended, self.ended))
        # What was accepted is an agreement, and told as that.
        if self.countered and self.countered.last.kind != "counter-accepted":
            words.append((self.countered.last, self.countered))
        record, word = max(words, key=lambda one: one[0].seq, default=(None, None))
        over = self.sealed and agreements.read(self.sealed.body).agreement.ends
        if over and (record is None or from_time_text(record.at) < over):
            return self.sealed
        return word

    def withdrawal_of(self, agreement: str) -> Withdrawal | None:
        """How the agreement of that id was ended, if it was."""
        return next((one for one in self.withdrawals if one.ends(agreement)), None)

    @property
    def untold(self) -> Withdrawal | None:
        """The oldest withdrawal that the site has not said it knows of."""
        return next((one for one in self.withdrawals if one.pending), None)

    def undelivered(self, now: datetime) -> Delivery | None:
        """The counter that the person accepted, in force, where the site does not have it yet."""
        pending = self.delivery and self.delivery.pending and not self.expired(now)
        return self.delivery if pending else None

    def endable(self, now: datetime) -> Record | None:
        """What the person can take back: the agreement in force, or the open proffer."""
        return self.in_force(now) or (self.open.proffer if self.open else None)

    def may_retry(self, now: datetime) -> bool:
        """Whether the open proffer may be sent again, the same bytes, without asking the person."""
        if self.open is None or self.open.unanswered(now):
            return False
        return self.response is None or not self.response.holds_back(now)

    def may_begin(self, policy_body: bytes, now: datetime) -> bool:
        """Whether the agent may offer by itself to a site that serves this policy.

        Where nothing is on record; and, once, where the last proffer rests on a policy that was
        another one by then (409), if the one served now is not that one.
        """
        if self.is_new:
            return True
        if self.sealed or not self.ended or self.last_word(now) is not self.ended:
            return False
        if code_of(self.ended.body) != "conflict" or self.conflicts > 1:
            return False
        return self.policy is not None and self.policy.body != policy_body


def relationship(origin: str, records: Iterable[Record], now: datetime) -> Relationship:
    """Fold one site's records, oldest first.

    Each agreement by its own, as those that came with a backup stand after newer ones: of those
    that were neither ended nor replaced, what counts is the one in force that was signed last.
    """
    kept: Record | None = None
    of_each: dict[str, list[Record]] = {}
    for record in records:
        if record.kind == "policy":
            kept = record
        else:
            of_each.setdefault(record.agreement, []).append(record)
    each = [_of_one(origin, some) for some in of_each.values()]
    opened = [one.open.proffer for one in each if one.open]
    withdrawals = sorted(
        (done for one in each for done in one.withdrawals), key=lambda done: done.record.seq
    )
    signed = [one for one in each if one.sealed]
    # Several come with a backup whose seed is gone. To look whether one has run out takes time.
    in_force = [one for one in signed if len(signed) > 1 and not one.expired(now)]
    nothing = Relationship(origin)
    counts = max(in_force or signed, key=lambda one: _when(one.sealed), default=nothing)
    waiting = max(opened, key=_when, default=None)
    offers = [one for one in each if not one.delivery]
    last = next(
        (one for one in offers if one.open and one.open.proffer is waiting),
        offers[-1] if offers else nothing,
    )
    return Relationship(
        origin=origin,
        sealed=counts.sealed,
        delivery=counts.delivery,
        open=last.open,
        countered=last.countered,
        ended=last.ended,
        response=last.response,
        policy=kept,
        conflicts=sum(one.conflicts for one in each),
        withdrawals=tuple(withdrawals),
        replaced=last.replaced,
    )


def _when(record: Record | None) -> tuple[str, str]:
    assert record
    return record.at, record.agreement


def _of_one(origin: str, records: Iterable[Record]) -> Relationship:
    """Fold the records of one agreement."""
    at: State = "new"
    state = Relationship(origin)
    document: Record | None = None
    for record in records:
        if record.kind in ("proffer", "sealed", "accepted"):
            document = record
        if after := TABLE[at].get(record.kind):
            state, at = _entered(state, record, document or record), after
        else:
            state = _noted(state, record)
    return state


def _entered(state: Relationship, record: Record, document: Record) -> Relationship:
    """After a record that brought the agreement into another state.

    Args:
        document: what of the agreement was signed last.
    """
    entered: dict[str, Any] = {}
    match record.kind:
        case "proffer":
            entered["open"] = OpenProffer(record)
        case "sealed":
            entered["sealed"] = record
        case "accepted":
            entered |= {"sealed": record, "delivery": Delivery(record)}
        case "countered" if state.open:
            entered["countered"] = Counter(state.open.proffer, record)
        case "counter-accepted" | "counter-declined" if state.countered:
            entered["countered"] = replace(state.countered, answer=record)
        case "declined" | "refused":
            entered |= {"ended": record, "response": state.response}
        case "replaced":
            entered["replaced"] = record
        case "withdraw":
            entered["withdrawals"] = (Withdrawal(record, what=document),)
    conflicts = state.conflicts + _is_conflict(record)
    return Relationship(state.origin, conflicts=conflicts, **entered)


def _is_conflict(record: Record) -> bool:
    return record.kind in ("declined", "refused") and code_of(record.body) == "conflict"


def _noted(state: Relationship, record: Record) -> Relationship:
    """After a record that tells more of the state it is in."""
    if state.withdrawals:
        (done,) = state.withdrawals
        return replace(state, withdrawals=(done.after(record),))
    if state.sealed and record.kind == state.sealed.kind and record.at < state.sealed.at:
        # Another machine had it earlier: the moment that counts wherever the records stand.
        return replace(state, sealed=record)
    if state.delivery:
        return replace(state, delivery=state.delivery.after(record))
    if state.open and record.kind == "sent":
        sent = (*state.open.sent, from_time_text(record.at))
        return replace(state, open=replace(state.open, sent=sent))
    if state.open and record.kind == "response":
        return replace(state, response=response.read(record.body))
    return state
