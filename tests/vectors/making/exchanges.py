"""Whole exchanges, step by step: what is posted, answered and lost, and what each side has then.

The states are written down here, not reckoned: both sides are run against them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.terms.encoding import b64u, from_b64u, time_text
from rbutton.terms.keys import person_key
from tests.vectors.making.common import (
    NOW,
    ORIGIN,
    OTHER_KEY,
    SEED,
    SITE_KEY,
    Json,
    and_by,
    id_of,
    jwk,
    members_of,
    own_term,
    policy,
    proffered,
    roster_term,
    signed,
    thirty_two,
)
from tests.vectors.making.replies import problem

Signed = Literal["answer"] | Json | None
_JOSE = "application/jose+json"
_PROBLEM = "application/problem+json"
_STATUS = {"declined": 403, "unknown-agreement": 404, "conflict": 409, "expired": 410}
_STATUS |= {"unknown-terms": 422, "slow-down": 429}
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_LIMITS: Json = {"track.offsite": "never", "share": "none"}
_POLICIES = {
    "signs": policy(accepts=["SD-BASE-DP", "SD-BASE", "no-stalking"], limits=_LIMITS),
    "signs-less": policy(accepts=["SD-BASE"]),
    "new-key": policy(accepts=["SD-BASE-DP"], keys=[jwk(OTHER_KEY)]),
}
_KEYS = {"signs": SITE_KEY, "signs-less": SITE_KEY, "new-key": OTHER_KEY}


@dataclass
class Exchange:
    """One of them, as it grows.

    Attributes:
        serves: the policy the site starts with.
        counter: roster ids it offers instead of what it does not sign.
    """

    name: str
    serves: str = "signs"
    counter: tuple[str, ...] = ()
    steps: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policy = self.serves

    def proffer(self, *terms: str | Json, at: datetime = NOW, **changes: Any) -> str:
        """A new proffer's body, with a nonce of its own."""
        nonce = thirty_two(f"{self.name} {len(self.steps)} {time_text(at)}")
        members = proffered(
            terms or ("SD-BASE-DP",), nonce=nonce, served=_POLICIES[self.policy], at=at, **changes
        )
        return signed(members, key_of(members))

    def step(
        self,
        act: str,
        at: datetime = NOW,
        *,
        post: str | None = None,
        answer: Json | None = None,
        reply: Signed = "answer",
        person: Json | None = None,
        site: dict[str, str] | None = None,
        agent: str = "first",
        **more: Any,
    ) -> None:
        """One step; what `answer` is null for never reached the site."""
        self.steps.append(
            {
                "at": time_text(at),
                "act": act,
                **({} if agent == "first" else {"agent": agent}),
                **more,
                "post": post,
                "answer": answer,
                "reply": reply if answer or reply != "answer" else None,
                "person": person,
                "site": site,
            }
        )

    def as_json(self) -> Json:
        return {
            "name": self.name,
            "policy": self.serves,
            "counter": list(self.counter),
            "steps": self.steps,
        }


def vectors() -> Json:
    """All of them, and the policies that they name."""
    return {
        "about": (
            "Steps in turn. `act` is what the person's agent does (or, without one, what happens); "
            "`post` the exact body that is sent; `answer` what the site answers, null where it "
            "never got it; `reply` what the agent gets: the answer, something else, or nothing. "
            "`person` and `site` are what each has on record afterwards. docs/implementing.md "
            "explains every member."
        ),
        "origin": ORIGIN,
        "seed": b64u(SEED),
        "site_private_keys": {name: b64u(key.private_bytes_raw()) for name, key in _KEYS.items()},
        "policies": _POLICIES,
        "exchanges": [one.as_json() for one in _all()],
    }


def key_of(members: Json) -> Ed25519PrivateKey:
    """The person's key of a proffer."""
    return person_key(SEED, from_b64u(members["nonce"]), ORIGIN)


