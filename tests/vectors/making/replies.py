"""Single replies to the proffer of `agreement.json`, and what an agent makes of them."""

import json
from datetime import timedelta
from typing import Any

from rbutton.terms.encoding import b64u, time_text
from tests.vectors.making.agreement import ID, PERSON_KEY, PROFFER, SEALED
from tests.vectors.making.common import (
    NOW,
    OTHER_KEY,
    SITE_KEY,
    Json,
    and_by,
    jwk,
    members_of,
    own_term,
    roster_term,
    signature,
    signed,
    thirty_two,
)

_JOSE = "application/jose+json"
_PROBLEM = "application/problem+json"
_AT = NOW + timedelta(seconds=4)


def vectors() -> Json:
    """By what they come to."""
    return {
        "about": (
            "The proffer of agreement.json was posted; this reply comes at `at`. sealed: both "
            "signed. countered: the person may sign it. not-signable: the agent never signs it, "
            "however it shows it. declined, refused: the last word on that payload. no-answer: "
            "nothing happened; the same bytes may be sent again."
        ),
        "id": ID,
        "cases": [*_sealed(), *_countered(), *_final(), *_no_answer()],
    }


def _case(
    name: str, outcome: str, status: int, body: str, content_type: str = _JOSE, *, at: Any = _AT
) -> Json:
    return {
        "name": name,
        "at": time_text(at),
        "status": status,
        "content_type": content_type,
        "outcome": outcome,
        "body": body,
    }


def _counter(*keys: Any, **changes: Any) -> str:
    members = members_of(PROFFER) | {
        "terms": [roster_term("SD-BASE")],
        "proffered": time_text(_AT),
        "answer_by": time_text(_AT + timedelta(days=7)),
        "answers": ID,
    }
    return signed(members | changes, *(keys or (SITE_KEY,)))


def _sealed() -> list[Json]:
    swapped = json.loads(SEALED)
    swapped["signatures"].reverse()
    late = NOW + timedelta(days=2)
    return [
        _case("sealed", "sealed", 200, SEALED),
        _case("sealed, the signatures in the other order", "sealed", 200, json.dumps(swapped)),
        _case("sealed, and late on its way", "sealed", 200, SEALED, at=late),
    ]


def _countered() -> list[Json]:
    week = timedelta(days=7)
    site = members_of(PROFFER)["site"]
    base = roster_term("SD-BASE")
    return [
        _case("a counter", "countered", 200, _counter()),
        _case(
            "a counter of two terms",
            "countered",
            200,
            _counter(terms=[roster_term("do-not-track"), roster_term("mine-as-well")]),
        ),
        _case(
            "a counter in its last second",
            "countered",
            200,
            _counter(),
            at=_AT + week - timedelta(seconds=1),
        ),
        _case("a counter too late", "not-signable", 200, _counter(), at=_AT + week),
        _case(
            "a counter of a term nobody knows",
            "not-signable",
            200,
            _counter(terms=[base | {"id": "XX-1"}]),
        ),
        _case(
            "a counter under another hash",
            "not-signable",
            200,
            _counter(terms=[base | {"sha256": b64u(bytes(32))}]),
        ),
        _case(
            "a counter with a clause less than its name says",
            "not-signable",
            200,
            _counter(terms=[base | {"clauses": {"track.offsite": "never"}}]),
        ),
        _case(
            "a counter of the site's own clauses",
            "not-signable",
            200,
            _counter(terms=[own_term(share="none")]),
        ),
        _case(
            "a counter to another proffer",
            "no-answer",
            200,
            _counter(answers=b64u(thirty_two("a proffer"))),
        ),
        _case(
            "other terms that answer nothing",
            "no-answer",
            200,
            _counter(answers=None, answer_by=time_text(_AT)),
        ),
        _case("a counter with an end", "no-answer", 200, _counter(until="2027-01-01T00:00:00Z")),
        _case(
            "a counter in place of another agreement",
            "no-answer",
            200,
            _counter(supersedes=b64u(thirty_two("an agreement"))),
        ),
        _case("a counter with another nonce", "no-answer", 200, _counter(nonce=b64u(bytes(32)))),
        _case(
            "a counter under another name",
            "no-answer",
            200,
            _counter(site=site | {"name": "Another Ltd"}),
        ),
        _case(
            "a counter for another origin",
            "no-answer",
            200,
            _counter(site=site | {"origin": "https://other.example"}),
        ),
        _case(
            "a counter by another key",
            "no-answer",
            200,
            _counter(OTHER_KEY, site=site | {"jwk": jwk(OTHER_KEY)}),
        ),
        _case(
            "a counter to another person",
            "no-answer",
            200,
            _counter(person={"jwk": jwk(OTHER_KEY)}),
        ),
        _case("a counter by a key it does not name", "no-answer", 200, _counter(OTHER_KEY)),
        _case("a counter that nobody signed", "no-answer", 200, _unsigned(_counter())),
        _case("a counter the person is to have signed", "no-answer", 200, _counter(PERSON_KEY)),
        _case("a counter in the wrong key's name", "no-answer", 200, _in_the_name_of_the_site()),
        _case(
            "a counter open for too long",
            "no-answer",
            200,
            _counter(answer_by=time_text(_AT + week + timedelta(seconds=1))),
        ),
    ]


