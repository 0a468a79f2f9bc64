"""Comparing clauses: a preorder, the strictest of several, limits, replacement."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbutton.terms.clauses import Chain, Duration, Names
from rbutton.terms.errors import UnknownTerms
from tests.strategies import NAMES, VOCABULARY, clauses, values

# Protocol, section 3, written out anew.
CHAINS = {
    "track.offsite": ["never", "consent", "always"],
    "track.others": ["none", "any"],
    "track.onsite": ["none", "session", "persistent"],
    "analytics": ["none", "own", "any"],
    "profile": ["none", "own", "any"],
    "share": ["none", "anonymised", "identified"],
    "sell": ["never", "allowed"],
    "ads": ["none", "untracked", "onsite", "behavioural"],
    "ai": ["none", "operate", "train"],
    "delete": ["when-done", "on-request", "never"],
    "copy": ["immediate", "on-request", "none"],
    "contact": ["none", "transactional", "marketing"],
    "change": ["new-agreement", "notice", "unilateral"],
}
# Strict to lax, each a little longer than the one before.
SPANS = ["P0D", "P1D", "P30D", "P1M", "P32D", "P11M", "P365D", "P1Y", "P367D", "P12M", "P2Y"]

EACH = pytest.mark.parametrize("name", NAMES)


def meets(name: str, practice: Any, limit: Any) -> bool:
    """Whether a practice keeps to a limit."""
    return VOCABULARY.by_name[name].meets(practice, limit)


def test_the_vocabulary_is_the_protocols() -> None:
    """Names, kinds and the order of the values, as section 3 has them."""
    found = {one.name: one.values for one in VOCABULARY.clause if isinstance(one, Chain)}
    assert found == CHAINS
    assert [one.name for one in VOCABULARY.clause if isinstance(one, Names)] == ["purpose", "data"]
    assert [one.name for one in VOCABULARY.clause if isinstance(one, Duration)] == ["retain"]


@EACH
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_meeting_a_limit_is_a_preorder(name: str, data: st.DataObject) -> None:
    """Reflexive and transitive for every clause: else "stricter" would go round in circles."""
    one, two, three = (data.draw(values(name)) for _ in range(3))
    assert meets(name, one, one)
    if meets(name, one, two) and meets(name, two, three):
        assert meets(name, one, three)


@EACH
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_strictest_of_two_is_a_lower_bound(name: str, data: st.DataObject) -> None:
    """It meets both, and whatever meets both meets it; the order of asking does not matter."""
    one, two, three = (data.draw(values(name)) for _ in range(3))
    clause = VOCABULARY.by_name[name]
    lowest = clause.strictest_of(one, two)
    clause.check(lowest)
    assert meets(name, lowest, one)
    assert meets(name, lowest, two)
    if meets(name, three, one) and meets(name, three, two):
        assert meets(name, three, lowest)
    other = clause.strictest_of(two, one)
    assert meets(name, lowest, other)
    assert meets(name, other, lowest)


@EACH
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_strictest_and_laxest_are_the_ends(name: str, data: st.DataObject) -> None:
    """The strictest value meets every limit; every practice meets the laxest."""
    one, two = data.draw(values(name)), data.draw(values(name))
    clause = VOCABULARY.by_name[name]
    if clause.is_strictest(one):
        assert meets(name, one, two)
    if clause.is_laxest(two):
        assert meets(name, one, two)


@pytest.mark.parametrize("name", CHAINS)
def test_on_a_chain_the_place_decides(name: str) -> None:
    """A practice meets a limit at the same place or to its left, and nowhere else."""
    chain = CHAINS[name]
    for practice in chain:
        for limit in chain:
            fits = chain.index(practice) <= chain.index(limit)
            assert meets(name, practice, limit) is fits


def test_spans_are_compared_by_days() -> None:
    """A month counts 31 days, a year 366, when they are compared."""
    for shorter, longer in pairwise(SPANS):
        assert meets("retain", shorter, longer)
        assert not meets("retain", longer, shorter)
    for one, same in (("P31D", "P1M"), ("P366D", "P1Y"), ("P372D", "P12M")):
        assert meets("retain", one, same)
        assert meets("retain", same, one)


@settings(max_examples=60, deadline=None)
@given(one=values("purpose"), two=values("purpose"))
def test_for_sets_a_subset_is_stricter(one: list[str], two: list[str]) -> None:
    """Fewer purposes meet more; two that overlap meet neither way."""
    assert meets("purpose", one, two) is (set(one) <= set(two))


WRONG: list[tuple[str, Any]] = [
    ("ads", "None"),
    ("ads", ["none"]),
    ("purpose", "ServiceProvision"),
    ("purpose", ["Verification", "Marketing"]),
    ("purpose", ["Marketing", "Marketing"]),
    ("purpose", ["WorldDomination"]),
    ("retain", "P0M"),
    ("retain", "P01D"),
    ("retain", "P1W"),
    ("retain", "P-1D"),
    ("retain", "P1D\n"),
    ("retain", "P١D"),
    ("retain", "PT1H"),
    ("retain", ["P1D"]),
    ("invented", "none"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_the_vocabulary_does_not_hold_is_unknown_terms(name: str, value: Any) -> None:
    """A clause or value that cannot be compared is refused, never guessed at."""
    with pytest.raises(UnknownTerms) as caught:
        VOCABULARY.check({name: value})
    assert caught.value.code == "unknown-terms"


@settings(max_examples=80, deadline=None)
@given(several=st.lists(clauses(), max_size=3))
def test_several_terms_all_hold(several: list[dict[str, Any]]) -> None:
    """Merged, every clause of each is kept to, nothing is added, and the table's order is kept."""
    merged = VOCABULARY.strictest(several)
    assert list(merged) == [name for name in NAMES if any(name in one for one in several)]
    for one in several:
        for name, value in one.items():
            assert meets(name, merged[name], value)


