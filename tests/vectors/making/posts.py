"""Single posts to a site that has signed nothing yet, and its answers."""

import json
from datetime import datetime, timedelta
from typing import Any

from rbutton.terms.documents import MAX_BYTES
from rbutton.terms.encoding import b64u, time_text
from rbutton.terms.keys import person_key
from tests.vectors.making.common import (
    NONCE,
    NOW,
    ORIGIN,
    OTHER_KEY,
    SEED,
    SITE_KEY,
    Json,
    id_of,
    jwk,
    own_term,
    policy,
    proffered,
    roster_term,
    signed,
    thirty_two,
)

_LIMITS: Json = {"track.offsite": "never", "share": "anonymised", "retain": "P1M", "purpose": []}
_POLICY = policy(accepts=["SD-BASE-DP", "do-not-track", "mine-as-well"], limits=_LIMITS)
_KEY = person_key(SEED, NONCE, ORIGIN)
_JOSE = "application/jose+json"
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)


def vectors() -> Json:
    """Each case by itself."""
    return {
        "about": (
            "A site with `policy`, which counters nothing and keeps nothing yet, is posted `body` "
            "at its time `at`. Its answer has `status` and, in a problem document, `code`. "
            "Afterwards it keeps what has `id` as `state`, or where that is null at most that it "
            "refused it."
        ),
        "policy": _POLICY,
        "site_private_key": b64u(SITE_KEY.private_bytes_raw()),
        "cases": _signed() + _refused(),
    }


def _case(
    name: str,
    status: int,
    code: str | None,
    body: str,
    *,
    at: datetime = NOW,
    content_type: str = _JOSE,
) -> Json:
    state = {200: "sealed", 403: "declined"}.get(status)
    return {
        "name": name,
        "at": time_text(at),
        "content_type": content_type,
        "status": status,
        "code": code,
        "id": id_of(body) if state else None,
        "state": state,
        "body": body,
    }


def _proffer(*terms: str | Json, **changes: Any) -> str:
    """Signed by the person, whatever it says; a change to a member goes by its path."""
    members = proffered(terms or ("SD-BASE-DP",), served=_POLICY)
    for path, value in changes.items():
        *steps, last = path.split("__")
        at: Any = members
        for step in steps:
            at = at[step]
        at[last] = value
    return signed(members, _KEY)


def _signed() -> list[Json]:
    good = _proffer()
    spaced = json.dumps(json.loads(good), indent=1)
    return [
        _case("terms it accepts", 200, None, good),
        _case("several terms it accepts", 200, None, _proffer("do-not-track", "mine-as-well")),
        _case("own terms at its limits", 200, None, _proffer(own_term(share="anonymised"))),
        _case(
            "own terms laxer than its limits",
            200,
            None,
            _proffer(own_term(retain="P1Y", purpose=["ServiceProvision"], track__offsite="always")),
        ),
        _case(
            "own terms beside one it accepts",
            200,
            None,
            _proffer("do-not-track", own_term(retain="P31D")),
        ),
        _case("a JWS with blanks", 200, None, spaced),
        _case("as long as a document may be", 200, None, good.ljust(MAX_BYTES)),
        _case("a media type with a parameter", 200, None, good, content_type=f"{_JOSE}; x=y"),
        _case("a media type in upper case", 200, None, good, content_type=_JOSE.upper()),
        _case("with an end", 200, None, _proffer(until="2027-01-01T00:00:00Z")),
        _case("at its last second", 200, None, good, at=NOW + 5 * _MINUTE),
        _case("five minutes late", 200, None, good, at=NOW + 10 * _MINUTE),
        _case("five minutes early", 200, None, good, at=NOW - 5 * _MINUTE),
        _case("terms it does not accept", 403, "declined", _proffer("SD-BASE")),
        _case(
            "one it accepts and one it does not",
            403,
            "declined",
            _proffer("do-not-track", "no-stalking"),
        ),
        _case("own terms beyond a limit", 403, "declined", _proffer(own_term(share="none"))),
        _case("own terms shorter than a limit", 403, "declined", _proffer(own_term(retain="P30D"))),
        _case("own terms it says nothing about", 403, "declined", _proffer(own_term(sell="never"))),
        _case(
            "own terms, one within and one beyond",
            403,
            "declined",
            _proffer(own_term(share="anonymised", sell="never")),
        ),
    ]


