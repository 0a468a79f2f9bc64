"""`terms.toml` on disk: edits by hand, broken ones, and ours, which keep the comments."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.settings import FIRST_TEXT
from rbutton.person.terms_file import MAX_BYTES, TermsFile
from tests import processes

ROSTER = ["SD-BASE", "SD-BASE-DP", "do-not-track", "mine-as-well", "no-stalking"]
OFF = FIRST_TEXT.replace('dnt = "on" ', 'dnt = "off"')
BROKEN = FIRST_TEXT.replace('"auto"\n\n', '"auti"\n\n')


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home.in_one_folder(tmp_path)


def opened(home: Home) -> TermsFile:
    """The file as a host that starts now opens it."""
    return TermsFile(home, ROSTER)


def dnt(file: TermsFile) -> str:
    """The setting that these tests turn off and on."""
    return file.settings.signals.dnt


def test_the_first_run_writes_the_file(home: Home) -> None:
    """With its comments, readable by the person alone, and in force at once."""
    file = opened(home)
    assert home.terms_file.read_text() == FIRST_TEXT
    assert home.terms_file.stat().st_mode & 0o777 == 0o600
    assert (dnt(file), file.problem) == ("on", None)


def test_an_edit_counts_after_two_equal_reads(home: Home) -> None:
    """The first look sees it, the second takes it, the third has nothing new."""
    file = opened(home)
    home.terms_file.write_text(OFF)
    assert (file.look(), dnt(file)) == (False, "on")
    assert (file.look(), dnt(file)) == (True, "off")
    assert file.look() is False


def test_a_half_saved_file_counts_for_nothing(home: Home) -> None:
    """An editor that writes in pieces is never caught between two of them."""
    file = opened(home)
    for end in (0, 10, 100, len(OFF) - 5):
        home.terms_file.write_text(OFF[:end])
        assert file.look() is False
        assert (dnt(file), file.problem) == ("on", None)
    home.terms_file.write_text(OFF)
    assert [file.look(), file.look()] == [False, True]
    assert (dnt(file), file.problem) == ("off", None)


def test_an_edit_that_is_taken_back_was_none(home: Home) -> None:
    """Changed and changed back between two looks or over them: nothing happens."""
    file = opened(home)
    home.terms_file.write_text(OFF)
    assert file.look() is False
    home.terms_file.write_text(FIRST_TEXT)
    assert [file.look(), file.look(), file.look()] == [False, False, False]
    assert dnt(file) == "on"


def test_an_editor_that_renames_is_followed(home: Home) -> None:
    """Most editors write a new file and put it in the old one's place."""
    file = opened(home)
    beside = home.config / "terms.toml~"
    beside.write_text(OFF)
    beside.replace(home.terms_file)
    assert [file.look(), file.look()] == [False, True]
    assert dnt(file) == "off"


def spoil_missing(path: Path) -> None:
    """The file is gone."""
    path.unlink()


def spoil_folder(path: Path) -> None:
    """Something else stands in its place (root reads any file, so mode bits prove nothing)."""
    path.unlink()
    path.mkdir()


SPOILED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "broken": (lambda path: path.write_text(BROKEN), "auti", "auto"),
    "missing": (spoil_missing, "missing", "last good"),
    "unreadable": (spoil_folder, "cannot be read", "readable"),
    "too large": (lambda path: path.write_text("#" * (MAX_BYTES + 1)), "too large", "256"),
    "not UTF-8": (lambda path: path.write_bytes(b"\n# caf\xe9\n"), "line 2", "UTF-8"),
    "brackets": (lambda path: path.write_text("a = " + "[" * 9_000), "deep", "brackets"),
}
EACH_SPOILED = pytest.mark.parametrize("how", SPOILED)


@EACH_SPOILED
def test_a_file_that_is_wrong_keeps_the_last_good_and_tells(home: Home, how: str) -> None:
    """What held still holds, the problem says what to do, and the file is left alone."""
    spoil, message, fix = SPOILED[how]
    home.terms_file.write_text(OFF)
    file = opened(home)
    spoil(home.terms_file)
    before = home.terms_file.read_bytes() if home.terms_file.is_file() else None
    assert [file.look(), file.look(), file.look()] == [False, True, False]
    assert dnt(file) == "off"
    assert file.problem
    assert message in file.problem.message
    assert fix in file.problem.fix
    assert (home.terms_file.read_bytes() if home.terms_file.is_file() else None) == before


