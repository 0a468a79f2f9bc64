"""Of a site that takes terms, with none in force."""

from datetime import datetime
from typing import Any

from rbutton.decisions import reply
from rbutton.decisions.proffer import Choice, may_negotiate
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import Row, accepted_documents, offered_rows
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.view.withdrawn import withdrawn
from rbutton.decisions.view.words import day, fit_to_show, sentences, site_name
from rbutton.terms.encoding import from_time_text
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue


def potential(
    state: Relationship,
    policy: Policy,
    choice: Choice,
    catalogue: Catalogue,
    *,
    now: datetime,
    when: str,
    under_way: bool = False,
) -> View:
    """The site has a policy, and nothing is in force.

    Args:
        now: the time.
        when: says when terms are offered here.
        under_way: the answer to this view is posted at once.
    """
    name = site_name(state.origin)
    shared: dict[str, Any] = {
        "origin": state.origin,
        "state": "potential",
        "calls_itself": fit_to_show(policy.name),
        "clauses": offered_rows(choice, policy, catalogue),
    }
    if state.open:
        return open_proffer(
            state, shared["calls_itself"], shared["clauses"], now=now, under_way=under_way
        )
    if state.ended:
        anew = when if state.may_begin(policy.body) else None
        instead = _signs_instead(choice, policy, catalogue)
        shown = ended(state, shared["calls_itself"], ["offer"], anew)
        return shown.model_copy(update={"text": sentences([shown.text, instead])})
    if state.withdrawn:
        more: list[Action] = ["offer"] if may_negotiate(policy) else []
        return withdrawn(state, shared["calls_itself"], more, now=now, under_way=under_way)
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
        else sentences(
            [
                "It does not say that it signs yours.",
                _signs_instead(choice, policy, catalogue),
                when,
            ]
        ),
        actions=["offer"],
    )


def open_proffer(
    state: Relationship,
    calls_itself: str | None,
    rows: list[Row],
    *,
    now: datetime,
    under_way: bool = False,
) -> View:
    """Offered, and not answered: being sent, waiting, or tried as often as it may be."""
    assert state.open
    name, given_up = site_name(state.origin), state.open.unanswered(now) and not under_way
    since = from_time_text(state.open.proffer.at).astimezone()
    offered = f"Your terms were offered on {day(since)} at {since:%H:%M}"
    if len(state.open.sent) > 1:
        offered += f" and sent {len(state.open.sent)} times"
    last = state.response
    told = [f"{offered}.", last.sentence() if last else "It has not answered."]
    if under_way:
        told = ["Your terms are on their way."]
    elif given_up:
        told.append("They are not sent again unless you say so.")
    elif last and last.wait_until:
        until = last.wait_until.astimezone()
        told.append(f"It asked not to be asked again before {until:%H:%M} on {day(until)}.")
    if last and not under_way:
        told.append(last.clock())
    return View(
        origin=state.origin,
        state="potential",
        reason="unanswered" if given_up else "waiting",
        heading=f"{name} did not answer" if given_up else f"Waiting for {name}",
        text=sentences(told),
        calls_itself=calls_itself,
        clauses=rows,
        actions=["again", "take-back"],
        ending=state.open.proffer.agreement,
    )


def ended(
    state: Relationship,
    calls_itself: str | None,
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
        text=sentences(told),
        calls_itself=calls_itself,
        words=reply.words_of(state.ended.body),
        actions=actions,
    )


def _signs_instead(choice: Choice, policy: Policy, catalogue: Catalogue) -> str:
    """What it says it does sign, where that is not what is wanted."""
    others = [document.title for document in accepted_documents(policy, catalogue)]
    if choice.taken_whole or not others or not may_negotiate(policy):
        return ""
    return f"It signs: {'; '.join(others[:3])}."
