"""`install_host.py --uninstall --purge`: what is the person's goes too, for good and asked for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rbutton.person.seen import SeenOfSites
from tests import homes, light, processes
from tests.commands import on_a_terminal
from tests.machine import Machine
from tests.test_seed import ENTRIES, READ

ASKED = "remove all of that:"
SCHEMA = ".config/rbutton/terms.schema.json"
COPY, NAME = "Keep a copy first? [y/n]", "The name of a new file for it:"


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which an r-button was installed and used."""
    machine = light.lived_in(tmp_path_factory.mktemp("lived in"))
    SeenOfSites(machine.data / "seen.sqlite3").keep(
        "https://a.example",
        "tk",
        url="https://a.example",
        outcome="said",
        body=b"T",
        now=datetime.now(UTC),
    )
    light.keep(machine)
    return machine


@pytest.fixture
def machine(lived_in: Machine) -> Iterator[Machine]:
    """The same, with a seed in the keyring; whole again afterwards."""
    _seed(lived_in)
    assert len(entries(lived_in)) == 1
    yield lived_in
    processes.run(ENTRIES, lived_in.data, "delete")
    light.restore(lived_in)


def _seed(machine: Machine) -> None:
    """Where this home has its seed; made by the first look, as by the first offer."""
    processes.run(READ, machine.data)


def entries(machine: Machine) -> list[str]:
    """What the keyring holds for this home, asked for without our code."""
    return processes.run(ENTRIES, machine.data).split()


def session(**more: str) -> dict[str, str]:
    """The person's bus, which the keyring is on."""
    return {"DBUS_SESSION_BUS_ADDRESS": os.environ["DBUS_SESSION_BUS_ADDRESS"], **more}


def purge(machine: Machine, *arguments: str, code: int = 0, **more: str) -> str:
    return machine.run("--uninstall", "--purge", *arguments, code=code, **session(**more))


def at_a_terminal(machine: Machine, *answers: tuple[str, str]) -> tuple[int, str]:
    command = machine.command("--uninstall", "--purge")
    return on_a_terminal(command, machine.environ(**session()), answers)


def is_gone(machine: Machine) -> bool:
    """Nothing of the r-button is in the home, and nothing in the keyring."""
    files = {path for path in machine.tree() if not (machine.home / path).is_dir()}
    return not files and not machine.data.exists() and not machine.config.exists()


def test_what_will_be_lost_is_told_and_a_word_must_be_typed(machine: Machine) -> None:
    before = machine.tree()
    for answer in ("yes", "", "PURGE!"):
        code, screen = at_a_terminal(machine, (COPY, "n"), (ASKED, answer))
        assert code == 1
        assert "Nothing was removed." in screen
    assert f"your terms: {machine.config / 'terms.toml'}" in screen
    assert f"your agreements: {machine.data / 'ledger.sqlite3'}" in screen
    assert "In force: 1. Ever offered: 8." in screen
    assert f"the entry “rbutton” of {machine.data} in your keyring" in screen
    assert machine.tree() == before
    assert len(entries(machine)) == 1
    code, screen = at_a_terminal(machine, (COPY, "n"), (ASKED, "purge"))
    assert code == 0
    for folder in (machine.config, machine.data):
        assert f"Removed: {folder}, with" in screen.replace("\r", "")
    assert f"Removed: the entry “rbutton” of {machine.data}" in screen
    assert is_gone(machine)
    assert entries(machine) == []


def test_a_copy_is_kept_first_and_can_be_taken_in_again(machine: Machine, tmp_path: Path) -> None:
    copy = tmp_path / "copy of ⊂"
    word = homes.PASSPHRASE
    code, screen = at_a_terminal(
        machine,
        (COPY, "y"),
        (NAME, str(copy)),
        ("Passphrase:", word),
        ("The same again:", word),
        (ASKED, "purge"),
    )
    assert code == 0, screen
    assert is_gone(machine)
    contents = homes.opened(copy).contents
    assert contents.seed
    assert b'dnt = "off"' in (contents.terms or b"")
    assert contents.tail.records > 8


def test_without_a_copy_that_was_wanted_nothing_is_removed(
    machine: Machine, tmp_path: Path
) -> None:
    before = machine.tree()
    # What is no answer is asked again: it may be the name of a file, given too early.
    keep = (COPY, "copy"), (COPY, "y")
    copy = (NAME, str(tmp_path / "copy"))
    code, screen = at_a_terminal(machine, *keep, copy, ("Passphrase:", "a"), ("again:", "b"))
    assert code == 1
    assert "There is no copy, and nothing was removed." in screen
    assert at_a_terminal(machine, *keep, (NAME, ""))[0] == 1
    code, screen = at_a_terminal(machine, *keep, (NAME, str(machine.data / "copy")))
    assert code == 1
    assert "would be in a folder that is removed" in screen
    assert machine.tree() == before
    assert len(entries(machine)) == 1


def test_without_a_terminal_it_says_what_to_do(machine: Machine) -> None:
    before = machine.tree()
    said = purge(machine, code=2)
    assert f"'{machine.data}/bin/rbutton' export FILE" in said
    assert "--yes" in said
    assert machine.tree() == before
    assert "In force: 1. Ever offered: 8." in purge(machine, "--yes")
    assert is_gone(machine)
    assert entries(machine) == []
    assert "Nothing of yours is here." in purge(machine)


