"""A browser that refuses the rules for single sites, made up: no terms.toml brings one to do so, as
test_site_signals shows. All that follows from the refusal is real."""

from collections.abc import Iterator

import pytest

from tests.e2e.browsers import Page
from tests.e2e.browsers.chromium import Chromium
from tests.e2e.conftest import NewPerson
from tests.e2e.per_site import BOTH, LONG, choose, page_at, sent_to, serve, title_of
from tests.e2e.person import Person
from tests.e2e.recorder import Site

_REFUSE = """
const { declarativeNetRequest: rules } = self.browser ?? self.chrome;
const update = rules.updateDynamicRules.bind(rules);
const isForSites = ({ condition }) => condition.regexFilter;
rules.updateDynamicRules = (change) => change.addRules.some(isForSites)
  ? Promise.reject(new Error("no more room")) : update(change);
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


def _refuse(person: Person) -> None:
    """Made up in the background's own world."""
    if isinstance(person.browser, Chromium):
        person.browser.worker.evaluate(f"() => {{ {_REFUSE} }}")
        return
    options = person.options()
    options.run(f"const self = await browser.runtime.getBackgroundPage(); {_REFUSE}")
    options.close()


def test_a_refusal_is_told_and_the_general_signals_stay(new_person: NewPerson, site: Site) -> None:
    person = new_person("refused")
    person.start()
    _refuse(person)
    choose(person, '[sites."news.test"]\ngpc = "off"\n')
    options = person.options()
    options.wait_for_text("The browser did not take the rules for single sites (no more room).")
    options.close()
    page = person.new_page()
    page.goto(page_at(site, "news.test"))
    assert sent_to(site, "news.test", "/page/a") == BOTH
    popup = person.popup(page)
    popup.wait_for_text("Your signals go out everywhere as they do in general.")
    popup.close()


_BADGE = "return await (globalThis.browser ?? globalThis.chrome).action.getBadgeText({});"


def _is_off_and_reached(person: Person, page: Page, why: str) -> None:
    """In its popup; the toolbar is marked."""
    popup = person.popup(page)
    popup.wait_for("html[data-reason=off]")
    popup.wait_for_text("But your signals still reach its pages.")
    popup.wait_for_text(why)
    popup.wait_until_hidden("#signals input")
    popup.close()
    options = person.options()
    assert "not all that you chose could be applied" in title_of(options, "https://")
    assert options.run(_BADGE) == "!"
    options.close()


def test_off_where_the_rules_were_refused_is_not_told_as_silent(
    new_person: NewPerson, site: Site
) -> None:
    """And the refusal is told on pages of no site, too."""
    person = new_person("off-refused")
    person.start()
    _refuse(person)
    choose(person, '[sites."news.test"]\nbutton = "off"\n')
    page = person.new_page()
    why = "The browser did not take the rules for single sites (no more room)."
    popup = person.popup(page)
    popup.wait_for_text(why)
    popup.close()
    page.goto(page_at(site, "news.test", "off"))
    assert sent_to(site, "news.test", "/page/off") == BOTH
    _is_off_and_reached(person, page, why)
    person.stop()


def test_off_under_a_name_that_no_rule_can_have_is_not_told_as_silent(
    new_person: NewPerson, site: Site
) -> None:
    """No more once it is taken out: nothing is marked then."""
    person = new_person("off-long")
    person.start()
    before = person.terms_file.read_text("utf-8")
    choose(person, f'[sites."{LONG}"]\nbutton = "off"\n')
    page = person.new_page()
    page.goto(page_at(site, LONG, "long"))
    assert sent_to(site, LONG, "/page/long") == BOTH
    _is_off_and_reached(person, page, f"Of {LONG} the name has more parts")
    options = person.options()
    person.edit_terms(lambda _: before)
    options.wait_for("#sites[hidden]")
    assert options.run(_BADGE) == ""
    options.close()
    person.stop()
