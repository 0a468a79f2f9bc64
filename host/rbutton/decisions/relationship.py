"""Where the person stands with one site, as its records tell it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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

    def may_retry(self, now: datetime) -> bool:
        """Whether the same bytes may be sent again without asking the person."""
        return sum(now - at < TRIES_IN for at in self.sent) < TRIES


@dataclass(frozen=True)
class Relationship:
    """The state of one origin.

    Attributes:
        sealed: the agreement in force.
        open: the one open proffer.
        ended: the site's last answer that was not a signature: declined or refused.
        policy: the policy record that the last proffer rests on.
    """

    origin: str
    sealed: Record | None = None
    open: OpenProffer | None = None
    ended: Record | None = None
    policy: Record | None = None

    @property
    def is_new(self) -> bool:
        """Nothing is on record: the agent may offer by itself."""
        return not (self.sealed or self.open or self.ended)


def relationship(origin: str, records: Iterable[Record]) -> Relationship:
    """Fold one site's records, oldest first."""
    state = Relationship(origin)
    for record in records:
        match record.kind:
            case "policy":
                state = replace(state, policy=record)
            case "proffer":
                state = replace(state, open=OpenProffer(record), ended=None)
            case "sent" if state.open:
                sent = (*state.open.sent, from_time_text(record.at))
                state = replace(state, open=replace(state.open, sent=sent))
            case "sealed":
                state = replace(state, sealed=record, open=None, ended=None)
            case "declined" | "refused":
                state = replace(state, ended=record, open=None)
    return state


def offered_by(record: Record) -> str:
    """Who caused a `sent` record: "click", "touch" or "retry"."""
    return str(json.loads(record.body)["by"])
