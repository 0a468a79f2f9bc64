"""Make `terms/roster.json` and the payload vectors: what a stranger implements and checks against.

    python tests/vectors/make.py           write them
    python tests/vectors/make.py --check   exit 1 if what is checked in differs

Everything is derived from fixed seeds and times, so the files change only when the bytes do.
"""

import base64
import copy
import hashlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms.encoding import b64u, from_b64u, sha256
from rbutton.terms.header import emanciterms
from rbutton.terms.keys import PublicKey, person_key

TOP = Path(__file__).resolve().parents[2]
ORIGIN = "https://shop.example"
SEED = hashlib.sha256(b"vector: seed").digest()
NONCE = hashlib.sha256(b"vector: nonce").digest()
SITE_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"vector: site").digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"vector: other").digest())
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)

Json = dict[str, Any]


def main() -> int:
    made = {
        TOP / "terms" / "roster.json": catalogue().roster_json(),
        TOP / "tests" / "vectors" / "documents.json": document_vectors(),
        TOP / "tests" / "vectors" / "agreement.json": agreement_vectors(),
        TOP / "tests" / "vectors" / "notices.json": notice_vectors(),
    }
    stale = []
    for path, value in made.items():
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.relative_to(TOP))
    for path in stale:
        print(f"{path} is not current: run python tests/vectors/make.py", file=sys.stderr)
    return 1 if stale else 0


def document_vectors() -> Json:
    """JSON texts and whether the bounded parser takes them; canonical bytes where it does."""
    good = {
        "members in another order": '{"b": 1, "a": [true, null, "é"]}',
        "escapes": '{"\\u20ac": "\\u000a\\/"}',
        "sixteen levels": '{"a":' + "[" * 15 + "]" * 15 + "}",
        "sixty-four items": json.dumps({"a": list(range(64))}),
        "4,096 characters": json.dumps({"a": "x" * 4096}),
        "the largest integer": '{"a": 9007199254740991}',
    }
    bad = {
        "a duplicate member": '{"a": 1, "a": 1}',
        "a duplicate member, spelled with an escape": '{"a": 1, "\\u0061": 1}',
        "a lone surrogate": '{"a": "\\ud800"}',
        "a fraction": '{"a": 1.0}',
        "an exponent": '{"a": 1e2}',
        "not a number": '{"a": NaN}',
        "an integer too large": '{"a": 9007199254740992}',
        "seventeen levels": '{"a":' + "[" * 16 + "]" * 16 + "}",
        "sixty-five items": json.dumps({"a": list(range(65))}),
        "4,097 characters": json.dumps({"a": "x" * 4097}),
        "65,537 bytes": json.dumps({"a": ""}) + " " * (65_537 - len(json.dumps({"a": ""}))),
        "a list": "[]",
        "a byte order mark": "\ufeff{}",
        "cut short": '{"a": 1',
        "something behind it": "{} {}",
    }
    return {
        "about": "Texts in UTF-8. canonical: JCS (RFC 8785), base64url without padding.",
        "good": [
            {
                "name": name,
                "text": text,
                "canonical": b64u(documents.canonical(documents.parse(text.encode(), name))),
            }
            for name, text in good.items()
        ],
        "bad": [{"name": name, "text": text} for name, text in bad.items()],
    }


def agreement_vectors() -> Json:
    """One negotiation in full, and what must not seal."""
    document = catalogue().documents["SD-BASE-DP"]
    key = person_key(SEED, NONCE, ORIGIN)
    policy = json.dumps(
        {
            "emanciterms": 1,
            "origin": ORIGIN,
            "controller": {"name": "Example Shop Ltd"},
            "keys": [PublicKey.of(SITE_KEY).model_dump()],
            "accepts": ["SD-BASE-DP"],
            "negotiates": True,
        }
    )
    proffer = agreements.proffer(
        terms=[document],
        site=agreements.Site(
            origin=ORIGIN,
            name="Example Shop Ltd",
            jwk=PublicKey.of(SITE_KEY),
            policy=sha256(policy.encode()),
        ),
        key=key,
        nonce=NONCE,
        now=NOW,
    )
    sealed = agreements.countersign(proffer, SITE_KEY)
    return {
        "about": "Every value follows from the first four. Bodies are JWS as they are posted.",
        "origin": ORIGIN,
        "seed": b64u(SEED),
        "nonce": b64u(NONCE),
        "site_private_key": b64u(SITE_KEY.private_bytes_raw()),
        "policy": policy,
        "policy_sha256": sha256(policy.encode()),
        "roster_sha256": document.sha256,
        "person_private_key": b64u(key.private_bytes_raw()),
        "person_jwk": PublicKey.of(key).model_dump(),
        "person_kid": PublicKey.of(key).thumbprint,
        "site_jwk": PublicKey.of(SITE_KEY).model_dump(),
        "site_kid": PublicKey.of(SITE_KEY).thumbprint,
        "header": emanciterms(["SD-BASE-DP"]),
        "payload": proffer.payload.decode(),
        "id": proffer.id,
        "proffer": proffer.body.decode(),
        "sealed": sealed.body.decode(),
        "also_sealed": [
            {"name": name, "body": json.dumps(change(json.loads(sealed.body)))}
            for name, change in _STILL_SEALED.items()
        ],
        "not_sealed": [
            {"name": name, "body": _as_text(change(json.loads(sealed.body)))}
            for name, change in _NOT_SEALED.items()
        ],
    }


