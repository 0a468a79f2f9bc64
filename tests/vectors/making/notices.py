"""A withdrawal of the agreement of `agreement.json`, its acknowledgement, and what is neither."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.terms import documents
from rbutton.terms.encoding import b64u, from_b64u
from tests.vectors.making.agreement import ID, PERSON_KEY
from tests.vectors.making.common import OTHER_KEY, SITE_KEY, Json, digest, signed

WITHDRAW: Json = {
    "emanciterms": 1,
    "type": "notice",
    "kind": "withdraw",
    "under": ID,
    "id": "0b9f7f6e-3c5c-4a35-9d7e-5e1f6a1b2c3d",
    "made": "2026-12-01T09:30:00Z",
    "body": {"reason": None},
}
_ACKNOWLEDGE = WITHDRAW | {
    "kind": "acknowledge",
    "id": "5a0c1a52-7a4e-4a53-8f0d-3a3c1c9a7f10",
    "made": "2026-12-01T09:30:01Z",
    "body": {"re": WITHDRAW["id"]},
}


def vectors() -> Json:
    """Both notices, good and bad."""
    told = signed(WITHDRAW, PERSON_KEY)
    return {
        "about": "Under the agreement of agreement.json, by its keys. `code` is the site's answer.",
        "under": WITHDRAW["under"],
        "withdraw": told,
        "also_withdraw": [
            {"name": "with a reason", "body": _withdraw(body={"reason": "I moved on."})},
        ],
        "acknowledge": signed(_ACKNOWLEDGE, SITE_KEY),
        "no_withdrawal": [
            {"name": name, "code": code, "body": body}
            for name, code, body in (
                ("by a key of nobody's", "bad-signature", _withdraw(OTHER_KEY)),
                ("by the site's own key", "bad-signature", _withdraw(SITE_KEY)),
                ("by both", "bad-signature", _withdraw(PERSON_KEY, SITE_KEY)),
                ("of an unknown kind", "unknown-terms", _withdraw(kind="x")),
                ("of a kind that is to come", "unknown-terms", _withdraw(kind="change")),
                ("without a reason", "malformed", _withdraw(body={})),
                ("with a reason that is a number", "malformed", _withdraw(body={"reason": 1})),
                ("with a body that is null", "malformed", _withdraw(body=None)),
                ("with a member more", "malformed", _withdraw(more=1)),
                ("of version 2", "malformed", _withdraw(emanciterms=2)),
                ("with an id in upper case", "malformed", _withdraw(id=WITHDRAW["id"].upper())),
                ("with an id that is no UUID", "malformed", _withdraw(id="1")),
                ("of a time that is none", "malformed", _withdraw(made="x")),
                ("under 31 bytes", "malformed", _withdraw(under=b64u(bytes(31)))),
                (
                    "under what nobody signed",
                    "unknown-agreement",
                    _withdraw(under=digest(b"nothing")),
                ),
                ("signed over other bytes", "bad-signature", _other_bytes(told)),
                ("in bytes that are not canonical", "malformed", _spaced()),
            )
        ],
        "no_acknowledgement": [
            {"name": name, "body": body}
            for name, body in (
                ("by the person's key", signed(_ACKNOWLEDGE, PERSON_KEY)),
                ("by a key of nobody's", signed(_ACKNOWLEDGE, OTHER_KEY)),
                ("by both", signed(_ACKNOWLEDGE, SITE_KEY, PERSON_KEY)),
                ("of another notice", _acknowledge(body={"re": _ACKNOWLEDGE["id"]})),
                ("under another agreement", _acknowledge(under=digest(b""))),
                ("with a reason", _acknowledge(body={"re": WITHDRAW["id"], "reason": None})),
                ("the withdrawal sent back", told),
                ("a withdrawal by the site", signed(WITHDRAW, SITE_KEY)),
            )
        ],
    }


def _withdraw(*keys: Ed25519PrivateKey, **changes: object) -> str:
    return signed(WITHDRAW | changes, *(keys or (PERSON_KEY,)))


def _acknowledge(**changes: object) -> str:
    return signed(_ACKNOWLEDGE | changes, SITE_KEY)


def _spaced() -> str:
    return signed(json.dumps(WITHDRAW).encode(), PERSON_KEY)


def _other_bytes(body: str) -> str:
    members = json.loads(body)
    payload = json.loads(from_b64u(members["payload"])) | {"made": "2026-12-02T09:30:00Z"}
    return json.dumps({**members, "payload": b64u(documents.canonical(payload))})
