"""Bounded parsing: what a stranger's bytes may be, and that nothing raw comes out of a reader."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rbutton.decisions import reply
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement, documents, jws, policy
from rbutton.terms.encoding import check_name, check_origin, from_b64u, from_time_text
from rbutton.terms.errors import InvalidDocument
from tests import sites
from tests.strategies import JSON, damaged

SITE = sites.Site()
PROFFER = sites.proffer(SITE)
SEALED = SITE.countersign(PROFFER.body)
POLICY = SITE.policy(limits={"copy": "on-request", "retain": "P1Y"}, expires=sites.IN_A_YEAR)
PROBLEM = b'{"type":"about:blank","status":403,"code":"declined","detail":"Not today."}'

BODIES = (
    damaged(SEALED) | damaged(POLICY) | damaged(PROBLEM) | st.binary() | JSON.map(sites.compact)
)


def read_policy(body: bytes) -> object:
    """`policy.read` as the host calls it."""
    return policy.read(body, SITE.origin, catalogue().vocabulary, sites.NOW)


READERS: dict[str, Callable[[bytes], object]] = {
    "documents.parse": lambda body: documents.parse(body, "document"),
    "jws.parse": lambda body: jws.parse(body, "document"),
    "agreement.read": agreement.read,
    "policy.read": read_policy,
}


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=150, deadline=None)
@given(body=BODIES)
@example(body=b"[" * 60_000)
@example(body=b'{"a":' * 12_000)
@example(body=b'{"payload":"e30","signatures":[' + b'{"protected":' * 4_000)
@example(body=b'{"a":"\\ud800"}')
@example(body=b'{"a":1e400,"b":NaN}')
def test_a_strangers_bytes_raise_nothing_but_invalid_document(reader: str, body: bytes) -> None:
    """No ValueError, KeyError, TypeError or RecursionError of a library gets out of a reader."""
    told = ""
    try:
        READERS[reader](body)
    except InvalidDocument as error:
        told = str(error)
    assert "\n" not in told


@settings(max_examples=150, deadline=None)
@given(
    body=BODIES,
    status=st.sampled_from([200, 400, 403, 410, 500]),
    media=st.sampled_from(["application/problem+json", "application/jose+json", "", ";", "\x00"]),
)
def test_a_strangers_reply_never_raises(body: bytes, status: int, media: str) -> None:
    """Whatever comes back on a post is understood as something."""
    understood = reply.understand(PROFFER, (status, media, body), catalogue(), sites.NOW)
    if isinstance(understood, reply.Sealed):
        assert understood.signed.payload == PROFFER.payload
    reply.words_of(body)
    reply.code_of(body)


@settings(max_examples=100, deadline=None)
@given(text=st.text() | st.text("htps:/.[]0123456789abcdefxX@-_?#%").map("https://".__add__))
def test_strings_of_a_stranger_raise_nothing_but_invalid_document(text: str) -> None:
    """Origins, names, times and base64url are read without surprises too."""
    for check in (check_origin, check_name, from_time_text, from_b64u):
        with suppress(InvalidDocument):
            check(text)


@settings(max_examples=150, deadline=None)
@given(value=JSON)
def test_what_is_accepted_has_one_canonical_form(value: Any) -> None:
    """Accepted JSON keeps its meaning, and its JCS form is read back as the same bytes."""
    body = sites.compact({"a": value})
    try:
        parsed = documents.parse(body, "document")
    except InvalidDocument:
        return
    assert parsed == {"a": value}
    canonical = documents.canonical(parsed)
    assert documents.canonical(documents.parse(canonical, "document")) == canonical


def nested(levels: int) -> bytes:
    """An object that is `levels` deep, the object itself counted."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def sized(size: int) -> bytes:
    """An object of exactly `size` bytes."""
    return b'{"a":1}'.ljust(size)


LONGEST = "é" * 4_096

FITS = {
    "65,536 bytes": sized(65_536),
    "16 levels": nested(16),
    "64 items": sites.compact({"a": list(range(64))}),
    "4,096 characters": sites.compact({"a": LONGEST}),
    "4,096 characters in a name": sites.compact({LONGEST: 1}),
    "4,096 astral characters": sites.compact({"a": "😀" * 4_096}),
    "brackets in a string": sites.compact({"a": "[" * 4_000}),
    "quotes and brackets in a string": sites.compact({"a": '"[' * 2_000}),
    "a backslash before a quote": rb'{"a":"\\","b":"[[[[[[[[[[[[[[[[[[[[[["}',
    "the largest integer": b'{"a":9007199254740991,"b":-9007199254740991}',
    "a surrogate pair, escaped": rb'{"a":"\ud83d\ude00"}',
    "empty": b"{}",
    "white space around": b" \t\r\n{} \n",
}


