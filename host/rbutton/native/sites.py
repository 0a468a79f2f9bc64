"""What is shown of a site: its policy and its records, in the light of the person's settings."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rbutton.decisions import proffer, view
from rbutton.decisions.relationship import Relationship
from rbutton.decisions.view import View
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

    def announced(self, state: Relationship) -> View | None:
        """A site announced terms; None where its policy may be fetched first."""
        # Fetching its policy tells a site that an agent is there (protocol, section 7).
        negotiate = self.negotiate(state.origin)
        if negotiate == "auto" or (negotiate == "click" and not state.is_new):
            return None
        if state.is_new:
            return view.announced(state.origin, _WHEN[negotiate])
        return self.without_policy(state, None, None)

    def kept_policy(self, state: Relationship) -> Policy | None:
        """The policy that the last proffer or notice rests on, as it was read then."""
        if state.policy is None:
            return None
        at_that_time = from_time_text(state.policy.at)
        return policies.read(state.policy.body, state.origin, catalogue().vocabulary, at_that_time)

    def as_kept(self, state: Relationship, *, under_way: bool = False) -> View:
        """What is shown right after something was sent or came back: by the policy it rests on."""
        policy = self.kept_policy(state)
        assert policy, "nothing is sent without a policy"
        return self.of(state, policy, (), under_way=under_way)

    def without_policy(
        self, state: Relationship, served: messages.FailedPolicy | None, fault: str | None
    ) -> View:
        """What the records say, where there is no policy or none that can be used.

        Args:
            served: what became of its fetch, None where it was not fetched.
            fault: what is wrong with it.
        """
        # What is agreed or open stands, whatever the site serves today.
        if shown := _on_record(state):
            return shown.model_copy(update=_tell(state))
        if fault is None and served and served.failed != "not-found":
            fault = _FAILED[served.failed]
        if fault:
            return view.invalid_policy(state.origin, fault)
        signals = self._terms_file.settings.signals
        return view.nothing_here(state.origin, signals, looked=served is not None)

    def of(
        self,
        state: Relationship,
        policy: Policy,
        others: Sequence[Sent],
        *,
        under_way: bool = False,
    ) -> View:
        """All that is shown of a site with a policy.

        Args:
            others: as `proffer.held_back` has them; empty where nothing may begin.
            under_way: something is posted at once.
        """
        negotiate, choice = self.negotiate(state.origin), self.choice(policy)
        header = None
        if negotiate == "auto" or (negotiate == "click" and not state.is_new):
            # What was taken back is not proffered.
            header = None if state.withdrawn else emanciterms(choice.ids)
        if state.sealed:
            updated = {"header": header} | _tell(state)
            return view.active(state, catalogue()).model_copy(update=updated)
        when, offer = _WHEN[negotiate], None
        if negotiate == "auto" and proffer.may_negotiate(policy) and not under_way:
            if state.open:
                offer = "now" if self.may_retry(state, policy, _now()) else None
            elif state.may_begin(policy.body):
                why_not = proffer.held_back(state, choice, others, _now())
                when, offer = why_not or when, None if why_not else "touch"
        shown = view.potential(
            state, policy, choice, catalogue(), now=_now(), when=when, under_way=under_way
        )
        told = {} if under_way else _tell(state)
        return shown.model_copy(update={"header": header, "offer": offer} | told)

    def choice(self, policy: Policy) -> proffer.Choice:
        """What would be offered under that policy."""
        return proffer.choose(self._terms_file.settings, policy, catalogue())

    def negotiate(self, origin: str) -> Negotiate:
        """When the person wants terms offered there."""
        return self._terms_file.settings.negotiate_with(host_of(origin))

    def policy(self, origin: str, served: messages.Policy) -> Policy:
        """The policy that was served.

        Raises:
            InvalidDocument: it cannot be used.
        """
        return policies.read(served.body, origin, catalogue().vocabulary, _now())

    def may_retry(self, state: Relationship, policy: Policy, now: datetime) -> bool:
        """Whether the open proffer may go again, the same bytes, without asking the person."""
        if state.open is None or not state.may_retry(now):
            return False
        return proffer.names_this_site(agreements.read(state.open.proffer.body).agreement, policy)


def _on_record(state: Relationship) -> View | None:
    if state.sealed:
        return view.active(state, catalogue())
    if state.open:
        return view.open_proffer(state, None, [], now=_now())
    if state.ended:
        return view.ended(state, None, ["look"])
    if state.withdrawn:
        return view.withdrawn(state, None, ["look"], now=_now())
    return None


def _tell(state: Relationship) -> dict[str, str]:
    """What the site is to be told of by itself, as the View has it."""
    untold = state.untold
    return {"tell": untold.notice.agreement} if untold and untold.may_retry(_now()) else {}


def _now() -> datetime:
    return datetime.now(UTC)
