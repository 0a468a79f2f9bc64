"""Everything that can happen between one person and one site, and what has to hold all the while.

Two browsers of the person, two workers of the site. What must hold is read from the files of both
sides (`evidence`), after every step; at the end the network heals, and both have to agree.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rbutton.decisions.relationship import relationship
from rbutton.decisions.response import SKEW
from rbutton.native.requests import RequestError
from rbutton.person.errors import PersonError
from rbutton.person.ledger import Record
from rbutton.person.settings import FIRST_TEXT
from rbutton.person.settings_parsing import parse
from rbutton.person.verification import Verification, verified
from rbutton.shipped.roster import catalogue
from rbutton.site.policy import SitePolicy
from rbutton.terms.click_only import CLICK_ONLY
from rbutton.terms.documents import canonical
from rbutton.terms.encoding import b64u, from_time_text, sha256, time_text
from rbutton.terms.keys import PublicKey
from tests import evidence, sites, two_sides
from tests.homes import home_in, ledger_of, unheard
from tests.two_sides import Browser, Clock, Crash, Json, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = timedelta(minutes=1)
ORIGIN = sites.ORIGIN
NOW = sites.NOW
#: What the site would sign, and what it wants instead of the rest.
POLICIES: tuple[Json, ...] = (
    {"accepts": ["SD-BASE-DP"]},
    {"accepts": ["SD-BASE"], "counter": ["SD-BASE"]},
    {"accepts": ["SD-BASE-A", "SD-BASE-DP"], "counter": ["SD-BASE-A"]},
    {"accepts": ["SD-BASE-AT"], "counter": ["SD-BASE-AT"]},
    {"accepts": ["PDC-AI"], "counter": ["PDC-AI"]},
    {"accepts": []},
    {
        "accepts": ["SD-BASE-DP", "SD-BASE", "no-stalking", "do-not-track", "mine-as-well"],
        "limits": {"track.offsite": "never", "copy": "on-request"},
    },
)
DP, BASE, NOTHING = POLICIES[0], POLICIES[1], POLICIES[5]
OWN = '[own]\nclauses = { "track.offsite" = "never", copy = "on-request" }\n'
SETTINGS: tuple[str, ...] = (
    FIRST_TEXT,
    '[proffer]\nalso = ["SD-BASE", "SD-BASE-A", "SD-BASE-AT"]\n' + OWN,
    '[proffer]\nterms = [["do-not-track"]]\n',
    '[proffer]\nterms = [["PDC-AI"], ["SD-BASE"]]\nalso = ["SD-BASE"]\n',
    '[proffer]\nterms = [["no-stalking", "mine-as-well"], ["SD-BASE"]]\n',
    '[proffer]\nnegotiate = "click"\n',
    '[proffer]\nlasts = "1 month"\n',
    '[proffer]\nlasts = "1 year"\nterms = [["no-stalking"]]\nalso = ["SD-BASE"]\n',
    '[proffer]\nnegotiate = "never"\nterms = [["SD-BASE"]]\n' + OWN,
)
SPANS = (
    timedelta(seconds=1),
    timedelta(minutes=3),
    timedelta(minutes=7),
    timedelta(hours=1),
    timedelta(hours=25),
    timedelta(days=8),
    timedelta(days=31),
)
#: For how many days terms hold.
LASTS = {"1 month": 31, "1 year": 366}
#: Within what the protocol forgives, and beyond it.
CLOCKS = tuple(timedelta(minutes=minutes) for minutes in (0, 4, -4, 7, -7, 60, -60))
#: A copy of a request that is older than this has died in some queue.
LINGERS = timedelta(minutes=5)
#: More than a person who presses all that is shown needs.
PATIENCE = 20

#: Whether what is posted is answered at once, or lingers.
Fate = Literal["answered", "later"]
fates: st.SearchStrategy[Fate] = st.sampled_from(["answered", "answered", "later"])
which = st.integers(0, 5)
either = st.integers(0, 1)


@dataclass(frozen=True)
class Request:
    """A post on its way."""

    post: Json
    sent: datetime


@dataclass(frozen=True)
class Reply:
    """What came back on it, on its way."""

    post: Json
    reply: Json


def site_key(number: int) -> Ed25519PrivateKey:
    """One of the keys that the site has in turn."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)