def has(
    states: dict[str, str],
    *,
    alone: Iterable[str] = (),
    click: Iterable[str] = (),
    in_force: str | None = None,
) -> Json:
    """What the person has on record.

    Args:
        states: id → state.
        alone: ids of which something is still to be sent, by the agent alone.
        click: the same, by the person alone.
        in_force: the id of the agreement that holds.
    """
    return {
        "in_force": in_force,
        "states": states,
        "to_send": [
            *({"id": one, "alone": True} for one in alone),
            *({"id": one, "alone": False} for one in click),
        ],
    }


def ok(body: str) -> Json:
    """200 with signed bytes."""
    return {"status": 200, "content_type": _JOSE, "code": None, "body": body}


def no(code: str) -> Json:
    """A refusal with its code; the words are an example."""
    status = _STATUS[code]
    body = problem(status, code)
    return {"status": status, "content_type": _PROBLEM, "code": code, "body": body}


def nonsense(status: int, body: str, content_type: str = "text/html", **headers: str) -> Json:
    """What comes from something between the two."""
    return {
        "status": status,
        "content_type": content_type,
        "code": None,
        "body": body,
        **({"headers": headers} if headers else {}),
    }


def counter_of(proffer: str, *ids: str, at: datetime, key: Ed25519PrivateKey = SITE_KEY) -> str:
    """The site's counter, open for a week."""
    members = members_of(proffer) | {
        "terms": [roster_term(one) for one in ids],
        "proffered": time_text(at),
        "answer_by": time_text(at + 7 * _DAY),
        "answers": id_of(proffer),
    }
    return signed(members, key)


def accepted(counter: str) -> str:
    """The counter with the person's signature beside the site's."""
    return and_by(counter, key_of(members_of(counter)))


def withdrawal(of: str, at: datetime, uuid: str = "0b9f7f6e-3c5c-4a35-9d7e-5e1f6a1b2c3d") -> str:
    """The person's notice that ends what a body carries."""
    members = members_of(of)
    notice = {
        "emanciterms": 1,
        "type": "notice",
        "kind": "withdraw",
        "under": id_of(of),
        "id": uuid,
        "made": time_text(at),
        "body": {"reason": None},
    }
    return signed(notice, key_of(members))


def acknowledgement(of: str, at: datetime, key: Ed25519PrivateKey = SITE_KEY) -> str:
    """The site's answer to it; its id and time are an example."""
    told = members_of(of)
    notice = told | {
        "kind": "acknowledge",
        "id": "5a0c1a52-7a4e-4a53-8f0d-3a3c1c9a7f10",
        "made": time_text(at),
        "body": {"re": told["id"]},
    }
    return signed(notice, key)


def _seal(x: Exchange, *terms: str | Json, at: datetime = NOW, **changes: Any) -> tuple[str, str]:
    """A proffer that is sealed at once: body and id."""
    body = x.proffer(*terms, at=at, **changes)
    a = id_of(body)
    sealed = ok(and_by(body, SITE_KEY))
    x.step("proffer", at, post=body, answer=sealed, person=_agreed(a), site={a: "sealed"})
    return body, a


def _agreed(*ids: str, **states: str) -> Json:
    """The last of these agreements is in force, those before it were replaced."""
    *before, last = ids
    return has({**dict.fromkeys(before, "replaced"), last: "agreed", **states}, in_force=last)


def _all() -> list[Exchange]:
    return [
        _sealed(),
        _own(),
        _request_lost(),
        _reply_lost(),
        _declined(),
        _counter_accepted(),
        _counter_declined(),
        _counter_lost(),
        _counter_late(),
        _withdrawn(),
        _withdrawal_resent(),
        _withdrawn_under_new_key(),
        _overtaken(),
        _taken_back_counter(),
        _late_reply(),
        _renewed(),
        _renewed_twice(),
        _renewed_after_end(),
        _ends_by_itself(),
        _renewed_past_its_end(),
        _expired(),
        _unknown(),
        _conflict(),
        _slow_down(),
        _unanswered(),
        _other_terms(),
    ]


