"""One negotiation in full, and every way in which such a document is none."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

from rbutton.shipped.roster import catalogue
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.header import emanciterms
from rbutton.terms.keys import person_key
from tests.vectors.making.common import (
    NONCE,
    ORIGIN,
    OTHER_KEY,
    SEED,
    SITE_KEY,
    Json,
    and_by,
    digest,
    header,
    id_of,
    jwk,
    kid,
    own_term,
    payload_of,
    policy,
    proffered,
    roster_term,
    signature,
    signed,
    thirty_two,
)

POLICY = policy()
PERSON_KEY = person_key(SEED, NONCE, ORIGIN)
PROFFER = signed(proffered(["SD-BASE-DP"], served=POLICY), PERSON_KEY)
SEALED = and_by(PROFFER, SITE_KEY)
ID = id_of(PROFFER)

Change = Callable[[Json], Json | str]


def vectors() -> Json:
    """The negotiation, what is the same in other words, and what must not seal."""
    return {
        "about": "Every value follows from the first four. Bodies are JWS as they are posted.",
        "origin": ORIGIN,
        "seed": b64u(SEED),
        "nonce": b64u(NONCE),
        "site_private_key": b64u(SITE_KEY.private_bytes_raw()),
        "policy": POLICY,
        "policy_sha256": digest(POLICY.encode()),
        "roster_sha256": catalogue().documents["SD-BASE-DP"].sha256,
        "person_private_key": b64u(PERSON_KEY.private_bytes_raw()),
        "person_jwk": jwk(PERSON_KEY),
        "person_kid": kid(PERSON_KEY),
        "site_jwk": jwk(SITE_KEY),
        "site_kid": kid(SITE_KEY),
        "header": emanciterms(["SD-BASE-DP"]),
        "payload": payload_of(PROFFER).decode(),
        "id": ID,
        "proffer": PROFFER,
        "sealed": SEALED,
        "also_sealed": [
            {"name": name, "body": json.dumps(change(json.loads(SEALED)))}
            for name, change in _STILL_SEALED.items()
        ],
        "other_payloads": [
            {"name": name, "id": id_of(body), "body": body}
            for name, body in ((name, _both(change)) for name, change in _OTHER_PAYLOADS.items())
        ],
        "not_sealed": [
            {"name": name, "why": why, "body": _as_text(change(json.loads(SEALED)))}
            for why, cases in (
                ("half-signed", _HALF_SIGNED),
                ("bad-signature", _BAD_SIGNATURE),
                ("malformed", {**_MALFORMED, **_payloads()}),
            )
            for name, change in cases.items()
        ],
    }


def _both(change: Callable[[Json], Any]) -> str:
    """Another payload, signed by both keys."""
    members = proffered(["SD-BASE-DP"], served=POLICY)
    change(members)
    return signed(members, PERSON_KEY, SITE_KEY)


def _as_text(changed: Json | str) -> str:
    return changed if isinstance(changed, str) else json.dumps(changed)


def _with(place: int, one: Callable[[Json], Json]) -> Change:
    """One of the two signature objects replaced."""

    def changed(body: Json) -> Json:
        signatures = copy.deepcopy(body["signatures"])
        signatures[place] = one({"payload": body["payload"], **signatures[place]})
        return {**body, "signatures": signatures}

    return changed


def _site_signs(protected: str, key: Any = SITE_KEY) -> Change:
    return _with(1, lambda one: signature(one["payload"], protected, key))


def _spelled(member: str, spell: Callable[[str], str]) -> Change:
    """A member of the site's signature object in another spelling, its bytes the same."""
    return _with(
        1,
        lambda one: {
            name: spell(one[name]) if name == member else one[name]
            for name in ("protected", "signature")
        },
    )


def _flipped(text: str) -> str:
    data = bytearray(from_b64u(text))
    data[0] ^= 1
    return b64u(bytes(data))


