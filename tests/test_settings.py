"""What `terms.toml` may say, and what it says back when it is wrong."""

import re
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbutton.native import signals
from rbutton.person import settings_parsing
from rbutton.person.errors import PersonError
from rbutton.person.settings import FIRST_TEXT, MAX_EXCEPTIONS, MAX_SITES, Exemption, Settings
from rbutton.person.settings_parsing import MAX_ITEMS
from rbutton.terms.errors import UnknownTerms
from tests.strategies import NAMES, VOCABULARY, values

ROSTER = ["PDC-AI", "SD-BASE", "SD-BASE-DP", "do-not-track", "mine-as-well", "no-stalking"]
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def parse(text: str) -> Settings:
    """A text of `terms.toml`, read."""
    return settings_parsing.parse(text, ROSTER)


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
    assert (found.proffer.also, found.own.clauses, found.claims.look) == ([], {}, "click")
    assert (found.sites, found.exceptions) == ({}, ())


def test_an_empty_file_means_the_same_as_the_first_one() -> None:
    """What is not written has the value the first file shows."""
    assert parse("") == parse(FIRST_TEXT)


def test_the_examples_of_the_first_text_are_right() -> None:
    """Whoever takes away the # before an example has what it says."""
    found = parse(re.sub(r"^# (?=[a-z]+ = |\[)", "", FIRST_TEXT, flags=re.MULTILINE))
    assert found.proffer.also == ["SD-BASE"]
    assert found.own.clauses == {"track.offsite": "never", "copy": "on-request"}
    assert found.negotiate_with("news.example") == "never"
    assert found.signals_with("news.example").dnt == "exception"
    assert found.signals_with("a.example").gpc == "off"
    assert found.look_with("a.example") == "never"
    assert found.button_on("bank.example") is False
    assert found.exceptions == (
        Exemption("news.example", ("ads.example",), datetime(2027, 1, 1, tzinfo=UTC)),
    )


