"""A person's agent and a site of the kit, taken through the steps of `exchanges.json`.

The agent here is the real ledger and the real decisions on it; only the clock, and what would be
drawn at random, are given.
"""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.decisions.delivery import Delivery
from rbutton.decisions.relationship import OpenProffer, Relationship, relationship
from rbutton.decisions.states import TABLE, State
from rbutton.native import messages, outcomes, signing
from rbutton.person.ledger import Ledger, Record
from rbutton.shipped.roster import catalogue
from rbutton.site.policy import SitePolicy
from rbutton.terms import agreement as agreements
from rbutton.terms import jws, policy
from rbutton.terms import notice as notices
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.keys import person_key
from tests.shops import Shop
from tests.sites import in_base64

Json = dict[str, Any]


def site_of(body: str, private_key: str, counter: list[str] | None = None) -> SitePolicy:
    """A site that serves these bytes."""
    members = json.loads(body)
    return SitePolicy(
        origin=members["origin"],
        name=members["controller"]["name"],
        accepts=frozenset(members["accepts"]),
        limits=members.get("limits", {}),
        counter=frozenset(counter or ()),
        negotiates=True,
        expires=None,
        key=Ed25519PrivateKey.from_private_bytes(from_b64u(private_key)),
        former_keys=frozenset(),
        body=body.encode(),
    )


@dataclass
class Agent:
    """One machine of a person's."""

    path: Path
    seed: bytes
    origin: str
    served: str = ""
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.path)

    def copies(self, other: "Agent") -> None:
        """What another machine has on record, as a backup brings it."""
        with self.ledger.writing() as ledger:
            for record in other.ledger.all():
                ledger.append(record.kind, record.at, record.origin, record.agreement, record.body)

    def proffer(self, body: str, at: datetime) -> None:
        """Sign these very terms; what stands in `body` is what the agent itself would make."""
        offered = agreements.read(body.encode())
        terms = offered.agreement.terms
        if all(_is_known(term) for term in terms) and offered.agreement.until is None:
            assert json.loads(self._signed(offered, at)) == json.loads(body)
        text = time_text(at)
        with self.ledger.writing() as ledger:
            ledger.append("policy", text, self.origin, offered.id, self.served.encode())
            ledger.append("proffer", text, self.origin, offered.id, body.encode())
            ledger.append("sent", text, self.origin, offered.id, b'{"by": "click"}')

    def _signed(self, offered: agreements.SignedAgreement, at: datetime) -> bytes:
        """The proffer of those terms, made here from the policy, the seed and the nonce."""
        read = policy.read(self.served.encode(), self.origin, catalogue().vocabulary, at)
        nonce = from_b64u(offered.agreement.nonce)
        made = agreements.proffer(
            terms=[
                term if isinstance(term, agreements.OwnTerm) else catalogue().documents[term.id]
                for term in offered.agreement.terms
            ],
            site=agreements.Site(
                origin=self.origin, name=read.name, jwk=read.keys[0], policy=read.sha256
            ),
            key=person_key(self.seed, nonce, self.origin),
            nonce=nonce,
            now=at,
            supersedes=offered.agreement.supersedes,
        )
        return made.body

    def accept(self, counter_id: str, at: datetime) -> bytes:
        """The counter that stands, signed; it is an agreement from now on."""
        wanted = self._state(at).countered
        assert wanted
        assert wanted.open(at)
        assert agreements.read(wanted.record.body).id == counter_id
        with self.ledger.writing() as ledger:
            signing.counter(ledger, self.seed, wanted, "click", at)
        undelivered = self._state(at).undelivered(at)
        assert undelivered
        self._sent(undelivered.record, at)
        return undelivered.record.body

    def decline(self, counter_id: str, at: datetime) -> None:
        """Nothing is sent of it."""
        wanted = self._state(at).countered
        assert wanted
        assert agreements.read(wanted.record.body).id == counter_id
        with self.ledger.writing() as ledger:
            signing.answer_counter(ledger, wanted, "counter-declined", "click", at)

    def withdraw(self, body: str, at: datetime) -> None:
        """The agent's own notice, under the UUID of `body`, is `body`."""
        told = notices.read(jws.parse(body.encode(), "notice")).notice
        with (
            mock.patch("uuid.uuid4", return_value=uuid.UUID(told.id)),
            self.ledger.writing() as ledger,
        ):
            signing.withdraw(ledger, self.seed, self._state(at), told.under, at)
        (record,) = [one for one in self._waiting(at) if one.agreement == told.under]
        assert json.loads(record.body) == json.loads(body)
        self._sent(record, at)

    def again(self, body: str, at: datetime) -> None:
        """The same bytes once more, of what is still to be told."""
        (record,) = [record for record in self._waiting(at) if record.body == body.encode()]
        self._sent(record, at)

    def hears(self, agreement: str, reply: Json | None, at: datetime) -> None:
        """What comes back on the last thing sent about `agreement`."""
        got = _reply(reply)
        state = self._state(at)
        found: outcomes.Outcome = []
        if (done := state.withdrawal_of(agreement)) and done.pending:
            read = policy.read(self.served.encode(), self.origin, catalogue().vocabulary, at)
            found = outcomes.of_notice(done, read.keys, got, at)
        elif (told := state.delivery) and told.pending and told.record.agreement == agreement:
            found = outcomes.of_delivery(told.record.body, got, at)
        elif state.open and state.open.proffer.agreement == agreement:
            found = outcomes.of_proffer(state.open.proffer.body, got, at)
        with self.ledger.writing() as ledger:
            for kind, body in found:
                record = ledger.append(kind, time_text(at), self.origin, agreement, body)
                if kind == "sealed":
                    signed = agreements.read(record.body)
                    signing.replaces(ledger, self.origin, signed.agreement, signed.id, at)

    def forces(self, agreement: str, reply: Json, at: datetime) -> None:
        """An answer nobody waits for any more, kept all the same: it must change nothing."""
        with self.ledger.writing() as ledger:
            body = reply["body"].encode()
            ledger.append("sealed", time_text(at), self.origin, agreement, body)

    def has(self, at: datetime) -> Json:
        """As `exchanges.json` has it."""
        state = self._state(at)
        in_force = state.in_force(at)
        states: dict[str, State] = {}
        for record in self.ledger.of_origin(self.origin):
            if record.kind != "policy":
                before = states.get(record.agreement, "new")
                states[record.agreement] = TABLE[before].get(record.kind, before)
        return {
            "in_force": in_force and in_force.agreement,
            "states": states,
            "to_send": [
                {"id": _record(one).agreement, "alone": self._alone(one, state, at)}
                for one in self._open(state, at)
            ],
        }

    def _alone(self, one: Delivery | OpenProffer, state: Relationship, at: datetime) -> bool:
        return state.may_retry(at) if isinstance(one, OpenProffer) else one.may_retry(at)

    def _open(self, state: Relationship, at: datetime) -> list[Delivery | OpenProffer]:
        some: list[Delivery | OpenProffer | None] = [
            *(one for one in state.withdrawals if one.pending),
            state.undelivered(at),
            state.open,
        ]
        return [one for one in some if one]

    def _waiting(self, at: datetime) -> list[Record]:
        return [_record(one) for one in self._open(self._state(at), at)]

    def _state(self, at: datetime) -> Relationship:
        return relationship(self.origin, self.ledger.of_origin(self.origin), at)

    def _sent(self, record: Record, at: datetime) -> None:
        with self.ledger.writing() as ledger:
            about = (time_text(at), record.origin, record.agreement)
            ledger.append("sent", *about, b'{"by": "click"}')


