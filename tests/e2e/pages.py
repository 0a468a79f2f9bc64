"""A site of test pages: everything a page can ask for, under a strict CSP, announcing nothing."""

from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

CSP = "default-src 'self'; script-src 'self'; worker-src 'self'"

EVERYTHING = """<!doctype html><meta charset="utf-8"><title>everything</title>
<link rel="icon" href="/favicon.ico?visit=%d">
<link rel="stylesheet" href="/style.css">
<script src="/script.js"></script>
<img src="/image.svg" alt="">
<iframe src="/frame.html" title="a frame"></iframe>
<input aria-label="something to type in">
<p id="done" hidden>done</p>"""

# Asks for the rest, one after another, and shows when the last answer is in.
SCRIPT = """
const told = { page: read() };
function read() {
  return { dnt: navigator.doNotTrack, gpc: navigator.globalPrivacyControl,
           own: Object.hasOwn(navigator, "doNotTrack") };
}
const heard = (worker) => new Promise((resolve) => {
  worker.addEventListener("message", ({ data }) => resolve(data), { once: true });
});
addEventListener("load", async () => {
  await (await fetch("/fetched.json")).json();
  const worker = new Worker("/worker.js");
  await heard(worker);
  const registration = await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const answer = heard(navigator.serviceWorker);
  navigator.serviceWorker.startMessages();
  registration.active.postMessage("fetch");
  await answer;
  told.frame = frames[0].told;
  document.body.dataset.told = JSON.stringify(told);
  document.querySelector("#done").hidden = false;
});
"""

FILES = {
    "/style.css": ("text/css", "body { color: #222 }"),
    "/script.js": ("text/javascript", SCRIPT),
    "/image.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "/favicon.ico": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "/fetched.json": ("application/json", "{}"),
    "/frame.js": (
        "text/javascript",
        "window.told = { dnt: navigator.doNotTrack, gpc: navigator.globalPrivacyControl };",
    ),
    "/worker.js": (
        "text/javascript",
        'fetch("/from-worker.json").then(() => postMessage("done"));',
    ),
    "/from-worker.json": ("application/json", "{}"),
    "/sw.js": (
        "text/javascript",
        (
            'addEventListener("message", async ({ source }) => {'
            ' await fetch("/from-service-worker.json"); source.postMessage("done"); });'
        ),
    ),
    "/from-service-worker.json": ("application/json", "{}"),
}

#: What the page of everything asks for, by kind.
REQUESTS = {
    "document": "/everything",
    "frame": "/frame.html",
    "stylesheet": "/style.css",
    "script": "/script.js",
    "image": "/image.svg",
    "fetch": "/fetched.json",
    "worker script": "/worker.js",
    "fetch in a worker": "/from-worker.json",
    "service worker": "/sw.js",
    "fetch in a service worker": "/from-service-worker.json",
    "favicon": "/favicon.ico",
}


_visits = count(1)


def _html(body: str, **headers: str) -> HTMLResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTMLResponse(body, headers={"Content-Security-Policy": CSP} | named)


async def _everything(_: Request) -> Response:
    # Another address each time: a browser asks for an icon it knows only once.
    return _html(EVERYTHING % next(_visits))


async def _frame(_: Request) -> Response:
    return _html('<!doctype html><script src="/frame.js"></script>')


async def _page(request: Request) -> Response:
    """Any page: its title is its path, `?frame=URL` puts a frame in it."""
    frame = request.query_params.get("frame")
    inside = f'<iframe src="{frame}" title="framed"></iframe>' if frame else ""
    return HTMLResponse(
        # Without an icon of its own a page asks for one, and while it waits Firefox cannot keep it.
        f'<!doctype html><title>{request.url.path}</title><link rel="icon" href="data:,">'
        f'<input aria-label="something to type in">{inside}<p>Hello</p>'
    )


def _file(path: str) -> Route:
    kind, text = FILES[path]

    async def serve(_: Request) -> Response:
        return Response(text, media_type=kind, headers={"Cache-Control": "no-store"})

    return Route(path, serve)


def create_app(origin: str) -> Starlette:
    """The application; it is the same for every origin."""
    del origin
    return Starlette(
        routes=[
            Route("/everything", _everything),
            Route("/frame.html", _frame),
            Route("/", _page),
            Route("/page/{name}", _page),
            *(_file(path) for path in FILES),
        ]
    )
