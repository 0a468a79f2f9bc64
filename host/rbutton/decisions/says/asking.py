"""Which addresses of a site may say something, which are to be asked now, and what an answer is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from rbutton.person.seen import Outcome, Seen, What
from rbutton.terms.claims import eff, gpc, myterms, status, tk
from rbutton.terms.errors import InvalidDocument

#: Those that any site may have.
PATHS: dict[What, str] = {
    "status": status.PATH,
    "gpc": gpc.PATH,
    "eff": eff.PATH,
    "myterms": myterms.PATH,
}
#: What is read at an address, and not in a header or a page.
ASKED: tuple[What, ...] = (*PATHS, "status-id", "consent")

#: Of an address that a site chose.
MAX_URL = 512
_URL = re.compile(r"[!-~]+")
_WEB_PAGE = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Address:
    """Where a site may say something, and what."""

    what: What
    url: str


def addresses(origin: str, rows: Sequence[Seen]) -> list[Address]:
    """All that are known of, those that any site may have first.

    Args:
        origin: the site's.
        rows: what was read of it, newest first.
    """
    known = [Address(what, origin + path) for what, path in PATHS.items()]
    if (header := newest(rows, "tk")) and (named := _status_id(header.body)):
        known.append(Address("status-id", f"{origin}{status.PATH}{named}"))
    if (link := newest(rows, "consent-link")) and same_origin(link, origin):
        known.append(Address("consent", link.body.decode("ascii")))
    return known


def due(origin: str, rows: Sequence[Seen], now: datetime) -> list[Address]:
    """Those that were not asked within the week, in the order to ask them."""
    fresh = {(row.what, row.url) for row in rows if row.fresh(now)}
    return [one for one in addresses(origin, rows) if (one.what, one.url) not in fresh]


def newest(rows: Sequence[Seen], what: What, url: str | None = None) -> Seen | None:
    """What was read last of that kind, at that address if one is given."""
    return next((row for row in rows if row.what == what and url in (None, row.url)), None)


def same_origin(link: Seen, origin: str) -> bool:
    """Whether the address a page names is one that may be asked: its own site's, and no more."""
    text = link.body.decode("latin-1")
    if len(text) > MAX_URL or not _URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin and "#" not in text


def outcome_of(what: What, http_status: int, content_type: str | None) -> Outcome:
    """What an HTTP answer amounts to."""
    if http_status in (404, 410):
        return "absent"
    if http_status != 200:
        return "status"
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind in _WEB_PAGE:
        # Many sites serve one for whatever they do not have.
        return "web-page"
    # EFF's policy is known by its bytes alone.
    is_json = kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
    return "said" if is_json or what == "eff" else "other-type"


def _status_id(body: bytes) -> str | None:
    try:
        return tk.read(body).id
    except InvalidDocument:
        return None
