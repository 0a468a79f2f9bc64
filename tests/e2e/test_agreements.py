"""The list of agreements in real browsers: what is on record, page by page, and each in full."""

import json
from typing import Any

import pytest

from tests import ledgers
from tests.e2e import own_sites
from tests.e2e.browsers import READY, Page, chromium, firefox
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import click_until_offered

ALL = 250
ORIGINS = {"chromium": chromium.ORIGIN, "firefox": firefox.ORIGIN}


def agreements(person: Person) -> Page:
    """The list, opened from the settings page, once it shows what there is."""
    page = person.options()
    page.click("nav a[href]")
    page.wait_for(f"{READY} :is(#list > li, #empty:not([hidden]))")
    return page


def rows(page: Page) -> list[str]:
    """The ids of the rows that are shown, from the top."""
    told = page.run(
        "return JSON.stringify([...document.querySelectorAll('#list button')]"
        ".map(({ dataset }) => dataset.id));"
    )
    return list(json.loads(told))


def focused(page: Page) -> str | None:
    """The id of the row that has the keyboard."""
    told: str | None = page.run("return document.activeElement.dataset.id ?? null;")
    return told


def find(page: Page, text: str) -> None:
    """Type into the field for it."""
    page.run(
        "const field = document.querySelector('#find');"
        f"field.value = {json.dumps(text)}; field.dispatchEvent(new Event('input'));"
    )


def test_an_agreement_appears_in_the_list_and_is_the_ledgers(person: Person, tab: Page) -> None:
    """In the page that was open all the time, when the person comes back to it."""
    page = agreements(person)
    page.wait_for_text("No site has been offered anything yet.")
    with Site(own_sites.that()) as shop:
        tab.front()
        tab.goto(shop.url("/"))
        shop.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, shop)
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        page.front()
        page.wait_for("#list > li")
        page.wait_for_text("Both signed")
        (kept,) = person.agreements()
        assert rows(page) == [kept["id"]]

        page.run("document.querySelector('#list button').focus();")
        page.press("Enter")
        page.wait_for("#detail[open]")
        page.wait_for_text("Only what the service needs, and my data is mine too")
        page.click("#detail summary")
        page.wait_for_text(kept["id"])
        page.press("Escape")
        page.wait_for("#detail:not([open])")
        assert focused(page) == kept["id"]
    page.close()


def test_a_site_is_forgotten_by_two_presses(person: Person, tab: Page) -> None:
    """Told first what would be lost; then nothing of it is left, and the site is new again."""
    with Site(own_sites.that()) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, shop)
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        page = agreements(person)
        page.wait_for("#list > li")
        (kept,) = [one["id"] for one in person.agreements() if one["origin"] == shop.origin]
        page.click(f'[data-id="{kept}"]')
        page.wait_for("#detail[open]")
        page.click("#forget")
        page.wait_for_text("you could no longer end it")
        page.click("#sure-no")
        page.wait_until_hidden("#sure")
        page.click("#forget")
        page.wait_for_text("Erase it all the same")
        page.click("#sure-yes")
        page.wait_for("#detail:not([open])")
        page.wait_until_hidden(f'[data-id="{kept}"]')
        page.close()
        assert [one for one in person.agreements() if one["origin"] == shop.origin] == []
        assert shop.origin.encode() not in (person.places.data / "ledger.sqlite3").read_bytes()
        tab.front()
        popup = person.popup(tab)
        popup.wait_for("html[data-state=potential]")
        popup.close()


OPENED = """
const { extension } = globalThis.browser ?? globalThis.chrome;
const opened = () => extension.getViews({ type: "tab" })
  .some(({ location }) => location.pathname === "/agreements/agreements.html");
while (!opened()) await new Promise((next) => setTimeout(next, 30));
return true;
"""


def test_all_agreements_opens_from_the_popup(person: Person, tab: Page, plain: Site) -> None:
    options = person.options()
    tab.front()
    tab.goto(plain.url("/"))
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.click("#agreements")
    assert options.run(OPENED)
    options.close()


@pytest.fixture(scope="module")
def busy(new_person: NewPerson) -> tuple[Person, list[Any]]:
    """A person with many agreements, and these in the order they were offered."""
    person = new_person("busy")
    made = ledgers.many(person.places.data / "ledger.sqlite3", ALL)
    person.start()
    return person, made


def test_a_long_list_comes_page_by_page(busy: tuple[Person, list[Any]]) -> None:
    """All of it, each once, the newest first; and any one of them is found."""
    person, made = busy
    page = agreements(person)
    newest_first = [one.id for one in reversed(made)]
    assert rows(page) == newest_first[:100]
    page.wait_for_text("250 agreements and offers")
    page.wait_for_text("<b>Site 249</b>")
    for shown in (200, ALL):
        page.click("#more")
        page.wait_for(f"#list > li:nth-child({shown})")
        assert rows(page) == newest_first[:shown]
        # Who goes on by keyboard goes on where the list went on.
        assert focused(page) == newest_first[shown - (100 if shown < ALL else 50)]
    page.wait_until_hidden("#more")
    find(page, "https://SITE-17.example/a/page?of=it")
    page.wait_for_text("1 found")
    assert rows(page) == [made[17].id]
    find(page, "nowhere")
    page.wait_for_text("No site with “nowhere” in its address has been offered anything.")
    assert rows(page) == []
    page.close()


def test_without_the_host_the_page_says_what_to_do(
    brand: str, busy: tuple[Person, list[Any]]
) -> None:
    """And shows the list once the host is there."""
    person, made = busy
    person.stop()
    person.uninstall()
    person.browser.start(person.environ)
    page = person.new_page()
    page.goto(ORIGINS[brand] + "/agreements/agreements.html")
    page.wait_for("html[data-state=alone]")
    page.wait_for_text("Your agent is not installed")
    person.browser.register(person.places.launcher)
    page.click("[data-key=again]")
    page.wait_for(f"{READY} #list > li:nth-child(100)")
    assert rows(page)[0] == made[-1].id
    page.close()
