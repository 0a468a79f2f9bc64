"""`rbutton verify`: what is whole is said to be, and the first bad record is named."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.browsers import telling
from rbutton.cli import counting, main
from rbutton.person.home import Home
from rbutton.person.ledger import Kind, Record, next_head
from rbutton.person.verification import Verification
from rbutton.terms import jws, notice
from rbutton.terms.encoding import b64u, from_b64u, time_text
from rbutton.terms.keys import person_key
from tests import homes, ledgers, sites
from tests.commands import rbutton
from tests.homes import busy_home, ledger_of
from tests.host_process import Host
from tests.sites import Site
from tests.visiting import NO_REPLY, greeted, offer, reply, visit

SHOP = Site()
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x55" * 32)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def busy(tmp_path: Path) -> Home:
    """A home with an agreement of each kind."""
    return busy_home(tmp_path / "home")


def checked(home: Home, code: int) -> Any:
    """What `rbutton verify --json` says."""
    done = rbutton(home.data, "verify", "--json")
    assert (done.returncode, done.stderr) == (code, "")
    return json.loads(done.stdout)


def test_a_whole_ledger_is_said_to_be_whole(busy: Home) -> None:
    """With what was checked, for a person and for a program."""
    records = len(ledger_of(busy).all())
    done = rbutton(busy.data, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Your ledger is whole: {records} records.")
    assert f"Every signature of {len(ledgers.FATES)} agreements was checked." in done.stdout
    assert checked(busy, 0) == {
        "records": records,
        "agreements": len(ledgers.FATES),
        "erased": 0,
        "bad": None,
    }


def test_an_empty_ledger_is_whole(tmp_path: Path) -> None:
    """Nothing yet is no fault."""
    assert checked(homes.home_in(tmp_path / "home"), 0)["records"] == 0


def _countered_and_renewed(running: Host, site: Site) -> None:
    """Three counter-offers: one declined, one accepted and delivered, one that cannot be."""
    for by, status in (("decline", None), ("accept", 200), ("accept", 410)):
        result = running.result(
            "offer",
            origin=site.origin,
            policy=site.served(),
            by="click",
            renew=status == 410,
            seen=visit(running, site)["offering"],
        )
        body = site.counter(result["post"]["body"], "SD-BASE")
        view = reply(running, result["post"], sites.http(200, jws.CONTENT_TYPE, body), site)
        answer = running.result("answer", origin=site.origin, counter=view["counter"], by=by)
        if status == 200:
            reply(
                running,
                answer["post"],
                sites.http(200, jws.CONTENT_TYPE, answer_body(answer)),
                site,
            )
        elif status:
            reply(running, answer["post"], sites.problem(status, "expired"), site)


def answer_body(answer: Any) -> bytes:
    """What was posted, as a site that has signed it already sends it back."""
    body: str = answer["post"]["body"]
    return body.encode()


def test_what_a_host_writes_verifies(home: Path) -> None:
    """Every kind of record that a real host makes: answers, their absence, an end and its echo."""
    with greeted(home) as running:
        post, _ = offer(running, "click")
        reply(running, post, NO_REPLY)
        reply(running, post, sites.http(500, "text/html", b"<h1>no"))
        reply(running, post, SHOP.answer(post["body"]))
        _countered_and_renewed(running, Site(origin="https://two.example"))
        for status, code in ((403, "declined"), (410, "expired")):
            other = Site(origin=f"https://{code}.example")
            post, _ = offer(running, "click", other)
            late = "Sun, 01 Mar 2026 10:00:00 GMT"
            reply(running, post, sites.problem(status, code, date=late), other)
        (sealed,) = [one for one in _records(home) if one.kind == "sealed"][:1]
        ending = {"origin": SHOP.origin, "agreement": sealed.agreement}
        sent = running.result("withdraw", **ending, policy=SHOP.served(), by="click")["post"]
        told = {**ending, "notice": sent["notice"]}
        running.result("reply", **told, reply=NO_REPLY)
        read = notice.read(jws.parse(sent["body"].encode(), "notice"))
        heard = notice.acknowledge(read, SHOP.key, NOW).body
        running.result("reply", **told, reply=sites.http(200, jws.CONTENT_TYPE, heard))
    kinds = {record.kind for record in _records(home)}
    assert set(get_args(Kind)) - kinds == {"erased", "notice-refused"}
    assert checked(Home.in_one_folder(home), 0)["agreements"] == 8


def _records(home: Path) -> list[Record]:
    return ledger_of(Home.in_one_folder(home)).all()


def test_every_kind_of_record_has_its_check() -> None:
    """One that is added to the ledger is added here."""
    assert Verification()._checks.keys() == set(get_args(Kind))


# What a forger does who knows the ledger's form, and makes the chain anew


def rewritten(home: Home, records: list[Record]) -> None:
    """The ledger with these records, and a chain that fits them."""
    columns = "seq, kind, at, origin, agreement, body, digest, head"
    head = b""
    with closing(sqlite3.connect(home.data / "ledger.sqlite3")) as connection:
        connection.execute("DELETE FROM record")
        for seq, one in enumerate(records, 1):
            record = Record(seq, one.kind, one.at, one.origin, one.agreement, one.body)
            digest = b"d" * 32 if one.kind == "erased" else record.digest
            head = next_head(head, digest)
            values = (seq, one.kind, one.at, one.origin, one.agreement, one.body, digest, head)
            connection.execute(
                f"INSERT INTO record ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
            )
        connection.commit()


def of(records: list[Record], kind: Kind, site: str = "withdrawn") -> int:
    """Where the first record of that kind with that site stands."""
    origin = f"https://{site}.example"
    return next(i for i, one in enumerate(records) if (one.kind, one.origin) == (kind, origin))


def changed(record: Record, **members: Any) -> Record:
    """A record with other members."""
    return Record(**({**record.__dict__} | members))


def resigned(body: bytes, key: Ed25519PrivateKey) -> bytes:
    """The same document, signed by another key than it should be."""
    payload = jws.parse(body, "document").payload
    return sites.raw_jws(payload, sites.raw_signature(key, payload))


def one_bit(body: bytes) -> bytes:
    """A JWS, one of whose signatures has another bit."""
    members = json.loads(body)
    signature = bytearray(from_b64u(members["signatures"][-1]["signature"]))
    signature[5] ^= 1
    members["signatures"][-1]["signature"] = b64u(bytes(signature))
    return sites.compact(members)


def end_of(record: Record, key: Ed25519PrivateKey, **members: Any) -> bytes:
    """Another notice than the one that was kept."""
    payload = json.loads(jws.parse(record.body, "notice").payload) | members
    made = sites.compact(payload)
    return sites.raw_jws(made, sites.raw_signature(key, made))


def their_key(records: list[Record], site: str) -> Ed25519PrivateKey:
    """The person's key with that site."""
    offered = records[of(records, "proffer", site)]
    nonce = json.loads(jws.parse(offered.body, "agreement").payload)["nonce"]
    return person_key(sites.SEED, from_b64u(nonce), offered.origin)


