"""Many ⊃ sites at once: what the caps of the automatic way leave of them, over https."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from rbutton.person.ledger import Ledger
from rbutton.terms.encoding import time_text
from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site
from tests.e2e.touching import ENDPOINT, click_until_offered
from tests.visiting import records

POLICY = "/.well-known/emanciterms.json"
NAMES = ["*.flood.test", "*.example.test", *(f"site{number}.test" for number in range(4))]
NOW_AND_THEN = 5
OWNER_WAS_ASKED = "Another site of the same owner was asked already"


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    person = new_person()
    person.start()
    return person


@pytest.fixture(autouse=True)
def ledger(person: Person) -> Path:
    """An empty one: the caps count what is in it."""
    file = person.places.data / "ledger.sqlite3"
    file.unlink(missing_ok=True)
    return file


# The caps


def _is_held_back(person: Person, page: Page, why: str) -> Page:
    """Clicked in, the page offers nothing, and the popup on it says why; the popup."""
    popup = person.popup(page)
    popup.wait_for("html[data-reason=not-offered]")
    popup.wait_for_text(why)
    popup.close()
    page.click("input")
    page.press("a")
    popup = person.popup(page)
    popup.wait_for_text(why)
    return popup


def _posted(site: Site) -> list[str]:
    """The hosts that were posted to, in turn."""
    return [host.partition(":")[0] for post in site.to(ENDPOINT) for host in post.all("host")]


def test_of_one_owner_one_site_is_asked_and_a_click_asks_another(person: Person, tab: Page) -> None:
    with Site(own_sites.by_name(), "a.example.test", NAMES) as site:
        tab.goto(site.url("/"))
        click_until_offered(tab, site)
        tab.goto(site.at("b.example.test"))
        popup = _is_held_back(person, tab, OWNER_WAS_ASKED)
        popup.click('[data-action="offer"]')
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        assert _posted(site) == ["a.example.test", "b.example.test"]


def test_while_three_have_not_answered_only_a_click_asks_a_fourth(
    person: Person, tab: Page
) -> None:
    hosts = [f"site{number}.test" for number in range(4)]
    with Site(own_sites.by_name(answer=own_sites.is_down), hosts[0], NAMES) as site:
        for count, host in enumerate(hosts[:3], 1):
            tab.goto(site.at(host))
            popup = person.popup(tab)
            popup.wait_for("html[data-reason=not-offered]")
            popup.close()
            click_until_offered(tab, site, count=count)
        tab.goto(site.at(hosts[3]))
        popup = _is_held_back(person, tab, "3 sites have not answered yet")
        assert _posted(site) == hosts[:3]
        popup.click('[data-action="offer"]')
        site.wait_for(ENDPOINT, 4)
        popup.close()
        assert _posted(site) == hosts


def test_of_a_day_twenty_are_asked_and_a_click_asks_another(
    person: Person, tab: Page, ledger: Path
) -> None:
    an_hour_ago = time_text(datetime.now(UTC) - timedelta(hours=1))
    with Ledger(ledger).writing() as writing:
        for number in range(20):
            about = (an_hour_ago, f"https://day{number}.test", f"agreement-{number}")
            writing.append("sent", *about, b'{"by": "touch"}')
            writing.append("sealed", *about, b"{}")
    with Site(own_sites.by_name(), "www.example.test", NAMES) as site:
        tab.goto(site.url("/"))
        popup = _is_held_back(person, tab, "20 sites were asked in a day")
        popup.click('[data-action="offer"]')
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        assert _posted(site) == ["www.example.test"]


# The flood: one owner with any number of subdomains, in ways that a page has by itself

PAGES, FRAMES, TABS = 60, 40, 30
#: Stated in docs/threat-model.md.
HOST_GROWTH_KB = 32 * 1024
SESSION_RULES = 202
VISITS = 500
BYTES_A_VISIT = 512
STATE = """
const { declarativeNetRequest, storage } = globalThis.browser ?? globalThis.chrome;
return JSON.stringify({
  dynamic: await declarativeNetRequest.getDynamicRules(),
  session: (await declarativeNetRequest.getSessionRules()).length,
  stored: await storage.session.get(null),
});
"""


def _sibling(request: Asked, name: str) -> str:
    """The origin of another subdomain."""
    _, _, port = request.headers["host"].partition(":")
    return f"https://{name}.flood.test:{port}"


async def _chain(request: Asked) -> Response:
    """Announces, and goes on to the next subdomain: by redirect, element or script."""
    left = int(request.query_params["left"])
    by_header = left % 2 == 0
    headers = {"Connection": "close"} | ({"Link": own_sites.LINK} if by_header else {})
    to = f"{_sibling(request, f'n{left - 1}')}/chain?left={left - 1}"
    go = f"<script>addEventListener('load', () => {{ location = {to!r}; }})</script>"
    if left == 0:
        go = "<input id=end>"
    elif left % NOW_AND_THEN == 0:
        return RedirectResponse(to, headers=headers)
    elif left % NOW_AND_THEN == 1:
        go = f'<meta http-equiv="refresh" content="0;url={to}">'
    link = "" if by_header else own_sites.LINK_ELEMENT
    return HTMLResponse(f"<!doctype html><title>flood</title>{link}{go}<p>Hello", headers=headers)


async def _frames(request: Asked) -> Response:
    """Announces nothing, and is full of frames that do."""
    framed = (f'<iframe src="{_sibling(request, f"f{n}")}/framed"></iframe>' for n in range(FRAMES))
    return HTMLResponse(f"<!doctype html><title>frames</title>{''.join(framed)}")


def _host_rss(person: Person) -> int:
    """Resident memory of the one host of this person's browser, kB."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if b"rbutton.native" in command and str(person.places.data).encode() in command:
                status = (process / "status").read_text("ascii")
                found += [int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line]
        except (FileNotFoundError, ProcessLookupError):
            continue
    (rss,) = found
    return rss