def notice_vectors() -> Json:
    """A withdrawal of that agreement, its acknowledgement, and what is neither."""
    person = person_key(SEED, NONCE, ORIGIN)
    withdraw: Json = {
        "emanciterms": 1,
        "type": "notice",
        "kind": "withdraw",
        "under": agreement_vectors()["id"],
        "id": "0b9f7f6e-3c5c-4a35-9d7e-5e1f6a1b2c3d",
        "made": "2026-12-01T09:30:00Z",
        "body": {"reason": None},
    }
    acknowledge = withdraw | {
        "kind": "acknowledge",
        "id": "5a0c1a52-7a4e-4a53-8f0d-3a3c1c9a7f10",
        "made": "2026-12-01T09:30:01Z",
        "body": {"re": withdraw["id"]},
    }
    told = _notice(withdraw, person)
    return {
        "about": "Under the agreement of agreement.json, by its keys. `code` is the site's answer.",
        "under": withdraw["under"],
        "withdraw": told,
        "acknowledge": _notice(acknowledge, SITE_KEY),
        "no_withdrawal": [
            {"name": name, "code": code, "body": body}
            for name, code, body in (
                ("by a key of nobody's", "bad-signature", _notice(withdraw, OTHER_KEY)),
                ("by the site's own key", "bad-signature", _notice(withdraw, SITE_KEY)),
                ("by both", "bad-signature", _notice(withdraw, person, SITE_KEY)),
                ("of an unknown kind", "unknown-terms", _notice(withdraw | {"kind": "x"}, person)),
                ("without a reason", "malformed", _notice(withdraw | {"body": {}}, person)),
                ("with a member more", "malformed", _notice(withdraw | {"more": 1}, person)),
                (
                    "with an id in upper case",
                    "malformed",
                    _notice(withdraw | {"id": withdraw["id"].upper()}, person),
                ),
                ("of a time that is none", "malformed", _notice(withdraw | {"made": "x"}, person)),
                (
                    "under what nobody signed",
                    "unknown-agreement",
                    _notice(withdraw | {"under": sha256(b"nothing")}, person),
                ),
                ("signed over other bytes", "bad-signature", _other_bytes(told)),
            )
        ],
        "no_acknowledgement": [
            {"name": name, "body": body}
            for name, body in (
                ("by the person's key", _notice(acknowledge, person)),
                ("by a key of nobody's", _notice(acknowledge, OTHER_KEY)),
                (
                    "of another notice",
                    _notice(acknowledge | {"body": {"re": acknowledge["id"]}}, SITE_KEY),
                ),
                (
                    "under another agreement",
                    _notice(acknowledge | {"under": sha256(b"")}, SITE_KEY),
                ),
                ("the withdrawal sent back", told),
            )
        ],
    }


def _notice(members: Json, *keys: Ed25519PrivateKey) -> str:
    """A JWS by each of the keys, whatever the members are."""
    payload = documents.canonical(members)
    whole: Json = {"payload": b64u(payload), "signatures": []}
    for key in keys:
        header = _header(kid=PublicKey.of(key).thumbprint)
        whole["signatures"].append(_signature(whole, header, key))
    return json.dumps(whole)


def _other_bytes(body: str) -> str:
    members = json.loads(body)
    payload = json.loads(from_b64u(members["payload"])) | {"made": "2026-12-02T09:30:00Z"}
    return json.dumps({**members, "payload": b64u(documents.canonical(payload))})


def _as_text(changed: Json | str) -> str:
    return changed if isinstance(changed, str) else json.dumps(changed)


def _order_swapped(body: Json) -> Json:
    return {**body, "signatures": body["signatures"][::-1]}


def _header_respelled(body: Json) -> Json:
    """The same three members with spaces and in another order, signed anew by the site."""
    kid = PublicKey.of(SITE_KEY).thumbprint
    header = f'{{ "typ": "{jws.TYPE}", "kid": "{kid}", "alg": "Ed25519" }}'
    return {**body, "signatures": [body["signatures"][0], _signature(body, header)]}


def _header_spaced(body: Json) -> Json:
    header = _header().replace("{", "{" + " " * 2_800)
    return {**body, "signatures": [body["signatures"][0], _signature(body, header)]}


def _signature(body: Json, header: str, key: Ed25519PrivateKey = SITE_KEY) -> Json:
    protected = b64u(header.encode())
    made = key.sign(f"{protected}.{body['payload']}".encode())
    return {"protected": protected, "signature": b64u(made)}