def test_every_setting_is_understood() -> None:
    """Signals, when, which sets in which order, own terms, claims, sites, exceptions."""
    found = parse(
        '[signals]\ndnt = "off"\ngpc = "off"\n'
        '[proffer]\nnegotiate = "click"\nalso = ["SD-BASE", "do-not-track"]\n'
        'terms = [["no-stalking", "mine-as-well"], ["SD-BASE"], ["PDC-AI"]]\n'
        "[own.clauses]\n"
        'ads = "untracked"\nretain = "P30D"\npurpose = ["ServiceProvision", "EnforceSecurity"]\n'
        'data = []\n[claims]\nlook = "auto"\n'
        '[sites."news.example"]\nnegotiate = "never"\ndnt = "on"\ngpc = "on"\nlook = "click"\n'
        'recognise = "on"\n'
        "[[exceptions]]\n"
        'site = "*.news.example"\n'
        "[[exceptions]]\n"
        'site = "shop.example"\ntargets = ["ads.example", "cdn.example"]\n'
        "until = 2027-01-01T02:00:00.5+02:00\n"
    )
    assert (found.signals.dnt, found.signals.gpc) == ("off", "off")
    assert found.proffer.terms == [["no-stalking", "mine-as-well"], ["SD-BASE"], ["PDC-AI"]]
    assert found.proffer.also == ["SD-BASE", "do-not-track"]
    assert found.own.clauses == {
        "ads": "untracked",
        "retain": "P30D",
        "purpose": ["EnforceSecurity", "ServiceProvision"],
        "data": [],
    }
    assert found.negotiate_with("news.example") == "never"
    assert found.negotiate_with("other.example") == "click"
    assert (found.look_with("news.example"), found.look_with("other.example")) == ("click", "auto")
    assert (found.recognises("news.example"), found.recognises("other.example")) == (True, False)
    assert found.exceptions == (
        Exemption("*.news.example"),
        Exemption("shop.example", ("ads.example", "cdn.example"), datetime(2027, 1, 1, tzinfo=UTC)),
    )


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
        ["line 3", "signals.gpc", "true"],
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
        '[sites."news.example"]\nbuton = "off"\n',
        ["line 2", "buton"],
        ['Did you mean "button"', '"negotiate"', '"recognise"'],
    ),
    "a site's signal": (
        '[sites."news.example"]\ndnt = "exeption"\n',
        ["line 2", "dnt", "exeption"],
        ['Did you mean "exception"', '"off"'],
    ),
    "an exception for everyone": (
        '[signals]\ndnt = "exception"\n',
        ["line 2", "signals.dnt", "exception"],
        ['"on", "off".'],
    ),
    "a span misspelt": (
        '[proffer]\nlasts = "1 yaer"\n',
        ["line 2", "proffer.lasts", "1 yaer"],
        ['Did you mean "1 year"', '"for good"'],
    ),
    "a look misspelt": ('[claims]\nlook = "alwys"\n', ["line 2", "claims.look"], ['"auto"']),
    "a counter-offer that is not in the roster": (
        '[proffer]\nalso = ["sdbase"]\n',
        ["line 2", "proffer.also", "sdbase"],
        ['Did you mean "SD-BASE"'],
    ),
    "a counter-offer in two brackets": (
        '[proffer]\nalso = [["SD-BASE"]]\n',
        ["line 2", "proffer.also"],
        ['["SD-BASE"]'],
    ),
    "a counter-offer that gives something away": (
        '[proffer]\nalso = ["PDC-AI"]\n',
        ["line 2", "proffer.also", "PDC-AI", "gives something away"],
        ["your click"],
    ),
    "no clause": (
        "[own]\nclauses = { coppy = 'on-request' }\n",
        ["line 2", "own.clauses.coppy", "not a clause"],
        ['Did you mean "copy"', '"track.offsite"'],
    ),
    "a clause without its quotes": (
        "[own.clauses]\ntrack.offsite = 'never'\n",
        ["line 2", "track.offsite"],
        ['Write "track.offsite" in quotes'],
    ),
    "a clause's value": (
        '[own.clauses]\nads = "none"\n"track.offsite" = "nevr"\n',
        ["line 3", "own.clauses.track.offsite", "nevr"],
        ['Did you mean "never"', '"consent"'],
    ),
    "a clause's list that is a word": (
        '[own.clauses]\npurpose = "ServiceProvision"\n',
        ["line 2", "own.clauses.purpose"],
        ["["],
    ),
    "a purpose nobody knows": (
        '[own.clauses]\npurpose = ["ServiceProvison"]\n',
        ["line 2", "own.clauses.purpose", "ServiceProvison"],
        ['Did you mean "ServiceProvision"'],
    ),
    "a span": ('[own.clauses]\nretain = "30 days"\n', ["line 2", "30 days"], ['"P30D"']),
    "own clauses in a list": ("[own]\nclauses = []\n", ["line 2", "own.clauses"], ["{"]),
    "an address": (
        '[sites."https://News.example/x"]\ngpc = "off"\n',
        ["line 1", "https://News.example/x"],
        ['Did you mean "news.example"'],
    ),
    "a name in its own letters": (
        '[sites."bücher.example"]\n',
        ["line 1", "bücher.example"],
        ['Did you mean "xn--bcher-kva.example"'],
    ),
    "an exception of nobody": (
        '[[exceptions]]\nsite = "a.example"\n[[exceptions]]\ntargets = ["b.example"]\n',
        ["line 3", "no site"],
        ['site = "news.example"'],
    ),
    "an exception's site": (
        '[[exceptions]]\nsite = "a.example"\n[[exceptions]]\nsite = "b example"\n',
        ["line 4", "b example"],
        ['"*.example"'],
    ),
    "an exception's targets": (
        '[[exceptions]]\nsite = "a.example"\ntargets = []\n',
        ["line 3", "exceptions.targets"],
        ["leave it out"],
    ),
    "a target that is many": (
        '[[exceptions]]\nsite = "a.example"\ntargets = ["*.b.example"]\n',
        ["line 3", "*.b.example"],
        ['"news.example"'],
    ),
    "an exception's end in quotes": (
        '[[exceptions]]\nsite = "a.example"\n\nuntil = "2027-01-01T00:00:00Z"\n',
        ["line 4", "exceptions.until", "2027-01-01"],
        ["without quotes"],
    ),
    "an exception's end nobody knows where": (
        '[[exceptions]]\nsite = "a.example"\nuntil = 2027-01-01T00:00:00\n',
        ["line 3", "exceptions.until", "2027-01-01T00:00:00"],
        ["Z"],
    ),
    "an exception's end before there was time": (
        '[[exceptions]]\nsite = "a.example"\nuntil = 0001-01-01T00:00:00+23:00\n',
        ["line 3", "exceptions.until"],
        [],
    ),
    "an exception's key": (
        '[[exceptions]]\nsite = "a.example"\ntarget = ["b.example"]\n',
        ["line 3", "exceptions.target"],
        ['Did you mean "targets"'],
    ),
    "one exception with one bracket": (
        '[exceptions]\nsite = "a.example"\n',
        ["line 1", "exceptions"],
        ["[[exceptions]]"],
    ),
    "too many choices": (
        "[proffer]\nterms = [" + '["SD-BASE"],' * 65 + "]",
        ["line 2", "proffer.terms", "64"],
        ["out"],
    ),
    "too many sites": (
        "[sites]\n" + "".join(f"s{number} = {{}}\n" for number in range(MAX_SITES + 1)),
        ["line 1", "sites", "8,000"],
        ["out"],
    ),
    "too many exceptions": (
        "[[exceptions]]\nsite = 'a.example'\n" * (MAX_EXCEPTIONS + 1),
        ["exceptions", "4,000"],
        ["out"],
    ),
    "a site's name": (
        '[sites."https://news.example/"]\nnegotiate = "never"\n',
        ["line 1", "https://news.example/"],
        ['"news.example"', '"*.example"'],
    ),
    "a wildcard in the middle": ('[sites."a.*.example"]\n', ["line 1", "a.*.example"], []),
    "an empty set": ("[proffer]\nterms = [[]]\n", ["line 2", "proffer.terms"], ["[["]),
    "no set": (
        "[proffer]\nterms = []\n",
        ["line 2", "proffer.terms is empty."],
        ['negotiate = "never"'],
    ),
    "a site that is a word": (
        '[signals]\n[sites]\n"a.example" = "off"\n',
        ["line 3", "sites.a.example"],
        ['Write [sites."a.example"] on'],
    ),
    "a site without its quotes": (
        '[signals]\n[sites.www.a.example]\ndnt = "off"\n',
        ["line 2", "[sites.www.a.example] is a site's name without quotes"],
        ['Write [sites."www.a.example"]'],
    ),
    "a byte order mark": ('\ufeff[signals]\ndnt = "on"\n', ["line 1: the file begins"], ["UTF-8"]),
    "curly quotes": ("[signals]\ndnt = “on”\n", ["line 2", "dnt = “on”"], ["straight quotes"]),
    "a day that is none": (
        '[[exceptions]]\nsite = "a.example"\nuntil = 2027-02-30T00:00:00Z # mine\n',
        ["line 3: “2027-02-30T00:00:00Z” is not a time there is."],
        ["2027-01-01T00:00:00Z"],
    ),
    "a day written short": (
        '[[exceptions]]\nsite = "a.example"\nuntil = 2027-1-1\n',
        ["line 3: “2027-1-1” is not a time there is."],
        ["2027-01-01T00:00:00Z"],
    ),
    "one set without its brackets": (
        '[proffer]\nterms = ["SD-BASE"]\n',
        ["line 2", "proffer.terms"],
        [],
    ),
    "one agreement twice": ('[proffer]\nterms = [["SD-BASE", "SD-BASE"]]\n', ["line 2"], []),
    "not TOML": ('[signals]\ndnt == "on"\n', ["line 2: “dnt == "], ["Mend"]),
    "an open quote": ('[signals]\ndnt = "on\n', ['line 2: “dnt = "on”'], ["A quote is open"]),
    "no quotes": ("[signals]\ngpc = on # so\n", ["line 2: “gpc = on"], ['quotes: gpc = "on".']),
    "an open bracket": ('[proffer]\nterms = [["SD-BASE"]\n\n', ["line 2: “terms"], ["bracket"]),
    "an array that goes on over the next settings": (
        '# mine\n[proffer]\n\nterms = [\n  ["SD-BASE"]\n\nnegotiate = "auto"\n[signals]\n',
        ["line 4: “terms = [”", "Unclosed array"],
        ["close it with ]"],
    ),
    "two exceptions with one bracket": (
        '[exceptions]\nsite = "a.example"\n[exceptions]\nsite = "b.example"\n',
        ["line 3: “[exceptions]”"],
        ["line 1", "[[exceptions]], with two brackets, above each"],
    ),
    "an exception with one bracket among others": (
        '[[exceptions]]\nsite = "a.example"\n[exceptions]\nsite = "b.example"\n',
        ["line 3: “[exceptions]”"],
        ["line 1", "above each"],
    ),
    "a site twice": (
        '[sites."a.example"]\ndnt = "off"\n[signals]\n[sites."a.example"]\ngpc = "off"\n',
        ["line 4: “[sites."],
        ["in line 1 already"],
    ),
    "a key twice": (
        '[signals]\ndnt = "on"\ndnt = "off"\n',
        ['line 3: “dnt = "off'],
        ["in line 2 already: take one of"],
    ),
    "a section twice": ("[own]\n[own]\n", ["line 2: “[own]” is"], ["take one of the two out"]),
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
        ("quiet.example", "never"),
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


