"""DNT and GPC, on every request and in every frame of real browsers; on and off."""

import json
from typing import Any

import pytest

from tests.e2e import pages
from tests.e2e.person import Person
from tests.e2e.recorder import Site


@pytest.fixture(scope="module")
def everything_on(person: Person, plain: Site) -> tuple[Site, dict[str, Any]]:
    """The page of everything, seen with the settings of a first run."""
    return plain, _see_everything(person, plain)


def _see_everything(person: Person, plain: Site) -> dict[str, Any]:
    plain.forget()
    page = person.new_page()
    page.goto(plain.url("/everything"))
    page.wait_for("#done:not([hidden])")
    plain.wait_for("/favicon.ico")
    told = page.attribute("body", "data-told")
    page.run(
        "const known = await navigator.serviceWorker.getRegistrations();"
        "await Promise.all(known.map((one) => one.unregister()));"
    )
    page.close()
    assert told
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.parametrize("kind", pages.REQUESTS)
def test_both_signals_go_with_every_kind_of_request(
    everything_on: tuple[Site, dict[str, Any]], kind: str
) -> None:
    """Once each, never twice."""
    plain, _ = everything_on
    for request in plain.wait_for(pages.REQUESTS[kind]):
        assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])


def test_every_frame_reads_both_properties_from_its_start(
    everything_on: tuple[Site, dict[str, Any]],
) -> None:
    """Under a CSP that forbids all inline script, where the property is looked for: not on the
    navigator object itself."""
    _, told = everything_on
    assert told["page"] == {"dnt": "1", "gpc": True, "own": False}
    assert told["frame"] == {"dnt": "1", "gpc": True}


def test_a_site_that_announces_nothing_sees_nothing_else(
    everything_on: tuple[Site, dict[str, Any]],
) -> None:
    """No `EmanciTerms`, and not one request that the page did not ask for."""
    plain, _ = everything_on
    assert {request.path for request in plain.requests} == {"/frame.js", *pages.REQUESTS.values()}
    assert not any(request.all("emanciterms") for request in plain.requests)


def test_a_switched_off_signal_leaves_no_trace_and_the_other_stays(
    new_person: Any, plain: Site
) -> None:
    """Switched by editing terms.toml while the browser runs."""
    person = new_person("switching")
    person.start()
    options = person.options()

    person.edit_terms(lambda text: text.replace('gpc = "on"', 'gpc = "off"'))
    options.wait_for('[data-key="signals.gpc"]:not(:checked)')
    told = _see_everything(person, plain)
    assert told["page"]["dnt"] == "1"
    assert told["page"].get("gpc") == person.browser.untouched["gpc"]
    for kind, path in pages.REQUESTS.items():
        for request in plain.wait_for(path):
            assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], []), kind

    person.edit_terms(lambda text: text.replace('dnt = "on"', 'dnt = "off"'))
    options.wait_for('[data-key="signals.dnt"]:not(:checked)')
    told = _see_everything(person, plain)
    assert told["page"]["dnt"] == person.browser.untouched["dnt"]
    assert told["frame"]["dnt"] == person.browser.untouched["dnt"]
    for kind, path in pages.REQUESTS.items():
        for request in plain.wait_for(path):
            assert (request.all("dnt"), request.all("sec-gpc")) == ([], []), kind


def test_signals_outlive_the_host(new_person: Any, plain: Site) -> None:
    """With the host gone after a restart, the last good signals still go out."""
    person = new_person("hostless")
    person.start()
    person.stop()
    person.uninstall()
    plain.forget()
    person.start()
    page = person.new_page()
    page.goto(plain.url("/page/hostless"))
    (request,) = plain.wait_for("/page/hostless")
    assert (request.all("dnt"), request.all("sec-gpc")) == (["1"], ["1"])
    popup = person.popup(page)
    popup.wait_for("html[data-state=alone][data-reason=host-not-found]")


def test_a_page_opened_with_the_signals_in_force_is_not_called_stale(
    new_person: Any, plain: Site
) -> None:
    """Right after the first start; and after a change, with a reload that mends it."""
    person = new_person("fresh")
    person.start()
    page = person.new_page()
    page.goto(plain.url("/page/fresh"))
    popup = person.popup(page)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_until_hidden("#reload")

    person.edit_terms(lambda text: text.replace('dnt = "on"', 'dnt = "off"'))
    plain.forget()
    popup.click("#reload")
    (again,) = plain.wait_for("/page/fresh")
    assert (again.all("dnt"), again.all("sec-gpc")) == ([], ["1"])
    popup = person.popup(page)
    popup.wait_for("html[data-reason=nothing-here]")
    popup.wait_until_hidden("#reload")
