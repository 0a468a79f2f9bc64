"""What the files of both sides prove, read by SQL, JSON and Ed25519 alone: none of our own folds.

What is in force follows from signed bytes: both signed it, no later one that both signed names it
in `supersedes`, no notice of the person's ends it, and its `until` has not come.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def decoded(text: str) -> bytes:
    """Unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    """The same the other way."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Signed:
    """A JWS, every signature of it verified.

    Attributes:
        by: the public keys, unpadded base64url, that signed the payload.
    """

    payload: bytes
    by: frozenset[str]

    @property
    def id(self) -> str:
        return encoded(hashlib.sha256(self.payload).digest())

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.payload)
        return members


def signed(body: bytes, *keys: str) -> Signed:
    """Verify a JWS; each of its signatures must be by another one of these keys."""
    document = json.loads(body)
    by = []
    for one in document["signatures"]:
        header = json.loads(decoded(one["protected"]))
        (key,) = (key for key in keys if thumbprint(key) == header["kid"])
        covered = f"{one['protected']}.{document['payload']}".encode()
        public = Ed25519PublicKey.from_public_bytes(decoded(key))
        public.verify(decoded(one["signature"]), covered)
        by.append(key)
    assert len(set(by)) == len(by)
    return Signed(decoded(document["payload"]), frozenset(by))


def thumbprint(key: str) -> str:
    """RFC 7638."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{key}"}}'
    return encoded(hashlib.sha256(members.encode()).digest())


def payload_of(body: bytes) -> dict[str, Any]:
    """The members of a JWS's payload, nothing verified."""
    members: dict[str, Any] = json.loads(decoded(json.loads(body)["payload"]))
    return members


def persons_key(members: Mapping[str, Any], seed: bytes) -> str:
    """The key that the person has for an agreement (protocol, section 4)."""
    info = b"emanciterms/1 person " + members["site"]["origin"].encode()
    derived = HKDF(SHA256(), 32, salt=decoded(members["nonce"]), info=info).derive(seed)
    public = Ed25519PrivateKey.from_private_bytes(derived).public_key()
    return encoded(public.public_bytes_raw())


@dataclass(frozen=True)
class Holding:
    """What one side holds with one other.

    Attributes:
        agreements: signed by both, verified: id → it.
        ended: the ids of what the person's notices end.
        now: the time, RFC 3339 in UTC.
    """

    agreements: dict[str, Signed]
    ended: frozenset[str]
    now: str

    @property
    def replaced(self) -> set[str]:
        """The ids that later agreements name."""
        return {one.members["supersedes"] for one in self.agreements.values()} - {None}

    @property
    def standing(self) -> set[str]:
        """What nobody ended; it may have ended by itself."""
        return self.agreements.keys() - self.ended - self.replaced

    @property
    def in_force(self) -> set[str]:
        untils = {name: self.agreements[name].members["until"] for name in self.standing}
        return {name for name, until in untils.items() if until is None or self.now < until}


def agreement(body: bytes, seed: bytes, site_keys: set[str]) -> Signed:
    """Verify that the person of that seed and a site with one of these keys signed the same."""
    members = payload_of(body)
    person, site = persons_key(members, seed), members["site"]["jwk"]["x"]
    assert members["person"]["jwk"]["x"] == person
    assert site in site_keys
    found = signed(body, person, site)
    assert found.by == {person, site}
    return found


def _notice(body: bytes, ended: Signed) -> str:
    """Verify that the person's notice ends that agreement or proffer: its id."""
    notice = signed(body, ended.members["person"]["jwk"]["x"])
    assert len(notice.by) == 1
    assert (notice.members["kind"], notice.members["under"]) == ("withdraw", ended.id)
    return ended.id


def of_person(ledger: Path, seed: bytes, site_keys: set[str], now: str) -> Holding:
    """What the person's ledger holds, of one site."""
    agreements: dict[str, Signed] = {}
    offered: dict[str, Signed] = {}
    ended = set()
    for kind, name, body in _rows(ledger, "SELECT kind, agreement, body FROM record ORDER BY seq"):
        if kind in ("sealed", "accepted"):
            agreements[name] = agreement(body, seed, site_keys)
            assert agreements[name].id == name
        elif kind == "proffer":
            members = payload_of(body)
            offered[name] = signed(body, persons_key(members, seed))
            assert offered[name].by
            assert offered[name].id == name
        elif kind == "withdraw":
            ended.add(_notice(body, agreements.get(name) or offered[name]))
    return Holding(agreements, frozenset(ended), now)


def of_site(store: Path, seed: bytes, site_keys: set[str], now: str) -> Holding:
    """What the site's store holds, of one person; also of those that it calls something else."""
    agreements, bodies = {}, {}
    for name, state, body in _rows(store, "SELECT id, state, body FROM emanciterms_answer"):
        if state == "declined":
            continue
        bodies[name] = body
        if state in ("sealed", "superseded", "withdrawn"):
            agreements[name] = agreement(body, seed, site_keys)
            assert agreements[name].id == name
    ended = set()
    for name, body in _rows(store, "SELECT under, body FROM emanciterms_notice"):
        members = payload_of(bodies[name])
        notice = signed(body, persons_key(members, seed))
        assert len(notice.by) == 1
        assert (notice.members["kind"], notice.members["under"]) == ("withdraw", name)
        ended.add(name)
    return Holding(agreements, frozenset(ended), now)


def sealed_by_column(store: Path) -> set[str]:
    """The ids that the site's store says nobody ended."""
    query = "SELECT id FROM emanciterms_answer WHERE state = 'sealed'"
    return {name for (name,) in _rows(store, query)}


def _rows(path: Path, query: str) -> list[Any]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()
