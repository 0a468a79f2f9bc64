"""The shop's page. Every value from elsewhere goes through `_text`, and stays text."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from starlette.datastructures import Headers

from rbutton.shipped.roster import catalogue
from rbutton.site.store import Kept
from rbutton.terms import agreement
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.encoding import from_time_text

_FILES = Path(__file__).parent
#: More of a header than anyone reads; it may be as long as the server takes.
_MAX_SHOWN = 300

_GOODS = (
    ("teapot", "Teapot, one litre", "Stoneware. Pours without a drip.", "€ 38"),
    ("mug", "Mug", "Holds what you need, and no more.", "€ 14"),
    ("bowl", "Bowl", "For soup, or for keys.", "€ 19"),
    ("tin", "Black tea, 100 g", "Loose leaf, in a tin that closes.", "€ 9"),
)
_SIGNALS = (
    ("DNT", "Do Not Track"),
    ("Sec-GPC", "Global Privacy Control"),
    ("EmanciTerms", "The terms you offer here"),
)


def whole(headers: Headers, kept: list[Kept]) -> str:
    """The front page, for a request with these headers; `kept`: newest first."""
    template = Template((_FILES / "page.html").read_text("utf-8"))
    return template.substitute(
        goods="".join(_good(*good) for good in _GOODS),
        received=_received(headers),
        record=_record(kept),
    )


def live(headers: Headers, kept: list[Kept]) -> str:
    """The parts of the page that change by themselves, for the page's script."""
    return f'<div id="received">{_received(headers)}</div><div id="record">{_record(kept)}</div>'


def _text(value: str) -> str:
    return escape(value, quote=True)


def _good(picture: str, name: str, says: str, price: str) -> str:
    return (
        f'<li class="good"><img src="/static/{picture}.svg" alt="" width="240" height="180">'
        f"<h3>{_text(name)}</h3><p>{_text(says)}</p>"
        f'<div class="buy"><span class="price">{_text(price)}</span>'
        f'<button type="button" data-buy="{_text(name)}">Add to basket</button></div></li>'
    )


def _received(headers: Headers) -> str:
    rows = "".join(_signal(name, means, headers.getlist(name)) for name, means in _SIGNALS)
    return f'<dl class="rows">{rows}</dl>'


def _signal(name: str, means: str, values: Iterable[str]) -> str:
    value = ", ".join(values)
    shown = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
    told = f"<code>{_text(shown)}</code>" if value else '<span class="none">not sent</span>'
    return f"<div><dt><b>{name}</b><span>{means}</span></dt><dd>{told}</dd></div>"


def _record(kept: list[Kept]) -> str:
    held = [one for one in kept if one.in_force(datetime.now(UTC))]
    if not held:
        return (
            '<p class="standing">Nothing signed yet</p>'
            '<p class="soft">Click anywhere on this page: your button then offers your terms, '
            "unless you told it to wait for you. The shop’s copy appears here.</p>"
        )
    count = "1 agreement" if len(held) == 1 else f"{len(held)} agreements"
    rows = "".join(_agreement(one) for one in held)
    return f'<p class="standing held">{count} in force</p><ul class="rows agreements">{rows}</ul>'


def _agreement(kept: Kept) -> str:
    terms = agreement.read(kept.body).agreement.terms
    titles = "; ".join(
        catalogue().documents[term.id].title if isinstance(term, RosterTerm) else "Their own terms"
        for term in terms
    )
    since = from_time_text(kept.at)
    return (
        f"<li><b>{_text(titles)}</b>"
        f'<span>Since <time datetime="{kept.at}">{since.day} {since:%B %Y, %H:%M} UTC</time></span>'
        f"<span>Signed by both · <code>{_text(kept.id[:10])}…</code></span></li>"
    )
