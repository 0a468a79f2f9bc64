"""What the button shows of one site, in words (docs/native.md, "View")."""

import unicodedata
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from rbutton.decisions import reply
from rbutton.decisions.proffer import Choice, may_negotiate
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import (
    Row,
    Shown,
    accepted_documents,
    offered_rows,
    promised_rows,
)
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
    "unanswered",
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
    told = (
        "Told not to track you."
        if signals.dnt == "on"
        else "Told not to sell or share your data."
        if signals.gpc == "on"
        else "Your signals are off."
    )
    answer = "It has none at the usual place." if looked else "It has not answered."
    if not looked and "on" not in (signals.dnt, signals.gpc):
        answer = ""
    return View(
        origin=origin,
        state="unknown",
        reason="nothing-here",
        heading=f"{site_name(origin)} has no terms for you yet",
        text=_sentences([told, answer]),
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
    state: Relationship,
    policy: Policy,
    choice: Choice,
    catalogue: Catalogue,
    *,
    when: str,
    under_way: bool = False,
) -> View:
    """The site has a policy, and nothing is in force.

    Args:
        when: says when terms are offered here.
        under_way: the answer to this view is posted at once.
    """
    name = site_name(state.origin)
    shared: dict[str, Any] = {
        "origin": state.origin,
        "state": "potential",
        "calls_itself": _shown(policy.name),
        "clauses": offered_rows(choice, policy, catalogue),
    }
    if state.open:
        return open_proffer(state, shared["calls_itself"], shared["clauses"], under_way=under_way)
    if state.ended:
        anew = when if state.may_begin(policy.body) else None
        instead = _signs_instead(choice, policy, catalogue)
        shown = ended(state, shared["calls_itself"], shared["clauses"], ["offer"], anew)
        return shown.model_copy(update={"text": _sentences([shown.text, instead])})
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
        text=when
        if choice.taken_whole
        else _sentences(
            [
                "It does not say that it signs yours.",
                _signs_instead(choice, policy, catalogue),
                when,
            ]
        ),
        actions=["offer"],
    )


def open_proffer(
    state: Relationship, calls_itself: str | None, rows: list[Row], *, under_way: bool = False
) -> View:
    """Offered, and not answered: being sent, waiting, or tried as often as it may be."""
    assert state.open
    name, tried_out = site_name(state.origin), state.open.unanswered and not under_way
    since = from_time_text(state.open.proffer.at).astimezone()
    offered = f"Your terms were offered on {day(since)} at {since:%H:%M}"
    if len(state.open.sent) > 1:
        offered += f" and sent {len(state.open.sent)} times"
    last = state.response
    told = [f"{offered}.", last.sentence() if last else "It has not answered."]
    if under_way:
        told = ["Your terms are on their way."]
    elif tried_out:
        told.append("They are not sent again unless you say so.")
    elif last and last.wait_until:
        until = last.wait_until.astimezone()
        told.append(f"It asked not to be asked again before {until:%H:%M} on {day(until)}.")
    if last and not under_way:
        told.append(last.clock())
    return View(
        origin=state.origin,
        state="potential",
        reason="unanswered" if tried_out else "waiting",
        heading=f"{name} did not answer" if tried_out else f"Waiting for {name}",
        text=_sentences(told),
        calls_itself=calls_itself,
        clauses=rows,
        actions=["again"],
    )


def ended(
    state: Relationship,
    calls_itself: str | None,
    rows: list[Row],
    actions: list[Action],
    anew: str | None = None,
) -> View:
    """It said no, or could not take the terms; `anew` says when they are offered again."""
    assert state.ended
    declined = state.ended.kind == "declined"
    told = [f"On {day(from_time_text(state.ended.at))}. Nothing is agreed."]
    match reply.code_of(state.ended.body):
        case "conflict":
            told.append("The site had changed its policy meanwhile.")
            told.append(anew or "Offering them again may work.")
        case "expired":
            told.append("By the site's clock they came too late or too early.")
            clock = state.response.clock() if state.response else ""
            told.append(clock or "Offering them again may work.")
    return View(
        origin=state.origin,
        state="potential",
        reason="declined" if declined else "refused",
        heading=f"{site_name(state.origin)} {'declined' if declined else 'could not take'} "
        "your terms",
        text=_sentences(told),
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
        calls_itself=_shown(signed.agreement.site.name),
        clauses=promised_rows(signed, catalogue.vocabulary),
        actions=["agreement"],
        agreement=ShownAgreement(
            id=signed.id,
            since=state.sealed.at,
            terms=[_term(term.id, catalogue) for term in signed.agreement.terms],
            jws=signed.body.decode("utf-8"),
        ),
    )


def _signs_instead(choice: Choice, policy: Policy, catalogue: Catalogue) -> str:
    """What it says it does sign, where that is not what is wanted."""
    others = [document.title for document in accepted_documents(policy, catalogue)]
    if choice.taken_whole or not others or not may_negotiate(policy):
        return ""
    return f"It signs: {'; '.join(others[:3])}."


#: Letters and marks that Unicode draws as nothing: a name of these alone is no name to show.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def _shown(name: str) -> str | None:
    drawn = (one for one in name if one not in _BLANK and unicodedata.category(one) != "Mn")
    return name if any(not one.isspace() for one in drawn) else None


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


def _sentences(several: list[str]) -> str:
    return " ".join(one for one in several if one)
