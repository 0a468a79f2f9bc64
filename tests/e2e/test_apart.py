"""Where the button sends signals and nothing else: what sites got there, byte by byte."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered
from tests.sites import Site as Signer
from tests.visiting import records

POLICY = "/.well-known/emanciterms.json"
HEADER = ['v=1, proffer=("SD-BASE-DP")']


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    """A person who allowed the button in private windows."""
    person = new_person()
    person.start()
    person.browser.let_into_private_windows()
    return person


async def _hop(request: Asked) -> Response:
    """A redirect that announces ⊃ itself."""
    return RedirectResponse(request.query_params["to"], headers={"Link": own_sites.LINK})


async def _leaves(request: Asked) -> Response:
    """A page that announces ⊃ and goes elsewhere at once: `by` script, element or header."""
    to, by = request.query_params["to"], request.query_params["by"]
    inside = {
        "script": f"<script>location.replace({to!r})</script>",
        "element": f'<meta http-equiv="refresh" content="0;url={to}">',
    }
    headers = {"Link": own_sites.LINK} | ({"Refresh": f"0;url={to}"} if by == "header" else {})
    return HTMLResponse(f"<!doctype html>{inside.get(by, '')}<p>Bye", headers=headers)


HOPS = [Route("/hop", _hop), Route("/leaves", _leaves)]


class Slow:
    """A policy that comes when the test says so."""

    def __init__(self) -> None:
        self.go = threading.Event()

    async def policy(self, request: Asked) -> Response:
        await asyncio.to_thread(self.go.wait, 20)
        site = Signer(origin=f"http://{request.headers['host']}", name="Example Shop")
        return Response(site.policy(), media_type="application/json")

    def site(self) -> Site:
        """A site with it, that never answers a proffer."""
        routes = [Route(POLICY, self.policy), *HOPS]
        return Site(own_sites.that(answer=own_sites.is_down, extra=routes))


@pytest.fixture
def shop() -> Iterator[Site]:
    """A ⊃ site nobody has visited yet, announced by header."""
    with Site(own_sites.that(extra=HOPS, quiet="/quiet")) as site:
        yield site


@pytest.fixture
def linked() -> Iterator[Site]:
    """One announced by its link element."""
    with Site(own_sites.that(by_header=False)) as site:
        yield site


@pytest.fixture(autouse=True)
def _nothing_on_record(person: Person) -> None:
    """The caps count what is in the ledger."""
    (person.places.data / "ledger.sqlite3").unlink(missing_ok=True)


def _all_is_done(person: Person, front: Page) -> None:
    """A whole negotiation elsewhere, in an ordinary tab: what was under way is over by then."""
    with Site(own_sites.that(), "localhost") as elsewhere:
        front.goto(elsewhere.url("/"))
        click_until_offered(front, elsewhere)
        _reason(person, front, "signed")


def _got_signals_alone(person: Person, site: Site) -> None:
    """Each signal once with every request, and nothing of the agent's; nothing is kept."""
    assert site.requests
    for request in site.requests:
        assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"]), request.head
        assert request.all("emanciterms") == [], request.head
        assert request.path not in (POLICY, ENDPOINT), request.head
    assert site.origin not in {record.origin for record in records(person.places.data)}


def _reason(person: Person, page: Page, reason: str) -> None:
    popup = person.popup(page)
    popup.wait_for(f"html[data-reason={reason}]")
    popup.close()


# Private windows and containers

# What a popup on that tab would say if its buttons were there.
PRESS_EVERYTHING = """
const api = globalThis.browser ?? globalThis.chrome;
const tabs = await api.tabs.query({});
const { id: tabId } = tabs.find(({ url }) => url === "ADDRESS");
const { documentId } = await api.webNavigation.getFrame({ tabId, frameId: 0 });
const port = api.runtime.connect({ name: "popup" });
const model = () => new Promise((resolve) => port.onMessage.addListener(resolve));
let answer = model();
port.postMessage({ type: "show", tabId });
const { place } = await answer;
for (const action of ["look", "offer", "again", "end", "take-back", "tell-again"]) {
  answer = model();
  port.postMessage({ type: "act", action, tabId, documentId });
  await answer;
}
return place.kind;
"""
STORED = """
const { storage } = globalThis.browser ?? globalThis.chrome;
return JSON.stringify([await storage.session.get(null), await storage.local.get(null)]);
"""