def _refused() -> list[Json]:
    good = _proffer()
    base = roster_term("SD-BASE-DP")
    return [
        _case("more than five minutes late", 410, "expired", good, at=NOW + 10 * _MINUTE + _SECOND),
        _case("more than five minutes early", 410, "expired", good, at=NOW - 5 * _MINUTE - _SECOND),
        _case("terms that have ended", 410, "expired", _proffer(until="2026-11-22T09:59:59Z")),
        _case("another origin", 409, "conflict", _proffer(site__origin="https://other.example")),
        _case("another name", 409, "conflict", _proffer(site__name="Another Ltd")),
        _case("another key", 409, "conflict", _proffer(site__jwk=jwk(OTHER_KEY))),
        _case("another policy", 409, "conflict", _proffer(site__policy=b64u(bytes(32)))),
        _case(
            "in place of what it never signed",
            409,
            "conflict",
            _proffer(supersedes=b64u(thirty_two("an agreement"))),
        ),
        _case("a term nobody knows", 422, "unknown-terms", _proffer(base | {"id": "XX-1"})),
        _case(
            "a term under another hash",
            422,
            "unknown-terms",
            _proffer(base | {"sha256": b64u(bytes(32))}),
        ),
        _case(
            "a term with a clause less",
            422,
            "unknown-terms",
            _proffer(base | {"clauses": {"track.offsite": "never"}}),
        ),
        _case(
            "a term with another value",
            422,
            "unknown-terms",
            _proffer(base | {"clauses": base["clauses"] | {"sell": "allowed"}}),
        ),
        _case("a clause nobody knows", 422, "unknown-terms", _proffer(own_term(zebra="none"))),
        _case("a value nobody knows", 422, "unknown-terms", _proffer(own_term(share="some"))),
        _case("another key's signature", 401, "bad-signature", _by_another(good)),
        _case(
            "a foreign signature",
            401,
            "bad-signature",
            signed(proffered(["SD-BASE-DP"], served=_POLICY), OTHER_KEY),
        ),
        _case("nothing", 400, "malformed", ""),
        _case("a form", 400, "malformed", "a=b"),
        _case(
            "the payload without a JWS",
            400,
            "malformed",
            json.dumps(proffered(["SD-BASE-DP"], served=_POLICY)),
        ),
        _case("no signature", 400, "malformed", json.dumps(json.loads(good) | {"signatures": []})),
        _case("a member twice", 400, "malformed", good[:-1] + ',"payload":""}'),
        _case("a member of the payload more", 400, "malformed", _proffer(more=1)),
        _case(
            "a time to answer of an hour",
            400,
            "malformed",
            _proffer(answer_by="2026-11-22T11:00:00Z"),
        ),
        _case("larger than a document may be", 413, "too-large", good.ljust(MAX_BYTES + 1)),
        _case(
            "JSON by its media type", 415, "unsupported-type", good, content_type="application/json"
        ),
        _case("no media type", 415, "unsupported-type", good, content_type=""),
        _case(
            "a media type that begins like it",
            415,
            "unsupported-type",
            good,
            content_type=f"{_JOSE}x",
        ),
    ]


def _by_another(body: str) -> str:
    """The person's `kid`, and a signature by somebody else."""
    whole = json.loads(body)
    protected = whole["signatures"][0]["protected"]
    made = OTHER_KEY.sign(f"{protected}.{whole['payload']}".encode())
    whole["signatures"] = [{"protected": protected, "signature": b64u(made)}]
    return json.dumps(whole)
