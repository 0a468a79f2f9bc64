"""What `terms.toml` may say, and what it says back when it is wrong."""

import pytest

from rbutton.person import settings
from rbutton.person.errors import PersonError
from rbutton.person.settings import FIRST_TEXT, Settings

ROSTER = ["SD-BASE", "SD-BASE-DP", "do-not-track", "mine-as-well", "no-stalking"]


def parse(text: str) -> Settings:
    """`settings.parse` with the roster that ships."""
    return settings.parse(text, ROSTER)


def told(text: str) -> PersonError:
    """What is said of a text that is wrong."""
    with pytest.raises(PersonError) as caught:
        parse(text)
    assert caught.value.code == "config"
    return caught.value


def test_the_first_text_turns_everything_on() -> None:
    """What a person has after installing: both signals, the data-protecting terms, by touch."""
    found = parse(FIRST_TEXT)
    assert (found.signals.dnt, found.signals.gpc) == ("on", "on")
    assert found.proffer.negotiate == "auto"
    assert found.proffer.terms == [["SD-BASE-DP"]]
    assert found.sites == {}


def test_an_empty_file_means_the_same_as_the_first_one() -> None:
    """What is not written has the value the first file shows."""
    assert parse("") == parse(FIRST_TEXT)


def test_every_setting_is_understood() -> None:
    """Signals, when, which sets in which order, and what differs on one site."""
    found = parse(
        '[signals]\ndnt = "off"\ngpc = "off"\n'
        '[proffer]\nnegotiate = "click"\n'
        'terms = [["no-stalking", "mine-as-well"], ["SD-BASE"]]\n'
        '[sites."news.example"]\nnegotiate = "never"\n'
    )
    assert (found.signals.dnt, found.signals.gpc) == ("off", "off")
    assert found.proffer.terms == [["no-stalking", "mine-as-well"], ["SD-BASE"]]
    assert found.negotiate_with("news.example") == "never"
    assert found.negotiate_with("other.example") == "click"


# Text, then what message and fix must contain.
FAULTS: dict[str, tuple[str, list[str], list[str]]] = {
    "a value misspelt": (
        '# mine\n[signals]\ndnt = "onn"\n',
        ["line 3", "signals.dnt", "onn"],
        ['Did you mean "on"', '"on"', '"off"'],
    ),
    "a value in capitals": (
        '[proffer]\nnegotiate = "NEVER"\n',
        ["line 2", "proffer.negotiate", "NEVER"],
        ['Did you mean "never"', '"auto"', '"click"'],
    ),
    "a boolean": (
        "[signals]\n\ngpc = true\n",
        ["line 3", "signals.gpc", "True"],
        ['"on"', '"off"'],
    ),
    "a key misspelt": (
        '[proffer]\n\n\nnegotiat = "auto"\n',
        ["line 4", "proffer.negotiat"],
        ['Did you mean "negotiate"', '"terms"'],
    ),
    "a section misspelt": (
        '[signal]\ndnt = "on"\n',
        ["line 1", "signal"],
        ['Did you mean "signals"', '"proffer"', '"sites"'],
    ),
    "an unknown agreement": (
        '[proffer]\nterms = [["SD-BASE"], ["sd-base-pd"]]\n',
        ["line 2", "proffer.terms", "sd-base-pd"],
        ['Did you mean "SD-BASE-DP"', '"no-stalking"'],
    ),
    "a dotted key": (
        'signals.dnt = "on"\nsignals.gpc = "maybe"\n',
        ["line 2", "signals.gpc", "maybe"],
        ['"on"', '"off"'],
    ),
    "a site's value": (
        '[signals]\ndnt = "on"\n[sites."news.example"]\nnegotiate = "nver"\n',
        ["line 4", "nver"],
        ['Did you mean "never"'],
    ),
    "a site's key": (
        '[sites."news.example"]\ndnt = "off"\n',
        ["line 2", "dnt"],
        ['"negotiate"'],
    ),
    "a site's name": (
        '[sites."https://news.example/"]\nnegotiate = "never"\n',
        ["line 1", "https://news.example/"],
        ['"news.example"', '"*.example"'],
    ),
    "a wildcard in the middle": ('[sites."a.*.example"]\n', ["line 1", "a.*.example"], []),
    "an empty set": ("[proffer]\nterms = [[]]\n", ["line 2", "proffer.terms"], ["[["]),
    "no set": ("[proffer]\nterms = []\n", ["line 2", "proffer.terms"], []),
    "one set without its brackets": (
        '[proffer]\nterms = ["SD-BASE"]\n',
        ["line 2", "proffer.terms"],
        [],
    ),
    "one agreement twice": ('[proffer]\nterms = [["SD-BASE", "SD-BASE"]]\n', ["line 2"], []),
    "not TOML": ('[signals]\ndnt = "on\n', ["line 2"], ["Mend"]),
    "a key twice": ('[signals]\ndnt = "on"\ndnt = "off"\n', ["line 3"], ["Mend"]),
    "a section that is a value": ("signals = 3\n", ["line 1", "signals"], []),
    "brackets without end": ("a = " + "[" * 5_000, ["terms.toml"], []),
    "a number without end": ("a = " + "1" * 9_000, ["terms.toml"], []),
}


@pytest.mark.parametrize(("text", "message", "fix"), FAULTS.values(), ids=FAULTS)
def test_an_error_names_line_key_and_what_is_allowed(
    text: str, message: list[str], fix: list[str]
) -> None:
    """The person finds the place, and the nearest word that would be right."""
    error = told(text)
    assert "terms.toml" in error.message
    assert all(part in error.message for part in message), error.message
    assert error.fix
    assert all(part in error.fix for part in fix), error.fix


SITES = """\
[proffer]
negotiate = "click"
[sites."*.example"]
negotiate = "never"
[sites."*.shop.example"]
negotiate = "auto"
[sites."www.shop.example"]
negotiate = "never"
[sites."quiet.example"]
[sites."*.com"]
negotiate = "never"
[sites."x.com"]
negotiate = "auto"
[sites."[::1]"]
negotiate = "auto"
"""


@pytest.mark.parametrize(
    ("host", "when"),
    [
        ("example", "click"),
        ("a.example", "never"),
        ("a.b.example", "never"),
        ("shop.example", "never"),
        ("a.shop.example", "auto"),
        ("a.b.shop.example", "auto"),
        ("www.shop.example", "never"),
        ("a.www.shop.example", "auto"),
        ("notexample", "click"),
        ("evil-example", "click"),
        ("quiet.example", "click"),
        ("x.com", "auto"),
        ("y.com", "never"),
        ("[::1]", "auto"),
        ("other.test", "click"),
    ],
)
def test_the_longest_name_that_fits_decides(host: str, when: str) -> None:
    """A site's own name before any wildcard, a longer wildcard before a shorter one."""
    first, *others = SITES.split("\n[")
    for text in (SITES, "\n[".join([first, *reversed(others)])):
        assert parse(text).negotiate_with(host) == when
