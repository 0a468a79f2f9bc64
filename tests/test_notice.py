"""Notices, as bytes: who may sign one, and what is none."""

import json
import uuid
from typing import Any

import pytest

from rbutton.terms import documents, jws, notice
from rbutton.terms.encoding import time_text
from rbutton.terms.errors import BadSignature, InvalidDocument
from rbutton.terms.keys import PublicKey, person_key
from tests.sites import NONCE, NOW, ORIGIN, SEED, Site, compact, raw_jws, raw_signature

PERSON = person_key(SEED, NONCE, ORIGIN)
SITE = Site()
UNDER = "oP4qITt4vvW1eE0ohfbOCV8EP6EV2M7gdzQ33sNpowU"
WITHDRAW: dict[str, Any] = {
    "emanciterms": 1,
    "type": "notice",
    "kind": "withdraw",
    "under": UNDER,
    "id": "0b9f7f6e-3c5c-4a35-9d7e-5e1f6a1b2c3d",
    "made": "2026-12-01T09:30:00Z",
    "body": {"reason": None},
}


def signed(members: dict[str, Any], *keys: Any) -> bytes:
    payload = compact(members)
    return raw_jws(payload, *(raw_signature(key, payload) for key in keys or (PERSON,)))


def read(body: bytes) -> notice.SignedNotice:
    return notice.read(jws.parse(body, "notice"))


def test_a_withdrawal_and_its_acknowledgement() -> None:
    """As another implementation would write and read them."""
    told = read(signed(WITHDRAW))
    assert told.check_by([PublicKey.of(PERSON)]).notice.under == UNDER
    answer = notice.acknowledge(told, SITE.key, NOW)
    members = json.loads(answer.document.payload)
    assert members | {"id": ""} == {
        "emanciterms": 1,
        "type": "notice",
        "kind": "acknowledge",
        "under": UNDER,
        "id": "",
        "made": time_text(NOW),
        "body": {"re": WITHDRAW["id"]},
    }
    assert str(uuid.UUID(members["id"])) == members["id"]
    assert documents.canonical(members) == answer.document.payload
    assert notice.acknowledges(answer, told)
    assert not notice.acknowledges(told, told)
    other = read(signed(WITHDRAW | {"id": str(uuid.uuid4())}))
    assert not notice.acknowledges(answer, other)


def test_ours_are_in_the_same_form() -> None:
    made = notice.withdraw(UNDER, PERSON, NOW, "I changed my mind")
    members = json.loads(made.document.payload)
    assert set(members) == set(WITHDRAW)
    assert (members["under"], members["body"]) == (UNDER, {"reason": "I changed my mind"})
    assert made.check_by([PublicKey.of(PERSON)])
    assert notice.withdraw(UNDER, PERSON, NOW).notice.id != made.notice.id


@pytest.mark.parametrize(
    "changes",
    [
        {"emanciterms": 2},
        {"type": "agreement"},
        {"kind": None},
        {"kind": 7},
        {"under": "short"},
        {"id": WITHDRAW["id"].upper()},
        {"id": "{" + WITHDRAW["id"] + "}"},
        {"id": 7},
        {"made": "yesterday"},
        {"body": {}},
        {"body": None},
        {"body": {"reason": 7}},
        {"body": {"reason": None, "more": 1}},
        {"body": {"re": WITHDRAW["id"]}},
        {"kind": "acknowledge"},
        {"kind": "acknowledge", "body": {"re": "no uuid"}},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_no_notice(changes: dict[str, Any]) -> None:
    """Told as malformed, with the place."""
    with pytest.raises(InvalidDocument, match="the notice") as caught:
        read(signed(WITHDRAW | changes))
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("missing", WITHDRAW)
def test_every_member_is_needed(missing: str) -> None:
    with pytest.raises(InvalidDocument):
        read(signed({name: value for name, value in WITHDRAW.items() if name != missing}))


def test_a_kind_that_is_not_known_is_told_apart() -> None:
    """422 unknown-terms (section 6), whatever else it says."""
    with pytest.raises(InvalidDocument, match="kind") as caught:
        read(signed(WITHDRAW | {"kind": "intent", "body": {"of": "anything"}}))
    assert caught.value.code == "unknown-terms"


def test_one_signature_by_the_right_key() -> None:
    """Not by a stranger, not by two, not over other bytes."""
    mine = PublicKey.of(PERSON)
    with pytest.raises(BadSignature):
        read(signed(WITHDRAW, PERSON, SITE.key))
    with pytest.raises(BadSignature):
        read(signed(WITHDRAW, SITE.key)).check_by([mine])
    stolen = raw_jws(compact(WITHDRAW), raw_signature(PERSON, compact(WITHDRAW | {"under": "x"})))
    with pytest.raises(BadSignature):
        read(stolen).check_by([mine])
