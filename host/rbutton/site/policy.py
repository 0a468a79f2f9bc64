"""The site's own policy: what it says of itself, signs with and accepts (protocol, section 2)."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rbutton.shipped.roster import catalogue
from rbutton.site.errors import InvalidSetting
from rbutton.terms import documents, promise
from rbutton.terms.agreement import OwnTerm, RosterTerm, Term
from rbutton.terms.clauses import Clauses, Value
from rbutton.terms.encoding import sha256, time_text
from rbutton.terms.errors import InvalidDocument, UnknownTerms
from rbutton.terms.keys import PublicKey
from rbutton.terms.models import InvalidMember, build
from rbutton.terms.policy import Document

#: Members of the policy that are called otherwise here.
_KEYS = {f"controller.{key}": key for key in ("name", "contact", "jurisdiction")}
#: A payload is one string of its JWS, so at most 3,072 bytes (protocol, "Bounds"): these are left
#: for the terms where origin and name are as long as they may be.
_MOST_OFFERED = 1_600


@dataclass(frozen=True)
class PromiseOf:
    """What the site promises everyone.

    Attributes:
        terms: ids of roster documents.
        until: a fixed moment, with its zone.
        own: clauses of the site's own wording.
    """

    terms: tuple[str, ...]
    until: datetime
    own: Mapping[str, Value] = field(default_factory=dict)

    def signed(self, origin: str, key: Ed25519PrivateKey) -> dict[str, Any]:
        """The policy's `promise`.

        Raises:
            InvalidSetting: an unknown term or clause, none at all, or a time that is none.
        """
        _check_roster("promise.terms", self.terms)
        _check_clauses("promise.own", self.own)
        _check_time("promise.until", self.until)
        terms: list[Term] = [_term(one) for one in self.terms]
        if self.own:
            terms.append(OwnTerm(id="own", clauses=dict(self.own)))
        try:
            return promise.make(origin=origin, terms=terms, until=self.until, key=key)
        except InvalidMember as error:
            raise InvalidSetting(f"promise.{error.place}", error.wrong) from None


@dataclass(frozen=True)
class SitePolicy:
    """A policy and the key behind it. Make one with `SitePolicy.of`.

    Attributes:
        origin: the site's web origin.
        name: of who runs the site.
        accepts: ids of the roster documents it signs as they are.
        limits: the most it does, clause by clause: what a person's own terms are held against.
        counter: ids of the roster documents it offers instead of terms it does not sign, or none.
        negotiates: whether the endpoint is there.
        expires: when agents shall stop relying on it, or None.
        key: what the site signs with.
        former_keys: what it signed with before; agreements under them still count.
        body: the bytes served; agreements name their hash, so every worker must serve the same.
    """

    origin: str
    name: str
    accepts: frozenset[str]
    limits: Mapping[str, Value]
    counter: frozenset[str]
    negotiates: bool
    expires: datetime | None
    key: Ed25519PrivateKey = field(repr=False)
    former_keys: frozenset[PublicKey]
    body: bytes

    @classmethod
    def of(
        cls,
        *,
        origin: str,
        name: str,
        key: Ed25519PrivateKey,
        accepts: Iterable[str],
        limits: Clauses | None = None,
        counter: Iterable[str] = (),
        contact: str = "",
        jurisdiction: str = "",
        promises: PromiseOf | None = None,
        negotiates: bool = True,
        expires: datetime | None = None,
        former_keys: Iterable[PublicKey] = (),
    ) -> "SitePolicy":
        """The policy of a site that signs these roster documents.

        Args:
            contact: a mailto: or https: URL.
            jurisdiction: where the site is at home, in law.
            counter: some of `accepts`.
            expires: a fixed moment, with its zone; one reckoned from the start of a process gives
                each worker a policy of its own.

        Raises:
            InvalidSetting: an agent would not take it, a term or clause is not known, or `counter`
                has an id that `accepts` has not.
            InvalidDocument: it is larger than an agent reads.
        """
        ids, others, most = frozenset(accepts), frozenset(counter), dict(limits or {})
        _check_roster("accepts", ids)
        _check_clauses("limits", most)
        if not others <= ids:
            raise InvalidSetting(
                "counter", "has what accepts has not: the site has to accept what it offers"
            )
        if len(documents.canonical([_term(one).model_dump() for one in others])) > _MOST_OFFERED:
            raise InvalidSetting("counter", "has so many terms that no agreement holds them")
        if expires is not None:
            _check_time("expires", expires)
        controller = {"name": name, "contact": contact, "jurisdiction": jurisdiction}
        members: dict[str, Any] = {
            "emanciterms": 1,
            "origin": origin,
            "controller": {member: value for member, value in controller.items() if value},
            "keys": [PublicKey.of(key).model_dump()],
            "accepts": sorted(ids),
            **({"limits": most} if most else {}),
            "negotiates": negotiates,
            **({"expires": time_text(expires)} if expires is not None else {}),
        }
        if promises is not None:
            members["promise"] = promises.signed(origin, key)
        try:
            build(Document, members, "policy")
        except InvalidMember as error:
            raise InvalidSetting(_KEYS.get(error.place, error.place), error.wrong) from None
        body = json.dumps(members, ensure_ascii=False, indent=1).encode()
        documents.parse(body, "policy")
        former = frozenset(former_keys) - {PublicKey.of(key)}
        return cls(origin, name, ids, most, others, negotiates, expires, key, former, body)

    @cached_property
    def jwk(self) -> PublicKey:
        """The public half of `key`."""
        return PublicKey.of(self.key)

    @cached_property
    def sha256(self) -> str:
        """What agreements made under this policy name it by."""
        return sha256(self.body)

    def is_ours(self, key: PublicKey) -> bool:
        """Whether the site signs with this key, or did."""
        return key == self.jwk or key in self.former_keys

    def signs(self, terms: Iterable[Term]) -> bool:
        """Whether it signs these terms, each of which it knows, all of them together."""
        return all(
            term.id in self.accepts if isinstance(term, RosterTerm) else self._meets(term.clauses)
            for term in terms
        )

    def _meets(self, own: Clauses) -> bool:
        compared = catalogue().vocabulary.against(own, self.limits)
        return all(result == "met" for result in compared.values())


def _term(roster_id: str) -> RosterTerm:
    return RosterTerm.of(catalogue().documents[roster_id])


def _check_roster(where: str, ids: Iterable[str]) -> None:
    unknown = sorted(set(ids) - catalogue().documents.keys())
    if unknown:
        near = difflib.get_close_matches(unknown[0].upper(), _by_upper(), n=1, cutoff=0.7)
        meant = f". Did you mean {_by_upper()[near[0]]}?" if near else ""
        raise InvalidSetting(where, f"has what is not in the roster: {', '.join(unknown)}{meant}")


def _by_upper() -> dict[str, str]:
    return {one.upper(): one for one in catalogue().documents}


def _check_clauses(where: str, clauses: Clauses) -> None:
    for name, value in clauses.items():
        try:
            catalogue().vocabulary.check({name: value})
        except UnknownTerms as error:
            raise InvalidSetting(f"{where}.{name}", f"cannot be: {error}") from None


def _check_time(where: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise InvalidSetting(where, "has no time zone")
    try:
        time_text(moment)
    except InvalidDocument as error:
        raise InvalidSetting(where, str(error)) from None