OPEN_TABS = f"""
window.opened = Array.from({{ length: {TABS} }},
  (_, n) => open(`https://p${{n}}.flood.test:${{location.port}}/opened`));
"""


def _name(request: Request) -> str:
    """The first label of the host that was asked."""
    return request.all("host")[0].partition(".")[0]


def _state(options: Page) -> Any:
    return json.loads(options.run(STATE))


@pytest.fixture
def flood() -> Iterator[Site]:
    routes = [Route("/chain", _chain), Route("/frames", _frames)]
    with Site(own_sites.by_name(extra=routes), "www.flood.test", NAMES) as site:
        yield site


def test_a_flood_of_subdomains_costs_little_and_the_signals_never_drop(
    person: Person, tab: Page, flood: Site, ledger: Path
) -> None:
    """A chain of pages that go on by themselves, frames and opened tabs, after one page was
    signed with; the person clicks wherever they come to rest."""
    options = person.options()
    before = _state(options)
    tab.front()
    tab.goto(flood.url("/"))
    click_until_offered(tab, flood)
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=signed]")
    popup.close()
    rss = _host_rss(person)

    tab.run(f"location = '{flood.at(f'n{PAGES}.flood.test')}/chain?left={PAGES}';")
    flood.wait_for("/chain", PAGES + 1)
    tab.wait_for("#end")
    _is_held_back(person, tab, OWNER_WAS_ASKED).close()
    tab.goto(flood.url("/frames"))
    flood.wait_for("/framed", FRAMES)
    tab.run(OPEN_TABS)
    flood.wait_for("/opened", TABS)
    tab.front()
    after = _state(options)
    tab.front()
    tab.run("opened.forEach((one) => one.close());")
    tab.goto(flood.at("last.flood.test"))
    _is_held_back(person, tab, OWNER_WAS_ASKED).close()
    grown = _host_rss(person) - rss

    for request in flood.requests:
        assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"]), request.head
    for request in (*flood.to("/framed"), *flood.to("/opened")):
        assert request.all("emanciterms") == [], request.head
    assert _posted(flood) == ["www.flood.test"]
    asked = Counter(_name(request) for request in flood.to(POLICY))
    assert set(asked.values()) == {1}
    pages = {_name(request) for request in flood.requests if request.path != "/framed"}
    hops = {f"n{left}" for left in range(NOW_AND_THEN, PAGES + 1, NOW_AND_THEN)}
    assert asked.keys() <= pages - hops
    assert {record.origin for record in records(ledger.parent)} == {flood.origin}
    assert len(records(ledger.parent)) == 4  # policy, proffer, sent, sealed

    assert after["dynamic"] == before["dynamic"]
    assert after["session"] <= SESSION_RULES
    assert len(after["stored"]["announced"]) <= TABS + 1
    assert len(json.dumps(after["stored"])) <= BYTES_A_VISIT * (TABS + 1)
    assert grown <= HOST_GROWTH_KB
    options.close()


class NeverComes:
    """A policy that is waited for as long as the other side likes; how many are, at most."""

    def __init__(self) -> None:
        self.waiting = self.most = 0

    async def policy(self, request: Asked) -> Response:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        while (await request.receive())["type"] != "http.disconnect":
            continue
        self.waiting -= 1
        return Response(status_code=503)


def test_what_a_page_left_behind_is_waited_for_no_longer(person: Person, tab: Page) -> None:
    """Each page is in front until its policy was asked for; the last one's alone is waited for."""
    never = NeverComes()
    with Site(own_sites.that(extra=[Route(POLICY, never.policy)])) as site:
        for count in range(1, 7):
            tab.goto(site.url(f"/{count}"))
            site.wait_for(POLICY, count)
        assert never.most <= 2


# In a page of the extension's, where its modules can be reached: a second copy of them.
TABS_WITHOUT_END = """
const { declarativeNetRequest } = globalThis.browser ?? globalThis.chrome;
const header = await import("/header.js");
const relationship = await import("/relationship.js");
const rules = async () => {
  await header.sweep();
  return (await declarativeNetRequest.getSessionRules()).length;
};
const FIRST = 1_000_000, END = FIRST + 10_000;
for (let tab = FIRST; tab < END; tab++) header.set(tab, `https://n${tab}.flood.test`, "v=1");
const most = await rules();
for (let tab = FIRST; tab < END; tab++) header.clear(tab);
const tabs = Array.from({ length: 1_000 }, (_, at) => FIRST + at);
for (const tab of tabs) {
  const host = `n${tab}.flood.test`;
  relationship.inquire(tab, `document-${tab}`, { origin: `https://${host}`, host });
}
return [most, await rules(), tabs.filter(relationship.visitOf).length];
"""


def test_rules_and_visits_have_a_limit(person: Person) -> None:
    """By the modules themselves and the browser's own rules; the tabs alone are made up."""
    options = person.options()
    most, left, visits = options.run(TABS_WITHOUT_END)
    assert most <= SESSION_RULES
    assert left <= 1  # that of our own requests
    assert visits <= VISITS
    options.close()
