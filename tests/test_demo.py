"""`install_host.py --demo`: one real negotiation, and nothing of the person's touched."""

import hashlib
import json
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.terms.encoding import b64u, from_b64u
from tests.machine import PATIENCE, Machine, contents, write_program
from tests.processes import running

TITLES = {"chromium": "Chromium", "firefox": "Firefox"}
"""The browsers the demo plays in."""

POPUP = 600
"""As high as either lets a popup be, in its own pixels; what is higher scrolls."""

LARGE = {
    "chromium": """
for each; do
    case $each in --user-data-dir=*) profile=${each#*=}/Default;; esac
done
if [ "$profile" ]; then
    mkdir "$profile"
    echo '{"webkit": {"webprefs": {"minimum_font_size": 24}}}' > "$profile/Preferences"
fi
exec /usr/bin/chromium "$@"
""",
    "firefox": """
for each; do
    if [ "$last" = --profile ]; then
        echo 'user_pref("font.minimum-size.x-western", 24);' >> "$each/user.js"
    fi
    last=$each
done
exec /usr/bin/firefox-esr "$@"
""",
}
"""The real ones, with letters so large that the popup scrolls."""

BROKEN = '[ "$1" = --version ] && exit\necho "cannot do it" >&2; exit 1'
"""A browser that does not start."""


@dataclass(frozen=True)
class Played:
    """A demo that is over."""

    machine: Machine
    browser: str
    code: int
    out: str
    told: str

    @property
    def result(self) -> Any:
        """What a program reads: the last line of standard output."""
        return json.loads(self.out.splitlines()[-1])


def command(machine: Machine, browser: str, *arguments: str) -> list[str]:
    """The command line that plays the demo in that browser."""
    return machine.command("--demo", "--browser", browser, *arguments)