@EACH_SPOILED
def test_the_last_good_outlives_a_restart(home: Home, how: str) -> None:
    """A host that starts on a wrong file has what held before, and makes no new file."""
    home.terms_file.write_text(OFF)
    opened(home)
    SPOILED[how][0](home.terms_file)
    file = opened(home)
    assert dnt(file) == "off"
    assert file.problem
    assert not home.terms_file.is_file() or home.terms_file.read_text("latin-1") != FIRST_TEXT


def test_a_mended_file_counts_again(home: Home) -> None:
    """The problem goes with its cause."""
    file = opened(home)
    home.terms_file.write_text(BROKEN)
    assert [file.look(), file.look()] == [False, True]
    home.terms_file.write_text(OFF)
    assert [file.look(), file.look()] == [False, True]
    assert (dnt(file), file.problem) == ("off", None)


def test_with_nothing_good_known_signals_go_out_and_nothing_is_offered(home: Home) -> None:
    """A first file that is already broken must not offer terms that nobody chose."""
    home.terms_file.write_text(BROKEN)
    file = opened(home)
    assert file.problem
    assert dnt(file) == "on"
    assert file.settings.proffer.negotiate == "never"


def test_a_spoiled_last_good_is_no_obstacle(home: Home) -> None:
    """A damaged copy is written anew from the file that is good."""
    opened(home)
    (home.data / "terms.last-good.toml").write_bytes(b"\xff\xfe\x00")
    file = opened(home)
    assert (dnt(file), file.problem) == ("on", None)
    assert (home.data / "terms.last-good.toml").read_text() == FIRST_TEXT


def test_setting_one_thing_keeps_the_rest_of_the_file(home: Home) -> None:
    """Comments, order and spacing stay: only the value's own line differs."""
    file = opened(home)
    file.set("signals.gpc", "off")
    before, after = FIRST_TEXT.splitlines(), home.terms_file.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert changed[0][1].startswith('gpc = "off"')
    assert "# Global Privacy Control" in changed[0][1]
    assert file.settings.signals.gpc == "off"
    assert [file.look(), file.look()] == [False, False]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but this\n",
        '[sites."a.example"]\nnegotiate = "never"',
        '[proffer]\nnegotiate = "click" # mine\n',
        'signals.gpc = "off"\n',
        '[signals]\r\n# mine\r\ndnt = "off"\r\n',
    ],
)
def test_setting_works_on_any_good_file(home: Home, text: str) -> None:
    """However the person wrote it; all that was set before still holds."""
    home.terms_file.write_bytes(text.encode())
    file = opened(home)
    before = file.settings
    file.set("signals.dnt", "on")
    file.set("proffer.negotiate", "never")
    file.set("proffer.terms", [["SD-BASE"], ["do-not-track", "mine-as-well"]])
    again = opened(home)
    assert again.problem is None
    assert again.settings == file.settings
    assert again.settings.signals.dnt == "on"
    assert again.settings.proffer.negotiate == "never"
    assert again.settings.proffer.terms == [["SD-BASE"], ["do-not-track", "mine-as-well"]]
    assert again.settings.signals.gpc == before.signals.gpc
    assert again.settings.sites == before.sites
    assert ("mine" in text) == ("mine" in home.terms_file.read_text().replace("mine-as", ""))


@EACH_SPOILED
def test_setting_refuses_while_the_file_is_wrong(home: Home, how: str) -> None:
    """An options page must not overwrite what the person is in the middle of writing."""
    file = opened(home)
    SPOILED[how][0](home.terms_file)
    before = home.terms_file.read_bytes() if home.terms_file.is_file() else None
    with pytest.raises(PersonError) as caught:
        file.set("signals.dnt", "off")
    assert SPOILED[how][1] in caught.value.message
    assert (home.terms_file.read_bytes() if home.terms_file.is_file() else None) == before
    assert dnt(file) == "on"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signals.dnt", "maybe"),
        ("signals.tnd", "on"),
        ("proffer.terms", []),
        ("proffer.terms", [["invented"]]),
        ("proffer.terms", "SD-BASE"),
        ("proffer.negotiate", [["SD-BASE"]]),
    ],
)
def test_setting_refuses_what_would_break_the_file(home: Home, key: str, value: object) -> None:
    """A wrong value never reaches the disk."""
    file = opened(home)
    with pytest.raises(PersonError):
        file.set(key, value)
    assert home.terms_file.read_text() == FIRST_TEXT


