"""The seed: made once, found again, in the real keyring or in a file, never moved or made anew."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.seed import Seed
from rbutton.person.seed_place import IN_A_FILE, SeedPlace
from rbutton.terms.encoding import b64u
from tests import processes, session

READ = """
import sys
from pathlib import Path
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.seed import Seed
from rbutton.person.seed_place import SeedPlace
folder = Path(sys.argv[1])
home = Home(folder, folder, portable=False)
seed = Seed(home)
if len(sys.argv) > 2:
    # Slow to import: done before the start, so that the processes meet at the keyring.
    import keyring.backends.SecretService, secretstorage
input()
try:
    print(seed.read().hex(), SeedPlace(home).notice())
except PersonError as error:
    print("refused:", error.code, error.message, error.fix)
"""

ENTRIES = """
import secretstorage, sys
from contextlib import closing
with closing(secretstorage.dbus_init()) as bus:
    for item in secretstorage.search_items(bus, {"service": "rbutton", "username": sys.argv[1]}):
        print(item.get_secret().decode())
        if len(sys.argv) > 2:
            item.delete()
"""

NOWHERE = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home that is not portable, so that the keyring is used."""
    return tmp_path


def entries(folder: Path, *, delete: bool = False) -> list[str]:
    """What the keyring holds for this home, asked for without our code."""
    return processes.run(ENTRIES, folder, *(["delete"] if delete else [])).split()


def test_a_portable_home_keeps_its_seed_in_a_file(tmp_path: Path) -> None:
    """32 bytes, readable by the person alone, the same each time; there is nothing to tell."""
    seed = Seed(Home.in_one_folder(tmp_path))
    assert SeedPlace(Home.in_one_folder(tmp_path)).notice() is None
    first = seed.read()
    assert len(first) == 32
    assert Seed(Home.in_one_folder(tmp_path)).read() == first
    assert (tmp_path / "seed").read_text().strip() == b64u(first)
    assert (tmp_path / "seed").stat().st_mode & 0o777 == 0o600
    assert SeedPlace(Home.in_one_folder(tmp_path)).notice() is None


def test_a_portable_home_leaves_the_keyring_alone(tmp_path: Path) -> None:
    """A demo or a stick leaves nothing behind on the machine."""
    Seed(Home.in_one_folder(tmp_path)).read()
    assert entries(tmp_path) == []


def test_the_keyring_holds_the_seed_under_the_homes_name(folder: Path) -> None:
    """Made once, found by the next process, in one entry that names the home; no file has it."""
    first = processes.run(READ, folder)
    assert processes.run(READ, folder) == first
    value, _, notice = first.strip().partition(" ")
    assert notice == "None"
    assert entries(folder) == [b64u(bytes.fromhex(value))]
    assert not (folder / "seed").exists()
    assert json.loads((folder / "seed.json").read_text())["place"] == "keyring"
    assert value not in (folder / "seed.json").read_text()


def test_two_homes_have_two_seeds(folder: Path) -> None:
    """Two people's or two profiles' agreements are nobody else's."""
    one, two = folder / "one", folder / "two"
    one.mkdir()
    two.mkdir()
    assert processes.run(READ, one) != processes.run(READ, two)


@pytest.mark.parametrize("env", [None, NOWHERE], ids=["keyring", "file"])
def test_hosts_that_start_at_once_make_one_seed(folder: Path, env: dict[str, str] | None) -> None:
    """Two browsers open their first ⊃ site together."""
    told = processes.at_once(READ, [[folder, "ready"]] * 6, env=env)
    assert len(set(told)) == 1
    assert len(bytes.fromhex(told[0].split()[0])) == 32


def test_without_a_keyring_it_is_a_file_and_the_person_is_told(folder: Path) -> None:
    """Chosen once, recorded, and said."""
    first = processes.run(READ, folder, env=NOWHERE)
    value, _, notice = first.strip().partition(" ")
    assert notice == IN_A_FILE
    assert (folder / "seed").stat().st_mode & 0o777 == 0o600
    assert json.loads((folder / "seed.json").read_text())["place"] == "file"
    # A keyring that comes later changes nothing silently.
    assert processes.run(READ, folder) == first
    assert entries(folder) == []
    assert b64u(bytes.fromhex(value)) == (folder / "seed").read_text().strip()


