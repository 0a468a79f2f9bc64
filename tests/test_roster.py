"""The roster that ships equals the protocol's table, and its hashes bind every word."""

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rbutton.shipped import folder
from rbutton.shipped.roster import catalogue
from rbutton.shipped.texts import roster_texts
from rbutton.terms.clauses import Chain, Names
from rbutton.terms.click_only import CLICK_ONLY
from rbutton.terms.encoding import b64u
from rbutton.terms.errors import InvalidDocument, UnknownTerms
from rbutton.terms.roster import Catalogue, RosterDocument
from tests.strategies import VOCABULARY

# Protocol, section 3, written out anew.
DO_NOT_TRACK = {"track.offsite": "never", "track.others": "none"}
BASE: dict[str, Any] = {
    **DO_NOT_TRACK,
    "track.onsite": "none",
    "analytics": "none",
    "profile": "none",
    "share": "none",
    "sell": "never",
    "purpose": ["ServiceProvision"],
}
A = {**BASE, "analytics": "own", "purpose": ["ServiceProvision", "ServiceUsageAnalytics"]}
AT = {**A, "track.onsite": "persistent"}
ATP = {**AT, "profile": "own"}
ATP_S3P = {**ATP, "share": "anonymised"}
COPY = {"copy": "on-request"}
TABLE: dict[str, dict[str, Any]] = {
    "do-not-track": DO_NOT_TRACK,
    "no-stalking": {**DO_NOT_TRACK, "ads": "untracked"},
    "mine-as-well": {**COPY, "delete": "on-request"},
    "SD-BASE": BASE,
    "SD-BASE-A": A,
    "SD-BASE-AT": AT,
    "SD-BASE-ATP": ATP,
    "SD-BASE-ATP-S3P": ATP_S3P,
    "SD-BASE-DP": {**BASE, **COPY},
    "SD-BASE-A-DP": {**A, **COPY},
    "SD-BASE-AT-DP": {**AT, **COPY},
    "SD-BASE-ATP-DP": {**ATP, **COPY},
    "SD-BASE-ATP-S3P-DP": {**ATP_S3P, **COPY},
    "PDC-INTENT": {**BASE, **COPY},
    "PDC-GOOD": {**BASE, **COPY},
    "PDC-AI": {**BASE, **COPY, "ai": "train"},
}
SHIPPED = catalogue().documents
EACH = pytest.mark.parametrize("roster_id", SHIPPED)

MINIMAL = """\
id = "{id}"
title = "t"
summary = "s"
text = "x"
url = "https://terms.example"
[clauses]
"""


def test_the_whole_table_ships() -> None:
    """Every row of the protocol, and none outside of it."""
    assert SHIPPED.keys() == TABLE.keys()


def test_roster_json_is_current() -> None:
    """What is checked in is what the documents make: python tests/vectors/make.py."""
    kept = json.loads((folder("terms") / "roster.json").read_text("utf-8"))
    assert kept == catalogue().roster_json()


@EACH
def test_clauses_are_the_protocols(roster_id: str) -> None:
    """Clause by clause what section 3 says this id stands for."""
    assert SHIPPED[roster_id].clauses == TABLE[roster_id]


@EACH
def test_the_hash_is_sha256_of_the_whole_document(roster_id: str) -> None:
    """Computed here without the code: sorted members, no spaces, UTF-8."""
    document = SHIPPED[roster_id]
    members = {
        name: getattr(document, name)
        for name in ("id", "title", "summary", "text", "url", "clauses")
    }
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document.sha256 == b64u(hashlib.sha256(text.encode()).digest())


@EACH
def test_one_character_more_is_another_document(roster_id: str) -> None:
    """No member can change, by a full stop, under the same hash."""
    document = SHIPPED[roster_id]
    for name in ("title", "summary", "text", "url"):
        changed = document.model_copy(update={name: getattr(document, name) + "."})
        assert changed.sha256 != document.sha256


@EACH
def test_every_document_fits_into_the_exchange(roster_id: str) -> None:
    """Title, text and summary are whole, in bounds, and without trailing space."""
    document = SHIPPED[roster_id]
    for text in (document.title, document.summary, document.text):
        assert 0 < len(text) <= 4_096
        assert text == text.strip()
        assert "\n\n\n" not in text
        assert "\n" not in text.replace("\n\n", "")
    assert document.url.startswith("https://")


