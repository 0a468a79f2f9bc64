"""What the button shows of one site, in words (docs/native.md, "View")."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from rbutton.decisions import reply
from rbutton.decisions.proffer import Choice
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import Row, Shown, offered_rows, promised_rows
from rbutton.person.settings import Signals
from rbutton.terms import agreement as agreements
from rbutton.terms.encoding import from_time_text
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue

State = Literal["unknown", "potential", "active", "alone"]
Reason = Literal[
    "nothing-here",
    "announced",
    "not-offered",
    "waiting",
    "declined",
    "refused",
    "not-negotiable",
    "signed",
    "invalid-policy",
]
Action = Literal["offer", "again", "look", "agreement"]

_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]


class ShownAgreement(Shown):
    """The agreement in force, for the detail page."""

    id: str
    since: str
    terms: list[dict[str, str]]
    jws: str


class View(Shown):
    """All that is shown of one site, and what may be done."""

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


def site_name(origin: str) -> str:
    """How an origin is called in a sentence: its host, with the port where it is unusual."""
    return origin.partition("://")[2]


def day(moment: datetime) -> str:
    """ "22 November 2026", in the person's time zone."""
    local = moment.astimezone()
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def nothing_here(origin: str, signals: Signals, *, looked: bool) -> View:
    """No terms, as far as is known; `looked` when the person asked and there were none."""
    told = "Told not to track you." if "on" in (signals.dnt, signals.gpc) else "Told nothing."
    return View(
        origin=origin,
        state="unknown",
        reason="nothing-here",
        heading=f"{site_name(origin)} has no terms for you yet",
        text=f"{told} It has none at the usual place."
        if looked
        else f"{told} It has not answered.",
        actions=["look"],
    )


def announced(origin: str, when: str) -> View:
    """It takes terms; its policy is not read before the person says so."""
    return View(
        origin=origin,
        state="potential",
        reason="announced",
        heading=f"{site_name(origin)} takes terms",
        text=f"{when} Until then it is not told that you have any.",
        actions=["offer", "look"],
    )


def invalid_policy(origin: str, fault: str) -> View:
    """It announced terms that cannot be used."""
    return View(
        origin=origin,
        state="alone",
        reason="invalid-policy",
        heading=f"{site_name(origin)} announced terms that cannot be used",
        text=f"{fault[0].upper()}{fault[1:]}. Nothing was offered to it. "
        "Only the site can mend this; your signals still go out.",
        actions=["look"],
    )


def potential(
    state: Relationship, policy: Policy, choice: Choice, when: str, catalogue: Catalogue
) -> View:
    """The site has a policy, and nothing is in force; `when` says when terms are offered here."""
    name = site_name(state.origin)
    shared: dict[str, Any] = {
        "origin": state.origin,
        "state": "potential",
        "calls_itself": policy.name,
        "clauses": offered_rows(choice, policy, catalogue.vocabulary),
    }
    if state.open:
        return waiting(state, policy.name, shared["clauses"])
    if state.ended:
        return ended(state, policy.name, shared["clauses"], ["offer"])
    if not policy.document.negotiates or not policy.keys:
        return View(
            **shared,
            reason="not-negotiable",
            heading=f"{name} has a policy, and no way to sign",
            text="It says what it would agree to, but "
            + ("has no usable key." if policy.document.negotiates else "takes no offers."),
        )
    return View(
        **shared,
        reason="not-offered",
        heading=f"{name} signs terms like yours"
        if choice.taken_whole
        else f"{name} has terms of its own",
        text=when if choice.taken_whole else f"It does not say that it signs yours. {when}",
        actions=["offer"],
    )


def waiting(state: Relationship, calls_itself: str | None, rows: list[Row]) -> View:
    """Offered, and not answered."""
    assert state.open
    sent = len(state.open.sent)
    since = from_time_text(state.open.proffer.at).astimezone()
    return View(
        origin=state.origin,
        state="potential",
        reason="waiting",
        heading=f"Waiting for {site_name(state.origin)}",
        text=f"Your terms were offered on {day(since)} at {since:%H:%M}"
        + (f" and sent {sent} times" if sent > 1 else "")
        + ". It has not answered.",
        calls_itself=calls_itself,
        clauses=rows,
        actions=["again"],
    )


def ended(
    state: Relationship, calls_itself: str | None, rows: list[Row], actions: list[Action]
) -> View:
    """It said no, or could not take the terms."""
    assert state.ended
    declined = state.ended.kind == "declined"
    conflict = reply.code_of(state.ended.body) in ("conflict", "expired")
    return View(
        origin=state.origin,
        state="potential",
        reason="declined" if declined else "refused",
        heading=f"{site_name(state.origin)} {'declined' if declined else 'could not take'} "
        "your terms",
        text=f"On {day(from_time_text(state.ended.at))}. Nothing is agreed."
        + (" Its policy or clock differed; offering them again may work." if conflict else ""),
        calls_itself=calls_itself,
        clauses=rows,
        words=reply.words_of(state.ended.body),
        actions=actions,
    )


def active(state: Relationship, catalogue: Catalogue) -> View:
    """Both signed."""
    assert state.sealed
    signed = agreements.read(state.sealed.body)
    titles = [_title(term.id, catalogue) for term in signed.agreement.terms]
    since = from_time_text(state.sealed.at)
    return View(
        origin=state.origin,
        state="active",
        reason="signed",
        heading=f"{site_name(state.origin)} signed your terms",
        text=f"{'; '.join(titles)}. Since {day(since)}.",
        calls_itself=signed.agreement.site.name,
        clauses=promised_rows(signed, catalogue.vocabulary),
        actions=["agreement"],
        agreement=ShownAgreement(
            id=signed.id,
            since=state.sealed.at,
            terms=[_term(term.id, catalogue) for term in signed.agreement.terms],
            jws=signed.body.decode("utf-8"),
        ),
    )


def _title(term_id: str, catalogue: Catalogue) -> str:
    document = catalogue.documents.get(term_id)
    return document.title if document else "Terms of your own" if term_id == "own" else term_id


def _term(term_id: str, catalogue: Catalogue) -> dict[str, str]:
    document = catalogue.documents.get(term_id)
    return {
        "id": term_id,
        "title": _title(term_id, catalogue),
        "text": document.text if document else "",
        "url": document.url if document else "",
    }
