"""The signed agreement: only exactly two signatures over exactly these bytes seal."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.decisions import reply
from rbutton.person.settings import MAX_IN_SET
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement, documents, jws
from rbutton.terms.agreement import RosterTerm
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.errors import BadSignature, InvalidDocument
from rbutton.terms.header import emanciterms
from rbutton.terms.keys import person_key
from tests import sites
from tests.strategies import mutants

SITE = sites.Site()
PERSON = person_key(sites.SEED, sites.NONCE, SITE.origin)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
PROFFER = sites.proffer(SITE)
SEALED = SITE.countersign(PROFFER.body)
MEMBERS = sites.payload_of(PROFFER)
ENVELOPE: dict[str, Any] = json.loads(SEALED)
BY_PERSON, BY_SITE = ENVELOPE["signatures"]
# The order of Ed25519's base point (RFC 8032, section 5.1).
L = 2**252 + 27742317777372353535851937790883648493


def signed_by_both(payload: bytes) -> bytes:
    """Any payload, honestly signed by the two keys of the agreement."""
    return sites.raw_jws(
        payload, sites.raw_signature(PERSON, payload), sites.raw_signature(SITE.key, payload)
    )


def never_seals(body: bytes) -> None:
    """Neither read as sealed, nor taken for an answer to the proffer."""
    assert not isinstance(
        reply.understand(PROFFER, (200, jws.CONTENT_TYPE, body), catalogue(), sites.NOW),
        reply.Sealed,
    ), body
    try:
        read = agreement.read(body)
    except InvalidDocument:
        return
    assert not read.sealed or read.payload != PROFFER.payload, body


def refused(body: bytes, what: str) -> None:
    """Not read at all; `what` was done to it says the failure."""
    try:
        agreement.read(body)
    except InvalidDocument:
        return
    pytest.fail(what)


def test_a_proffer_and_its_countersignature_seal() -> None:
    """One signature is a proffer, two are an agreement over the very same bytes."""
    proffer, sealed = agreement.read(PROFFER.body), agreement.read(SEALED)
    assert (proffer.by_person, proffer.by_site, proffer.sealed) == (True, False, False)
    assert (sealed.by_person, sealed.by_site, sealed.sealed) == (True, True, True)
    assert sealed.payload == proffer.payload
    assert sealed.id == proffer.id


def test_the_order_of_the_two_signatures_does_not_matter() -> None:
    """Sealed is sealed, whichever signature stands first."""
    swapped = sites.compact({**ENVELOPE, "signatures": [BY_SITE, BY_PERSON]})
    assert agreement.read(swapped).sealed
    assert isinstance(
        reply.understand(PROFFER, (200, "", swapped), catalogue(), sites.NOW), reply.Sealed
    )


def test_the_payload_is_its_own_canonical_form() -> None:
    """RFC 8785: what is signed is what anyone would write who wrote it canonically."""
    payload = from_b64u(ENVELOPE["payload"])
    text = json.dumps(
        json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert payload == text.encode()
    assert documents.canonical(MEMBERS) == payload


def test_the_id_is_sha256_of_the_payload() -> None:
    """Both sides can compute it from what they keep."""
    digest = hashlib.sha256(from_b64u(ENVELOPE["payload"])).digest()
    assert agreement.read(SEALED).id == b64u(digest)


def test_the_proffer_says_what_the_protocol_lists() -> None:
    """Member by member as section 4 has it, and with five minutes to answer."""
    document = catalogue().documents["SD-BASE-DP"]
    expected = {
        "emanciterms": 1,
        "type": "agreement",
        "terms": [{"id": "SD-BASE-DP", "sha256": document.sha256, "clauses": document.clauses}],
        "person": {
            "jwk": {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": b64u(PERSON.public_key().public_bytes_raw()),
            }
        },
        "site": {
            "origin": SITE.origin,
            "name": SITE.name,
            "jwk": SITE.jwk,
            "policy": b64u(hashlib.sha256(SITE.policy()).digest()),
        },
        "nonce": b64u(sites.NONCE),
        "proffered": "2026-11-22T10:00:00Z",
        "answer_by": "2026-11-22T10:05:00Z",
        "until": None,
        "supersedes": None,
        "answers": None,
    }
    assert sites.payload_of(PROFFER) == expected


def test_another_library_verifies_both_signatures() -> None:
    """jwcrypto, which shares no code with ours, is content with each."""
    for key in (PERSON, SITE.key):
        token = JWS()
        token.allowed_algs = ["Ed25519", "EdDSA"]
        token.deserialize(SEALED.decode())
        token.verify(JWK.from_pyca(key.public_key()))


PROTECTED = sites.header_of(PERSON)
SPELLINGS = {
    "spaced": json.dumps(PROTECTED, indent=2),
    "reordered": json.dumps(dict(reversed(PROTECTED.items()))),
    "escaped": json.dumps(PROTECTED).replace("typ", r"\u0074yp").replace("alg", r"\u0061lg"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_a_protected_header_may_be_in_any_json_spelling(text: str) -> None:
    """Other implementations write their JSON otherwise; the signature covers their bytes."""
    other = sites.raw_signature(PERSON, PROFFER.payload, text.encode())
    assert agreement.read(sites.raw_jws(PROFFER.payload, other, BY_SITE)).sealed


def test_no_mutant_of_the_envelope_seals() -> None:
    """Any member changed, missing, added or repeated, any signature moved or doubled."""
    count = 0
    for what, mutant in mutants(ENVELOPE):
        if what == ".signatures reordered":
            continue
        never_seals(sites.compact(mutant))
        if what not in (".signatures[0] missing", ".signatures[1] missing"):
            refused(sites.compact(mutant), what)
        count += 1
    assert count > 150


def test_no_mutant_of_the_payload_seals_under_the_old_signatures() -> None:
    """Whatever is changed in the payload, at any depth, the signatures do not follow."""
    count = 0
    for what, mutant in mutants(MEMBERS):
        body = sites.compact({**ENVELOPE, "payload": b64u(sites.compact(mutant))})
        refused(body, what)
        count += 1
    assert count > 500


def test_no_mutant_of_the_payload_is_taken_for_what_was_offered() -> None:
    """Though both keys sign it: the person's agent compares bytes, not words."""
    for _, mutant in mutants(MEMBERS):
        never_seals(signed_by_both(sites.compact(mutant)))


