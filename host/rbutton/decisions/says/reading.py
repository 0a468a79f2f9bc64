"""From bytes that were kept to what is shown of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from rbutton.decisions.plain import escaped, plain
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import accepted_documents
from rbutton.decisions.says import asking, words
from rbutton.decisions.says.asking import newest
from rbutton.decisions.says.model import Detail, Kind, Line, Says
from rbutton.decisions.view.agreed import title_of
from rbutton.decisions.words import day
from rbutton.person.ledger import Record
from rbutton.person.seen import Seen
from rbutton.person.settings import Look
from rbutton.terms import agreement as agreements
from rbutton.terms import policy as policies
from rbutton.terms import promise as promises
from rbutton.terms.claims import adpc, contradictions, eff, gpc, myterms, status, tk
from rbutton.terms.claims.contradictions import Statement
from rbutton.terms.encoding import from_time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.roster import Catalogue

#: Characters of a document's text, and of one member of it, that are shown.
MAX_RAW = 4_096
MAX_DETAIL = 300

_ORDER: tuple[Kind, ...] = ("agreement", "promise", "claim", "request", "unclear")
#: What may have been served before, and is held against what is served now.
_CHANGING = ("tk", "status", "gpc")


@dataclass
class _Read:
    """What was made of everything so far."""

    lines: list[Line] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


def says(
    origin: str,
    rows: Sequence[Seen],
    state: Relationship,
    catalogue: Catalogue,
    *,
    look: Look,
    now: datetime,
) -> Says:
    """All that a site says.

    Args:
        origin: the site's.
        rows: what was read of it, newest first.
        state: what is on record with it.
        catalogue: the terms that are known here.
        look: when the person wants it asked.
        now: the time.
    """
    read = _Read()
    _agreement(read, state.in_force(now), catalogue)
    for row in _current(origin, rows):
        if row.outcome == "said":
            _said(read, row, catalogue, now)
        elif row.outcome in ("other-type", "too-large"):
            why = "it is too large" if row.outcome == "too-large" else "it is of another type"
            _unclear(read, row, words.NAMES[row.what], why)
    _unread(read, origin, rows)
    found = contradictions.contradictions(read.statements, _earlier(rows))
    due = 0 if look == "never" else len(asking.due(origin, rows, now))
    return Says(
        origin=origin,
        look=look,
        due=due,
        contradictions=words.of_contradictions(found),
        lines=sorted(read.lines, key=lambda line: _ORDER.index(line.kind)),
        note=_note(origin, rows, look, due=due, anything=bool(read.lines)),
    )


def _current(origin: str, rows: Sequence[Seen]) -> list[Seen]:
    """What each source said last, in the order to tell it."""
    known = asking.addresses(origin, rows)
    found = [newest(rows, "policy"), newest(rows, "tk")]
    found += [newest(rows, one.what, one.url) for one in known]
    return [row for row in found if row]


def _said(read: _Read, row: Seen, catalogue: Catalogue, now: datetime) -> None:
    readers: dict[str, Callable[[], None]] = {
        "policy": lambda: _policy(read, row, catalogue, now),
        "tk": lambda: _tk(read, row),
        "status": lambda: _status(read, row),
        "status-id": lambda: _status(read, row),
        "gpc": lambda: _gpc(read, row),
        "eff": lambda: _eff(read, row),
        "myterms": lambda: _myterms(read, row, catalogue),
        "consent": lambda: _consent(read, row),
    }
    try:
        readers[row.what]()
    except InvalidDocument as error:
        _unclear(read, row, words.NAMES[row.what], str(error))


def _line(
    read: _Read, row: Seen, kind: Kind, text: str, details: Sequence[tuple[str, str]] = ()
) -> None:
    read.lines.append(
        Line(
            kind=kind,
            text=text,
            at=row.last,
            source="Tk header"
            if row.what == "tk"
            else row.url.removeprefix(row.origin) or "a page",
            details=[Detail(label=label, value=value) for label, value in details if value],
            raw=escaped(row.body, MAX_RAW),
        )
    )


def _unclear(read: _Read, row: Seen, name: str, why: str) -> None:
    _line(read, row, "unclear", f"{name[0].upper()}{name[1:]} cannot be used: {why}.")


def _agreement(read: _Read, sealed: Record | None, catalogue: Catalogue) -> None:
    if sealed is None:
        return
    signed = agreements.read(sealed.body)
    titles = [title_of(term.id, catalogue) for term in signed.agreement.terms]
    read.lines.append(
        Line(
            kind="agreement",
            text=words.AGREEMENT.format(titles=words.listed(titles)),
            at=sealed.at,
            source="your ledger",
            details=[Detail(label="Agreement", value=signed.id)],
            raw=escaped(signed.body, MAX_RAW),
        )
    )
    clauses = catalogue.vocabulary.strictest(term.clauses for term in signed.agreement.terms)
    read.statements += contradictions.of_clauses("agreement", clauses)


def _policy(read: _Read, row: Seen, catalogue: Catalogue, now: datetime) -> None:
    policy = policies.read(row.body, row.origin, catalogue.vocabulary, now)
    accepted = accepted_documents(policy, catalogue)
    titles = words.listed([one.title for one in accepted])
    text = words.POLICY.format(titles=titles) if titles else words.POLICY_ONLY
    details = [("Calls itself", policy.name), ("Ends", policy.document.expires)]
    _line(read, row, "claim", text, details)
    clauses = catalogue.vocabulary.strictest([policy.limits, *(one.clauses for one in accepted)])
    read.statements += contradictions.of_clauses("policy", clauses)
    promise, broken = promises.of_policy(policy, catalogue, now)
    if broken:
        _unclear(read, row, words.NAMES["promise"], broken)
    if promise:
        titles = words.listed([title_of(term.id, catalogue) for term in promise.terms])
        until = day(from_time_text(promise.until))
        _line(read, row, "promise", words.PROMISE.format(until=until, titles=titles))
        promised = catalogue.vocabulary.strictest(term.clauses for term in promise.terms)
        read.statements += contradictions.of_clauses("promise", promised)


def _tk(read: _Read, row: Seen) -> None:
    said = tk.read(row.body)
    named = (("Status id", said.id or ""),)
    _line(read, row, "claim", words.tracking("tk", said.status), (("Value", said.status), *named))
    read.statements += contradictions.of_tracking_status("tk", said.status)


def _status(read: _Read, row: Seen) -> None:
    said = status.read(row.body)
    members = said.model_dump(by_alias=True)
    details = [(name, _shown(value)) for name, value in members.items()]
    _line(read, row, "claim", words.tracking(row.what, said.tracking), details)
    source: Literal["status", "status-id"] = "status-id" if row.what == "status-id" else "status"
    # What the header that names it says, too, is no second voice.
    if source == "status" or ("tk", said.tracking) not in {
        (one.source, one.value) for one in read.statements
    }:
        read.statements += contradictions.of_tracking_status(source, said.tracking)


def _gpc(read: _Read, row: Seen) -> None:
    said = gpc.read(row.body)
    updated = said.last_update.isoformat() if said.last_update else ""
    _line(read, row, "claim", words.gpc(said), [("lastUpdate", updated)])
    read.statements += contradictions.of_gpc(said)


def _eff(read: _Read, row: Seen) -> None:
    version = eff.read(row.body)
    _line(read, row, "promise", words.EFF.format(version=version))
    read.statements += contradictions.of_eff()


def _myterms(read: _Read, row: Seen, catalogue: Catalogue) -> None:
    ids = myterms.read(row.body).ids
    titles = words.listed([title_of(one, catalogue) for one in ids]) or "nothing"
    _line(read, row, "claim", words.MYTERMS.format(titles=titles), [("Agreements", ", ".join(ids))])
    known = [catalogue.documents[one].clauses for one in ids if one in catalogue.documents]
    clauses = catalogue.vocabulary.strictest(known)
    read.statements += contradictions.of_clauses("myterms", clauses)


def _consent(read: _Read, row: Seen) -> None:
    asked = adpc.read(row.body)
    count = f"{len(asked)} things" if len(asked) > 1 else "one thing"
    text = words.CONSENT.format(count=count) if asked else words.CONSENT_NONE
    _line(
        read,
        row,
        "request",
        text,
        [(words.REQUEST.format(id=one.id), _shown(one.text)) for one in asked],
    )


def _unread(read: _Read, origin: str, rows: Sequence[Seen]) -> None:
    """What pages announced and nobody has asked for yet."""
    if (link := newest(rows, "myterms-link")) and not newest(rows, "myterms"):
        _line(read, link, "claim", words.MYTERMS_UNREAD)
    if link := newest(rows, "consent-link"):
        if not asking.same_origin(link, origin):
            _line(read, link, "request", words.CONSENT_ELSEWHERE)
        elif not newest(rows, "consent", link.body.decode("ascii")):
            _line(read, link, "request", words.CONSENT_UNREAD)


def _earlier(rows: Sequence[Seen]) -> list[Statement]:
    """What a source said before it said something else."""
    found = []
    for what in _CHANGING:
        for row in [row for row in rows if row.what == what and row.outcome == "said"][1:]:
            read = _Read()
            try:
                {"tk": _tk, "status": _status, "gpc": _gpc}[what](read, row)
            except InvalidDocument:
                continue
            found += [replace(one, earlier=row.last) for one in read.statements]
    return found


def _shown(value: str | list[str]) -> str:
    text = ", ".join(value) if isinstance(value, list) else value
    return plain(text, MAX_DETAIL)


def _note(origin: str, rows: Sequence[Seen], look: Look, *, due: int, anything: bool) -> str:
    """What was asked and what not, where somebody may wonder."""
    asked = [
        row
        for one in asking.addresses(origin, rows)
        if (row := newest(rows, one.what, one.url)) is not None
    ]
    told = []
    if not anything:
        told.append("It says nothing that is known here.")
    nothing = sum(row.outcome in ("absent", "web-page") for row in asked)
    silent = sum(row.silent for row in asked)
    if asked:
        told.append(f"Asked on {day(max(from_time_text(row.last) for row in asked))}.")
    if nothing:
        told.append(f"Nothing stands at {_places(nothing)} where sites say such things.")
    if silent:
        told.append(f"There was no answer at {_places(silent)}.")
    if look == "never":
        told.append("Your terms say not to ask it.")
    elif not asked:
        told.append("It was not asked yet: that is what “Look” in the button is for.")
    elif not due:
        told.append(f"It can be asked again from {day(min(row.again for row in asked))}.")
    return " ".join(told)


def _places(number: int) -> str:
    return f"{number} places" if number > 1 else "one place"