Forge = Callable[[list[Record]], int]


def body_of(kind: Kind, change: Callable[[bytes], bytes], site: str = "withdrawn") -> Forge:
    """Forge the body of one record."""

    def forge(records: list[Record]) -> int:
        at = of(records, kind, site)
        records[at] = changed(records[at], body=change(records[at].body))
        return at

    return forge


def member_of(kind: Kind, site: str = "withdrawn", /, **members: Any) -> Forge:
    """Forge other members of one record."""

    def forge(records: list[Record]) -> int:
        at = of(records, kind, site)
        records[at] = changed(records[at], **members)
        return at

    return forge


def without(kind: Kind, then: Kind) -> Forge:
    """Take one record out: the one that rests on it is the first bad one."""

    def forge(records: list[Record]) -> int:
        del records[of(records, kind)]
        return of(records, then)

    return forge


def other_policy(records: list[Record]) -> int:
    """A policy that is one, but not the one that the proffer rests on."""
    at = of(records, "policy")
    records[at] = changed(records[at], body=records[at].body + b" ")
    return of(records, "proffer")


def other_proffer(records: list[Record]) -> int:
    """A true proffer, under the id of another."""
    at = of(records, "proffer")
    records[at] = changed(records[at], body=records[of(records, "proffer", "signed")].body)
    return at


