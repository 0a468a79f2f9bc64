"""Promises in a policy: those that hold, and those that count as absent, with the reason."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.terms.encoding import b64u
from tests.vectors.making.agreement import PERSON_KEY, PROFFER
from tests.vectors.making.common import (
    ORIGIN,
    OTHER_KEY,
    SITE_KEY,
    Json,
    header,
    jwk,
    own_term,
    policy,
    roster_term,
    signature,
    signed,
)
from tests.vectors.making.policies import AT

_PROMISE: Json = {
    "emanciterms": 1,
    "type": "promise",
    "origin": ORIGIN,
    "terms": [roster_term("do-not-track")],
    "until": "2027-06-30T00:00:00Z",
}


def vectors() -> Json:
    """Policies with a promise each."""
    return {
        "about": (
            "Policies of `origin`, read at the time `at`; each of them is valid. A promise that "
            "does not hold counts as absent, and the person is told."
        ),
        "origin": ORIGIN,
        "at": AT,
        "good": [
            {"name": name, "terms": ids, "body": body}
            for name, ids, body in (
                ("of one agreement", ["do-not-track"], _policy(_jws())),
                (
                    "of two, sorted by their ids",
                    ["mine-as-well", "no-stalking"],
                    _policy(_jws(terms=[roster_term("mine-as-well"), roster_term("no-stalking")])),
                ),
                (
                    "of the site's own wording",
                    ["own"],
                    _policy(_jws(terms=[own_term(track__offsite="never", retain="P30D")])),
                ),
                (
                    "by the second of two keys",
                    ["do-not-track"],
                    _policy(_jws(), keys=[jwk(OTHER_KEY), jwk(SITE_KEY)]),
                ),
                ("until a second later", ["do-not-track"], _policy(_jws(until=_AFTER))),
            )
        ],
        "bad": [
            {"name": name, "why": why, "body": _policy(promise)} for name, why, promise in _bad()
        ],
    }


_AFTER = "2026-11-22T10:00:01Z"


def _bad() -> list[tuple[str, str, Json]]:
    good = _jws()
    base = roster_term("do-not-track")
    one = good["signatures"][0]
    other_spelling = {
        "payload": good["payload"],
        "signatures": [signature(good["payload"], header(alg="EdDSA"), SITE_KEY)],
    }
    return [
        ("by a key that is not published", "bad-signature", _jws(OTHER_KEY)),
        ("by two keys", "bad-signature", _jws(SITE_KEY, OTHER_KEY)),
        ("twice by one key", "bad-signature", {**good, "signatures": [one, one]}),
        ("by another key under the site's kid", "bad-signature", _by_another(good)),
        ("over other bytes", "bad-signature", {**good, "payload": _jws(until=_AFTER)["payload"]}),
        ("without a signature", "malformed", {**good, "signatures": []}),
        ("under alg EdDSA", "malformed", other_spelling),
        ("with an unprotected header", "malformed", _unprotected(good)),
        ("with one member more", "malformed", {**good, "more": 1}),
        ("that is empty text", "malformed", {"payload": "", "signatures": good["signatures"]}),
        ("of version 2", "malformed", _jws(emanciterms=2)),
        ("of another type", "malformed", _jws(type="agreement")),
        ("with a member more in its payload", "malformed", _jws(more=1)),
        ("without an end", "malformed", _jws(until=None)),
        ("of nothing", "malformed", _jws(terms=[])),
        ("of a term twice", "malformed", _jws(terms=[base, base])),
        (
            "of terms that are not sorted",
            "malformed",
            _jws(terms=[roster_term("no-stalking"), roster_term("mine-as-well")]),
        ),
        ("of a term without clauses", "malformed", _jws(terms=[base | {"clauses": {}}])),
        ("in bytes that are not canonical", "malformed", _spaced()),
        ("of another origin", "another-origin", _jws(origin="https://other.example")),
        ("that has ended", "ended", _jws(until="2026-11-22T09:59:59Z")),
        ("that ends now", "ended", _jws(until=AT)),
        ("of a term nobody knows", "unknown-terms", _jws(terms=[base | {"id": "XX-1"}])),
        (
            "of a term under another hash",
            "unknown-terms",
            _jws(terms=[base | {"sha256": b64u(bytes(32))}]),
        ),
        (
            "of a term with other clauses",
            "unknown-terms",
            _jws(terms=[base | {"clauses": {"track.offsite": "never"}}]),
        ),
        ("of a clause nobody knows", "unknown-terms", _jws(terms=[own_term(zebra="none")])),
        ("of a value nobody knows", "unknown-terms", _jws(terms=[own_term(share="some")])),
        ("an agreement in its place", "malformed", json.loads(PROFFER)),
    ]


def _jws(*keys: Ed25519PrivateKey, **changes: Any) -> Json:
    made: Json = json.loads(signed(_PROMISE | changes, *(keys or (SITE_KEY,))))
    return made


def _policy(promise: Json, **changes: Any) -> str:
    return policy(promise=promise, **changes)


def _by_another(good: Json) -> Json:
    return {**good, "signatures": [signature(good["payload"], header(), PERSON_KEY)]}


def _unprotected(good: Json) -> Json:
    return {**good, "signatures": [good["signatures"][0] | {"header": {}}]}


def _spaced() -> Json:
    made: Json = json.loads(signed(json.dumps(_PROMISE).encode(), SITE_KEY))
    return made
