"""What is shown of a site: its policy and its records, in the light of the person's settings."""

from collections.abc import Sequence
from datetime import datetime

from rbutton.decisions import policy_changes, proffer, view
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.rows import offered_rows
from rbutton.decisions.view import View
from rbutton.decisions.withdrawal import Withdrawal
from rbutton.native import messages
from rbutton.person.ledger import Sent
from rbutton.person.settings import Negotiate
from rbutton.person.terms_file import TermsFile
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import policy as policies
from rbutton.terms.encoding import from_time_text, host_of
from rbutton.terms.header import emanciterms
from rbutton.terms.policy import Policy

_WHEN: dict[Negotiate, str] = {
    "auto": "Your terms are offered when you first click or type in its page.",
    "click": "Your terms are offered when you press the button below.",
    "never": "Your settings say to offer nothing here unless you press the button below.",
}
_GONE = "there is none at its usual place any more"
#: What the fetch of a policy that failed is told as.
_FAILED = {
    "status": "the site answered with an error where its policy should be",
    "timeout": "the site's policy did not come within 5 seconds",
    "network": "the site's policy could not be fetched, or was a redirect",
    "too-large": "the policy is larger than 65,536 bytes",
}


class Sites:
    """Reads policies and makes views, by the settings as they are now."""

    def __init__(self, terms_file: TermsFile) -> None:
        self._terms_file = terms_file

    def announced(self, state: Relationship, now: datetime) -> View | None:
        """A site announced terms; None where its policy may be fetched first."""
        # Fetching its policy tells a site that an agent is there (protocol, section 7).
        negotiate = self.negotiate(state.origin)
        if negotiate == "auto" or (negotiate == "click" and not state.is_new):
            return None
        if state.is_new:
            return view.announced(state.origin, self.unread(), _WHEN[negotiate], now)
        return self.without_policy(state, None, None, now)

    def kept_policy(self, state: Relationship) -> Policy | None:
        """The policy that the last proffer or notice rests on, as it was read then."""
        if state.policy is None:
            return None
        at_that_time = from_time_text(state.policy.at)
        return policies.read(state.policy.body, state.origin, catalogue().vocabulary, at_that_time)

    def as_kept(self, state: Relationship, now: datetime, *, under_way: bool = False) -> View:
        """What is shown right after something was sent or came back: by the policy it rests on."""
        policy = self.kept_policy(state)
        assert policy, "nothing is sent without a policy"
        return self.of(state, policy, (), now, under_way=under_way)

    def without_policy(
        self,
        state: Relationship,
        served: messages.FailedPolicy | None,
        fault: str | None,
        now: datetime,
    ) -> View:
        """What the records say, where there is no policy or none that can be used.

        Args:
            served: what became of its fetch, None where it was not fetched.
            fault: what is wrong with it.
            now: the time.
        """
        # What is agreed or open stands, whatever the site serves today.
        gone = fault or (_GONE if served and served.failed == "not-found" else "")
        if shown := _on_record(state, gone, now):
            return view.untold(shown, state, now=now)
        if fault is None and served and served.failed != "not-found":
            fault = _FAILED[served.failed]
        if fault:
            return view.invalid_policy(state.origin, fault)
        signals = self._terms_file.settings.signals_sent_to(host_of(state.origin), now)
        return view.nothing_here(state.origin, signals, looked=served is not None)

    def of(
        self,
        state: Relationship,
        policy: Policy,
        others: Sequence[Sent],
        now: datetime,
        *,
        under_way: bool = False,
    ) -> View:
        """All that is shown of a site with a policy.

        Args:
            others: as `proffer.held_back` has them; empty where nothing may begin.
            now: the time.
            under_way: something is posted at once.
        """
        negotiate, choice = self.negotiate(state.origin), self.choice(policy)
        if state.in_force(now):
            return self._agreed(state, policy, choice, now, under_way=under_way)
        when, offer = _WHEN[negotiate], None
        if negotiate == "auto" and proffer.may_negotiate(policy) and not under_way:
            if state.open:
                offer = "now" if self.may_retry(state, policy, now) else None
            elif state.may_begin(policy.body, now):
                why_not = proffer.held_back(state, choice, others, now)
                when, offer = why_not or when, None if why_not else "touch"
        shown = view.potential(
            state, policy, choice, catalogue(), now=now, when=when, under_way=under_way
        )
        updated = {
            "header": self._header(state, choice, now),
            "offer": offer,
            "offering": choice.shown_of(state.origin),
        }
        shown = self._with_own(shown, policy).model_copy(update=updated)
        return shown if under_way else view.untold(shown, state, now=now)

    def _agreed(
        self,
        state: Relationship,
        policy: Policy,
        choice: proffer.Choice,
        now: datetime,
        *,
        under_way: bool,
    ) -> View:
        """What is shown where an agreement is in force."""
        offer = None
        assert state.sealed
        kept, changes = self.kept_policy(state), []
        if kept and kept.body != policy.body:
            signed = agreements.read(state.sealed.body).agreement
            changes = policy_changes.changes(policy, kept, signed, catalogue(), now)
        if not under_way and self._may_send_again(state, policy, now):
            offer = "now"
        takes = proffer.may_negotiate(policy)
        own = self.own(policy) if takes else None
        shown = view.active(
            state,
            catalogue(),
            now=now,
            changes=changes,
            wanted=choice if takes else None,
            own=own,
            under_way=under_way,
        )
        if not under_way:
            shown = view.instead_of(shown, state, catalogue(), now=now)
        updated = {
            "header": self._header(state, choice, now),
            "offer": offer,
            "offering": choice.shown_of(state.origin),
            "offering_own": own and own.shown_of(state.origin),
            "recognised": self._recognises(state.origin),
        }
        return view.untold(shown.model_copy(update=updated), state, now=now)

    def _may_send_again(self, state: Relationship, policy: Policy, now: datetime) -> bool:
        if undelivered := state.undelivered(now):
            return undelivered.may_retry(now)
        return self.negotiate(state.origin) == "auto" and self.may_retry(state, policy, now)

    def _header(self, state: Relationship, choice: proffer.Choice, now: datetime) -> str | None:
        """The value of `EmanciTerms` for this origin."""
        negotiate = self.negotiate(state.origin)
        if negotiate == "never" or (negotiate == "click" and state.is_new):
            return None
        # What was taken back is not proffered.
        if isinstance(state.last_word(now), Withdrawal):
            return None
        in_force = state.in_force(now)
        recognised = in_force and self._recognises(state.origin)
        return emanciterms(choice.ids, in_force.agreement if in_force and recognised else None)

    def _recognises(self, origin: str) -> bool:
        return self._terms_file.settings.recognises(host_of(origin))

    def _with_own(self, shown: View, policy: Policy) -> View:
        """With the person's own terms beside those of the roster, where they can be offered."""
        own = self.own(policy)
        if own is None or "offer" not in shown.actions:
            return shown
        actions = list(shown.actions)
        actions.insert(actions.index("offer") + 1, "offer-own")
        rows = offered_rows(own, policy, catalogue())
        updated = {"actions": actions, "own": rows, "offering_own": own.shown_of(shown.origin)}
        return shown.model_copy(update=updated)

    def own(self, policy: Policy) -> proffer.Choice | None:
        """The person's own terms, held against that policy; None where there are none."""
        return proffer.choose_own(self._terms_file.settings, policy, catalogue())

    def unread(self) -> proffer.Choice:
        """What is known of it before the policy is read."""
        return proffer.unread(self._terms_file.settings)

    def choice(self, policy: Policy) -> proffer.Choice:
        """What would be offered under that policy."""
        return proffer.choose(self._terms_file.settings, policy, catalogue())

    def negotiate(self, origin: str) -> Negotiate:
        """When the person wants terms offered there."""
        wanted = self._terms_file.settings.negotiate_with(host_of(origin))
        # An edit that loosens is shown before anything is signed under it.
        return "click" if wanted == "auto" and self._terms_file.loosened else wanted

    def policy(self, origin: str, served: messages.Policy, now: datetime) -> Policy:
        """The policy that was served.

        Raises:
            InvalidDocument: it cannot be used.
        """
        return policies.read(served.body, origin, catalogue().vocabulary, now)

    def may_retry(self, state: Relationship, policy: Policy, now: datetime) -> bool:
        """Whether the open proffer may go again, the same bytes, without asking the person."""
        if state.open is None or not state.may_retry(now):
            return False
        return proffer.names_this_site(agreements.read(state.open.proffer.body).agreement, policy)


def _on_record(state: Relationship, gone: str, now: datetime) -> View | None:
    """What the records say of a site by themselves.

    Args:
        gone: why its policy cannot be read, where it was asked for and that is no passing thing.
        now: the time.
    """
    if state.in_force(now):
        shown = view.active(state, catalogue(), now=now, gone=view.as_sentence(gone))
        return view.instead_of(shown, state, catalogue(), now=now)
    return view.on_record(state, catalogue(), None, ["look"], now=now)
