"""Counter-offers, own terms, recognition, promises and changed policies, in real browsers
and at a site of the ⊃ kit."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from rbutton.shipped.roster import catalogue
from rbutton.site.policy import PromiseOf
from rbutton.terms import agreement
from tests import shops
from tests.e2e.browsers import Page
from tests.e2e.kit_sites import KitSite
from tests.e2e.person import BY_CLICK, Person
from tests.e2e.recorder import Site
from tests.e2e.touching import ENDPOINT, click_until_offered

BASE = ["SD-BASE"]
#: Of each difference: its mark, what it is about, what it was and what it is now.
CHANGES = """
return [...document.querySelectorAll("#changes li")].map((one) => [
  one.querySelector(".mark").classList[1],
  ...["b", "del", "ins"].map((name) => one.querySelector(name).textContent),
]);
"""


@contextmanager
def kit(folder: Path, **policy: Any) -> Iterator[KitSite]:
    """A site of the kit with that policy."""
    with KitSite(folder) as site:
        site.shop.policy = shops.policy(site.origin, **policy)
        yield site


@pytest.fixture
def picky(tmp_path: Path) -> Iterator[KitSite]:
    """A site that signs `SD-BASE` alone, and counters with it."""
    with kit(tmp_path, accepts=BASE, counter=BASE) as site:
        yield site


def _mine(person: Person, site: Site) -> list[str]:
    return [one["state"] for one in person.agreements() if one["origin"] == site.origin]


def _title(id_: str) -> str:
    return catalogue().documents[id_].title


def _countered(person: Person, tab: Page, site: Site) -> Page:
    """The popup after the site has answered with other terms."""
    tab.goto(site.url("/"))
    site.wait_for("/.well-known/emanciterms.json")
    click_until_offered(tab, site)
    popup = person.popup(tab)
    popup.wait_for("html[data-reason=countered]")
    return popup


def test_a_counter_offer_is_shown_and_agreed_to_by_a_press(
    person: Person, tab: Page, picky: KitSite
) -> None:
    """As a difference, with nothing signed before; then both keep the same bytes."""
    popup = _countered(person, tab, picky)
    popup.wait_for_text("What it wants instead")
    assert popup.run(CHANGES) == [["laxer", "Your data, to you", "on request", "not stated"]]
    assert picky.shop.kept == []
    popup.click('[data-action="accept"]')
    popup.wait_for("html[data-state=active][data-reason=signed]")
    popup.close()
    (kept,) = picky.shop.store.agreements()
    (mine,) = [one for one in person.agreements() if one["state"] == "active"]
    assert mine["id"] == kept.id
    proffer, counter = picky.to(ENDPOINT)
    assert agreement.read(counter.body).agreement.answers == agreement.read(proffer.body).id
    for name in ("origin", "cookie", "referer"):
        assert counter.all(name) == []


def test_a_counter_offer_is_declined_by_a_press(person: Person, tab: Page, picky: KitSite) -> None:
    """Nothing more goes to the site."""
    popup = _countered(person, tab, picky)
    popup.click('[data-action="decline"]')
    popup.wait_for("html[data-reason=counter-declined]")
    popup.close()
    assert len(picky.to(ENDPOINT)) == 1
    assert _mine(person, picky) == ["countered"]


def test_a_signature_that_got_lost_is_delivered_on_the_next_page(
    person: Person, tab: Page, picky: KitSite
) -> None:
    """By itself, the same bytes; until then it says so."""
    popup = _countered(person, tab, picky)
    picky.way = lambda _: Response(status_code=503)
    popup.click('[data-action="accept"]')
    popup.wait_for("html[data-state=active][data-reason=undelivered]")
    popup.wait_for_text("does not have your signature yet")
    popup.close()
    picky.way = lambda keep: keep()
    tab.reload()
    _, lost, again = picky.wait_for(ENDPOINT, 3)
    assert json.loads(lost.body) == json.loads(again.body)
    popup = person.popup(tab)
    popup.wait_for("html[data-state=active][data-reason=signed]")
    popup.close()
    assert len(picky.shop.kept) == 1


def test_always_agreeing_to_it_asks_once_and_never_again(new_person: Any, tmp_path: Path) -> None:
    """The second site that wants the same gets it without a question, and the file says so."""
    person = new_person("always")
    person.start()
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    tab = person.new_page()
    with (
        kit(first, accepts=BASE, counter=BASE) as one,
        kit(second, accepts=BASE, counter=BASE) as other,
    ):
        popup = _countered(person, tab, one)
        popup.click('[data-action="accept-always"]')
        popup.wait_for_text("without asking you")
        popup.click("#sure-yes")
        popup.wait_for("html[data-state=active][data-reason=signed]")
        popup.close()
        assert 'also = ["SD-BASE"]' in person.terms_file.read_text()
        tab.goto(other.url("/"))
        other.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, other)
        other.wait_for(ENDPOINT, 2)
        popup = person.popup(tab)
        popup.wait_for("html[data-state=active][data-reason=signed]")
        popup.close()


def test_own_terms_are_offered_by_two_presses(new_person: Any, tmp_path: Path) -> None:
    """Held against the site's limits, with a warning; the site signs them where they are met."""
    person = new_person("own")
    person.start()
    person.edit_terms(
        lambda text: (
            text.replace('negotiate = "auto"', 'negotiate = "click"')
            + '\n[own]\nclauses = { "track.offsite" = "never", sell = "never" }\n'
        ),
        BY_CLICK,
    )
    tab = person.new_page()
    limits = {"track.offsite": "never", "sell": "never"}
    with kit(tmp_path, accepts=[], limits=limits) as site:
        tab.goto(site.url("/"))
        popup = person.popup(tab)
        popup.wait_for("html[data-reason=announced]")
        popup.click('[data-action="look"]')
        popup.click('[data-action="offer-own"]')
        popup.wait_for_text("may recognise you by them")
        popup.wait_for("#sure .own .met")
        assert site.to(ENDPOINT) == []
        popup.click("#sure-yes")
        popup.wait_for("html[data-state=active]")
        popup.close()
        (kept,) = site.shop.store.agreements()
        (term,) = agreement.read(kept.body).agreement.terms
        assert (term.id, term.clauses) == ("own", limits)


