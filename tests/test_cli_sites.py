"""`rbutton sites`: what is known of sites, for a person and for a script."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rbutton.person.home import Home
from rbutton.person.seen import SeenOfSites
from rbutton.terms.encoding import time_text
from tests.commands import Done, rbutton
from tests.homes import busy_home, home_in

NEWS = "https://news.example"
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
STATUS = b'{"tracking": "N", "policy": "\\u001b[31m/p\xe2\x80\xae"}'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Of somebody who looked at a site that contradicts itself, and agreed nothing."""
    home = home_in(tmp_path / "home")
    seen = SeenOfSites(home.data / "seen.sqlite3")
    seen.keep(NEWS, "tk", url=NEWS, outcome="said", body=b"T", now=AT)
    url = f"{NEWS}/.well-known/dnt/"
    seen.keep(NEWS, "status", url=url, outcome="said", body=STATUS, now=AT)
    return home


def sites(home: Home, *arguments: str) -> Done:
    """`rbutton sites`, for a script."""
    return rbutton(home.data, "sites", *arguments)


def test_a_site_is_shown_with_dates_sources_and_what_contradicts_what(home: Home) -> None:
    shown = sites(home, "show", "news.example")
    assert shown.returncode == 0
    *told, note = shown.stdout.splitlines()
    assert note.startswith("Asked on 22 November 2026.")
    assert told == [
        "https://news.example",
        "Agreement: none",
        (
            "! Its Tk header says that it tracks you, "
            "but its tracking status says that it does not track you."
        ),
        "Claim: Its pages say that it tracks you. (2026-11-22, Tk header)",
        "  Value: T",
        "Claim: It says that it does not track you. (2026-11-22, /.well-known/dnt/)",
        "  tracking: N",
        "  policy: [31m/p",
    ]


def test_the_bytes_are_shown_as_text_and_given_whole_to_a_script(home: Home) -> None:
    shown = sites(home, "show", NEWS, "--raw").stdout
    assert '{"tracking": "N", "policy": "\\u001b[31m/p\\u{202e}"}' in shown
    assert "\x1b" not in shown
    told: Any = json.loads(sites(home, "show", NEWS, "--json", "--raw").stdout)
    assert told["origin"] == NEWS
    read = {row["what"]: row for row in told["read"]}
    assert base64.b64decode(read["status"]["body"]) == STATUS
    assert (read["tk"]["first"], read["tk"]["outcome"]) == (time_text(AT), "said")


def test_the_list_has_agreements_and_what_was_read(tmp_path: Path) -> None:
    home = busy_home(tmp_path / "home", AT)
    seen = SeenOfSites(home.data / "seen.sqlite3")
    seen.keep(NEWS, "tk", url=NEWS, outcome="said", body=b"T", now=AT)
    told = [json.loads(line) for line in sites(home, "list", "--json").stdout.splitlines()]
    of = {one["origin"]: one for one in told}
    assert of[NEWS]["says"]["claim"] == 1
    assert (of[NEWS]["state"], of[NEWS]["read"]) == (None, time_text(AT))
    agreed = rbutton(home.data, "agreements", "--json").stdout.splitlines()
    assert {json.loads(line)["origin"] for line in agreed} | {NEWS} == of.keys()
    text = sites(home, "list").stdout
    assert all(origin in text for origin in of)


def test_a_site_that_nobody_knows_says_nothing(home: Home) -> None:
    shown = sites(home, "show", "other.example")
    assert shown.returncode == 1
    assert shown.stderr.startswith("Nothing is known of that site.")
    assert (
        "It says nothing that is known here. "
        "It was not asked yet: that is what “Look” in the button is for." in shown.stdout
    )


@pytest.mark.parametrize("typed", ["127.0.0.1:8000", "127.0.0.1", "http://127.0.0.1:8000"])
def test_a_site_is_found_as_it_is_known(home: Home, typed: str) -> None:
    """By host and port alone too, where it is no https."""
    here = "http://127.0.0.1:8000"
    seen = SeenOfSites(home.data / "seen.sqlite3")
    seen.keep(here, "tk", url=here, outcome="said", body=b"T", now=AT)
    shown = sites(home, "show", typed)
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, here)


@pytest.mark.parametrize(
    "site", ["https://[", "ftp://news.example", "news.example/path", "http://news.example"]
)
def test_what_is_no_site_is_refused(home: Home, site: str) -> None:
    shown = sites(home, "show", site)
    assert shown.returncode == 2
    assert "Write https://shop.example" in shown.stderr


def test_showing_writes_nothing(tmp_path: Path) -> None:
    home = home_in(tmp_path / "home")
    before = sorted(path.name for path in home.data.iterdir())
    assert sites(home, "list").stdout == "No site has said anything yet.\n"
    assert "seen.sqlite3" not in {path.name for path in home.data.iterdir()} - set(before)