def _unsigned(body: str) -> str:
    return json.dumps(json.loads(body) | {"signatures": []})


def _in_the_name_of_the_site() -> str:
    whole = json.loads(_counter())
    protected = whole["signatures"][0]["protected"]
    made = OTHER_KEY.sign(f"{protected}.{whole['payload']}".encode())
    whole["signatures"] = [{"protected": protected, "signature": b64u(made)}]
    return json.dumps(whole)


def problem(status: int, code: str | None, **more: Any) -> str:
    """A problem document (RFC 9457)."""
    members: Json = {"type": "about:blank", "status": status, "detail": "In plain words."}
    return json.dumps(members | ({} if code is None else {"code": code}) | more)


def _final() -> list[Json]:
    refusals = [
        (400, "malformed"),
        (401, "bad-signature"),
        (404, "unknown-agreement"),
        (409, "conflict"),
        (410, "expired"),
        (413, "too-large"),
        (415, "unsupported-type"),
        (422, "unknown-terms"),
    ]
    hostile = problem(403, "declined", detail="\u202eNo\u0000 <b>way</b>\n" + "x" * 2000)
    return [
        _case("declined", "declined", 403, problem(403, "declined"), _PROBLEM),
        _case(
            "declined, with members that nobody knows",
            "declined",
            403,
            problem(403, "declined", more=[1], instance="/x"),
            f"{_PROBLEM}; charset=utf-8",
        ),
        _case("declined without a word", "declined", 403, '{"code": "declined"}', _PROBLEM),
        _case("declined in words that are not fit to be shown", "declined", 403, hostile, _PROBLEM),
        *(
            _case(code, "refused", status, problem(status, code), _PROBLEM)
            for status, code in refusals
        ),
    ]


def _no_answer() -> list[Json]:
    payload = json.loads(SEALED)["payload"]
    foreign = json.loads(SEALED)
    foreign["signatures"][1] = signature(payload, "{}", SITE_KEY)
    others = members_of(PROFFER) | {"terms": [roster_term("SD-BASE")]}
    page = "<!doctype html><title>Welcome</title>"
    return [
        _case(name, "no-answer", status, body, content_type)
        for name, status, body, content_type in (
            ("the proffer itself", 200, PROFFER, _JOSE),
            ("the site's signature alone", 200, signed(members_of(PROFFER), SITE_KEY), _JOSE),
            ("sealed with a header that is none", 200, json.dumps(foreign), _JOSE),
            ("sealed by another key", 200, and_by(PROFFER, OTHER_KEY), _JOSE),
            ("other terms, signed by the site", 200, signed(others, SITE_KEY), _JOSE),
            (
                "other terms, with the person's signature of these",
                200,
                _with_the_persons(signed(others, SITE_KEY)),
                _JOSE,
            ),
            ("nothing", 200, "", _JOSE),
            ("a page", 200, page, "text/html"),
            ("a problem that is none", 200, problem(200, "declined"), _PROBLEM),
            ("a page that is not found", 404, page, "text/html"),
            ("no content", 204, "", ""),
            ("too much at once", 429, problem(429, "slow-down"), _PROBLEM),
            ("too much at once, in other words", 429, "", "text/plain"),
            ("an error of the server's", 500, page, "text/html"),
            ("not available", 503, problem(503, None), _PROBLEM),
            ("a decline without a code", 403, problem(403, None), _PROBLEM),
            ("a decline with a code nobody knows", 403, problem(403, "busy"), _PROBLEM),
            ("a decline whose code is a number", 403, '{"code": 403}', _PROBLEM),
            ("a decline in plain JSON", 403, problem(403, "declined"), "application/json"),
            ("a decline that is no JSON", 403, "declined", _PROBLEM),
            ("a decline with a member twice", 403, '{"code":"declined","code":"x"}', _PROBLEM),
        )
    ]


def _with_the_persons(body: str) -> str:
    whole = json.loads(body)
    whole["signatures"] = [json.loads(PROFFER)["signatures"][0], *whole["signatures"]]
    return json.dumps(whole)