def doubled(records: list[Record]) -> int:
    """A proffer twice."""
    records.append(records[of(records, "proffer")])
    return len(records) - 1


def ended_by(key: Callable[[list[Record]], Ed25519PrivateKey], **members: Any) -> Forge:
    """Another end of the agreement."""

    def forge(records: list[Record]) -> int:
        at = of(records, "withdraw")
        records[at] = changed(records[at], body=end_of(records[at], key(records), **members))
        return at

    return forge


def acknowledged(key: Ed25519PrivateKey, **answer: Any) -> Forge:
    """An echo that nobody sent."""

    def forge(records: list[Record]) -> int:
        told = records[of(records, "withdraw")]
        read = notice.read(jws.parse(told.body, "notice"))
        echo = notice.acknowledge(read, key, NOW)
        body = end_of(changed(told, body=echo.body), key, **answer) if answer else echo.body
        records.append(changed(told, kind="acknowledged", body=body))
        return len(records) - 1

    return forge


def good(records: list[Record]) -> Ed25519PrivateKey:
    return their_key(records, "withdrawn")


def stranger(records: list[Record]) -> Ed25519PrivateKey:
    return STRANGER


FORGERIES: dict[str, Forge] = {
    "policy of another site": body_of("policy", lambda _: SHOP.policy()),
    "policy that is none": body_of("policy", lambda _: b"{}"),
    "other policy": other_policy,
    "policy missing": without("policy", "proffer"),
    "proffer signed by another": body_of("proffer", lambda body: resigned(body, STRANGER)),
    "proffer with a bit changed": body_of("proffer", one_bit),
    "proffer that is sealed": body_of("proffer", SHOP.countersign),
    "proffer of another id": other_proffer,
    "proffer twice": doubled,
    "proffer missing": without("proffer", "sent"),
    "seal with a bit changed": body_of("sealed", one_bit),
    "seal by one side": body_of("sealed", lambda body: resigned(body, SHOP.key)),
    "seal that is none": body_of("sealed", lambda _: b"nothing"),
    "sent by nobody": body_of("sent", lambda _: b'{"by":"magic"}'),
    "answer without a code": body_of("declined", lambda _: b'{"code":1}', "declined"),
    "answer that is no JSON": body_of("refused", lambda _: b"\xff", "refused"),
    "end signed by another": ended_by(stranger),
    "end with a bit changed": body_of("withdraw", one_bit),
    "end of something else": ended_by(good, under="A" * 43),
    "end that is an echo": ended_by(
        good, kind="acknowledge", body={"re": "d9428888-122b-11e1-b85c-61cd3cbb3210"}
    ),
    "echo by another": acknowledged(STRANGER),
    "echo of another notice": acknowledged(
        SHOP.key, body={"re": "d9428888-122b-11e1-b85c-61cd3cbb3210"}
    ),
    "no such kind": member_of("sent", kind="bribed"),
    "no time": member_of("sent", at="yesterday"),
    "no origin": member_of("sent", origin="ftp://x"),
    "another site": member_of("sealed", origin="https://signed.example"),
    "another agreement": member_of("withdraw", agreement="A" * 43),
    "erased by half": member_of("sealed", kind="erased"),
    "response that is none": member_of("sent", kind="response"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_record_is_named(
    busy: Home, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the chain was made anew over it: by number, kind and site, and with what to do."""
    records = ledger_of(busy).all()
    at = forge(records)
    rewritten(busy, records)
    monkeypatch.setenv("RBUTTON_HOME", str(busy.data))
    assert main(["verify", "--json"]) == 1
    bad = json.loads(capsys.readouterr().out)["bad"]
    assert bad["record"] == at + 1
    known = records[at].kind in get_args(Kind)
    assert bad["kind"] == (records[at].kind if known else None)
    assert bad["origin"] == (records[at].origin if records[at].origin[:5] == "https" else None)
    assert "rbutton import" in bad["fix"]
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert f"Record {at + 1} of your ledger" in told
    assert f": {bad['why']}." in told
    assert bad["fix"] in told


def test_an_echo_by_a_newer_key_of_the_site_counts(busy: Home) -> None:
    """Where a policy with that key was kept beside it, as a host keeps it."""
    records = ledger_of(busy).all()
    told = records[of(records, "withdraw")]
    newer = Site(origin=told.origin, key=STRANGER)
    assert acknowledged(STRANGER)(records) == len(records) - 1
    kept = changed(told, kind="policy", at=time_text(NOW), body=newer.policy())
    records.insert(len(records) - 1, kept)
    rewritten(busy, records)
    assert checked(busy, 0)["bad"] is None


# What happens to the file


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE record SET body = x'00' WHERE seq = 3", 3),
        ("UPDATE record SET head = x'00' WHERE seq = 4", 4),
        ("DELETE FROM record WHERE seq = 5", 5),
        ("UPDATE record SET seq = 9223372036854775807 WHERE seq = 37", 37),
        ("UPDATE record SET seq = -7 WHERE seq = 4", 4),
        ("UPDATE record SET origin = CAST(x'ff' AS TEXT) WHERE seq = 6", 6),
        ("UPDATE record SET kind = x'41' || char(27) || '[2J' WHERE seq = 7", 7),
    ],
)
def test_what_was_changed_without_the_chain_is_named(
    busy: Home, statement: str, number: int
) -> None:
    """Removed, moved, or not even text."""
    with closing(sqlite3.connect(busy.data / "ledger.sqlite3")) as connection:
        connection.execute(statement)
        connection.commit()
    assert checked(busy, 1)["bad"]["record"] == number
    assert "\x1b" not in rbutton(busy.data, "verify").stdout


def test_a_page_that_the_disk_lost_is_named(tmp_path: Path) -> None:
    """The first record that cannot be read, of many that can."""
    home = homes.home_in(tmp_path / "home")
    path = home.data / "ledger.sqlite3"
    ledgers.many(path, 60)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 4096 // 2 * 4096
    whole[middle : middle + 4096] = bytes(4096)
    path.write_bytes(whole)
    bad = checked(home, 1)["bad"]
    assert 1 < bad["record"] < len(whole) // 4096 * 10
    assert bad["why"]


def test_a_file_that_is_no_ledger_is_another_matter(busy: Home) -> None:
    """Exit code 3, as of every command."""
    (busy.data / "ledger.sqlite3").write_bytes(b"no database" * 500)
    done = rbutton(busy.data, "verify")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("rbutton: ")


def test_a_locked_ledger_is_not_called_damaged(busy: Home) -> None:
    """Another program has it to itself: nothing is said against the records."""
    with closing(sqlite3.connect(busy.data / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = rbutton(busy.data, "verify")
    assert done.returncode == 3
    assert "locked" in done.stderr


def test_long_work_is_counted_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result stays alone on standard output. Here any work is long."""
    home = homes.home_in(tmp_path / "home")
    ledgers.many(home.data / "ledger.sqlite3", 200)
    monkeypatch.setattr(counting, "SECONDS", 0.0)
    monkeypatch.setattr(telling, "NOTE_EVERY", 0.0)
    monkeypatch.setenv("RBUTTON_HOME", str(home.data))
    assert main(["verify", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["agreements"] == 200
    heading, *counts = told.err.splitlines()
    assert heading == "Checking your ledger …"
    assert counts[:2] == ["  0 of 998 records", "  500 of 998 records"]
