"""Sites that say how they treat people, each in its own way, truly or not."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.test_claims import EFF_TEXT

STATUS, GPC, EFF, MYTERMS, POLICY = (
    f"/.well-known/{name}"
    for name in ("dnt/", "gpc.json", "dnt-policy.txt", "myterms.json", "emanciterms.json")
)
#: What any site is asked, in that order, when the person looks.
ASKED = [POLICY, STATUS, GPC, EFF, MYTERMS]
CONSENT = "/consent.json"
CONSENT_LINK = f"<{CONSENT}>; rel=consent-requests"
CONSENT_ELEMENT = f'<link rel="consent-requests" href="{CONSENT}">'
MYTERMS_ELEMENT = '<link rel="terms-of-service" type="application/json" href="/terms">'

#: Type and body of what stands at an address.
Served = tuple[str, bytes | str | Mapping[str, Any]]
#: It tracks, and says in every other place that it does not.
LIAR: dict[str, Served] = {
    STATUS: ("application/tracking-status+json", {"tracking": "N", "same-party": ["a.example"]}),
    GPC: ("application/json", {"gpc": False, "lastUpdate": "2026-02-28"}),
    EFF: ("text/plain; charset=utf-8", EFF_TEXT),
    MYTERMS: ("application/json", {"agreements": [{"id": "SD-BASE"}]}),
    f"{STATUS}shop": ("application/tracking-status+json", {"tracking": "T"}),
    CONSENT: (
        "application/json",
        {"consentRequests": [{"id": "q1", "text": "May we <b>remember</b> \u202eyou?"}]},
    ),
}
LIES = {"Tk": "T;shop", "Link": CONSENT_LINK}
#: Its pages say that it does not track, which every other place denies.
TURNED: dict[str, Served] = {
    STATUS: ("application/tracking-status+json", {"tracking": "T"}),
    GPC: ("application/json", {"gpc": False}),
}
#: It says in every place that it does not track; to go with `Tk: N`.
HONEST: dict[str, Served] = {
    STATUS: ("application/tracking-status+json", {"tracking": "N"}),
    GPC: ("application/json", {"gpc": True}),
    EFF: LIAR[EFF],
    MYTERMS: LIAR[MYTERMS],
}


def create_app(
    origin: str,
    *,
    headers: Mapping[str, str] | None = None,
    element: str = "",
    served: Mapping[str, Served] | None = None,
    moved: Mapping[str, str] | None = None,
    moments: list[float] | None = None,
) -> Starlette:
    """A site of one page, which sets a cookie and validators that must not come back.

    Args:
        origin: is the same to it.
        headers: of its page.
        element: in its page's head.
        served: path → type and body; the rest of `/.well-known/` is not there.
        moved: path → where it redirects to.
        moments: when each of its well-known addresses was asked, by a steady clock.
    """
    del origin
    marks = {"Set-Cookie": "known=42; Path=/", "ETag": '"known-42"'}

    async def page(request: Request) -> Response:
        quiet = request.url.path.startswith("/quiet")
        frame = request.query_params.get("frame")
        inside = f'<iframe src="{frame}" title="framed"></iframe>' if frame else ""
        return HTMLResponse(
            f"<!doctype html><title>news</title>{'' if quiet else element}"
            f'<input aria-label="something to type in">{inside}<p>Hello</p>',
            headers=marks | ({} if quiet else dict(headers or {})),
        )

    async def well_known(request: Request) -> Response:
        path = request.url.path
        if moments is not None:
            moments.append(time.monotonic())
        if to := (moved or {}).get(path):
            return RedirectResponse(to)
        found = (served or {}).get(path)
        if found is None:
            return HTMLResponse("<!doctype html><p>Nothing here", status_code=404)
        kind, body = found
        content = json.dumps(body) if isinstance(body, Mapping) else body
        return Response(content, headers=marks | {"Content-Type": kind})

    return Starlette(
        routes=[
            Route("/.well-known/{path:path}", well_known),
            Route(CONSENT, well_known),
            Route("/{path:path}", page),
        ]
    )


def that(**how: Any) -> Callable[[str], Starlette]:
    """`create_app` with these ways, for `recorder.Site`."""
    return partial(create_app, **how)