def test_setting_takes_up_an_edit_that_was_not_taken_yet(home: Home) -> None:
    """What the person saved a moment ago is kept, not written over."""
    file = opened(home)
    home.terms_file.write_text(OFF)
    file.set("signals.gpc", "off")
    assert (dnt(file), file.settings.signals.gpc) == ("off", "off")


def test_setting_writes_through_a_link(home: Home, tmp_path: Path) -> None:
    """Who keeps terms.toml in a folder of dotfiles keeps it there."""
    kept = tmp_path / "dotfiles.toml"
    kept.write_text(FIRST_TEXT)
    home.terms_file.symlink_to(kept)
    opened(home).set("signals.dnt", "off")
    assert home.terms_file.is_symlink()
    assert 'dnt = "off"' in kept.read_text()


STARTING = """
import sys
from pathlib import Path
from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile
input()
home = Home.in_one_folder(Path(sys.argv[1]))
file = TermsFile(home, ["SD-BASE-DP", "SD-BASE"])
print(file.problem, file.settings.signals.dnt)
for number in range(15 if len(sys.argv) > 2 else 0):
    key, value = sys.argv[2], sys.argv[3 + number % 2]
    file.set(key, value)
    # Nobody else changes this key: it must be found as it was set.
    section, name = key.split(".")
    again = TermsFile(home, ["SD-BASE-DP", "SD-BASE"])
    assert getattr(getattr(again.settings, section), name) == value, (key, number)
"""


def test_hosts_that_start_at_once_write_one_file(tmp_path: Path) -> None:
    """Two browsers after an install: one first file, whole, and nothing left beside it."""
    told = processes.at_once(STARTING, [[tmp_path]] * 4)
    assert told == ["None on\n"] * 4
    assert (tmp_path / "terms.toml").read_text() == FIRST_TEXT
    assert {path.name for path in tmp_path.iterdir()} == {"terms.toml", "terms.last-good.toml"}


def test_processes_that_set_at_once_lose_nothing(tmp_path: Path) -> None:
    """Several options pages: the file stays whole, and every change is in it."""
    processes.at_once(
        STARTING,
        [
            [tmp_path, "signals.dnt", "off", "on"],
            [tmp_path, "signals.gpc", "off", "on"],
            [tmp_path, "proffer.negotiate", "never", "click"],
        ],
    )
    file = opened(Home.in_one_folder(tmp_path))
    assert file.problem is None
    assert (dnt(file), file.settings.signals.gpc) == ("off", "off")
    assert file.settings.proffer.negotiate == "never"
    assert "# Global Privacy Control" in file.path.read_text()


FULL = """
import resource, sys
from pathlib import Path
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.terms_file import TermsFile
home = Home.in_one_folder(Path(sys.argv[1]))
file = TermsFile(home, ["SD-BASE-DP"]) if home.terms_file.exists() else None
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    file.set("signals.dnt", "off") if file else TermsFile(home, ["SD-BASE-DP"])
except PersonError as error:
    print(error.code, error.message, error.fix)
"""


@pytest.mark.parametrize("first", [True, False])
def test_a_full_disk_is_told_and_spoils_nothing(tmp_path: Path, first: bool) -> None:
    """At the first run and later: no half of a file, nothing left beside it, a plain sentence."""
    home = Home.in_one_folder(tmp_path)
    if not first:
        opened(home)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    told = processes.run(FULL, tmp_path)
    assert told.startswith(f"home {home.terms_file} cannot be written: ")
    assert "free space" in told
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    after.pop("terms.lock", None)
    assert after == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    assert os.access(tmp_path, os.W_OK)