def _sealed() -> Exchange:
    x = Exchange("sealed, and the same payload gets the same answer")
    body, a = _seal(x)
    again = ok(and_by(body, SITE_KEY))
    x.step("replay", NOW + _DAY, post=body, answer=again, person=_agreed(a), site={a: "sealed"})
    both = and_by(body, SITE_KEY)
    x.step("replay", NOW + _DAY, post=both, answer=again, person=_agreed(a), site={a: "sealed"})
    return x


def _own() -> Exchange:
    x = Exchange("own terms within the site's limits, then own terms beyond them")
    _, a = _seal(x, own_term(track__offsite="never", share="anonymised"))
    later = NOW + _MINUTE
    body = x.proffer(own_term(sell="never"), at=later, supersedes=a)
    b = id_of(body)
    x.step(
        "proffer",
        later,
        post=body,
        answer=no("declined"),
        person=has({a: "agreed", b: "declined"}, in_force=a),
        site={a: "sealed", b: "declined"},
    )
    return x


def _request_lost() -> Exchange:
    x = Exchange("the proffer is lost, and sent again")
    body = x.proffer()
    a = id_of(body)
    x.step("proffer", post=body, person=has({a: "offered"}, alone=[a]), site={})
    sealed = ok(and_by(body, SITE_KEY))
    x.step(
        "again",
        NOW + _MINUTE,
        post=body,
        answer=sealed,
        person=_agreed(a),
        site={a: "sealed"},
    )
    return x


def _reply_lost() -> Exchange:
    x = Exchange("the answer is lost, and the proffer sent again")
    body = x.proffer()
    a = id_of(body)
    sealed = ok(and_by(body, SITE_KEY))
    waiting = has({a: "offered"}, alone=[a])
    x.step("proffer", post=body, answer=sealed, reply=None, person=waiting, site={a: "sealed"})
    # Long after its answer_by: what was sealed in time is answered the same.
    x.step(
        "again",
        NOW + _HOUR,
        post=body,
        answer=sealed,
        person=_agreed(a),
        site={a: "sealed"},
    )
    return x


def _declined() -> Exchange:
    x = Exchange("declined, once and again", serves="signs-less")
    body = x.proffer()
    a = id_of(body)
    person = has({a: "declined"})
    x.step("proffer", post=body, answer=no("declined"), person=person, site={a: "declined"})
    x.step(
        "replay",
        NOW + _MINUTE,
        post=body,
        answer=no("declined"),
        person=person,
        site={a: "declined"},
    )
    return x


def _countered(x: Exchange, *, lost: bool = False) -> tuple[str, str]:
    """A proffer that is countered: both bodies."""
    body = x.proffer()
    a = id_of(body)
    made = counter_of(body, *x.counter, at=NOW)
    x.step(
        "proffer",
        post=body,
        answer=ok(made),
        reply=None if lost else "answer",
        person=has({a: "offered"}, alone=[a]) if lost else has({a: "countered"}),
        site={a: "countered", id_of(made): "offered"},
    )
    return body, made


def _counter_accepted() -> Exchange:
    x = Exchange("countered, accepted and delivered", "signs-less", ("SD-BASE",))
    body, made = _countered(x)
    a, c = id_of(body), id_of(made)
    later = NOW + _HOUR
    x.step(
        "accept",
        later,
        counter=c,
        post=accepted(made),
        answer=ok(accepted(made)),
        person=has({a: "answered", c: "agreed"}, in_force=c),
        site={a: "countered", c: "sealed"},
    )
    # Having countered, the site never signs the proffer.
    x.step(
        "replay",
        later,
        post=body,
        answer=ok(made),
        person=has({a: "answered", c: "agreed"}, in_force=c),
        site={a: "countered", c: "sealed"},
    )
    return x


def _counter_declined() -> Exchange:
    x = Exchange("countered, and the person declines", "signs-less", ("SD-BASE",))
    body, made = _countered(x)
    a, c = id_of(body), id_of(made)
    x.step(
        "decline",
        NOW + _HOUR,
        counter=c,
        person=has({a: "answered"}),
        site={a: "countered", c: "offered"},
    )
    return x


