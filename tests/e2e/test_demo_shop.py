"""The agent against the ⊃ kit: what both keep of one negotiation."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.person.ledger import Ledger
from rbutton.site.shop import app as demo_shop
from rbutton.site.store import Store
from rbutton.terms.encoding import from_b64u
from tests.e2e.person import Person
from tests.e2e.recorder import Site
from tests.e2e.touching import click_until_offered


@pytest.fixture(scope="module")
def folder(brand: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One a browser."""
    return tmp_path_factory.mktemp(f"shop-{brand}")


@pytest.fixture(scope="module")
def shop(person: Person, folder: Path) -> Iterator[Site]:
    """The demo shop, with which `person` has come to an agreement."""
    with Site(lambda origin: demo_shop.create_app(origin, folder)) as site:
        page = person.new_page()
        page.goto(site.url("/"))
        site.wait_for("/.well-known/emanciterms.json")
        click_until_offered(page, site, "h1")
        popup = person.popup(page)
        popup.wait_for("html[data-state=active]")
        popup.close()
        page.close()
        yield site


def test_ledger_and_shop_hold_the_same_bytes(person: Person, shop: Site, folder: Path) -> None:
    (theirs,) = Store(f"sqlite:///{folder / demo_shop.STORE}").agreements()
    ledger = Ledger(person.places.data / "ledger.sqlite3")
    (mine,) = [one for one in ledger.of_origin(shop.origin) if one.kind == "sealed"]
    assert mine.body == theirs.body
    assert mine.agreement == theirs.id
    assert ledger.first_fault() is None


def test_another_jose_library_verifies_both_signatures(person: Person, shop: Site) -> None:
    """jwcrypto, given the two keys that the payload names."""
    (kept,) = [one for one in person.agreements() if one["origin"] == shop.origin]
    payload = json.loads(from_b64u(kept["jws"]["payload"]))
    for side, signature in zip(("person", "site"), kept["jws"]["signatures"], strict=True):
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps({"payload": kept["jws"]["payload"], **signature}))
        token.verify(JWK(**payload[side]["jwk"]))


def test_the_agreement_names_the_policy_that_was_read(person: Person, shop: Site) -> None:
    """The ledger keeps the policy's bytes beside the agreement; their hash is in the payload."""
    records = Ledger(person.places.data / "ledger.sqlite3").of_origin(shop.origin)
    (policy,) = [one for one in records if one.kind == "policy"]
    served = json.loads(policy.body)
    assert served["origin"] == shop.origin
    assert [one.kind for one in records] == ["policy", "proffer", "sent", "sealed"]
