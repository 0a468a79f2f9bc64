"""Which of two terms is stricter: hand-written, and every pair of values of every chain."""

from itertools import product
from typing import Any

from rbutton.shipped.roster import catalogue
from rbutton.terms.clauses import Chain
from tests.vectors.making.common import Json

Clauses = dict[str, Any]

#: Own terms, limits, and what each clause is found to be.
_AGAINST: dict[str, tuple[Clauses, Clauses, dict[str, str]]] = {
    "the same": ({"share": "none"}, {"share": "none"}, {"share": "met"}),
    "a site that does less": ({"share": "identified"}, {"share": "none"}, {"share": "met"}),
    "a site that does more": ({"share": "none"}, {"share": "anonymised"}, {"share": "gap"}),
    "a site that does not say": ({"share": "none"}, {}, {"share": "unknown"}),
    "the laxest wish, and a site that does not say": (
        {"track.offsite": "always"},
        {},
        {"track.offsite": "unknown"},
    ),
    "what is not asked for": (
        {"share": "none"},
        {"share": "none", "ai": "train"},
        {"share": "met"},
    ),
    "one of each": (
        {"share": "none", "sell": "never", "ai": "operate"},
        {"share": "identified", "ai": "none"},
        {"share": "gap", "sell": "unknown", "ai": "met"},
    ),
    "an empty list is within every list": (
        {"purpose": ["ServiceProvision"]},
        {"purpose": []},
        {"purpose": "met"},
    ),
    "a list within the other": (
        {"purpose": ["Marketing", "ServiceProvision"]},
        {"purpose": ["ServiceProvision"]},
        {"purpose": "met"},
    ),
    "a list with one more": (
        {"purpose": ["ServiceProvision"]},
        {"purpose": ["Marketing", "ServiceProvision"]},
        {"purpose": "gap"},
    ),
    "a narrower name is not within a broader": (
        {"purpose": ["Marketing"]},
        {"purpose": ["DirectMarketing"]},
        {"purpose": "gap"},
    ),
    "a shorter time": ({"retain": "P1M"}, {"retain": "P30D"}, {"retain": "met"}),
    "a month is 31 days": ({"retain": "P1M"}, {"retain": "P31D"}, {"retain": "met"}),
    "and no day more": ({"retain": "P1M"}, {"retain": "P32D"}, {"retain": "gap"}),
    "a year is 366 days": ({"retain": "P1Y"}, {"retain": "P366D"}, {"retain": "met"}),
    "twelve months are more than a year": (
        {"retain": "P1Y"},
        {"retain": "P12M"},
        {"retain": "gap"},
    ),
    "no time at all": ({"retain": "P0D"}, {"retain": "P0D"}, {"retain": "met"}),
    "some time against none": ({"retain": "P0D"}, {"retain": "P1D"}, {"retain": "gap"}),
}

_DURATIONS = (
    ("P0D", "P1D", "stricter"),
    ("P31D", "P1M", "equal"),
    ("P30D", "P1M", "stricter"),
    ("P32D", "P1M", "laxer"),
    ("P366D", "P1Y", "equal"),
    ("P365D", "P1Y", "stricter"),
    ("P11M", "P1Y", "stricter"),
    ("P12M", "P1Y", "laxer"),
    ("P2Y", "P732D", "equal"),
    ("P9D", "P10D", "stricter"),
    ("P99999999999999999999D", "P99999999999999999998D", "laxer"),
    ("P99999999999999999999Y", "P99999999999999999999M", "laxer"),
)

#: What a person has, what is to take its place, and how that compares.
_REPLACED: dict[str, tuple[list[Clauses], list[Clauses], str]] = {
    "the same": ([{"share": "none"}], [{"share": "none"}], "equal"),
    "a clause more": ([{"share": "none"}], [{"share": "none", "sell": "never"}], "stricter"),
    "a clause less": ([{"share": "none", "sell": "never"}], [{"share": "none"}], "laxer"),
    "one clause for another": ([{"share": "none"}], [{"sell": "never"}], "incomparable"),
    "one stricter, one laxer": (
        [{"share": "none", "sell": "allowed"}],
        [{"share": "anonymised", "sell": "never"}],
        "incomparable",
    ),
    "a missing clause is as its laxest value": (
        [{"share": "none"}],
        [{"share": "none", "sell": "allowed"}],
        "equal",
    ),
    "a missing time is longer than any": ([{"retain": "P900Y"}], [{"sell": "allowed"}], "laxer"),
    "any time is stricter than none stated": (
        [{"sell": "allowed"}],
        [{"retain": "P900Y"}],
        "stricter",
    ),
    "a missing list is as the whole of it": (
        [{"purpose": ["Marketing"]}],
        [{"ai": "train"}],
        "laxer",
    ),
    "lists of which neither is within the other": (
        [{"purpose": ["Marketing"]}],
        [{"purpose": ["ServiceProvision"]}],
        "incomparable",
    ),
    "a list within the other": (
        [{"purpose": ["Marketing", "ServiceProvision"]}],
        [{"purpose": ["ServiceProvision"]}],
        "stricter",
    ),
    "an empty list": ([{"data": ["Age"]}], [{"data": []}], "stricter"),
    "of a clause stated twice the stricter holds": (
        [{"share": "none"}],
        [{"share": "identified"}, {"share": "none"}],
        "equal",
    ),
    "of a list stated twice what both have holds": (
        [{"purpose": ["ServiceProvision"]}],
        [
            {"purpose": ["Marketing", "ServiceProvision"]},
            {"purpose": ["ServiceProvision", "Verification"]},
        ],
        "equal",
    ),
    "of a time stated twice the shorter holds": (
        [{"retain": "P30D"}],
        [{"retain": "P1M"}, {"retain": "P30D"}],
        "equal",
    ),
}