def play(machine: Machine, browser: str, **environ: str) -> Played:
    """Plays the demo as a program would have it."""
    done = subprocess.run(
        command(machine, browser, "--headless", "--json"),
        cwd=machine.root,
        env=surroundings(machine, **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        encoding="utf-8",
    )
    return Played(machine, browser, done.returncode, done.stdout, done.stderr)


def surroundings(machine: Machine, **more: str) -> dict[str, str]:
    """The person's own session: bus, keyring and all."""
    bus = {"DBUS_SESSION_BUS_ADDRESS": os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")}
    return machine.environ(**bus, TMPDIR=str(temporary(machine)), **more)


def temporary(machine: Machine) -> Path:
    """Where the machine's programs put what they do not keep."""
    return machine.root / "tmp"


def processes(folder: Path, word: str = "") -> list[int]:
    """The ids of the running processes whose command line has `folder` in it, and `word`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended just now
            told = entry.read_bytes().decode("utf-8", "replace")
            if f"{folder}/" in told and word in told:
                found.append(int(entry.parent.name))
    return found


def all_end(folder: Path) -> bool:
    """Whether the processes that have to do with `folder` end by themselves."""
    for process in processes(folder):
        with suppress(ProcessLookupError), os.fdopen(os.pidfd_open(process)) as handle:
            if not select.select([handle], [], [], 20)[0]:
                return False
    return True


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with real browsers, and a person who has an r-button of their own."""
    # Not pytest's folder: Chromium's socket lies below, and a socket's path has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="rbutton-") as folder:
        yield _machine(Path(folder))


def _machine(folder: Path) -> Machine:
    machine = Machine(folder)
    machine.set_up()
    for name, script in LARGE.items():
        write_program(machine.root / "bin" / name, script)
    temporary(machine).mkdir()
    for theirs in (
        machine.config / "terms.toml",
        machine.data / "ledger.sqlite3",
        machine.manifest("chromium"),
        machine.manifest("firefox"),
        machine.home / ".config" / "chromium" / "Local State",
        machine.home / ".config" / "mozilla" / "firefox" / "profiles.ini",
    ):
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_text("theirs")
    return machine


@pytest.fixture(scope="module", params=TITLES)
def played(request: pytest.FixtureRequest, machine: Machine) -> Played:
    """A demo that was played to its end."""
    return play(machine, request.param)


def test_it_ends_with_one_agreement_that_anyone_can_verify(played: Played) -> None:
    """Checked with another implementation of JWS than ours."""
    assert played.code == 0, played.told
    assert played.out.count("\n") == 1
    result = played.result
    assert result["state"] == "active"
    assert result["browser"].startswith(f"{played.browser} ")
    jws = result["agreement"]
    payload = from_b64u(jws["payload"])
    assert result["id"] == b64u(hashlib.sha256(payload).digest())
    agreement = json.loads(payload)
    keys = [JWK(**agreement[side]["jwk"]) for side in ("person", "site")]
    assert len(jws["signatures"]) == 2
    for key in keys:
        (signature,) = [each for each in jws["signatures"] if kid(each) == key.thumbprint()]
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps({"payload": jws["payload"], **signature}), key)
        assert token.is_valid


def kid(signature: dict[str, str]) -> str:
    """Which key a signature says it is by."""
    header: str = json.loads(from_b64u(signature["protected"]))["kid"]
    return header


def test_the_picture_is_of_the_whole_popup(played: Played) -> None:
    picture = Path(played.result["screenshot"]).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width = int.from_bytes(picture[16:20])
    height = int.from_bytes(picture[20:24])
    assert 600 <= width <= 1000, "twice the width of a popup"
    assert height > 2 * POPUP, "also what one has to scroll to"


def test_each_step_is_told(played: Played) -> None:
    steps = [
        f"The browser: {TITLES[played.browser]}",
        "A demo shop opened",
        f"Starting {TITLES[played.browser]}",
        "has found your agent",
        "announced that it takes terms",
        "offered your terms",
        "The shop signed them too",
        "The magnets closed",
        "The picture",
        "in your ledger and in the shop's store",
    ]
    places = [played.told.find(step) for step in steps]
    assert places == sorted(places), played.told
    assert -1 not in places, played.told


def test_nothing_of_the_persons_is_touched(played: Played) -> None:
    theirs = contents(played.machine.home)
    assert set(theirs.values()) - {b"theirs"} == {
        content for path, content in theirs.items() if path.startswith(".cache/")
    }
    outside = {
        path for path in theirs if not path.startswith((".cache/rbutton/demo/", ".cache/pip/"))
    }
    assert len(outside) == 6
    assert list(temporary(played.machine).iterdir()) == []


def test_a_browser_that_does_not_start_is_told_in_its_own_words(
    played: Played, tmp_path: Path
) -> None:
    write_program(tmp_path / played.browser, BROKEN)
    failed = play(played.machine, played.browser, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert failed.code == 3
    assert failed.result["state"] == "failed"
    assert failed.result["error"] == (
        f"{TITLES[played.browser]} did not start with the button in it: cannot do it"
    )
    assert list(temporary(played.machine).iterdir()) == []


def test_a_browser_that_dies_is_told_and_leaves_nothing(played: Played) -> None:
    with running(
        command(played.machine, played.browser, "--headless"),
        cwd=played.machine.root,
        env=surroundings(played.machine),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as demo:
        assert demo.stdout is not None
        while "has found your agent" not in demo.stdout.readline():
            assert demo.poll() is None
        for process in processes(temporary(played.machine), "/profile"):
            os.kill(process, signal.SIGKILL)
        told = demo.stdout.read()
        assert demo.wait(PATIENCE) == 1
    assert "failed, or was closed, before the demo was over" in told
    assert all_end(temporary(played.machine))
    assert list(temporary(played.machine).iterdir()) == []


def test_without_the_browser_and_without_apt_it_says_what_to_do(
    played: Played, tmp_path: Path
) -> None:
    failed = play(played.machine, played.browser, PATH=str(tmp_path))
    assert failed.code == 3
    assert failed.result["state"] == "failed"
    assert TITLES[played.browser] in failed.result["error"]


@pytest.mark.parametrize(
    ("here", "plays"),
    [({"chromium", "firefox"}, "Chromium"), ({"firefox"}, "Firefox"), (set(), "Chromium")],
    ids=["both", "firefox", "none"],
)
def test_unless_told_it_plays_in_what_is_here(
    machine: Machine, tmp_path: Path, here: set[str], plays: str
) -> None:
    for name in here:
        write_program(tmp_path / name, BROKEN)
    said = machine.run("--demo", "--headless", code=3, PATH=str(tmp_path))
    assert plays in said.splitlines()[-1 if here else 0]


def test_with_a_screen_it_stays_open_until_ctrl_c(played: Played, screen: str) -> None:
    with running(
        command(played.machine, played.browser),
        cwd=played.machine.root,
        env=surroundings(played.machine, DISPLAY=screen),
        stdout=subprocess.PIPE,
    ) as demo:
        assert demo.stdout is not None
        told = ""
        while "Ctrl-C" not in told and (line := demo.stdout.readline()):
            told += line
        assert "The magnets closed" in told
        assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE) == 0
    assert all_end(temporary(played.machine))
    assert list(temporary(played.machine).iterdir()) == []
