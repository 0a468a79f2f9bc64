"""Of a site from which the person took something back."""

from datetime import datetime

from rbutton.decisions import reply
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.decisions.words import day, sentences, site_name
from rbutton.terms.encoding import from_time_text


def withdrawn(
    origin: str,
    done: Withdrawal,
    calls_itself: str | None,
    actions: list[Action],
    until: str = "",
    *,
    now: datetime,
    under_way: bool = False,
) -> View:
    """The person ended an agreement, or took back what was offered.

    Args:
        actions: what else may be done.
        until: says when what is offered now would end.
        now: the time.
        under_way: the notice is posted at once.
    """
    name, on = site_name(origin), day(from_time_text(done.record.at))
    if agreed := done.what.kind != "proffer":
        heading = f"You ended your agreement with {name}"
        after = "What it promised still holds for data it got before."
    else:
        heading = f"You took your terms back from {name}"
        after = "It may not sign them any more."
    told = [f"On {on}.", _delivered(done, now, under_way=under_way)]
    return View(
        origin=origin,
        state="ended",
        reason="withdrawn",
        heading=heading,
        text=sentences([*told, after if agreed or not done.unknown_there else "", until]),
        calls_itself=calls_itself,
        words=reply.words_of(done.answer.body)
        if done.answer and done.answer.kind == "notice-refused" and not done.unknown_there
        else None,
        actions=["tell-again", *actions] if done.pending else actions,
        ending=done.record.agreement,
    )


def untold(shown: View, state: Relationship, *, now: datetime) -> View:
    """A view, with what the site has to be told of: by itself, or by a press.

    Args:
        now: the time.
    """
    done = state.untold
    if done is None:
        return shown
    agreement = done.record.agreement
    if done.may_retry(now):
        return shown.model_copy(update={"untold": agreement, "tell": agreement})
    if "tell-again" in shown.actions:
        return shown.model_copy(update={"untold": agreement})
    # Something came after it, which is what is shown.
    agreed = done.what.kind != "proffer"
    what = "ended an earlier agreement" if agreed else "took earlier terms back"
    return shown.model_copy(
        update={
            "untold": agreement,
            "text": sentences([shown.text, f"It has not confirmed that you {what}."]),
            "actions": [*shown.actions, "tell-again"],
        }
    )


def _delivered(done: Withdrawal, now: datetime, *, under_way: bool) -> str:
    """Whether the site knows of a withdrawal."""
    if done.unknown_there:
        return "The site has no record of it."
    if done.answer:
        confirmed = done.answer.kind == "acknowledged"
        return "The site confirmed it." if confirmed else "The site could not take the notice."
    if under_way:
        return "The site is being told."
    if not done.sent:
        return "The site is told when you are on its pages."
    again = (
        "It is told again while you are on its pages."
        if done.may_retry(now)
        else "It is not told again unless you say so."
    )
    last = done.response.sentence() if done.response else ""
    return sentences(["The site has not confirmed it.", last, again])
