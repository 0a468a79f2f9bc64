"""A browser, its person and a plain site: started once a module, for each browser."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Playwright

from tests.e2e import browsers, pages
from tests.e2e.browsers import Page
from tests.e2e.browsers.chromium import Chromium
from tests.e2e.browsers.firefox import Firefox
from tests.e2e.person import Person
from tests.e2e.recorder import Site

if TYPE_CHECKING:
    from pathlib import Path

# When it is born, a popup is no "page" to the DevTools protocol yet; without this Playwright lets
# go of it (Playwright 1.65, Chromium 156).
os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"

NewPerson = Callable[..., Person]


@pytest.fixture(scope="module", params=browsers.NAMES)
def brand(request: pytest.FixtureRequest) -> str:
    """The browser the test runs in."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def new_person(
    brand: str, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewPerson]:
    """Make a person whose browser is not started yet; it is closed after the module."""
    with ExitStack() as open_ones:

        def make(name: str = "person", *, in_keyring: bool = True) -> Person:
            folder: Path = tmp_path_factory.mktemp(name)
            browser = Firefox(folder) if brand == "firefox" else Chromium(folder, playwright)
            person = Person(folder, browser, in_keyring=in_keyring)
            open_ones.callback(person.stop)
            return person

        yield make


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    """A person whose browser runs, with the settings of a first run."""
    person = new_person()
    person.start()
    return person


@pytest.fixture
def tab(person: Person) -> Iterator[Page]:
    """A tab of that person's."""
    tab = person.new_page()
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[Site]:
    """A site that announces nothing."""
    with Site(pages.create_app) as site:
        yield site
