"""What the button costs in Chromium: pages, the port, the popup, a seal."""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import uvicorn
from playwright.sync_api import BrowserContext, Page, Playwright, Worker, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from rbutton import shipped
from rbutton.browsers import manifests
from rbutton.browsers.places import places
from rbutton.browsers.table import manifests_in
from rbutton.person.ledger import Ledger
from rbutton.site.shop import create_app
from tests.bench.pairs import Ratio, in_pairs
from tests.e2e.recorder import Site

REQUESTS = 40
ECHO_HOST = "org.rbutton.echo"
ECHO = """\
import struct, sys
while header := sys.stdin.buffer.read(4):
    body = sys.stdin.buffer.read(struct.unpack("@I", header)[0])
    sys.stdout.buffer.write(header + body)
    sys.stdout.buffer.flush()
"""
HELLO = {"id": 1, "request": "hello", "protocol": 1, "extension": "0.1.0", "browser": "chromium"}
VISIT = {
    "id": 2,
    "request": "visit",
    "origin": "https://shop.example",
    "announced": False,
    "policy": None,
}
# Both end when the answer is there; the port is closed afterwards.
FIRST_REPLY = """([name, message]) => new Promise((resolve) => {
  const before = performance.now();
  const port = chrome.runtime.connectNative(name);
  port.onMessage.addListener(() => { resolve(performance.now() - before); port.disconnect(); });
  port.postMessage(message);
})"""
ROUND_TRIPS = """([name, hello, message, count]) => new Promise((resolve) => {
  const port = chrome.runtime.connectNative(name);
  let left = count, before = null;
  port.onMessage.addListener(() => {
    before ??= performance.now();
    if (left-- > 0) port.postMessage(message);
    else { resolve((performance.now() - before) / count); port.disconnect(); }
  });
  port.postMessage(hello);
})"""
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


def measure(folder: Path) -> Iterator[Ratio]:
    """Every ratio, one after another, in browsers that all run at once."""
    with ExitStack() as stack:
        os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"  # as tests/e2e/conftest.py says
        playwright = stack.enter_context(sync_playwright())
        small = stack.enter_context(_served(_many_small()))
        bare = stack.enter_context(_browser(playwright, folder / "bare", None))
        rules = stack.enter_context(_browser(playwright, folder / "rules", _rules(folder)))
        ours = stack.enter_context(
            _browser(playwright, folder / "ours", shipped.folder("extension"))
        )
        welcome = _page_of(ours, "/options/")
        welcome.locator("html[data-state=ready]").wait_for(state="attached")
        pages = {context: context.new_page() for context in (bare, rules, ours)}

        def load(context: BrowserContext) -> float:
            pages[context].goto(small, wait_until="load")
            return float(pages[context].evaluate(LOADED))

        what = f"page of {REQUESTS} small requests"
        yield in_pairs(
            what, "rules alone", 1.05, lambda: load(ours), lambda: load(rules), rounds=60
        )
        yield in_pairs(
            what, "no extension", 1.25, lambda: load(ours), lambda: load(bare), rounds=60
        )
        yield from _port(welcome)
        yield from _popup(ours, rules, pages)
        yield from _seal(ours, folder)


def _port(page: Page) -> Iterator[Ratio]:
    def first(name: str) -> float:
        return float(page.evaluate(FIRST_REPLY, [name, HELLO]))

    def trips(name: str) -> float:
        return float(page.evaluate(ROUND_TRIPS, [name, HELLO, VISIT, 100]))

    for what, aim, run in (
        ("host: connected to first reply", 3.0, first),
        ("host: one visit asked and answered", 1.3, trips),
    ):
        yield in_pairs(
            what,
            "bare Python echo host",
            aim,
            lambda run=run: run(manifests.HOST),  # type: ignore[misc]
            lambda run=run: run(ECHO_HOST),  # type: ignore[misc]
            rounds=20,
        )


def _popup(
    ours: BrowserContext, rules: BrowserContext, pages: dict[BrowserContext, Page]
) -> Iterator[Ratio]:
    def painted(context: BrowserContext) -> float:
        pages[context].bring_to_front()
        before = time.perf_counter()
        with context.expect_page(lambda page: "popup" in page.url) as opened:
            _worker(context).evaluate("() => chrome.action.openPopup()")
        opened.value.locator("h1:visible").first.wait_for()
        took = (time.perf_counter() - before) * 1000
        opened.value.close()
        return took

    yield in_pairs(
        "button pressed to popup painted",
        "a popup of one heading",
        1.5,
        lambda: painted(ours),
        lambda: painted(rules),
        rounds=20,
    )


