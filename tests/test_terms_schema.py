"""`terms.schema.json`: an editor that checks by it says what the host would say."""

import json
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbutton.person import settings_parsing, terms_schema
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.settings import FIRST_TEXT
from rbutton.shipped.texts import roster_texts
from tests.host_process import Host
from tests.strategies import NAMES, values
from tests.test_settings import FAULTS, KEYS

ROSTER = [text["id"] for text in roster_texts()]
SCHEMA = terms_schema.schema(ROSTER)
CHECKER = jsonschema.Draft7Validator(
    SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)


def as_json(value: Any) -> Any:
    """TOML as an editor hands it to a schema: times are strings."""
    match value:
        case dict():
            return {name: as_json(inner) for name, inner in value.items()}
        case list():
            return [as_json(inner) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
    return value


def by_schema(text: str) -> bool:
    return bool(CHECKER.is_valid(as_json(tomllib.loads(text))))


def by_host(text: str) -> bool:
    try:
        settings_parsing.parse(text, ROSTER)
    except PersonError:
        return False
    return True


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


#: What a schema cannot see: it has no word for quotes around a time, and knows no year before the
#: first.
BEYOND = {"an exception's end in quotes", "an exception's end before there was time"}


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize(
    "fault", sorted(name for name in FAULTS.keys() - BEYOND if is_toml(FAULTS[name][0]))
)
def test_what_the_host_refuses_it_refuses(fault: str) -> None:
    """Each mistake that `tests/test_settings.py` knows, where the text is TOML."""
    text = FAULTS[fault][0]
    assert (by_host(text), by_schema(text)) == (False, False)


@pytest.mark.parametrize("text", [FIRST_TEXT, "", KEYS, "exceptions = []", "sites = {}"])
def test_what_the_host_takes_it_takes(text: str) -> None:
    assert (by_host(text), by_schema(text)) == (True, True)


WORD = st.sampled_from(["on", "off", "exception", "auto", "click", "never", "x", True, 3, []])
SITES = st.sampled_from(
    ["a.example", "*.example", "*", "A.example", "[::1]", "a..b", "", "x" * 260]
)
TERMS = st.sampled_from(["SD-BASE", "SD-BASE-DP", "PDC-AI", "PDC-AI", "none"])
LATER = datetime(2027, 1, 1, tzinfo=UTC)
UNTIL = st.sampled_from([LATER, LATER.replace(tzinfo=None), LATER.date(), LATER.time(), 3])
KEYS_OF_A_SITE = ["negotiate", "dnt", "gpc", "look", "recognise", "button", "buton"]
CLAUSES = st.sampled_from(NAMES).flatmap(
    lambda name: st.tuples(st.just(name), values(name) | st.sampled_from(["never", "P1D", "x", []]))
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "signals": st.dictionaries(st.sampled_from(["dnt", "gpc", "tnd"]), WORD),
        "proffer": st.fixed_dictionaries(
            {},
            optional={
                "negotiate": WORD,
                "lasts": st.sampled_from(["for good", "1 year", "6 months", "1 month", "1 day"]),
                "terms": st.lists(st.lists(TERMS, max_size=3), max_size=2) | WORD,
                "also": st.lists(TERMS, max_size=2) | WORD,
            },
        ),
        "own": st.fixed_dictionaries(
            {}, optional={"clauses": st.lists(CLAUSES, max_size=3).map(dict) | WORD}
        ),
        "claims": st.dictionaries(st.sampled_from(["look", "lok"]), WORD),
        "sites": st.dictionaries(SITES, st.dictionaries(st.sampled_from(KEYS_OF_A_SITE), WORD)),
        "exceptions": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "site": SITES,
                    "targets": st.lists(SITES, max_size=2),
                    "until": UNTIL,
                },
            ),
            max_size=2,
        ),
    },
)


@settings(max_examples=300, deadline=None)
@given(members=MEMBERS)
def test_the_two_agree_on_any_file(members: dict[str, Any]) -> None:
    """Both ways: neither takes what the other refuses."""
    reader = settings_parsing._Reader("", ROSTER)
    try:
        reader.settings(members)
        taken = True
    except PersonError:
        taken = False
    assert CHECKER.is_valid(as_json(members)) == taken


def test_the_host_puts_it_beside_the_file_and_renews_it(home: Path, running: Host) -> None:
    """After an upgrade the words of the new release are in it; `#:schema` names it."""
    assert FIRST_TEXT.startswith(f"#:schema {terms_schema.NAME}\n")
    # Answered once all is there that the first answer did not wait for.
    running.result("agreements", after=None, find=None)
    path = home / terms_schema.NAME
    assert json.loads(path.read_text()) == SCHEMA
    path.write_text('{"title": "of another release"}')
    terms_schema.write(Home.in_one_folder(home), ROSTER)
    assert json.loads(path.read_text()) == SCHEMA
    before = path.stat().st_mtime_ns
    terms_schema.write(Home.in_one_folder(home), ROSTER)
    assert path.stat().st_mtime_ns == before