KEYS = """\
[signals]
gpc = "off"
[claims]
look = "auto"
[sites."*.example"]
dnt = "off"
look = "never"
[sites."news.example"]
gpc = "on"
recognise = "on"
[sites."*.news.example"]
dnt = "exception"
[sites."*.quiet.example"]
button = "off"
dnt = "on"
[sites."loud.quiet.example"]
button = "on"
"""


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("other.test", ("on", "off", "auto", False, "auto")),
        ("a.example", ("off", "off", "never", False, "auto")),
        ("news.example", ("off", "on", "never", True, "auto")),
        ("a.news.example", ("exception", "off", "never", False, "auto")),
        ("quiet.example", ("off", "off", "never", False, "auto")),
        ("a.quiet.example", ("off", "off", "never", False, "never")),
        ("loud.quiet.example", ("on", "off", "never", False, "auto")),
    ],
)
def test_for_each_key_the_longest_name_that_states_it_decides(
    host: str, expected: tuple[str, str, str, bool, str]
) -> None:
    """A name that says nothing of a key leaves it to the next; a button that is off ends all."""
    found = parse(KEYS)
    here = found.signals_with(host)
    wished = (found.look_with(host), found.recognises(host), found.negotiate_with(host))
    assert (here.dnt, here.gpc, *wished) == expected