def _counter_lost() -> Exchange:
    x = Exchange(
        "the counter is lost, then its acceptance, then the answer", "signs-less", ("SD-BASE",)
    )
    body, made = _countered(x, lost=True)
    a, c = id_of(body), id_of(made)
    x.step(
        "again",
        NOW + _MINUTE,
        post=body,
        answer=ok(made),
        person=has({a: "countered"}),
        site={a: "countered", c: "offered"},
    )
    both = accepted(made)
    undelivered = has({a: "answered", c: "agreed"}, alone=[c], in_force=c)
    x.step(
        "accept",
        NOW + 2 * _MINUTE,
        counter=c,
        post=both,
        person=undelivered,
        site={a: "countered", c: "offered"},
    )
    x.step(
        "again",
        NOW + 3 * _MINUTE,
        post=both,
        answer=ok(both),
        reply=None,
        person=undelivered,
        site={a: "countered", c: "sealed"},
    )
    x.step(
        "again",
        NOW + 4 * _MINUTE,
        post=both,
        answer=ok(both),
        person=has({a: "answered", c: "agreed"}, in_force=c),
        site={a: "countered", c: "sealed"},
    )
    return x


def _counter_late() -> Exchange:
    x = Exchange("accepted in time, delivered late", "signs-less", ("SD-BASE",))
    body, made = _countered(x)
    a, c = id_of(body), id_of(made)
    in_time, late = NOW + 7 * _DAY - _MINUTE, NOW + 7 * _DAY + _HOUR
    both = accepted(made)
    x.step(
        "accept",
        in_time,
        counter=c,
        post=both,
        person=has({a: "answered", c: "agreed"}, alone=[c], in_force=c),
        site={a: "countered", c: "offered"},
    )
    x.step(
        "again",
        late,
        post=both,
        answer=ok(both),
        person=has({a: "answered", c: "agreed"}, in_force=c),
        site={a: "countered", c: "sealed"},
    )
    return x


def _withdrawn() -> Exchange:
    x = Exchange("withdrawn: whatever is replayed stays so")
    body, a = _seal(x)
    later = NOW + _DAY
    told = withdrawal(body, later)
    gone, ended = has({a: "withdrawn"}), {a: "withdrawn"}
    x.step(
        "withdraw",
        later,
        post=told,
        answer=ok(acknowledgement(told, later)),
        person=gone,
        site=ended,
    )
    for replayed in (body, and_by(body, SITE_KEY)):
        x.step(
            "replay", later + _MINUTE, post=replayed, answer=no("expired"), person=gone, site=ended
        )
    x.step(
        "replay",
        later + _HOUR,
        post=told,
        answer=ok(acknowledgement(told, later)),
        person=gone,
        site=ended,
    )
    # To offer again is another proffer, under a nonce and an id of its own.
    again = x.proffer(at=later + 2 * _HOUR)
    b = id_of(again)
    x.step(
        "proffer",
        later + 2 * _HOUR,
        post=again,
        answer=ok(and_by(again, SITE_KEY)),
        person=has({a: "withdrawn", b: "agreed"}, in_force=b),
        site={a: "withdrawn", b: "sealed"},
    )
    return x