class World(RuleBasedStateMachine):
    """Everything that can happen between one person and one site.

    Attributes:
        pressed: the ids of proffers and counters that were signed by a click.
        astray: the site's clock was further off than the protocol forgives.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(dir=_memory())
        folder = Path(self._folder.name)
        self.clock = Clock(NOW)
        self._clocked = two_sides.clocked(self.clock)
        self._clocked.__enter__()
        self.home = home_in(folder / "home")
        self.store = folder / "store.sqlite3"
        self.keys, self.name = 1, 0
        first = self.policy(POLICIES[0])
        self.workers = [Worker(self.store, first, self.clock) for _ in range(2)]
        self.browsers = [Browser(self.home, sites.SEED) for _ in range(2)]
        self.requests: list[Request] = []
        self.replies: list[Reply] = []
        self.pressed: set[str] = set()
        self.seen = 0
        self.acknowledged: set[str] = set()
        self.astray = False
        self.in_force: str | None = None
        self.killed: int | None = None
        self.between: Callable[[], object] | None = None

    def teardown(self) -> None:
        try:
            self.heal()
            self.what_is_shown_can_be_pressed()
        finally:
            for worker in self.workers:
                worker.close()
            self._clocked.__exit__(None, None, None)
            self._folder.cleanup()

    # What the two are

    def policy(self, of: Json) -> SitePolicy:
        """The policy of that kind under the key of today."""
        former = [site_key(number) for number in range(self.keys - 1)]
        return SitePolicy.of(
            origin=ORIGIN,
            name=f"Example Shop {self.name}",
            key=site_key(self.keys - 1),
            former_keys=[PublicKey.of(key) for key in former],
            **of,
        )

    @property
    def site_keys(self) -> set[str]:
        """All that the site ever signed with."""
        return {
            b64u(site_key(number).public_key().public_bytes_raw()) for number in range(self.keys)
        }

    @property
    def person(self) -> evidence.Holding:
        ledger, now = self.home.data / "ledger.sqlite3", time_text(self.clock.now)
        return evidence.of_person(ledger, sites.SEED, self.site_keys, now)

    @property
    def site(self) -> evidence.Holding:
        now = time_text(self.clock.now)
        return evidence.of_site(self.store, sites.SEED, self.site_keys, now)

    def records(self) -> list[Record]:
        """All of the ledger."""
        return ledger_of(self.home).all()

    # What a browser does

    def ask(self, browser: int, name: str, *, pressed: bool = False, **members: Any) -> Json:
        """A request to a host, which may die of it; what it wants posted is on its way.

        Args:
            pressed: the person clicked for it.
        """
        killed, self.killed = self.killed, None
        between, self.between = self.between, None
        try:
            with two_sides.killed_after(killed), two_sides.meanwhile(between):
                result = self.browsers[browser].asks(name, origin=ORIGIN, **members)
        except Crash:
            self.check_acts(pressed=pressed, saw=members.get("seen"))
            return {"view": None}
        except (RequestError, PersonError) as error:
            if error.code not in ("unknown-agreement", "config"):
                raise
            return {"view": None}
        post = result.get("post")
        if post:
            self.requests.append(Request(post, self.clock.now))
            if pressed:
                self.pressed.add(post["agreement"])
        self.check_acts(pressed=pressed, saw=members.get("seen"))
        return result

    def page(self, browser: int) -> Json:
        """The policy as the page had it."""
        page = self.browsers[browser].page
        return page or self.load(browser, 0)

    def load(self, browser: int, worker: int) -> Json:
        page = two_sides.served(self.workers[worker].policy, self.clock)
        self.browsers[browser].page = page
        return page

    def view(self, browser: int) -> Json:
        """What is shown of the page that is open."""
        members = {"announced": True, "policy": self.page(browser)}
        view: Json = self.browsers[browser].asks("visit", origin=ORIGIN, **members)["view"]
        self.browsers[browser].shown = view
        return view

    @rule(
        browser=either,
        worker=either,
        stale=st.sampled_from([False, False, True]),
        does=st.sampled_from(["look", "touch", "click", "renew", "own", "note"]),
        fate=fates,
    )
    def a_page_is_visited(
        self, browser: int, worker: int, stale: bool, does: str, fate: Fate
    ) -> None:
        """The extension does what the view says, and then the person something, too."""
        view = self.browsers[browser].shown
        if not stale or view is None:
            self.load(browser, worker)
            view = self.view(browser)
        if view["tell"]:
            self.tells(browser, view["tell"], "retry", policy=True)
        if view["offer"] == "now":
            self.offers(browser, "retry")
        match does:
            case "touch" | "click":
                self.offers(browser, does)
            case "renew" | "own":
                own = does == "own"
                renew = bool(view["offering_own" if own else "offering"])
                self.offers(browser, "click", renew=renew, own=own)
            case "note":
                self.ask(browser, "note", policy=self.page(browser))
        self.carried(browser, fate, worker)

    @initialize(of=st.none() | st.sampled_from(POLICIES), text=st.sampled_from(SETTINGS))
    def it_begins(self, of: Json | None, text: str) -> None:
        """Mostly with something in force."""
        self.terms_are_edited(text, confirmed=True)
        if of:
            self.they_come_to_terms(0, of, accepts=True)

    @rule(
        browser=either,
        of=st.sampled_from(POLICIES),
        accepts=st.booleans(),
        text=st.none() | st.none() | st.sampled_from(SETTINGS),
    )
    def they_come_to_terms(
        self, browser: int, of: Json, accepts: bool, text: str | None = None
    ) -> None:
        """As it goes where nothing comes between: so that there is something to spoil."""
        self.workers[0].policy = self.policy(of)
        if text is not None:
            self.terms_are_edited(text, confirmed=accepts)
        self.a_page_is_visited(browser, 0, stale=False, does="renew", fate="answered")
        if accepts:
            self.a_counter_is_answered(browser, "accept", "answered")

    def offers(self, browser: int, by: str, **more: bool) -> None:
        """At once, at a touch or by a press, which is for what was shown."""
        shown = self.browsers[browser].shown
        # What is offered where nothing is in force gives nothing up.
        of = "offering_own" if more.get("own") else "offering"
        seen = shown[of] if shown and more.get("renew") else None
        members = {"policy": self.page(browser), "by": by, "seen": seen}
        self.ask(browser, "offer", pressed=by == "click", **members, **more)

    @rule(browser=either, by=st.sampled_from(["accept", "always", "decline"]), fate=fates)
    def a_counter_is_answered(self, browser: int, by: str, fate: Fate) -> None:
        """Whether it is still open is for the host to see."""
        counters = [one for one in self.records() if one.kind == "countered"]
        if counters:
            counter = evidence.signed(counters[-1].body, *self.site_keys).id
            if by != "decline":
                self.pressed.add(counter)
            self.ask(browser, "answer", pressed=True, counter=counter, by=by)
            self.carried(browser, fate)

    @rule(browser=either, policy=st.booleans(), fate=fates)
    def end_is_pressed(self, browser: int, policy: bool, fate: Fate) -> None:
        ending = self.view(browser)["ending"]
        if ending:
            self.tells(browser, ending, "click", policy=policy)
            self.carried(browser, fate)

    def tells(self, browser: int, ending: str, by: str, *, policy: bool) -> None:
        page = self.page(browser) if policy else None
        self.ask(browser, "withdraw", pressed=by == "click", agreement=ending, policy=page, by=by)

    def carried(self, browser: int, fate: Fate, worker: int = 0) -> None:
        """What was just posted is answered, or stays on its way."""
        while fate == "answered" and self.requests:
            self.a_request("answered", -1, worker, browser)

    @rule(browser=either, does=st.sampled_from(["touch", "click", "end", "accept"]))
    def the_other_browser_is_faster(self, browser: int, does: str) -> None:
        """Next time, between reading and writing."""

        def other() -> None:
            match does:
                case "touch" | "click":
                    self.offers(browser, does)
                case "end":
                    self.end_is_pressed(browser, policy=True, fate="later")
                case "accept":
                    self.a_counter_is_answered(browser, "accept", "later")

        self.between = other

    @rule(text=st.sampled_from(SETTINGS), confirmed=st.booleans())
    def terms_are_edited(self, text: str, confirmed: bool) -> None:
        """By hand; what loosens counts for nothing by itself until it is confirmed."""
        self.home.terms_file.write_text(text)
        for browser in self.browsers:
            browser.look()
        loosened = self.browsers[0].terms_file.loosened
        if loosened and confirmed:
            self.browsers[0].terms_file.confirm(loosened.id)
            self.browsers[1].look()

    @rule(who=st.sampled_from(["browser", "worker"]), which=either, after=st.integers(-1, 5))
    def somebody_is_killed(self, who: str, which: int, after: int) -> None:
        """At once, or when it next writes, after so many records or statements."""
        match who:
            case "browser" if after < 0:
                self.browsers[which].start()
            case "browser":
                self.killed = after
            case "worker" if after < 0:
                self.workers[which].close()
                self.workers[which].start()
            case "worker":
                self.workers[which].dies_after(after)

    # What becomes of what is on its way

    @precondition(lambda self: self.requests)
    @rule(
        number=which,
        happens=st.sampled_from(["answered", "arrives", "doubled", "lost"]),
        worker=either,
        browser=either,
    )
    def a_request(self, happens: str, number: int = 0, worker: int = 0, browser: int = 0) -> None:
        """It is answered at once, or its answer is on its way, perhaps beside a copy of it."""
        place = number % len(self.requests)
        request = self.requests[place] if happens == "doubled" else self.requests.pop(place)
        reply: Json | None = {"failed": "network"}
        if happens != "lost":
            reply = self.workers[worker].answers(request.post["body"].encode())
        if happens in ("answered", "lost"):
            self.told(browser, request.post, reply or {"failed": "timeout"})
        elif reply:
            self.replies.append(Reply(request.post, reply))

    @precondition(lambda self: self.replies)
    @rule(
        number=which,
        happens=st.sampled_from(["arrives", "doubled", "lost", "timeout"]),
        browser=either,
    )
    def a_reply(self, happens: str, number: int = 0, browser: int = 0) -> None:
        place = number % len(self.replies)
        reply = self.replies[place] if happens == "doubled" else self.replies.pop(place)
        if happens != "lost":
            came = {"failed": "timeout"} if happens == "timeout" else reply.reply
            self.told(browser, reply.post, came)

    def told(self, browser: int, post: Json, reply: Json) -> None:
        self.ask(browser, "reply", agreement=post["agreement"], notice=post["notice"], reply=reply)

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.clock.now += span
        self.requests = [one for one in self.requests if self.clock.now - one.sent <= LINGERS]

    # What the site does

    @rule(
        of=st.sampled_from(POLICIES),
        workers=st.sampled_from([(0, 1), (0,), (1,)]),
        new=st.sampled_from(["", "", "key", "name"]),
    )
    def the_policy_changes(self, of: Json, workers: tuple[int, ...], new: str) -> None:
        """On one worker first, where it is brought out in turn; at times under another key."""
        self.keys = min(self.keys + (new == "key"), 5)
        self.name += new == "name"
        for worker in workers:
            self.workers[worker].policy = self.policy(of)

    @rule(off=st.sampled_from(CLOCKS))
    def the_sites_clock_is_set(self, off: timedelta) -> None:
        self.clock.off = off
        self.astray |= abs(off) > SKEW

    # What must hold

    @invariant()
    def it_holds(self) -> None:
        """All that must, after every step."""
        ledger = ledger_of(self.home)
        for _ in verified(ledger, ledger.tail(), unheard, Verification()):
            pass
        person, site = self.person, self.site
        self.one_is_in_force(person, site)
        self.what_was_acknowledged_stays(person, site)
        self.nothing_is_laxer_than_before(person)

    def one_is_in_force(self, person: evidence.Holding, site: evidence.Holding) -> None:
        """On each side; with the site, of those that the person has not ended without its hearing.

        What the files prove is what the code says.
        """
        state = relationship(ORIGIN, self.records(), self.clock.now)
        kept = state.in_force(self.clock.now)
        assert person.in_force == ({kept.agreement} if kept else set())
        assert len(person.in_force) <= 1
        assert site.standing == evidence.sealed_by_column(self.store)
        assert len(site.in_force - person.ended) <= 1, site.in_force - person.ended

    def what_was_acknowledged_stays(self, person: evidence.Holding, site: evidence.Holding) -> None:
        """Ended: for the person at once, for the site when it said so."""
        self.acknowledged |= {one.agreement for one in self.records() if one.kind == "acknowledged"}
        assert self.acknowledged <= person.ended
        assert self.acknowledged <= site.ended

    def nothing_is_laxer_than_before(self, person: evidence.Holding) -> None:
        """What is in force after something else is no laxer, unless the person clicked for it."""
        before, self.in_force = self.in_force, next(iter(person.in_force), None)
        if before and self.in_force and before != self.in_force:
            old, new = (person.agreements[one] for one in (before, self.in_force))
            assert self.in_force in self.pressed or no_laxer(new.members, old.members)

    def check_acts(self, *, pressed: bool, saw: str | None = None) -> None:
        """Everything that was signed since the last look is what the person said.

        Args:
            saw: what stood for what a press would offer.
        """
        terms_file = self.browsers[0].terms_file
        for browser in self.browsers:
            browser.look()
        said = parse(terms_file.read(), catalogue().documents)
        records = self.records()
        fresh, self.seen = records[self.seen :], len(records)
        for record in fresh:
            members = evidence.payload_of(record.body) if record.kind in _SIGNED else {}
            ids = [term["id"] for term in members.get("terms", ())]
            if record.kind == "proffer":
                own = members["terms"] == [{"id": "own", "clauses": said.own.clauses}]
                days = LASTS.get(said.proffer.lasts)
                shown = {
                    "origin": members["site"]["origin"],
                    "terms": [
                        term if own else catalogue().documents[term["id"]].model_dump()
                        for term in members["terms"]
                    ],
                    "days": days,
                }
                assert not saw or saw == sha256(canonical(shown))
                assert members["until"] == _later(members["proffered"], days)
                assert saw or members["supersedes"] is None
                assert sorted(ids) in [sorted(one) for one in said.proffer.terms] or (
                    own and pressed
                )
                if not pressed:
                    assert said.proffer.negotiate == "auto"
                    assert terms_file.loosened is None
                    assert members["supersedes"] is None
                    assert not CLICK_ONLY & set(ids)
            elif record.kind == "accepted" and record.agreement not in self.pressed:
                assert set(ids) <= set(said.proffer.also) - CLICK_ONLY
                assert terms_file.loosened is None
        self.nothing_is_laxer_than_before(self.person)

    # The end

    def heal(self) -> None:
        """Clocks are right, nothing is lost, and the person presses what is shown: both agree."""
        self.killed = self.between = None
        self.clock.off = timedelta(0)
        self.clock.now += LINGERS * 3
        self.requests, self.replies = [], []
        for worker in self.workers:
            worker.dies_after(None)
        self.workers[1].policy = self.workers[0].policy
        for _ in range(PATIENCE):
            if not self.goes_on():
                break
        else:
            raise AssertionError(f"it goes on and on: {self.view(0)}")
        self.both_agree()

    def what_is_shown_can_be_pressed(self) -> None:
        """An offer, a renewal: each press sends something, for what was shown."""
        view = self.view(0)
        for action in ("offer", "offer-own", "renew", "renew-own"):
            if action in view["actions"]:
                own, renew = action.endswith("own"), action.startswith("renew")
                seen = view["offering_own" if own else "offering"]
                members = {"policy": self.page(0), "by": "click", "seen": seen}
                self.ask(0, "offer", pressed=True, **members, own=own, renew=renew)
                assert self.requests, action
                return

    def goes_on(self) -> bool:
        """One more thing that the extension does, or the person presses; false when all is done."""
        self.load(0, 0)
        view = self.view(0)
        if view["tell"]:
            self.tells(0, view["tell"], "retry", policy=True)
        elif view["offer"] == "now":
            self.offers(0, "retry")
        elif "again" in view["actions"]:
            self.offers(0, "click")
        elif "tell-again" in view["actions"]:
            self.tells(0, view["untold"], "click", policy=True)
        elif view["counter"]:
            by = "accept" if "accept" in view["actions"] and len(self.records()) % 2 else "decline"
            self.pressed |= {view["counter"]} if by == "accept" else set()
            counter = {"counter": view["counter"], "by": by}
            post = self.browsers[0].asks("answer", origin=ORIGIN, **counter)["post"]
            self.requests += [Request(post, self.clock.now)] if post else []
        else:
            return False
        while self.requests:
            self.a_request("answered")
        self.clock.now += timedelta(minutes=1)
        self.it_holds()
        return True

    def both_agree(self) -> None:
        """On what is in force, byte for byte, and on what was ended."""
        person, site = self.person, self.site
        lost = {one.agreement for one in self.records() if one.kind == "undeliverable"}
        # By a clock that is further off than the protocol forgives a site may sign what it said it
        # had no record of, when the person took it back.
        unheard_of = person.ended if self.astray else set()
        assert person.in_force - lost == site.in_force - unheard_of
        for name in person.agreements.keys() & site.agreements.keys():
            assert person.agreements[name].payload == site.agreements[name].payload


_SIGNED = ("proffer", "accepted")


def _later(since: str, days: int | None) -> str | None:
    """That time and so many days; None for good."""
    return None if days is None else time_text(from_time_text(since) + timedelta(days=days))


def no_laxer(new: Json, old: Json) -> bool:
    """Whether one agreement's terms are nowhere laxer than another's."""
    vocabulary = catalogue().vocabulary
    both = (vocabulary.strictest(term["clauses"] for term in one["terms"]) for one in (new, old))
    return vocabulary.compare(*both) in ("equal", "stricter")


def _memory() -> str | None:
    """A folder that no disk has to write down: power cuts are test_crashes.py's."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
