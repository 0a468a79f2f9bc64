"""One person in two browsers at once, on one ledger: one proffer, one agreement, shown in both."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.browsers.chromium import Chromium
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.kit_sites import Held, KitSite
from tests.e2e.person import Person
from tests.e2e.touching import ENDPOINT, click_until_offered
from tests.visiting import kinds


@pytest.fixture(scope="module")
def both(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Person, Person]]:
    """The same home, host and `RBUTTON_HOME`; in Chromium and in Firefox."""
    folder = tmp_path_factory.mktemp("both")
    with ExitStack() as running:
        persons = []
        for browser in (Chromium(folder, playwright), Firefox(folder)):
            persons.append(person := Person(folder, browser, in_keyring=False))
            running.callback(person.stop)
            person.start()
        one, two = persons
        yield one, two


def _shows(person: Person, tab: Page, reason: str) -> None:
    popup = person.popup(tab)
    popup.wait_for(f"html[data-reason={reason}]")
    popup.close()


def _click_until_it_shows(person: Person, tab: Page, reason: str) -> None:
    """A click counts once the page waits for one, which the button does not show."""
    shown = None
    for _ in range(int(PATIENCE)):
        tab.click("input")
        popup = person.popup(tab)
        shown = popup.attribute("html", "data-reason")
        popup.close()
        if shown == reason:
            return
    raise AssertionError(f"it shows {shown}")


@pytest.mark.parametrize("first", [0, 1], ids=["chromium first", "firefox first"])
def test_both_stand_on_a_site_and_both_are_touched(
    both: tuple[Person, Person], tmp_path: Path, first: int
) -> None:
    """The second touch falls while the first one's terms are on their way."""
    one, two = both[first], both[1 - first]
    before = kinds(one.places.data)
    with KitSite(tmp_path) as shop:
        tabs = [one.new_page(), two.new_page()]
        for person, tab in zip((one, two), tabs, strict=True):
            tab.goto(shop.url("/"))
            _shows(person, tab, "not-offered")
        shop.way = held = Held(kept=True)
        click_until_offered(tabs[0], shop)
        held.wait_until_reached()
        _click_until_it_shows(two, tabs[1], "waiting")
        held.release()
        _shows(one, tabs[0], "signed")
        tabs[1].reload()
        _shows(two, tabs[1], "signed")

        (mine,) = [each for each in one.agreements() if each["origin"] == shop.origin]
        assert mine["state"] == "active"
        assert shop.shop.kept == [mine["id"]]
        assert len({post.body for post in shop.to(ENDPOINT)}) == 1
        made = kinds(one.places.data)[len(before) :]
        assert made.count("proffer") == made.count("sealed") == 1
        for tab in tabs:
            tab.close()