def test_private_windows_and_containers_get_the_signals_and_nothing_else(
    person: Person, tab: Page, shop: Site, linked: Site
) -> None:
    """Visited, clicked, typed in, the button pressed, and every message a popup can send."""
    for reason, open_page in person.browser.set_apart().items():
        apart = open_page(shop.url("/opened"))
        for site in (shop, linked):
            apart.goto(site.url("/first"))
            apart.click("input")
            apart.press("a")
            apart.goto(site.url(f"/{reason}"))
            apart.click("input")
            _reason(person, apart, reason)
            options = person.options()
            pressed = options.run(PRESS_EVERYTHING.replace("ADDRESS", site.url(f"/{reason}")))
            assert pressed == reason
            assert site.origin not in options.run(STORED)
            options.close()
        apart.close()
        _all_is_done(person, tab)
        for site in (shop, linked):
            site.wait_for(f"/{reason}")
            _got_signals_alone(person, site)


def test_the_header_of_an_ordinary_tab_stays_there(person: Person, tab: Page, shop: Site) -> None:
    """The same site stands in both, and has been offered terms in the ordinary one."""
    tab.goto(shop.url("/"))
    click_until_offered(tab, shop)
    _reason(person, tab, "signed")
    for reason, open_page in person.browser.set_apart().items():
        apart = open_page(shop.url(f"/{reason}"))
        apart.run(f"await fetch('/fetched/{reason}');")
        apart.click("input")
        _reason(person, apart, reason)
        apart.reload()
        for request in (*shop.wait_for(f"/{reason}", 2), *shop.wait_for(f"/fetched/{reason}")):
            assert request.all("emanciterms") == [], request.head
            assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])
        tab.front()
        tab.run(f"await fetch('/ordinary/{reason}');")
        assert shop.wait_for(f"/ordinary/{reason}")[0].all("emanciterms") == HEADER
        apart.close()
    _all_is_done(person, tab)
    assert (len(shop.to(POLICY)), len(shop.to(ENDPOINT))) == (1, 1)


# Frames

# A frame of each kind, all loaded; `FRAMED` is the address of a site.
ADD_FRAMES = f"""
const link = {own_sites.LINK_ELEMENT!r};
const add = (attributes) => new Promise((loaded) => {{
  const frame = document.createElement("iframe");
  Object.assign(frame, {{ width: 200, height: 40 }}, attributes);
  frame.addEventListener("load", () => loaded(frame), {{ once: true }});
  document.body.append(frame);
}});
const both = "allow-scripts allow-same-origin";
const page = `<!doctype html>${{link}}<input>`;
const blob = URL.createObjectURL(new Blob([page], {{ type: "text/html" }}));
await add({{ id: "plain", src: "FRAMED/frame/plain" }});
await add({{ id: "sandboxed", src: "FRAMED/frame/sandboxed", sandbox: "allow-scripts" }});
await add({{ id: "same-origin", src: "FRAMED/frame/own", sandbox: both }});
await add({{ id: "srcdoc", srcdoc: page }});
await add({{ id: "opaque", srcdoc: page, sandbox: "" }});
await add({{ id: "blob", src: blob }});
await add({{ id: "data", src: "data:text/html," + encodeURIComponent(page) }});
const blank = await add({{ id: "blank" }});
blank.contentDocument.head.innerHTML = link;
blank.contentDocument.body.innerHTML = "<input>";
const written = await add({{ id: "written" }});
written.contentDocument.open();
written.contentDocument.write(page);
written.contentDocument.close();
"""
FRAMES = (
    "plain",
    "sandboxed",
    "same-origin",
    "srcdoc",
    "opaque",
    "blob",
    "data",
    "blank",
    "written",
)


def _click_in_frames(page: Page) -> None:
    for name in FRAMES:
        page.click("input", frame=f"#{name}")


def test_no_kind_of_frame_announces_for_its_page(
    person: Person, tab: Page, shop: Site, linked: Site, plain: Site
) -> None:
    """Framed, sandboxed, made by the page itself: not the site in it, nor the site around it."""
    plain.forget()
    for site in (shop, linked):
        tab.goto(plain.url("/page/framing"))
        tab.run(ADD_FRAMES.replace("FRAMED", site.origin))
    _click_in_frames(tab)
    _reason(person, tab, "nothing-here")
    # The page that says nothing may be of the very site that its frames announce.
    tab.goto(shop.url("/quiet"))
    tab.run(ADD_FRAMES.replace("FRAMED", shop.origin))
    _click_in_frames(tab)
    _reason(person, tab, "nothing-here")
    _all_is_done(person, tab)
    for site in (shop, linked, plain):
        _got_signals_alone(person, site)