def _not_reduced(text: str) -> str:
    """The same signature with S + L: RFC 8032 (section 5.1.7) has it refused."""
    order = 2**252 + 27742317777372353535851937790883648493
    data = from_b64u(text)
    s = int.from_bytes(data[32:], "little") + order
    return b64u(data[:32] + s.to_bytes(32, "little"))


def _left_over(text: str) -> str:
    """The same 64 bytes for a careless decoder: the last character has bits to spare."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def _by_hash(body: Json) -> Json:
    """HMAC-SHA-256 with the site's public key for a secret, which some verifiers fall for."""
    protected = b64u(header(alg="HS256").encode())
    secret = from_b64u(jwk(SITE_KEY)["x"])
    message = f"{protected}.{body['payload']}".encode()
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in secret.ljust(64, b"\0")) + message).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in secret.ljust(64, b"\0")) + inner).digest()
    made = {"protected": protected, "signature": b64u(outer)}
    return {**body, "signatures": [body["signatures"][0], made]}


def _neutral_key(_: Json) -> str:
    """The site's key is the neutral point: S = 1 and R the base point fit whatever is signed."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": b64u((1).to_bytes(32, "little"))}
    members = proffered(["SD-BASE-DP"], served=POLICY)
    members["site"]["jwk"] = key
    whole = json.loads(signed(members, PERSON_KEY))
    thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": key["x"]}, separators=(",", ":"))
    protected = b64u(header(kid=digest(thumbprint.encode())).encode())
    fits_all = b64u(bytes([0x58] + [0x66] * 31) + (1).to_bytes(32, "little"))
    whole["signatures"].append({"protected": protected, "signature": fits_all})
    return json.dumps(whole)


def _payload_bytes(change: Callable[[str], str]) -> Change:
    """The payload's text changed, and signed so by both."""
    return lambda _: signed(change(payload_of(PROFFER).decode()).encode(), PERSON_KEY, SITE_KEY)


def _in_other_order(text: str) -> str:
    return json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":"))


def _flattened(body: Json) -> Json:
    return {"payload": body["payload"], **body["signatures"][1]}


def _compact(body: Json) -> str:
    one = body["signatures"][1]
    return json.dumps(f"{one['protected']}.{body['payload']}.{one['signature']}")


_STILL_SEALED: dict[str, Change] = {
    "the signatures in the other order": lambda body: {
        **body,
        "signatures": body["signatures"][::-1],
    },
    "a protected header in another spelling": _site_signs(
        f'{{ "typ": "emanciterms+jws", "kid": "{kid(SITE_KEY)}", "\\u0061lg": "Ed25519" }}'
    ),
    "a protected header of mostly spaces": _site_signs(header().replace("{", "{" + " " * 2_800)),
}

_HALF_SIGNED: dict[str, Change] = {
    "the person's alone": lambda body: {**body, "signatures": body["signatures"][:1]},
    "the site's alone": lambda body: {**body, "signatures": body["signatures"][1:]},
}

_BAD_SIGNATURE: dict[str, Change] = {
    "the person's twice": lambda body: {**body, "signatures": body["signatures"][:1] * 2},
    "the site's twice": lambda body: {**body, "signatures": body["signatures"][1:] * 2},
    "a signature by a key that is not named": _site_signs(header(OTHER_KEY), OTHER_KEY),
    "another key's signature under the site's kid": _site_signs(header(), OTHER_KEY),
    "the site's signature under the person's kid": lambda body: {
        **body,
        "signatures": [
            signature(body["payload"], header(PERSON_KEY), SITE_KEY),
            body["signatures"][1],
        ],
    },
    "the person's signature changed": _with(
        0, lambda one: {"protected": one["protected"], "signature": _flipped(one["signature"])}
    ),
    "the site's signature changed": _spelled("signature", _flipped),
    "a signature that is not reduced": _spelled("signature", _not_reduced),
    "a signature of 63 bytes": _spelled("signature", lambda text: b64u(from_b64u(text)[:63])),
    "an empty signature": _spelled("signature", lambda _: ""),
    "a signature over other bytes": lambda body: {
        **body,
        "signatures": [
            body["signatures"][0],
            signature(b64u(b"{}"), header(), SITE_KEY),
        ],
    },
    "a signature over the payload alone, without its header": _with(
        1,
        lambda one: {
            "protected": one["protected"],
            "signature": b64u(SITE_KEY.sign(from_b64u(one["payload"]))),
        },
    ),
}

