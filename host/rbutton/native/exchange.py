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
from rbutton.decisions import reply as replies
from rbutton.decisions.relationship import Relationship, relationship
from rbutton.decisions.response import Response, Why
from rbutton.decisions.view import View
from rbutton.native import messages
from rbutton.native.requests import RequestError
from rbutton.person.home import Home
from rbutton.person.ledger import Kind, Ledger, Record, Writing
from rbutton.person.seed import Seed
from rbutton.person.settings import Negotiate
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import policy as policies
from rbutton.terms.encoding import from_time_text, host_of, time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.header import emanciterms
from rbutton.terms.keys import person_key
from rbutton.terms.models import build
from rbutton.terms.policy import ENDPOINT_PATH, Policy

if TYPE_CHECKING:
    from pydantic import BaseModel

#: The records that the caps of automatic mode count.
_OF_ANSWERS: tuple[Kind, ...] = ("sent", "sealed", "declined", "refused")
_WHEN: dict[Negotiate, str] = {
    "auto": "Your terms are offered when you first click or type in its page.",
    "click": "Your terms are offered when you press the button below.",
    "never": "Your settings say to offer nothing here unless you press the button below.",
}
#: What the fetch of a policy that failed is told as.
_FAILED = {
    "status": "the site answered with an error where its policy should be",
    "timeout": "the site's policy did not come within 5 seconds",
    "network": "the site's policy could not be fetched, or was a redirect",
    "too-large": "the policy is larger than 65,536 bytes",
}


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
        self._terms_file = terms_file

    def answer(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Check the members of a request, and answer it."""
        known: dict[str, tuple[type[BaseModel], Callable[[Any], dict[str, Any]]]] = {
            "visit": (messages.Visit, self.visit),
            "offer": (messages.Offer, self.offer),
            "reply": (messages.ReplyTo, self.reply),
        }
        model, handle = known[name]
        return handle(build(model, members, "request"))

    def visit(self, request: messages.Visit) -> dict[str, Any]:
        """What to show of a site."""
        state = relationship(request.origin, self._ledger.of_origin(request.origin))
        if request.announced and request.policy is None:
            return self._announced(state)
        if not isinstance(request.policy, messages.Policy):
            return {"view": _dump(self._view_without_policy(state, request.policy, None))}
        try:
            policy = self._policy(request.origin, request.policy)
        except InvalidDocument as error:
            return {"view": _dump(self._view_without_policy(state, None, str(error)))}
        begins = state.may_begin(policy.body)
        others = self._ledger.of_kinds(*_OF_ANSWERS) if begins else ()
        return {"view": _dump(self._view(state, policy, others))}

    def offer(self, request: messages.Offer) -> dict[str, Any]:
        """Sign terms for a site, or take up the proffer that is open; on disk before it is sent."""
        origin, now = request.origin, _now()
        try:
            policy = self._policy(origin, request.policy)
        except InvalidDocument as error:
            return {"post": None, "view": _dump(view.invalid_policy(origin, str(error)))}
        state = relationship(origin, self._ledger.of_origin(origin))
        others = self._ledger.of_kinds(*_OF_ANSWERS)
        if not self._may_offer(state, policy, request.by, others, now):
            return {"post": None, "view": _dump(self._view(state, policy, others))}
        # Outside of the ledger's lock: a keyring may take its time.
        seed = None if state.open else self._seed.read()
        with self._ledger.writing() as ledger:
            # Another browser's host may have been faster meanwhile.
            state = relationship(origin, ledger.of_origin(origin))
            others = ledger.of_kinds(*_OF_ANSWERS)
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
        shown = self._view(state, policy, others, under_way=record is not None)
        post = record and {
            "url": origin + ENDPOINT_PATH,
            "agreement": record.agreement,
            "body": record.body.decode("utf-8"),
        }
        return {"post": post, "view": _dump(shown)}

    def reply(self, request: messages.ReplyTo) -> dict[str, Any]:
        """Take in what a site answered; on disk before the button shows it."""
        origin, now = request.origin, _now()
        with self._ledger.writing() as ledger:
            state = relationship(origin, ledger.of_origin(origin))
            answered = state.open and state.open.proffer.agreement == request.agreement
            if state.open and answered:
                for kind, body in _outcome(state.open.proffer.body, request.reply, now):
                    ledger.append(kind, time_text(now), origin, request.agreement, body)
                state = relationship(origin, ledger.of_origin(origin))
        if state.policy is None:
            raise RequestError("unknown-agreement", "Nothing was offered to that site.")
        # The policy that the proffer rests on is the one that the reply is shown with.
        at_that_time = from_time_text(state.policy.at)
        policy = policies.read(state.policy.body, origin, catalogue().vocabulary, at_that_time)
        return {"view": _dump(self._view(state, policy, ()))}

    def _may_offer(
        self,
        state: Relationship,
        policy: Policy,
        by: proffer.By,
        others: Sequence[Record],
        now: datetime,
    ) -> bool:
        if state.sealed or not proffer.may_negotiate(policy):
            return False
        if by == "click":
            return True
        if self._negotiate(state.origin) != "auto":
            return False
        if by == "retry":
            return self._may_retry(state, policy, now)
        if not state.may_begin(policy.body):
            return False
        return not proffer.held_back(state, self._choice(policy), others, now)

    def _may_retry(self, state: Relationship, policy: Policy, now: datetime) -> bool:
        if state.open is None or not state.may_retry(now):
            return False
        return proffer.names_this_site(agreements.read(state.open.proffer.body).agreement, policy)

    def _sign(
        self, ledger: Writing, seed: bytes, policy: Policy, served: messages.Policy, now: datetime
    ) -> Record:
        origin = policy.document.origin
        nonce = os.urandom(32)
        signed = agreements.proffer(
            terms=self._choice(policy).documents,
            site=agreements.Site(
                origin=origin, name=policy.name, jwk=policy.keys[0], policy=policy.sha256
            ),
            key=person_key(seed, nonce, origin),
            nonce=nonce,
            now=now,
        )
        ledger.append("policy", served.at, origin, signed.id, policy.body)
        return ledger.append("proffer", time_text(now), origin, signed.id, signed.body)

    def _announced(self, state: Relationship) -> dict[str, Any]:
        # Fetching its policy tells a site that an agent is there (protocol, section 7).
        negotiate = self._negotiate(state.origin)
        if negotiate == "auto" or (negotiate == "click" and not state.is_new):
            return {"view": None}
        if state.is_new:
            return {"view": _dump(view.announced(state.origin, _WHEN[negotiate]))}
        return {"view": _dump(self._view_without_policy(state, None, None))}

    def _view_without_policy(
        self, state: Relationship, served: messages.FailedPolicy | None, fault: str | None
    ) -> View:
        # What is agreed or open stands, whatever the site serves today.
        if state.sealed:
            return view.active(state, catalogue())
        if state.open:
            return view.open_proffer(state, None, [])
        if state.ended:
            return view.ended(state, None, [], ["look"])
        if fault is None and served and served.failed != "not-found":
            fault = _FAILED[served.failed]
        if fault:
            return view.invalid_policy(state.origin, fault)
        signals = self._terms_file.settings.signals
        return view.nothing_here(state.origin, signals, looked=served is not None)

    def _view(
        self,
        state: Relationship,
        policy: Policy,
        others: Sequence[Record],
        *,
        under_way: bool = False,
    ) -> View:
        negotiate, choice = self._negotiate(state.origin), self._choice(policy)
        header = None
        if negotiate == "auto" or (negotiate == "click" and not state.is_new):
            header = emanciterms(choice.ids)
        if state.sealed:
            return view.active(state, catalogue()).model_copy(update={"header": header})
        when, offer = _WHEN[negotiate], None
        if negotiate == "auto" and proffer.may_negotiate(policy) and not under_way:
            if state.open:
                offer = "now" if self._may_retry(state, policy, _now()) else None
            elif state.may_begin(policy.body):
                why_not = proffer.held_back(state, choice, others, _now())
                when, offer = why_not or when, None if why_not else "touch"
        shown = view.potential(state, policy, choice, catalogue(), when=when, under_way=under_way)
        return shown.model_copy(update={"header": header, "offer": offer})

    def _choice(self, policy: Policy) -> proffer.Choice:
        return proffer.choose(self._terms_file.settings, policy, catalogue())

    def _negotiate(self, origin: str) -> Negotiate:
        return self._terms_file.settings.negotiate_with(host_of(origin))

    def _policy(self, origin: str, served: messages.Policy) -> Policy:
        return policies.read(served.body, origin, catalogue().vocabulary, _now())


def _outcome(
    proffer: bytes, got: messages.Reply | messages.FailedReply, now: datetime
) -> list[tuple[Kind, bytes]]:
    """What a reply to a proffer adds to the ledger, kind and body."""
    if isinstance(got, messages.FailedReply):
        return [("response", Response.now(now, got.failed).body())]
    headers = got.headers

    def response(why: Why, fault: str | None = None) -> Response:
        return Response.now(
            now,
            why,
            status=got.status,
            fault=fault,
            date=headers.date,
            retry_after=headers.retry_after,
        )

    offered, media_type = agreements.read(proffer), headers.content_type or ""
    match replies.understand(offered, got.status, media_type, got.body, catalogue()):
        case replies.Sealed(signed):
            return [("sealed", signed.body)]
        case replies.Final(declined=declined, body=body):
            came = response("final")
            answer: tuple[Kind, bytes] = ("declined" if declined else "refused", body)
            # Too late or too early by clocks that differ: only here the site's clock matters.
            return (
                [("response", came.body()), answer] if got.status == 410 and came.date else [answer]
            )
        case replies.NoAnswer(why, fault):
            return [("response", response(why, fault).body())]


def _now() -> datetime:
    return datetime.now(UTC)


def _dump(shown: View) -> dict[str, Any]:
    return shown.model_dump(mode="json")