def test_a_frame_of_another_site_in_a_page_that_announced(
    person: Person, tab: Page, linked: Site
) -> None:
    """It is not asked, gets no header, and a click in it offers nothing to the page around it.
    The header goes to the page's own origin, not along a redirect from there."""
    slow = Slow()
    with slow.site() as shop:
        tab.goto(shop.url("/first"))
        tab.run(ADD_FRAMES.replace("FRAMED", linked.origin))
        slow.go.set()
        _reason(person, tab, "not-offered")
        _click_in_frames(tab)
        tab.run(f"await fetch('/hop?to={linked.url('/hopped')}', {{ mode: 'no-cors' }});")
        (hop,) = shop.wait_for("/hop")
        linked.wait_for("/hopped")
        assert hop.all("emanciterms") == HEADER
        _reason(person, tab, "not-offered")
        _all_is_done(person, tab)
        assert shop.to(ENDPOINT) == []
        _got_signals_alone(person, linked)


# Redirects, and pages that go away by themselves


def test_a_redirect_that_announces_is_not_asked(
    person: Person, tab: Page, shop: Site, plain: Site
) -> None:
    plain.forget()
    tab.goto(shop.url(f"/hop?to={plain.url('/page/final')}"))
    tab.click("input")
    _reason(person, tab, "nothing-here")
    _all_is_done(person, tab)
    plain.wait_for("/page/final")
    for site in (shop, plain):
        _got_signals_alone(person, site)


def test_of_a_chain_that_announces_only_the_last_is_asked(
    person: Person, tab: Page, shop: Site, linked: Site
) -> None:
    """Arriving by a redirect is no hindrance."""
    inner = shop.url(f"/hop?to={linked.url('/final')}")
    tab.goto(shop.url("/hop") + f"?to={inner}")
    linked.wait_for(POLICY)
    click_until_offered(tab, linked)
    assert (len(linked.to(POLICY)), len(linked.to(ENDPOINT))) == (1, 1)
    assert len(shop.to("/hop")) == 2
    _got_signals_alone(person, shop)


def test_a_page_that_goes_away_by_itself_is_offered_nothing(
    person: Person, tab: Page, shop: Site, plain: Site
) -> None:
    """It was the page in front for a moment, so it may have been asked for its policy, no more."""
    plain.forget()
    for by in ("script", "element", "header"):
        tab.run(f"location = {shop.url(f'/leaves?by={by}&to=')!r} + '{plain.url(f'/page/{by}')}';")
        plain.wait_for(f"/page/{by}")
        tab.wait_for("input")
        tab.click("input")
        _reason(person, tab, "nothing-here")
    _all_is_done(person, tab)
    _got_signals_alone(person, plain)
    assert shop.to(ENDPOINT) == []
    assert len(shop.to(POLICY)) <= len(shop.to("/leaves")) == 3


# Tabs that are not looked at


def test_a_tab_in_the_background_is_asked_once_it_is_looked_at(
    person: Person, tab: Page, shop: Site, linked: Site
) -> None:
    tab.front()
    pages = [person.browser.background_page(site.url("/behind")) for site in (shop, linked)]
    for site in (shop, linked):
        site.wait_for("/behind")
    _all_is_done(person, tab)
    for site in (shop, linked):
        _got_signals_alone(person, site)
    for page, site in zip(pages, (shop, linked), strict=True):
        page.front()
        site.wait_for(POLICY)
        click_until_offered(page, site)
        assert (len(site.to(POLICY)), len(site.to(ENDPOINT))) == (1, 1)
    for page in pages:
        page.close()


def test_what_was_left_while_its_policy_came_is_offered_nothing(
    person: Person, tab: Page, plain: Site
) -> None:
    """A proffer that is open goes again by itself only to the page in front: not to one that was
    left for another page or another tab meanwhile, nor to a tab in the background."""
    slow = Slow()
    with slow.site() as shop:
        slow.go.set()
        tab.goto(shop.url("/"))
        (first,) = click_until_offered(tab, shop)
        _reason(person, tab, "waiting")

        slow.go.clear()
        tab.goto(shop.url("/left-for-a-page"))
        shop.wait_for(POLICY, 2)
        tab.goto(plain.url("/page/next"))
        slow.go.set()
        _all_is_done(person, tab)
        assert len(shop.to(ENDPOINT)) == 1

        slow.go.clear()
        tab.goto(shop.url("/left-for-a-tab"))
        shop.wait_for(POLICY, 3)
        front = person.new_page()
        slow.go.set()
        _all_is_done(person, front)
        behind = person.browser.background_page(shop.url("/behind"))
        _all_is_done(person, front)
        assert (len(shop.to(POLICY)), len(shop.to(ENDPOINT))) == (3, 1)

        behind.front()
        second = shop.wait_for(ENDPOINT, 2)[1]
        assert second.body == first.body
        behind.close()
        front.close()