def _seal(context: BrowserContext, folder: Path) -> Iterator[Ratio]:
    ledger = Ledger(places(_environ(folder / "ours")).data / "ledger.sqlite3")
    with ExitStack() as stack:
        shops = iter(
            [
                stack.enter_context(Site(partial(_shop, folder / f"shop-{number}")))
                for number in range(12)
            ]
        )
        page = context.new_page()

        def seal() -> float:
            shop = next(shops)
            page.goto(shop.url("/"))
            shop.wait_for("/.well-known/emanciterms.json")
            _until_watching(context, page)
            before = time.perf_counter()
            page.locator("h1").first.click()
            while not any(one.kind == "sealed" for one in ledger.of_origin(shop.origin)):
                page.evaluate("() => new Promise(requestAnimationFrame)")
            return (time.perf_counter() - before) * 1000

        def post() -> float:
            before = time.perf_counter()
            page.evaluate(
                "() => fetch('/.well-known/emanciterms', {method: 'POST', body: '{}'})"
                ".then((answer) => answer.text())"
            )
            return (time.perf_counter() - before) * 1000

        yield in_pairs(
            "touch to sealed on disk", "one plain POST to the same shop", 3, seal, post, rounds=8
        )


@contextmanager
def _served(app: Starlette) -> Iterator[str]:
    """Serve without the recorder, whose own time would hide the button's."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)
    listener.close()


def _many_small() -> Starlette:
    images = "".join(f'<img src="/{number}.svg" alt="">' for number in range(REQUESTS))

    async def page(_: Request) -> Response:
        return HTMLResponse(f"<!doctype html><title>many</title>{images}")

    async def image(_: Request) -> Response:
        return Response(
            '<svg xmlns="http://www.w3.org/2000/svg"/>',
            media_type="image/svg+xml",
            headers={"Cache-Control": "no-store"},
        )

    return Starlette(routes=[Route("/", page), Route("/{name}.svg", image)])


def _shop(folder: Path, origin: str) -> Starlette:
    return create_app(origin, folder)


def _until_watching(context: BrowserContext, page: Page) -> None:
    """Wait until the button waits for the person's touch: its popup says what it will do."""
    page.bring_to_front()
    with context.expect_page(lambda opened: "popup" in opened.url) as opened:
        _worker(context).evaluate("() => chrome.action.openPopup()")
    opened.value.locator("html[data-reason=not-offered]").wait_for(state="attached")
    opened.value.close()
    page.bring_to_front()


def _rules(folder: Path) -> Path:
    """An extension with our two header rules, a popup of one heading, and nothing else."""
    extension = folder / "rules-extension"
    extension.mkdir()
    types = ["main_frame", "sub_frame", "stylesheet", "script", "image", "font", "xmlhttprequest"]
    rules = [
        {
            "id": number,
            "condition": {"resourceTypes": types},
            "action": {
                "type": "modifyHeaders",
                "requestHeaders": [{"header": header, "operation": "set", "value": "1"}],
            },
        }
        for number, header in enumerate(("DNT", "Sec-GPC"), 1)
    ]
    manifest = {
        "manifest_version": 3,
        "name": "rules alone",
        "version": "1",
        "permissions": ["declarativeNetRequestWithHostAccess"],
        "host_permissions": ["<all_urls>"],
        "background": {"service_worker": "worker.js"},
        "action": {"default_popup": "popup.html"},
        "declarative_net_request": {
            "rule_resources": [{"id": "rules", "enabled": True, "path": "rules.json"}]
        },
    }
    (extension / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (extension / "rules.json").write_text(json.dumps(rules), "utf-8")
    (extension / "worker.js").write_text("", "utf-8")
    (extension / "popup.html").write_text("<!doctype html><h1>Popup</h1>", "utf-8")
    return extension


def _environ(profile: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(profile), "RBUTTON_HOME": str(profile / "rbutton")}


@contextmanager
def _browser(
    playwright: Playwright, profile: Path, extension: Path | None
) -> Iterator[BrowserContext]:
    where = places(_environ(profile))
    for own in (where.data, where.launcher.parent):
        own.mkdir(mode=0o700, parents=True)
    manifests.write_launcher(where, Path(sys.executable))
    echo = profile / "echo"
    echo.write_text(f"#!{sys.executable} -I\n{ECHO}", "utf-8")
    echo.chmod(0o700)
    hosts = manifests_in(profile)
    hosts.mkdir()
    text = manifests.text(where.launcher, manifests.extension_id())
    manifests.path_in(hosts).write_text(text, "utf-8")
    other = {**json.loads(text), "name": ECHO_HOST, "path": str(echo)}
    (hosts / f"{ECHO_HOST}.json").write_text(json.dumps(other), "utf-8")
    flags = [f"--disable-extensions-except={extension}", f"--load-extension={extension}"]
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path="/usr/bin/chromium",
        headless=True,
        chromium_sandbox=os.geteuid() != 0,
        env=dict[str, str | float | bool](_environ(profile)),
        ignore_default_args=["--disable-extensions"],
        args=["--disable-background-networking", *(flags if extension else [])],
    )
    with closing(context):
        yield context


def _worker(context: BrowserContext) -> Worker:
    workers = context.service_workers
    return workers[0] if workers else context.wait_for_event("serviceworker")


def _page_of(context: BrowserContext, part: str) -> Page:
    found = [page for page in context.pages if part in page.url]
    return found[0] if found else context.wait_for_event("page", lambda page: part in page.url)
