"""`rbutton terms`: reading the roster, and changing terms.toml from a terminal."""

import json
import re
import sys
from pathlib import Path

import pytest

from rbutton.person.home import Home
from rbutton.person.settings import FIRST_TEXT
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from tests.commands import environment, on_a_terminal, rbutton
from tests.host_process import Host

DOCUMENTS = catalogue().documents
_COMMAND = [sys.executable, "-P", "-m", "rbutton.cli"]


@pytest.fixture
def begun(home: Path) -> Path:
    """A home after the first run."""
    TermsFile(Home.in_one_folder(home), DOCUMENTS)
    return home


def text(home: Path) -> str:
    return (home / "terms.toml").read_text()


def set_in(home: Path) -> str:
    """What stands there but for comments."""
    return "\n".join(line for line in text(home).splitlines() if not line.startswith("#"))


def test_list_marks_what_is_offered(begun: Path) -> None:
    """For the eye and for a program; before the first run, what would be offered."""
    rbutton(begun, "terms", "set", "proffer.terms", "PDC-GOOD", "no-stalking+mine-as-well")
    rbutton(begun, "terms", "set", "proffer.also", "SD-BASE")
    told = rbutton(begun, "terms", "list", "--json").stdout
    rows = [json.loads(line) for line in told.splitlines()]
    assert [row["id"] for row in rows] == list(DOCUMENTS)
    by_id = {row["id"]: row for row in rows}
    assert (by_id["PDC-GOOD"]["offered"], by_id["PDC-GOOD"]["by_click"]) == ([1], True)
    assert (by_id["mine-as-well"]["offered"], by_id["no-stalking"]["offered"]) == ([2], [2])
    assert (by_id["SD-BASE"]["offered"], by_id["SD-BASE"]["also"]) == ([], True)
    assert by_id["SD-BASE"]["sha256"] == DOCUMENTS["SD-BASE"].sha256
    lines = rbutton(begun, "terms", "list").stdout.splitlines()
    marked = [line.split()[1] for line in lines if line.startswith("* ")]
    assert marked[:2] == ["PDC-GOOD", "SD-BASE"]
    assert any("PDC-GOOD" in line and "choice 1, by your click alone" in line for line in lines)


def test_list_and_show_need_no_home(tmp_path: Path) -> None:
    done = rbutton(tmp_path / "none", "terms", "list")
    assert (done.returncode, "* SD-BASE-DP" in done.stdout) == (0, True)
    assert rbutton(tmp_path / "none", "terms", "show", "SD-BASE").returncode == 0
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("roster_id", DOCUMENTS)
def test_show_has_all_of_an_agreement(home: Path, roster_id: str) -> None:
    """Title, hash, summary, text, every clause in words; PDC- says how it is given."""
    document = DOCUMENTS[roster_id]
    done = rbutton(home, "terms", "show", roster_id)
    assert done.returncode == 0
    shown = " ".join(done.stdout.split())
    for part in (document.title, document.sha256, document.summary, document.url):
        assert part in shown
    assert " ".join(document.text.split()) in shown
    for name, value in document.clauses.items():
        assert catalogue().vocabulary.by_name[name].words(value) in shown
        assert f"({name} " in shown
    assert ("by your click alone" in shown) == roster_id.startswith("PDC-")
    told = json.loads(rbutton(home, "terms", "show", roster_id, "--json").stdout)
    assert told["clauses"] == document.clauses
    assert [one["clause"] for one in told["in_words"]] == list(document.clauses)


def test_show_own_and_what_there_is_not(begun: Path) -> None:
    """One's own terms in words; an unknown id gets the nearest one."""
    assert "You have no terms of your own" in rbutton(begun, "terms", "show", "own").stdout
    rbutton(begun, "terms", "set", "own.clauses.track.offsite", "never")
    assert "Tracking on other sites  never" in rbutton(begun, "terms", "show", "own").stdout
    done = rbutton(begun, "terms", "show", "sd-base-pd")
    assert done.returncode == 2
    assert 'Did you mean "SD-BASE-DP"?' in done.stderr


