"""What the doctor finds of the person's own things: each broken for real; nothing is changed."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rbutton.finding import Finding
from rbutton.native import doctor as native_doctor
from rbutton.person import doctor
from rbutton.person.home import Home
from rbutton.shipped.roster import catalogue
from tests import homes
from tests.commands import rbutton
from tests.host_process import Host
from tests.host_process import host as start_host
from tests.machine import alone, contents

Break = Callable[[Home], object]


@pytest.fixture
def busy(tmp_path: Path) -> Home:
    """A home with an agreement of each kind."""
    return homes.busy_home(tmp_path / "home")


def look(home: Home) -> list[Finding]:
    return list(doctor.look(home, catalogue().documents))


def only(found: list[Finding]) -> Finding:
    """The one thing that is wrong; it says what to do, and is the person's to do."""
    (one,) = [one for one in found if one.severity != "ok"]
    assert one.fix
    assert not one.fixable
    return one


def test_all_is_well(busy: Home) -> None:
    before = contents(busy.data)
    assert [one.code for one in look(busy)] == ["terms", "seed", "ledger"]
    assert "records" in look(busy)[2].message
    assert contents(busy.data) == before


def test_before_the_first_run_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    found = look(Home.in_one_folder(tmp_path / "none"))
    assert [one.code for one in found] == ["terms-not-yet", "seed-not-yet", "ledger-not-yet"]
    assert not (tmp_path / "none").exists()


def _terms(change: Callable[[str], str]) -> Break:
    return lambda home: home.terms_file.write_text(change(home.terms_file.read_text()))


def _a_folder(name: str) -> Break:
    def put(home: Home) -> None:
        (home.data / name).unlink()
        (home.data / name).mkdir()

    return put


def _header(at: int, data: bytes) -> Break:
    def write(home: Home) -> None:
        with (home.data / "ledger.sqlite3").open("r+b") as file:
            file.seek(at)
            file.write(data)

    return write


def _sql(statement: str) -> Break:
    def run(home: Home) -> None:
        connection = sqlite3.connect(home.data / "ledger.sqlite3")
        connection.execute(statement)
        connection.commit()
        connection.close()

    return run


THINGS: dict[str, tuple[str, Break, str, str]] = {
    "a word that is none": (
        "terms-mistake",
        _terms(lambda text: text.replace('gpc = "on"', 'gpc = "maybe"')),
        "line 8",
        '"off"',
    ),
    "no TOML": ("terms-mistake", _terms(lambda text: text + "\n[[["), "not TOML", "Mend"),
    "not text": (
        "terms-mistake",
        lambda home: home.terms_file.write_bytes(b"\n\n\xff"),
        "line 3",
        "UTF-8",
    ),
    "terms are a folder": ("terms-mistake", _a_folder("terms.toml"), "terms.toml", "readable"),
    "terms gone": ("terms-missing", lambda home: home.terms_file.unlink(), "missing", "last-good"),
    "seed gone": ("seed-gone", lambda home: (home.data / "seed").unlink(), "seed", "backup"),
    "seed cut": ("seed-damaged", lambda home: os.truncate(home.data / "seed", 9), "seed", "backup"),
    "seed a folder": ("seed-damaged", _a_folder("seed"), "seed", "backup"),
    "seed open": ("seed-open", lambda home: (home.data / "seed").chmod(0o644), "seed", "chmod 600"),
    "its place unknown": (
        "seed-place-unreadable",
        lambda home: (home.data / "seed.json").write_text("[]"),
        "seed.json",
        "backup",
    ),
    "ledger a folder": ("ledger-unreadable", _a_folder("ledger.sqlite3"), "ledger", "file"),
    "no ledger": ("ledger-damaged", _header(0, b"Not a ledger"), "no ledger", "import"),
    "of a later version": ("ledger-newer", _sql("PRAGMA user_version = 9"), "newer", "newer"),
    "of no version": ("ledger-damaged", _sql("PRAGMA user_version = 0"), "no ledger", "import"),
    "a record changed": (
        "ledger-damaged",
        _sql("UPDATE record SET at = '2020-01-01T00:00:00Z' WHERE seq = 3"),
        "Record 3 of your ledger",
        "import",
    ),
    "a record gone": (
        "ledger-damaged",
        _sql("DELETE FROM record WHERE seq = 2"),
        "Record 2 of your ledger",
        "import",
    ),
    "cut": (
        "ledger-damaged",
        lambda home: os.truncate(home.data / "ledger.sqlite3", 5_000),
        "",
        "import",
    ),
}


