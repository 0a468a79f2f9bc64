"""Claims in other people's formats: what counts, and that nothing else does."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbutton.terms.claims import adpc, eff, gpc, myterms, status, tk
from rbutton.terms.claims.adpc import ConsentRequest
from rbutton.terms.claims.contradictions import (
    Contradiction,
    Statement,
    contradictions,
    of_clauses,
    of_eff,
    of_gpc,
    of_tracking_status,
)
from rbutton.terms.claims.gpc import Gpc
from rbutton.terms.claims.tk import Tk
from rbutton.terms.errors import InvalidDocument

#: As EFF publishes it.
EFF_TEXT = (Path(__file__).parent / "eff/dnt-policy-1.0.txt").read_bytes()
READERS = [tk.read, status.read, gpc.read, eff.read, myterms.read, adpc.read]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
#: Members that some format has, with anything in them.
near_misses = st.dictionaries(
    st.sampled_from(
        [
            *("tracking", "compliance", "qualifiers", "controller", "same-party", "audit"),
            *("policy", "config", "gpc", "lastUpdate", "agreements", "consentRequests"),
        ]
    ),
    json_values,
)


@pytest.mark.parametrize("read", READERS, ids=lambda read: str(read.__module__))
@settings(deadline=None)
@given(body=st.binary() | near_misses.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_served_is_read_or_refused_in_a_sentence(read: Any, body: bytes) -> None:
    told = "it is read"
    try:
        assert read(body) is not None
    except InvalidDocument as error:
        told = str(error)
    assert 10 <= len(told) < 200
    assert told.isprintable()


@pytest.mark.parametrize("read", READERS[1:], ids=lambda read: str(read.__module__))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<!doctype html><title>200</title>",
        b'{"gpc":true,"gpc":false}',
        b'{"tracking":"N","tracking":"T"}',
        b'{"gpc":true,"deep":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"gpc":true,"large":"' + b"x" * 70_000 + b'"}',
        b'\xff{"gpc":true}',
    ],
    ids=["empty", "list", "html", "twice", "tracking-twice", "deep", "large", "no-utf-8"],
)
def test_what_is_no_document_says_nothing(read: Any, body: bytes) -> None:
    with pytest.raises(InvalidDocument):
        read(body)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"N", Tk("N")),
        (b" T;fRx42/a-b_c+d= ", Tk("T", "fRx42/a-b_c+d=")),
        (b"!", Tk("!")),
        (b"?;x", Tk("?", "x")),
        (b"X", Tk("P")),
        (b"n", Tk("P")),
    ],
)
def test_a_tk_header(value: bytes, read: Tk) -> None:
    """Case counts, and a value that nobody defined is tracking with consent only."""
    assert tk.read(value) == read


@pytest.mark.parametrize(
    "value",
    [b"", b"N, T", b"N;", b"NT", b"N;..", b"N;a?b", b"N;a#b", b"N;%2e", b"N;" + b"a" * 129],
)
def test_what_is_no_tk_header(value: bytes) -> None:
    """Two header lines are joined by a comma; an id cannot leave its folder."""
    with pytest.raises(InvalidDocument):
        tk.read(value)


def test_a_tracking_status_has_every_member() -> None:
    members = {
        "tracking": "T",
        "compliance": ["https://acme.example/tracking"],
        "qualifiers": "afc",
        "controller": ["https://www.example.com/privacy"],
        "same-party": ["example.com", "example.net"],
        "audit": ["https://auditor.example/727073"],
        "policy": "/privacy.html#tracking",
        "config": "https://example.com/your/data",
    }
    read = status.read(json.dumps({**members, "other": 1}).encode())
    assert read.model_dump(by_alias=True) == members


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"tracking": None},
        {"tracking": "U"},
        {"tracking": "NT"},
        {"tracking": "ü"},
        {"tracking": "N", "same-party": "example.com"},
        {"tracking": "N", "policy": None},
        {"tracking": "N", "audit": [1]},
        {"tracking": "N", "controller": ["x"] * 65},
    ],
)
def test_a_tracking_status_of_a_wrong_type_is_none(members: Any) -> None:
    with pytest.raises(InvalidDocument):
        status.read(json.dumps(members).encode())


@pytest.mark.parametrize(
    ("members", "read"),
    [
        ({"gpc": True, "lastUpdate": "2026-02-28"}, Gpc(True, date(2026, 2, 28))),
        ({"gpc": False}, Gpc(False)),
        ({"gpc": True, "lastUpdate": "2026-02-28T10:00:00Z"}, Gpc(True, date(2026, 2, 28))),
        ({"gpc": True, "lastUpdate": "2026-02-30"}, Gpc(True)),
        ({"gpc": True, "lastUpdate": "٢٠٢٦-٠٢-٢٨"}, Gpc(True)),
        ({"gpc": True, "lastUpdate": 20260228, "version": 1}, Gpc(True)),
    ],
)
def test_gpc_json(members: Any, read: Gpc) -> None:
    """A date that is none counts as missing; other members are ignored."""
    assert gpc.read(json.dumps(members).encode()) == read


@pytest.mark.parametrize("value", [None, 1, "true", [], {}])
def test_gpc_json_that_says_neither_says_nothing(value: Any) -> None:
    with pytest.raises(InvalidDocument):
        gpc.read(json.dumps({"gpc": value}).encode())


def test_effs_policy_is_known_in_each_way_it_is_posted() -> None:
    """As it is; without its last line's end; with CRLF; without spaces at the ends of lines."""
    trimmed = b"\n".join(line.rstrip(b" ") for line in EFF_TEXT.split(b"\n"))
    for text in (EFF_TEXT, EFF_TEXT[:-1], EFF_TEXT.replace(b"\n", b"\r\n"), trimmed):
        assert eff.read(text) == "1.0"