def _record(one: Delivery | OpenProffer) -> Record:
    return one.proffer if isinstance(one, OpenProffer) else one.record


def _is_known(term: agreements.Term) -> bool:
    own = isinstance(term, agreements.OwnTerm)
    return own or catalogue().holds(term.id, getattr(term, "sha256", ""), term.clauses)


def _reply(reply: Json | None) -> messages.Reply | messages.FailedReply:
    if reply is None:
        return messages.FailedReply(failed="timeout")
    headers = {"content-type": reply["content_type"], "date": None, "retry-after": None}
    headers |= {name.lower(): value for name, value in reply.get("headers", {}).items()}
    return messages.Reply.model_validate(
        {
            "status": reply["status"],
            "headers": headers,
            "body": in_base64(reply["body"].encode()),
        }
    )


@dataclass
class SiteSide:
    """The site of one exchange."""

    shop: Shop

    def answers(self, body: str, expected: Json, at: datetime) -> None:
        """It answers so: the same signed bytes, or the same status and code."""
        self.shop.now = at
        answer = self.shop.post(body.encode())
        assert answer.status == expected["status"]
        got = json.loads(answer.body)
        if answer.status != 200:
            assert got["code"] == expected["code"]
            return
        theirs = json.loads(expected["body"])
        members = json.loads(from_b64u(theirs["payload"]))
        if members["type"] == "notice":
            # Its id and time are its own.
            ours = json.loads(from_b64u(got["payload"]))
            free = {"id", "made"}
            assert {**ours, **{one: members[one] for one in free}} == members
            assert len(got["signatures"]) == 1
        else:
            assert got == theirs

    def has(self, ids: set[str], at: datetime) -> dict[str, str]:
        """Id → state of these, of those it knows."""
        found: dict[str, str] = {}
        for one in ids:
            kept = self.shop.store.known(one, at)
            # A refusal for another reason may be remembered, and need not be.
            if kept and not (kept.state == "declined" and _code(kept.body) != "declined"):
                ended = kept.state == "sealed" and not kept.in_force(at)
                found[one] = "ended" if ended else kept.state
        return found


def _code(problem: bytes) -> str:
    return str(json.loads(problem)["code"])
