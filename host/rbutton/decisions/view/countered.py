"""Of a site that wants other terms than those it was offered."""

from collections.abc import Sequence
from datetime import datetime

from rbutton.decisions.differences import of_clauses, of_ends
from rbutton.decisions.proffer import knows_all
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.words import day, fit_to_show, local, sentences, site_name
from rbutton.terms import agreement as agreements
from rbutton.terms.click_only import CLICK_ONLY
from rbutton.terms.encoding import from_time_text
from rbutton.terms.roster import Catalogue


def instead_of(shown: View, state: Relationship, catalogue: Catalogue, *, now: datetime) -> View:
    """What is shown of an agreement in force, with what the site wants in its place, if it does."""
    wanted = state.acceptable(now)
    if not wanted:
        return shown
    wants = countered(state, catalogue, now=now)
    return shown.model_copy(
        update={
            "reason": wants.reason,
            "heading": f"{wants.heading} in place of these",
            "text": sentences(["What both signed stands until you say otherwise.", wants.text]),
            "changes": wants.changes,
            "actions": [*wants.actions, "agreement", "end"],
            "counter": wants.counter,
            "renewal": [],
            "renewal_own": [],
        }
    )


def countered(
    state: Relationship,
    catalogue: Catalogue,
    actions: Sequence[Action] = (),
    until: str = "",
    *,
    now: datetime,
) -> View:
    """The site's counter-offer: open, declined, or too old to answer.

    Args:
        actions: what may be done where it cannot be answered.
        until: says when what is offered now would end.
        now: the time.
    """
    assert state.countered
    # What is in force is what would be given up.
    before = state.in_force(now) or state.countered.proffer
    offered = agreements.read(before.body).agreement
    signed = state.countered.wanted
    wanted, name = signed.agreement, site_name(state.origin)
    titles = "; ".join(title_of(term.id, catalogue) for term in wanted.terms)
    shared = View(
        origin=state.origin,
        state="potential",
        reason="countered",
        heading=f"{name} wants other terms",
        text="",
        calls_itself=fit_to_show(wanted.site.name),
    )
    if state.countered.answer:
        on = day(from_time_text(state.countered.answer.at))
        return shared.model_copy(
            update={
                "reason": "counter-declined",
                "heading": f"You declined what {name} wanted",
                "text": sentences([f"On {on}: {titles}. Nothing is agreed.", until]),
                "actions": actions,
            }
        )
    answer_by = from_time_text(wanted.answer_by)
    closes = local(min(answer_by, wanted.ends or answer_by))
    if not state.acceptable(now):
        return shared.model_copy(
            update={
                "reason": "counter-lapsed",
                "heading": f"{name} wanted other terms",
                "text": sentences(
                    [
                        f"{titles}. The time to answer passed on {day(closes)}.",
                        "Nothing is agreed.",
                        until,
                    ]
                ),
                "actions": actions,
            }
        )
    if not knows_all(wanted, catalogue):
        return shared.model_copy(
            update={
                "heading": f"{name} wants terms that your roster does not have",
                "text": "They cannot be compared, so they are not signed. Nothing is agreed.",
                "actions": ["decline"],
                "counter": signed.id,
            }
        )
    strictest = catalogue.vocabulary.strictest
    differences = [
        *of_clauses(
            strictest(term.clauses for term in wanted.terms),
            strictest(term.clauses for term in offered.terms),
            catalogue.vocabulary,
        ),
        *of_ends(wanted.ends, offered.ends),
    ]
    given_away = CLICK_ONLY & {term.id for term in wanted.terms}
    answers: list[Action] = ["accept", "decline"]
    if not given_away:
        answers.append("accept-always")
    return shared.model_copy(
        update={
            "text": sentences(
                [
                    f"It would sign: {titles}.",
                    f"That would hold until {day(wanted.ends)}." if wanted.ends else "",
                    f"You can answer until {day(closes)}, {closes:%H:%M}.",
                    "You have not agreed to anything.",
                ]
            ),
            "changes": differences,
            "actions": answers,
            "counter": signed.id,
        }
    )