@pytest.mark.parametrize("how", THINGS)
def test_a_thing(busy: Home, how: str) -> None:
    code, break_it, told, fix = THINGS[how]
    shutil.copy(busy.terms_file, busy.last_good)
    break_it(busy)
    before = contents(busy.data)
    found = only(look(busy))
    assert found.code == code
    assert found.severity == "problem"
    assert told in found.message
    assert fix in (found.fix or "")
    assert contents(busy.data) == before


def test_a_ledger_that_another_program_holds(busy: Home) -> None:
    holding = sqlite3.connect(busy.data / "ledger.sqlite3", isolation_level=None)
    holding.execute("BEGIN EXCLUSIVE")
    try:
        assert only(look(busy)).code == "ledger-busy"
    finally:
        holding.close()


def test_a_ledger_that_cannot_be_written_to(busy: Home) -> None:
    script = f"""set -e
mount --bind '{busy.data}' '{busy.data}'
mount -o remount,bind,ro '{busy.data}'
exec "$@" """
    done = rbutton(
        busy.data, "doctor", "--json", before=["unshare", "--mount", "sh", "-c", script, "sh"]
    )
    found = {one["code"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert str(busy.data) in found["ledger-read-only"]["message"]
    assert found["ledger"]["severity"] == "ok", "it can still be read"
    assert "read-only" in found


def test_a_long_ledger_is_checked_as_far_as_time_allows(
    busy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LEDGER_SECONDS", -1.0)
    found = look(busy)[2]
    assert found.severity == "ok"
    assert "rbutton verify" in found.message


# The keyring. The host keeps the seed there; `doctor` is run in the same session, or in another.

_KEEP = """
import sys
from pathlib import Path
from rbutton.person.home import Home
from rbutton.person.seed import Seed
folder = Path(sys.argv[1])
Seed(Home(folder, folder, portable=False)).read()
"""
_LOOK = """
import json, sys
from pathlib import Path
from rbutton.person import doctor
from rbutton.person.home import Home
folder = Path(sys.argv[1])
doctor.KEYRING_SECONDS = float(sys.argv[2])
for one in doctor.look(Home(folder, folder, portable=False), []):
    print(json.dumps(one.members()))
"""
_OFFER = """
import sys
from pathlib import Path
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.seed import Seed
folder = Path(sys.argv[1])
try:
    Seed(Home(folder, folder, portable=False)).read()
except PersonError as error:
    print(error.message)
    print(error.fix)
"""
_UNLOCK = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home that is not portable, and beside it the login keyring that holds its seed."""
    home = tmp_path / "rbutton"
    home.mkdir(mode=0o700)
    session(home, f'{_UNLOCK}; "$1" -c "$2" "$4"')
    assert json.loads((home / "seed.json").read_text())["place"] == "keyring"
    return home


def session(home: Path, script: str, *, seconds: float = 60.0) -> str:
    """Runs a script in a D-Bus session of its own: $1 Python, $2 keep, $3 look, $4 the home."""
    run = home.parent / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    # Nobody is there to answer a prompt.
    screens = {"DISPLAY", "WAYLAND_DISPLAY"}
    screenless = {name: value for name, value in os.environ.items() if name not in screens}
    return subprocess.run(
        [
            *["dbus-run-session", "--", "sh", "-c", script, "sh"],
            *[sys.executable, _KEEP, _LOOK, str(home), str(seconds)],
        ],
        env={**screenless, "HOME": str(home.parent), "XDG_RUNTIME_DIR": str(run)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def seeds(told: str) -> dict[str, Any]:
    """What was said of the seed: the second finding."""
    found: dict[str, Any] = json.loads(told.splitlines()[1])
    return found


LOOK = '"$1" -c "$3" "$4" "$5"'


def test_a_keyring_that_is_open(folder: Path) -> None:
    assert seeds(session(folder, f"{_UNLOCK}; {LOOK}"))["code"] == "seed"


def test_a_keyring_that_is_locked_is_left_so_and_asks_nobody(folder: Path) -> None:
    started = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"
    watch = "dbus-monitor --session \"interface='org.freedesktop.Secret.Prompt'\" > prompts &"
    found = seeds(session(folder, f"cd '{folder}'; {watch} {started}; {LOOK}; kill $!"))
    assert (found["code"], found["severity"]) == ("keyring-locked", "problem")
    assert "Unlock it" in found["fix"]
    assert "member=Prompt" not in (folder / "prompts").read_text()


def test_a_keyring_that_never_answers(folder: Path) -> None:
    """A daemon that was stopped in the middle of its life."""
    ask = "dbus-send --session --print-reply=literal --dest="
    script = (
        f"{ask}org.freedesktop.secrets / org.freedesktop.DBus.Peer.Ping >/dev/null; "
        f"daemon=$({ask}org.freedesktop.DBus / org.freedesktop.DBus.GetConnectionUnixProcessID "
        "string:org.freedesktop.secrets | awk '{print $2}'); "
        f"kill -STOP $daemon; {LOOK}; kill -KILL $daemon"
    )
    found = seeds(session(folder, script, seconds=1.0))
    assert (found["code"], found["severity"]) == ("keyring-silent", "problem")
    assert "log out and in" in found["fix"]


def test_a_keyring_that_is_not_there(folder: Path) -> None:
    found = seeds(session(folder, f"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent {LOOK}"))
    assert (found["code"], found["severity"]) == ("keyring-absent", "problem")
    assert "Start it" in found["fix"]


_DELETE = """
import secretstorage
from contextlib import closing
with closing(secretstorage.dbus_init()) as bus:
    for item in list(secretstorage.search_items(bus, {"service": "rbutton"})):
        item.%s
"""


@pytest.mark.parametrize(
    ("change", "code"), [("delete()", "seed-gone"), ("set_secret(b'x')", "seed-damaged")]
)
def test_an_entry_that_is_gone_or_spoiled(folder: Path, change: str, code: str) -> None:
    path = folder / "change.py"
    path.write_text(_DELETE % change)
    found = seeds(session(folder, f"{_UNLOCK}; \"$1\" '{path}'; {LOOK}"))
    assert found["code"] == code
    assert "backup" in found["fix"]


_REFUSES = """
from jeepney import MessageType, message_bus, new_error
from jeepney.io.blocking import Proxy, open_dbus_connection
bus = open_dbus_connection("SESSION")
Proxy(message_bus, bus).RequestName("org.freedesktop.secrets")
print("ready", flush=True)
while True:
    message = bus.receive()
    if message.header.message_type == MessageType.method_call:
        bus.send(new_error(message, "com.example.Broken", "s", ("not today",)))
"""
_REFUSING = (
    "cd '{}'; mkfifo ready; \"$1\" refuses.py > ready & service=$!; read _ < ready; "
    f"{LOOK}; kill $service"
)


def test_a_keyring_that_answers_with_an_error(folder: Path) -> None:
    """One made for this: a small service of the tests under the name of the real one."""
    (folder / "refuses.py").write_text(_REFUSES)
    found = seeds(session(folder, _REFUSING.format(folder)))
    assert (found["code"], found["severity"]) == ("keyring-refuses", "problem")
    assert "not today" in found["detail"]


def test_another_kind_of_keyring_is_not_asked(folder: Path) -> None:
    backend = {"place": "keyring", "backend": "keyring.backends.kwallet.DBusKeyring"}
    (folder / "seed.json").write_text(json.dumps(backend))
    found = seeds(session(folder, LOOK))
    assert (found["code"], found["severity"]) == ("keyring-not-asked", "ok")
    assert "kwallet" in found["message"]


# Before the first offer.


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A home that is not portable, and has no seed yet."""
    home = tmp_path / "rbutton"
    home.mkdir(mode=0o700)
    return home


def test_where_there_is_no_keyring_the_seed_goes_to_a_file(new: Path) -> None:
    found = seeds(session(new, f"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent {LOOK}"))
    assert (found["code"], found["severity"]) == ("seed-not-yet", "ok")


def test_a_keyring_that_nobody_made_is_told_before_an_offer_fails(new: Path) -> None:
    """Nobody logged in with a password, and no screen is there to ask on; the offer says so too."""
    (new / "offer.py").write_text(_OFFER)
    found, *offer = session(
        new, f'{LOOK} | sed -n 2p; cd \'{new}\'; "$1" offer.py "$4"'
    ).splitlines()
    first = json.loads(found)
    assert (first["code"], first["severity"]) == ("keyring-empty", "warning")
    assert "your first offer" in first["message"].lower()
    message, fix = offer
    assert "could not ask you" in message
    assert "InitError" not in message
    for advice in (fix, first["fix"]):
        assert "log in with your password" in advice
    assert "press the button again" in fix
    assert not (new / "seed.json").exists()


def test_a_locked_keyring_is_told_before_the_first_offer(new: Path) -> None:
    assert seeds(session(new, f"{_UNLOCK}; {LOOK}"))["code"] == "seed-not-yet"
    started = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"
    found = seeds(session(new, f"{started}; {LOOK}"))
    assert (found["code"], found["severity"]) == ("keyring-locked", "warning")
    assert "first offer will ask you" in found["message"]


def test_a_keyring_that_refuses_is_told_before_the_first_offer(new: Path) -> None:
    (new / "refuses.py").write_text(_REFUSES)
    found = seeds(session(new, _REFUSING.format(new)))
    assert (found["code"], found["severity"]) == ("keyring-refuses", "problem")


def test_a_seed_in_a_file_for_want_of_a_keyring_is_said(tmp_path: Path) -> None:
    homes.home_in(tmp_path / "home")
    one = Home(tmp_path / "home", tmp_path / "home", portable=False)
    (found,) = [one for one in look(one) if one.severity != "ok"]
    assert (found.code, found.severity) == ("seed-in-a-file", "warning")
    assert (found.fix or "").startswith("Nothing has to be done.")


# Asked for by the extension.


@pytest.fixture
def host(busy: Home) -> Iterator[Host]:
    with start_host("--home", busy.data, before=alone()) as one:
        one.hello()
        yield one


def test_the_host_tells_the_extension(host: Host, busy: Home) -> None:
    """It was never installed there, which it says; nothing of browsers."""
    found = host.result("doctor")["findings"]
    assert [one["code"] for one in found] == [
        *["not-installed", "folders", "terms", "seed", "ledger"],
    ]
    assert found[0].keys() == {"code", "severity", "message", "fix", "fixable", "detail"}
    (busy.data / "ledger.sqlite3").write_bytes(b"no ledger")
    assert "ledger-damaged" in [one["code"] for one in host.result("doctor")["findings"]]


def test_a_slow_look_holds_up_nobody(host: Host, busy: Home) -> None:
    """A ledger that is held for a while: another request is answered meanwhile."""
    holding = sqlite3.connect(busy.data / "ledger.sqlite3", isolation_level=None)
    holding.execute("BEGIN EXCLUSIVE")
    number = host.send("doctor")
    host.result("set", key="signals.dnt", value="off")
    holding.close()
    answer = host.frame(lambda frame: frame.get("re") == number)
    assert "ledger" in [one["code"] for one in answer["result"]["findings"]]


def test_a_look_that_takes_too_long_is_cut_short(
    busy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_doctor, "SECONDS", 0.5)
    holding = sqlite3.connect(busy.data / "ledger.sqlite3", isolation_level=None)
    holding.execute("BEGIN EXCLUSIVE")
    try:
        found = native_doctor.findings(busy, catalogue().documents)
    finally:
        holding.close()
    assert "unfinished" in [one["code"] for one in found]
    assert "ledger" not in [one["code"] for one in found]


def test_the_request_takes_no_members(host: Host) -> None:
    assert host.error("doctor", browser="chromium")["code"] == "malformed"


# As a person runs it.


def test_the_command_has_both_lists_in_one(busy: Home) -> None:
    """Nothing is installed under this home: that comes first, and is the exit code."""
    done = rbutton(busy.data, "doctor", before=alone())
    assert done.returncode == 3
    assert done.stdout.startswith("✗ The r-button is not installed for you")
    assert "✓ Your ledger is whole" in done.stdout
    assert "✓ Your terms have no mistake" in done.stdout
    assert "Not looked at" not in done.stdout


def test_fix_leaves_what_is_the_persons(busy: Home) -> None:
    (busy.data / "ledger.sqlite3").write_bytes(b"no ledger")
    busy.terms_file.write_text("dnt = ")
    busy.data.chmod(0o755)
    before = contents(busy.data)
    done = rbutton(busy.data, "doctor", "--fix", "--json")
    assert done.stderr.count("Mended: ") == 1
    codes = [json.loads(line)["code"] for line in done.stdout.splitlines()]
    assert {"terms-mistake", "ledger-damaged"} < set(codes)
    assert "folder-open" not in codes
    assert contents(busy.data) == before