_MALFORMED: dict[str, Change] = {
    "no signature": lambda body: {**body, "signatures": []},
    "three signatures": lambda body: {
        **body,
        "signatures": [*body["signatures"], body["signatures"][0]],
    },
    "a signature with padding": _spelled("signature", lambda text: text + "=="),
    "a signature with bits left over": _spelled("signature", _left_over),
    "a protected header with padding": _with(
        1,
        lambda one: {
            "protected": b64u((header() + " ").encode()) + "=",
            "signature": one["signature"],
        },
    ),
    "a payload with padding": lambda body: {**body, "payload": body["payload"] + "="},
    "a payload in base64 with a line feed": lambda body: {
        **body,
        "payload": body["payload"] + "\n",
    },
    "an unprotected header": _with(
        1,
        lambda one: {"protected": one["protected"], "signature": one["signature"], "header": {}},
    ),
    "a signature object without its protected header": _with(
        1, lambda one: {"signature": one["signature"], "header": json.loads(header())}
    ),
    "a signature that is null": _with(
        1, lambda one: {"protected": one["protected"], "signature": None}
    ),
    "a protected header without typ": _site_signs(header(typ=None)),
    "a protected header without kid": _site_signs(header(kid=None)),
    "a protected header with one member more": _site_signs(header(cty="x")),
    "a protected header with crit": _site_signs(header(crit=["b64"], b64=True)),
    "a protected header with a key of its own": _site_signs(header(jwk=jwk(SITE_KEY))),
    "a protected header with a member twice": _site_signs(
        header()[:-1] + f',"kid":"{kid(SITE_KEY)}"}}'
    ),
    "a protected header that is a list": _site_signs("[]"),
    "a protected header that is no JSON": _site_signs("x"),
    "a kid of 31 bytes": _site_signs(header(kid=b64u(bytes(31)))),
    "typ JOSE": _site_signs(header(typ="JOSE")),
    "typ as a media type": _site_signs(header(typ="application/emanciterms+jws")),
    "alg EdDSA": _site_signs(header(alg="EdDSA")),
    "alg ed25519": _site_signs(header(alg="ed25519")),
    "alg none": _site_signs(header(alg="none")),
    "alg HS256, with the public key for a secret": _by_hash,
    "one member more beside payload and signatures": lambda body: {**body, "header": {}},
    "a member twice": lambda body: json.dumps(body)[:-1] + ', "signatures": []}',
    "the flattened form": _flattened,
    "the compact form": _compact,
    "a site's key whose signature fits whatever is signed": _neutral_key,
    "the payload's bytes not canonical": _payload_bytes(_in_other_order),
    "the payload's bytes with a blank": _payload_bytes(lambda text: text + "\n"),
    "the payload's bytes with an escape too many": _payload_bytes(
        lambda text: text.replace("Example", "\\u0045xample")
    ),
    "the payload's version as 1.0": _payload_bytes(
        lambda text: text.replace('"emanciterms":1', '"emanciterms":1.0')
    ),
    "a member of the payload twice": _payload_bytes(
        lambda text: text.replace('"until":null', '"until":null,"until":null')
    ),
    "a byte order mark in the payload": _payload_bytes(lambda text: "\ufeff" + text),
    "a payload of more than 4,096 characters": lambda _: signed(
        _changed(
            lambda members: members.update(
                terms=[
                    roster_term(one)
                    for one in sorted(catalogue().documents)
                    if one.startswith("SD-")
                ]
            )
        ),
        PERSON_KEY,
        SITE_KEY,
    ),
}


