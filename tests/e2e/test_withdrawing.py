"""Ending an agreement and taking a proffer back, in real browsers and at a site of the ⊃ kit."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette

from rbutton.site.shop.app import STORE, create_app
from rbutton.site.store import Store
from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered


def _kit(folder: Path, origin: str) -> Starlette:
    return create_app(origin, folder)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    """The demo shop: the whole ⊃ kit."""
    with Site(partial(_kit, tmp_path)) as site:
        yield site


def _states(folder: Path) -> list[str]:
    return [kept.state for kept in Store(f"sqlite:///{folder / STORE}").agreements()]


def _mine(person: Person, shop: Site) -> list[str]:
    return [one["state"] for one in person.agreements() if one["origin"] == shop.origin]


def test_an_agreement_is_ended_by_two_presses_and_on_both_sides(
    person: Person, tab: Page, shop: Site, tmp_path: Path
) -> None:
    """The first can be taken back; then nothing of terms goes there, until offered by a click."""
    tab.goto(shop.url("/"))
    shop.wait_for("/.well-known/emanciterms.json")
    click_until_offered(tab, shop, on="h1")
    popup = person.popup(tab)
    popup.wait_for("html[data-state=active]")
    popup.click('[data-action="end"]')
    popup.wait_for_text("This cannot be undone")
    popup.click("#sure-no")
    popup.wait_until_hidden("#sure")
    assert popup.attribute("html", "data-state") == "active"
    assert _states(tmp_path) == ["sealed"]

    popup.click('[data-action="end"]')
    popup.click("#sure-yes")
    popup.wait_for("html[data-state=ended]")
    popup.wait_for_text("The site confirmed it.")
    popup.close()
    assert _states(tmp_path) == ["withdrawn"]
    assert _mine(person, shop) == ["withdrawn"]
    _, notice = shop.to(ENDPOINT)
    for name in ("origin", "cookie", "referer", "emanciterms"):
        assert notice.all(name) == [], (name, notice.head)

    tab.reload()
    tab.click("h1")
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=withdrawn]")
    assert len(shop.to(ENDPOINT)) == 2
    popup.click('[data-action="offer"]')
    popup.wait_for("html[data-state=active]")
    popup.close()
    assert sorted(_states(tmp_path)) == ["sealed", "withdrawn"]


def test_what_was_offered_is_taken_back(person: Person, tab: Page) -> None:
    """A site that does not answer is told so too, with the same bytes, while one is there."""
    with Site(own_sites.that(answer=own_sites.is_down)) as shop:
        tab.goto(shop.url("/"))
        shop.wait_for("/.well-known/emanciterms.json")
        (offered,) = click_until_offered(tab, shop)
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=waiting]")
        popup.click('[data-action="take-back"]')
        popup.wait_for("html[data-state=ended]")
        popup.wait_for_text("has not confirmed it")
        popup.close()
        assert _mine(person, shop) == ["withdrawn"]
        _, notice = shop.to(ENDPOINT)
        assert notice.body != offered.body
        tab.reload()
        first, again = shop.wait_for(ENDPOINT, 3)[1:]
        assert json.loads(first.body) == json.loads(again.body)
