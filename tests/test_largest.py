"""The largest there is: what comes in is not kept, what goes out is what a browser takes."""

import io
import json
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rbutton.native import agreements as pages
from rbutton.native.channel import MAX_OUT, Channel
from rbutton.native.handlers import Handlers
from rbutton.native.messages import Agreements
from rbutton.native.serve import serve
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger
from rbutton.person.settings import MAX_EXCEPTIONS, MAX_SITES
from rbutton.person.terms_file import MAX_BYTES
from rbutton.terms import documents
from rbutton.terms.encoding import check_name, sha256, time_text
from rbutton.terms.errors import InvalidDocument
from tests import sites
from tests.host_process import Host
from tests.sites import Site
from tests.test_channel import frame
from tests.visiting import greeted

MIB = 1_048_576
HELLO = {"protocol": 1, "extension": "0.1.0", "browser": "chromium"}


def peak(running: Host) -> int:
    """The most memory the process has had at once, in bytes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text("ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def test_64_mib_are_refused_without_being_kept(running: Host) -> None:
    """As much as Chromium lets an extension send; the next message is read as if nothing was."""
    running.result("agreements", after=None, find=None)
    before = peak(running)
    running.send_bytes(struct.pack("@I", 64 * MIB))
    for _ in range(64):
        running.send_bytes(b"x" * MIB)
    told = running.frame(lambda frame: "re" in frame)
    assert (told["re"], told["error"]["code"]) == (None, "malformed")
    assert "67,108,864" in told["error"]["message"]
    assert running.hello()
    assert peak(running) - before < 4 * MIB


def answer(stream: io.BytesIO, out: io.BytesIO, home: Path) -> None:
    """The loop itself, to the end of the stream."""
    channel = Channel(cast("BufferedReader", stream), cast("BufferedWriter", out))
    serve(channel, Home.in_one_folder(home))


def test_an_answer_that_is_too_large_is_told_as_a_mistake(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should there ever be one (here it is made up): the button is not left to wait for it."""
    monkeypatch.setattr(Handlers, "settings", lambda _: {"x": "x" * MAX_OUT})
    hello = frame(json.dumps({"id": 1, "request": "hello", **HELLO}).encode())
    out = io.BytesIO()
    answer(io.BytesIO(hello), out, home)
    told = json.loads(out.getvalue()[4:])
    assert (told["re"], told["error"]["code"]) == (1, "internal")


class Counting(io.BytesIO):
    """A browser's end that knows how many messages were read of it, and how many answered."""

    def __init__(self, data: bytes, answers: io.BytesIO) -> None:
        super().__init__(data)
        self.read_so_far = 0
        self.furthest = 0
        self._answers = answers

    def read(self, size: int | None = -1, /) -> bytes:
        if size == 4:
            self.read_so_far += 1
            answered = self._answers.getvalue().count(b'{"re":')
            self.furthest = max(self.furthest, self.read_so_far - answered)
        return super().read(size)


def test_a_flood_is_not_read_before_it_is_answered(home: Path) -> None:
    """What waits for its turn waits in the browser: sixteen, the one being read, and the end."""
    asked = {"request": "visit", "origin": "https://a.test", "announced": False, "policy": None}
    flood = [frame(json.dumps({"id": number, **asked}).encode()) for number in range(1, 500)]
    hello = frame(json.dumps({"id": 0, "request": "hello", **HELLO}).encode())
    out = io.BytesIO()
    stream = Counting(b"".join([hello, *flood]), out)
    answer(stream, out, home)
    assert stream.furthest <= 18
    assert out.getvalue().count(b'"result"') == 500


@contextmanager
def handlers(terms: str | None = None) -> Iterator[Handlers]:
    """What answers requests, in a new home."""
    with tempfile.TemporaryDirectory() as folder:
        if terms is not None:
            (Path(folder) / "terms.toml").write_text(terms, "utf-8")
        yield Handlers(Home.in_one_folder(Path(folder)))


def size(result: Any) -> int:
    """Of the frame that carries a result."""
    return len(json.dumps({"re": documents.MAX_INTEGER, "result": result}, separators=(",", ":")))