def _withdrawal_resent() -> Exchange:
    x = Exchange("the withdrawal is lost, then its acknowledgement")
    body, a = _seal(x)
    later = NOW + _DAY
    told = withdrawal(body, later)
    waiting = has({a: "withdrawn"}, alone=[a])
    x.step("withdraw", later, post=told, person=waiting, site={a: "sealed"})
    acknowledged = ok(acknowledgement(told, later + _MINUTE))
    x.step(
        "again",
        later + _MINUTE,
        post=told,
        answer=acknowledged,
        reply=None,
        person=waiting,
        site={a: "withdrawn"},
    )
    x.step(
        "again",
        later + _HOUR,
        post=told,
        answer=acknowledged,
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    return x


def _withdrawn_under_new_key() -> Exchange:
    x = Exchange("withdrawn after the site changed its key")
    body, a = _seal(x)
    later = NOW + 30 * _DAY
    x.step("serves", later, policy="new-key", person=_agreed(a), site={a: "sealed"})
    told = withdrawal(body, later)
    x.step(
        "withdraw",
        later,
        post=told,
        answer=ok(acknowledgement(told, later, OTHER_KEY)),
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    return x


def _overtaken() -> Exchange:
    x = Exchange("taken back, and the withdrawal overtakes the proffer")
    body = x.proffer()
    a = id_of(body)
    seconds = timedelta(seconds=1)
    x.step("proffer", post=body, person=has({a: "offered"}, alone=[a]), site={})
    told = withdrawal(body, NOW + 5 * seconds)
    waiting = has({a: "withdrawn"}, alone=[a])
    # Not the last word: the proffer may still arrive, and be signed.
    x.step(
        "withdraw",
        NOW + 5 * seconds,
        post=told,
        answer=no("unknown-agreement"),
        person=waiting,
        site={},
    )
    x.step(
        "replay",
        NOW + 20 * seconds,
        post=body,
        answer=ok(and_by(body, SITE_KEY)),
        person=waiting,
        site={a: "sealed"},
    )
    x.step(
        "again",
        NOW + 30 * seconds,
        post=told,
        answer=ok(acknowledgement(told, NOW + 30 * seconds)),
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    return x


def _taken_back_counter() -> Exchange:
    x = Exchange("taken back before its counter arrived", "signs-less", ("SD-BASE",))
    body, made = _countered(x, lost=True)
    a, c = id_of(body), id_of(made)
    later = NOW + _MINUTE
    told = withdrawal(body, later)
    gone, voided = has({a: "withdrawn"}), {a: "voided", c: "voided"}
    x.step(
        "withdraw",
        later,
        post=told,
        answer=ok(acknowledgement(told, later)),
        person=gone,
        site=voided,
    )
    for replayed in (body, accepted(made)):
        x.step(
            "replay", later + _MINUTE, post=replayed, answer=no("expired"), person=gone, site=voided
        )
    return x


def _late_reply() -> Exchange:
    x = Exchange("taken back, and the old answer arrives afterwards")
    body = x.proffer()
    a = id_of(body)
    sealed = ok(and_by(body, SITE_KEY))
    x.step(
        "proffer",
        post=body,
        answer=sealed,
        reply=None,
        person=has({a: "offered"}, alone=[a]),
        site={a: "sealed"},
    )
    told = withdrawal(body, NOW + _MINUTE)
    acknowledged = ok(acknowledgement(told, NOW + _MINUTE))
    x.step(
        "withdraw",
        NOW + _MINUTE,
        post=told,
        answer=acknowledged,
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    x.step(
        "arrives",
        NOW + 2 * _MINUTE,
        to=a,
        reply=sealed,
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    return x


def _renewed() -> Exchange:
    x = Exchange(
        "renewed by stricter terms, then by terms that are countered", counter=("SD-BASE",)
    )
    first, a = _seal(x, "SD-BASE")
    later = NOW + _DAY
    body = x.proffer("SD-BASE-DP", at=later, supersedes=a)
    b = id_of(body)
    x.step(
        "proffer",
        later,
        post=body,
        answer=ok(and_by(body, SITE_KEY)),
        person=_agreed(a, b),
        site={a: "superseded", b: "sealed"},
    )
    # The same answer as ever, and nothing comes back into force by it.
    x.step(
        "replay",
        later,
        post=first,
        answer=ok(and_by(first, SITE_KEY)),
        person=_agreed(a, b),
        site={a: "superseded", b: "sealed"},
    )
    wish = x.proffer("mine-as-well", at=later + _HOUR, supersedes=b)
    made = counter_of(wish, "SD-BASE", at=later + _HOUR)
    d, c = id_of(wish), id_of(made)
    # Until the new one is sealed the old one stands.
    x.step(
        "proffer",
        later + _HOUR,
        post=wish,
        answer=ok(made),
        person=has({a: "replaced", b: "agreed", d: "countered"}, in_force=b),
        site={a: "superseded", b: "sealed", d: "countered", c: "offered"},
    )
    both = accepted(made)
    x.step(
        "accept",
        later + 2 * _HOUR,
        counter=c,
        post=both,
        answer=ok(both),
        person=has({a: "replaced", b: "replaced", d: "answered", c: "agreed"}, in_force=c),
        site={a: "superseded", b: "superseded", d: "countered", c: "sealed"},
    )
    return x


def _renewed_twice() -> Exchange:
    x = Exchange("two machines replace the same agreement: the first to be sealed does")
    _, a = _seal(x)
    x.step("copies", agent="second", person=_agreed(a), site={a: "sealed"})
    later = NOW + _DAY
    one = x.proffer("no-stalking", at=later, supersedes=a)
    b = id_of(one)
    x.step(
        "proffer",
        later,
        post=one,
        answer=ok(and_by(one, SITE_KEY)),
        person=_agreed(a, b),
        site={a: "superseded", b: "sealed"},
    )
    two = x.proffer("SD-BASE", at=later, supersedes=a)
    c = id_of(two)
    x.step(
        "proffer",
        later,
        agent="second",
        post=two,
        answer=no("conflict"),
        person=has({a: "agreed", c: "refused"}, in_force=a),
        site={a: "superseded", b: "sealed"},
    )
    return x


def _renewed_after_end() -> Exchange:
    x = Exchange("what was withdrawn cannot be replaced")
    body, a = _seal(x)
    x.step("copies", agent="second", person=_agreed(a), site={a: "sealed"})
    later = NOW + _DAY
    told = withdrawal(body, later)
    x.step(
        "withdraw",
        later,
        post=told,
        answer=ok(acknowledgement(told, later)),
        person=has({a: "withdrawn"}),
        site={a: "withdrawn"},
    )
    two = x.proffer("SD-BASE", at=later, supersedes=a)
    b = id_of(two)
    x.step(
        "proffer",
        later,
        agent="second",
        post=two,
        answer=no("conflict"),
        person=has({a: "agreed", b: "refused"}, in_force=a),
        site={a: "withdrawn"},
    )
    return x


def _ends_by_itself() -> Exchange:
    x = Exchange("an agreement with an end")
    until = NOW + _HOUR
    body, a = _seal(x, until=until)
    before, after = until - timedelta(seconds=1), until
    x.step("waits", before, person=_agreed(a), site={a: "sealed"})
    x.step("waits", after, person=has({a: "agreed"}), site={a: "ended"})
    sealed = ok(and_by(body, SITE_KEY))
    x.step("replay", after, post=body, answer=sealed, person=has({a: "agreed"}), site={a: "ended"})
    return x


def _renewed_past_its_end() -> Exchange:
    x = Exchange("renewed in time, and what is replaced runs out before the site hears of it")
    until = NOW + _HOUR
    _, a = _seal(x, until=until)
    before, after = until - _MINUTE, until + _MINUTE
    body = x.proffer("SD-BASE", at=before, supersedes=a)
    b = id_of(body)
    x.step(
        "proffer",
        before,
        post=body,
        person=has({a: "agreed", b: "offered"}, alone=[b], in_force=a),
        site={a: "sealed"},
    )
    x.step(
        "again",
        after,
        post=body,
        answer=ok(and_by(body, SITE_KEY)),
        person=_agreed(a, b),
        site={a: "superseded", b: "sealed"},
    )
    return x


def _expired() -> Exchange:
    x = Exchange("it reaches the site too late")
    body = x.proffer()
    a = id_of(body)
    x.step("proffer", post=body, person=has({a: "offered"}, alone=[a]), site={})
    late = NOW + 10 * _MINUTE + timedelta(seconds=1)
    x.step("again", late, post=body, answer=no("expired"), person=has({a: "refused"}), site={})
    return x


def _unknown() -> Exchange:
    x = Exchange("terms that the site has in other words")
    other = roster_term("SD-BASE-DP") | {"sha256": b64u(thirty_two("a comma more"))}
    body = x.proffer(other)
    a = id_of(body)
    refused = has({a: "refused"})
    x.step("proffer", post=body, answer=no("unknown-terms"), person=refused, site={})
    return x


def _conflict() -> Exchange:
    x = Exchange("the policy changed meanwhile, and changes back")
    body = x.proffer("SD-BASE")
    a = id_of(body)
    x.step("serves", NOW, policy="signs-less", person=has({}), site={})
    x.policy = "signs-less"
    x.step("proffer", post=body, answer=no("conflict"), person=has({a: "refused"}), site={})
    again = x.proffer("SD-BASE", at=NOW + _MINUTE)
    b = id_of(again)
    x.step(
        "proffer",
        NOW + _MINUTE,
        post=again,
        answer=ok(and_by(again, SITE_KEY)),
        person=has({a: "refused", b: "agreed"}, in_force=b),
        site={b: "sealed"},
    )
    # What was refused stays so, though the site could sign it by now.
    later, sealed = NOW + 2 * _MINUTE, {b: "sealed"}
    person = has({a: "refused", b: "agreed"}, in_force=b)
    x.step("serves", later, policy="signs", person=person, site=sealed)
    x.step("replay", later, post=body, answer=no("conflict"), person=person, site=sealed)
    return x


def _slow_down() -> Exchange:
    x = Exchange("too much at once")
    body = x.proffer()
    a = id_of(body)
    busy = no("slow-down") | {"headers": {"Retry-After": "120"}}
    held = has({a: "offered"}, click=[a])
    x.step("proffer", post=body, reply=busy, person=held, site={})
    x.step("waits", NOW + timedelta(seconds=119), person=held, site={})
    later = NOW + timedelta(seconds=120)
    x.step("waits", later, person=has({a: "offered"}, alone=[a]), site={})
    sealed = ok(and_by(body, SITE_KEY))
    x.step("again", later, post=body, answer=sealed, person=_agreed(a), site={a: "sealed"})
    return x


def _unanswered() -> Exchange:
    x = Exchange("five times no answer, then voided by the person")
    body = x.proffer()
    a = id_of(body)
    page = nonsense(502, "<title>Bad gateway</title>")
    for number in range(4):
        x.step(
            "again" if number else "proffer",
            NOW + number * _MINUTE,
            post=body,
            reply=page,
            person=has({a: "offered"}, alone=[a]),
            site={},
        )
    at = NOW + 4 * _MINUTE
    x.step("again", at, post=body, reply=page, person=has({a: "offered"}, click=[a]), site={})
    later = NOW + _HOUR
    told = withdrawal(body, later)
    # By now the site cannot sign it any more, so that it knows of none is the last word.
    x.step(
        "withdraw",
        later,
        post=told,
        answer=no("unknown-agreement"),
        person=has({a: "withdrawn"}),
        site={},
    )
    x.step("replay", later, post=body, answer=no("expired"), person=has({a: "withdrawn"}), site={})
    return x


def _other_terms() -> Exchange:
    x = Exchange("something in between answers with other terms")
    body = x.proffer()
    a = id_of(body)
    members = members_of(body) | {"terms": [roster_term("SD-BASE")]}
    forged = ok(signed(members, SITE_KEY))
    waiting = has({a: "offered"}, alone=[a])
    x.step("proffer", post=body, reply=forged, person=waiting, site={})
    returned = ok(body)
    x.step("again", NOW + _MINUTE, post=body, reply=returned, person=waiting, site={})
    sealed = ok(and_by(body, SITE_KEY))
    x.step(
        "again", NOW + 2 * _MINUTE, post=body, answer=sealed, person=_agreed(a), site={a: "sealed"}
    )
    return x
