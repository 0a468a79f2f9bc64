"""The View: all that is shown of one site (docs/native.md, "View")."""

from typing import Literal

from pydantic import Field

from rbutton.decisions.differences import Difference
from rbutton.decisions.rows import Row, Shown

State = Literal["unknown", "potential", "promise", "active", "look", "ended", "alone"]
Reason = Literal[
    "nothing-here",
    "announced",
    "not-offered",
    "waiting",
    "unanswered",
    "declined",
    "refused",
    "countered",
    "counter-declined",
    "counter-lapsed",
    "not-negotiable",
    "promised",
    "signed",
    "undelivered",
    "policy-gone",
    "policy-changed",
    "withdrawn",
    "expired",
    "invalid-policy",
]
Action = Literal[
    "offer",
    "offer-own",
    "again",
    "accept",
    "decline",
    "accept-always",
    "look",
    "noted",
    "agreement",
    "renew",
    "renew-own",
    "end",
    "take-back",
    "tell-again",
]


class ShownAgreement(Shown):
    """An agreement, for the detail page.

    Attributes:
        since: RFC 3339, as `until`: when it ends by itself; None: not at all.
    """

    id: str
    since: str
    until: str | None
    terms: list[dict[str, str]]
    jws: str


class View(Shown):
    """All that is shown of one site, and what may be done.

    Attributes:
        changes: what differs: in the site's policy since it signed, or in what it wants instead.
        renewal: what would differ under the terms that `renew` offers; `renewal_own`: the same of
            `renew-own`.
        offering: stands for what is shown of what `offer` and `renew` would offer: the site, the
            terms, how long they would hold. Handed back with the press, unread: nothing else is
            signed by it. `Choice.shown_of` makes it.
        offering_own: the same of `offer-own` and `renew-own`.
        own: the person's own terms, that `offer-own` offers, against what the site says it does.
        recognised: whether the site may know the person again by the agreement; None where
            none is in force.
        counter: the id of what the site wants instead, while it can be answered.
        ending: the id of what the person may end, or has ended.
        tell: the id of what they ended, where the site is to be told of it now.
        untold: the id of what they ended, where the site has not confirmed that: `tell-again`
            sends the notice of it.
    """

    origin: str
    state: State
    reason: Reason
    heading: str
    text: str
    calls_itself: str | None = None
    clauses: list[Row] = Field(default_factory=list)
    changes: list[Difference] = Field(default_factory=list)
    renewal: list[Difference] = Field(default_factory=list)
    renewal_own: list[Difference] = Field(default_factory=list)
    offering: str | None = None
    offering_own: str | None = None
    own: list[Row] = Field(default_factory=list)
    recognised: bool | None = None
    counter: str | None = None
    words: str | None = None
    actions: list[Action] = Field(default_factory=list)
    offer: Literal["touch", "now"] | None = None
    header: str | None = None
    agreement: ShownAgreement | None = None
    ending: str | None = None
    tell: str | None = None
    untold: str | None = None