def _header(**changes: Any) -> str:
    members = {"alg": "Ed25519", "kid": PublicKey.of(SITE_KEY).thumbprint, "typ": jws.TYPE}
    members |= changes
    return json.dumps({name: value for name, value in members.items() if value is not None})


def _site_signs(header: str, key: Ed25519PrivateKey = SITE_KEY) -> Callable[[Json], Json]:
    return lambda body: {
        **body,
        "signatures": [body["signatures"][0], _signature(body, header, key)],
    }


def _payload(change: Callable[[Json], None]) -> Callable[[Json], Json]:
    """Another payload, signed by both keys: wrong by its members alone."""

    def changed(body: Json) -> Json:
        members = json.loads(from_b64u(body["payload"]))
        change(members)
        payload = documents.canonical(members)
        person = person_key(SEED, NONCE, ORIGIN)
        first = json.loads(jws.sign(payload, person))
        return {**first, "signatures": [*first["signatures"], _signature(first, _header())]}

    return changed


def _bytes_in_other_order(body: Json) -> Json:
    members = json.loads(from_b64u(body["payload"]))
    payload = json.dumps(dict(reversed(members.items())), separators=(",", ":")).encode()
    first = json.loads(jws.sign(payload, person_key(SEED, NONCE, ORIGIN)))
    return {**first, "signatures": [*first["signatures"], _signature(first, _header())]}


def _flip(text: str) -> str:
    data = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    data[0] ^= 1
    return b64u(bytes(data))


def _each(body: Json, place: int, **changes: Any) -> Json:
    changed = copy.deepcopy(body)
    changed["signatures"][place] |= changes
    return changed


_STILL_SEALED: dict[str, Callable[[Json], Json]] = {
    "the signatures in the other order": _order_swapped,
    "a protected header in another spelling": _header_respelled,
    "a protected header of mostly spaces": _header_spaced,
}

_NOT_SEALED: dict[str, Callable[[Json], Json | str]] = {
    "no signature": lambda body: {**body, "signatures": []},
    "the person's alone": lambda body: {**body, "signatures": body["signatures"][:1]},
    "the site's alone": lambda body: {**body, "signatures": body["signatures"][1:]},
    "the person's twice": lambda body: {**body, "signatures": body["signatures"][:1] * 2},
    "the site's twice": lambda body: {**body, "signatures": body["signatures"][1:] * 2},
    "three signatures": lambda body: {
        **body,
        "signatures": [*body["signatures"], body["signatures"][0]],
    },
    "a signature by a key that is not named": _site_signs(
        _header(kid=PublicKey.of(OTHER_KEY).thumbprint), OTHER_KEY
    ),
    "another key's signature under the site's kid": _site_signs(_header(), OTHER_KEY),
    "the person's signature changed": lambda body: _each(
        body, 0, signature=_flip(body["signatures"][0]["signature"])
    ),
    "the site's signature changed": lambda body: _each(
        body, 1, signature=_flip(body["signatures"][1]["signature"])
    ),
    "a signature with padding": lambda body: _each(
        body, 1, signature=body["signatures"][1]["signature"] + "=="
    ),
    "an unprotected header": lambda body: _each(body, 1, header={}),
    "a protected header without typ": _site_signs(_header(typ=None)),
    "a protected header with one member more": _site_signs(_header(cty="x")),
    "a protected header with crit": _site_signs(_header(crit=["b64"], b64=True)),
    "alg EdDSA": _site_signs(_header(alg="EdDSA")),
    "alg none": _site_signs(_header(alg="none")),
    "one member more beside payload and signatures": lambda body: {**body, "header": {}},
    "a member twice": lambda body: json.dumps(body)[:-1] + ', "signatures": []}',
    "the payload's bytes not canonical": _bytes_in_other_order,
    "a member of the payload missing": _payload(lambda members: members.pop("until")),
    "a member of the payload added": _payload(lambda members: members.update(note="x")),
    "no terms": _payload(lambda members: members.update(terms=[])),
    "a term twice": _payload(lambda members: members.update(terms=members["terms"] * 2)),
    "a version that is true": _payload(lambda members: members.update(emanciterms=True)),
    "a person's key of small order": _payload(
        lambda members: members["person"]["jwk"].update(x=b64u(bytes(32)))
    ),
    "the person's key on both sides": _payload(
        lambda members: members["site"].update(jwk=members["person"]["jwk"])
    ),
    "an http origin": _payload(
        lambda members: members["site"].update(origin="http://shop.example")
    ),
    "an answer asked for an hour later": _payload(
        lambda members: members.update(answer_by="2026-11-22T11:00:00Z")
    ),
    "a time with a fraction": _payload(
        lambda members: members.update(proffered="2026-11-22T10:00:00.0Z")
    ),
}


if __name__ == "__main__":
    sys.exit(main())