@pytest.mark.parametrize("body", FITS.values(), ids=FITS)
def test_what_is_just_within_the_bounds_is_read(body: bytes) -> None:
    """The protocol's limits are what they say, to the last byte."""
    assert documents.parse(body, "document") == json.loads(body)


REFUSED = {
    "65,537 bytes": sized(65_537),
    "17 levels": nested(17),
    "60 kB of [": b"[" * 60_000,
    "60 kB of { after a closing flood": b"}" * 30_000 + b'{"a":' * 6_000,
    "deep after an odd quote": b'"[' + b"[" * 60_000,
    "65 items": sites.compact({"a": list(range(65))}),
    "65 items further down": sites.compact({"a": [{"b": list(range(65))}]}),
    "4,097 characters": sites.compact({"a": LONGEST + "é"}),
    "4,097 characters in a name": sites.compact({LONGEST + "é": 1}),
    "a member twice": b'{"a":1,"a":1}',
    "a member twice in two spellings": rb'{"a":1,"\u0061":1}',
    "a member twice, further down": b'{"a":[{"b":1,"b":2}]}',
    "a lone surrogate, escaped": rb'{"a":"\ud800"}',
    "a lone low surrogate in a name": rb'{"\udc00":1}',
    "surrogates the wrong way round": rb'{"a":"\ude00\ud83d"}',
    "a lone surrogate, as bytes": b'{"a":"\xed\xa0\x80"}',
    "a float": b'{"a":1.5}',
    "a whole float": b'{"a":1.0}',
    "an exponent": b'{"a":1e2}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "2^53": b'{"a":9007199254740992}',
    "-2^53": b'{"a":-9007199254740992}',
    "a number of 60,000 digits": b'{"a":' + b"1" * 60_000 + b"}",
    "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "not UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "a control character in a string": b'{"a":"\x01"}',
    "a NUL at the end": b"{}\x00",
    "two documents": b"{}{}",
    "a comma too many": b'{"a":1,}',
    "a list": b"[]",
    "a string": b'"a"',
    "null": b"null",
    "nothing": b"",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_beyond_the_bounds_is_refused(body: bytes) -> None:
    """Each limit of the protocol holds, whichever way it is overstepped."""
    with pytest.raises(InvalidDocument, match=r"^the note "):
        documents.parse(body, "note")


HOSTILE = {
    "an open string of escaped quotes": b'{"a":"' + rb"\"" * 32_000,
    "quotes": b'"' * 65_000,
    "backslashes": b'"' + b"\\" * 65_000,
    "an integer": b'{"a":' + b"9" * 65_000 + b"}",
    "names": sites.compact({str(number): 0 for number in range(5_000)}),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_the_largest_document_takes_no_time(body: bytes) -> None:
    """No 64 kB keep a process busy for a second: it is read while a page waits."""
    before = time.process_time()
    with suppress(InvalidDocument):
        documents.parse(body, "note")
    assert time.process_time() - before < 1


def test_errors_name_the_document_and_never_show_its_values() -> None:
    """The person reads which document is wrong and where, not what a stranger put there."""
    with pytest.raises(InvalidDocument, match=r"^the policy is not JSON: line 2, column 1$"):
        documents.parse(b'{"secret words"\n', "policy")
    with pytest.raises(InvalidDocument) as caught:
        read_policy(SITE.policy(controller={"name": "Buy\u202e now"}))
    assert str(caught.value).startswith("the policy's controller.name has a control")
    assert "Buy" not in str(caught.value)


def test_errors_do_not_carry_a_strangers_sentence_in_a_members_name() -> None:
    """A name that is no plain word is not shown: it would speak in the button's voice."""
    evil = "\u202eAll is well. Click yes"
    with pytest.raises(InvalidDocument) as caught:
        read_policy(SITE.policy(limits={evil: 7}))
    assert "All is well" not in str(caught.value)
    assert str(caught.value).startswith("the policy's limits.")


ORIGINS = [
    "https://shop.example",
    "https://shop.example:8443",
    "https://xn--bcher-kva.example",
    "https://a_b.example",
    "https://192.0.2.1",
    "https://192.0.2.1:444",
    "https://[2001:db8::1]",
    "https://[::1]:8443",
    "http://localhost",
    "http://localhost:8000",
    "http://127.0.0.1:1",
    "http://[::1]:65535",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_origins_as_a_browser_spells_them_are_taken(origin: str) -> None:
    """Every kind of origin that may negotiate."""
    assert check_origin(origin) == origin


NO_ORIGINS = [
    "",
    "null",
    "shop.example",
    "//shop.example",
    "https:shop.example",
    "https://",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?",
    "https://shop.example#",
    "https://shop.example:443",
    "https://shop.example:",
    "https://shop.example:0",
    "https://shop.example:08443",
    "https://shop.example:65536",
    "https://shop.example:-1",
    "https://shop.example:８443",
    "https://ada@shop.example",
    "https://:@shop.example",
    "https://Shop.example",
    "HTTPS://shop.example",
    "https://shop.example.",
    "https://.shop.example",
    "https://shop..example",
    "https://bücher.example",
    "https://shop。example",
    "https://shop%2eexample",
    "https://shop.example\n",
    "https://shop.\texample",
    " https://shop.example",
    "https:\\\\shop.example",
    "https://shop.example\\@evil.example",
    "http://shop.example",
    "http://localhost:80",
    "http://localhost.",
    "http://127.0.0.2",
    "http://[::1]:80",
    "http://localhost.evil.example",
    "https://127.1",
    "https://0x7f.0.0.1",
    "https://0x7f000001",
    "https://2130706433",
    "https://127.0.0.01",
    "https://256.0.0.1",
    "https://1.2.3.4.5",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[::0001]",
    "https://[2001:DB8::1]",
    "https://[::1",
    "https://[fe80::1%25eth0]",
    "https://[1.2.3.4]",
    "ws://localhost",
    "file:///etc",
    "moz-extension://abc",
]


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_every_other_spelling_of_an_origin_is_refused(origin: str) -> None:
    """An origin has one spelling: with two, one site would have two records."""
    with pytest.raises(InvalidDocument):
        check_origin(origin)


TIMES = ["2026-11-22T10:00:00Z", "2024-02-29T00:00:00Z", "9999-12-31T23:59:59Z"]
NO_TIMES = [
    "2026-11-22T10:00:00+00:00",
    "2026-11-22T10:00:00.0Z",
    "2026-11-22t10:00:00z",
    "2026-11-22 10:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T10:00:60Z",
    "2026-11-22T10:00:61Z",
    "0000-01-01T00:00:00Z",
    "2026-11-22T10:00:00Z\n",
    "２026-11-22T10:00:00Z",
    "2026-11-22T1٣:00:00Z",
    "",
]


@pytest.mark.parametrize("text", TIMES)
def test_a_time_in_the_one_spelling_is_read(text: str) -> None:
    """RFC 3339, UTC, whole seconds, Z."""
    assert from_time_text(text).strftime("%Y-%m-%dT%H:%M:%SZ") == text


@pytest.mark.parametrize("text", NO_TIMES)
def test_every_other_spelling_of_a_time_is_refused(text: str) -> None:
    """Offsets, fractions, days that do not exist, digits of other scripts."""
    with pytest.raises(InvalidDocument):
        from_time_text(text)


@pytest.mark.parametrize("text", ["AA==", "AA=", "AB", "A", "+/+/", "AA\n", "A A", "ÀÀ"])
def test_base64url_has_one_spelling(text: str) -> None:
    """Padding, left-over bits, another alphabet: a second text for the same bytes is refused."""
    with pytest.raises(InvalidDocument):
        from_b64u(text)


NAMES_REFUSED = {
    "empty": "",
    "81 characters": "a" * 81,
    "a space around": " Shop",
    "a newline": "Shop\nLtd",
    "a bidi override": "Shop \u202eLtd",
    "a bidi isolate": "Shop\u2066",
    "a zero-width space": "Sh\u200bop",
    "a zero-width joiner": "Sh\u200dop",
    "a BOM inside": "Sh\ufeffop",
    "a soft hyphen": "Sh\u00adop",
    "a line separator": "Sh\u2028op",
    "a NUL": "Shop\x00",
    "a C1 control": "Shop\x85x",
    "not NFC": "Cafe\u0301",
    "a tag character": "Shop\U000e0041",
    "a private character": "Shop\ue000",
}


@pytest.mark.parametrize("name", NAMES_REFUSED.values(), ids=NAMES_REFUSED)
def test_names_that_hide_something_are_refused(name: str) -> None:
    """A site's name is shown: nothing in it may be invisible or turn the text around."""
    with pytest.raises(InvalidDocument):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["a" * 80, "Café d'Été Ltd", "合同会社 例", "متجر", "O'Neill & Søn"]
)
def test_names_of_people_and_firms_are_taken(name: str) -> None:
    """Names of any script, up to 80 characters."""
    assert check_name(name) == name
