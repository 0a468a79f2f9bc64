"""Of a site that signed."""

from datetime import datetime, timedelta

from rbutton.decisions import reply
from rbutton.decisions.delivery import Delivery
from rbutton.decisions.differences import Difference, of_clauses, of_ends
from rbutton.decisions.proffer import Choice
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import promised_rows
from rbutton.decisions.view.model import Action, Reason, ShownAgreement, View
from rbutton.decisions.words import day, fit_to_show, sentences, site_name
from rbutton.person.ledger import Record
from rbutton.terms import agreement as agreements
from rbutton.terms.agreement import OwnTerm, RosterTerm, SignedAgreement
from rbutton.terms.clauses import Clauses
from rbutton.terms.encoding import from_time_text
from rbutton.terms.roster import Catalogue


def active(
    state: Relationship,
    catalogue: Catalogue,
    *,
    now: datetime,
    changes: list[Difference] | None = None,
    gone: str = "",
    wanted: Choice | None = None,
    own: Choice | None = None,
    under_way: bool = False,
) -> View:
    """Both signed.

    Args:
        now: the time.
        changes: what the site changed in its policy since.
        gone: why there is no policy to hold against the one it signed under, in a sentence.
        wanted: what would be offered today; None where nothing can be.
        own: the same of the person's own terms.
        under_way: something is posted at once.
    """
    assert state.sealed
    signed = agreements.read(state.sealed.body)
    terms = signed.agreement.terms
    name, since = site_name(state.origin), day(from_time_text(state.sealed.at))
    told = [f"{'; '.join(title_of(term.id, catalogue) for term in terms)}. Since {since}."]
    if ends := signed.agreement.ends:
        told.append(f"Until {day(ends)}.")
    actions: list[Action] = ["agreement", "end"]
    heading = f"{name} signed your terms"
    reason: Reason = "signed"
    if state.delivery:
        heading = f"You and {name} signed the same terms"
        told.append(_delivered(state.delivery, now, under_way=under_way))
        if state.delivery.pending:
            reason = "undelivered"
            actions = ["again", "agreement", "end"]
    told += _renewing(state, under_way=under_way and not state.undelivered(now))
    busy = state.open or state.undelivered(now)
    renewal, renewal_own = (
        [] if busy or not choice else _renewal(signed, choice, catalogue, now)
        for choice in (wanted, own)
    )
    if renewal_own:
        actions.insert(1, "renew-own")
    if renewal:
        actions.insert(1, "renew")
    elif state.open and not under_way:
        actions.insert(1, "again")
    if gone and reason == "signed":
        reason = "policy-gone"
        heading = f"{name} signed, and its policy cannot be read now"
        told.insert(0, gone)
        actions.append("look")
    elif changes:
        reason = "policy-changed"
        heading = f"{name} changed its policy since it signed"
        actions.insert(0, "noted")
    if looks := reason in ("policy-gone", "policy-changed"):
        told.insert(0, "What it signed with you stands.")
    return View(
        origin=state.origin,
        state="look" if looks else "active",
        reason=reason,
        heading=heading,
        text=sentences(told),
        calls_itself=fit_to_show(signed.agreement.site.name),
        clauses=promised_rows(signed, catalogue.vocabulary),
        changes=changes or [],
        words=reply.words_of(refused.body) if (refused := _refused_renewal(state)) else None,
        renewal=renewal,
        renewal_own=renewal_own,
        recognised=False,
        actions=actions,
        ending=signed.id,
        agreement=in_full(signed, state.sealed.at, catalogue),
    )


def expired(
    state: Relationship, catalogue: Catalogue, actions: list[Action], until: str = ""
) -> View:
    """What both signed was for a time, and that is over.

    Args:
        actions: what may be done.
        until: says when what is offered now would end.
    """
    assert state.sealed
    signed = agreements.read(state.sealed.body).agreement
    titles = "; ".join(title_of(term.id, catalogue) for term in signed.terms)
    over = from_time_text(signed.until or state.sealed.at)
    return View(
        origin=state.origin,
        state="ended",
        reason="expired",
        heading=f"Your agreement with {site_name(state.origin)} has run out",
        text=sentences([f"{titles}. It was until {day(over)}.", until]),
        calls_itself=fit_to_show(signed.site.name),
        actions=actions,
    )


