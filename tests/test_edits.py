"""What the browser asks of `terms.toml`, and what becomes of edits by hand: with the real host."""

from pathlib import Path
from typing import Any

from tests.host_process import Host
from tests.sites import Site

LAX = ('terms = [["SD-BASE-DP"]]', 'terms = [["SD-BASE"]]')
SITE = Site()


def edit(home: Path, old: str, new: str) -> None:
    """Edit the file by hand."""
    file = home / "terms.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def offered(running: Host) -> Any:
    """What a first touch of a site's page comes to."""
    return running.result("offer", origin=SITE.origin, policy=SITE.served(), by="touch")


def test_nothing_is_offered_by_itself_before_an_edit_that_loosens_is_kept(
    home: Path, running: Host
) -> None:
    """Over a restart of the question too; a click of the person's still offers."""
    edit(home, *LAX)
    settings = running.event()["settings"]
    assert settings["terms"] == [["SD-BASE"]]
    (change,) = settings["loosened"]["changes"]
    assert "“Only what the service needs” is offered now" in change
    seen = running.result("visit", origin=SITE.origin, announced=True, policy=SITE.served())
    assert (seen["view"]["offer"], seen["view"]["header"]) == (None, None)
    assert offered(running)["post"] is None
    assert running.error("confirm-edit", edit="another")["code"] == "config"
    assert offered(running)["post"] is None
    settings = running.result("confirm-edit", edit=settings["loosened"]["id"])["settings"]
    assert settings["loosened"] is None
    assert offered(running)["post"] is not None


def test_an_edit_that_loosens_is_undone(home: Path, running: Host) -> None:
    """The file is as it was, the edit is kept beside it, and terms are offered by themselves."""
    before = (home / "terms.toml").read_text()
    edit(home, *LAX)
    settings = running.event()["settings"]
    settings = running.result("undo-edit", edit=settings["loosened"]["id"])["settings"]
    assert (settings["loosened"], settings["terms"]) == (None, [["SD-BASE-DP"]])
    assert (home / "terms.toml").read_text() == before
    assert LAX[1] in (home / "terms.undone.toml").read_text()
    assert offered(running)["post"] is not None


def test_what_differs_on_a_site_is_set_and_told(running: Host) -> None:
    """By the page, which is the person's act: nothing is asked."""
    running.result("set", key="sites.*.example.dnt", value="exception")
    settings = running.result("set", key="sites.quiet.example.button", value="off")["settings"]
    assert settings["loosened"] is None
    assert settings["signals"]["sites"] == [
        {"site": "*.example", "dnt": "exception", "gpc": "on"},
        {"site": "quiet.example", "dnt": "off", "gpc": "off"},
    ]
    settings = running.result("set", key="sites.*.example.dnt", value=None)["settings"]
    assert [one["site"] for one in settings["signals"]["sites"]] == ["quiet.example"]


def test_exceptions_are_granted_and_revoked(running: Host) -> None:
    """With and without targets and an end."""
    until = "2099-01-01T00:00:00Z"
    running.result("grant", site="*.a.example", targets=None, until=None)
    settings = running.result("grant", site="b.example", targets=["c.example"], until=until)
    assert settings["settings"]["signals"]["exceptions"] == [
        {"site": "*.a.example", "targets": None, "until": None},
        {"site": "b.example", "targets": ["c.example"], "until": until},
    ]
    running.result("revoke", site="b.example", targets=None)
    running.result("revoke", site="*.a.example", targets=None)
    settings = running.result("revoke", site="b.example")["settings"]
    assert settings["signals"]["exceptions"] == []
    assert running.error("grant", site="b.example", targets=[], until=None)["code"] == "config"
    assert running.error("grant", site="https://b", targets=None, until=None)["code"] == "config"
    assert running.error("grant", site="b", targets=None, until="soon")["code"] == "malformed"