def test_check_says_what_is_wrong_and_where(begun: Path, tmp_path: Path) -> None:
    """In the file of the person or another; 0 when right, 1 when not."""
    done = rbutton(begun, "terms", "check")
    assert (done.returncode, done.stdout) == (0, f"{begun}/terms.toml has no mistake.\n")
    other = tmp_path / "other.toml"
    other.write_text('[signals]\n\ndnt = "onn"\n')
    done = rbutton(None, "terms", "check", other)
    assert done.returncode == 1
    assert f"{other}, line 3: signals.dnt is “onn”." in done.stdout
    assert 'Did you mean "on"? Allowed: "on", "off".' in done.stdout
    told = json.loads(rbutton(None, "terms", "check", other, "--json").stdout)
    assert (told["ok"], told["line"], told["file"]) == (False, 3, str(other))
    assert rbutton(begun, "terms", "check", tmp_path / "none.toml").returncode == 1
    other.write_text('[proffer]\nterms = [["PDC-AI"]]\n[own]\nclauses = { sell = "never" }\n')
    told = json.loads(rbutton(None, "terms", "check", other, "--json").stdout)
    assert (told["ok"], len(told["notes"])) == (True, 2)
    assert "PDC-AI gives something away: it is offered by your click alone." in told["notes"]


def test_check_tells_of_an_edit_to_be_confirmed(begun: Path) -> None:
    (begun / "terms.toml").write_text('[signals]\ndnt = "off"\n')
    done = rbutton(begun, "terms", "check")
    assert done.returncode == 0
    assert "To be confirmed in the button: The signal DNT is off now" in done.stdout


#: What is typed, and the line of the file it comes to.
SETS = [
    (["signals.dnt", "off"], 'dnt = "off"'),
    (["proffer.terms", "no-stalking+mine-as-well", "SD-BASE"], '"mine-as-well"], ["SD-BASE"]]'),
    (["proffer.terms", '[["SD-BASE"], ["no-stalking"]]'], 'terms = [["SD-BASE"], ["no-stalking"]]'),
    (["proffer.also", "SD-BASE", "do-not-track"], 'also = ["SD-BASE", "do-not-track"]'),
    (["proffer.also"], "also = []"),
    (["own.clauses.purpose", "ServiceProvision"], 'purpose = ["ServiceProvision"]'),
    (["own.clauses.track.offsite", "never"], '"track.offsite" = "never"'),
    (["sites.news.example.button", "off"], '\n\n[sites."news.example"]'),
    (["sites.*.example.dnt", "exception"], '[sites."*.example"]'),
]


@pytest.mark.parametrize(("typed", "line"), SETS)
def test_set_and_unset_change_one_thing(begun: Path, typed: list[str], line: str) -> None:
    """No quotes needed on the command line; nothing is asked about afterwards."""
    done = rbutton(begun, "terms", "set", *typed)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{begun}/terms.toml is changed: {typed[0]} is ")
    assert line in set_in(begun)
    assert "# Your terms, and how" in text(begun)
    assert rbutton(begun, "terms", "set", *typed).stdout == "That is how it was.\n"
    assert "To be confirmed" not in rbutton(begun, "terms", "check").stdout
    done = rbutton(begun, "terms", "unset", typed[0])
    assert (done.returncode, f"{typed[0]} is taken out." in done.stdout) == (0, True)
    assert line not in set_in(begun)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["signals.dnt", "onn"], 'signals.dnt is “onn”. Did you mean "on"?'),
        (["signals.dtn", "on"], 'not a setting. Did you mean "dnt"?'),
        (["proffer.terms", "SD-BAS"], 'Did you mean "SD-BASE"?'),
        (["proffer.terms", "[[SD-BASE]]"], "as words: SD-BASE-DP no-stalking+mine-as-well"),
        (["proffer.also", "PDC-AI"], "gives something away"),
        (["sites.https://news.example.dnt", "off"], "is not the name of a site"),
        (["signals.dnt", "on", "off"], "is one word"),
        (["dnt", "on"], "“dnt” is not one setting."),
        (["exceptions.site", "x"], "is not one setting"),
    ],
)
def test_a_wrong_wish_is_refused(begun: Path, typed: list[str], told: str) -> None:
    """With 2, what is allowed and the nearest word; the file stays as it was."""
    done = rbutton(begun, "terms", "set", *typed)
    assert (done.returncode, text(begun)) == (2, FIRST_TEXT)
    assert told in done.stderr
    assert "line" not in done.stderr


def test_nothing_is_set_in_a_broken_file(begun: Path) -> None:
    (begun / "terms.toml").write_text("dnt = ")
    done = rbutton(begun, "terms", "set", "signals.dnt", "off")
    assert (done.returncode, text(begun)) == (1, "dnt = ")
    assert "terms.toml, line 1: “dnt =” is not TOML" in done.stderr