#: Agreements of the roster: what one has, what is to take its place.
_ROSTER = (
    (["SD-BASE-DP"], ["SD-BASE"], "laxer"),
    (["SD-BASE"], ["SD-BASE-DP"], "stricter"),
    (["SD-BASE"], ["SD-BASE-A"], "laxer"),
    (["SD-BASE-AT"], ["SD-BASE-A"], "stricter"),
    (["SD-BASE-ATP"], ["SD-BASE-ATP-S3P"], "laxer"),
    (["SD-BASE-DP"], ["SD-BASE-A"], "laxer"),
    (["SD-BASE"], ["SD-BASE-A-DP"], "incomparable"),
    (["do-not-track"], ["no-stalking"], "stricter"),
    (["do-not-track"], ["mine-as-well"], "incomparable"),
    (["do-not-track"], ["do-not-track", "mine-as-well"], "stricter"),
    (["mine-as-well", "no-stalking"], ["SD-BASE-DP"], "incomparable"),
    (["SD-BASE-DP"], ["PDC-INTENT"], "equal"),
    (["PDC-AI"], ["SD-BASE-DP"], "equal"),
)

_VALID: tuple[Clauses, ...] = (
    {"purpose": []},
    {"purpose": ["Marketing", "ServiceProvision"]},
    {"data": ["Age", "Name"]},
    {"retain": "P0D"},
    {"retain": "P1D"},
    {"retain": "P120M"},
    {"delete": "when-done"},
    {"copy": "immediate", "change": "new-agreement", "contact": "transactional"},
)

_UNKNOWN: dict[str, Clauses] = {
    "a clause nobody knows": {"zebra": "none"},
    "a clause in upper case": {"Share": "none"},
    "a value nobody knows": {"share": "some"},
    "a value in upper case": {"share": "None"},
    "a list for a value of a chain": {"share": ["none"]},
    "a value for a list": {"purpose": "ServiceProvision"},
    "a list that is not sorted": {"purpose": ["ServiceProvision", "Marketing"]},
    "a list with a name twice": {"purpose": ["Marketing", "Marketing"]},
    "a name nobody knows": {"purpose": ["Zebra"]},
    "a name of the other list": {"purpose": ["Age"]},
    "an IRI for a name": {"purpose": ["https://w3id.org/dpv#ServiceProvision"]},
    "weeks": {"retain": "P1W"},
    "two units": {"retain": "P1Y6M"},
    "a time of day": {"retain": "PT12H"},
    "no number": {"retain": "PD"},
    "a fraction": {"retain": "P0.5Y"},
    "less than nothing": {"retain": "P-1D"},
    "lower case": {"retain": "p1d"},
    "a nought before the number": {"retain": "P01D"},
    "no months": {"retain": "P0M"},
    "digits of another script": {"retain": "P１D"},
    "a line feed": {"retain": "P1D\n"},
    "text": {"retain": "for ever"},
}


def vectors() -> Json:
    """All of them; the values of chains are compared by their places, pair by pair."""
    terms = catalogue().documents
    return {
        "about": (
            "`against`: own terms held against a site's limits. `replace`: `new` terms in place of "
            "`old`; several terms all hold. `roster`: the same, by id. `chains`: "
            "[old, new, result] of every two values, null where the clause is missing. `meets`: "
            "[limit, practice]. `valid` and `unknown`: clauses that the vocabulary has or has not."
        ),
        "against": [
            {
                "name": name,
                "own": own,
                "limits": limits,
                "marks": marks,
                "matches": set(marks.values()) == {"met"},
            }
            for name, (own, limits, marks) in _AGAINST.items()
        ],
        "replace": [
            {"name": name, "old": old, "new": new, "result": result}
            for name, (old, new, result) in _REPLACED.items()
        ],
        "roster": [{"old": old, "new": new, "result": result} for old, new, result in _ROSTER],
        "durations": [
            {"new": new, "old": old, "result": result} for new, old, result in _DURATIONS
        ],
        "laxest": _laxest(),
        "chains": {
            clause.name: _chain(clause.values)
            for clause in catalogue().vocabulary.clause
            if isinstance(clause, Chain)
        },
        "valid": [
            *_VALID,
            *(dict(document.clauses) for document in terms.values()),
        ],
        "unknown": [{"name": name, "clauses": clauses} for name, clauses in _UNKNOWN.items()],
    }


def _chain(values: list[str]) -> Json:
    places: dict[str | None, int] = {value: place for place, value in enumerate(values)}
    # What is missing counts as the laxest.
    places[None] = len(values) - 1
    every = [*values, None]
    result = {True: "stricter", False: "laxer"}
    return {
        "replace": [
            [old, new, "equal" if places[old] == places[new] else result[places[new] < places[old]]]
            for old, new in product(every, repeat=2)
        ],
        "meets": [
            [limit, practice, places[practice] <= places[limit]]
            for limit, practice in product(values, repeat=2)
        ],
    }


def _laxest() -> list[Json]:
    """A list of all names there are is no stricter than none stated."""
    names = sorted(catalogue().vocabulary.by_name["data"].items)  # type: ignore[union-attr]
    return [
        {"old": [{"data": names}], "new": [{"ai": "train"}], "result": "equal"},
        {"old": [{"data": names[1:]}], "new": [{"ai": "train"}], "result": "laxer"},
    ]
