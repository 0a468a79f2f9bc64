"""The channel under every stream there is: each frame answered once, each failure by its code."""

import ast
import io
import json
import struct
import tempfile
from collections import Counter
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rbutton.native.channel import MAX_IN, MAX_OUT, Channel
from rbutton.native.handlers import REQUESTS
from rbutton.native.serve import serve
from rbutton.person.home import Home
from rbutton.terms import documents
from rbutton.terms.errors import InvalidDocument
from tests import sites
from tests.host_process import Frame, host
from tests.sites import Site
from tests.strategies import JSON, damaged, mutants
from tests.test_channel import BAD, frame
from tests.test_docs import TOP, spans, table

SITE = Site()
AGREEMENT = sites.proffer(SITE).id
HELLO = {"protocol": 1, "extension": "0.1.0", "browser": "chromium"}
#: Every request, as the extension may make it.
GOOD: dict[str, dict[str, Any]] = {
    "hello": HELLO,
    "visit": {"origin": SITE.origin, "announced": True, "policy": SITE.served()},
    "offer": {"origin": SITE.origin, "policy": SITE.served(), "by": "click"},
    "domain": {"host": "www.shop.example"},
    "answer": {"origin": SITE.origin, "counter": AGREEMENT, "by": "accept"},
    "note": {"origin": SITE.origin, "policy": SITE.served()},
    "forget": {"origin": SITE.origin, "sure": True},
    "withdraw": {
        "origin": SITE.origin,
        "agreement": AGREEMENT,
        "policy": SITE.served(),
        "by": "click",
    },
    "reply": {
        "origin": SITE.origin,
        "agreement": AGREEMENT,
        "notice": None,
        "reply": {"failed": "timeout"},
    },
    "agreements": {"after": None, "find": None},
    "agreement": {"origin": SITE.origin, "agreement": AGREEMENT},
    "set": {"key": "signals.dnt", "value": "off"},
    "grant": {"site": "news.example", "targets": None, "until": "2027-01-01T00:00:00Z"},
    "revoke": {"site": "news.example", "targets": ["ads.example"]},
    "confirm-edit": {"edit": "x"},
    "undo-edit": {"edit": "x"},
    "doctor": {},
    "says": {"origin": SITE.origin},
    "heard": {
        "origin": SITE.origin,
        "tk": ["N;abc"],
        "consent": f"{SITE.origin}/consent.json",
        "myterms": True,
    },
    "look": {
        "origin": SITE.origin,
        "by": "click",
        "answer": {
            "what": "gpc",
            "url": f"{SITE.origin}/.well-known/gpc.json",
            "status": 200,
            "type": "application/json",
            "body": sites.in_base64(b'{"gpc": true}'),
        },
    },
}
NATIVE = (TOP / "docs/native.md").read_text("utf-8")
#: Of what only `rbutton` does, never the host.
ONLY_IN_COMMANDS = {"backup"}
CODES = {code for cell, _ in table(NATIVE, "code", "what is wrong") for code in spans(cell)}


def test_every_request_has_its_place_in_the_docs_and_here() -> None:
    assert set(GOOD) == set(REQUESTS)
    assert [one for one in REQUESTS if f"### `{one}`\n" not in NATIVE] == []


def test_the_codes_in_the_docs_are_those_in_the_code() -> None:
    """Every error that the host raises has its code written out where it is raised."""
    found = set()
    for room in ("native", "decisions", "person"):
        for path in (TOP / "host/rbutton" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name("RequestError" | "PersonError"),
                        args=[ast.Constant(str(code)), *_],
                    ):
                        found.add(code)
    assert found == CODES | ONLY_IN_COMMANDS


# Streams.

NUMBERS = st.integers(-documents.MAX_INTEGER, documents.MAX_INTEGER) | st.integers(0, 3)
NO_NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1.0, "1", [1], {}, documents.MAX_INTEGER + 1]
)
NAMES = st.sampled_from(REQUESTS) | st.text(max_size=8)