def test_exceptions_are_granted_and_revoked(begun: Path) -> None:
    """For everybody on a site, or for some and until a time."""
    assert rbutton(begun, "terms", "grant", "*.news.example").returncode == 0
    until = ("--until", "2099-01-01T00:00:00Z")
    assert rbutton(begun, "terms", "grant", "shop.example", "ads.example", *until).returncode == 0
    assert 'targets = ["ads.example"]' in text(begun)
    assert "until = 2099-01-01T00:00:00Z" in text(begun)
    assert rbutton(begun, "terms", "grant", "b.example", "--until", "soon").returncode == 2
    assert rbutton(begun, "terms", "revoke", "shop.example").returncode == 0
    assert rbutton(begun, "terms", "revoke", "*.news.example").returncode == 0
    assert "exceptions" not in set_in(begun)


def test_a_change_says_what_it_comes_to(begun: Path) -> None:
    """As terms.toml has it, and what it makes laxer."""
    file = f"{begun}/terms.toml"

    def told(*typed: str) -> list[str]:
        done = rbutton(begun, "terms", *typed)
        assert done.returncode == 0
        return done.stdout.splitlines()

    assert told("set", "proffer.lasts", "1 month") == [
        f'{file} is changed: proffer.lasts is "1 month" now.',
        "This makes something laxer:",
        "- What is signed lasts 1 month now; it was for good.",
    ]
    unset = [f"{file} is changed: proffer.lasts is taken out."]
    assert told("unset", "proffer.lasts") == unset
    assert told("grant", "news.example", "ads.example", "--until", "2099-01-01T00:00:00Z") == [
        f"{file} is changed: granted on news.example: ads.example, until 2099-01-01T00:00:00Z.",
        "This makes something laxer:",
        "- On news.example, ads.example may track you now until 2099-01-01.",
    ]
    assert told("grant", "news.example")[-2:] == [
        "What was granted there before stays: ads.example, until 2099-01-01T00:00:00Z.",
        "All of it is taken back by: rbutton terms revoke news.example",
    ]
    revoked = [f"{file} is changed: what was granted on news.example is taken out."]
    assert told("revoke", "news.example") == revoked


def test_an_exception_names_its_site_by_any_address_of_it(begun: Path) -> None:
    address = "https://News.example:8443/x"
    assert rbutton(begun, "terms", "grant", address, "https://ads.example/y").returncode == 0
    assert 'site = "news.example"\ntargets = ["ads.example"]' in text(begun)
    assert rbutton(begun, "terms", "revoke", address).returncode == 0
    assert "exceptions" not in set_in(begun)


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (["revoke", "nowhere.test"], 1, "granted on: news.example, *.shop.example."),
        (["grant", "*"], 2, "on one site"),
        (["grant", "no site"], 2, "is not the name of a site"),
        (["grant", "a.example", "--until", "2020-01-01T00:00:00Z"], 2, "00Z is past, so nothing"),
    ],
    ids=str,
)
def test_what_would_grant_or_revoke_nothing_is_refused(
    begun: Path, typed: list[str], code: int, said: str
) -> None:
    for site in ("news.example", "*.shop.example"):
        rbutton(begun, "terms", "grant", site, "ads.example")
    before = text(begun)
    done = rbutton(begun, "terms", *typed)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert text(begun) == before


@pytest.mark.parametrize(
    ("off", "told"), [("--dnt=off", "DNT is off there"), ("--off", "The button is off there")]
)
def test_what_is_granted_where_nothing_goes_out_is_told(begun: Path, off: str, told: str) -> None:
    """With the line to type that sends it."""
    rbutton(begun, "signals", "news.example", off)
    said = rbutton(begun, "terms", "grant", "news.example").stdout
    assert told in said
    *_, last = said.splitlines()
    rbutton(begun, *last.partition("you type: rbutton ")[2].split())
    assert "0: you let it track you" in rbutton(begun, "signals", "news.example").stdout
    assert told not in rbutton(begun, "terms", "grant", "news.example").stdout


def test_terms_that_are_gone_are_said_to_be_put_back(begun: Path) -> None:
    """From where the last good ones are; of another file nothing of the kind."""
    (begun / "terms.toml").unlink()
    done = rbutton(begun, "terms", "check")
    assert done.returncode == 1
    assert f"Put it back; the last good one is {begun}/terms.last-good.toml." in done.stdout