def as_told(settings: dict[str, Any], host: str) -> tuple[str, str]:
    """What goes out to `host`, from what the browser is told alone: the longest name that fits."""
    fitting = [
        one
        for one in settings["sites"]
        if one["site"] == host or (one["site"][:2] == "*." and host.endswith(one["site"][1:]))
    ]
    if fitting:
        best = max(fitting, key=lambda one: (one["site"] == host, len(one["site"])))
        return best["dnt"], best["gpc"]
    return tuple("on" if settings[key] else "off" for key in ("dnt", "gpc"))  # type: ignore[return-value]


HOSTS = ["example", "a.example", "b.a.example", "c.b.a.example", "b.example", "a.test", "[::1]"]
SITE_NAMES = [*HOSTS, "*.example", "*.a.example", "*.b.a.example", "*.test"]
ONE_SITE = st.fixed_dictionaries(
    {},
    optional={
        "dnt": st.sampled_from(["on", "off", "exception"]),
        "gpc": st.sampled_from(["on", "off"]),
        "button": st.sampled_from(["on", "off"]),
        "negotiate": st.just("never"),
    },
)


@settings(max_examples=200, deadline=None)
@given(
    general=st.tuples(*[st.sampled_from(["on", "off"])] * 2),
    sites=st.dictionaries(st.sampled_from(SITE_NAMES), ONE_SITE),
)
def test_the_browser_is_told_the_same_in_few_names(
    general: tuple[str, str], sites: dict[str, dict[str, str]]
) -> None:
    """By the longest match alone it comes to what the settings say, with no name in vain."""
    dnt, gpc = general
    lines = [f'[signals]\ndnt = "{dnt}"\ngpc = "{gpc}"']
    for name, one in sites.items():
        lines += [f'[sites."{name}"]', *(f'{key} = "{value}"' for key, value in one.items())]
    found = parse("\n".join(lines))
    told_of = signals.told(found, NOW)
    for host in HOSTS:
        here = found.signals_with(host)
        assert as_told(told_of, host) == (here.dnt, here.gpc)
    for one in told_of["sites"]:
        fewer = {**told_of, "sites": [other for other in told_of["sites"] if other != one]}
        host = one["site"].replace("*", "zz")
        assert as_told(fewer, host) != as_told(told_of, host)


