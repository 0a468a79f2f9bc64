"""The cases of the web-platform-tests folder `gpc/`, for header and property, with our own toggle.

`sec-gpc.https.html` there is about the header, `navigator-globalPrivacyControl.https.html` about
the property. Here one page asks for everything, once with GPC on and once with it off. DNT stays
on, so that it shows what belongs to one signal alone. Workers' `navigator` no extension can change:
what it says there is held fast, so that it is noticed when a browser changes.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.e2e.per_site import UNTIL, Sent
from tests.e2e.person import Person
from tests.e2e.recorder import Site

#: `gone` is what a property says that is not there.
_READ = """
const read = () => Object.fromEntries(["doNotTrack", "globalPrivacyControl"]
  .map((name) => [name, name in navigator ? navigator[name] : "gone"]));
"""
_DOCUMENT = """<!doctype html><title>GPC</title><link rel="icon" href="data:,">
<script src="{path}/script.js"></script><img src="{path}/image.svg" alt="">"""
_OPENER = "<button onclick=\"window.opened = window.open('/opened')\">Open</button>"
_FRAME = '<iframe src="/framed" title="a frame"></iframe>'
_IMAGE = '<svg xmlns="http://www.w3.org/2000/svg"/>'

#: Each worker reads, asks for something, and tells when that is there.
_WORKER = """
const says = async (to) => {
  const told = read();
  await fetch(`/from-${KIND}.json`);
  to.postMessage(told);
};
if (KIND === "dedicated") says(self);
if (KIND === "shared") onconnect = ({ ports: [port] }) => says(port);
if (KIND === "service") onmessage = ({ source }) => says(source);
"""
_ASK_FOR_ALL = f"""
{UNTIL}
const next = (on) => new Promise((resolve) => {{
  on.addEventListener("message", ({{ data }}) => resolve(data), {{ once: true }});
}});
await until(() => window.opened?.told && frames[0].told);
await fetch("/fetched.json");
const dedicated = next(new Worker("/dedicated.js"));
const {{ port }} = new SharedWorker("/shared.js");
const shared = next(port);
port.start();
const registration = await navigator.serviceWorker.register("/service.js");
const {{ active }} = await navigator.serviceWorker.ready;
const service = next(navigator.serviceWorker);
navigator.serviceWorker.startMessages();
active.postMessage("say");
const read = {{
  page: window.told, frame: frames[0].told, opened: window.opened.told,
  dedicated: await dedicated, shared: await shared, service: await service,
}};
await registration.unregister();
window.opened.close();
return JSON.stringify(read);
"""

WORKERS = ("dedicated", "shared", "service")
REQUESTS = {
    "document": "/page",
    "script": "/page/script.js",
    "image": "/page/image.svg",
    "frame": "/framed",
    "script in the frame": "/framed/script.js",
    "image in the frame": "/framed/image.svg",
    "fetch": "/fetched.json",
    "opened window": "/opened",
    "script in the opened window": "/opened/script.js",
    "image in the opened window": "/opened/image.svg",
    **{f"{kind} worker": f"/{kind}.js" for kind in WORKERS},
    **{f"fetch in a {kind} worker": f"/from-{kind}.json" for kind in WORKERS},
}


async def _serve(request: Request) -> Response:
    path: str = request.url.path
    fresh = {"Cache-Control": "no-store"}
    if path in ("/page", "/framed", "/opened"):
        more = _OPENER + _FRAME if path == "/page" else ""
        return HTMLResponse(_DOCUMENT.format(path=path) + more, headers=fresh)
    if path.endswith("/script.js"):
        return Response(_READ + "window.told = read();", 200, fresh, "text/javascript")
    if path.endswith(".js"):
        kind = json.dumps(path[1:].removesuffix(".js"))
        return Response(f"const KIND = {kind}; {_READ} {_WORKER}", 200, fresh, "text/javascript")
    if path.endswith(".svg"):
        return Response(_IMAGE, 200, fresh, "image/svg+xml")
    return Response("{}", 200, fresh, "application/json")


def _create_app(origin: str) -> Starlette:
    del origin
    return Starlette(routes=[Route("/{path:path}", _serve)])


@dataclass(frozen=True)
class Seen:
    """One site after its page has asked for everything; `read` is what each navigator said."""

    site: Site
    read: dict[str, Any]


@pytest.fixture(scope="module")
def seen(person: Person) -> Iterator[dict[str, Seen]]:
    """With GPC on, and then off, switched in the button's options."""
    with ExitStack() as open_ones:
        on = _ask_for_all(person, open_ones)
        options = person.options()
        options.click('[data-key="signals.gpc"]')
        options.wait_for_text("Saved")
        options.close()
        yield {"on": on, "off": _ask_for_all(person, open_ones)}


def _ask_for_all(person: Person, open_ones: ExitStack) -> Seen:
    site = open_ones.enter_context(Site(_create_app, "news.test", ["news.test"]))
    tab = person.new_page()
    tab.goto(site.url("/page"))
    tab.click("button")
    read = json.loads(tab.run(_ASK_FOR_ALL))
    tab.close()
    return Seen(site, read)


@pytest.mark.parametrize("gpc", ["on", "off"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_the_header_goes_with_every_request_or_with_none(
    seen: dict[str, Seen], gpc: str, kind: str
) -> None:
    for request in seen[gpc].site.wait_for(REQUESTS[kind]):
        assert Sent.of(request) == Sent("1", "1" if gpc == "on" else None)


@pytest.mark.parametrize("gpc", ["on", "off"])
@pytest.mark.parametrize("where", ["page", "frame", "opened"])
def test_every_window_reads_what_goes_out(
    seen: dict[str, Seen], gpc: str, where: str, brand: str
) -> None:
    """Off, a browser without a GPC of its own has no such property."""
    off = False if brand == "firefox" else "gone"
    said = {"doNotTrack": "1", "globalPrivacyControl": True if gpc == "on" else off}
    assert seen[gpc].read[where] == said


@pytest.mark.parametrize("gpc", ["on", "off"])
@pytest.mark.parametrize("kind", WORKERS)
def test_a_workers_navigator_is_out_of_reach(
    seen: dict[str, Seen], gpc: str, kind: str, brand: str
) -> None:
    """On or off, it says what the browser itself says there."""
    own = False if brand == "firefox" else "gone"
    assert seen[gpc].read[kind] == {"doNotTrack": "gone", "globalPrivacyControl": own}
