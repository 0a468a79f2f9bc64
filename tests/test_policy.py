"""A site's policy: open to new members, strict on those it has, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from rbutton.shipped.roster import catalogue
from rbutton.terms import policy
from rbutton.terms.encoding import b64u, sha256, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.policy import Policy
from tests import sites

SITE = sites.Site()


def read(body: bytes, origin: str = SITE.origin) -> Policy:
    """`policy.read` at the tests' moment."""
    return policy.read(body, origin, catalogue().vocabulary, sites.NOW)


def test_a_whole_policy_is_read() -> None:
    """Every member of section 2 is understood."""
    body = SITE.policy(
        controller={
            "name": "Example Shop Ltd",
            "contact": "mailto:privacy@shop.example",
            "jurisdiction": "IE",
        },
        limits={"track.offsite": "never", "share": "none", "retain": "P30D"},
        expires="2027-06-30T00:00:00Z",
    )
    found = read(body)
    assert found.name == "Example Shop Ltd"
    assert [key.model_dump() for key in found.keys] == [SITE.jwk]
    assert found.accepts_all(["SD-BASE-DP", "no-stalking"])
    assert not found.accepts_all(["SD-BASE-DP", "SD-BASE-A"])
    assert found.limits == {"track.offsite": "never", "share": "none", "retain": "P30D"}
    assert found.document.negotiates
    assert found.sha256 == sha256(body)


def test_the_least_policy_is_read() -> None:
    """Version, origin and a name are enough: then there is nothing to negotiate with."""
    found = read(SITE.policy(keys=None, accepts=None, negotiates=None))
    assert found.keys == ()
    assert not found.document.negotiates
    assert not found.accepts_all(["SD-BASE-DP"])


def test_unknown_members_are_ignored() -> None:
    """Policies are open: a newer site is still understood."""
    body = SITE.policy(
        future={"a": [1, None]},
        controller={"name": "Shop", "logo": None},
        keys=[{**SITE.jwk, "kid": "1", "use": "sig", "alg": "Ed25519"}],
    )
    assert [key.model_dump() for key in read(body).keys] == [SITE.jwk]


@pytest.mark.parametrize("name", ["emanciterms", "origin", "controller"])
def test_required_members_are_required(name: str) -> None:
    """Without them it is no policy, and the reason names the member."""
    with pytest.raises(InvalidDocument, match=f"^the policy's {name} is missing$"):
        read(SITE.policy(**{name: None}))


WRONG: dict[str, dict[str, Any]] = {
    "version 2": {"emanciterms": 2},
    "version true": {"emanciterms": True},
    "version in words": {"emanciterms": "1"},
    "origin of another type": {"origin": ["https://shop.example"]},
    "controller a string": {"controller": "Shop"},
    "no name": {"controller": {}},
    "an empty name": {"controller": {"name": ""}},
    "a name of 81 characters": {"controller": {"name": "a" * 81}},
    "a name with a zero-width space": {"controller": {"name": "Sh\u200bop"}},
    "a name with a bidi override": {"controller": {"name": "\u202eShop"}},
    "a name with a control": {"controller": {"name": "Sh\top"}},
    "a name not in NFC": {"controller": {"name": "Cafe\u0301"}},
    "a jurisdiction with a control": {"controller": {"name": "Shop", "jurisdiction": "I\x00"}},
    "negotiates in words": {"negotiates": "yes"},
    "negotiates 1": {"negotiates": 1},
    "accepts a string": {"accepts": "SD-BASE"},
    "accepts numbers": {"accepts": [1]},
    "65 accepts": {"accepts": ["a"] * 65},
    "limits a list": {"limits": []},
    "a limit of another type": {"limits": {"sell": True}},
    "an unknown limit of another type": {"limits": {"invented": 3}},
    "keys an object": {"keys": {}},
    "a key that is a string": {"keys": ["x"]},
    "a key without kty": {"keys": [{"crv": "Ed25519"}]},
    "a promise that is a string": {"promise": "x"},
    "expires a number": {"expires": 1},
    "expires with an offset": {"expires": "2027-06-30T00:00:00+00:00"},
    "expires that is no day": {"expires": "2027-06-31T00:00:00Z"},
    "expires empty": {"expires": ""},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG)
def test_a_member_of_a_wrong_type_makes_the_whole_invalid(members: dict[str, Any]) -> None:
    """No guessing at what a site may have meant."""
    with pytest.raises(InvalidDocument, match=r"^the policy"):
        read(SITE.policy(**members))


