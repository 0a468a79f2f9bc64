"""An agreement that ends by itself while its site is open, in each browser."""

from datetime import UTC, datetime, timedelta
from itertools import count

from rbutton.person.ledger import Ledger
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms.agreement import Agreement
from rbutton.terms.encoding import time_text
from rbutton.terms.keys import person_key
from tests import sites
from tests.e2e import own_sites
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.e2e.recorder import Request, Site

#: Longer than a browser takes to start and to show it.
_HOLDS = timedelta(seconds=15)


def _signed(person: Person, site: sites.Site, now: datetime) -> None:
    """On record: both signed, for a while."""
    nonce = sites.nonce_of("short")
    offered = sites.proffer(site, now=now, nonce=nonce)
    members = sites.payload_of(offered) | {"until": time_text(now + _HOLDS)}
    payload = documents.canonical(Agreement.model_validate(members).model_dump())
    key = person_key(sites.SEED, nonce, site.origin)
    made = agreements.read(jws.sign(payload, key))
    with Ledger(person.places.data / "ledger.sqlite3").writing() as ledger:
        at = time_text(now)
        ledger.append("policy", at, site.origin, made.id, site.policy())
        ledger.append("proffer", at, site.origin, made.id, made.body)
        ledger.append("sealed", at, site.origin, made.id, site.countersign(made.body))


def _names(request: Request) -> bool:
    return any("agreement=" in value for value in request.all("emanciterms"))


def test_it_is_told_and_named_to_the_site_no_more(new_person: NewPerson) -> None:
    """The popup that is open says so, and the next request has no `agreement`."""
    with Site(own_sites.that()) as shop:
        person = new_person("short", in_keyring=False)
        now = datetime.now(UTC).replace(microsecond=0)
        _signed(person, sites.Site(origin=shop.origin, name="Example Shop"), now)
        person.start()
        person.edit_terms(lambda text: f'{text}\n[sites."127.0.0.1"]\nrecognise = "on"\n')
        tab = person.new_page()
        tab.goto(shop.url("/"))
        popup = person.popup(tab)
        popup.wait_for("html[data-state=active]")
        popup.wait_for_text("Until")
        tab.run("setInterval(() => fetch('/named'), 200);")
        for number in count(1):
            if _names(shop.wait_for("/named", number)[number - 1]):
                break
        popup.wait_for("html[data-state=ended][data-reason=expired]")
        popup.close()
        tab.run("await fetch('/after');")
        (after,) = shop.wait_for("/after")
        assert not _names(after)
        person.stop()