#: What each clause's value makes the text say, as a pattern.
SAID = {
    ("track.offsite", "never"): "tracks? you on (its own site or on others|other sites), neither",
    ("track.others", "none"): "lets nobody else track you",
    ("track.onsite", "none"): "does not track you on its own site or on others",
    ("track.onsite", "persistent"): "do not rule out that the site itself tracks you",
    ("analytics", "none"): "does not analyse",
    ("analytics", "own"): "do not rule out that the site analyses",
    ("profile", "none"): "what you are like, and lets nobody else do so",
    ("profile", "own"): "do not rule out that the site works out",
    ("share", "none"): "passes your data to nobody else, not even with your name taken off",
    ("share", "anonymised"): "only what can no longer be tied to you",
    ("sell", "never"): "never sells",
    ("ads", "untracked"): "not based on tracking you",
    ("ai", "train"): "do not rule out that it trains AI with it",
    ("copy", "on-request"): "gives you a copy of the data",
    ("delete", "on-request"): "deletes the data",
}


@EACH
def test_the_words_say_what_the_clauses_say(roster_id: str) -> None:
    """No more and no less, as far as a test can read."""
    document = SHIPPED[roster_id]
    stated = {(name, str(value)) for name, value in document.clauses.items()} - {
        ("purpose", str(value)) for value in (document.clauses.get("purpose"),)
    }
    assert {said for said, words in SAID.items() if re.search(words, document.text)} == stated
    assert ("and for nothing else" in document.text) == ("purpose" in document.clauses)
    assert ("to analyse how it is used" in document.text) == (
        "ServiceUsageAnalytics" in document.clauses.get("purpose", [])
    )


@EACH
def test_every_clause_and_value_is_known(roster_id: str) -> None:
    """To the vocabulary; and what it says DPV has, DPV has (version 2.2)."""
    dpv = json.loads((Path(__file__).parent / "dpv-2.2.json").read_text("utf-8"))
    VOCABULARY.check(SHIPPED[roster_id].clauses)
    for name, value in SHIPPED[roster_id].clauses.items():
        for iri in VOCABULARY.by_name[name].iris(value):
            space, term = re.fullmatch(r"(.*[#])(.*)", iri).groups()  # type: ignore[union-attr]
            assert term in dpv[space]


def test_every_iri_of_the_vocabulary_is_dpvs() -> None:
    """Of each name of a list, and of each value of a chain that has one."""
    dpv = json.loads((Path(__file__).parent / "dpv-2.2.json").read_text("utf-8"))
    known = {space + term for space in dpv if space != "about" for term in dpv[space]}
    for clause in VOCABULARY.clause:
        match clause:
            case Names():
                assert set(clause.iris(list(clause.items))) <= known
            case Chain():
                assert clause.dpv.keys() <= set(clause.values)
                assert set(clause.dpv.values()) <= known


@EACH
def test_a_term_is_held_only_by_id_hash_and_clauses(roster_id: str) -> None:
    """A stranger's term with the right id and hash and one clause changed is not this one."""
    document = SHIPPED[roster_id]
    held = catalogue().holds
    assert held(document.id, document.sha256, document.clauses)
    assert not held(document.id, document.sha256, {**document.clauses, "ai": "none"})
    assert not held(document.id, document.sha256, dict(list(document.clauses.items())[1:]))
    assert not held(document.id.lower() + "x", document.sha256, document.clauses)
    assert not held(document.id, "A" * 43, document.clauses)


#: What `also` in somebody's terms stands for, and what was signed, rests on these.
PUBLISHED = {
    "PDC-AI": "KQVQde6dJktoiSwl7Idp6MsMDeDeS2SvNZwMlXuseHA",
    "PDC-GOOD": "_DJccfB-eEyakgEW8S3cs3_LKYs36WRkQQ6rLD72zGQ",
    "PDC-INTENT": "TtmXRL-FerMik69CGMDhH9gayfQfZte_0l8jTg5bEKE",
    "SD-BASE": "NsMRpNpW9AHGhfLirKqj63qY-3m56IAQkBo0C1KCzEc",
    "SD-BASE-A": "rcQK45_1rl45jCwAWJFyP57OVu1dkudjhGsAM7yEkSM",
    "SD-BASE-A-DP": "bFel73nZq-5jKLPZi8Y-xRrgvccyGOC9x5mtmI_m3bo",
    "SD-BASE-AT": "-qRxHtlR-bdETA5OTrx7UFlncjpNNrEK1IqucpOHewc",
    "SD-BASE-AT-DP": "5WTdUj3qmkNgJ3aPpJbQyLicun10HH_qSi4o01FYZe8",
    "SD-BASE-ATP": "gkWJnhHXbG_0t73WDjE2jZjwDx41VXS3Vmsg4N26rOs",
    "SD-BASE-ATP-DP": "5FQVG545UpDXj-FyppMWoo495LzBIG9-omPqYXyqqMI",
    "SD-BASE-ATP-S3P": "6Gx5Eze1d8fNmssP88EzQtqy9e6rB60uM-d5TSVFe1Q",
    "SD-BASE-ATP-S3P-DP": "sDW3zy1tTMqZoNmvLvLUNjvAr-EsC3hGAUS95GDzFeQ",
    "SD-BASE-DP": "LdLhHi8Gqdx-yHMSzgKLo3DwY5f_XjiWRlc1HQIMmok",
    "do-not-track": "Msl7foMr5hX8vhsi5RlSeAW2NCQlMzNprYzLi-xPHsc",
    "mine-as-well": "NZRcpJL-RcwO9yuvKBMLGXwXvyiyqB6IXJjde6cK4to",
    "no-stalking": "pOm7lRTWP2db_yWlCrlTn_sYcWSG_8ZWDtiMoCa3_kQ",
}


