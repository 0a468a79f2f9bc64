"""What ends when the person ends something (protocol, section 6)."""

from collections.abc import Sequence
from datetime import datetime

from rbutton.decisions.listing import held
from rbutton.decisions.relationship import Relationship
from rbutton.person.ledger import Record
from rbutton.terms import agreement as agreements


def ended_with(
    agreement: str, state: Relationship, records: Sequence[Record], now: datetime
) -> list[Record]:
    """An agreement in force, or an open proffer, and what the site may hold in force beside it.

    That is an open proffer to replace it, or what it replaced, where the site does not have it yet.

    Args:
        agreement: the id of what the person ends.
        state: of the site.
        records: all of the site's, oldest first, as `state` is made from.
        now: the time.

    Returns:
        What each notice is about, `agreement` last, as that is what is shown; empty where it is
        nothing that can be ended now.
    """
    ending = state.endable(now)
    if ending is None or ending.agreement != agreement:
        return []
    beside = [state.open.proffer] if state.open else []
    before = _still_in_force_there(state, records)
    return [*before, *(one for one in beside if one.agreement != agreement), ending]


def _still_in_force_there(state: Relationship, records: Sequence[Record]) -> list[Record]:
    """What an accepted counter replaced here, while the site does not have the counter."""
    if not state.delivery or state.delivery.delivered:
        return []
    replaced = agreements.read(state.delivery.record.body).agreement.supersedes
    of_it = [one for one in records if one.agreement == replaced]
    return [held(of_it)] if of_it and replaced and not state.withdrawal_of(replaced) else []
