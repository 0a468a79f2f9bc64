"""A promise: terms that a site signs towards everyone, in its policy (protocol, section 2)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, model_validator

from rbutton.terms import documents, jws
from rbutton.terms.agreement import RosterTerm, Term
from rbutton.terms.encoding import Origin, Time, Version, from_time_text, time_text
from rbutton.terms.errors import BadSignature, HasEnded, InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey
from rbutton.terms.models import Closed, build
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue


class Promise(Closed):
    """The payload; its terms are as in an agreement."""

    emanciterms: Version
    type: Literal["promise"]
    origin: Origin
    terms: list[Term] = Field(min_length=1)
    until: Time

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        ids = [term.id for term in self.terms]
        if ids != sorted(set(ids)):
            raise InvalidDocument("has terms that are not different and sorted by id")
        return self


@dataclass(frozen=True)
class SignedPromise:
    """A promise, its signature not yet verified: whose it has to be, only the policy says."""

    promise: Promise
    document: jws.Jws


def make(
    *, origin: str, terms: Iterable[Term], until: datetime, key: Ed25519PrivateKey
) -> dict[str, Any]:
    """A policy's `promise` member. The same promise has the same bytes.

    Args:
        origin: the site's.
        terms: in any order.
        until: when it ends.
        key: one that the policy publishes.

    Raises:
        InvalidDocument: no term, or two with one id.
    """
    members = {
        "emanciterms": 1,
        "type": "promise",
        "origin": origin,
        "terms": [term.model_dump() for term in sorted(terms, key=lambda term: term.id)],
        "until": time_text(until),
    }
    promise = build(Promise, members, "promise")
    signed: dict[str, Any] = json.loads(jws.sign(documents.canonical(promise.model_dump()), key))
    return signed


def read(member: Mapping[str, Any]) -> SignedPromise:
    """Read a policy's `promise` member; verify nothing yet.

    Raises:
        InvalidDocument: it is none.
        BadSignature: it has not exactly one signature.
    """
    document = jws.parse(json.dumps(member).encode(), "promise")
    promise = build(Promise, document.members, "promise")
    if len(document.kids) != 1:
        raise BadSignature("the promise has more than one signature")
    return SignedPromise(promise, document)


def verify(
    member: Mapping[str, Any],
    *,
    origin: str,
    keys: Iterable[PublicKey],
    catalogue: Catalogue,
    now: datetime,
) -> Promise:
    """The promise in a policy that was read from `origin`, if it holds.

    Args:
        member: the policy's `promise`.
        keys: those of the policy that are fit for use.
        catalogue: the terms that the reader holds.

    Raises:
        InvalidDocument: it is none, or was made for another origin.
        HasEnded: its time is over.
        BadSignature: none of `keys` signed it.
        UnknownTerms: a term is not one the reader holds, word for word.
    """
    signed = read(member)
    jws.verify(signed.document, keys)
    promise = signed.promise
    if promise.origin != origin:
        raise InvalidDocument("the promise is another origin's")
    if from_time_text(promise.until) <= now:
        raise HasEnded("the promise has ended")
    for term in promise.terms:
        if not isinstance(term, RosterTerm):
            catalogue.vocabulary.check(term.clauses)
        elif not catalogue.holds(term.id, term.sha256, term.clauses):
            raise UnknownTerms("the promise has a term that is not known here, word for word")
    return promise


def of_policy(
    policy: Policy, catalogue: Catalogue, now: datetime
) -> tuple[Promise | None, str | None]:
    """A policy's promise to everyone, if it holds; else what is wrong with it, if there is one."""
    if not policy.document.promise:
        return None, None
    try:
        promise = verify(
            policy.document.promise,
            origin=policy.document.origin,
            keys=policy.keys,
            catalogue=catalogue,
            now=now,
        )
    except InvalidDocument as error:
        return None, str(error)
    return promise, None