def closed_mutants() -> list[tuple[str, Any]]:
    """Mutants that no reader may take for an agreement at all, whoever signed them."""
    return [
        (what, mutant)
        for what, mutant in mutants(MEMBERS)
        # What the clauses say is the reader's vocabulary's to judge.
        if ".clauses." not in what
        and ".clauses+" not in what
        and what.endswith(("missing", "renamed", "repeated", "+extra", "= True", "= -1.5", "= {}"))
    ]


def test_a_payload_with_any_member_missing_added_or_repeated_never_reads() -> None:
    """Payloads are closed at every depth: signed by both, it is still no agreement."""
    cases = closed_mutants()
    assert len(cases) > 100
    for what, mutant in cases:
        refused(signed_by_both(sites.compact(mutant)), what)


@pytest.mark.parametrize("spoil", ["space", "order", "escape", "newline"])
def test_a_payload_in_another_spelling_never_reads(spoil: str) -> None:
    """The same members in other bytes would be one agreement with two ids."""
    payload = PROFFER.payload
    other = {
        "space": payload.replace(b'":', b'": ', 1),
        "order": json.dumps(dict(reversed(MEMBERS.items())), separators=(",", ":")).encode(),
        "escape": payload.replace(b"agreement", rb"\u0061greement"),
        "newline": payload + b"\n",
    }[spoil]
    assert json.loads(other) == MEMBERS
    with pytest.raises(InvalidDocument, match="canonical"):
        agreement.read(signed_by_both(other))


def test_no_mutant_of_a_protected_header_seals() -> None:
    """Though it is signed as it stands by the right key."""
    count = 0
    for what, mutant in mutants(PROTECTED):
        signature = sites.raw_signature(PERSON, PROFFER.payload, sites.compact(mutant))
        body = sites.raw_jws(PROFFER.payload, signature, BY_SITE)
        never_seals(body)
        refused(body, what)
        count += 1
    assert count > 50


WRONG_HEADERS = {
    "EdDSA": {**PROTECTED, "alg": "EdDSA"},
    "none": {**PROTECTED, "alg": "none"},
    "HS256": {**PROTECTED, "alg": "HS256"},
    "another typ": {**PROTECTED, "typ": "JWT"},
    "crit": {**PROTECTED, "crit": ["b64"], "b64": False},
    "jwk": {**PROTECTED, "jwk": MEMBERS["person"]["jwk"]},
    "the other's kid": {**PROTECTED, "kid": sites.header_of(SITE.key)["kid"]},
    "a stranger's kid": {**PROTECTED, "kid": sites.header_of(STRANGER)["kid"]},
}


@pytest.mark.parametrize("header", WRONG_HEADERS.values(), ids=WRONG_HEADERS)
def test_no_other_algorithm_type_or_key_id_is_taken(header: dict[str, Any]) -> None:
    """The usual ways in which JWS libraries were led astray."""
    signature = sites.raw_signature(PERSON, PROFFER.payload, sites.compact(header))
    for signatures in ([signature, BY_SITE], [BY_SITE, signature], [signature]):
        with pytest.raises(InvalidDocument):
            agreement.read(sites.raw_jws(PROFFER.payload, *signatures))