def _changed(change: Callable[[Json], Any]) -> Json:
    members = proffered(["SD-BASE-DP"], served=POLICY)
    change(members)
    return members


def _set(path: str, value: Any) -> Callable[[Json], Any]:
    """A member of the payload set; `/` separates the steps to it."""

    def change(members: Json) -> None:
        *steps, last = path.split("/")
        at: Any = members
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        at[last] = value

    return change


def _drop(name: str) -> Callable[[Json], Any]:
    return lambda members: members.pop(name)


_OTHER_PAYLOADS: dict[str, Callable[[Json], Any]] = {
    "ten minutes to answer": _set("answer_by", "2026-11-22T10:10:00Z"),
    "no time to answer": _set("answer_by", "2026-11-22T10:00:00Z"),
    "a counter, open for seven days": lambda members: members.update(
        answers=b64u(thirty_two("a proffer")), answer_by="2026-11-29T10:00:00Z"
    ),
    "an end": _set("until", "2028-02-29T23:59:59Z"),
    "in place of another": _set("supersedes", b64u(thirty_two("an agreement"))),
    "own terms": lambda members: members.update(
        terms=[own_term(track__offsite="never", retain="P1M", purpose=[], data=["Age", "Name"])]
    ),
    "two terms, sorted by their ids": lambda members: members.update(
        terms=[roster_term("mine-as-well"), roster_term("no-stalking")]
    ),
    "own terms after one of the roster": lambda members: members.update(
        terms=[roster_term("SD-BASE"), own_term(copy="immediate")]
    ),
    "a term and a clause that only others know": lambda members: members.update(
        terms=[
            {
                "id": "SD.future-1",
                "sha256": b64u(thirty_two("text")),
                "clauses": {"a clause": "x", "list": ["b", "a"]},
            }
        ]
    ),
    "http on a loopback name": _set("site/origin", "http://localhost:8000"),
    "http on a loopback address": _set("site/origin", "http://[::1]"),
    "a port": _set("site/origin", "https://shop.example:8443"),
    "an address": _set("site/origin", "https://192.0.2.1"),
    "a name in punycode": _set("site/origin", "https://xn--caf-dma.example"),
    "a name of 80 letters beyond 16 bits": _set("site/name", "😀" * 80),
    "a name in composed form": _set("site/name", "Caf\u00e9 “Zoë” & Söhne"),
}


def _payloads() -> dict[str, Change]:
    """Signed by both, and wrong by the members alone."""
    return {
        name: lambda _, change=change: signed(_changed(change), PERSON_KEY, SITE_KEY)  # type: ignore[misc]
        for name, change in _WRONG_PAYLOADS.items()
    }


def _terms(*terms: Json) -> Callable[[Json], Any]:
    return _set("terms", list(terms))


_BASE = roster_term("SD-BASE-DP")
_ANOTHER = roster_term("do-not-track")

