"""`rbutton agreements`: what a person and a program read of the ledger."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rbutton.terms import agreement
from rbutton.terms.encoding import time_text
from tests import ledgers
from tests.ledgers import FATES

NOW = datetime.now(UTC).replace(microsecond=0)
SEALED = {"https://signed.example", "https://withdrawn.example"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home after a first run, with nothing agreed."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "terms.toml").write_text("")
    return folder


@pytest.fixture
def busy(home: Path) -> Path:
    """A home with one agreement of each kind."""
    ledgers.one_of_each(home / "ledger.sqlite3", NOW)
    return home


def rbutton(home: Path | None, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a person does."""
    env = {**os.environ, "TZ": "UTC"}
    if home:
        env["RBUTTON_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-P", "-m", "rbutton.cli", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def listed(home: Path) -> list[Any]:
    """`rbutton agreements --json`, parsed line by line."""
    done = rbutton(home, "agreements", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_agreement_is_one_object_a_line(busy: Path) -> None:
    """In the order of their offer, with where it stands and since when."""
    made = {hours: NOW - timedelta(hours=hours) for hours in range(1, 11)}
    later = timedelta(seconds=5)
    states = [
        ("waiting", "proffered", made[10]),
        ("signed", "active", made[9] + later),
        ("declined", "declined", made[8] + later),
        ("refused", "refused", made[7] + later),
        ("silent", "unanswered", made[6] - timedelta(days=4) + timedelta(minutes=4)),
        ("stale", "unanswered", made[5] - timedelta(days=3) + timedelta(days=1)),
        ("withdrawn", "withdrawn", made[4] + timedelta(minutes=1)),
        ("taken-back", "withdrawn", made[3] + timedelta(minutes=1)),
    ]
    found = listed(busy)
    assert [(one["origin"], one["state"], one["since"]) for one in found] == [
        (f"https://{fate}.example", state, time_text(since)) for fate, state, since in states
    ]
    for one in found:
        assert one["terms"] == ["SD-BASE-DP"]
        assert one.keys() == {"origin", "id", "state", "terms", "since", "until", "jws"}


def test_the_jws_is_what_was_signed(busy: Path) -> None:
    """Anybody can verify it: the id follows from it, and only what the site signed is sealed."""
    for one in listed(busy):
        signed = agreement.read(json.dumps(one["jws"]).encode())
        assert signed.id == one["id"]
        assert signed.sealed is (one["origin"] in SEALED)
        assert signed.agreement.site.origin == one["origin"]


def test_the_table_is_for_reading(busy: Path) -> None:
    """Sites, states and titles in words, one line each under a heading."""
    done = rbutton(busy, "agreements")
    assert done.returncode == 0
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["SITE", "STATE", "SINCE", "TERMS"]
    assert len(lines) == len(FATES)
    for fate, line in zip(FATES, lines, strict=True):
        assert line.startswith(f"https://{fate}.example")
        assert line.endswith("Only what the service needs, and my data is mine too")
    since = NOW - timedelta(hours=9) + timedelta(seconds=5)
    assert f"{since:%Y-%m-%d %H:%M}" in lines[1]


def test_nothing_yet_says_how_to_begin(home: Path) -> None:
    """No empty table; for a program no line at all."""
    done = rbutton(home, "agreements")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No agreement yet.")
    assert listed(home) == []


READING = {
    "agreements": "No agreement yet.",
    "sites list": "No site has said anything yet.",
    "verify": "Nothing is in your ledger yet.",
}


@pytest.mark.parametrize("command", READING)
def test_before_the_button_was_started_there_is_nothing_yet(tmp_path: Path, command: str) -> None:
    """Which is no error, and it says how to begin. Nothing is made."""
    done = rbutton(tmp_path / "nowhere", *command.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{READING[command]} There is no {tmp_path}/nowhere/terms.toml")
    assert "install_host.py" in done.stdout
    done = rbutton(tmp_path / "nowhere", *command.split(), "--json")
    assert (done.returncode, READING[command] in done.stderr) == (0, True)
    assert all(json.loads(line)["records"] == 0 for line in done.stdout.splitlines())
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("export backup", 1),
        ("withdraw shop.example", 1),
        ("forget shop.example", 1),
        ("sites show shop.example", 1),
        ("signals", 0),
        ("terms list", 0),
    ],
)
def test_before_the_button_was_started_nothing_is_wrong(
    tmp_path: Path, command: str, code: int
) -> None:
    """The answer is no, or what would hold; how to begin is said where it matters."""
    done = rbutton(tmp_path / "nowhere", *command.split())
    assert done.returncode == code
    assert ("install_host.py" in done.stdout + done.stderr) is (command != "terms list")
    assert not (tmp_path / "nowhere").exists()


def test_terms_that_are_gone_hide_no_agreement(busy: Path) -> None:
    """Though both files of them are."""
    for path in busy.glob("terms.*"):
        path.unlink()
    assert "https://" in rbutton(busy, "agreements").stdout


def test_the_platforms_folders_are_used_without_rbutton_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux ~/.config/rbutton, or where XDG_CONFIG_HOME says."""
    monkeypatch.delenv("RBUTTON_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    done = rbutton(None, "agreements")
    assert str(tmp_path / ".config" / "rbutton" / "terms.toml") in done.stdout


def test_a_home_that_others_can_enter_is_refused(busy: Path) -> None:
    """With the line to type."""
    busy.chmod(0o755)
    done = rbutton(busy, "agreements")
    assert (done.returncode, done.stdout) == (3, "")
    assert "chmod 700" in done.stderr


@pytest.mark.parametrize("damage", ["file", "body"])
def test_a_damaged_ledger_is_a_sentence_and_no_traceback(busy: Path, damage: str) -> None:
    """What happened, where, what to do."""
    path = busy / "ledger.sqlite3"
    if damage == "file":
        path.write_bytes(b"no database" * 500)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE record SET body = x'7b7d' WHERE kind = 'sealed'")
            connection.commit()
    done = rbutton(busy, "agreements", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("rbutton: ")
    assert "ledger" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["invented"], ["agreements", "--xml"]])
def test_wrong_usage_is_exit_code_2(home: Path, arguments: list[str]) -> None:
    """As every command does."""
    done = rbutton(home, *arguments)
    assert done.returncode == 2
    assert "usage: rbutton" in done.stderr


def test_the_version_is_told(home: Path) -> None:
    """For whoever reports a fault."""
    done = rbutton(home, "--version")
    assert done.returncode == 0
    assert done.stdout.strip().count(".") == 2
