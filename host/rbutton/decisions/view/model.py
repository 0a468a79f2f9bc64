"""The View: all that is shown of one site (docs/native.md, "View")."""

from typing import Literal

from pydantic import Field

from rbutton.decisions.rows import Row, Shown

State = Literal["unknown", "potential", "active", "ended", "alone"]
Reason = Literal[
    "nothing-here",
    "announced",
    "not-offered",
    "waiting",
    "unanswered",
    "declined",
    "refused",
    "not-negotiable",
    "signed",
    "withdrawn",
    "invalid-policy",
]
Action = Literal["offer", "again", "look", "agreement", "end", "take-back", "tell-again"]


class ShownAgreement(Shown):
    """The agreement in force, for the detail page."""

    id: str
    since: str
    terms: list[dict[str, str]]
    jws: str


class View(Shown):
    """All that is shown of one site, and what may be done.

    Attributes:
        ending: the id of what the person may end, or has ended.
        tell: the id of what they ended, where the site is to be told of it now.
    """

    origin: str
    state: State
    reason: Reason
    heading: str
    text: str
    calls_itself: str | None = None
    clauses: list[Row] = Field(default_factory=list)
    words: str | None = None
    actions: list[Action] = Field(default_factory=list)
    offer: Literal["touch", "now"] | None = None
    header: str | None = None
    agreement: ShownAgreement | None = None
    ending: str | None = None
    tell: str | None = None
