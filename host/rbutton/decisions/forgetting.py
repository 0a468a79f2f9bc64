"""What forgetting a site would make impossible."""

from collections.abc import Iterator
from datetime import datetime

from rbutton.decisions.relationship import Relationship
from rbutton.decisions.words import day
from rbutton.terms.encoding import from_time_text


def still_holds(state: Relationship, now: datetime) -> Iterator[str]:
    """In sentences; none where nothing is lost but the record."""
    if signed := state.in_force(now):
        yield (
            f"{state.origin} signed your terms on {day(from_time_text(signed.at))}, and that is in "
            "force. Forgetting it here ends nothing there, and you could no longer end it: end it "
            "first."
        )
    if state.untold:
        yield (
            f"You ended something with {state.origin} on "
            f"{day(from_time_text(state.untold.record.at))}, and the site has not confirmed that "
            "it knows. It would not be told again: visit it first."
        )