def test_a_site_may_recognise_the_person_after_two_presses_and_not_before(
    person: Person, tab: Page, tmp_path: Path
) -> None:
    """The number of the agreement in the header; off again, it is gone with the next page."""
    with kit(tmp_path) as site:
        tab.goto(site.url("/"))
        site.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, site)
        popup = person.popup(tab)
        popup.wait_for("html[data-state=active]")
        popup.click("#recognise input")
        popup.wait_for_text("works like a cookie")
        popup.click("#sure-yes")
        popup.wait_for("#recognise input:checked")
        popup.close()
        tab.goto(site.url("/known"))
        (known,) = site.wait_for("/known")
        (value,) = known.all("emanciterms")
        assert "agreement=:" in value
        popup = person.popup(tab)
        popup.wait_for("#recognise input:checked")
        popup.click("#recognise input")
        popup.wait_for("#recognise input:not(:checked)")
        popup.close()
        tab.goto(site.url("/unknown"))
        (unknown,) = site.wait_for("/unknown")
        assert "agreement" not in "".join(unknown.all("emanciterms"))


def test_a_changed_policy_is_shown_until_it_was_seen(
    person: Person, tab: Page, tmp_path: Path
) -> None:
    """Closed, with a mark; a press takes it away, and nothing was signed."""
    with kit(tmp_path) as site:
        tab.goto(site.url("/"))
        site.wait_for("/.well-known/emanciterms.json")
        click_until_offered(tab, site)
        popup = person.popup(tab)
        popup.wait_for("html[data-state=active]")
        popup.close()
        site.shop.policy = shops.policy(site.origin, accepts=BASE, limits={"share": "identified"})
        tab.reload()
        popup = person.popup(tab)
        popup.wait_for("html[data-state=look][data-reason=policy-changed]")
        popup.wait_for_text("What changed in its policy")
        gone = "it says that it signs it", "it does not say that it signs it"
        assert popup.run(CHANGES) == [
            ["other", _title("SD-BASE"), *reversed(gone)],
            ["laxer", _title("SD-BASE-DP"), *gone],  # what it signed here
            ["other", _title("do-not-track"), *gone],
            ["other", _title("no-stalking"), *gone],
            ["other", "Sharing your data", "not stated", "also what can be tied to you"],
        ]
        popup.click('[data-action="noted"]')
        popup.wait_for("html[data-state=active]")
        popup.close()
        assert len(site.to(ENDPOINT)) == 1


def test_a_promise_is_drawn_as_one(person: Person, tab: Page, tmp_path: Path) -> None:
    """Of a site that signs with nobody."""
    until = datetime.now(UTC) + timedelta(days=300)
    promise = PromiseOf(("SD-BASE",), until.replace(microsecond=0))
    with kit(tmp_path, accepts=BASE, promises=promise, negotiates=False) as site:
        tab.goto(site.url("/"))
        site.wait_for("/.well-known/emanciterms.json")
        popup = person.popup(tab)
        popup.wait_for("html[data-state=promise][data-reason=promised]")
        popup.wait_for_text("made a promise to everyone")
        popup.close()
        assert site.to(ENDPOINT) == []