_WRONG_PAYLOADS: dict[str, Callable[[Json], Any]] = {
    "a member of the payload missing": _drop("until"),
    "a member of the payload added": _set("note", "x"),
    "a version that is true": _set("emanciterms", True),
    "a version that is text": _set("emanciterms", "1"),
    "version 2": _set("emanciterms", 2),
    "another type": _set("type", "promise"),
    "no terms": _terms(),
    "terms that are null": _set("terms", None),
    "a term twice": _terms(_BASE, _BASE),
    "terms that are not sorted": _terms(_ANOTHER, _BASE),
    "a term without its hash": _terms({"id": "SD-BASE-DP", "clauses": _BASE["clauses"]}),
    "a term with a title": _terms(_BASE | {"title": "x"}),
    "a term without clauses": _terms(_BASE | {"clauses": {}}),
    "a term whose id has a space": _terms(_BASE | {"id": "SD BASE"}),
    "a term whose id has 65 characters": _terms(_BASE | {"id": "x" * 65}),
    "a term with an empty id": _terms(_BASE | {"id": ""}),
    "a term with a hash of 31 bytes": _terms(_BASE | {"sha256": b64u(bytes(31))}),
    "own terms with a hash": _terms(own_term(sell="never") | {"sha256": _BASE["sha256"]}),
    "own terms without clauses": _terms(own_term()),
    "a clause that is a number": _terms(own_term(sell=0)),
    "a clause that is null": _terms(own_term(sell=None)),
    "a clause with a list of numbers": _terms(own_term(purpose=[1])),
    "a person with a name": _set("person/name", "x"),
    "a person's key of small order": _set("person/jwk/x", b64u(bytes(32))),
    "a site's key in non-canonical form": _set(
        "site/jwk/x", b64u(b"\xf0" + b"\xff" * 30 + b"\x7f")
    ),
    "a site's key of 31 bytes": _set("site/jwk/x", b64u(bytes(range(1, 32)))),
    "a key of another curve": _set("site/jwk/crv", "X25519"),
    "a key with its private half": _set("person/jwk/d", b64u(bytes(32))),
    "a key with one member more": _set("site/jwk/kid", kid(SITE_KEY)),
    "the person's key on both sides": _set("site/jwk", jwk(PERSON_KEY)),
    "an http origin": _set("site/origin", "http://shop.example"),
    "an origin with a path": _set("site/origin", "https://shop.example/"),
    "an origin with its default port": _set("site/origin", "https://shop.example:443"),
    "an origin in upper case": _set("site/origin", "https://Shop.example"),
    "an origin with a user": _set("site/origin", "https://me@shop.example"),
    "an origin that is not in ASCII": _set("site/origin", "https://café.example"),
    "an origin with an address in another spelling": _set("site/origin", "https://192.0.2.01"),
    "an origin of another scheme": _set("site/origin", "wss://shop.example"),
    "a name of 81 characters": _set("site/name", "x" * 81),
    "a name that is not composed": _set("site/name", "Cafe\u0301"),
    "a name with a bidi character": _set("site/name", "Shop\u202eexample"),
    "a name with a format character": _set("site/name", "Shop\u200dexample"),
    "a name with a control character": _set("site/name", "Shop\u0007"),
    "a policy's hash of 33 bytes": _set("site/policy", b64u(bytes(33))),
    "a site with one member more": _set("site/contact", "mailto:x@shop.example"),
    "a nonce of 31 bytes": _set("nonce", b64u(bytes(31))),
    "a nonce with padding": _set("nonce", b64u(NONCE) + "="),
    "an answer asked for ten minutes and a second later": _set("answer_by", "2026-11-22T10:10:01Z"),
    "an answer asked for before": _set("answer_by", "2026-11-22T09:59:59Z"),
    "a counter open for seven days and a second": lambda members: members.update(
        answers=b64u(thirty_two("a proffer")), answer_by="2026-11-29T10:00:01Z"
    ),
    "a time with a fraction": _set("proffered", "2026-11-22T10:00:00.0Z"),
    "a time with an offset": _set("proffered", "2026-11-22T10:00:00+00:00"),
    "a time in lower case": _set("proffered", "2026-11-22t10:00:00z"),
    "a time without a T": _set("proffered", "2026-11-22 10:00:00Z"),
    "a day that there is not": _set("until", "2027-02-29T00:00:00Z"),
    "an hour that there is not": _set("until", "2027-02-28T24:00:00Z"),
    "digits of another script": _set("until", "２０２７-01-01T00:00:00Z"),
    "an end that is a number": _set("until", 1826000000),
    "an end that is false": _set("until", False),
    "a supersedes that is empty": _set("supersedes", ""),
    "an answers of 31 bytes": _set("answers", b64u(bytes(31))),
}
