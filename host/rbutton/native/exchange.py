"""The handlers of what is about a site: read, decide, store, answer.

Imported when first needed, or just after the hello: cryptography, SQLite and all that goes with
them take longer to import than a browser should wait for its settings.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rbutton.decisions import proffer, view
from rbutton.decisions.relationship import Counter, Relationship, relationship
from rbutton.decisions.view import View
from rbutton.native import agreements as listing
from rbutton.native import messages, outcomes, signing
from rbutton.native.claims import Claims
from rbutton.native.requests import RequestError
from rbutton.native.sites import Sites
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record, Sent, Writing
from rbutton.person.seed import Seed
from rbutton.person.seen import SeenOfSites
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import jws
from rbutton.terms import notice as notices
from rbutton.terms.encoding import time_text
from rbutton.terms.errors import InvalidDocument
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
        self._home = home
        self._ledger = Ledger(home.data / "ledger.sqlite3")
        self._seed = Seed(home)
        self._sites = Sites(terms_file)
        self._claims = Claims(SeenOfSites(home.data / "seen.sqlite3"), self._ledger, terms_file)
        self._terms_file = terms_file

    def answer(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Check the members of a request, and answer it."""
        known: dict[str, tuple[type[BaseModel], Callable[[Any], dict[str, Any]]]] = {
            "visit": (messages.Visit, self.visit),
            "offer": (messages.Offer, self.offer),
            "answer": (messages.AnswerCounter, self.answer_counter),
            "note": (messages.Note, self.note),
            "withdraw": (messages.Withdraw, self.withdraw),
            "reply": (messages.ReplyTo, self.reply),
            "agreements": (messages.Agreements, self.agreements),
            "agreement": (messages.OneAgreement, self.agreement),
            "forget": (messages.Forget, self.forget),
            "says": (messages.SaysOf, self._claims.says),
            "heard": (messages.Heard, self._claims.heard),
            "look": (messages.Look, self._claims.look),
        }
        model, handle = known[name]
        return handle(build(model, members, "request"))

    def visit(self, request: messages.Visit) -> dict[str, Any]:
        """What to show of a site."""
        now = _now()
        if request.policy:
            self._claims.visited(request.origin, request.policy)
        state = relationship(request.origin, self._ledger.of_origin(request.origin), now)
        if request.announced and request.policy is None:
            shown = self._sites.announced(state, now)
            return {"view": shown and _dump(shown)}
        if not isinstance(request.policy, messages.Policy):
            shown = self._sites.without_policy(state, request.policy, None, now)
            if not request.announced:
                shown = self._claims.without_look(shown)
            return {"view": _dump(shown)}
        try:
            policy = self._sites.policy(request.origin, request.policy, now)
        except InvalidDocument as error:
            return {"view": _dump(self._sites.without_policy(state, None, str(error), now))}
        others = self._others(self._ledger, state, policy, now)
        return {"view": _dump(self._sites.of(state, policy, others, now))}

    def offer(self, request: messages.Offer) -> dict[str, Any]:
        """Sign terms for a site, or take up what is open; on disk before it is sent."""
        origin, now = request.origin, _now()
        try:
            policy = self._sites.policy(origin, request.policy, now)
        except InvalidDocument as error:
            return {"post": None, "view": _dump(view.invalid_policy(origin, str(error)))}
        state = relationship(origin, self._ledger.of_origin(origin), now)
        others = self._others(self._ledger, state, policy, now)
        if not self._may_offer(state, policy, request, others, now):
            return {"post": None, "view": _dump(self._sites.of(state, policy, others, now))}
        # Outside of the ledger's lock: a keyring may take its time.
        seed = None if _unanswered(state, now) else self._seed.read()
        with self._ledger.writing() as ledger:
            # Another browser's host may have been faster meanwhile.
            state = relationship(origin, ledger.of_origin(origin), now)
            others = self._others(ledger, state, policy, now)
            record: Record | None = None
            if self._may_offer(state, policy, request, others, now):
                record = _unanswered(state, now)
                if record is None and seed:
                    record = signing.proffer(
                        ledger,
                        seed,
                        self._choice(policy, request),
                        policy,
                        request.policy,
                        supersedes=_agreement(state.in_force(now)),
                        now=now,
                    )
            if record:
                _note_sent(ledger, record, request.by, now)
            state = relationship(origin, ledger.of_origin(origin), now)
        shown = self._sites.of(state, policy, others, now, under_way=record is not None)
        return {"post": record and _post(record, None), "view": _dump(shown)}

    def answer_counter(self, request: messages.AnswerCounter) -> dict[str, Any]:
        """The person accepts or declines what a site wants instead."""
        origin, now = request.origin, _now()
        accepts = request.by != "decline"
        state = relationship(origin, self._ledger.of_origin(origin), now)
        wanted = _counter(state, request.counter, now, accepts=accepts)
        if accepts and not proffer.knows_all(wanted.wanted.agreement, catalogue()):
            raise RequestError(
                "unknown-agreement",
                "The site wants terms that your roster does not have, so they are not signed.",
            )
        # What can fail comes before what is written, and both before anything is signed.
        seed = self._seed.read() if accepts else None
        if request.by == "always":
            self._terms_file.list_also([term.id for term in wanted.wanted.agreement.terms])
        post: dict[str, Any] | None = None
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin), now)
            wanted = _counter(state, request.counter, now, accepts=accepts)
            if seed:
                signing.counter(ledger, seed, wanted, "click", now)
                state = relationship(origin, ledger.of_origin(origin), now)
                post = _deliver(ledger, state, "click", now)
            else:
                signing.answer_counter(ledger, wanted, "counter-declined", "click", now)
            state = relationship(origin, ledger.of_origin(origin), now)
        return {"post": post, "view": _dump(self._sites.as_kept(state, now, under_way=bool(post)))}

    def note(self, request: messages.Note) -> dict[str, Any]:
        """The person has seen how a site changed its policy: later changes are told from there."""
        origin, now = request.origin, _now()
        try:
            policy = self._sites.policy(origin, request.policy, now)
        except InvalidDocument as error:
            return {"view": _dump(view.invalid_policy(origin, str(error)))}
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin), now)
            if signed := state.in_force(now):
                _keep_policy(ledger, state, signed.agreement, request.policy)
                state = relationship(origin, ledger.of_origin(origin), now)
        return {"view": _dump(self._sites.of(state, policy, (), now))}

    def withdraw(self, request: messages.Withdraw) -> dict[str, Any]:
        """End an agreement, or take back a proffer: at once here, and the site is told."""
        origin, now = request.origin, _now()
        state = relationship(origin, self._ledger.of_origin(origin), now)
        # Outside of the ledger's lock: a keyring may take its time.
        seed = None if state.withdrawal_of(request.agreement) else self._seed.read()
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin), now)
            done = state.withdrawal_of(request.agreement)
            if done is None and seed:
                signing.withdraw(ledger, seed, state, request.agreement, now)
                state = relationship(origin, ledger.of_origin(origin), now)
                done = state.withdrawal_of(request.agreement)
            assert done
            goes = done.pending and (request.by == "click" or done.may_retry(now))
            if goes:
                if request.policy and self._is_usable(origin, request.policy, now):
                    # Its keys may be newer than the agreement's.
                    _keep_policy(ledger, state, request.agreement, request.policy)
                _note_sent(ledger, done.record, request.by, now)
                state = relationship(origin, ledger.of_origin(origin), now)
        post = _post(done.record, _notice_id(done.record)) if goes else None
        return {"post": post, "view": _dump(self._sites.as_kept(state, now, under_way=goes))}

    def reply(self, request: messages.ReplyTo) -> dict[str, Any]:
        """Take in what a site answered; on disk before the button shows it."""
        origin, now = request.origin, _now()
        state = relationship(origin, self._ledger.of_origin(origin), now)
        came = self._outcome(state, request, now)
        seed = self._seed.read() if self._accepts_alone(state, came, now) else None
        post: dict[str, Any] | None = None
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin), now)
            # Another browser's host, or an edit, may have been faster meanwhile.
            came = self._outcome(state, request, now)
            alone = self._accepts_alone(state, came, now)
            for kind, body in came:
                record = ledger.append(kind, time_text(now), origin, request.agreement, body)
                if kind == "sealed":
                    signed = agreements.read(record.body)
                    signing.replaces(ledger, origin, signed.agreement, signed.id, now)
                if kind == "countered" and alone and seed and state.open:
                    wanted = Counter(state.open.proffer, record)
                    signing.counter(ledger, seed, wanted, "listed", now)
                    state = relationship(origin, ledger.of_origin(origin), now)
                    post = _deliver(ledger, state, "retry", now)
            state = relationship(origin, ledger.of_origin(origin), now)
        if state.policy is None:
            raise RequestError("unknown-agreement", "Nothing was offered to that site.")
        return {"post": post, "view": _dump(self._sites.as_kept(state, now, under_way=bool(post)))}

    def agreements(self, request: messages.Agreements) -> dict[str, Any]:
        """A page of all that was offered and signed."""
        return listing.page(self._ledger, request, _now())

    def agreement(self, request: messages.OneAgreement) -> dict[str, Any]:
        """One agreement in full."""
        return listing.one(self._ledger, request, _now())

    def forget(self, request: messages.Forget) -> dict[str, Any]:
        """Erase all that is kept of a site, once the person is sure."""
        return listing.forget(self._home, self._ledger, request, _now())

    def _outcome(
        self, state: Relationship, request: messages.ReplyTo, now: datetime
    ) -> outcomes.Outcome:
        """What the reply adds to the ledger; nothing, where that is no longer waited for."""
        done, delivery = state.withdrawal_of(request.agreement), state.delivery
        if request.notice is not None:
            if done and done.pending and _notice_id(done.record) == request.notice:
                policy = self._sites.kept_policy(state)
                return outcomes.of_notice(done, policy.keys if policy else (), request.reply, now)
        elif delivery and delivery.pending and delivery.record.agreement == request.agreement:
            return outcomes.of_delivery(delivery.record.body, request.reply, now)
        elif state.open and state.open.proffer.agreement == request.agreement:
            return outcomes.of_proffer(state.open.proffer.body, request.reply, now)
        return []

    def _accepts_alone(self, state: Relationship, came: outcomes.Outcome, now: datetime) -> bool:
        """Whether what came is a counter-offer whose every term the person listed."""
        counter = dict(came).get("countered")
        if counter is None or self._terms_file.loosened:
            return False
        wanted, in_force = agreements.read(counter).agreement, state.in_force(now)
        if not state.may_accept(wanted, now):
            return False
        held = agreements.read(in_force.body).agreement if in_force else None
        return proffer.accepts_alone(self._terms_file.settings, wanted, held, catalogue())

    def _others(
        self, ledger: Ledger | Writing, state: Relationship, policy: Policy, now: datetime
    ) -> list[Sent]:
        """What the caps of automatic mode count; nothing where they are not asked."""
        if self._sites.negotiate(state.origin) != "auto" or not state.may_begin(policy.body, now):
            return []
        since = time_text(now - proffer.A_DAY)
        return ledger.sent(since=since, containing=proffer.registrable_domain(state.origin))

    def _may_offer(
        self,
        state: Relationship,
        policy: Policy,
        request: messages.Offer,
        others: Sequence[Sent],
        now: datetime,
    ) -> bool:
        if undelivered := state.undelivered(now):
            return request.by == "click" or undelivered.may_retry(now)
        if not proffer.may_negotiate(policy):
            return False
        if request.by == "click":
            if state.open:
                return True
            # In place of what is in force only where the person said so, and what they saw.
            return self._was_seen(policy, request) and (
                request.renew or state.in_force(now) is None
            )
        if request.by == "retry":
            may = self._sites.may_retry(state, policy, now)
        else:
            may = state.may_begin(policy.body, now) and not proffer.held_back(
                state, self._sites.choice(policy), others, now
            )
        return may and self._sites.negotiate(state.origin) == "auto"

    def _was_seen(self, policy: Policy, request: messages.Offer) -> bool:
        """Whether what would be offered is what the person saw when they pressed."""
        shown = [self._choice(policy, request)]
        if not (request.own or request.renew):
            shown.append(self._sites.unread())
        return request.seen in (None, *(one.shown_of(request.origin) for one in shown))

    def _choice(self, policy: Policy, request: messages.Offer) -> proffer.Choice:
        """What is offered: the person's own terms where they pressed for that."""
        choice = self._sites.own(policy) if request.own else self._sites.choice(policy)
        if choice is None:
            raise RequestError(
                "config",
                "You have no terms of your own.",
                "Write them in terms.toml, under [own].",
            )
        return choice

    def _is_usable(self, origin: str, served: messages.Policy, now: datetime) -> bool:
        try:
            self._sites.policy(origin, served, now)
        except InvalidDocument:
            return False
        return True


