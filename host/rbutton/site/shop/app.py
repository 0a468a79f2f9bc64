"""The demo shop: a plain Starlette site, and `EmanciTerms` in front of it."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbutton.shipped.roster import catalogue
from rbutton.site import key_file
from rbutton.site.asgi import EmanciTerms
from rbutton.site.policy import SitePolicy
from rbutton.site.shop import page
from rbutton.site.site import Site
from rbutton.site.store import Store

NAME = "Example Shop"
KEY = "site-key.pem"
STORE = "store.sqlite3"
#: How many agreements its page shows.
SHOWN = 100

#: As strict as a site can be: nothing inline, nothing from elsewhere.
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def create_app(origin: str, folder: Path) -> Starlette:
    """The shop, as it answers at `origin`.

    Args:
        origin: `http://127.0.0.1:8765`, say.
        folder: where its key and its records are, or will be; made 0700 where it is missing.

    Raises:
        ValueError: `origin` is none that the exchange knows.
        KeyFileError: its key file cannot be used.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    policy = SitePolicy.of(
        origin=origin,
        name=NAME,
        key=key_file.load_or_create(folder / KEY),
        accepts=catalogue().documents,
    )
    store = Store(f"sqlite:///{folder / STORE}")

    async def front(request: Request) -> HTMLResponse:
        kept = await run_in_threadpool(store.latest, SHOWN)
        return HTMLResponse(
            page.whole(request.headers, kept), headers={"cache-control": "no-store"}
        )

    async def record(request: Request) -> HTMLResponse:
        kept = await run_in_threadpool(store.latest, SHOWN)
        return HTMLResponse(page.live(request.headers, kept), headers={"cache-control": "no-store"})

    static = StaticFiles(directory=Path(__file__).parent / "static")
    return Starlette(
        routes=[Route("/", front), Route("/record", record), Mount("/static", static)],
        middleware=[
            Middleware(EmanciTerms, site=Site(policy, store)),
            Middleware(_Strict),
        ],
    )


class _Strict:
    """Puts `_HEADERS` on every response of the shop's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, strict)
