"""The roster that ships equals the protocol's table, and its hashes bind every word."""

import hashlib
import json
from typing import Any

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.shipped.texts import roster_texts
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


def test_what_a_person_starts_with_ships() -> None:
    """The five agreements of the first release are there; none is outside of the protocol."""
    first = {"do-not-track", "no-stalking", "mine-as-well", "SD-BASE", "SD-BASE-DP"}
    assert first <= SHIPPED.keys() <= TABLE.keys()


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
    assert document.url.startswith("https://")


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
    for lax, strict in ((A, BASE), (AT, A), (ATP, AT), (ATP_S3P, ATP)):
        assert compare(lax, strict) == "laxer"
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
    assert roster_texts() == [document.model_dump(include=shown) for document in documents]