def test_a_keyring_that_is_gone_later_is_an_error_and_no_new_seed(folder: Path) -> None:
    """A new seed would quietly lose the person's earlier agreements."""
    first = processes.run(READ, folder)
    told = processes.run(READ, folder, env=NOWHERE)
    assert told.startswith("refused: seed Your keyring")
    assert not (folder / "seed").exists()
    assert processes.run(READ, folder) == first


BUS = "org.freedesktop.DBus"
#: $1 and more: what reads. The keyring stands still, is asked, and dies before it could answer.
DIES = f"""
echo go | "$@" || exit
owner="/ {BUS}.GetConnectionUnixProcessID string:org.freedesktop.secrets"
daemon=$(dbus-send --session --print-reply=literal --dest={BUS} $owner | awk '{{print $2}}')
kill -STOP $daemon
dbus-monitor --session "member='Get',interface='{BUS}.Properties'" > asked & watch=$!
tail -f -n +1 --pid=$watch asked | grep -q -m1 member=NameLost
echo go | "$@" & reads=$!
tail -f -n +1 --pid=$reads asked | grep -q -m1 member=Get
kill -KILL $daemon
wait $reads
kill $watch
"""


def test_a_keyring_that_ends_when_it_is_asked_is_asked_again(tmp_path: Path) -> None:
    """The next call starts another one: the person has nothing to do, and nothing is lost."""
    folder, run = tmp_path / "home", tmp_path / "run"
    for each in (folder, run):
        each.mkdir(mode=0o700)
    told = subprocess.run(
        [
            *session.running(tmp_path / "session"),
            *["sh", "-c", DIES, "sh", sys.executable, "-P", "-c", READ, str(folder)],
        ],
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(run)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=processes.PATIENCE,
    ).stdout.splitlines()
    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0].endswith(" None")


def test_an_entry_that_is_gone_is_an_error_and_no_new_seed(folder: Path) -> None:
    """Somebody tidied the keyring: the person is told what is missing, by its name."""
    processes.run(READ, folder)
    assert len(entries(folder, delete=True)) == 1
    told = processes.run(READ, folder)
    assert told.startswith("refused: seed Your keyring no longer has the entry")
    assert str(folder) in told
    assert "backup" in told
    assert entries(folder) == []


def test_a_crash_before_the_record_finds_the_keyrings_seed_again(folder: Path) -> None:
    """The keyring took the seed, the note of it was not written: it is that seed."""
    first = processes.run(READ, folder)
    (folder / "seed.json").unlink()
    assert processes.run(READ, folder) == first


def test_a_seed_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """With the line to type that mends it; then it is used again."""
    seed = Seed(Home.in_one_folder(tmp_path))
    first = seed.read()
    for mode in (0o640, 0o604, 0o622):
        (tmp_path / "seed").chmod(mode)
        with pytest.raises(PersonError, match="can be read by others") as caught:
            seed.read()
        assert "chmod 600" in caught.value.fix
    (tmp_path / "seed").chmod(0o600)
    assert seed.read() == first


SPOILED: dict[str, Callable[[Path], object]] = {
    "cut": lambda home: (home / "seed").write_text("AAAA\n"),
    "empty": lambda home: (home / "seed").write_text(""),
    "not text": lambda home: (home / "seed").write_bytes(b"\xff" * 32),
    "gone": lambda home: (home / "seed").unlink(),
    "record cut": lambda home: (home / "seed.json").write_text('{"place": "fi'),
    "record of something else": lambda home: (home / "seed.json").write_text("[]"),
    "record without a place": lambda home: (home / "seed.json").write_text("{}"),
    "record not text": lambda home: (home / "seed.json").write_bytes(b"\xff"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_seed_is_told_and_never_made_anew(tmp_path: Path, how: str) -> None:
    """What is damaged stays as it is, for a backup to mend."""
    seed = Seed(Home.in_one_folder(tmp_path))
    seed.read()
    SPOILED[how](tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(PersonError) as caught:
        seed.read()
    assert caught.value.code == "seed"
    assert "backup" in caught.value.fix
    assert SeedPlace(Home.in_one_folder(tmp_path)).notice() is None
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