@pytest.mark.parametrize("verb", [["set", "signals.dnt", "off"], ["grant", "news.example"]])
def test_before_the_first_run_a_change_writes_the_first_file(
    tmp_path: Path, verb: list[str]
) -> None:
    home = tmp_path / "new"
    assert rbutton(home, "terms", *verb).returncode == 0
    assert "# Your terms, and how" in text(home)
    assert text(home) != FIRST_TEXT


def test_before_the_first_run_an_edit_begins_with_the_first_file(tmp_path: Path) -> None:
    home = tmp_path / "new"
    done = rbutton(home, "terms", "edit", env=editor(tmp_path, ('dnt = "on" ', 'dnt = "off"')))
    assert done.returncode == 2, "there is nobody to ask whether that is meant"
    assert text(home) == FIRST_TEXT


def test_before_the_first_run_nothing_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "none"
    done = rbutton(home, "terms", "check")
    assert done.returncode == 0
    assert f"There is no {home}/terms.toml yet. It is written when" in done.stdout
    told = json.loads(rbutton(home, "terms", "check", "--json").stdout)
    assert (told["ok"], len(told["notes"])) == (True, 1)
    assert not home.exists()


def editor(folder: Path, *edits: tuple[str, str]) -> dict[str, str]:
    """The environment with an editor that makes these replacements, one each time it is opened."""
    program = folder / "editor.py"
    program.write_text(
        "import json, pathlib, sys\n"
        f"left = pathlib.Path({str(folder / 'edits.json')!r})\n"
        "(old, new), *more = json.loads(left.read_text())\n"
        "left.write_text(json.dumps(more))\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "text = file.read_text()\n"
        "assert old in text\n"
        "file.write_text(text.replace(old, new))\n"
    )
    (folder / "edits.json").write_text(json.dumps(edits))
    return {"VISUAL": f"{sys.executable} {program}"}


