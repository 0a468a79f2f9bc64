"""Where the person stands with one site, as its records tell it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from rbutton.decisions import response
from rbutton.decisions.reply import code_of
from rbutton.decisions.response import Response
from rbutton.decisions.tries import TRIES_IN, tried_out
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.person.ledger import Record
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
class Relationship:
    """The state of one origin.

    Attributes:
        sealed: the agreement in force.
        open: the one open proffer.
        ended: the site's last answer that was not a signature: declined or refused.
        response: what came back last where nothing was sealed.
        policy: the policy record that the last proffer rests on.
        conflicts: how many proffers the site refused because its policy was another one.
        withdrawals: what the person took back, oldest first.
    """

    origin: str
    sealed: Record | None = None
    open: OpenProffer | None = None
    ended: Record | None = None
    response: Response | None = None
    policy: Record | None = None
    conflicts: int = 0
    withdrawals: tuple[Withdrawal, ...] = ()

    @property
    def is_new(self) -> bool:
        """Nothing is on record."""
        return not (self.sealed or self.open or self.ended or self.withdrawals)

    @property
    def withdrawn(self) -> Withdrawal | None:
        """What the person took back, where nothing came after it."""
        later = self.sealed or self.open or self.ended
        return self.withdrawals[-1] if self.withdrawals and not later else None

    def withdrawal_of(self, agreement: str) -> Withdrawal | None:
        """How the agreement of that id was ended, if it was."""
        return next((one for one in self.withdrawals if one.ends(agreement)), None)

    @property
    def untold(self) -> Withdrawal | None:
        """The oldest withdrawal that the site has not said it knows of."""
        return next((one for one in self.withdrawals if one.pending), None)

    @property
    def endable(self) -> Record | None:
        """What the person can take back: the agreement in force, or the open proffer."""
        return self.sealed or (self.open.proffer if self.open else None)

    def may_retry(self, now: datetime) -> bool:
        """Whether the open proffer may be sent again, the same bytes, without asking the person."""
        if self.open is None or self.open.unanswered(now):
            return False
        return self.response is None or not self.response.holds_back(now)

    def may_begin(self, policy_body: bytes) -> bool:
        """Whether the agent may offer by itself to a site that serves this policy.

        Where nothing is on record; and, once, where the last proffer rests on a policy that was
        another one by then (409), if the one served now is not that one.
        """
        if self.is_new:
            return True
        if not self.ended or code_of(self.ended.body) != "conflict" or self.conflicts > 1:
            return False
        return self.policy is not None and self.policy.body != policy_body


def relationship(origin: str, records: Iterable[Record]) -> Relationship:
    """Fold one site's records, oldest first.

    Each agreement by its own, as those that came with a backup stand after newer ones: in force is
    the one that was signed last, of those that were not ended.
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
    sealed = [one.sealed for one in each if one.sealed]
    withdrawals = [done for one in each for done in one.withdrawals]
    withdrawals.sort(key=lambda done: done.notice.seq)
    waiting = max(opened, key=_when, default=None)
    last = next(
        (one for one in each if one.open and one.open.proffer is waiting),
        each[-1] if each else Relationship(origin),
    )
    ended = last.ended
    if ended and withdrawals and withdrawals[-1].notice.seq > ended.seq:
        ended = None
    return Relationship(
        origin=origin,
        sealed=max(sealed, key=_when, default=None),
        open=last.open,
        ended=ended,
        response=last.response,
        policy=kept,
        conflicts=sum(one.conflicts for one in each),
        withdrawals=tuple(withdrawals),
    )


def _when(record: Record) -> tuple[str, str]:
    return record.at, record.agreement


def _of_one(origin: str, records: Iterable[Record]) -> Relationship:
    """Fold the records of one agreement. Once withdrawn it is never in force again."""
    state = Relationship(origin)
    held: Record | None = None
    for record in records:
        match record.kind:
            # What comes after its end is about the notice.
            case _ if state.withdrawals:
                (done,) = state.withdrawals
                state = replace(state, withdrawals=(done.after(record),))
            case "proffer":
                held = record
                state = replace(state, open=OpenProffer(record), ended=None, response=None)
            case "sent" if state.open:
                sent = (*state.open.sent, from_time_text(record.at))
                state = replace(state, open=replace(state.open, sent=sent))
            case "response" if state.open:
                state = replace(state, response=response.read(record.body))
            case "sealed":
                held = record
                state = replace(state, sealed=record, open=None, ended=None, response=None)
            case "declined" | "refused" if not state.sealed:
                again = state.conflicts + (code_of(record.body) == "conflict")
                state = replace(state, ended=record, open=None, conflicts=again)
            case "withdraw" if held:
                state = Relationship(origin, withdrawals=(Withdrawal(record, held),))
    return state
