"""An edit of terms.toml by hand that loosens something, in real browsers: asked about first."""

from tests.e2e import own_sites
from tests.e2e.browsers import Page
from tests.e2e.conftest import NewPerson
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered

NOTE = "#loosened"
STRICT, LAX = 'terms = [["SD-BASE-DP"]]', 'terms = [["SD-BASE"]]'


def test_nothing_is_offered_by_itself_before_the_person_keeps_it(new_person: NewPerson) -> None:
    """Told in the popup and on the options page; undone it was never there, kept it is offered."""
    person = new_person()
    person.start()
    tab, options = person.new_page(), person.options()
    options.wait_until_hidden(NOTE)
    person.edit_terms(lambda text: text.replace(STRICT, LAX))
    options.wait_for(NOTE)
    options.wait_for_text("“Only what the service needs” is offered now")
    with Site(own_sites.that()) as shop:
        _open(tab, shop)
        popup = person.popup(tab)
        popup.wait_for(NOTE)
        popup.wait_for("html[data-reason=announced], html[data-reason=not-offered]")
        popup.close()
        tab.press("a")
        popup = person.popup(tab)
        popup.click("[data-edit=undo]")
        popup.wait_until_hidden(NOTE)
        popup.close()
        assert shop.to(ENDPOINT) == []
    assert STRICT in person.terms_file.read_text()
    options.wait_until_hidden(NOTE)

    person.edit_terms(lambda text: text.replace(STRICT, LAX))
    options.wait_for(NOTE)
    options.click("[data-edit=keep]")
    options.wait_until_hidden(NOTE)
    assert LAX in person.terms_file.read_text()
    with Site(own_sites.that()) as shop:
        _open(tab, shop)
        click_until_offered(tab, shop)
    (offered,) = person.agreements()
    assert offered["terms"] == ["SD-BASE"]


def _open(tab: Page, shop: Site) -> None:
    tab.goto(shop.url("/"))
    shop.wait_for("/")
