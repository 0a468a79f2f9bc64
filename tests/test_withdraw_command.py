"""`rbutton withdraw`: ends what is in force or offered, and the site is told by the button."""

from pathlib import Path

import pytest

from rbutton.person.home import Home
from tests.commands import Done, at_a_terminal, rbutton
from tests.sites import Site
from tests.visiting import SHOP, greeted, kinds, negotiate, offer, visit


@pytest.fixture
def agreed(home: Path) -> Home:
    """A home with one agreement in force, and one offer."""
    with greeted(home) as running:
        negotiate(running, "click")
        offer(running, "click", Site(origin="https://other.example"))
    return Home.in_one_folder(home)


def withdraw(home: Home, *arguments: str) -> Done:
    """The command, for a script."""
    return rbutton(home.data, "withdraw", *arguments)


@pytest.mark.parametrize("site", ["shop.example", "https://shop.example", "SHOP.example"])
def test_an_agreement_ends_at_once_and_the_site_is_told_on_the_next_visit(
    agreed: Home, site: str
) -> None:
    done = withdraw(agreed, site, "--yes")
    assert done.returncode == 0
    assert "Only what the service needs" in done.stdout
    assert "told when you are next on its pages" in done.stdout
    with greeted(agreed.data) as running:
        view = visit(running)
        assert (view["state"], view["tell"]) == ("ended", view["ending"])
        told = {"agreement": view["tell"], "policy": SHOP.served(), "by": "retry"}
        assert running.result("withdraw", origin=SHOP.origin, **told)["post"] is not None


def test_an_offer_is_taken_back(agreed: Home) -> None:
    assert withdraw(agreed, "other.example", "--yes").returncode == 0
    with greeted(agreed.data) as running:
        assert visit(running, Site(origin="https://other.example"))["state"] == "ended"


def test_it_asks_first_and_no_is_no(agreed: Home) -> None:
    code, screen = at_a_terminal(agreed.data, "withdraw", "shop.example", answers=[("[y/N]", "n")])
    assert code == 1
    assert "Nothing was ended." in screen
    assert "withdraw" not in kinds(agreed.data)


def test_without_a_terminal_it_says_how(agreed: Home) -> None:
    done = withdraw(agreed, "shop.example")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert "withdraw" not in kinds(agreed.data)


def test_where_there_is_nothing_to_end_the_answer_is_no(agreed: Home) -> None:
    done = withdraw(agreed, "nowhere.example", "--yes")
    assert done.returncode == 1
    assert "rbutton agreements" in done.stdout
