"""Of a site that takes terms, with none in force."""

from datetime import datetime, timedelta
from typing import Any

from rbutton.decisions import reply
from rbutton.decisions.proffer import Choice, may_negotiate
from rbutton.decisions.relationship import Counter, Relationship
from rbutton.decisions.rows import Row, accepted_documents, offered_rows
from rbutton.decisions.view.agreed import end_of, expired
from rbutton.decisions.view.countered import countered
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.view.promised import promised
from rbutton.decisions.view.withdrawn import withdrawn
from rbutton.decisions.view.words import day, fit_to_show, local, sentences, site_name
from rbutton.terms import promise as promises
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
    calls_itself = fit_to_show(policy.name)
    rows = offered_rows(choice, policy, catalogue)
    anew = when if state.may_begin(policy.body) else None
    actions: list[Action] = ["offer"] if state.ended or may_negotiate(policy) else []
    shown = on_record(
        state, catalogue, calls_itself, actions, now=now, rows=rows, anew=anew, under_way=under_way
    )
    if shown and shown.reason in ("declined", "refused"):
        instead = _signs_instead(choice, policy, catalogue)
        return shown.model_copy(update={"text": sentences([shown.text, instead])})
    return shown or _unsigned(policy, choice, rows, catalogue, now=now, when=when)


def on_record(
    state: Relationship,
    catalogue: Catalogue,
    calls_itself: str | None,
    actions: list[Action],
    *,
    now: datetime,
    rows: list[Row] | None = None,
    anew: str | None = None,
    under_way: bool = False,
) -> View | None:
    """What the records say of a site with nothing in force; None where there are none.

    Args:
        actions: what else may be done, where nothing is open.
        rows: what was offered.
        anew: says when terms are offered again by themselves.
    """
    if state.open:
        return open_proffer(state, calls_itself, rows or [], now=now, under_way=under_way)
    if state.acceptable(now):
        return countered(state, catalogue, now=now)
    # Of what is over, what came last.
    over = end_of(state) or ""
    if state.countered and _unsettled(state.countered) and state.countered.last.at >= over:
        return countered(state, catalogue, now=now)
    if state.ended and state.ended.at >= over:
        return ended(state, calls_itself, actions, anew)
    if state.withdrawn:
        return withdrawn(state, calls_itself, actions, now=now, under_way=under_way)
    return expired(state, catalogue, actions) if state.sealed else None


def _unsettled(counter: Counter) -> bool:
    # What was accepted is an agreement, and told as that.
    return counter.answer is None or counter.answer.kind != "counter-accepted"


def _unsigned(
    policy: Policy,
    choice: Choice,
    rows: list[Row],
    catalogue: Catalogue,
    *,
    now: datetime,
    when: str,
) -> View:
    """Nothing was offered yet."""
    promise, broken = promises.of_policy(policy, catalogue, now)
    if promise:
        takes = may_negotiate(policy)
        more: list[Action] = ["offer"] if takes else []
        return promised(policy, promise, catalogue, when=when if takes else "", actions=more)
    unkept = f"It has a promise that does not hold: {broken}." if broken else ""
    origin = policy.document.origin
    shared: dict[str, Any] = {
        "origin": origin,
        "state": "potential",
        "calls_itself": fit_to_show(policy.name),
        "clauses": rows,
    }
    if not may_negotiate(policy):
        lacks = "has no usable key." if policy.document.negotiates else "takes no offers."
        return View(
            **shared,
            reason="not-negotiable",
            heading=f"{site_name(origin)} has a policy, and no way to sign",
            text=sentences([f"It says what it would agree to, but {lacks}", unkept]),
        )
    told = [
        "" if choice.taken_whole else "It does not say that it signs yours.",
        _signs_instead(choice, policy, catalogue),
    ]
    what = "signs terms like yours" if choice.taken_whole else "has terms of its own"
    return View(
        **shared,
        reason="not-offered",
        heading=f"{site_name(origin)} {what}",
        text=sentences([*told, unkept, when]),
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
    since = local(from_time_text(state.open.proffer.at))
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
        until = local(last.wait_until)
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


def for_a_time(shown: View, lasts: timedelta | None, now: datetime) -> View:
    """With the end that what can be offered would have, where it has one."""
    if lasts is None or "offer" not in shown.actions:
        return shown
    end = f"Your terms would hold until {day(now + lasts)}."
    return shown.model_copy(update={"text": sentences([shown.text, end])})
