"""`rbutton signals`, as a person or a script runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile
from tests.commands import rbutton


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of a person after their first run."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    own = Home.in_one_folder(home)
    own.open()
    TermsFile(own, ["SD-BASE-DP"])
    return home


def told(home: Path, *arguments: str) -> dict[str, Any]:
    done = rbutton(home, "signals", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_at_first_both_go_everywhere(home: Path) -> None:
    assert told(home) == {"dnt": "on", "gpc": "on", "sites": [], "exceptions": []}
    shown = rbutton(home, "signals").stdout
    assert shown == (
        "Everywhere:\n  DNT  1: do not track me\n  GPC  1: do not sell or share my data\n"
    )


def test_a_site_is_changed_and_what_it_gets_is_shown(home: Path) -> None:
    """By wildcard, and by a name below it that has it otherwise."""
    told(home, "*.news.example", "--gpc", "off")
    there = {"button": "on", "exceptions": []}
    assert told(home, "www.news.example") == {
        "site": "www.news.example",
        "dnt": "on",
        "gpc": "off",
        **there,
    }
    told(home, "www.news.example", "--gpc", "on", "--dnt", "exception")
    assert told(home, "WWW.news.example")["dnt"] == "exception"
    assert told(home, "other.news.example")["gpc"] == "off"
    assert told(home, "news.example")["gpc"] == "on"


def test_everything_off_on_a_site_and_on_again(home: Path) -> None:
    assert told(home, "bank.example", "--off")["button"] == "off"
    assert rbutton(home, "signals").stdout.endswith("bank.example:\n  everything off\n")
    back = told(home, "bank.example", "--on")
    assert (back["button"], back["dnt"], back["gpc"]) == ("on", "on", "on")


def test_in_general(home: Path) -> None:
    assert told(home, "--dnt", "off")["dnt"] == "off"


def test_exceptions_are_listed_with_their_end(home: Path) -> None:
    end = "2100-01-01T00:00:00Z"
    rbutton(home, "terms", "grant", "news.example", "ads.example", "--until", end)
    rbutton(home, "terms", "grant", "*.paper.example")
    (first, second) = told(home)["exceptions"]
    assert first == {"site": "news.example", "targets": ["ads.example"], "until": end}
    assert second == {"site": "*.paper.example", "targets": None, "until": None}
    assert told(home, "www.paper.example")["exceptions"] == [second]
    assert told(home, "paper.example")["exceptions"] == []
    assert "everybody may track you, until you take it back." in rbutton(home, "signals").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--off"], 2, "--off and --on are for one site."),
        (["--dnt", "exception"], 3, 'Allowed: "on", "off".'),
        (["no name", "--dnt", "off"], 3, "is not the name of a site"),
    ],
)
def test_what_cannot_be_is_told(home: Path, arguments: list[str], code: int, said: str) -> None:
    done = rbutton(home, "signals", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert told(home)["sites"] == []