@given(at=st.integers(0, len(EFF_TEXT) - 1), other=st.integers(1, 255))
def test_effs_policy_with_another_byte_is_none(at: int, other: int) -> None:
    changed = bytearray(EFF_TEXT)
    changed[at] ^= other
    with pytest.raises(InvalidDocument):
        eff.read(bytes(changed))


def test_myterms_json_names_agreements() -> None:
    served = {"agreements": [{"id": "SD-BASE", "x": 1}, {"id": "PDC-AI"}, {"id": "SD-BASE"}]}
    assert myterms.read(json.dumps(served).encode()).ids == ["SD-BASE", "PDC-AI"]


@pytest.mark.parametrize(
    "agreements", [None, {}, ["SD-BASE"], [{"id": 1}], [{"id": "a b"}], [{"id": "<b>"}], [{}]]
)
def test_myterms_json_of_another_type_is_none(agreements: Any) -> None:
    with pytest.raises(InvalidDocument):
        myterms.read(json.dumps({"agreements": agreements}).encode())


def test_consent_requests_in_both_forms() -> None:
    asked = (ConsentRequest("q1", "Remember me?"), ConsentRequest("q2", "Profile me?"))
    as_list = [{"id": one.id, "text": one.text} for one in asked]
    as_map = {one.id: one.text for one in asked}
    for several in (as_list, as_map):
        assert adpc.read(json.dumps({"consentRequests": several}).encode()) == asked


@pytest.mark.parametrize(
    "several",
    [
        None,
        "q1",
        [{"id": "q1"}],
        [{"id": "q 1", "text": ""}],
        [{"id": 'q"1', "text": ""}],
        [{"id": "q1", "text": "a"}, {"id": "q1", "text": "b"}],
        {"": "a"},
        {"q1": None},
        {f"q{number}": "a" for number in range(65)},
    ],
)
def test_consent_requests_that_could_not_be_answered_are_none(several: Any) -> None:
    with pytest.raises(InvalidDocument):
        adpc.read(json.dumps({"consentRequests": several}).encode())


NEVER = {"track.offsite": "never", "sell": "never"}
N, T, C, D = (of_tracking_status("tk", value) for value in "NTCD")


@pytest.mark.parametrize(
    ("one", "other", "sources"),
    [
        (of_tracking_status("status", "N"), T, ("status", "tk")),
        (of_tracking_status("status", "N"), of_gpc(Gpc(False)), ("status", "gpc")),
        (of_eff(), T, ("eff", "tk")),
        (of_eff(), D, ("eff", "tk")),
        (of_clauses("agreement", NEVER), C, ("agreement", "tk")),
        (of_clauses("promise", NEVER), T, ("promise", "tk")),
        (of_clauses("policy", NEVER), T, ("policy", "tk")),
        (of_clauses("myterms", NEVER), D, ("myterms", "tk")),
        (of_clauses("agreement", NEVER), of_gpc(Gpc(False)), ("agreement", "gpc")),
    ],
)
def test_a_lie_in_either_direction_shows(
    one: list[Statement], other: list[Statement], sources: tuple[str, str]
) -> None:
    """In whichever order they were read, the weightier comes first."""
    for both in ([*one, *other], [*other, *one]):
        (found,) = contradictions(both)
        assert (found.one.source, found.other.source) == sources


@pytest.mark.parametrize(
    "together",
    [
        [*N, *of_gpc(Gpc(True)), *of_eff(), *of_clauses("agreement", NEVER)],
        [*T, *of_gpc(Gpc(True)), *of_clauses("policy", {"track.onsite": "none"})],
        [*of_eff(), *C],
        [*of_tracking_status("status", "?"), *of_tracking_status("status", "G"), *T],
        [*of_tracking_status("tk", "P"), *of_clauses("agreement", NEVER)],
        [*N, *of_clauses("policy", {"track.offsite": "always", "sell": "allowed"})],
    ],
)
def test_what_can_both_be_true_is_no_contradiction(together: list[Statement]) -> None:
    assert contradictions(together) == []


def test_what_a_source_said_before_is_held_against_itself_alone() -> None:
    before = Statement("tk", "tracking", False, "N", earlier="2026-11-01T10:00:00Z")
    assert contradictions([*T, *of_gpc(Gpc(False))], [before]) == [Contradiction(before, T[0])]
    assert contradictions(of_tracking_status("status", "T"), [before]) == []
    assert contradictions(N, [before]) == []


statements = st.lists(
    st.builds(
        Statement,
        st.sampled_from(["agreement", "eff", "policy", "status", "tk", "gpc"]),
        st.sampled_from(["tracking", "selling"]),
        st.booleans(),
        st.sampled_from(["", "N", "T", "C", "D"]),
    )
)


@given(said=statements)
def test_a_contradiction_is_of_two_who_disagree_about_one_thing(said: list[Statement]) -> None:
    for found in contradictions(said):
        assert found.one.topic == found.other.topic
        assert found.one.does != found.other.does
        assert found.one.source != found.other.source
    assert contradictions([one for one in said if one.does]) == []
