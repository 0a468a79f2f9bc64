"""Where the person stands with one site, as its records tell it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rbutton.decisions import response
from rbutton.decisions.reply import code_of
from rbutton.decisions.response import Response
from rbutton.person.ledger import Record
from rbutton.terms.encoding import from_time_text

#: A proffer without an answer is sent again at most so often, in so long (protocol, section 5).
TRIES = 5
TRIES_IN = timedelta(hours=24)


@dataclass(frozen=True)
class OpenProffer:
    """Signed by the person; the site's answer is not known."""

    proffer: Record
    sent: tuple[datetime, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Tried as often as it may be: from now on only the person sends it again."""
        return tried_out(self.sent)


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
    """

    origin: str
    sealed: Record | None = None
    open: OpenProffer | None = None
    ended: Record | None = None
    response: Response | None = None
    policy: Record | None = None
    conflicts: int = 0

    @property
    def is_new(self) -> bool:
        """Nothing is on record."""
        return not (self.sealed or self.open or self.ended)

    def may_retry(self, now: datetime) -> bool:
        """Whether the open proffer may be sent again, the same bytes, without asking the person."""
        if self.open is None or self.open.unanswered:
            return False
        # The same bytes years later would tell a site who was there before.
        if now - from_time_text(self.open.proffer.at) >= TRIES_IN:
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
    """Fold one site's records, oldest first."""
    state = Relationship(origin)
    for record in records:
        match record.kind:
            case "policy":
                state = replace(state, policy=record)
            case "proffer":
                state = replace(state, open=OpenProffer(record), ended=None, response=None)
            case "sent" if state.open:
                sent = (*state.open.sent, from_time_text(record.at))
                state = replace(state, open=replace(state.open, sent=sent))
            case "response":
                state = replace(state, response=response.read(record.body))
            case "sealed":
                state = replace(state, sealed=record, open=None, ended=None, response=None)
            case "declined" | "refused":
                again = state.conflicts + (code_of(record.body) == "conflict")
                state = replace(state, ended=record, open=None, conflicts=again)
    return state


def tried_out(sent: Sequence[datetime]) -> bool:
    """Whether `TRIES` of these, oldest first, lie within `TRIES_IN`."""
    return any(
        last - first < TRIES_IN for first, last in zip(sent, sent[TRIES - 1 :], strict=False)
    )


def offered_by(record: Record) -> str:
    """Who caused a `sent` record: "click", "touch" or "retry"."""
    return str(json.loads(record.body)["by"])
