"""`terms.toml` on disk: edits by hand, broken ones, and ours, which keep the comments."""

import os
import resource
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from rbutton.person import files, terms_edit
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.settings import FIRST_TEXT, MAX_SITES, Exemption, Settings
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
    "too large": (lambda path: path.write_text("#" * (MAX_BYTES + 1)), "too large", "448 KiB"),
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
        '[signals]\n# mine\r\ndnt = "off"\r\n',
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


KIN = """# All there is.
[sites."a.example"]
gpc = "off"
# No more of it.

# What sites are asked.
[claims]
look = "click"

# That was it.
"""
END = "2100-01-01T00:00:00Z"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_new_section_stands_below_its_kin_or_at_the_end(home: Home, ends: str) -> None:
    """And parts no comment from what it is about; lines end as those of the file do."""
    home.terms_file.write_bytes(KIN.replace("\n", ends).encode())
    file = opened(home)
    file.set("sites.b.example.dnt", "off")
    file.set("own.clauses.sell", "never")
    file.grant("news.example", None, None)
    file.grant("news.example", ["ads.example"], END)
    file.set("signals.gpc", "off")
    above, below = KIN.split("\n\n", 1)
    sections = [
        above,
        '[sites."b.example"]\ndnt = "off"',
        below.rstrip(),
        '[own.clauses]\nsell = "never"',
        '[[exceptions]]\nsite = "news.example"',
        f'[[exceptions]]\nsite = "news.example"\ntargets = ["ads.example"]\nuntil = {END}',
        '[signals]\ngpc = "off"\n',
    ]
    changed = home.terms_file.read_bytes().decode()
    assert changed == "\n\n".join(sections).replace("\n", ends)


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
        ("signals", "on"),
        ("sites.https://a.example.dnt", "on"),
        ("sites.a.example.dnt", "exeption"),
        ("own.clauses.track.offsite", ["never"]),
        ("exceptions.site", "a.example"),
        ("invented.key", "on"),
    ],
)
def test_setting_refuses_what_would_break_the_file(home: Home, key: str, value: object) -> None:
    """A wrong value never reaches the disk."""
    file = opened(home)
    with pytest.raises(PersonError):
        file.set(key, value)
    assert home.terms_file.read_text() == FIRST_TEXT