#: Where a terms.toml can be as long as somebody likes; what a place needs is escaped for it.
PLACES = {
    "a value": "[signals]\ndnt = '{}'",
    "a value of a site": "[sites.'a.example']\nnegotiate = '{}'",
    "a name": "'{}' = 1",
    "a name in a section": "[proffer]\n'{}' = 1",
    "a name twice": "'{}' = 1\n'{}' = 2",
    "a table twice": "['{}']\n['{}']",
    "an inline name twice": "x = {{ '{}' = 1, '{}' = 2 }}",
    "a site": "[sites.'{}']",
    "a term": "[proffer]\nterms = [['{}']]",
    "a list": "[signals]\ndnt = ['{}', ['{}']]",
    "no TOML": "{}",
    "a comment": "# {}",
}
FILLS = [
    "x",
    "\\",
    '"',
    "\t",
    "\x80",
    "é",
    "\u0600",
    "\u2028",
    "⊂",
    "\U000e0001",
    " ",
    "[ ",
    "a.b ",
]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(PLACES)), st.sampled_from(FILLS), st.integers(0, 3))
def test_settings_of_any_file_fit(place: str, fill: str, more: int) -> None:
    """However long and odd what is wrong in it: the message stays one to read."""
    template = PLACES[place]
    room = MAX_BYTES - len(template) + 2 * template.count("{}") + more
    text = template.format(*[fill * (room // template.count("{}") // len(fill.encode()))] * 2)
    with handlers(text) as answering:
        result = answering.answer("hello", HELLO)
        assert size(result) < MAX_OUT // 8
        problem = result["settings"]["problem"]
        assert problem is None or len(problem["message"]) + len(problem["fix"]) < 1_000


@pytest.mark.parametrize("says", ['dnt="exception"', 'dnt="off",button="off"'])
@pytest.mark.parametrize("most", [MAX_SITES, MAX_SITES // 2])
def test_settings_of_the_most_sites_fit(says: str, most: int) -> None:
    """As many sites and exceptions as a file may have, of names that fill it."""
    exceptions = "".join(f"{{site='{n:x}'}}," for n in range(MAX_EXCEPTIONS))
    above = f"exceptions=[{exceptions}]\n[sites]\n"
    length = (MAX_BYTES - len(above)) // most - len(f'""={{{says}}}\n')
    text = above + "".join(f'"{n:0{length}x}"={{{says}}}\n' for n in range(most))
    with handlers(text) as answering:
        result = answering.answer("hello", HELLO)
        assert result["settings"]["problem"] is None
        assert len(result["settings"]["signals"]["sites"]) == most
        assert len(result["settings"]["signals"]["exceptions"]) == MAX_EXCEPTIONS
        assert size(result) < MAX_OUT


def test_a_file_of_2_mb_is_told_and_the_host_lives_on(home: Path, running: Host) -> None:
    """While the browser runs, and when it starts with it; the last good settings hold."""
    running.result("set", key="signals.gpc", value="off")
    file = home / "terms.toml"
    file.write_text(file.read_text() + "# x\n" * 500_000)
    for told in (running.event()["settings"], running.hello()["settings"]):
        assert "too large" in told["problem"]["message"]
        assert (told["signals"]["dnt"], told["signals"]["gpc"]) == (True, False)
    error = running.error("set", key="signals.dnt", value="off")
    assert (error["code"], error["fix"]) == ("config", told["problem"]["fix"])
    with greeted(home) as another:
        assert "too large" in another.hello()["settings"]["problem"]["message"]


def test_a_change_does_not_make_the_file_too_large(home: Path) -> None:
    """It is refused, and the file stays as it was."""
    with greeted(home) as running:
        assert running.close() == 0
    file = home / "terms.toml"
    text = file.read_text()
    file.write_text(text + "#" * (MAX_BYTES - len(text.encode()) - 1))
    before = file.read_bytes()
    with greeted(home) as running:
        wanted = [["do-not-track"], ["SD-BASE"], ["no-stalking", "mine-as-well"]]
        assert "too large" in running.error("set", key="proffer.terms", value=wanted)["message"]
    assert file.read_bytes() == before


def _can_be_a_name(text: str) -> bool:
    try:
        return check_name(text) == text
    except InvalidDocument:
        return False


#: Each of its characters is twelve bytes in a frame.
WIDE = "𒀀" * 80
SITES_NAMES = st.text(min_size=1, max_size=80).filter(_can_be_a_name) | st.just(WIDE)
PADDINGS = st.sampled_from(["", " ", "\n", "\t"])


def padded(body: bytes, padding: str) -> bytes:
    """The same JSON with each letter of its names written as an escape, as long as it may be."""
    spelled = body.decode()
    for name in ("payload", "signatures", "protected", "signature"):
        spelled = spelled.replace(
            f'"{name}"', '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"'
        )
    return spelled.encode() + padding.encode() * (documents.MAX_BYTES - len(spelled))


@settings(max_examples=25, deadline=None)
@given(SITES_NAMES, PADDINGS, st.sampled_from(["x", "⊂", "𒀀", '"', "\\"]), st.booleans())
def test_what_is_told_of_a_site_fits(name: str, padding: str, fill: str, signs: bool) -> None:
    """The largest policy, then the largest seal or refusal: every answer on the way."""
    site = Site(origin=f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example", name=name)
    words = fill * documents.MAX_CHARACTERS
    many = (documents.MAX_BYTES - len(site.policy(future=[]))) // (len(json.dumps(words)) + 2)
    served = site.served(future=[words] * many)
    with handlers() as answering:
        told = []

        def ask(request: str, **members: Any) -> Any:
            result = answering.answer(request, {"origin": site.origin, **members})
            told.append(size(result))
            return result

        ask("visit", announced=True, policy=served)
        post = ask("offer", policy=served, by="click")["post"]
        if signs:
            body = padded(site.countersign(post["body"]), padding)
            came = sites.http(200, "application/jose+json", body)
        else:
            came = sites.problem(403, "declined", words)
        view = ask("reply", agreement=post["agreement"], reply=came)["view"]
        assert view["state"] == ("active" if signs else "potential")
        ask("visit", announced=False, policy=None)
        whole = ask("agreement", agreement=post["agreement"])
        assert whole["row"]["state"] == ("active" if signs else "declined")
        told.append(size(answering.answer("agreements", {"after": None, "find": None})))
        assert max(told) < MAX_OUT // 4


def odd(site: Site, number: int, terms: int) -> tuple[str, bytes]:
    """Id and bytes of a proffer of so many terms that no roster has, as an import may bring one."""
    members = sites.payload_of(sites.proffer(site, nonce=number.to_bytes(32)))
    members["terms"] = [
        {"id": f"{one:04}{'x' * 60}", "sha256": members["nonce"], "clauses": {"copy": "never"}}
        for one in range(terms)
    ]
    payload = documents.canonical(members)
    return sha256(payload), sites.raw_jws(payload, sites.raw_signature(site.key, payload))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 7), max_size=130), st.booleans())
@example([7] * 130, True)
def test_a_list_of_any_agreements_comes_in_pages_that_fit(terms: list[int], wide: bool) -> None:
    """Every row on one page, newest first, and no page larger than it may be."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite3")
        with ledger.writing() as writing:
            for number, count in enumerate(terms):
                origin = f"https://{'long-' * (150 if wide else 2)}{number}.example"
                site = Site(origin=origin, name=WIDE if wide else "Example Shop")
                made.append(odd(site, number, count)[0])
                at = time_text(sites.NOW + timedelta(seconds=number))
                writing.append("proffer", at, origin, *odd(site, number, count))
        found: list[str] = []
        after = None
        while True:
            page = pages.page(ledger, Agreements(after=after, find=None), sites.NOW)
            assert len(page["rows"]) <= pages.ROWS
            assert size(page) < pages.BYTES + 8_192 < MAX_OUT
            assert page["total"] == len(made)
            found += [row["id"] for row in page["rows"]]
            after = page["next"]
            if after is None:
                break
            assert page["rows"]
        assert found == made[::-1]
