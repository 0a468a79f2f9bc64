"""What a site's reply to a proffer or a notice means (protocol, sections 5 and 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rbutton.decisions.plain import plain
from rbutton.decisions.response import SKEW, Why
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms import notice as notices
from rbutton.terms.agreement import RosterTerm, SignedAgreement
from rbutton.terms.encoding import from_time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey
from rbutton.terms.notice import SignedNotice
from rbutton.terms.roster import Catalogue

PROBLEM_TYPE = "application/problem+json"
#: With such a status and code, the answer is final for that payload.
FINAL = {
    (400, "malformed"),
    (401, "bad-signature"),
    (403, "declined"),
    (404, "unknown-agreement"),
    (409, "conflict"),
    (410, "expired"),
    (413, "too-large"),
    (415, "unsupported-type"),
    (422, "unknown-terms"),
}


@dataclass(frozen=True)
class Sealed:
    """Both signed the same bytes."""

    signed: SignedAgreement


@dataclass(frozen=True)
class Countered:
    """The site wants other terms and has signed those; it never signs the proffer now."""

    signed: SignedAgreement


@dataclass(frozen=True)
class Acknowledged:
    """The site says that a notice has arrived; `body` is what it signed."""

    body: bytes


@dataclass(frozen=True)
class Final:
    """No, and no again to the same payload.

    Attributes:
        declined: the site read the terms and does not want them; else it could not take them.
        body: the problem document as received, to keep.
    """

    declined: bool
    body: bytes


@dataclass(frozen=True)
class NoAnswer:
    """Nothing that counts; the same bytes may be sent again.

    Attributes:
        why: what it was instead.
        fault: what is wrong with an unreadable one.
    """

    why: Why
    fault: str | None = None


def understand(
    offered: SignedAgreement, reply: tuple[int, str, bytes], catalogue: Catalogue, now: datetime
) -> Sealed | Countered | Final | NoAnswer:
    """Read a reply to a proffer, or to a counter signed by both. Never raises: a stranger wrote it.

    Args:
        offered: what was sent.
        reply: status, media type and body.
        catalogue: the roster here.
        now: the time.
    """
    status, media_type, body = reply
    if status == 200:
        return _understand_signed(offered, body, catalogue, now)
    code = _problem(status, media_type, body)
    return Final(code == "declined", body) if code else NoAnswer("status")


def _understand_signed(
    offered: SignedAgreement, body: bytes, catalogue: Catalogue, now: datetime
) -> Sealed | Countered | NoAnswer:
    try:
        signed = agreements.read(body)
    except InvalidDocument as error:
        return NoAnswer("unreadable", str(error))
    if signed.payload == offered.payload:
        return Sealed(signed) if signed.sealed else NoAnswer("returned")
    misnamed = any(
        not catalogue.holds(term.id, term.sha256, term.clauses)
        for term in signed.agreement.terms
        if isinstance(term, RosterTerm) and term.id in catalogue.documents
    )
    if misnamed:
        return NoAnswer("misnamed")
    if not _counters(signed, offered):
        return NoAnswer("other")
    # One that can be answered no more is an answer still: the site will never sign the proffer.
    early = from_time_text(signed.agreement.proffered) > now + SKEW
    return NoAnswer("untimely") if early else Countered(signed)


def _counters(signed: SignedAgreement, offered: SignedAgreement) -> bool:
    """Whether the site alone signed the same but for what a counter changes."""
    if signed.by_person or offered.by_site or signed.agreement.answers != offered.id:
        return False
    return signed.agreement.frame() == offered.agreement.frame()


def understand_acknowledgement(
    told: SignedNotice,
    ended: SignedAgreement,
    keys: Iterable[PublicKey],
    reply: tuple[int, str, bytes],
    now: datetime,
) -> Acknowledged | Final | NoAnswer:
    """Read a reply to the `withdraw` `told`. Never raises: a stranger wrote it.

    Args:
        ended: what it ends.
        keys: those of the site's policy.
        reply: status, media type and body.
        now: the time.
    """
    status, media_type, body = reply
    if status == 200:
        try:
            answer = notices.read(jws.parse(body, "notice"))
            answer.check_by(notices.site_keys(ended.agreement, keys))
        except InvalidDocument as error:
            return NoAnswer("unreadable", str(error))
        return Acknowledged(body) if notices.acknowledges(answer, told) else NoAnswer("unconfirmed")
    match _problem(status, media_type, body):
        case "unknown-agreement" if not _settled(ended, now):
            # A proffer on its way may still reach it, and be signed.
            return NoAnswer("status")
        case str():
            return Final(declined=False, body=body)
        case None:
            return NoAnswer("status")


def _settled(ended: SignedAgreement, now: datetime) -> bool:
    """Whether the site cannot sign it any more, if it has not yet."""
    # It waits that long itself, by a clock that may be as far behind.
    return ended.sealed or now - 2 * SKEW > from_time_text(ended.agreement.answer_by)


def _problem(status: int, media_type: str, body: bytes) -> str | None:
    """The code of a final error, or None."""
    if media_type.partition(";")[0].strip().lower() != PROBLEM_TYPE:
        return None
    code = _member(body, "code")
    return code if isinstance(code, str) and (status, code) in FINAL else None


def code_of(body: bytes) -> str:
    """The `code` of a kept problem document."""
    return str(_member(body, "code"))


def words_of(body: bytes) -> str | None:
    """The `detail` of a kept problem document, fit to be shown as the site's words, or None."""
    detail = _member(body, "detail")
    if not isinstance(detail, str):
        return None
    return plain(detail, 300) or None


def _member(body: bytes, name: str) -> Any:
    try:
        return documents.parse(body, "answer").get(name)
    except InvalidDocument:
        return None