#: Key, value, and how it is known that it holds.
SET: dict[str, tuple[object, Callable[[Settings], object]]] = {
    "claims.look": ("auto", lambda found: found.claims.look),
    "proffer.also": (["SD-BASE"], lambda found: found.proffer.also),
    "own.clauses.track.offsite": ("never", lambda found: found.own.clauses["track.offsite"]),
    "own.clauses.purpose": (["Verification"], lambda found: found.own.clauses["purpose"]),
    "sites.news.example.dnt": ("exception", lambda found: found.signals_with("news.example").dnt),
    "sites.*.example.button": (
        "off",
        lambda found: "off" if not found.button_on("a.example") else 0,
    ),
    "sites.[::1].negotiate": ("click", lambda found: found.negotiate_with("[::1]")),
}
WRITTEN = {
    "the first text": FIRST_TEXT,
    "nothing": "",
    "sections torn apart": '[sites."a.example"]\ngpc = "off" # mine\n[signals]\n[sites."b.test"]\n',
    "dotted keys": 'sites."news.example".gpc = "off"\nsignals.gpc = "off"\n',
    "inline": "sites = { 'a.example' = { gpc = 'off' } }\nown = { clauses = { copy = 'none' } }\n",
    "empty inline": "sites = {}\nclaims = {}\nown = {}\nsignals = {}\nproffer = {}\n",
    "a table of clauses": '[own.clauses]\n# mine\ncopy = "on-request"\n\n[signals]\n',
    "wide": '[sites]\n"news.example" = {gpc = "on"}\n"*.example".look = "never"\n',
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_any_key_is_set_and_taken_out_in_any_way_of_writing(home: Home, text: str) -> None:
    """Each holds, nothing else changes, comments stay, and taken out it is as before."""
    home.terms_file.write_text(text)
    before = opened(home).settings
    for key, (value, read) in SET.items():
        file = opened(home)
        file.set(key, value)
        assert read(file.settings) == value, key
        assert opened(home).settings == file.settings
        file.set(key, None)
        assert opened(home).problem is None
    after = opened(home).settings
    assert after.proffer == before.proffer
    assert after.own == before.own
    assert {name: site for name, site in after.sites.items() if site != type(site)()} == {
        name: site for name, site in before.sites.items() if site != type(site)()
    }
    now = home.terms_file.read_text()
    assert (now.count("#"), now.count("[")) == (text.count("#"), text.count("["))


@pytest.mark.parametrize(
    ("key", "value", "above"),
    [
        ("proffer.lasts", "1 year", '# lasts = "1 year"'),
        ("proffer.also", ["SD-BASE"], '# also = ["SD-BASE"]'),
    ],
)
def test_a_new_key_stands_below_its_sample(home: Home, key: str, value: object, above: str) -> None:
    """So that the samples of other sections may be uncommented; taken out, nothing is left."""
    file = opened(home)
    file.set(key, value)
    lines = home.terms_file.read_text().splitlines()
    name = key.partition(".")[2]
    assert lines[lines.index(above) + 1].startswith(f"{name} = ")
    text, sample = home.terms_file.read_text(), '# [claims]\n# look = "click"'
    assert sample in text
    home.terms_file.write_text(text.replace(sample, '[claims]\nlook = "auto"'))
    again = opened(home)
    assert (again.problem, again.settings.claims.look) == (None, "auto")
    home.terms_file.write_text(text)
    opened(home).set(key, None)
    assert home.terms_file.read_text() == FIRST_TEXT


def test_a_new_key_without_a_sample_stands_below_the_last_one(home: Home) -> None:
    """And not below what is said of the next section."""
    home.terms_file.write_text('[proffer]\nterms = [\n["SD-BASE"],\n]\n\n# Mine:\n[signals]\n')
    opened(home).set("proffer.lasts", "1 year")
    assert ']\nlasts = "1 year"\n\n# Mine:\n[signals]' in home.terms_file.read_text()


def test_a_section_that_is_taken_out_leaves_no_gap(home: Home) -> None:
    """Nor does an exception."""
    file = opened(home)
    file.set("sites.news.example.gpc", "off")
    file.grant("news.example", None, None)
    file.revoke("news.example")
    file.set("sites.news.example.gpc", None)
    assert home.terms_file.read_text() == FIRST_TEXT


def test_a_section_that_is_taken_out_leaves_what_is_said_below_it(home: Home) -> None:
    """But what is said in it stays, under its heading."""
    below = '# What sites are asked.\n[claims]\nlook = "click"\n'
    home.terms_file.write_text(f'[sites."a.example"]\ndnt = "off"\n\n{below}')
    opened(home).set("sites.a.example.dnt", None)
    assert home.terms_file.read_text() == below
    said = '[sites."a.example"]\n# My bank.\n'
    home.terms_file.write_text(f'{said}dnt = "off"\n\n{below}')
    opened(home).set("sites.a.example.dnt", None)
    assert home.terms_file.read_text() == f"{said}\n{below}"


def test_a_list_over_several_lines_is_taken_out_whole(home: Home) -> None:
    home.terms_file.write_text('[proffer]\nalso = [\n  "SD-BASE", # mine\n]\nlasts = "1 year"\n')
    opened(home).set("proffer.also", None)
    assert home.terms_file.read_text() == '[proffer]\nlasts = "1 year"\n'


def test_as_many_sites_as_there_may_be_are_chosen_one_by_one(home: Home) -> None:
    names = [f"a-long-name-{number}.example" for number in range(MAX_SITES)]
    sections = (f'[sites."{name}"]\ndnt = "off"\n' for name in names[:-1])
    home.terms_file.write_text("\n".join(sections))
    opened(home).set(f"sites.{names[-1]}.dnt", "off")
    assert len(opened(home).settings.sites) == MAX_SITES


def test_what_is_set_already_leaves_the_file_alone(home: Home) -> None:
    """To the byte."""
    file = opened(home)
    file.set("signals.dnt", "on")
    file.set("sites.news.example.dnt", None)
    file.revoke("news.example")
    assert home.terms_file.read_text() == FIRST_TEXT


EXCEPTIONS = {
    "none": "# mine\n",
    "sections": '[[exceptions]]\nsite = "b.example" # mine\n\n[signals]\n',
    "a list": 'exceptions = [{site = "b.example"}] # mine\n',
    "an empty list": "exceptions = [] # mine\n",
}


@pytest.mark.parametrize("text", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_exceptions_are_granted_and_revoked(home: Home, text: str) -> None:
    """By site and targets; the same again only moves its end; the others are left alone."""
    home.terms_file.write_text(text)
    file = opened(home)
    before = file.settings.exceptions
    file.grant("a.example", None, None)
    file.grant("a.example", ["ads.example", "cdn.example"], "2027-01-01T00:00:00Z")
    file.grant("a.example", ["cdn.example", "ads.example"], "2028-01-01T00:00:00Z")
    file.grant("*.c.example", ["ads.example"], None)
    of_a = [one for one in opened(home).settings.exceptions if one.site == "a.example"]
    assert [one.targets and sorted(one.targets) for one in of_a] == [
        None,
        ["ads.example", "cdn.example"],
    ]
    assert [one.until and one.until.year for one in of_a] == [None, 2028]
    file.revoke("a.example", None)
    file.revoke("*.c.example", ["other.example"])
    left = [one for one in opened(home).settings.exceptions if one not in before]
    assert [one.site for one in left] == ["a.example", "*.c.example"]
    file.revoke("a.example")
    file.revoke("*.c.example", ["ads.example"])
    assert opened(home).settings.exceptions == before
    assert "# mine" in home.terms_file.read_text() or text == EXCEPTIONS["an empty list"]


@pytest.mark.parametrize("until", ["tomorrow", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z"])
def test_an_exception_ends_at_a_time_or_is_refused(home: Home, until: str) -> None:
    """The file stays as it was."""
    with pytest.raises(PersonError):
        opened(home).grant("a.example", None, until)
    assert home.terms_file.read_text() == FIRST_TEXT


def test_an_edit_by_hand_while_ours_is_made_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor knows no lock: what it saved between our reading and writing is in the result."""
    file, put = opened(home), terms_edit.put
    saved: list[int] = []

    def slow(text: str, *rest: object) -> str:
        if not saved:
            saved.append(home.terms_file.write_text(OFF))
        return put(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(terms_edit, "put", slow)
    file.set("signals.gpc", "off")
    assert (dnt(file), file.settings.signals.gpc) == ("off", "off")


def test_a_file_that_is_written_all_the_time_is_left_to_its_writer(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told, and nothing of theirs is lost."""
    file, put = opened(home), terms_edit.put

    def racing(text: str, *rest: object) -> str:
        home.terms_file.write_text(home.terms_file.read_text() + "# more\n")
        return put(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(terms_edit, "put", racing)
    with pytest.raises(PersonError, match="changed meanwhile"):
        file.set("signals.gpc", "off")
    assert home.terms_file.read_text().startswith(FIRST_TEXT)
    assert opened(home).settings.signals.gpc == "on"


def edited(home: Home, file: TermsFile, text: str) -> TermsFile:
    """The file after an edit by hand was taken."""
    home.terms_file.write_text(text)
    assert [file.look(), file.look()] == [False, True]
    assert file.problem is None
    return file


LOOSER: dict[str, tuple[str, str, list[str]]] = {
    "a signal off": ("", '[signals]\ndnt = "off"', ["DNT is off now; it was on"]),
    "both": ("", '[signals]\ndnt = "off"\ngpc = "off"', ["DNT is off", "GPC is off"]),
    "offered by itself": (
        '[proffer]\nnegotiate = "click"',
        "",
        ["offered by themselves now; it was only by your click"],
    ),
    "signed for a while": (
        "",
        '[proffer]\nlasts = "1 year"',
        ["What is signed lasts 1 year now; it was for good."],
    ),
    "laxer terms": (
        "",
        '[proffer]\nterms = [["SD-BASE"]]',
        ["“Only what the service needs” is offered now; before, “Only what the service needs, and"],
    ),
    "laxer terms first": (
        '[proffer]\nterms = [["SD-BASE-DP"], ["SD-BASE"]]',
        '[proffer]\nterms = [["SD-BASE"], ["SD-BASE-DP"]]',
        ["came first"],
    ),
    "the stricter taken out": (
        '[proffer]\nterms = [["SD-BASE-DP"], ["SD-BASE"]]',
        '[proffer]\nterms = [["SD-BASE"]]',
        ["came first"],
    ),
    "other terms": ("", '[proffer]\nterms = [["mine-as-well"], ["SD-BASE-DP"]]', ["is mine too"]),
    "a counter-offer": ("", '[proffer]\nalso = ["SD-BASE"]', ["accepted now without asking you"]),
    "looking always": ("", '[claims]\nlook = "auto"', ["asked about themselves on every visit"]),
    "own terms": (
        '[own]\nclauses = { ads = "none", copy = "immediate", sell = "never" }',
        '[own]\nclauses = { ads = "untracked", copy = "immediate" }',
        ["Ads: not based on tracking you now; it was none", "Selling your data: not asked for"],
    ),
    "a site's signal": (
        "",
        '[sites."a.example"]\ndnt = "exception"',
        ["a.example: DNT is an exception"],
    ),
    "a site's silence ended": (
        '[sites."*.example"]\nbutton = "off"',
        '[sites."*.example"]\nlook = "auto"',
        ["All under example: your terms are offered by themselves now; it was nowhere; asked"],
    ),
    "a site all off": ("", "[sites.a]\nbutton = 'off'", ["a: DNT is off now; it was on; GPC"]),
    "recognised": ("", "[sites.a]\nrecognise = 'on'", ["a: it may recognise you now"]),
    "a wider name": (
        '[sites."*.example"]\ndnt = "off"\n[sites."a.example"]\ndnt = "on"',
        '[sites."*.example"]\ndnt = "off"',
        ["a.example: DNT is off now; it was on"],
    ),
    "an exception": (
        "",
        "exceptions = [{site = 'a', targets = ['b']}]",
        ["On a, b may track you now."],
    ),
    "an exception for longer": (
        "exceptions = [{site = 'a', until = 2098-01-01T00:00:00Z}]",
        "exceptions = [{site = 'a', until = 2099-01-01T00:00:00Z}]",
        ["On a, everybody may track you now until 2099-01-01."],
    ),
}


@pytest.mark.parametrize("case", LOOSER)
def test_an_edit_that_loosens_is_told_until_it_is_confirmed(home: Home, case: str) -> None:
    """In force, but to be confirmed: over restarts and other edits, and in every browser."""
    before, after, sentences = LOOSER[case]
    home.terms_file.write_text(before)
    file = edited(home, opened(home), after)
    assert file.loosened
    assert len(file.loosened.changes) == len(sentences)
    for sentence, part in zip(file.loosened.changes, sentences, strict=True):
        assert part in sentence
    other = opened(home)
    assert other.loosened == file.loosened
    edited(home, file, after + "\n# more")
    assert file.loosened
    assert file.loosened.id != other.loosened.id
    with pytest.raises(PersonError, match="changed meanwhile"):
        file.confirm(other.loosened.id)
    other = opened(home)
    other.confirm(file.loosened.id)
    assert other.loosened is None
    assert [file.look(), file.look()] == [True, False]
    assert [file.loosened, opened(home).loosened] == [None, None]


@pytest.mark.parametrize("case", LOOSER)
def test_the_way_back_is_no_loosening(home: Home, case: str) -> None:
    """But where each is stricter in one thing, either way asks."""
    before, after, _ = LOOSER[case]
    home.terms_file.write_text(after)
    file = edited(home, opened(home), before)
    in_part = ("a site's silence ended", "a site all off", "other terms")
    assert (file.loosened is not None) == (case in in_part)


@pytest.mark.parametrize("case", LOOSER)
def test_an_edit_that_loosens_can_be_undone(home: Home, case: str) -> None:
    """The file is as it was last confirmed, and what it was meanwhile is kept."""
    before, after, _ = LOOSER[case]
    home.terms_file.write_text(before)
    file = opened(home)
    was = file.settings
    edited(home, file, after)
    assert file.loosened
    file.undo(file.loosened.id)
    assert file.settings == was
    assert [file.loosened, file.problem] == [None, None]
    assert home.terms_file.read_text() == before
    assert (home.config / "terms.undone.toml").read_text() == after
    assert [file.look(), file.look()] == [False, False]


def test_undoing_keeps_an_edit_that_is_being_made(home: Home) -> None:
    """What was shown is no longer what stands there: nothing is done."""
    file = edited(home, opened(home), OFF)
    assert file.loosened
    home.terms_file.write_text(OFF + "# more\n")
    with pytest.raises(PersonError, match="changed meanwhile"):
        file.undo(file.loosened.id)
    assert home.terms_file.read_text() == OFF + "# more\n"


def test_a_change_by_page_or_command_is_confirmed_by_itself(home: Home) -> None:
    """It is the person's act; what was edited by hand before it is still asked about."""
    file = opened(home)
    file.set("signals.dnt", "off")
    file.grant("a.example", None, None)
    assert file.loosened is None
    edited(home, file, home.terms_file.read_text().replace('"auto"\n\n', '"never"\n\n'))
    assert file.loosened is None
    text = home.terms_file.read_text()
    edited(home, file, text.replace('gpc = "on" ', 'gpc = "off"'))
    assert file.loosened
    file.set("proffer.negotiate", "click")
    assert file.loosened
    assert file.loosened.changes == ["The signal GPC is off now; it was on."]
    file.undo(file.loosened.id)
    assert file.settings.proffer.negotiate == "click"
    assert (dnt(file), file.settings.signals.gpc) == ("off", "on")
    assert file.settings.exceptions == (Exemption("a.example"),)


def test_an_edit_while_no_browser_runs_is_asked_about_too(home: Home) -> None:
    """What was confirmed is on disk."""
    opened(home)
    home.terms_file.write_text(OFF)
    file = opened(home)
    assert (dnt(file), bool(file.loosened)) == ("off", True)


def test_a_loosening_behind_a_mistake_is_still_asked_about(home: Home) -> None:
    """The last good settings hold, and those are what was loosened."""
    file = edited(home, opened(home), OFF)
    home.terms_file.write_text(BROKEN)
    again = opened(home)
    assert again.problem
    assert dnt(again) == "off"
    assert again.loosened == file.loosened


def test_what_was_confirmed_and_cannot_be_read_is_asked_about(home: Home) -> None:
    """Nobody can say what changed: then the person says that it is right."""
    opened(home)
    files.write(home.confirmed, "[signals")
    file = opened(home)
    assert file.loosened
    assert "cannot be read" in file.loosened.changes[0]
    with pytest.raises(PersonError):
        file.undo(file.loosened.id)
    file.confirm(file.loosened.id)
    assert opened(home).loosened is None


def test_a_long_list_of_loosenings_is_cut(home: Home) -> None:
    """It is to be read, and fits into one message."""
    text = "".join(f"[[exceptions]]\nsite = 'n{number}.example'\n" for number in range(4_000))
    file = edited(home, opened(home), text)
    assert file.loosened
    assert len(file.loosened.changes) == 41
    assert file.loosened.changes[-1] == "And 3,960 more."


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
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"terms.toml", "terms.last-good.toml", "terms.confirmed.toml"}


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


def test_taking_an_exception_out_leaves_the_comments_of_what_is_below() -> None:
    """They belong to the next section, or to nothing."""
    text = (
        '[[exceptions]]\nsite = "n.example"\n\n'
        '# why this one\n[sites."a.example"]\ndnt = "off"\n\n'
        '# and this\n[[exceptions]]\nsite = "b.example"\ntargets = [\n  "c.example",\n]\n'
        "# the end\n"
    )
    left = terms_edit.revoke(text, "n.example", terms_edit.ALL)
    assert left == text.removeprefix('[[exceptions]]\nsite = "n.example"\n\n')
    left = terms_edit.revoke(text, "b.example", ["c.example"])
    assert left == text.partition('[[exceptions]]\nsite = "b.')[0] + "# the end\n"


def test_an_exception_is_granted_in_a_file_without_a_last_line_feed() -> None:
    text = '[[exceptions]]\nsite = "n.example"'
    granted = terms_edit.grant(text, "b.example", None, None)
    assert [one["site"] for one in tomllib.loads(granted)["exceptions"]] == [
        "n.example",
        "b.example",
    ]


@pytest.mark.parametrize("text", ['sites = "x"\n', '[sites]\n"a.example" = "x"\n'])
@pytest.mark.parametrize("value", ["off", None])
def test_what_cannot_be_put_anywhere_is_no_success(text: str, value: str | None) -> None:
    with pytest.raises(PersonError) as caught:
        terms_edit.put(text, ("sites", "a.example", "dnt"), value)
    assert "by hand" in caught.value.fix