NULLABLE = ["controller", "keys", "accepts", "limits", "negotiates", "promise", "expires"]


@pytest.mark.parametrize("name", [*NULLABLE, "contact", "jurisdiction"])
def test_null_is_a_wrong_type(name: str) -> None:
    """Absent is one thing, null another."""
    if name in NULLABLE:
        body = SITE.policy(**{name: "NULL"}).replace(b'"NULL"', b"null")
    else:
        body = SITE.policy(controller={"name": "Shop", name: None})
    assert b"null" in body
    with pytest.raises(InvalidDocument):
        read(body)


CONTACTS = {
    "mailto:privacy@shop.example": True,
    "https://shop.example/privacy": True,
    "http://shop.example/privacy": False,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    "file:///etc/passwd": False,
    "//shop.example": False,
    "privacy@shop.example": False,
    "tel:+3531": False,
    "https:": False,
    "https://": False,
    "https:///path": False,
    "https://[": False,
    "https://a\uff0fb": False,
    "mailto:": False,
    "": False,
}


@pytest.mark.parametrize("contact", CONTACTS)
def test_a_contact_is_an_address_to_write_to(contact: str) -> None:
    """mailto: or https:, as it may become a link; what is wrong is said without quoting it."""
    body = SITE.policy(controller={"name": "Shop", "contact": contact})
    if CONTACTS[contact]:
        assert read(body).document.controller.contact == contact
        return
    with pytest.raises(InvalidDocument) as caught:
        read(body)
    assert str(caught.value) == "the policy's controller.contact is not a mailto: or https: URL"


@pytest.mark.parametrize(
    "other",
    [
        "https://evil.example",
        "https://shop.example:444",
        "https://www.shop.example",
        "https://SHOP.example",
        "http://shop.example",
        "https://shop.example/",
    ],
)
def test_a_policy_for_another_origin_is_refused(other: str) -> None:
    """A policy speaks for the origin that serves it, and for no other."""
    with pytest.raises(InvalidDocument, match=r"^the policy's origin "):
        read(SITE.policy(origin=other))
    with pytest.raises(InvalidDocument):
        read(SITE.policy(), origin="https://evil.example")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_plain_http_is_for_loopback_only(host: str) -> None:
    """A developer's own machine needs no certificate; nobody else goes without."""
    origin = f"http://{host}"
    assert read(SITE.policy(origin=origin), origin=origin).document.origin == origin


def test_an_expired_policy_is_refused() -> None:
    """To the second: at `expires` it no longer holds."""
    for seconds, holds in ((-1, False), (0, False), (1, True)):
        body = SITE.policy(expires=time_text(sites.NOW + timedelta(seconds=seconds)))
        if holds:
            assert read(body).document.expires
        else:
            with pytest.raises(InvalidDocument, match="expired"):
                read(body)


IGNORED_KEYS: dict[str, dict[str, str]] = {
    "another curve": {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
    "another type": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    "short": {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x07" * 31)},
    "not base64url": {"kty": "OKP", "crv": "Ed25519", "x": "+" * 43},
    "without x": {"kty": "OKP", "crv": "Ed25519"},
    "the identity": {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x01" + bytes(31))},
    "non-canonical": {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\xff" * 32)},
}


@pytest.mark.parametrize("key", IGNORED_KEYS.values(), ids=IGNORED_KEYS)
def test_other_keys_are_ignored(key: dict[str, str]) -> None:
    """A key we cannot use or must not use is as if it were not there."""
    assert read(SITE.policy(keys=[key])).keys == ()
    assert len(read(SITE.policy(keys=[key, SITE.jwk])).keys) == 1


def test_limits_that_nobody_can_compare_are_ignored() -> None:
    """Unknown clauses and unknown values promise nothing, and spoil nothing."""
    limits = {"invented": "x", "sell": "sometimes", "retain": "P1W", "ads": "none", "purpose": "x"}
    assert read(SITE.policy(limits=limits)).limits == {"ads": "none"}


def test_the_endpoint_and_the_place_are_the_protocols() -> None:
    """Section 2: two fixed paths."""
    assert policy.POLICY_PATH == "/.well-known/emanciterms.json"
    assert policy.ENDPOINT_PATH == "/.well-known/emanciterms"