def test_exceptions_are_told_until_they_pass() -> None:
    """With their targets and their end; what has passed is no longer told."""
    found = parse(
        '[[exceptions]]\nsite = "*.a.example"\n'
        '[[exceptions]]\nsite = "b.example"\ntargets = ["ads.example"]\n'
        "until = 2026-11-22T10:00:01Z\n"
        '[[exceptions]]\nsite = "c.example"\nuntil = 2026-11-22T10:00:00Z\n'
    )
    assert signals.told(found, NOW)["exceptions"] == [
        {"site": "*.a.example", "targets": None, "until": None},
        {"site": "b.example", "targets": ["ads.example"], "until": "2026-11-22T10:00:01Z"},
    ]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.example", "exception"),
        ("www.b.example", "exception"),
        ("b.example", "on"),
        ("targets.example", "on"),
        ("itself.example", "exception"),
        ("over.example", "on"),
        ("off.example", "off"),
        ("*.b.example", "exception"),
        ("*.example", "on"),
        ("chosen.test", "exception"),
        ("other.test", "on"),
    ],
)
def test_an_exception_for_the_site_counts_while_it_holds_and_dnt_is_on(
    host: str, expected: str
) -> None:
    """One for others there does not, but for a site that is among them itself."""
    found = parse(
        '[sites."off.example"]\nbutton = "off"\n[sites."chosen.test"]\ndnt = "exception"\n'
        '[[exceptions]]\nsite = "a.example"\nuntil = 2026-11-22T10:00:01Z\n'
        '[[exceptions]]\nsite = "*.b.example"\n'
        '[[exceptions]]\nsite = "targets.example"\ntargets = ["ads.example"]\n'
        '[[exceptions]]\nsite = "itself.example"\ntargets = ["ads.example", "itself.example"]\n'
        '[[exceptions]]\nsite = "over.example"\nuntil = 2026-11-22T10:00:00Z\n'
        '[[exceptions]]\nsite = "off.example"\n'
    )
    assert found.signals_sent_to(host, NOW).dnt == expected


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_own_clauses_are_those_of_the_vocabulary(name: str, data: st.DataObject) -> None:
    """Whatever can be compared can be asked for, and nothing else."""
    value: Any = data.draw(values(name) | st.sampled_from(["never", "P30D", "P1W", "x", []]))
    text = f"[own.clauses]\n'{name}' = {value!r}"
    try:
        VOCABULARY.check({name: sorted(value) if isinstance(value, list) else value})
        as_many_as_fit = not isinstance(value, list) or len(value) <= MAX_ITEMS
    except UnknownTerms:
        as_many_as_fit = False
    if not as_many_as_fit:
        told(text)
    else:
        assert parse(text).own.clauses == {name: tomllib.loads(text)["own"]["clauses"][name]}


def test_the_order_of_a_list_is_the_persons_affair() -> None:
    """Sorted for what is signed, however it is written."""
    wanted = "purpose = ['ServiceProvision', 'EnforceSecurity']"
    found = parse(f"[own.clauses]\n{wanted}").own.clauses
    assert found == {"purpose": ["EnforceSecurity", "ServiceProvision"]}