def test_after_an_uninstall_what_stayed_goes(machine: Machine) -> None:
    """The r-button's own code is made ready again for that: the environment is put there here."""
    env = next(machine.data.glob("env-*"))
    kept = machine.root / env.name
    shutil.copytree(env, kept, symlinks=True)
    machine.run("--uninstall")
    said = purge(machine, code=2)
    assert said.index("install_host.py") < said.index("export FILE")
    kept.rename(env)
    said = purge(machine, "--yes")
    assert "In force: 1. Ever offered: 8." in said
    assert "uninstalled" not in said
    assert is_gone(machine)
    assert entries(machine) == []


def test_without_the_r_buttons_code_the_rest_goes_and_the_entry_is_told(machine: Machine) -> None:
    """No network, nothing installed: neither counting nor the keyring can be had."""
    machine.run("--uninstall")
    index = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    said = purge(
        machine, "--yes", code=1, **index, PIP_RETRIES="0", PIP_FIND_LINKS="", PIP_NO_INDEX="0"
    )
    assert "They could not be counted." in said
    assert f"secret-tool clear service rbutton username '{machine.data}'" in said
    assert is_gone(machine)
    assert len(entries(machine)) == 1


def test_a_keyring_that_is_gone_is_told_with_what_to_type(machine: Machine) -> None:
    said = purge(machine, "--yes", code=1, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    assert "Your keyring refused" in said
    assert f"secret-tool clear service rbutton username '{machine.data}'" in said
    assert f"Removed: {machine.config}" in said
    assert is_gone(machine)
    assert len(entries(machine)) == 1


LOCKED = """
import sys
from rbutton.cli import seed_entry
from rbutton.person import seed
seed.KEYRING_SECONDS = 1.0
sys.exit(seed_entry.main())
"""


def test_a_locked_keyring_keeps_its_entry(tmp_path: Path) -> None:
    """In a session of its own, where nobody answers its prompt; the wait for one is shortened."""
    run, data = tmp_path / "run", tmp_path / "data" / "rbutton"
    run.mkdir(mode=0o700)
    data.mkdir(parents=True, mode=0o700)
    unlock = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
    start = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"

    def session(before: str, code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        command = ["dbus-run-session", "--", "sh", "-c", f'{before}; exec "$@"', "sh"]
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(data.parent)}
        return subprocess.run(
            [*command, sys.executable, "-P", "-c", code, *map(str, arguments)],
            env={**os.environ, **home, "XDG_RUNTIME_DIR": str(run)},
            input="\n",
            capture_output=True,
            check=False,
            text=True,
        )

    assert session(unlock, READ, data).returncode == 0
    locked = session(start, LOCKED)
    assert locked.returncode == 3
    assert "Your keyring refused" in locked.stderr or "did not answer" in locked.stderr
    assert len(session(unlock, ENTRIES, data).stdout.split()) == 1
    assert session(unlock, LOCKED).stdout == "removed\n"
    assert session(unlock, ENTRIES, data).stdout == ""
    assert session(unlock, LOCKED).stdout == "none\n"


def test_a_host_that_runs_is_not_cut_off(machine: Machine) -> None:
    """It would write again into what is removed."""
    before = machine.tree()
    host = machine.host()
    try:
        host.hello()
        assert "Close the browser" in purge(machine, "--yes", code=1)
        # What a host puts beside the terms as it starts may come late.
        assert machine.tree() - {SCHEMA} == before - {SCHEMA}
        assert len(entries(machine)) == 1
    finally:
        host.end()


def test_what_is_not_the_r_buttons_stays_and_is_named(machine: Machine) -> None:
    theirs = machine.home / "dotfiles.toml"
    (machine.config / "terms.toml").replace(theirs)
    (machine.config / "terms.toml").symlink_to(theirs)
    (machine.data / "notes").write_text("mine")
    said = purge(machine, "--yes", code=1)
    assert (machine.data / "notes").read_text() == "mine"
    assert "What else is in there stays: notes" in said
    assert f"what it led to is still there, {theirs}" in said
    assert not machine.config.exists()
    assert [path.name for path in machine.data.iterdir()] == ["notes"]


def test_what_cannot_be_removed_is_told(machine: Machine) -> None:
    """Folders that are in the way of files; what can be removed is."""
    for name in ("seed.lock", "seed.json"):
        (machine.data / name).unlink(missing_ok=True)
        (machine.data / name).mkdir()
    said = purge(machine, "--yes", code=1)
    assert f"{machine.data / 'seed.lock'} could not be removed" in said
    assert f"{machine.data / 'seed.json'} could not be removed" in said
    assert not machine.config.exists()
    assert entries(machine) == []


def test_in_one_folder_the_keyring_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    own = machine.home / "own"
    own.mkdir(mode=0o700)
    homes.busy_home(own)
    env = next(machine.data.glob("env-*"))
    shutil.copytree(env, own / env.name, symlinks=True)
    machine.run("--uninstall")
    machine.run(RBUTTON_HOME=str(own))
    said = purge(machine, "--yes", RBUTTON_HOME=str(own))
    assert "In force: 1." in said
    assert "keyring" not in said
    assert not own.exists()
    assert (machine.config / "terms.toml").exists()
    assert len(entries(machine)) == 1
