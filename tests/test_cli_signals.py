"""`rbutton signals`, as a person or a script runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from rbutton.native.fitting import MOST_LABELS
from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile
from tests.commands import rbutton
from tests.test_docs import TOP


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
    assert told(home) == {
        "dnt": "on",
        "gpc": "on",
        "sites": [],
        "exceptions": [],
        "unapplied": [],
    }
    shown = rbutton(home, "signals").stdout
    assert shown == (
        "Everywhere:\n  DNT  1: do not track me\n  GPC  1: do not sell or share my data\n"
    )


def test_a_site_is_changed_and_what_it_gets_is_shown(home: Path) -> None:
    """By wildcard, and by a name below it that has it otherwise."""
    told(home, "*.news.example", "--gpc", "off")
    there = {"button": "on", "exceptions": [], "unapplied": []}
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


def test_any_address_of_a_site_is_that_site(home: Path) -> None:
    """Shown and changed: no section is written that no host ever fits."""
    told(home, "*.example", "--gpc", "off")
    shown = told(home, "https://Foo.example:8443/x?y=1#z")
    assert (shown["site"], shown["gpc"]) == ("foo.example", "off")
    told(home, "https://foo.example/x", "--dnt", "off")
    assert [one["site"] for one in told(home)["sites"]] == ["*.example", "foo.example"]


def test_with_a_mistake_what_holds_is_shown_below_it(home: Path) -> None:
    """What was right before; for a script the mistake is beside it."""
    told(home, "--gpc", "off")
    file = home / "terms.toml"
    file.write_text("# mine\n[signals]\ngpc = on\n")
    shown = rbutton(home, "signals")
    first, *more = shown.stdout.splitlines()
    assert "terms.toml, line 3: “gpc = on”" in first
    assert 'Values go in quotes: gpc = "on".' in first
    assert first.endswith("what was right before holds.")
    assert (shown.returncode, more[2]) == (0, "  GPC  not sent")
    script = rbutton(home, "signals", "--json")
    assert json.loads(script.stdout)["gpc"] == "off"
    assert "line 3" in script.stderr
    assert rbutton(home, "terms", "list").stdout.startswith(first + "\n")
    assert rbutton(home, "signals", "--dnt", "off").returncode != 0


def test_everything_off_on_a_site_and_on_again(home: Path) -> None:
    assert told(home, "bank.example", "--off")["button"] == "off"
    assert rbutton(home, "signals").stdout.endswith("bank.example:\n  everything off\n")
    back = told(home, "bank.example", "--on")
    assert (back["button"], back["dnt"], back["gpc"]) == ("on", "on", "on")


def test_a_change_before_the_first_run_writes_the_first_file(tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert told(home, "--dnt", "off")["dnt"] == "off"
    assert "# Your terms, and how" in (home / "terms.toml").read_text()


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
    shown = rbutton(home, "signals").stdout
    assert f"On news.example, ads.example may track you, until {end}." in shown
    assert "On *.paper.example, everybody may track you, until you take it back." in shown


def test_what_goes_out_to_a_site_counts_what_was_granted(home: Path) -> None:
    """For everybody there; one for others changes nothing for the site itself."""
    rbutton(home, "terms", "grant", "news.example")
    rbutton(home, "terms", "grant", "paper.example", "ads.example")
    assert "DNT  0: you let it track you" in rbutton(home, "signals", "news.example").stdout
    assert told(home, "news.example")["dnt"] == "exception"
    assert told(home, "paper.example")["dnt"] == "on"
    told(home, "news.example", "--gpc", "off")
    (listed,) = told(home)["sites"]
    assert (listed["dnt"], listed["gpc"]) == ("exception", "off")


LONG = "a.b.c.d.e.f.g.h.i.j.k.news.example"


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        (LONG, "too-long", "more than 12 parts"),
        (f"*.{LONG}", "too-long", "more than 12 parts"),
        ("news.123", "no-host", "no site can have that name"),
    ],
)
def test_a_name_that_no_rule_can_have_is_told_to_be_in_vain(
    home: Path, name: str, reason: str, said: str
) -> None:
    """Of itself and of all that it covers, and in the list of all; until it is taken out."""
    below = name.replace("*", "www")
    for typed in ([name, "--off"], [name], [below], []):
        shown = rbutton(home, "signals", *typed).stdout
        heading, why, *more = shown.splitlines()[-2:]
        assert heading == (f"{typed[0]}:" if typed else f"{name}:")
        assert said in why
        assert not more
        # What is not so is not said.
        assert "everything off" not in shown
    for about in ([], [name], [below]):
        assert told(home, *about)["unapplied"] == [{"name": name, "reason": reason}]
    assert told(home, "news.example")["unapplied"] == []
    told(home, name, "--on")
    assert told(home)["unapplied"] == []


def test_a_name_in_an_exception_can_be_in_vain_too(home: Path) -> None:
    rbutton(home, "terms", "grant", "news.example", LONG)
    in_vain = [{"name": LONG, "reason": "too-long"}]
    assert told(home)["unapplied"] == told(home, "news.example")["unapplied"] == in_vain
    assert told(home, "other.example")["unapplied"] == []


def test_a_name_of_as_many_parts_as_a_browser_takes_is_not_in_vain(home: Path) -> None:
    """As many as the extension has rules for."""
    rules = (TOP / "extension/site_rules.js").read_text("utf-8")
    assert f"MOST_LABELS = {MOST_LABELS};" in rules
    name = ".".join("a" * MOST_LABELS)
    assert told(home, name, "--off")["unapplied"] == []
    assert told(home, f"*.{name}", "--off")["unapplied"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--off"], 2, "--off and --on are for one site."),
        (["--dnt", "exception"], 2, 'Allowed: "on", "off".'),
        (["no name", "--dnt", "off"], 2, "is not the name of a site"),
        (["nonsense site"], 2, "“nonsense site” is not the name of a site"),
        (["https://"], 2, "is not the name of a site"),
        (["*", "--dnt", "off"], 2, "“*” is every site, and no name of one. For what goes"),
        (["news.example.", "--off"], 2, "ends with a dot. Write it without: news.example"),
    ],
)
def test_what_cannot_be_is_told(home: Path, arguments: list[str], code: int, said: str) -> None:
    done = rbutton(home, "signals", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert ", line " not in done.stderr
    assert told(home)["sites"] == []