def test_a_document_is_never_changed() -> None:
    """Other words, or other clauses, are another document, with an id of its own."""
    kept = {name: one.sha256 for name, one in catalogue().documents.items()}
    assert {name: kept.get(name) for name in PUBLISHED} == PUBLISHED


def test_roster_json_lists_every_document_by_id() -> None:
    """A stranger's one file: all ids in byte order, each with its hash and its words."""
    entries = catalogue().roster_json()["agreements"]
    ids = [entry["document"]["id"] for entry in entries]
    assert ids == sorted(SHIPPED, key=str.encode)
    for entry in entries:
        again = RosterDocument.model_validate(entry["document"])
        assert again.sha256 == entry["sha256"] == SHIPPED[again.id].sha256


def test_stricter_and_laxer_are_as_a_person_would_say() -> None:
    """Adding a copy is stricter; analytics and tracking are laxer, step by step."""
    compare = VOCABULARY.compare
    assert compare(TABLE["SD-BASE-DP"], TABLE["SD-BASE"]) == "stricter"
    assert compare(TABLE["SD-BASE"], TABLE["do-not-track"]) == "stricter"
    for strict_id, lax_id in pairwise(["", "-A", "-AT", "-ATP", "-ATP-S3P"]):
        for copy in ("", "-DP"):
            new, old = TABLE[f"SD-BASE{lax_id}{copy}"], TABLE[f"SD-BASE{strict_id}{copy}"]
            assert (compare(new, old), compare(old, new)) == ("laxer", "stricter")
        assert compare(TABLE[f"SD-BASE{lax_id}-DP"], TABLE[f"SD-BASE{strict_id}"]) == "incomparable"
    # The laxest value of a chain limits nothing.
    assert compare(TABLE["PDC-AI"], TABLE["SD-BASE-DP"]) == "equal"
    assert compare(TABLE["mine-as-well"], TABLE["no-stalking"]) == "incomparable"


@pytest.mark.parametrize("bad", ["", "a" * 65, "a b", "ä", "a/b", "../a", "a\\n", "SD_BASE"])
def test_ids_are_plain(bad: str) -> None:
    """1 to 64 letters, digits, dots and hyphens."""
    with pytest.raises(InvalidDocument, match=r"terms.toml.s id"):
        RosterDocument.parse(MINIMAL.format(id=bad), "terms.toml")


FAULTS = {
    "not TOML": "id = ",
    "a member missing": 'id = "a"\n',
    "a member too many": MINIMAL.format(id="a").replace("url", 'more = "x"\nurl'),
    "a wrong type": MINIMAL.format(id="a") + "ads = 3\n",
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS)
def test_a_broken_document_names_its_file(text: str) -> None:
    """Whoever writes terms reads which file is wrong."""
    with pytest.raises(InvalidDocument, match=r"a.toml"):
        RosterDocument.parse(text, "a.toml")


def test_a_catalogue_takes_no_id_twice_and_no_unknown_clause() -> None:
    """Two documents of one id, or a clause nobody can compare, stop at the start."""
    document = RosterDocument.parse(MINIMAL.format(id="a") + 'ads = "none"\n', "a.toml")
    with pytest.raises(InvalidDocument, match="twice"):
        Catalogue(VOCABULARY, [document, document])
    invented = document.model_copy(update={"clauses": {"invented": "x"}})
    with pytest.raises(UnknownTerms, match=r"^a "):
        Catalogue(VOCABULARY, [invented])


def test_the_texts_for_showing_are_those_of_the_documents() -> None:
    """Read without the catalogue, from what is generated of it."""
    shown = {"id", "title", "summary", "text", "url"}
    documents = catalogue().documents.values()
    assert roster_texts() == [
        document.model_dump(include=shown) | {"by_click": document.id.startswith("PDC-")}
        for document in documents
    ]


def test_what_gives_something_away_is_known_by_its_id() -> None:
    """The agreements by click alone are those of the protocol, and ship."""
    assert {"PDC-INTENT", "PDC-GOOD", "PDC-AI"} == CLICK_ONLY
    assert SHIPPED.keys() >= CLICK_ONLY