def _delivered(delivery: Delivery, now: datetime, *, under_way: bool) -> str:
    """Whether the site has what the person signed last."""
    if delivery.answer:
        if delivery.answer.kind == "delivered":
            return ""
        words = reply.words_of(delivery.answer.body)
        return f"The site could not take your signature: {words or 'it did not say why'}"
    if under_way:
        return "Your signature is on its way."
    if not delivery.sent:
        return "The site gets your signature when you are on its pages."
    last = delivery.response.sentence() if delivery.response else ""
    again = (
        "It is sent again while you are on its pages."
        if delivery.may_retry(now)
        else "It is not sent again unless you say so."
    )
    return sentences(["The site does not have your signature yet.", last, again])


def _renewing(state: Relationship, *, under_way: bool) -> list[str]:
    """What became of terms that were to replace these."""
    assert state.sealed
    if state.open:
        if under_way:
            return ["Your new terms are on their way; these hold until both have signed those."]
        return ["Your new terms were offered; these hold until both have signed those."]
    if refused := _refused_renewal(state):
        declined = "declined" if refused.kind == "declined" else "could not take"
        return [f"It {declined} your new terms, so these hold."]
    return []


def _refused_renewal(state: Relationship) -> Record | None:
    """The site's no to terms that were to replace those in force."""
    later = state.sealed and state.ended and state.ended.seq > state.sealed.seq
    return state.ended if later else None


def _renewal(
    signed: SignedAgreement, wanted: Choice, catalogue: Catalogue, now: datetime
) -> list[Difference]:
    """What would be different under what the person wants today."""
    strictest = catalogue.vocabulary.strictest
    clauses = of_clauses(
        strictest(term.clauses for term in wanted.terms),
        strictest(term.clauses for term in signed.agreement.terms),
        catalogue.vocabulary,
    )
    until = None if wanted.lasts is None else now + wanted.lasts
    end = of_ends(until, signed.agreement.ends)
    return [*clauses, *end] if clauses or _worth(signed, wanted.lasts, now) else clauses


def _worth(signed: SignedAgreement, lasts: timedelta | None, now: datetime) -> bool:
    """Whether a later end alone is worth a press: for good, or by half of the new span or more."""
    ends = signed.agreement.ends
    return ends is not None and (lasts is None or now + lasts / 2 >= ends)


def in_full(signed: SignedAgreement, since: str, catalogue: Catalogue) -> ShownAgreement:
    """All of an agreement, to read and to keep.

    Args:
        since: when it was signed as it is, RFC 3339.
    """
    return ShownAgreement(
        id=signed.id,
        since=since,
        until=signed.agreement.until,
        terms=[_term(term, catalogue) for term in signed.agreement.terms],
        jws=signed.body.decode("utf-8"),
    )


def title_of(term_id: str, catalogue: Catalogue) -> str:
    """A term's title; its id where the roster here does not have it."""
    document = catalogue.documents.get(term_id)
    return document.title if document else "Terms of your own" if term_id == "own" else term_id


def _term(term: OwnTerm | RosterTerm, catalogue: Catalogue) -> dict[str, str]:
    document = catalogue.documents.get(term.id)
    return {
        "id": term.id,
        "title": title_of(term.id, catalogue),
        "text": document.text if document else _in_words(term.clauses, catalogue),
        "url": document.url if document else "",
    }


def _in_words(clauses: Clauses, catalogue: Catalogue) -> str:
    """Of terms that have no text of their own."""
    known = catalogue.vocabulary.by_name
    said = (
        f"{known[name].label}: {known[name].words(value)}." if name in known else f"{name}."
        for name, value in clauses.items()
    )
    return " ".join(said)