def another(key: Ed25519PrivateKey) -> dict[str, str]:
    """A second, equally good signature by the same key: under another spelling of the header."""
    spelled = json.dumps(sites.header_of(key), indent=1).encode()
    return sites.raw_signature(key, PROFFER.payload, spelled)


SIGNATURES: dict[str, list[Any]] = {
    "none": [],
    "the person's twice": [BY_PERSON, BY_PERSON],
    "the site's twice": [BY_SITE, BY_SITE],
    "the person's twice, differently": [BY_PERSON, another(PERSON)],
    "the site's twice, differently": [BY_SITE, another(SITE.key)],
    "a third": [BY_PERSON, BY_SITE, another(SITE.key)],
    "a stranger's third": [BY_PERSON, BY_SITE, sites.raw_signature(STRANGER, PROFFER.payload)],
    "a stranger's for the site's": [BY_PERSON, sites.raw_signature(STRANGER, PROFFER.payload)],
    "a stranger's alone": [sites.raw_signature(STRANGER, PROFFER.payload)],
    "signatures exchanged": [
        {**BY_PERSON, "signature": BY_SITE["signature"]},
        {**BY_SITE, "signature": BY_PERSON["signature"]},
    ],
    "headers exchanged": [
        {**BY_PERSON, "protected": BY_SITE["protected"]},
        {**BY_SITE, "protected": BY_PERSON["protected"]},
    ],
    "for another payload": [BY_PERSON, sites.raw_signature(SITE.key, b"{}")],
    "empty": [BY_PERSON, {**BY_SITE, "signature": ""}],
    "63 bytes": [BY_PERSON, {**BY_SITE, "signature": b64u(b"\x01" * 63)}],
    "128 bytes": [BY_PERSON, {**BY_SITE, "signature": b64u(b"\x01" * 128)}],
    "an unprotected header": [BY_PERSON, {**BY_SITE, "header": {}}],
}


@pytest.mark.parametrize("signatures", SIGNATURES.values(), ids=SIGNATURES)
def test_no_other_set_of_signatures_seals(signatures: list[Any]) -> None:
    """Missing, doubled, foreign, exchanged, cut: one good signature never counts for two."""
    body = sites.raw_jws(PROFFER.payload, *signatures)
    never_seals(body)
    with pytest.raises(InvalidDocument):
        agreement.read(body)


def test_a_signature_has_one_form() -> None:
    """S + L verifies in careless libraries: it would be a second text of one signature."""
    data = from_b64u(BY_SITE["signature"])
    scalar = int.from_bytes(data[32:], "little") + L
    other = b64u(data[:32] + scalar.to_bytes(32, "little"))
    with pytest.raises(BadSignature):
        agreement.read(sites.raw_jws(PROFFER.payload, BY_PERSON, {**BY_SITE, "signature": other}))


def test_no_bit_of_a_signature_can_change() -> None:
    """All 512 of the site's signature."""
    data = from_b64u(BY_SITE["signature"])
    for bit in range(512):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            agreement.read(
                sites.raw_jws(
                    PROFFER.payload, BY_PERSON, {**BY_SITE, "signature": b64u(bytes(flipped))}
                )
            )


def test_one_key_on_both_sides_is_no_agreement() -> None:
    """A reflected key would let one side seal alone."""
    members = {**MEMBERS, "site": {**MEMBERS["site"], "jwk": MEMBERS["person"]["jwk"]}}
    payload = sites.compact(members)
    mine = sites.raw_signature(PERSON, payload)
    for signatures in ([mine], [mine, mine]):
        with pytest.raises(InvalidDocument):
            agreement.read(sites.raw_jws(payload, *signatures))


def changed(**members: Any) -> bytes:
    """The agreement with other members, signed by both keys."""
    return signed_by_both(sites.compact({**MEMBERS, **members}))


