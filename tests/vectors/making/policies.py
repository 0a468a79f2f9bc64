"""Policies that hold and policies that do not, each with the member that is wrong and why."""

import json
from typing import Any

from rbutton.terms.encoding import b64u
from tests.vectors.making.common import NAME, ORIGIN, OTHER_KEY, SITE_KEY, Json, digest, jwk, policy

AT = "2026-11-22T10:00:00Z"
_RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
_SMALL = {"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes(32))}


def _controller(**changes: Any) -> Json:
    return {"controller": {"name": NAME} | changes}


_ALL: Json = {
    "controller": {"name": NAME, "contact": "mailto:privacy@shop.example", "jurisdiction": "IE"},
    "limits": {"track.offsite": "never", "share": "none"},
    "expires": "2027-06-30T00:00:00Z",
}

#: Name → changes, and of what is read where it is not the site's own key and nothing else.
_GOOD: dict[str, tuple[Json, Json]] = {
    "the smallest one can be signed under": ({}, {}),
    "nothing but what is required": (
        {"keys": None, "accepts": None, "negotiates": None},
        {"keys": [], "accepts": [], "negotiates": False},
    ),
    "every member but a promise": (_ALL, {"limits": _ALL["limits"]}),
    "members that nobody knows, of any type": (
        {"more": {"list": [None, {}]}, "controller": {"name": NAME, "size": 1}},
        {},
    ),
    "a contact on the web": (_controller(contact="https://shop.example/privacy"), {}),
    "a name of 80 letters beyond 16 bits": (_controller(name="😀" * 80), {}),
    "a name in another script": (_controller(name="متجر المثال"), {}),
    "two keys": (
        {"keys": [jwk(OTHER_KEY), jwk(SITE_KEY)]},
        {"keys": [jwk(OTHER_KEY)["x"], jwk(SITE_KEY)["x"]]},
    ),
    "a key with more members": (
        {"keys": [jwk(SITE_KEY) | {"use": "sig", "kid": "2026"}]},
        {},
    ),
    "keys of other kinds, which are skipped": ({"keys": [_RSA, jwk(SITE_KEY)]}, {}),
    "a key of small order, which is skipped": ({"keys": [_SMALL, jwk(SITE_KEY)]}, {}),
    "a key of 31 bytes, which is skipped": (
        {"keys": [jwk(SITE_KEY) | {"x": b64u(bytes(range(31)))}]},
        {"keys": []},
    ),
    "a key with padding, which is skipped": (
        {"keys": [jwk(SITE_KEY) | {"x": jwk(SITE_KEY)["x"] + "="}]},
        {"keys": []},
    ),
    "terms that nobody knows": (
        {"accepts": ["XX-1", "SD-BASE-DP"]},
        {"accepts": ["XX-1", "SD-BASE-DP"]},
    ),
    "a limit that nobody knows, which is skipped": (
        {"limits": {"zebra": "none", "share": "none"}},
        {"limits": {"share": "none"}},
    ),
    "limits with a value that nobody knows, which are skipped": (
        {
            "limits": {
                "share": "some",
                "retain": "P1W",
                "purpose": ["Zebra"],
                "sell": ["never"],
                "ads": "none",
            }
        },
        {"limits": {"ads": "none"}},
    ),
    "limits of every kind": (
        {"limits": {"retain": "P6M", "purpose": [], "data": ["Age", "Name"], "copy": "immediate"}},
        {"limits": {"retain": "P6M", "purpose": [], "data": ["Age", "Name"], "copy": "immediate"}},
    ),
    "it ends in a second": ({"expires": "2026-11-22T10:00:01Z"}, {}),
}

#: Name → (the member that is wrong, why, changes).
_BAD: dict[str, tuple[str, str, Json]] = {
    "no version": ("emanciterms", "missing", {"emanciterms": None}),
    "another version": ("emanciterms", "not 1", {"emanciterms": 2}),
    "a version that is true": ("emanciterms", "type", {"emanciterms": True}),
    "a version that is text": ("emanciterms", "type", {"emanciterms": "1"}),
    "no origin": ("origin", "missing", {"origin": None}),
    "another origin": ("origin", "not where it was read", {"origin": "https://other.example"}),
    "its origin with a slash": ("origin", "not an origin", {"origin": ORIGIN + "/"}),
    "its origin in upper case": ("origin", "not an origin", {"origin": "https://SHOP.example"}),
    "its origin with its default port": ("origin", "not an origin", {"origin": ORIGIN + ":443"}),
    "its origin over http": ("origin", "not an origin", {"origin": "http://shop.example"}),
    "no controller": ("controller", "missing", {"controller": None}),
    "no name": ("controller.name", "missing", {"controller": {}}),
    "a name that is null": ("controller.name", "type", {"controller": {"name": None}}),
    "a name of 81 characters": ("controller.name", "too long", _controller(name="x" * 81)),
    "a name that is not composed": ("controller.name", "not NFC", _controller(name="Cafe\u0301")),
    "a name that turns the text around": (
        "controller.name",
        "a bidi character",
        _controller(name="Shop\u202eelpmaxe"),
    ),
    "a name with a bidi isolate": (
        "controller.name",
        "a bidi character",
        _controller(name="\u2066Shop\u2069"),
    ),
    "a name with what is not seen": (
        "controller.name",
        "a format character",
        _controller(name="Sh\u200bop"),
    ),
    "a name on two lines": (
        "controller.name",
        "a control character",
        _controller(name="Shop\nsafe"),
    ),
    "a contact over http": (
        "controller.contact",
        "not a mailto: or https: URL",
        _controller(contact="http://shop.example"),
    ),
    "a contact that runs": (
        "controller.contact",
        "not a mailto: or https: URL",
        _controller(contact="javascript:alert(1)"),
    ),
    "a contact without a scheme": (
        "controller.contact",
        "not a mailto: or https: URL",
        _controller(contact="privacy@shop.example"),
    ),
    "a contact that is null": ("controller.contact", "type", _controller(contact=None)),
    "a jurisdiction with a bidi character": (
        "controller.jurisdiction",
        "a bidi character",
        _controller(jurisdiction="I\u202eE"),
    ),
    "keys that are no list": ("keys", "type", {"keys": jwk(SITE_KEY)}),
    "a key that is text": ("keys", "type", {"keys": [jwk(SITE_KEY)["x"]]}),
    "a key whose x is a number": ("keys", "type", {"keys": [jwk(SITE_KEY) | {"x": 1}]}),
    "accepts that is text": ("accepts", "type", {"accepts": "SD-BASE-DP"}),
    "accepts with a number": ("accepts", "type", {"accepts": [1]}),
    "accepts with null": ("accepts", "type", {"accepts": [None]}),
    "accepts of 65 items": ("", "a list too long", {"accepts": [f"XX-{n}" for n in range(65)]}),
    "limits that is a list": ("limits", "type", {"limits": []}),
    "a limit that is a number": ("limits", "type", {"limits": {"share": 0}}),
    "a limit that is a list of numbers": ("limits", "type", {"limits": {"purpose": [1]}}),
    "negotiates that is a number": ("negotiates", "type", {"negotiates": 1}),
    "negotiates that is text": ("negotiates", "type", {"negotiates": "true"}),
    "a promise that is text": ("promise", "type", {"promise": "yes"}),
    "it has ended": ("expires", "passed", {"expires": "2026-11-22T09:59:59Z"}),
    "it ends now": ("expires", "passed", {"expires": AT}),
    "an end with an offset": ("expires", "not a time", {"expires": "2027-06-30T00:00:00+00:00"}),
    "an end without an hour": ("expires", "not a time", {"expires": "2027-06-30"}),
    "a fraction somewhere unknown": ("", "a number that is no integer", {"more": 0.5}),
    "a string of 4,097 characters": ("", "a string too long", {"more": "x" * 4097}),
}

_NULLS = (
    "emanciterms",
    "origin",
    "controller",
    "keys",
    "accepts",
    "limits",
    "negotiates",
    "promise",
    "expires",
)
_TEXTS = {
    "a member twice": ("", "a member twice", policy()[:-1] + ', "accepts": []}'),
    "a list": ("", "not an object", "[" + policy() + "]"),
    "a page": ("", "not JSON", "<!doctype html><title>Not found</title>"),
    "nothing": ("", "not JSON", ""),
}


def vectors() -> Json:
    """Policies as they are served, and what is read from them."""
    return {
        "about": (
            "`body` in UTF-8, served by `origin`, read at the time `at`. Good ones: `keys` are the "
            "x of those that may be used, `limits` those that are known. Bad ones: `member` is "
            "wrong, or the whole where it is empty. Promises are in promises.json."
        ),
        "origin": ORIGIN,
        "at": AT,
        "good": [_good(name, changes, read) for name, (changes, read) in _GOOD.items()],
        "bad": [
            *(
                {"name": name, "member": member, "why": why, "body": policy(**changes)}
                for name, (member, why, changes) in _BAD.items()
            ),
            *(
                {
                    "name": f"{name} is null",
                    "member": name,
                    "why": "type",
                    "body": json.dumps(json.loads(policy()) | {name: None}),
                }
                for name in _NULLS
            ),
            *(
                {"name": name, "member": member, "why": why, "body": body}
                for name, (member, why, body) in _TEXTS.items()
            ),
        ],
    }


def _good(name: str, changes: Json, read: Json) -> Json:
    body = policy(**changes)
    default: Json = {
        "keys": [jwk(SITE_KEY)["x"]],
        "accepts": ["SD-BASE-DP"],
        "limits": {},
        "negotiates": True,
    }
    return {"name": name, "body": body, "sha256": digest(body.encode()), "read": default | read}
