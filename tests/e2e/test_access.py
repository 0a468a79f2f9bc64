"""Access to websites, held back by the person in the browser: from all of them, or but for one."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.e2e.browsers import EVERYWHERE, PATIENCE, Page
from tests.e2e.per_site import BOTH, NEITHER, page_at, sent_to, serve, told
from tests.e2e.person import Person
from tests.e2e.recorder import Site

# A browser tells an extension no address where it has no access, but to `webNavigation`.
_TOOLBAR = """
const { action, tabs, webNavigation } = globalThis.browser ?? globalThis.chrome;
for (const { id: tabId } of await tabs.query({})) {
  const frame = await webNavigation.getFrame({ tabId, frameId: 0 });
  if (frame?.url.startsWith(ADDRESS))
    return [await action.getBadgeText({ tabId }), await action.getTitle({ tabId })];
}
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture(autouse=True)
def _given_again(person: Person, site: Site) -> Iterator[None]:
    site.forget()
    yield
    person.browser.let_reach_websites(EVERYWHERE)


def _toolbar_becomes(person: Person, address: str, badge: str, words: str) -> None:
    """What it says in the tab with this address."""
    options = person.own_page("options/options.html")
    until = time.monotonic() + PATIENCE
    while True:
        found = options.run(_TOOLBAR.replace("ADDRESS", json.dumps(address)))
        if found and found[0] == badge and words in found[1]:
            return options.close()
        assert time.monotonic() < until, found


def _is_alone(person: Person, tab: Page, host: str) -> Page:
    """Its popup says so of that host and shows no signal as if it went out."""
    popup = person.popup(tab)
    popup.wait_for("html[data-state=alone][data-reason=no-access] [data-action=access]")
    popup.wait_for_text(f"The button may not reach {host}")
    popup.wait_for_text("your signals do not go out here")
    popup.wait_for_text("Give it access to all websites again.")
    assert popup.run("return document.querySelectorAll('#signals input:checked').length;") == 0
    popup.wait_until_hidden("#stale")
    return popup


def test_held_back_it_is_told_and_given_again_it_mends(
    person: Person, tab: Page, site: Site, brand: str
) -> None:
    """In the popup, the toolbar and the settings, also by a background that was just started."""
    tab.goto(page_at(site, "news.test", "before"))
    assert sent_to(site, "news.test", "/page/before") == BOTH
    person.browser.let_reach_websites()
    _is_alone(person, tab, "news.test").close()
    _toolbar_becomes(person, site.origin, "!", "The button may not reach ")
    options = person.own_page("options/options.html")
    options.wait_for_text("The button may not reach all websites")
    options.wait_for_text("Only the websites that the button may reach are told")
    options.close()

    person.browser.stop_background()
    tab.goto(page_at(site, "news.test", "without"))
    assert sent_to(site, "news.test", "/page/without") == NEITHER
    assert {"gpc": None} | told(tab) == person.browser.untouched
    popup = _is_alone(person, tab, "news.test")

    person.browser.let_reach_websites(EVERYWHERE)
    if brand == "chromium":  # whose own page of extensions took the popup's place
        popup = person.popup(tab)
    popup.wait_for("html[data-state=unknown]")
    popup.wait_for("#stale:not([hidden])")
    popup.close()
    _toolbar_becomes(person, site.origin, "", "no terms for you yet")
    tab.reload()
    assert sent_to(site, "news.test", "/page/without") == BOTH
    assert told(tab) == {"dnt": "1", "gpc": True}
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_until_hidden("#stale")
    popup.close()


def test_given_again_while_the_background_is_stopped(person: Person, tab: Page, site: Site) -> None:
    tab.goto(page_at(site, "news.test"))
    person.browser.let_reach_websites()
    _is_alone(person, tab, "news.test").close()
    person.browser.stop_background()
    person.browser.let_reach_websites(EVERYWHERE)
    _toolbar_becomes(person, site.origin, "", "no terms for you yet")


def test_held_back_but_for_one_site(person: Person, tab: Page, site: Site, brand: str) -> None:
    """There the signals go out, but not with what frames of others load: that is told."""
    person.browser.let_reach_websites("https://news.test/*")
    frame = page_at(site, "ads.test", "framed", image=f"{site.at('cdn.test')}/image.svg")
    image = f"{site.at('cdn.test')}/direct.svg"
    tab.goto(page_at(site, "news.test", "allowed", image=image, frame=frame))
    assert sent_to(site, "news.test", "/page/allowed") == BOTH
    assert sent_to(site, "news.test", "/own.svg") == BOTH
    assert sent_to(site, "cdn.test", "/direct.svg") == (BOTH if brand == "chromium" else NEITHER)
    assert sent_to(site, "cdn.test", "/image.svg") == NEITHER
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_for_text("The button may reach this website, but not all:")
    popup.wait_for("#here-dnt:checked")
    popup.close()
    _toolbar_becomes(person, site.origin, "!", "not all that you chose could be applied")

    tab.goto(page_at(site, "other.test", "withheld"))
    assert sent_to(site, "other.test", "/page/withheld") == NEITHER
    _is_alone(person, tab, "other.test").close()
    _toolbar_becomes(person, site.at("other.test"), "!", "The button may not reach ")