@settings(max_examples=80, deadline=None)
@given(wanted=clauses(), limits=clauses())
def test_against_limits_each_clause_is_met_a_gap_or_unknown(
    wanted: dict[str, Any], limits: dict[str, Any]
) -> None:
    """A limit not stated is unknown, not met: silence promises nothing."""
    marks = VOCABULARY.against(wanted, limits)
    assert marks.keys() == wanted.keys()
    for name, mark in marks.items():
        if name not in limits:
            assert mark == "unknown"
        else:
            assert mark == ("met" if meets(name, limits[name], wanted[name]) else "gap")


MIRRORED = {"equal": "equal", "stricter": "laxer", "laxer": "stricter"}


@settings(max_examples=120, deadline=None)
@given(one=clauses(), two=clauses(), three=clauses())
def test_replacing_is_a_preorder_too(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    """Reflexive, mirrored, transitive: nothing laxer gets in by two steps that are not."""
    compare = VOCABULARY.compare
    assert compare(one, one) == "equal"
    assert compare(two, one) == MIRRORED.get(compare(one, two), "incomparable")
    no_laxer = ("equal", "stricter")
    if compare(one, two) in no_laxer and compare(two, three) in no_laxer:
        assert compare(one, three) in no_laxer


REPLACEMENTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "equal"),
    ({"sell": "never"}, {}, "stricter"),
    ({}, {"sell": "never"}, "laxer"),
    ({"sell": "allowed"}, {}, "equal"),
    ({}, {"copy": "none"}, "equal"),
    ({"sell": "never"}, {"ads": "none"}, "incomparable"),
    ({"retain": "P100Y"}, {}, "stricter"),
    ({}, {"retain": "P100Y"}, "laxer"),
    ({"purpose": []}, {"purpose": ["Marketing"]}, "stricter"),
    ({"purpose": ["Marketing"]}, {"purpose": ["Verification"]}, "incomparable"),
    ({"retain": "P1M"}, {"retain": "P31D"}, "equal"),
    ({"ads": "none", "ai": "train"}, {"ads": "onsite", "ai": "none"}, "incomparable"),
]


@pytest.mark.parametrize(("new", "old", "expected"), REPLACEMENTS)
def test_a_missing_clause_counts_as_its_laxest(
    new: dict[str, Any], old: dict[str, Any], expected: str
) -> None:
    """What a new agreement no longer states is a loss, unless it limited nothing."""
    assert VOCABULARY.compare(new, old) == expected


@EACH
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_value_has_words(name: str, data: st.DataObject) -> None:
    """Whatever a clause may say, the person can read it."""
    clause = VOCABULARY.by_name[name]
    value = data.draw(values(name))
    assert clause.words(value)
    assert clause.promised(value)
    assert "{" not in clause.promised(value)
