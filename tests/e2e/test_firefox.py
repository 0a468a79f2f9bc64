"""What only Firefox has: a GPC of its own, an event page."""

import json
from typing import Any

import pytest

from tests.e2e.browsers import Page
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.conftest import NewPerson
from tests.e2e.own_sites import that
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site
from tests.e2e.touching import click_until_offered

pytestmark = pytest.mark.parametrize("brand", ["firefox"], indirect=True)

OWN_GPC = "privacy.globalprivacycontrol.enabled"
READ = "return JSON.stringify([navigator.doNotTrack, navigator.globalPrivacyControl]);"


@pytest.fixture(scope="module")
def firefox(person: Person) -> Firefox:
    assert isinstance(person.browser, Firefox)
    return person.browser


def _visit(tab: Page, plain: Site, path: str) -> tuple[Request, Any]:
    tab.goto(plain.url(path))
    (request,) = plain.wait_for(path)
    return request, json.loads(tab.run(READ))


def test_with_firefoxs_own_gpc_on_the_header_still_goes_once(
    firefox: Firefox, tab: Page, plain: Site
) -> None:
    firefox.prefer(OWN_GPC, True)
    request, told = _visit(tab, plain, "/page/both-gpc")
    firefox.prefer(OWN_GPC, False)
    assert request.all("sec-gpc") == ["1"]
    assert told == ["1", True]


def test_with_ours_off_firefoxs_own_gpc_is_left_alone(new_person: NewPerson, plain: Site) -> None:
    """Off means that the button says nothing, not that it takes away what the browser says."""
    person = new_person("own-gpc")
    person.start()
    options = person.options()
    person.edit_terms(lambda text: text.replace('gpc = "on"', 'gpc = "off"'))
    options.wait_for('[data-key="signals.gpc"]:not(:checked)')
    assert isinstance(person.browser, Firefox)
    person.browser.prefer(OWN_GPC, True)
    request, told = _visit(options, plain, "/page/own-gpc")
    assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])
    assert told == ["1", True]
    person.stop()


def test_an_event_page_that_was_stopped_comes_back_for_a_visit(
    firefox: Firefox, person: Person, tab: Page
) -> None:
    with Site(that()) as shop:
        firefox.stop_background()
        tab.goto(shop.url("/"))
        shop.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, shop)
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=signed]")
        popup.close()
        firefox.stop_background()
        tab.goto(shop.url("/again"))
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=signed]")
        popup.close()
