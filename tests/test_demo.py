"""`install_host.py --demo`: one real negotiation, and nothing of the person's touched."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.terms.encoding import b64u, from_b64u
from tests.machine import PATIENCE, Machine, contents


@dataclass(frozen=True)
class Played:
    """A demo that is over."""

    machine: Machine
    code: int
    out: str
    told: str

    @property
    def result(self) -> Any:
        """What a program reads: the last line of standard output."""
        return json.loads(self.out.splitlines()[-1])


def play(machine: Machine, **environ: str) -> Played:
    """Plays the demo as a program would have it."""
    done = subprocess.run(
        machine.command("--demo", "--headless", "--json"),
        cwd=machine.root,
        env=surroundings(machine, **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        encoding="utf-8",
    )
    return Played(machine, done.returncode, done.stdout, done.stderr)


def surroundings(machine: Machine, **more: str) -> dict[str, str]:
    """The person's own session: bus, keyring and all."""
    bus = {"DBUS_SESSION_BUS_ADDRESS": os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")}
    return machine.environ(**bus, TMPDIR=str(temporary(machine)), **more)


def temporary(machine: Machine) -> Path:
    """Where the machine's programs put what they do not keep."""
    return machine.root / "tmp"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with the real Chromium, and a person who has an r-button of their own."""
    machine = Machine(tmp_path_factory.mktemp("demo"))
    machine.set_up()
    (machine.root / "bin" / "chromium").unlink()
    temporary(machine).mkdir()
    for theirs in (
        machine.config / "terms.toml",
        machine.data / "ledger.sqlite3",
        machine.manifest(),
        machine.home / ".config" / "chromium" / "Local State",
    ):
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_text("theirs")
    return machine


@pytest.fixture(scope="module")
def played(machine: Machine) -> Played:
    """A demo that was played to its end."""
    return play(machine)


def test_it_ends_with_one_agreement_that_anyone_can_verify(played: Played) -> None:
    """Checked with another implementation of JWS than ours."""
    assert played.code == 0, played.told
    assert played.out.count("\n") == 1
    result = played.result
    assert result["state"] == "active"
    assert result["browser"].startswith("chromium ")
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


def test_the_picture_is_of_the_popup(played: Played) -> None:
    picture = Path(played.result["screenshot"]).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width = int.from_bytes(picture[16:20])
    height = int.from_bytes(picture[20:24])
    assert 600 <= width <= 1000, "twice the width of a popup"
    assert height > 600


def test_each_step_is_told(played: Played) -> None:
    steps = [
        "The browser: Chromium",
        "A demo shop opened",
        "Starting Chromium",
        "has found its host",
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
    outside = {path for path in theirs if not path.startswith(".cache/rbutton/demo/")}
    assert len(outside) == 4
    assert list(temporary(played.machine).iterdir()) == []


def test_a_browser_that_does_not_start_is_told_in_its_own_words(
    played: Played, tmp_path: Path
) -> None:
    fake = tmp_path / "chromium"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && exit\necho "cannot do it" >&2; exit 1\n')
    fake.chmod(0o755)
    failed = play(played.machine, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert failed.code == 3
    assert failed.result["state"] == "failed"
    assert failed.result["error"] == "Chromium did not start. It said: cannot do it"
    assert list(temporary(played.machine).iterdir()) == []


def test_without_chromium_and_without_apt_it_says_what_to_do(
    played: Played, tmp_path: Path
) -> None:
    failed = play(played.machine, PATH=str(tmp_path))
    assert failed.code == 3
    assert failed.result["state"] == "failed"
    assert "chromium" in failed.result["error"]


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """An X display that nobody looks at."""
    reads, writes = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-nolisten", "tcp"],
        pass_fds=[writes],
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writes)
        with os.fdopen(reads) as pipe:
            number = pipe.readline().strip()
        yield f":{number}"
        server.terminate()


def test_with_a_screen_it_stays_open_until_ctrl_c(played: Played, screen: str) -> None:
    with subprocess.Popen(
        played.machine.command("--demo"),
        cwd=played.machine.root,
        env=surroundings(played.machine, DISPLAY=screen),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as demo:
        assert demo.stdout is not None
        told = ""
        while "Ctrl-C" not in told and (line := demo.stdout.readline()):
            told += line
        assert "The magnets closed" in told
        assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE) == 0
    assert list(temporary(played.machine).iterdir()) == []
