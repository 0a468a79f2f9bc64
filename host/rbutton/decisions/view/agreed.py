"""Of a site that signed."""

from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import promised_rows
from rbutton.decisions.view.model import ShownAgreement, View
from rbutton.decisions.view.words import day, fit_to_show, site_name
from rbutton.terms import agreement as agreements
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.encoding import from_time_text
from rbutton.terms.roster import Catalogue


def active(state: Relationship, catalogue: Catalogue) -> View:
    """Both signed."""
    assert state.sealed
    signed = agreements.read(state.sealed.body)
    titles = [title_of(term.id, catalogue) for term in signed.agreement.terms]
    since = from_time_text(state.sealed.at)
    return View(
        origin=state.origin,
        state="active",
        reason="signed",
        heading=f"{site_name(state.origin)} signed your terms",
        text=f"{'; '.join(titles)}. Since {day(since)}.",
        calls_itself=fit_to_show(signed.agreement.site.name),
        clauses=promised_rows(signed, catalogue.vocabulary),
        actions=["agreement", "end"],
        ending=signed.id,
        agreement=in_full(signed, state.sealed.at, catalogue),
    )


def in_full(signed: SignedAgreement, since: str, catalogue: Catalogue) -> ShownAgreement:
    """All of an agreement, to read and to keep.

    Args:
        since: when it was signed as it is, RFC 3339.
    """
    return ShownAgreement(
        id=signed.id,
        since=since,
        terms=[_term(term.id, catalogue) for term in signed.agreement.terms],
        jws=signed.body.decode("utf-8"),
    )


def title_of(term_id: str, catalogue: Catalogue) -> str:
    """A term's title; its id where the roster here does not have it."""
    document = catalogue.documents.get(term_id)
    return document.title if document else "Terms of your own" if term_id == "own" else term_id


def _term(term_id: str, catalogue: Catalogue) -> dict[str, str]:
    document = catalogue.documents.get(term_id)
    return {
        "id": term_id,
        "title": title_of(term_id, catalogue),
        "text": document.text if document else "",
        "url": document.url if document else "",
    }