def edit(home: Path, env: dict[str, str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """`rbutton terms edit` on a terminal."""
    return on_a_terminal([*_COMMAND, "terms", "edit"], {**environment(home), **env}, answers)


def test_an_edit_is_checked_and_put_in_place(begun: Path, tmp_path: Path) -> None:
    """Stricter or the same: nothing is asked."""
    env = editor(tmp_path, ('"auto"\n\n', '"click"\n\n'))
    done = rbutton(begun, "terms", "edit", env=env)
    assert (done.returncode, done.stdout) == (0, f"{begun}/terms.toml is changed.\n")
    assert text(begun) == FIRST_TEXT.replace('"auto"\n\n', '"click"\n\n')
    assert not (begun / "terms.editing.toml").exists()


def test_a_broken_edit_is_edited_again_and_what_loosens_is_shown(
    begun: Path, tmp_path: Path
) -> None:
    """Line, what is allowed; then what is laxer; put in place, it is confirmed by that."""
    env = editor(tmp_path, ('gpc = "on" ', 'gpc = "of" '), ('"of"', '"off"'))
    answers = [("Edit it again? [y/N]", "y"), ("Put it in place? [y/N]", "y")]
    code, screen = edit(begun, env, answers)
    assert code == 0
    assert "signals.gpc is “of”" in screen
    assert 'Did you mean "off"?' in screen
    assert "- The signal GPC is off now; it was on." in screen
    assert 'gpc = "off" ' in text(begun)
    assert "To be confirmed" not in rbutton(begun, "terms", "check").stdout


def test_an_edit_that_is_left_is_not_lost(begun: Path, tmp_path: Path) -> None:
    """Broken or too lax for the person: the copy is kept, and gone on with."""
    env = editor(tmp_path, ('gpc = "on" ', 'gpc = "of" '), ('"of"', '"off"'), ("# Sent", "# sent"))
    code, screen = edit(begun, env, [("Edit it again? [y/N]", "n")])
    assert (code, text(begun)) == (1, FIRST_TEXT)
    assert str(begun / "terms.editing.toml") in screen
    code, screen = edit(
        begun, env, [("Go on with it? [y/N]", "y"), ("Put it in place? [y/N]", "n")]
    )
    assert (code, text(begun)) == (1, FIRST_TEXT)
    code, screen = edit(
        begun, env, [("Go on with it? [y/N]", "y"), ("Put it in place? [y/N]", "y")]
    )
    assert code == 0
    assert "# sent with every" in text(begun)
    assert 'gpc = "off" ' in text(begun)


def test_an_unfinished_edit_is_never_dropped_nor_put_over_what_is_newer_unsaid(
    begun: Path, tmp_path: Path
) -> None:
    env = editor(tmp_path, ('gpc = "on" ', 'gpc = "of" '), ('"of"', '"off"'), ("# Sent", "# sent"))
    copy = begun / "terms.editing.toml"
    edit(begun, env, [("Edit it again? [y/N]", "n")])
    alone = rbutton(begun, "terms", "edit", env=env)
    assert (alone.returncode, "“Go on with it?”" in alone.stderr) == (2, True)
    rbutton(begun, "terms", "set", "signals.dnt", "off")
    code, screen = edit(
        begun, env, [("Go on with it? [y/N]", "y"), ("Put it in place? [y/N]", "n")]
    )
    assert "terms.toml was changed since it began" in screen
    assert re.search(r'^  -dnt = "on".*\r?\n  \+dnt = "off"', screen, re.MULTILINE), screen
    unfinished = copy.read_text()
    code, screen = edit(begun, env, [("Go on with it? [y/N]", "n")])
    assert "was changed since" not in screen
    kept = begun / "terms.unfinished-1.toml"
    assert (code, kept.read_text()) == (0, unfinished)
    assert f"It is kept in {kept}." in screen
    assert 'dnt = "off"' in text(begun)
    assert "# sent" in text(begun)
    assert not list(begun.glob("terms.*edit*"))


@pytest.mark.parametrize(
    ("room", "verb"),
    [([], "signals"), (["terms"], "list"), (["sites"], "list"), (["site"], "init")],
)
def test_without_a_verb_the_verbs_are_listed(room: list[str], verb: str) -> None:
    done = rbutton(None, *room)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(rf"^ +{verb} ", done.stderr, re.MULTILINE)


def test_an_edit_put_in_place_settles_an_earlier_one_by_hand(begun: Path, tmp_path: Path) -> None:
    """All that is laxer is shown, not only what was changed just now."""
    (begun / "terms.toml").write_text(FIRST_TEXT.replace('dnt = "on" ', 'dnt = "off"'))
    assert "To be confirmed" in rbutton(begun, "terms", "check").stdout
    env = editor(tmp_path, ("# Sent", "# sent"))
    done = rbutton(begun, "terms", "edit", "--yes", env=env)
    assert (done.returncode, "- The signal DNT is off now" in done.stdout) == (0, True)
    assert "To be confirmed" not in rbutton(begun, "terms", "check").stdout


def test_an_edit_of_nothing_changes_nothing(begun: Path) -> None:
    done = rbutton(begun, "terms", "edit", env={"VISUAL": "true"})
    assert (done.returncode, done.stdout) == (0, "Nothing was changed.\n")
    assert not (begun / "terms.editing.toml").exists()


@pytest.mark.parametrize(("program", "told"), [("false", "error"), ("no-such-editor", "started")])
def test_an_editor_that_fails_is_told(begun: Path, program: str, told: str) -> None:
    done = rbutton(begun, "terms", "edit", env={"VISUAL": "", "EDITOR": program})
    assert (done.returncode, text(begun)) == (2, FIRST_TEXT)
    assert told in done.stderr
    assert "Errno" not in done.stderr
    left = [one.name for one in begun.iterdir() if "editing" in one.name]
    assert bool(left) == (program == "false"), "nothing was opened, so there is no edit"


def test_what_was_saved_elsewhere_during_an_edit_is_kept(begun: Path, tmp_path: Path) -> None:
    """Told, with the place where this edit is."""
    env = editor(tmp_path, ("# Sent", "# sent"))
    program = tmp_path / "editor.py"
    program.write_text(
        program.read_text()
        + f"other = pathlib.Path({str(begun / 'terms.toml')!r})\n"
        + "other.write_text(other.read_text() + '# more\\n')\n"
    )
    done = rbutton(begun, "terms", "edit", env=env)
    assert done.returncode != 0
    assert "changed meanwhile" in done.stderr
    assert str(begun / "terms.editing.toml") in done.stderr
    assert text(begun) == FIRST_TEXT + "# more\n"
    assert "# sent" in (begun / "terms.editing.toml").read_text()


def test_a_change_reaches_a_browser_that_is_open(home: Path, running: Host) -> None:
    """By the command or by hand: the host tells it, and asks nothing about the command's."""
    assert rbutton(home, "terms", "set", "sites.news.example.button", "off").returncode == 0
    settings = running.event()["settings"]
    assert settings["signals"]["sites"] == [{"site": "news.example", "dnt": "off", "gpc": "off"}]
    assert settings["loosened"] is None
