"""Hosts that are killed, and several at once: one agreement, both sides converge, nothing is lost.

Real processes, a real kill -9, real SQLite on both sides. strace kills at one chosen system call.
"""

import contextlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rbutton.person.home import Home
from rbutton.person.seed import Seed
from rbutton.terms import agreement
from rbutton.terms.encoding import from_b64u, time_text
from rbutton.terms.keys import PublicKey, person_key
from tests import shops, sites
from tests.host_process import PATIENCE, Host, HostEnded, host
from tests.shops import Shop
from tests.sites import Site
from tests.visiting import greeted, kinds, records

#: Where what is written becomes what is kept: each is a moment at which a crash might hurt.
DECISIVE = ("fsync", "fdatasync", "unlink", "link", "linkat", "rename", "ftruncate")
#: More of one kind than a negotiation has in one thread.
MANY = 60


@dataclass
class Visit:
    """One negotiation with a shop, and what the host has acknowledged of it so far."""

    home: Path
    shop: Shop
    post: Any = None
    view: Any = field(default_factory=dict)

    @property
    def served(self) -> dict[str, str]:
        """The shop's policy as the extension hands it on."""
        body = sites.in_base64(self.shop.policy.body)
        return {"at": time_text(datetime.now(UTC)), "body": body}

    def look(self, running: Host) -> None:
        """The page announced itself."""
        members = {"origin": self.shop.policy.origin, "announced": True, "policy": self.served}
        self.view = running.result("visit", **members)["view"]

    def ask(self, running: Host, by: str) -> int:
        """Send the offer, and wait for nothing."""
        return running.send("offer", origin=self.shop.policy.origin, policy=self.served, by=by)

    def offered(self, running: Host, number: int) -> None:
        """Wait for the answer to it."""
        frame = running.frame(lambda frame: frame.get("re") == number)
        self.post, self.view = frame["result"]["post"], frame["result"]["view"]

    def carry(self) -> dict[str, Any]:
        """Post it to the shop, which keeps what it signs: its answer."""
        self.shop.now = datetime.now(UTC)
        response = self.shop.post(self.post["body"].encode())
        headers = dict(response.headers)
        kind = next(value for name, value in headers.items() if name.lower() == "content-type")
        return sites.http(response.status, kind, response.body)

    def tell(self, running: Host, answer: dict[str, Any]) -> int:
        """Send the shop's answer, and wait for nothing."""
        members = {"origin": self.shop.policy.origin, "agreement": self.post["agreement"]}
        return running.send("reply", **members, reply=answer)

    def told(self, running: Host, number: int) -> None:
        """Wait for the view of it."""
        self.view = running.frame(lambda frame: frame.get("re") == number)["result"]["view"]

    def through(self, running: Host) -> None:
        """All of it, as the extension does what the view says."""
        running.hello()
        self.look(running)
        by = {"touch": "touch", "now": "retry", None: None}[self.view["offer"]]
        if by:
            self.offered(running, self.ask(running, by))
            self.told(running, self.tell(running, self.carry()))

    def converges(self) -> None:
        """The next host finishes it: what was acknowledged stands, and both hold the same one."""
        before = Visit(self.home, self.shop, self.post, self.view)
        with host("--home", self.home) as running:
            self.through(running)
        assert self.view["state"] == "active", self.view
        agreed = self.view["agreement"]["id"]
        if before.post:
            assert before.post["agreement"] == agreed
        if before.view.get("state") == "active":
            assert before.view["agreement"] == self.view["agreement"]
        assert self.shop.kept == [agreed]
        assert kinds(self.home).count("proffer") == kinds(self.home).count("sealed") == 1
        self.is_by_the_one_seed()

    def is_by_the_one_seed(self) -> None:
        """Every proffer's key comes from the seed that is kept."""
        seed = Seed(Home.in_one_folder(self.home)).read()
        for record in records(self.home):
            if record.kind == "proffer":
                signed = agreement.read(record.body).agreement
                key = person_key(seed, from_b64u(signed.nonce), record.origin)
                assert PublicKey.of(key) == signed.person.jwk


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with a store of its own."""
    return Shop(tmp_path / "shop.sqlite3")


def killing(call: str, when: int) -> tuple[str, ...]:
    """strace, which kills the host at that many system calls of a kind in one thread."""
    # One kind at a time: of several, strace counts each by itself, and kills at the first.
    inject = f"inject={call}:signal=KILL:when={when}"
    # With --seccomp-bpf, strace 6.1 does not count.
    quiet = ("strace", "-f", "-qq", "-o", "/dev/null")
    return (*quiet, "-e", f"trace={call}", "-e", inject)


@pytest.mark.parametrize("call", DECISIVE)
@pytest.mark.parametrize("begun", [False, True], ids=["a new home", "a home in use"])
def test_killed_at_every_decisive_system_call(tmp_path: Path, call: str, begun: bool) -> None:
    """Wherever the kill falls between storing, sending, answering and sealing."""
    for when in range(1, MANY):
        folder = tmp_path / str(when)
        folder.mkdir(mode=0o700)
        home = folder / "home"
        visit = Visit(home, Shop(folder / "shop.sqlite3"))
        if begun:
            with greeted(home):
                pass
        killed = False
        with host("--home", home, before=killing(call, when)) as running:
            try:
                visit.through(running)
            except (HostEnded, BrokenPipeError):
                killed = True
        visit.converges()
        if not killed:
            break
    assert not killed
    # It was killed at all: how often else depends on the machine's SQLite and Python.
    assert when > {"fdatasync": 6, "fsync": 2, "unlink": 2}.get(call, 0)


def kill(running: Host) -> None:
    """kill -9, and wait till it is gone."""
    running.process.kill()
    running.process.wait(PATIENCE)


def after_visit(visit: Visit, running: Host) -> None:
    visit.look(running)


def while_storing(visit: Visit, running: Host) -> None:
    visit.ask(running, "touch")


def after_storing(visit: Visit, running: Host) -> None:
    visit.offered(running, visit.ask(running, "touch"))


def after_the_site_stored(visit: Visit, running: Host) -> None:
    after_storing(visit, running)
    visit.carry()


def while_sealing(visit: Visit, running: Host) -> None:
    after_storing(visit, running)
    visit.tell(running, visit.carry())


def after_sealing(visit: Visit, running: Host) -> None:
    after_storing(visit, running)
    visit.told(running, visit.tell(running, visit.carry()))


STEPS = [
    after_visit,
    while_storing,
    after_storing,
    after_the_site_stored,
    while_sealing,
    after_sealing,
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_two_messages(
    home: Path, shop: Shop, step: Callable[[Visit, Host], None]
) -> None:
    """Before, within and after each step that the extension sees."""
    visit = Visit(home, shop)
    with greeted(home) as running:
        step(visit, running)
        kill(running)
    visit.converges()


def test_killed_again_and_again(home: Path, shop: Shop) -> None:
    """Five hosts in a row are killed after the site stored; the sixth has its answer by a click."""
    visit = Visit(home, shop)
    for by in ("touch", "retry", "retry", "retry", "retry"):
        with greeted(home) as running:
            visit.offered(running, visit.ask(running, by))
            visit.carry()
            kill(running)
    with greeted(home) as running:
        visit.look(running)
        assert visit.view["reason"] == "unanswered"
        visit.offered(running, visit.ask(running, "click"))
        visit.told(running, visit.tell(running, visit.carry()))
    assert visit.view["state"] == "active"
    visit.converges()


@pytest.mark.parametrize("ways", [("touch", "touch"), ("touch", "click"), ("click", "click")])
def test_two_hosts_race_for_one_origin(home: Path, shop: Shop, ways: tuple[str, str]) -> None:
    """Two browsers, one ledger, the same moment: at most one agreement, shown in both."""
    with greeted(home) as one, greeted(home) as two:
        visits = [(Visit(home, shop), running) for running in (one, two)]
        asked = [
            (visit, running, visit.ask(running, by))
            for (visit, running), by in zip(visits, ways, strict=True)
        ]
        for visit, running, number in asked:
            visit.offered(running, number)
        posts = [visit.post for visit, _ in visits if visit.post]
        assert all(post == posts[0] for post in posts)
        answers = [
            (visit, running, visit.tell(running, visit.carry()))
            for visit, running in visits
            if visit.post
        ]
        for visit, running, number in answers:
            visit.told(running, number)
            assert visit.view["state"] == "active"
        for visit, running in visits:
            visit.look(running)
            assert visit.view["state"] == "active"
    visits[0][0].converges()


@pytest.mark.parametrize("when", range(1, 8))
def test_one_of_two_is_killed_in_the_race(home: Path, shop: Shop, when: int) -> None:
    """The other takes over what it left half-written, lock and journal."""
    with greeted(home) as other, host("--home", home, before=killing("fdatasync", when)) as doomed:
        doomed.hello()
        lost, kept = Visit(home, shop), Visit(home, shop)
        first = lost.ask(doomed, "click")
        second = kept.ask(other, "click")
        with contextlib.suppress(HostEnded, BrokenPipeError):
            lost.offered(doomed, first)
            lost.told(doomed, lost.tell(doomed, lost.carry()))
        kept.offered(other, second)
        if kept.post:
            kept.told(other, kept.tell(other, kept.carry()))
        assert kept.view["state"] == "active"
        if lost.post:
            assert lost.post["agreement"] == kept.view["agreement"]["id"]
    kept.converges()


def test_hosts_that_start_together_in_a_new_home_share_it(tmp_path: Path) -> None:
    """Four browsers opened at login: one folder, one file of terms, one seed, one whole ledger."""
    home = tmp_path / "not" / "yet"
    several = [Site(origin=f"https://shop{number}.test") for number in range(4)]
    with ExitStack() as stack:
        running = [stack.enter_context(host("--home", home)) for _ in several]
        settings = [one.hello()["settings"] for one in running]
        assert all(told == settings[0] for told in settings)
        assert settings[0]["problem"] is None
        asked = [
            (one, one.send("offer", origin=site.origin, policy=site.served(), by="click"))
            for one, site in zip(running, several, strict=True)
        ]
        for one, number in asked:
            answer = one.frame(lambda frame, re=number: frame.get("re") == re)
            assert answer["result"]["post"], answer
    assert kinds(home).count("proffer") == len(several)
    Visit(home, Shop(tmp_path / "shop.sqlite3")).is_by_the_one_seed()


@dataclass
class Ending:
    """The end of one agreement, and what the host has acknowledged of it so far."""

    visit: Visit
    ended: str
    view: Any = None

    def through(self, running: Host) -> None:
        """The person ends it, and the shop is told."""
        members = {"origin": self.visit.shop.policy.origin, "agreement": self.ended}
        asked = running.result("withdraw", **members, policy=self.visit.served, by="click")
        self.view, post = asked["view"], asked["post"]
        if post:
            self.visit.post = post
            answer = self.visit.carry()
            self.view = running.result("reply", **members, notice=post["notice"], reply=answer)[
                "view"
            ]


@pytest.mark.parametrize("call", DECISIVE)
def test_killed_at_every_decisive_system_call_of_an_ending(tmp_path: Path, call: str) -> None:
    """What was shown as ended is; whatever was not is ended by the next try, by one notice."""
    for when in range(1, MANY):
        folder = tmp_path / str(when)
        folder.mkdir(mode=0o700)
        visit = Visit(folder / "home", Shop(folder / "shop.sqlite3"))
        with host("--home", visit.home) as running:
            visit.through(running)
        ending = Ending(visit, visit.view["agreement"]["id"])
        killed = False
        with host("--home", visit.home, before=killing(call, when)) as running:
            try:
                running.hello()
                ending.through(running)
            except (HostEnded, BrokenPipeError):
                killed = True
        shown = ending.view and ending.view["state"]
        with greeted(visit.home) as running:
            visit.look(running)
            assert visit.view["state"] == "ended" or shown is None
            ending.through(running)
        assert "The site confirmed it." in ending.view["text"]
        assert [one.state for one in visit.shop.store.agreements()] == ["withdrawn"]
        assert kinds(visit.home).count("withdraw") == kinds(visit.home).count("acknowledged") == 1
        if not killed:
            break
    assert not killed
    assert when > {"fdatasync": 3}.get(call, 0)


@dataclass
class Accepting:
    """A counter-offer that the person accepts, and what the host has acknowledged of it so far."""

    visit: Visit
    counter: str | None
    view: Any = None

    def through(self, running: Host) -> None:
        """Accept it, unless that is done; the signature goes to the shop."""
        origin = self.visit.shop.policy.origin
        if self.counter:
            asked = running.result("answer", origin=origin, counter=self.counter, by="accept")
        else:
            asked = running.result("offer", origin=origin, policy=self.visit.served, by="retry")
        self.view, self.visit.post = asked["view"], asked["post"]
        if self.visit.post:
            self.visit.told(running, self.visit.tell(running, self.visit.carry()))
            self.view = self.visit.view


@pytest.mark.parametrize("call", ["fdatasync", "unlink"])
def test_killed_at_every_decisive_system_call_of_an_acceptance(tmp_path: Path, call: str) -> None:
    """What was shown as agreed is; what was not can be accepted again; both hold the same one."""
    for when in range(1, MANY):
        folder = tmp_path / str(when)
        folder.mkdir(mode=0o700)
        picky = shops.policy(accepts=["SD-BASE"], counter=["SD-BASE"])
        visit = Visit(folder / "home", Shop(folder / "shop.sqlite3", picky))
        with host("--home", visit.home) as running:
            visit.through(running)
        accepting = Accepting(visit, visit.view["counter"])
        killed = False
        with host("--home", visit.home, before=killing(call, when)) as running:
            try:
                running.hello()
                accepting.through(running)
            except (HostEnded, BrokenPipeError):
                killed = True
        shown = accepting.view and accepting.view["agreement"]["id"]
        with greeted(visit.home) as running:
            visit.look(running)
            accepting.counter = visit.view["counter"]
            assert not (shown and accepting.counter)
            accepting.through(running)
            visit.look(running)
        assert visit.view["reason"] == "signed"
        assert shown in (None, visit.view["agreement"]["id"])
        assert visit.shop.kept == [visit.view["agreement"]["id"]]
        assert kinds(visit.home).count("accepted") == kinds(visit.home).count("delivered") == 1
        if not killed:
            break
    assert not killed
    assert when > {"fdatasync": 3}.get(call, 0)
