"""What the person chooses for one site: pressed in the popup, undone in the options page."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.per_site import BOTH, NEITHER, Sent, page_at, sent_to, serve, title_of, told
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered

POLICY = "/.well-known/emanciterms.json"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture
def person(person: Person, site: Site) -> Iterator[Person]:
    """One who has chosen nothing yet."""
    first = person.terms_file.read_text("utf-8")
    site.forget()
    yield person
    options = person.options()
    person.edit_terms(lambda _: first)
    options.wait_for("#sites[hidden]")
    options.close()


def _load(tab: Page, site: Site, host: str) -> Sent:
    site.forget()
    tab.goto(page_at(site, host))
    return sent_to(site, host, "/page/a")


def _open(person: Person, tab: Page) -> Page:
    popup = person.popup(tab)
    popup.wait_for("#signals:not([hidden])")
    popup.wait_for("#reach:not([hidden]):not([disabled])")
    return popup


@pytest.mark.parametrize(
    ("key", "sent"), [("gpc", Sent("1", None)), ("dnt", Sent(None, "1"))], ids=["gpc", "dnt"]
)
def test_one_signal_is_switched_off_for_one_host_and_a_reload_is_offered(
    person: Person, tab: Page, site: Site, key: str, sent: Sent
) -> None:
    assert _load(tab, site, "www.news.test") == BOTH
    popup = _open(person, tab)
    popup.wait_until_hidden("#stale")
    popup.click(f"#here-{key}")
    popup.wait_for("#stale:not([hidden])")
    site.forget()
    popup.click("#reload")
    site.wait_for("/own.svg")
    assert sent_to(site, "www.news.test", "/page/a") == sent
    assert _load(tab, site, "news.test") == BOTH
    popup = _open(person, tab)
    popup.wait_until_hidden("#stale")
    popup.close()
    assert f'[sites."www.news.test"]\n{key} = "off"' in person.terms_file.read_text("utf-8")

    options = person.options()
    options.click('#sites [data-site="www.news.test"] button')
    options.wait_for("#sites[hidden]")
    options.close()
    assert _load(tab, site, "www.news.test") == BOTH


_PICK_DOMAIN = """
const reach = document.querySelector("#reach");
reach.value = "domain";
reach.dispatchEvent(new Event("change"));
"""


def test_all_of_its_domain_is_the_name_itself_and_all_below_it(
    person: Person, tab: Page, site: Site
) -> None:
    _load(tab, site, "www.news.test")
    popup = _open(person, tab)
    popup.run(_PICK_DOMAIN)
    popup.click("#here-gpc")
    popup.wait_for("#stale:not([hidden])")
    popup.close()
    options = person.options()
    options.wait_for('#sites [data-site="*.news.test"]')
    options.wait_for('#sites [data-site="news.test"]')
    options.close()
    for host in ("news.test", "www.news.test", "deep.www.news.test"):
        assert _load(tab, site, host) == Sent("1", None), host
    assert _load(tab, site, "other.test") == BOTH


def test_everything_off_and_one_click_back_on(person: Person, tab: Page, site: Site) -> None:
    """No signal; the icon's shape and words say so; the same page is on again by one press."""
    assert _load(tab, site, "news.test") == BOTH
    popup = _open(person, tab)
    popup.click("#off-here")
    popup.wait_for("html[data-state=off][data-reason=off]")
    popup.wait_for_text("The button is off on news.test")
    popup.wait_until_hidden("#signals")
    popup.close()
    assert _load(tab, site, "news.test") == NEITHER
    untouched = person.browser.untouched
    assert told(tab) == {k: v for k, v in untouched.items() if k == "dnt" or v is not None}
    options = person.options()
    assert "switched off" in title_of(options, "https://news.test")
    options.close()

    popup = person.popup(tab)
    popup.wait_for("html[data-state=off]")
    popup.click('[data-action="on-here"]')
    popup.wait_for("html[data-reason=nothing-here]")
    popup.close()
    assert _load(tab, site, "news.test") == BOTH
    lines = person.terms_file.read_text("utf-8").splitlines()
    assert not [line for line in lines if line.startswith("button")]


# By hand it would be an edit that loosens something: then nothing at all is offered by itself.
_SET = """
const port = (globalThis.browser ?? globalThis.chrome).runtime.connect({ name: "options" });
port.postMessage({ type: "set", key: "%s", value: "%s" });
"""


def test_switched_off_a_site_that_takes_terms_is_asked_and_offered_nothing(
    person: Person, tab: Page
) -> None:
    """And another one, meanwhile, is: what was under way is over by then."""
    with Site(own_sites.that()) as shop, Site(own_sites.that(), "localhost") as other:
        options = person.options()
        options.run(_SET % ("sites.127.0.0.1.button", "off"))
        options.wait_for('#sites [data-site="127.0.0.1"]')
        options.close()
        tab.goto(shop.url("/"))
        tab.click("input")
        tab.press("a")
        tab.goto(other.url("/"))
        click_until_offered(tab, other)
        assert not shop.to(POLICY)
        assert not shop.to(ENDPOINT)
        for request in shop.requests:
            assert Sent.of(request) == NEITHER, request.head
            assert not request.all("emanciterms")


def test_the_switches_are_named_for_a_screen_reader(person: Person, tab: Page, site: Site) -> None:
    """Each is a switch with a name and a state, reached in the order in which it is seen."""
    _load(tab, site, "news.test")
    popup = _open(person, tab)
    found: list[Any] = popup.run(
        "return [...document.querySelectorAll('#signals input, #signals select, #signals button')]"
        ".map((one) => [one.getAttribute('role') ?? one.localName,"
        " one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent,"
        " one.tabIndex]);"
    )
    popup.close()
    assert found == [
        ["switch", "Do Not Track", 0],
        ["switch", "Global Privacy Control", 0],
        ["select", "Where a change holds", 0],
        ["button", "Switch all off here", 0],
    ]
