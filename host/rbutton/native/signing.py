"""What the person signs: a proffer, a counter, the notice that ends either."""

import json
import os
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.decisions.ending import ended_with
from rbutton.decisions.proffer import Choice
from rbutton.decisions.relationship import Counter, Relationship
from rbutton.native import messages
from rbutton.person.errors import PersonError
from rbutton.person.ledger import Record, Writing
from rbutton.terms import agreement as agreements
from rbutton.terms import jws
from rbutton.terms import notice as notices
from rbutton.terms.agreement import Agreement
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.keys import PublicKey, person_key
from rbutton.terms.policy import Policy


def proffer(
    ledger: Writing,
    seed: bytes,
    choice: Choice,
    policy: Policy,
    served: messages.Policy,
    *,
    supersedes: str | None,
    now: datetime,
) -> Record:
    """Sign terms for a site, and keep the policy they rest on."""
    origin = policy.document.origin
    nonce = os.urandom(32)
    signed = agreements.proffer(
        terms=choice.terms,
        site=agreements.Site(
            origin=origin, name=policy.name, jwk=policy.keys[0], policy=policy.sha256
        ),
        key=person_key(seed, nonce, origin),
        nonce=nonce,
        now=now,
        lasts=choice.lasts,
        supersedes=supersedes,
    )
    ledger.append("policy", served.at, origin, signed.id, policy.body)
    return ledger.append("proffer", time_text(now), origin, signed.id, signed.body)


def counter(ledger: Writing, seed: bytes, offer: Counter, by: str, now: datetime) -> None:
    """Sign what the site wants instead: an agreement from then on.

    Args:
        by: "click", or "listed": the person had said so before.
    """
    wanted = offer.wanted
    key = _key_of(wanted.agreement, seed)
    signed = agreements.countersign(wanted, key)
    at, origin = time_text(now), offer.record.origin
    answer_counter(ledger, offer, "counter-accepted", by, now)
    ledger.append("accepted", at, origin, signed.id, jws.text(signed.envelope))
    replaces(ledger, origin, signed.agreement, signed.id, now)


def answer_counter(ledger: Writing, offer: Counter, kind: Any, by: str, now: datetime) -> None:
    """Keep what the person says to a counter-offer."""
    body = {"by": by, "counter": offer.wanted.id}
    at, of = time_text(now), offer.record
    ledger.append(kind, at, of.origin, of.agreement, json.dumps(body).encode())


def replaces(
    ledger: Writing, origin: str, agreement: Agreement, agreement_id: str, now: datetime
) -> None:
    """The agreement that this one supersedes counts no more: both have signed this one."""
    if agreement.supersedes is not None:
        body = json.dumps({"by": agreement_id}).encode()
        ledger.append("replaced", time_text(now), origin, agreement.supersedes, body)


def withdraw(
    ledger: Writing, seed: bytes, state: Relationship, agreement: str, now: datetime
) -> None:
    """End an agreement, or take back a proffer, and what goes with it, each by a notice of its own.

    Raises:
        PersonError: there is no such thing to end; or the seed is another one.
    """
    ending = ended_with(agreement, state, ledger.of_origin(state.origin), now)
    if not ending:
        raise PersonError(
            "unknown-agreement",
            "There is no such agreement to end here.",
            "Look again at where you stand with the site.",
        )
    for one in ending:
        key = _key_of(agreements.read(one.body).agreement, seed)
        body = notices.withdraw(one.agreement, key, now).body
        ledger.append("withdraw", time_text(now), one.origin, one.agreement, body)


def _key_of(signed: Agreement, seed: bytes) -> Ed25519PrivateKey:
    """The person's key of an agreement, which its nonce gives back."""
    key = person_key(seed, from_b64u(signed.nonce), signed.site.origin)
    if PublicKey.of(key) != signed.person.jwk:
        raise PersonError(
            "seed",
            "The seed of your keys is another one than when this was signed.",
            "Put the earlier one back from a backup, or write to the site.",
        )
    return key
