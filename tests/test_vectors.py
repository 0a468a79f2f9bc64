"""The vectors that strangers implement against: current, and checked by other code."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature

from rbutton.decisions import reply
from rbutton.decisions.proffer import accepts_alone, knows_all
from rbutton.person.settings import Proffer, Settings
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, header, jws, promise
from rbutton.terms import notice as notices
from rbutton.terms import policy as policies
from rbutton.terms.encoding import b64u, from_b64u, from_time_text
from rbutton.terms.errors import BadSignature, InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey, check_public_key
from rbutton.terms.models import build
from tests.both_sides import site_of
from tests.shops import Shop, policy

Json = dict[str, Any]

HERE = Path(__file__).parent / "vectors"
CHECKER = Path(__file__).parent / "conformance" / "check.mjs"


def load(name: str) -> Json:
    found: Json = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    return found


DOCUMENTS = load("documents")
AGREEMENT = load("agreement")
NOTICES = load("notices")
KEYS = load("keys")
POLICIES = load("policies")
PROMISES = load("promises")
COMPARISONS = load("comparisons")
HEADER = load("header")
POSTS = load("posts")
REPLIES = load("replies")
COUNTERS = load("counters")
EXCHANGES = load("exchanges")
ROSTER: Json = json.loads((HERE.parents[1] / "terms/roster.json").read_text("utf-8"))
VOCABULARY = catalogue().vocabulary


def cases(some: list[Json]) -> Callable[[Any], Any]:
    """A test for each; two of one name would be one too few."""
    names = [case["name"] for case in some]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize("case", some, ids=names)


def test_checked_in_files_are_what_the_script_makes() -> None:
    """Nobody edits the vectors or roster.json by hand, and no change of bytes goes unseen."""
    subprocess.run([sys.executable, HERE / "make.py", "--check"], check=True)


def checked(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The checker in JavaScript, run."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is missing, which checks the vectors: install it (Debian's nodejs).")
    command = [node, str(CHECKER), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_other_code_in_another_language_agrees_with_them() -> None:
    """It shares nothing with ours; all it reads are the files."""
    done = checked()
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed, 0 failed" in done.stdout


_DAMAGE = [
    ("documents", "eyLigqwiOiJcbi8ifQ", "eyLigqwiOiJcbi8ifX"),
    ("vocabulary", '"persistent"', '"always"'),
    ("comparisons", '"result": "stricter"', '"result": "laxer"'),
    ("header", "v=1, proffer=()", "v=1, proffer=(x)"),
    ("keys", KEYS["good"][0]["kid"], b64u(bytes(32))),
    ("agreement", AGREEMENT["id"], b64u(bytes(32))),
    ("notices", NOTICES["under"], b64u(bytes(32))),
    ("policies", "https://other.example", "https://shop.example"),
    ("promises", ' "do-not-track"\n', ' "no-stalking"\n'),
    ("replies", '"outcome": "sealed"', '"outcome": "no-answer"'),
    ("counters", '"agent": "never"', '"agent": "alone"'),
    ("exchanges", EXCHANGES["seed"], b64u(bytes(32))),
]


@pytest.mark.parametrize(("file", "old", "new"), _DAMAGE, ids=[file for file, *_ in _DAMAGE])
def test_that_code_finds_what_is_wrong(file: str, old: str, new: str, tmp_path: Path) -> None:
    """One value changed in one file, and it fails and says where."""
    vectors = tmp_path / "tests" / "vectors"
    shutil.copytree(HERE, vectors, ignore=lambda _, names: {n for n in names if ".json" not in n})
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms/roster.json").write_text(json.dumps(ROSTER))
    text = (vectors / f"{file}.json").read_text("utf-8")
    assert old in text
    (vectors / f"{file}.json").write_text(text.replace(old, new), "utf-8")
    done = checked(str(tmp_path))
    assert done.returncode == 1
    # A clause that is other than its name says shows where clauses are compared.
    assert f"{'comparisons' if file == 'vocabulary' else file}.json: " in done.stdout


def test_the_guide_names_every_file() -> None:
    """And what each member of a step, and each act of an exchange, means."""
    guide = (HERE.parents[1] / "docs/implementing.md").read_text("utf-8")
    steps = [step for exchange in EXCHANGES["exchanges"] for step in exchange["steps"]]
    named = {path.name for path in HERE.glob("*.json")} | {step["act"] for step in steps}
    named |= {member for step in steps for member in step}
    named |= {member for step in steps for member in step["person"]} - {"states"}
    assert not [one for one in sorted(named) if f"`{one}`" not in guide]


# Documents, keys, terms


def bytes_of(case: Json) -> bytes:
    """A document, as text or as bytes."""
    return from_b64u(case["bytes"]) if "bytes" in case else str(case["text"]).encode()


@cases(DOCUMENTS["good"])
def test_good_documents_have_these_canonical_bytes(case: Json) -> None:
    parsed = documents.parse(bytes_of(case), "vector")
    assert b64u(documents.canonical(parsed)) == case["canonical"]


@cases(DOCUMENTS["bad"])
def test_bad_documents_are_refused(case: Json) -> None:
    with pytest.raises(InvalidDocument):
        documents.parse(bytes_of(case), "vector")


@pytest.mark.parametrize("entry", ROSTER["agreements"], ids=lambda entry: entry["document"]["id"])
def test_roster_hashes_follow_from_the_documents(entry: Json) -> None:
    """Sorted keys and no spaces is JCS for these documents: plain ASCII names, no numbers."""
    text = json.dumps(entry["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert b64u(hashlib.sha256(text.encode()).digest()) == entry["sha256"]


@cases(KEYS["good"])
def test_good_keys_have_these_thumbprints(case: Json) -> None:
    key = PublicKey(**case["jwk"])
    assert check_public_key(key).thumbprint == case["kid"]
    assert JWK(**case["jwk"]).thumbprint() == case["kid"]


@cases(KEYS["bad"])
def test_bad_keys_are_refused(case: Json) -> None:
    with pytest.raises(InvalidDocument):
        check_public_key(PublicKey(kty="OKP", crv="Ed25519", x=case["x"]))


@pytest.mark.parametrize("case", KEYS["derived"])
def test_the_persons_key_follows_from_seed_nonce_and_origin(case: Json) -> None:
    """By HKDF as the protocol has it; jwcrypto makes the public half."""
    info = f"emanciterms/1 person {case['origin']}".encode()
    key = HKDF(SHA256(), 32, from_b64u(case["nonce"]), info).derive(from_b64u(case["seed"]))
    assert b64u(key) == case["private"]
    public = JWK(**case["jwk"], d=case["private"]).export_public(as_dict=True)
    assert public["x"] == case["jwk"]["x"]
    assert JWK(**case["jwk"]).thumbprint() == case["kid"]


@cases(COMPARISONS["against"])
def test_own_terms_are_held_against_limits(case: Json) -> None:
    assert VOCABULARY.against(case["own"], case["limits"]) == case["marks"]
    signs = policy(limits=case["limits"]).signs([_own(case["own"])])
    assert signs == case["matches"]


@cases(COMPARISONS["replace"])
def test_terms_that_replace_others_are_compared(case: Json) -> None:
    assert _compared(case) == case["result"]


@pytest.mark.parametrize("case", COMPARISONS["laxest"])
def test_all_names_there_are_say_as_little_as_none(case: Json) -> None:
    assert _compared(case) == case["result"]


@pytest.mark.parametrize("case", COMPARISONS["roster"])
def test_agreements_of_the_roster_are_compared(case: Json) -> None:
    clauses = {
        side: [catalogue().documents[one].clauses for one in case[side]] for side in ("old", "new")
    }
    assert _compared(clauses) == case["result"]


@pytest.mark.parametrize("case", COMPARISONS["durations"])
def test_spans_of_time_are_compared(case: Json) -> None:
    new, old = {"retain": case["new"]}, {"retain": case["old"]}
    assert VOCABULARY.compare(new, old) == case["result"]


@pytest.mark.parametrize("name", COMPARISONS["chains"])
def test_values_of_a_chain_are_compared(name: str) -> None:
    """Every two of them."""
    for old, new, result in COMPARISONS["chains"][name]["replace"]:
        found = VOCABULARY.compare(_stated(name, new), _stated(name, old))
        assert (old, new, found) == (old, new, result)
    for limit, practice, met in COMPARISONS["chains"][name]["meets"]:
        marks = VOCABULARY.against({name: limit}, {name: practice})
        assert (limit, practice, marks[name] == "met") == (limit, practice, met)


def test_valid_clauses_are_known() -> None:
    for clauses in COMPARISONS["valid"]:
        VOCABULARY.check(clauses)


@cases(COMPARISONS["unknown"])
def test_other_clauses_are_not(case: Json) -> None:
    with pytest.raises(UnknownTerms):
        VOCABULARY.check(case["clauses"])


def _compared(case: Json) -> str:
    return VOCABULARY.compare(VOCABULARY.strictest(case["new"]), VOCABULARY.strictest(case["old"]))


def _stated(name: str, value: str | None) -> Json:
    return {} if value is None else {name: value}


def _own(clauses: Json) -> agreements.OwnTerm:
    return agreements.OwnTerm(id="own", clauses=clauses)


# What both sides read


@cases(HEADER["written"])
def test_the_header_is_written_so(case: Json) -> None:
    assert header.emanciterms(case["proffer"], case["agreement"]) == case["value"]
    said = header.read([case["value"]])
    assert (sorted(said.proffer), said.agreement) == (sorted(case["proffer"]), case["agreement"])


@cases(HEADER["read"])
def test_the_header_is_read_so(case: Json) -> None:
    said = header.read(case["lines"])
    assert (list(said.proffer), said.agreement) == (case["proffer"], case["agreement"])


@cases(HEADER["unreadable"])
def test_other_headers_say_nothing(case: Json) -> None:
    with pytest.raises(InvalidDocument):
        header.read(case["lines"])


def _read_policy(body: str, vectors: Json) -> policies.Policy:
    at = from_time_text(vectors["at"])
    return policies.read(body.encode(), vectors["origin"], VOCABULARY, at)


@cases(POLICIES["good"])
def test_good_policies_are_read(case: Json) -> None:
    read = _read_policy(case["body"], POLICIES)
    assert read.sha256 == case["sha256"]
    assert {
        "keys": [key.x for key in read.keys],
        "accepts": read.document.accepts,
        "limits": read.limits,
        "negotiates": read.document.negotiates,
    } == case["read"]


@cases(POLICIES["bad"])
def test_bad_policies_are_refused_for_what_is_wrong(case: Json) -> None:
    """The reason names the member, or the policy."""
    named = "has expired" if case["why"] == "passed" else case["member"] or "policy"
    with pytest.raises(InvalidDocument, match=named):
        _read_policy(case["body"], POLICIES)


@cases(PROMISES["good"])
def test_good_promises_hold(case: Json) -> None:
    assert [term.id for term in _promise(case["body"]).terms] == case["terms"]


@cases(PROMISES["bad"])
def test_bad_promises_do_not_and_leave_the_policy_valid(case: Json) -> None:
    with pytest.raises(InvalidDocument) as refused:
        _promise(case["body"])
    told = {"the promise is another origin's": "another-origin", "the promise has ended": "ended"}
    assert told.get(str(refused.value), refused.value.code) == case["why"]


def _promise(body: str) -> promise.Promise:
    read = _read_policy(body, PROMISES)
    return promise.verify(
        read.document.promise,
        origin=PROMISES["origin"],
        keys=read.keys,
        catalogue=catalogue(),
        now=from_time_text(PROMISES["at"]),
    )


# The agreement


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


def _signed_bodies() -> dict[str, str]:
    """Every body of the vectors whose every signature is to be good."""
    sealed = {
        "proffer": AGREEMENT["proffer"],
        "sealed": AGREEMENT["sealed"],
        **{case["name"]: case["body"] for case in AGREEMENT["also_sealed"]},
        **{case["name"]: case["body"] for case in AGREEMENT["other_payloads"]},
    }
    for exchange in EXCHANGES["exchanges"]:
        for number, step in enumerate(exchange["steps"], 1):
            answer = step["answer"]
            signed = [step["post"], answer["body"] if answer and answer["status"] == 200 else None]
            for what, body in zip(("post", "answer"), signed, strict=True):
                if body:
                    sealed[f"{exchange['name']}, step {number}, {what}"] = body
    return sealed


@pytest.mark.parametrize(("name", "body"), _signed_bodies().items(), ids=_signed_bodies())
def test_another_jose_library_verifies_each_signature(name: str, body: str) -> None:
    """jwcrypto, told the one key that the `kid` names, finds its signature good."""
    whole = json.loads(body)
    keys = _keys_of(whole)
    for one in whole["signatures"]:
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps({"payload": whole["payload"], **one}))
        token.verify(JWK(**keys[json.loads(from_b64u(one["protected"]))["kid"]]))
        assert token.payload == from_b64u(whole["payload"])


@cases([case for case in AGREEMENT["not_sealed"] if case["why"] == "bad-signature"])
def test_another_jose_library_refuses_what_is_not_signed(case: Json) -> None:
    """jwcrypto too, where each `kid` is one of the two and stands once."""
    whole = json.loads(case["body"])
    keys = _keys_of(whole)
    kids = [json.loads(from_b64u(one["protected"]))["kid"] for one in whole["signatures"]]
    if sorted(kids) != sorted(list(keys)[:2]):
        return
    found = []
    for one, kid in zip(whole["signatures"], kids, strict=True):
        token = JWS()
        token.allowed_algs = ["Ed25519"]
        token.deserialize(json.dumps({"payload": whole["payload"], **one}))
        try:
            token.verify(JWK(**keys[kid]))
        except (InvalidJWSSignature, ValueError):
            found.append(kid)
    assert len(found) == 1


def _keys_of(whole: Json) -> dict[str, Json]:
    """Keys that may sign it, by their thumbprints; a notice names the agreement by its id."""
    members = json.loads(from_b64u(whole["payload"]))
    if members["type"] == "notice":
        ended = _bodies_by_id()[members["under"]]
        members = json.loads(from_b64u(json.loads(ended)["payload"]))
    new = json.loads(EXCHANGES["policies"]["new-key"])["keys"]
    keys = [members["person"]["jwk"], members["site"]["jwk"], *new]
    return {JWK(**key).thumbprint(): key for key in keys}


def _bodies_by_id() -> dict[str, str]:
    found: dict[str, str] = {}
    for exchange in EXCHANGES["exchanges"]:
        for step in exchange["steps"]:
            if step["post"]:
                payload = from_b64u(json.loads(step["post"])["payload"])
                found[b64u(hashlib.sha256(payload).digest())] = step["post"]
    return found


def test_the_sealed_agreement_seals_and_the_proffer_does_not() -> None:
    assert agreements.read(AGREEMENT["sealed"].encode()).sealed
    assert not agreements.read(AGREEMENT["proffer"].encode()).sealed


def test_a_signature_that_fits_everything_is_good_to_other_code() -> None:
    """So that this vector shows what it says: only the key can be refused."""
    name = "a site's key whose signature fits whatever is signed"
    (case,) = [case for case in AGREEMENT["not_sealed"] if case["name"] == name]
    whole = json.loads(case["body"])
    token = JWS()
    token.allowed_algs = ["Ed25519"]
    token.deserialize(json.dumps({"payload": whole["payload"], **whole["signatures"][1]}))
    token.verify(JWK(**json.loads(from_b64u(whole["payload"]))["site"]["jwk"]))


@cases(AGREEMENT["also_sealed"])
def test_what_is_the_same_in_other_words_seals(case: Json) -> None:
    signed = agreements.read(case["body"].encode())
    assert signed.sealed
    assert signed.id == AGREEMENT["id"]


@cases(AGREEMENT["other_payloads"])
def test_other_payloads_may_be_sealed(case: Json) -> None:
    signed = agreements.read(case["body"].encode())
    assert signed.sealed
    assert signed.id == case["id"]


@cases(AGREEMENT["not_sealed"])
def test_nothing_else_seals(case: Json) -> None:
    """It is refused for its reason, or it is read as the half-signed thing it is."""
    body = case["body"].encode()
    if case["why"] == "half-signed":
        assert not agreements.read(body).sealed
        return
    expected = {"malformed": InvalidDocument, "bad-signature": BadSignature}[case["why"]]
    with pytest.raises(expected) as refused:
        agreements.read(body)
    assert refused.value.code == case["why"]


# Notices


def test_the_withdrawal_ends_that_agreement_and_is_acknowledged() -> None:
    """Each by the key of its side, and of that very notice."""
    agreed = agreements.read(AGREEMENT["sealed"].encode())
    told = notices.read(jws.parse(NOTICES["withdraw"].encode(), "notice"))
    assert told.check_by([agreed.agreement.person.jwk]).notice.under == agreed.id
    assert _acknowledges(NOTICES["acknowledge"])


@cases(NOTICES["no_acknowledgement"])
def test_nothing_else_acknowledges_it(case: Json) -> None:
    assert not _acknowledges(case["body"])


@pytest.fixture
def sealed_shop(tmp_path: Path) -> Any:
    """A shop that sealed the agreement of the vectors."""
    shop = Shop(tmp_path / "shop.sqlite3")
    shop.store.seal(agreements.read(AGREEMENT["sealed"].encode()), shop.now)
    yield shop
    shop.close()


@cases(NOTICES["no_withdrawal"])
def test_a_site_of_the_kit_refuses_these_with_their_code(case: Json, sealed_shop: Shop) -> None:
    answer = sealed_shop.post(case["body"].encode())
    assert json.loads(answer.body)["code"] == case["code"]
    assert [kept.state for kept in sealed_shop.store.agreements()] == ["sealed"]
    assert sealed_shop.post(NOTICES["withdraw"].encode()).status == 200


@cases(NOTICES["also_withdraw"])
def test_a_site_of_the_kit_takes_these(case: Json, sealed_shop: Shop) -> None:
    assert sealed_shop.post(case["body"].encode()).status == 200
    assert [kept.state for kept in sealed_shop.store.agreements()] == ["withdrawn"]


def _acknowledges(body: str) -> bool:
    agreed = agreements.read(AGREEMENT["sealed"].encode()).agreement
    told = notices.read(jws.parse(NOTICES["withdraw"].encode(), "notice"))
    try:
        answer = notices.read(jws.parse(body.encode(), "notice"))
        return notices.acknowledges(answer.check_by([agreed.site.jwk]), told)
    except InvalidDocument:
        return False


# Single posts, replies and counters


@cases(POSTS["cases"])
def test_a_site_of_the_kit_answers_so(case: Json, tmp_path: Path) -> None:
    """Status, code, and what it keeps."""
    shop = Shop(
        tmp_path / "shop.sqlite3",
        site_of(POSTS["policy"], POSTS["site_private_key"]),
        from_time_text(case["at"]),
    )
    answer = shop.post(case["body"].encode(), content_type=case["content_type"])
    code = json.loads(answer.body).get("code")
    kept = shop.store.known(case["id"], shop.now) if case["id"] else None
    sealed = [one.id for one in shop.store.agreements()]
    shop.close()
    assert (answer.status, code) == (case["status"], case["code"])
    assert (kept and kept.state) == case["state"]
    assert sealed == ([case["id"]] if case["status"] == 200 else [])
    if case["status"] == 200:
        assert agreements.read(answer.body).sealed


@cases(REPLIES["cases"])
def test_the_agent_makes_this_of_a_reply(case: Json) -> None:
    offered = agreements.read(AGREEMENT["proffer"].encode())
    came = (case["status"], case["content_type"], case["body"].encode())
    found = reply.understand(offered, came, catalogue(), from_time_text(case["at"]))
    match found:
        case reply.Sealed(signed):
            outcome = "sealed"
            assert signed.sealed
        case reply.Countered(signed):
            in_time = case["at"] < signed.agreement.answer_by
            known = in_time and knows_all(signed.agreement, catalogue())
            outcome = "countered" if known else "not-signable"
        case reply.Final(declined=declined):
            outcome = "declined" if declined else "refused"
        case reply.NoAnswer():
            outcome = "no-answer"
    # What is no counter to us is not signed either.
    expected = {case["outcome"], *(("no-answer",) if case["outcome"] == "not-signable" else ())}
    assert outcome in expected


@cases(COUNTERS["cases"])
def test_the_agent_does_this_about_a_counter(case: Json) -> None:
    settings = Settings(proffer=Proffer(also=case["listed"]))
    in_force = case["in_force"] and _agreement_on(case["in_force"])
    wanted = _agreement_on(case["offers"])
    if accepts_alone(settings, wanted, in_force, catalogue()):
        does = "alone"
    else:
        does = "asks" if knows_all(wanted, catalogue()) else "never"
    assert does == case["agent"]


def _agreement_on(terms: list[Json]) -> agreements.Agreement:
    members = json.loads(AGREEMENT["payload"]) | {"terms": terms}
    return build(agreements.Agreement, members, "agreement")
