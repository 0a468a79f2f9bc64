"""The handlers of what is about a site: read, decide, store, answer.

Imported when first needed, or just after the hello: cryptography, SQLite and all that goes with
them take longer to import than a browser should wait for its settings.
"""

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rbutton.decisions import proffer, view
from rbutton.decisions.relationship import Relationship, relationship
from rbutton.decisions.view import View
from rbutton.native import agreements as listing
from rbutton.native import messages, outcomes
from rbutton.native.requests import RequestError
from rbutton.native.sites import Sites
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record, Sent, Writing
from rbutton.person.seed import Seed
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import jws
from rbutton.terms import notice as notices
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey, person_key
from rbutton.terms.models import build
from rbutton.terms.policy import ENDPOINT_PATH, Policy

if TYPE_CHECKING:
    from pydantic import BaseModel


class Exchange:
    """What this person's agent answers about sites. Every method may run in a thread of its own.

    Raises:
        FileNotFoundError: the installation is incomplete.
        InvalidDocument: a shipped file was changed and is no longer valid.
    """

    def __init__(self, home: Home, terms_file: TermsFile) -> None:
        catalogue()
        self._ledger = Ledger(home.data / "ledger.sqlite3")
        self._seed = Seed(home)
        self._sites = Sites(terms_file)

    def answer(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Check the members of a request, and answer it."""
        known: dict[str, tuple[type[BaseModel], Callable[[Any], dict[str, Any]]]] = {
            "visit": (messages.Visit, self.visit),
            "offer": (messages.Offer, self.offer),
            "withdraw": (messages.Withdraw, self.withdraw),
            "reply": (messages.ReplyTo, self.reply),
            "agreements": (messages.Agreements, self.agreements),
            "agreement": (messages.OneAgreement, self.agreement),
        }
        model, handle = known[name]
        return handle(build(model, members, "request"))

    def visit(self, request: messages.Visit) -> dict[str, Any]:
        """What to show of a site."""
        state = relationship(request.origin, self._ledger.of_origin(request.origin))
        if request.announced and request.policy is None:
            shown = self._sites.announced(state)
            return {"view": shown and _dump(shown)}
        if not isinstance(request.policy, messages.Policy):
            return {"view": _dump(self._sites.without_policy(state, request.policy, None))}
        try:
            policy = self._sites.policy(request.origin, request.policy)
        except InvalidDocument as error:
            return {"view": _dump(self._sites.without_policy(state, None, str(error)))}
        others = self._others(self._ledger, state, policy, _now())
        return {"view": _dump(self._sites.of(state, policy, others))}

    def offer(self, request: messages.Offer) -> dict[str, Any]:
        """Sign terms for a site, or take up the proffer that is open; on disk before it is sent."""
        origin, now = request.origin, _now()
        try:
            policy = self._sites.policy(origin, request.policy)
        except InvalidDocument as error:
            return {"post": None, "view": _dump(view.invalid_policy(origin, str(error)))}
        state = relationship(origin, self._ledger.of_origin(origin))
        others = self._others(self._ledger, state, policy, now)
        if not self._may_offer(state, policy, request.by, others, now):
            return {"post": None, "view": _dump(self._sites.of(state, policy, others))}
        # Outside of the ledger's lock: a keyring may take its time.
        seed = None if state.open else self._seed.read()
        with self._ledger.writing() as ledger:
            # Another browser's host may have been faster meanwhile.
            state = relationship(origin, ledger.of_origin(origin))
            others = self._others(ledger, state, policy, now)
            record: Record | None = None
            if self._may_offer(state, policy, request.by, others, now):
                if state.open:
                    record = state.open.proffer
                elif seed:
                    record = self._sign(ledger, seed, policy, request.policy, now)
            if record:
                by = json.dumps({"by": request.by}).encode()
                ledger.append("sent", time_text(now), origin, record.agreement, by)
            state = relationship(origin, ledger.of_origin(origin))
        shown = self._sites.of(state, policy, others, under_way=record is not None)
        return {"post": record and _post(record, None), "view": _dump(shown)}

    def withdraw(self, request: messages.Withdraw) -> dict[str, Any]:
        """End an agreement, or take back a proffer: at once here, and the site is told."""
        origin, now = request.origin, _now()
        state = relationship(origin, self._ledger.of_origin(origin))
        # Outside of the ledger's lock: a keyring may take its time.
        seed = None if state.withdrawal_of(request.agreement) else self._seed.read()
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin))
            done = state.withdrawal_of(request.agreement)
            if done is None and seed:
                body = _notice(state, request.agreement, seed, now).body
                ledger.append("withdraw", time_text(now), origin, request.agreement, body)
                state = relationship(origin, ledger.of_origin(origin))
                done = state.withdrawal_of(request.agreement)
            assert done
            goes = done.pending and (request.by == "click" or done.may_retry(now))
            if goes:
                self._keep_policy(ledger, state, request)
                by = json.dumps({"by": request.by}).encode()
                ledger.append("sent", time_text(now), origin, request.agreement, by)
                state = relationship(origin, ledger.of_origin(origin))
        post = _post(done.notice, _notice_id(done.notice)) if goes else None
        return {"post": post, "view": _dump(self._sites.as_kept(state, under_way=goes))}

    def _keep_policy(
        self, ledger: Writing, state: Relationship, request: messages.Withdraw
    ) -> None:
        """Keep the policy a notice is sent under: its keys may be newer than the agreement's."""
        served = request.policy
        if served is None or (state.policy and state.policy.body == served.body):
            return
        try:
            self._sites.policy(request.origin, served)
        except InvalidDocument:
            return
        ledger.append("policy", served.at, request.origin, request.agreement, served.body)

    def reply(self, request: messages.ReplyTo) -> dict[str, Any]:
        """Take in what a site answered; on disk before the button shows it."""
        origin, now = request.origin, _now()
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin))
            for kind, body in self._outcome(state, request, now):
                ledger.append(kind, time_text(now), origin, request.agreement, body)
            state = relationship(origin, ledger.of_origin(origin))
        if state.policy is None:
            raise RequestError("unknown-agreement", "Nothing was offered to that site.")
        return {"view": _dump(self._sites.as_kept(state))}

    def agreements(self, request: messages.Agreements) -> dict[str, Any]:
        """A page of all that was offered and signed."""
        return listing.page(self._ledger, request, _now())

    def agreement(self, request: messages.OneAgreement) -> dict[str, Any]:
        """One agreement in full."""
        return listing.one(self._ledger, request, _now())

    def _outcome(
        self, state: Relationship, request: messages.ReplyTo, now: datetime
    ) -> outcomes.Outcome:
        """What the reply adds to the ledger; nothing, where that is no longer waited for."""
        done = state.withdrawal_of(request.agreement)
        if request.notice is None and state.open:
            if state.open.proffer.agreement == request.agreement:
                return outcomes.of_proffer(state.open.proffer.body, request.reply, now)
        elif done and done.pending and _notice_id(done.notice) == request.notice:
            policy = self._sites.kept_policy(state)
            return outcomes.of_notice(done, policy.keys if policy else (), request.reply, now)
        return []

    def _others(
        self, ledger: Ledger | Writing, state: Relationship, policy: Policy, now: datetime
    ) -> list[Sent]:
        """What the caps of automatic mode count; nothing where they are not asked."""
        if self._sites.negotiate(state.origin) != "auto" or not state.may_begin(policy.body):
            return []
        since = time_text(now - proffer.A_DAY)
        return ledger.sent(since=since, containing=proffer.registrable_domain(state.origin))

    def _may_offer(
        self,
        state: Relationship,
        policy: Policy,
        by: proffer.By,
        others: Sequence[Sent],
        now: datetime,
    ) -> bool:
        if state.sealed or not proffer.may_negotiate(policy):
            return False
        if by == "click":
            return True
        if self._sites.negotiate(state.origin) != "auto":
            return False
        if by == "retry":
            return self._sites.may_retry(state, policy, now)
        if not state.may_begin(policy.body):
            return False
        return not proffer.held_back(state, self._sites.choice(policy), others, now)

    def _sign(
        self, ledger: Writing, seed: bytes, policy: Policy, served: messages.Policy, now: datetime
    ) -> Record:
        origin = policy.document.origin
        nonce = os.urandom(32)
        signed = agreements.proffer(
            terms=self._sites.choice(policy).documents,
            site=agreements.Site(
                origin=origin, name=policy.name, jwk=policy.keys[0], policy=policy.sha256
            ),
            key=person_key(seed, nonce, origin),
            nonce=nonce,
            now=now,
        )
        ledger.append("policy", served.at, origin, signed.id, policy.body)
        return ledger.append("proffer", time_text(now), origin, signed.id, signed.body)


def _post(record: Record, notice: str | None) -> dict[str, Any]:
    """What the extension is to post: a proffer, or the notice of that id."""
    return {
        "url": record.origin + ENDPOINT_PATH,
        "agreement": record.agreement,
        "notice": notice,
        "body": record.body.decode("utf-8"),
    }


def _notice(
    state: Relationship, agreement: str, seed: bytes, now: datetime
) -> notices.SignedNotice:
    """The person's `withdraw`, signed by the key that signed what it ends."""
    if state.endable is None or state.endable.agreement != agreement:
        raise RequestError("unknown-agreement", "There is no such agreement to end here.")
    ended = agreements.read(state.endable.body).agreement
    key = person_key(seed, from_b64u(ended.nonce), state.origin)
    if PublicKey.of(key) != ended.person.jwk:
        raise PersonError(
            "seed",
            "The seed of your keys is another one than when this was signed.",
            "Put the earlier one back from a backup, or write to the site.",
        )
    return notices.withdraw(agreement, key, now)


def _notice_id(record: Record) -> str:
    return notices.read(jws.parse(record.body, "notice")).notice.id


def _now() -> datetime:
    return datetime.now(UTC)


def _dump(shown: View) -> dict[str, Any]:
    return shown.model_dump(mode="json")