def _unanswered(state: Relationship, now: datetime) -> Record | None:
    """What goes again before anything newer."""
    if undelivered := state.undelivered(now):
        return undelivered.record
    return state.open.proffer if state.open else None


def _agreement(record: Record | None) -> str | None:
    return record.agreement if record else None


def _deliver(ledger: Writing, state: Relationship, by: str, now: datetime) -> dict[str, Any]:
    """The counter that was just accepted, to be posted."""
    assert state.delivery
    _note_sent(ledger, state.delivery.record, by, now)
    return _post(state.delivery.record, None)


def _counter(state: Relationship, counter_id: str, now: datetime, *, accepts: bool) -> Counter:
    """The counter-offer that the person answers, if it is the one that stands.

    Raises:
        RequestError: it is not, or its time has passed.
    """
    wanted = state.countered
    found = state.acceptable(now) if accepts else wanted and wanted.open(now) and wanted
    if not found or found.wanted.id != counter_id:
        raise RequestError(
            "unknown-agreement",
            "What the site wants instead is no longer open.",
            "Offer your terms again.",
        )
    return found


def _keep_policy(
    ledger: Writing, state: Relationship, agreement: str, served: messages.Policy
) -> None:
    if state.policy is None or state.policy.body != served.body:
        ledger.append("policy", served.at, state.origin, agreement, served.body)


def _note_sent(ledger: Writing, record: Record, by: str, now: datetime) -> None:
    body = json.dumps({"by": by}).encode()
    ledger.append("sent", time_text(now), record.origin, record.agreement, body)


def _post(record: Record, notice: str | None) -> dict[str, Any]:
    """What the extension is to post: an agreement, or the notice of that id."""
    return {
        "url": record.origin + ENDPOINT_PATH,
        "agreement": record.agreement,
        "notice": notice,
        "body": record.body.decode("utf-8"),
    }


def _notice_id(record: Record) -> str:
    return notices.read(jws.parse(record.body, "notice")).notice.id


def _now() -> datetime:
    return datetime.now(UTC)


def _dump(shown: View) -> dict[str, Any]:
    return shown.model_dump(mode="json")
