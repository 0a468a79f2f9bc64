"""What to offer a site, and whether the agent may do so by itself (protocol, section 5)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from publicsuffixlist import PublicSuffixList

from rbutton.decisions.relationship import Relationship
from rbutton.decisions.words import day
from rbutton.person.ledger import Sent
from rbutton.person.settings import Settings
from rbutton.terms.agreement import Agreement, OwnTerm, RosterTerm
from rbutton.terms.click_only import CLICK_ONLY
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import from_time_text, host_of, sha256
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue, RosterDocument

BY_ITSELF_A_DAY = 20
BY_ITSELF_UNANSWERED = 3
#: The span that both are counted over.
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Choice:
    """What would be offered to a site.

    Attributes:
        terms: the roster agreements of one set, or the person's own terms alone; none where the
            site's policy decides which.
        taken_whole: the site says it signs every one of them.
        lasts: how long they would hold; None: for good.
    """

    terms: tuple[RosterDocument | OwnTerm, ...]
    taken_whole: bool
    lasts: timedelta | None = None

    @property
    def ids(self) -> list[str]:
        return [term.id for term in self.terms]

    def shown_of(self, origin: str) -> str:
        """What a press is held to: the site, these terms to the letter, how long they would hold.

        A hash, which only the host makes and compares.
        """
        terms = [term.model_dump() for term in self.terms]
        days = None if self.lasts is None else self.lasts.days
        return sha256(canonical({"origin": origin, "terms": terms, "days": days}))

    def until(self, now: datetime) -> str:
        """When they would end if they were offered now, in a sentence; "" where they would not."""
        return f"Your terms would hold until {day(now + self.lasts)}." if self.lasts else ""


def choose(settings: Settings, policy: Policy | None, catalogue: Catalogue) -> Choice:
    """The first of the person's sets that the site accepts whole, else the first one."""
    wanted = settings.proffer.terms
    taken = next((ids for ids in wanted if policy and policy.accepts_all(ids)), None)
    ids = wanted[0] if taken is None else taken
    documents = tuple(catalogue.documents[one] for one in sorted(ids))
    return Choice(documents, taken is not None, settings.proffer.span)


def unread(settings: Settings) -> Choice:
    """What is known of a choice before the site's policy is read."""
    return Choice((), taken_whole=False, lasts=settings.proffer.span)


def choose_own(settings: Settings, policy: Policy, catalogue: Catalogue) -> Choice | None:
    """The person's own terms; None where there are none. By a click alone (section 3)."""
    clauses = settings.own.clauses
    if not clauses:
        return None
    marks = catalogue.vocabulary.against(clauses, policy.limits)
    own = OwnTerm(id="own", clauses=clauses)
    return Choice((own,), set(marks.values()) == {"met"}, settings.proffer.span)


def accepts_alone(
    settings: Settings, counter: Agreement, in_force: Agreement | None, catalogue: Catalogue
) -> bool:
    """Whether the person need not be asked: they listed all that a site wants instead.

    What is laxer than an agreement in force is asked all the same (protocol, section 7).
    """
    listed = set(settings.proffer.also) - CLICK_ONLY
    if not knows_all(counter, catalogue) or not {term.id for term in counter.terms} <= listed:
        return False
    if in_force is None:
        return True
    vocabulary = catalogue.vocabulary
    new, old = (
        vocabulary.strictest(term.clauses for term in one.terms) for one in (counter, in_force)
    )
    return vocabulary.compare(new, old) in ("equal", "stricter")


def knows_all(counter: Agreement, catalogue: Catalogue) -> bool:
    """Whether every term of a counter is one of the roster here, word for word."""
    return all(
        isinstance(term, RosterTerm) and catalogue.holds(term.id, term.sha256, term.clauses)
        for term in counter.terms
    )


def may_negotiate(policy: Policy) -> bool:
    """Whether the site has an endpoint and a key to sign with."""
    return policy.document.negotiates and bool(policy.keys)


def names_this_site(offered: Agreement, policy: Policy) -> bool:
    """Whether a proffer made earlier still names the site as its policy has it now."""
    return offered.site.name == policy.name and offered.site.jwk in policy.keys


def held_back(
    state: Relationship, choice: Choice, others: Sequence[Sent], now: datetime
) -> str | None:
    """Why the agent does not offer by itself to a site, in a sentence; None when it may.

    Args:
        state: this origin's; `may_begin` says that an offer may be begun with it.
        choice: what would be offered.
        others: what was sent to any site within `A_DAY`, or ever within this registrable domain.
        now: the time.
    """
    if CLICK_ONLY & set(choice.ids):
        return "These terms give something away, so they are offered by your click alone."
    by_itself = [sent for sent in others if sent.by == "touch"]
    # Of today: three that never answer must not end the automatic way for good.
    recent = [sent for sent in by_itself if now - from_time_text(sent.at) < A_DAY]
    if sum(not sent.answered for sent in recent) >= BY_ITSELF_UNANSWERED:
        return f"{BY_ITSELF_UNANSWERED} sites have not answered yet, so no more are asked."
    if len(recent) >= BY_ITSELF_A_DAY:
        return f"{BY_ITSELF_A_DAY} sites were asked in a day, so no more are asked today."
    here = registrable_domain(state.origin)
    elsewhere = {sent.origin for sent in by_itself} - {state.origin}
    if any(registrable_domain(origin) == here for origin in elsewhere):
        return "Another site of the same owner was asked already, so this one is not."
    return None


def registrable_domain(origin: str) -> str:
    """The public suffix plus one label; for an address or a loopback name the origin itself."""
    host = host_of(origin)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        if host != "localhost":
            return _suffixes().privatesuffix(host) or host
    return origin


@cache
def _suffixes() -> PublicSuffixList:
    # Only by a host that offers something: it takes a tenth of a second.
    return PublicSuffixList()
