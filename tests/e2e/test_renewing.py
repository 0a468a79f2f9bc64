"""Other terms in place of those in force, pressed for in each browser, at a site of the ⊃ kit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from rbutton.decisions.words import day
from rbutton.terms import agreement as agreements
from rbutton.terms.agreement import Agreement
from tests import shops
from tests.e2e.browsers import Page
from tests.e2e.conftest import NewPerson
from tests.e2e.kit_sites import KitSite
from tests.e2e.person import BY_CLICK, Person
from tests.e2e.touching import ENDPOINT

_MONTHS, _YEAR = timedelta(days=32), timedelta(days=360)
_OWN = {"track.offsite": "never", "sell": "never"}


def _signs(person: Person, site: KitSite, proffer: str) -> Page:
    """The tab on a site that the person has signed with by a press."""
    person.start()
    person.edit_terms(
        lambda text: text.replace('negotiate = "auto"', f'negotiate = "click"\n{proffer}'),
        BY_CLICK,
    )
    tab = person.new_page()
    tab.goto(site.url("/"))
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=announced]")
    popup.click('[data-action="offer"]')
    popup.wait_for("html[data-state=active]")
    popup.close()
    return tab


def _in_force(person: Person, site: KitSite) -> Agreement:
    """What both keep as the one in force; there is no other."""
    mine = [one["id"] for one in person.agreements() if one["state"] == "active"]
    kept = [one for one in site.shop.store.agreements() if one.in_force(datetime.now(UTC))]
    assert [one.id for one in kept] == mine
    (one,) = kept
    return agreements.read(one.body).agreement


def _until(agreement: Agreement) -> timedelta:
    assert agreement.ends
    return agreement.ends - datetime.now(UTC)


def test_for_longer(new_person: NewPerson, tmp_path: Path) -> None:
    """What was signed for a month is, after an edit and a press, signed for a year."""
    person = new_person("longer")
    with KitSite(tmp_path) as site:
        tab = _signs(person, site, 'lasts = "1 month"')
        first = _in_force(person, site)
        assert _until(first) < _MONTHS
        person.edit_terms(lambda text: text.replace('"1 month"', '"1 year"'))
        popup = person.popup(tab)
        popup.click('[data-action="renew"]')
        popup.wait_for_text("How long it holds")
        assert len(site.to(ENDPOINT)) == 1, "the first press shows what it would be"
        popup.click("#sure-yes")
        _, posted = site.wait_for(ENDPOINT, 2)
        ends = agreements.read(posted.body).agreement.ends
        assert ends
        popup.wait_for_text(f"Until {day(ends)}")
        popup.close()
        second = _in_force(person, site)
        assert second.supersedes
        assert second.terms == first.terms
        assert _until(second) > _YEAR


def test_by_terms_of_ones_own(new_person: NewPerson, tmp_path: Path) -> None:
    """Shown as differences and with the warning; those of the roster hold until it has signed."""
    person = new_person("own in place")
    with KitSite(tmp_path) as site:
        site.shop.policy = shops.policy(site.origin, limits=_OWN)
        tab = _signs(person, site, "")
        first = _in_force(person, site)
        person.edit_terms(
            lambda text: (
                f'{text}\n[own]\nclauses = {{ "track.offsite" = "never", sell = "never" }}\n'
            )
        )
        popup = person.popup(tab)
        popup.click('[data-action="renew-own"]')
        popup.wait_for_text("may recognise you by them")
        assert len(site.to(ENDPOINT)) == 1
        popup.click("#sure-yes")
        site.wait_for(ENDPOINT, 2)
        popup.wait_for_text("Terms of your own")
        popup.wait_for("html[data-state=active][data-reason=signed]")
        popup.close()
        second = _in_force(person, site)
        (own,) = second.terms
        assert (own.id, own.clauses) == ("own", _OWN)
        assert [one.id for one in first.terms] != ["own"]
