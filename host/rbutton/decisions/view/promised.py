"""Of a site that promised something to everyone, and signed nothing with the person."""

from rbutton.decisions.rows import Row, promised_clauses
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.view.model import Action, View
from rbutton.decisions.words import day, fit_to_show, sentences, site_name
from rbutton.terms.encoding import from_time_text
from rbutton.terms.policy import Policy
from rbutton.terms.promise import Promise
from rbutton.terms.roster import Catalogue


def promised(
    policy: Policy, promise: Promise, catalogue: Catalogue, *, when: str, actions: list[Action]
) -> View:
    """It never closes the button: nobody in particular can hold the site to it.

    Args:
        when: says when terms are offered here; empty where the site takes none.
        actions: what may be done.
    """
    titles = [title_of(term.id, catalogue) for term in promise.terms]
    rows: list[Row] = promised_clauses(
        (term.clauses for term in promise.terms), catalogue.vocabulary, "to everyone"
    )
    origin = policy.document.origin
    return View(
        origin=origin,
        state="promise",
        reason="promised",
        heading=f"{site_name(origin)} made a promise to everyone",
        text=sentences(
            [
                f"{'; '.join(titles)}. Until {day(from_time_text(promise.until))}.",
                "It has signed nothing with you.",
                when,
            ]
        ),
        calls_itself=fit_to_show(policy.name),
        clauses=rows,
        actions=actions,
    )