@st.composite
def members(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Those of a good request, a few of them left out, exchanged or added."""
    right = GOOD.get(name, {})
    if draw(st.booleans()):
        return right
    kept = {one: value for one, value in right.items() if draw(st.integers(0, 3))}
    others = st.sampled_from(sorted({key for one in GOOD.values() for key in one})) | st.text()
    wrong = draw(st.dictionaries(others, JSON, max_size=2))
    return {**kept, **wrong}


@st.composite
def requests(draw: st.DrawFn, numbers: st.SearchStrategy[Any] = NUMBERS) -> bytes:
    """A frame's body that is a JSON object, in some spelling."""
    name = draw(NAMES)
    whole = {**draw(members(name)), "id": draw(numbers), "request": name}
    if draw(st.booleans()):
        whole = dict(reversed(whole.items()))
    indent = draw(st.sampled_from([None, 1]))
    return json.dumps(whole, ensure_ascii=draw(st.booleans()), indent=indent).encode(
        "utf-8", "surrogatepass"
    )


HELLO_BODY = json.dumps({"id": 0, "request": "hello", **HELLO}).encode()
BODIES = st.one_of(
    requests(),
    requests(NO_NUMBERS),
    st.just(HELLO_BODY),
    st.sampled_from(sorted(BAD.values())),
    st.binary(max_size=20),
    JSON.map(json.dumps).map(str.encode),
    damaged(HELLO_BODY),
    st.sampled_from([MAX_IN - 1, MAX_IN, MAX_IN + 1, 3 * MAX_IN]).map(HELLO_BODY.ljust),
)
#: A frame whose length is what it says; or, now and then, one that says another.
FRAMES = st.one_of(
    *[BODIES.map(frame)] * 9,
    st.builds(
        lambda length, body: struct.pack("@I", length) + body,
        st.integers(0, 2**32 - 1) | st.integers(0, 40),
        BODIES,
    ),
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Frames, mostly after a hello, the last of them perhaps cut."""
    whole = b"".join(draw(st.lists(FRAMES, max_size=8)))
    if draw(st.integers(0, 3)):
        whole = frame(HELLO_BODY) + whole
    return whole if draw(st.booleans()) else whole[: draw(st.integers(0, len(whole)))]


def bodies(stream: bytes) -> list[bytes]:
    """What frames a stream has, up to the first that is not whole."""
    found = []
    while len(stream) >= 4:
        (length,) = struct.unpack("@I", stream[:4])
        if len(stream) < 4 + length:
            break
        found.append(stream[4 : 4 + length])
        stream = stream[4 + length :]
    return found


def number_of(body: bytes) -> int | None:
    """What a frame is answered as."""
    try:
        read = documents.parse(body, "frame", max_bytes=MAX_IN, max_characters=MAX_IN)
    except InvalidDocument:
        return None
    number = read.get("id")
    return number if type(number) is int else None


def check_answer(answer: Frame) -> None:
    """It is a result or a failure as docs/native.md has them."""
    assert answer.keys() in ({"re", "result"}, {"re", "error"})
    if "result" in answer:
        assert isinstance(answer["result"], dict)
        assert answer["re"] is not None
        return
    error = answer["error"]
    assert error.keys() == {"code", "message", "fix"}
    assert error["code"] in CODES - {"internal"}, error
    assert error["message"].strip().endswith(".")
    assert error["fix"] is None or error["fix"].strip()
    if answer["re"] is None:
        assert error["code"] == "malformed"


def check(stream: bytes, answers: list[Frame]) -> None:
    """Each frame of the stream is answered once, and nothing else is."""
    answers = [one for one in answers if "event" not in one]
    for one in answers:
        check_answer(one)
    expected = Counter(number_of(body) for body in bodies(stream))
    assert Counter(one["re"] for one in answers) == expected


def in_process(stream: bytes) -> list[Frame]:
    """What the loop itself answers, on a new home; it returns when the stream has ended."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel(BufferedReader(io.BytesIO(stream)), cast("BufferedWriter", out))
        serve(channel, Home.in_one_folder(Path(folder)))
    written = bodies(out.getvalue())
    assert sum(4 + len(body) for body in written) == len(out.getvalue())
    assert all(len(body) <= MAX_OUT for body in written)
    return [json.loads(body) for body in written]


@settings(max_examples=300, deadline=None)
@given(streams())
@example(b"".join(frame(body) for body in BAD.values()))
@example(frame(HELLO_BODY) * 40)
def test_each_frame_of_any_stream_is_answered_once(stream: bytes) -> None:
    """Good or bad, lying, cut, in any order, any of them any number of times."""
    check(stream, in_process(stream))


def test_a_real_host_answers_any_stream_and_ends_well(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The same through a process and its pipes, up to the exit code."""

    @settings(max_examples=20, deadline=None)
    @given(streams())
    def answers(stream: bytes) -> None:
        home = tmp_path_factory.mktemp("home")
        home.chmod(0o700)
        with host("--home", home) as running:
            running.send_bytes(stream)
            assert running.close() == 0
            check(stream, running.rest())
            assert "Traceback" not in running.log()

    answers()


@settings(max_examples=60, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=5))
def test_before_the_hello_nothing_is_answered_but_refused(before: list[bytes]) -> None:
    """Also when it comes right behind: its place in the stream counts."""
    asked = [body for body in before if json.loads(body)["request"] != "hello"]
    answers = in_process(b"".join(map(frame, [*asked, HELLO_BODY])))
    *refused, _ = answers
    assert {one["error"]["code"] for one in refused} <= {
        "hello-first",
        "unknown-request",
        "malformed",
    }


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(REQUESTS).flatmap(lambda name: st.tuples(st.just(name), members(name))))
def test_a_request_of_any_members_is_answered_or_refused_by_a_known_code(
    asked: tuple[str, dict[str, Any]],
) -> None:
    """Never by "internal", which is a mistake of the host's."""
    name, given_members = asked
    body = json.dumps({**given_members, "id": 7, "request": name}).encode()
    check(frame(body), in_process(frame(HELLO_BODY) + frame(body))[1:])


@pytest.mark.parametrize("name", GOOD)
def test_every_request_one_step_from_a_good_one(name: str) -> None:
    """At every depth: members left out, added, twice, renamed, and of other values."""
    near = [{"request": name, **members} for _, members in mutants(GOOD[name])]
    asked = [sites.compact({"id": number, **one}) for number, one in enumerate(near, 1)]
    stream = b"".join(map(frame, [HELLO_BODY, *asked]))
    answers = in_process(stream)
    check(stream, answers)
    assert len([one for one in answers if "error" in one]) > len(near) // 2
