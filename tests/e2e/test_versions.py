"""A button and a host of two releases that do not understand each other: which one to update."""

import shutil
import sys
from pathlib import Path

import pytest

from rbutton.browsers import environment, manifests
from tests import light
from tests.e2e.browsers import Page
from tests.e2e.person import Person
from tests.machine import CHECKOUT, copy_checkout

#: A host that was never released: its protocol, its version, and what the button says of it.
MADE_UP = {
    "update-host": (0, "0.0.9", "Your agent is older than this button"),
    "update-extension": (2, "9.0.0", "This button is older than your agent"),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One to make other releases of."""
    folder = tmp_path_factory.mktemp("releases") / "this"
    copy_checkout(CHECKOUT, folder)
    return folder


def release(checkout: Path, reason: str) -> Path:
    """The interpreter of an environment with a made-up release."""
    folder = checkout.with_name(reason)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(checkout, folder)
    protocol, version, _ = MADE_UP[reason]
    for name, ours, theirs in (
        ("native/requests.py", "\nPROTOCOL = 1\n", f"\nPROTOCOL = {protocol}\n"),
        ("__init__.py", '"0.1.0"', f'"{version}"'),
    ):
        path = folder / "host" / "rbutton" / name
        text = path.read_text("utf-8")
        assert text.count(ours) == 1
        path.write_text(text.replace(ours, theirs), "utf-8")
    light.make(folder / "env", folder / "host")
    return environment.python(folder / "env")


@pytest.mark.parametrize("reason", MADE_UP)
def test_which_one_to_update_and_then_it_works(
    person: Person, tab: Page, checkout: Path, reason: str
) -> None:
    """The host of another release takes over, as after installing it; then the right one again."""
    manifests.write_launcher(person.places, release(checkout, reason))
    person.kill_hosts()
    popup = person.popup(tab)
    popup.wait_for(f"html[data-state=alone][data-reason={reason}]")
    popup.wait_for_text(MADE_UP[reason][2])
    popup.wait_for_text("python3 install_host.py")
    manifests.write_launcher(person.places, Path(sys.executable))
    popup.click("[data-action=retry]")
    popup.wait_for("html:not([data-state=alone])")
    popup.close()
