"""What was offered and signed, as a list tells it: an entry an agreement."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from rbutton.decisions.relationship import OpenProffer, Relationship, relationship
from rbutton.decisions.rows import Shown
from rbutton.decisions.tries import TRIES, TRIES_IN, tried_out
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.words import fit_to_show
from rbutton.person.errors import PersonError
from rbutton.person.ledger import Kind, Record
from rbutton.terms import agreement as agreements
from rbutton.terms import jws
from rbutton.terms.encoding import from_time_text, sha256, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.roster import Catalogue

State = Literal[
    "active",
    "proffered",
    "countered",
    "unanswered",
    "declined",
    "refused",
    "withdrawn",
    "expired",
]


class ListedTerm(Shown):
    """A term that was offered or signed."""

    id: str
    title: str


class Listed(Shown):
    """One agreement, and where it stands.

    Attributes:
        id: the agreement's.
        since: when it came to stand so, RFC 3339.
        until: when it ends by itself, RFC 3339; None: not at all.
        sealed: both signed it, whatever came after.
        calls_itself: the site's own name, or None where nothing of it would be seen.
    """

    origin: str
    id: str
    state: State
    since: str
    until: str | None
    sealed: bool
    terms: list[ListedTerm]
    calls_itself: str | None


def one_by_one(records: Iterable[Record]) -> list[list[Record]]:
    """Records of the ledger, oldest first, agreement by agreement in the order of their offer."""
    by_id: dict[str, list[Record]] = {}
    for record in records:
        if record.kind in ("proffer", "accepted"):
            by_id.setdefault(record.agreement, [])
        if record.agreement in by_id:
            by_id[record.agreement].append(record)
    return list(by_id.values())


def held(records: Sequence[Record]) -> Record:
    """What the person holds of one agreement: signed by both, or their own proffer."""
    kinds = ("sealed", "accepted", "proffer")
    return next(one for one in reversed(records) if one.kind in kinds)


def listed(records: Sequence[Record], catalogue: Catalogue, now: datetime) -> Listed:
    """Fold the records of one agreement, oldest first, its proffer among them.

    Raises:
        PersonError: "ledger": a record is not what was kept.
    """
    document = held(records)
    try:
        parsed = jws.parse(document.body, "agreement")
        # Both signatures were verified before it was kept, and the id is the payload's hash.
        if sha256(parsed.payload) != document.agreement:
            raise InvalidDocument("the agreement has another id")
    except InvalidDocument as error:
        raise damaged(document, str(error)) from None
    try:
        state, since = _state_of(relationship(document.origin, records, now), now)
    except (ValueError, LookupError, TypeError):
        raise damaged(document, "what came after it cannot be read") from None
    ids = [term["id"] for term in parsed.members["terms"]]
    return Listed(
        origin=document.origin,
        id=document.agreement,
        state=state,
        since=since,
        until=parsed.members["until"],
        sealed=document.kind != "proffer",
        terms=[ListedTerm(id=one, title=title_of(one, catalogue)) for one in ids],
        calls_itself=fit_to_show(parsed.members["site"]["name"]),
    )


def damaged(record: Record, why: str) -> PersonError:
    """A record that is not what was kept."""
    return PersonError(
        "ledger",
        f"Record {record.seq} of the ledger is not what was signed: {why}.",
        "Put ledger.sqlite3 back from a backup.",
    )


def _state_of(state: Relationship, now: datetime) -> tuple[State, str]:
    """Where an agreement stands by its own records, and since when."""
    if state.sealed:
        until = agreements.read(state.sealed.body).agreement.until
        ended = until is not None and state.expired(now)
        return ("expired", until or "") if ended else ("active", state.sealed.at)
    if state.open and state.open.unanswered(now):
        return "unanswered", time_text(_given_up(state.open))
    if state.open:
        return "proffered", state.open.proffer.at
    record = state.ended or state.replaced
    if state.countered:
        record = state.countered.answer or state.countered.record
    if record is None:
        record = state.withdrawals[-1].record
    return _STATES[record.kind], record.at


_STATES: dict[Kind, State] = {
    "declined": "declined",
    "refused": "refused",
    "replaced": "expired",
    "countered": "countered",
    "counter-accepted": "countered",
    "counter-declined": "countered",
    "withdraw": "withdrawn",
}


def _given_up(offer: OpenProffer) -> datetime:
    """When it was tried for the last time, or had stood for a day."""
    sent = offer.sent
    last = next((n for n in range(TRIES, len(sent) + 1) if tried_out(sent[:n])), None)
    return sent[last - 1] if last else from_time_text(offer.proffer.at) + TRIES_IN
