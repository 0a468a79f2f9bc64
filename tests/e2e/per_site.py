"""Sites under many names for what differs from one to another: pages that ask for things."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site

#: More labels than a name in the browser's rules may have.
LONG = ".".join("abcdefghijk") + ".news.test"
#: What the certificate is for. `*` stands for one label.
NAMES = [
    "news.test",
    "*.news.test",
    "deep.www.news.test",
    "other.test",
    "*.other.test",
    "ads.test",
    "*.ads.test",
    "cdn.test",
    LONG,
]

_TELL = """
const read = () => ({ dnt: navigator.doNotTrack, gpc: navigator.globalPrivacyControl });
window.told = read();
window.errors = [];
for (const kind of ["error", "unhandledrejection"]) {
  addEventListener(kind, ({ message, reason }) => window.errors.push(String(message ?? reason)));
}
if (top !== self) addEventListener("message", ({ source }) =>
  source.postMessage([read().dnt, read().gpc ?? null], "*"));
"""


async def _page(request: Asked) -> Response:
    """Asks for an image of its own, `image`, and a `frame`; `Tk` with `?tk`.

    With `?boxed` the frame is in a sandbox, of an origin of its own; with `?alone` the page is.
    With `?again` it loads itself anew, for ever.
    """
    query = request.query_params
    box = ' sandbox="allow-scripts"' if "boxed" in query else ""
    frame = f'<iframe src="{query["frame"]}"{box} title="f"></iframe>' if "frame" in query else ""
    image = f'<img src="{query["image"]}" alt="">' if "image" in query else ""
    again = "<script>onload = () => location.reload()</script>" if "again" in query else ""
    headers = {"Cache-Control": "no-store"} | ({"Tk": query["tk"]} if "tk" in query else {})
    if "alone" in query:
        headers["Content-Security-Policy"] = "sandbox allow-scripts"
    return HTMLResponse(
        f'<!doctype html><title>{request.url.path}</title><link rel="icon" href="data:,">'
        f'<script>{_TELL}</script><img src="/own.svg" alt="">{image}{frame}<p>Hello</p>{again}',
        headers=headers,
    )


async def _file(_: Asked) -> Response:
    return Response(
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        media_type="image/svg+xml",
        headers={"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"},
    )


async def _never(request: Asked) -> Response:
    """Answers nobody: until the browser gives up, its page stands."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.05)
    return Response()


async def _download(_: Asked) -> Response:
    return Response("x", headers={"Content-Disposition": "attachment; filename=x.bin"})


def create_app(origin: str) -> Starlette:
    """The application; it is the same for every origin."""
    del origin
    routes = {"/page/{name}": _page, "/never": _never, "/download": _download}
    routes["/{path:path}"] = _file
    return Starlette(routes=[Route(path, run) for path, run in routes.items()])


def serve() -> Site:
    return Site(create_app, "news.test", NAMES)


def page_at(site: Site, host: str, name: str = "a", **query: str) -> str:
    return f"{site.at(host)}/page/{name}" + (f"?{urlencode(query)}" if query else "")


@dataclass(frozen=True)
class Sent:
    """The two signals of a request: None where there is none; twice shows."""

    dnt: str | None
    gpc: str | None

    @classmethod
    def of(cls, request: Request) -> "Sent":
        return cls(
            ", ".join(request.all("dnt")) or None,
            ", ".join(request.all("sec-gpc")) or None,
        )


BOTH = Sent("1", "1")
NEITHER = Sent(None, None)


def sent_to(site: Site, host: str, path: str) -> Sent:
    """What the last request for a path of a host carried."""
    requests = [
        request
        for request in site.wait_for(path)
        if request.all("host")[0].partition(":")[0] == host
    ]
    return Sent.of(requests[-1])


def told(page: Page) -> dict[str, Any]:
    """What the page's own first script read of `navigator`."""
    found: dict[str, Any] = json.loads(page.run("return JSON.stringify(window.told);"))
    return found


def title_of(options: Page, start: str) -> str:
    """What the toolbar says on the page whose address begins so, asked from a page of ours."""
    title: str = options.run(
        "const api = globalThis.browser ?? globalThis.chrome;"
        "const tabs = await api.tabs.query({});"
        f"const {{ id }} = tabs.find(({{ url }}) => url?.startsWith('{start}'));"
        "return await api.action.getTitle({ tabId: id });"
    )
    return title


_READ = """
return await Promise.all([...document.querySelectorAll("iframe")].map((frame) =>
  new Promise((resolve) => {
    addEventListener("message", function heard({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener("message", heard);
      resolve(data);
    });
    frame.contentWindow.postMessage("?", "*");
  })));
"""


def frames_read(page: Page) -> list[Any]:
    """What each of its frames reads of `navigator` now, DNT and GPC, asked by their page."""
    read: list[Any] = page.run(_READ)
    return read


def wait_in_frame(page: Page, dnt: object, gpc: object) -> None:
    """Ask until the one frame reads that: what is put right there comes after it has committed."""
    until = time.monotonic() + PATIENCE
    while frames_read(page) != [[dnt, gpc]]:
        assert time.monotonic() < until, frames_read(page)


#: `await until(() => …)` in a page's script: no test waits for ever.
UNTIL = f"""
const until = async (holds) => {{
  const end = Date.now() + {PATIENCE * 1000};
  while (!holds()) {{
    if (Date.now() > end) throw new Error(`never: ${{holds}}`);
    await new Promise((next) => setTimeout(next));
  }}
}};
"""


def choose(person: Person, text: str, *, mark: str = "set.example") -> None:
    """Put `text` at the end of terms.toml by hand, and wait until the button goes by it.

    Args:
        person: whose.
        text: tables of TOML.
        mark: a site that is chosen for, too, by which it shows.
    """
    options = person.options()
    person.edit_terms(lambda before: before + text + f'\n[sites."{mark}"]\ndnt = "off"\n')
    options.wait_for(f'#sites [data-site="{mark}"]')
    options.close()


@contextmanager
def chosen(person: Person, text: str) -> Iterator[None]:
    """The same for a while: then terms.toml is as it was, and the button goes by that."""
    before = person.terms_file.read_text("utf-8")
    choose(person, text, mark="while.example")
    yield
    options = person.options()
    person.edit_terms(lambda _: before)
    options.wait_for('body:not(:has(#sites [data-site="while.example"]))')
    options.close()