TERM = MEMBERS["terms"][0]
OWN = {"id": "own", "clauses": {"ads": "none"}}
WRONG_MEMBERS: dict[str, dict[str, Any]] = {
    "version 2": {"emanciterms": 2},
    "version true": {"emanciterms": True},
    "version 1.0": {"emanciterms": 1.0},
    "another type": {"type": "promise"},
    "no terms": {"terms": []},
    "a term twice": {"terms": [TERM, TERM]},
    "unsorted terms": {"terms": [{**TERM, "id": "b"}, {**TERM, "id": "a"}]},
    "no clauses": {"terms": [{**TERM, "clauses": {}}]},
    "a clause of no type": {"terms": [{**TERM, "clauses": {"ads": None}}]},
    "own terms with a hash": {"terms": [{**TERM, "id": "own"}]},
    "roster terms without": {"terms": [{"id": "a", "clauses": {"ads": "none"}}]},
    "an id with a space": {"terms": [{**TERM, "id": "a b"}]},
    "a hash of 31 bytes": {"terms": [{**TERM, "sha256": b64u(bytes(31))}]},
    "a nonce of 31 bytes": {"nonce": b64u(bytes(31))},
    "a nonce of 33 bytes": {"nonce": b64u(bytes(33))},
    "an answer before the offer": {"answer_by": "2026-11-22T09:59:59Z"},
    "an answer after 10 minutes": {"answer_by": "2026-11-22T10:10:01Z"},
    "a counter after 7 days": {"answer_by": "2026-11-29T10:00:01Z", "answers": b64u(bytes(32))},
    "a time with an offset": {"proffered": "2026-11-22T10:00:00+00:00"},
    "an until that is no time": {"until": "tomorrow"},
    "a supersedes that is no id": {"supersedes": "x"},
    "an origin with a slash": {"site": {**MEMBERS["site"], "origin": SITE.origin + "/"}},
    "an http origin": {"site": {**MEMBERS["site"], "origin": "http://shop.example"}},
    "a name with a bidi mark": {"site": {**MEMBERS["site"], "name": "Shop\u200f"}},
}


@pytest.mark.parametrize("members", WRONG_MEMBERS.values(), ids=WRONG_MEMBERS)
def test_members_with_wrong_values_never_read(members: dict[str, Any]) -> None:
    """Signed by both, and still not what the protocol says an agreement is."""
    with pytest.raises(InvalidDocument):
        agreement.read(changed(**members))


RIGHT_MEMBERS: dict[str, dict[str, Any]] = {
    "an end": {"until": "2027-01-01T00:00:00Z"},
    "in place of another": {"supersedes": b64u(bytes(32))},
    "a counter within 7 days": {"answer_by": "2026-11-29T10:00:00Z", "answers": b64u(bytes(32))},
    "10 minutes": {"answer_by": "2026-11-22T10:10:00Z"},
    "own terms beside others": {"terms": [TERM, OWN]},
    "own terms alone": {"terms": [OWN]},
}


@pytest.mark.parametrize("members", RIGHT_MEMBERS.values(), ids=RIGHT_MEMBERS)
def test_everything_the_protocol_allows_reads(members: dict[str, Any]) -> None:
    """The other side may use all of section 4."""
    assert agreement.read(changed(**members)).sealed


def test_countersigning_takes_only_the_other_side_once() -> None:
    """A stranger's key, or the same key again, is refused before anything is sent."""
    for body, key in ((PROFFER.body, STRANGER), (PROFFER.body, PERSON), (SEALED, SITE.key)):
        with pytest.raises(InvalidDocument):
            agreement.countersign(agreement.read(body), key)


def test_the_largest_set_can_be_offered_to_the_site_of_the_longest_name() -> None:
    """As many of the roster's longest as a set may have; and they seal."""
    longest = sorted(
        catalogue().documents.values(),
        key=lambda one: len(RosterTerm.of(one).model_dump_json()),
    )[-MAX_IN_SET:]
    host = ".".join(["a" * 62] * 4)
    site = sites.Site(origin=f"https://{host}:12345", name="\U0001f6d2" * 80)
    proffer = sites.proffer(site, *(one.id for one in longest))
    assert agreement.read(site.countersign(proffer.body)).sealed
    assert len(proffer.payload) <= 3_072


def test_two_proffers_at_one_moment_have_nothing_in_common() -> None:
    """Other nonce, other key, other id: no part links one person's two proffers."""
    other = sites.proffer(SITE, nonce=bytes(32))
    assert other.id != PROFFER.id
    assert other.agreement.person.jwk.x != PROFFER.agreement.person.jwk.x
    assert other.agreement.nonce != PROFFER.agreement.nonce


def test_a_proffer_keeps_whole_seconds_in_utc() -> None:
    """A moment in another zone, with a fraction, is written as the protocol has it."""
    later = sites.NOW.astimezone() + timedelta(microseconds=999_999)
    assert sites.proffer(SITE, now=later).payload == PROFFER.payload


@pytest.mark.parametrize(
    ("ids", "value"),
    [
        (["SD-BASE-DP"], 'v=1, proffer=("SD-BASE-DP")'),
        (["no-stalking", "mine-as-well"], 'v=1, proffer=("mine-as-well" "no-stalking")'),
        (["a", "B", "A.1", "A-1"], 'v=1, proffer=("A-1" "A.1" "B" "a")'),
    ],
)
def test_the_header_is_an_rfc_9651_dictionary(ids: list[str], value: str) -> None:
    """An Inner List of Strings in byte order, as section 1 shows it."""
    assert emanciterms(ids) == value
