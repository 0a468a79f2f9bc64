"""Of a site without terms that can be used."""

from datetime import datetime

from rbutton.decisions.proffer import Choice
from rbutton.decisions.view.model import View
from rbutton.decisions.words import as_sentence, sentences, site_name
from rbutton.person.settings import Signals


def nothing_here(origin: str, signals: Signals, *, looked: bool) -> View:
    """No terms, as far as is known.

    Args:
        origin: the site's.
        signals: what goes out with its pages, exceptions counted.
        looked: the person asked, and there were none.
    """
    told = (
        "Told not to track you."
        if signals.dnt == "on"
        else "Told not to sell or share your data."
        if signals.gpc == "on"
        else "Told that it may track you."
        if signals.dnt == "exception"
        else "The button sends it no signal."
    )
    answer = "It has none at the usual place." if looked else "It has not answered."
    if not looked and "on" not in (signals.dnt, signals.gpc):
        answer = ""
    return View(
        origin=origin,
        state="unknown",
        reason="nothing-here",
        heading=f"{site_name(origin)} has no terms for you yet",
        text=sentences([told, answer]),
        actions=["look"],
    )


def announced(origin: str, choice: Choice, when: str, now: datetime) -> View:
    """It takes terms; its policy is not read before the person says so.

    Args:
        choice: what is known of what would be offered.
        when: says when terms are offered here.
    """
    return View(
        origin=origin,
        state="potential",
        reason="announced",
        heading=f"{site_name(origin)} takes terms",
        text=sentences([when, "Until then it is not told that you have any.", choice.until(now)]),
        offering=choice.shown_of(origin),
        actions=["offer", "look"],
    )


def invalid_policy(origin: str, fault: str) -> View:
    """It announced terms that cannot be used."""
    return View(
        origin=origin,
        state="alone",
        reason="invalid-policy",
        heading=f"{site_name(origin)} announced terms that cannot be used",
        text=f"{as_sentence(fault)} Nothing was offered to it. "
        "Only the site can mend this; your signals still go out.",
        actions=["look"],
    )
