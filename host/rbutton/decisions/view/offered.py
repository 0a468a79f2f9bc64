"""Of a site that takes terms, with none in force."""

from datetime import datetime
from typing import Any

from rbutton.decisions import reply
from rbutton.decisions.proffer import Choice, may_negotiate
from rbutton.decisions.relationship import Counter, OpenProffer, Relationship
from rbutton.decisions.rows import Row, accepted_documents, offered_rows
from rbutton.decisions.view.agreed import expired
from rbutton.decisions.view.countered import countered
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.view.promised import promised
from rbutton.decisions.view.withdrawn import withdrawn
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.decisions.words import day, fit_to_show, local, sentences, site_name
from rbutton.person.ledger import Record
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
    rows = offered_rows(choice, policy, catalogue)
    takes = may_negotiate(policy)
    shown = on_record(
        state,
        catalogue,
        fit_to_show(policy.name),
        ["offer"] if takes else [],
        now=now,
        rows=rows,
        anew=when if state.may_begin(policy.body, now) else None,
        instead=_signs_instead(choice, policy, catalogue),
        until=choice.until(now) if takes else "",
        under_way=under_way,
    )
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
    instead: str = "",
    until: str = "",
    under_way: bool = False,
) -> View | None:
    """What the records say of a site with nothing in force; None where there are none.

    Args:
        actions: what else may be done, where nothing is open.
        rows: what was offered.
        anew: says when terms are offered again by themselves.
        instead: says what the site signs instead.
        until: says when what is offered now would end.
    """
    match state.last_word(now):
        case None:
            return None
        case OpenProffer():
            return open_proffer(state, calls_itself, rows or [], now=now, under_way=under_way)
        case Counter():
            return countered(state, catalogue, actions, until, now=now)
        case Withdrawal() as done:
            return withdrawn(
                state.origin, done, calls_itself, actions, until, now=now, under_way=under_way
            )
        case Record(kind="declined" | "refused"):
            return ended(state, calls_itself, actions, anew, sentences([instead, until]))
        case Record():
            return expired(state, catalogue, actions, until)


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
        when = sentences([when, choice.until(now)]) if takes else ""
        return promised(policy, promise, catalogue, when=when, actions=more)
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
        text=sentences([*told, unkept, when, choice.until(now)]),
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
    anew: str | None,
    more: str,
) -> View:
    """It said no, or could not take the terms.

    Args:
        actions: what may be done.
        anew: says when they are offered again by themselves.
        more: says what might be agreed instead.
    """
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
        text=sentences([*told, more]),
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
