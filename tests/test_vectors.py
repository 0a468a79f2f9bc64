"""The vectors that strangers implement against: current, and checked by other code."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms import notice as notices
from rbutton.terms.encoding import b64u, from_b64u
from rbutton.terms.errors import InvalidDocument
from tests.shops import Shop

HERE = Path(__file__).parent / "vectors"
DOCUMENTS: dict[str, Any] = json.loads((HERE / "documents.json").read_text("utf-8"))
AGREEMENT: dict[str, Any] = json.loads((HERE / "agreement.json").read_text("utf-8"))
NOTICES: dict[str, Any] = json.loads((HERE / "notices.json").read_text("utf-8"))
ROSTER: dict[str, Any] = json.loads((HERE.parents[1] / "terms/roster.json").read_text("utf-8"))


def test_checked_in_files_are_what_the_script_makes() -> None:
    """Nobody edits the vectors or roster.json by hand, and no change of bytes goes unseen."""
    subprocess.run([sys.executable, HERE / "make.py", "--check"], check=True)


@pytest.mark.parametrize("case", DOCUMENTS["good"], ids=lambda case: case["name"])
def test_good_documents_have_these_canonical_bytes(case: dict[str, str]) -> None:
    parsed = documents.parse(case["text"].encode(), "vector")
    assert b64u(documents.canonical(parsed)) == case["canonical"]


@pytest.mark.parametrize("case", DOCUMENTS["bad"], ids=lambda case: case["name"])
def test_bad_documents_are_refused(case: dict[str, str]) -> None:
    with pytest.raises(InvalidDocument):
        documents.parse(case["text"].encode(), "vector")


@pytest.mark.parametrize("entry", ROSTER["agreements"], ids=lambda entry: entry["document"]["id"])
def test_roster_hashes_follow_from_the_documents(entry: dict[str, Any]) -> None:
    """Sorted keys and no spaces is JCS for these documents: plain ASCII names, no numbers."""
    text = json.dumps(entry["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert b64u(hashlib.sha256(text.encode()).digest()) == entry["sha256"]


def test_the_negotiation_follows_from_its_first_values() -> None:
    """Person's key, id and header, computed here by the text of the protocol alone."""
    seed, nonce = from_b64u(AGREEMENT["seed"]), from_b64u(AGREEMENT["nonce"])
    info = ("emanciterms/1 person " + AGREEMENT["origin"]).encode()
    key = HKDF(SHA256(), 32, nonce, info).derive(seed)
    payload = AGREEMENT["payload"].encode()
    assert b64u(key) == AGREEMENT["person_private_key"]
    assert b64u(hashlib.sha256(payload).digest()) == AGREEMENT["id"]
    assert AGREEMENT["header"] == 'v=1, proffer=("SD-BASE-DP")'
    assert json.loads(payload)["site"]["policy"] == b64u(
        hashlib.sha256(AGREEMENT["policy"].encode()).digest()
    )


@pytest.mark.parametrize("side", ["person", "site"])
def test_another_jose_library_verifies_each_signature(side: str) -> None:
    """jwcrypto, told the one key, finds that key's signature good."""
    body = json.loads(AGREEMENT["sealed"])
    mine = [
        one
        for one in body["signatures"]
        if json.loads(from_b64u(one["protected"]))["kid"] == AGREEMENT[f"{side}_kid"]
    ]
    token = JWS()
    token.allowed_algs = ["Ed25519"]
    token.deserialize(json.dumps({"payload": body["payload"], **mine[0]}))
    token.verify(JWK(**AGREEMENT[f"{side}_jwk"]))
    assert token.payload == AGREEMENT["payload"].encode()


def test_the_sealed_agreement_seals_and_the_proffer_does_not() -> None:
    assert agreements.read(AGREEMENT["sealed"].encode()).sealed
    assert not agreements.read(AGREEMENT["proffer"].encode()).sealed


@pytest.mark.parametrize("case", AGREEMENT["also_sealed"], ids=lambda case: case["name"])
def test_what_is_the_same_in_other_words_seals(case: dict[str, str]) -> None:
    signed = agreements.read(case["body"].encode())
    assert signed.sealed
    assert signed.id == AGREEMENT["id"]


@pytest.mark.parametrize("case", AGREEMENT["not_sealed"], ids=lambda case: case["name"])
def test_nothing_else_seals(case: dict[str, str]) -> None:
    """It is refused, or it is read as the half-signed thing it is."""
    try:
        signed = agreements.read(case["body"].encode())
    except InvalidDocument:
        return
    assert not signed.sealed


def test_the_withdrawal_ends_that_agreement_and_is_acknowledged() -> None:
    """Each by the key of its side, and of that very notice."""
    agreed = agreements.read(AGREEMENT["sealed"].encode())
    told = notices.read(jws.parse(NOTICES["withdraw"].encode(), "notice"))
    assert told.check_by([agreed.agreement.person.jwk]).notice.under == agreed.id
    assert _acknowledges(NOTICES["acknowledge"])


@pytest.mark.parametrize("case", NOTICES["no_acknowledgement"], ids=lambda case: case["name"])
def test_nothing_else_acknowledges_it(case: dict[str, str]) -> None:
    assert not _acknowledges(case["body"])


@pytest.mark.parametrize("case", NOTICES["no_withdrawal"], ids=lambda case: case["name"])
def test_a_site_of_the_kit_refuses_these_with_their_code(
    case: dict[str, str], tmp_path: Path
) -> None:
    """A shop that sealed the agreement of the vectors."""
    shop = Shop(tmp_path / "shop.sqlite3")
    shop.store.seal(agreements.read(AGREEMENT["sealed"].encode()), shop.now)
    answer = shop.post(case["body"].encode())
    assert json.loads(answer.body)["code"] == case["code"]
    assert [kept.state for kept in shop.store.agreements()] == ["sealed"]
    assert shop.post(NOTICES["withdraw"].encode()).status == 200


def _acknowledges(body: str) -> bool:
    agreed = agreements.read(AGREEMENT["sealed"].encode()).agreement
    told = notices.read(jws.parse(NOTICES["withdraw"].encode(), "notice"))
    try:
        answer = notices.read(jws.parse(body.encode(), "notice"))
        return notices.acknowledges(answer.check_by([agreed.site.jwk]), told)
    except InvalidDocument:
        return False
