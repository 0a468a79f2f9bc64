"""Taking in what another home has: nothing lost, nothing ended comes back, never two in force."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbutton.decisions import listing
from rbutton.decisions.relationship import Relationship, relationship
from rbutton.native import signing
from rbutton.person import merging
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Kind, Record
from rbutton.person.merging import Plan, Whose
from rbutton.person.seed import Seed
from rbutton.person.verification import Verification, verified
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws, notice
from rbutton.terms.agreement import Agreement, SignedAgreement
from rbutton.terms.encoding import from_b64u, sha256, time_text
from rbutton.terms.keys import person_key
from tests import sites
from tests.homes import busy_home, exported, home_in, ledger_of, opened, sound, unheard
from tests.sites import Site

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OTHER_SEED = bytes(range(1, 33))
SHOP, NEWS = Site(), Site(origin="https://news.example")


@dataclass
class Person:
    """Somebody at one of their machines, doing only what an agent lets them do."""

    home: Home
    now: datetime = NOW
    seed: bytes = sites.SEED
    number: int = 0
    answered: set[str] = field(default_factory=set)

    def state(self, site: Site) -> Relationship:
        """Where they stand with a site."""
        return relationship(site.origin, ledger_of(self.home).of_origin(site.origin), self.now)

    def offer(self, site: Site, **more: Any) -> SignedAgreement | None:
        """Offer terms, where none are in force or offered already."""
        state = self.state(site)
        if state.sealed or state.open:
            return None
        return self._offered(site, **more)

    def renew(self, site: Site) -> SignedAgreement | None:
        """Offer terms in place of those in force."""
        state = self.state(site)
        if not state.sealed or state.open or state.undelivered(self.now):
            return None
        return self._offered(site, supersedes=state.sealed.agreement)

    def _offered(self, site: Site, **more: Any) -> SignedAgreement:
        self.number += 1
        nonce = sites.nonce_of(str(self.home.data), self.number)
        made = sites.proffer(site, now=self.now, nonce=nonce, seed=self.seed)
        if more:
            made = altered(made, self.seed, **more)
        self.keep("policy", site, made.id, site.policy())
        self.keep("proffer", site, made.id, made.body)
        self.keep("sent", site, made.id, b'{"by":"click"}')
        return made

    def seal(self, site: Site) -> None:
        """The site signs what is open."""
        if opened := self.state(site).open:
            body, name = site.countersign(opened.proffer.body), opened.proffer.agreement
            with ledger_of(self.home).writing() as writing:
                writing.append("sealed", time_text(self.now), site.origin, name, body)
                signed = agreements.read(body).agreement
                signing.replaces(writing, site.origin, signed, name, self.now)

    def decline(self, site: Site) -> None:
        """The site says no to what is open."""
        if opened := self.state(site).open:
            self.keep("declined", site, opened.proffer.agreement, b'{"code":"declined"}')

    def counter(self, site: Site) -> None:
        """The site wants other terms than what is open."""
        if opened := self.state(site).open:
            body = site.counter(opened.proffer.body, "SD-BASE", now=self.now)
            self.keep("countered", site, opened.proffer.agreement, body)

    def accept(self, site: Site) -> None:
        """Agree to what the site wants instead."""
        if (wanted := self.state(site).countered) and wanted.open(self.now):
            with ledger_of(self.home).writing() as writing:
                signing.counter(writing, self.seed, wanted, "click", self.now)

    def refuse(self, site: Site) -> None:
        """Or do not."""
        if (wanted := self.state(site).countered) and wanted.open(self.now):
            with ledger_of(self.home).writing() as writing:
                signing.answer_counter(writing, wanted, "counter-declined", "click", self.now)

    def deliver(self, site: Site) -> None:
        """The site takes what was agreed to."""
        if told := self.state(site).undelivered(self.now):
            self.keep("sent", site, told.record.agreement, b'{"by":"click"}')
            self.keep("delivered", site, told.record.agreement, b"")

    def fail(self, site: Site) -> None:
        """The site will not take it."""
        if told := self.state(site).undelivered(self.now):
            self.keep("undeliverable", site, told.record.agreement, b'{"code":"expired"}')

    def end(self, site: Site) -> None:
        """End what is in force, or take back what is open."""
        state = self.state(site)
        if ended := state.endable(self.now):
            with ledger_of(self.home).writing() as writing:
                signing.withdraw(writing, self.seed, state, ended.agreement, self.now)

    def hear(self, site: Site) -> None:
        """The site confirms an end that it was told of."""
        if told := self.state(site).untold:
            read = notice.read(jws.parse(told.record.body, "notice"))
            echo = notice.acknowledge(read, site.key, self.now)
            self.keep("acknowledged", site, told.record.agreement, echo.body)

    def agree(self, site: Site, **more: Any) -> str:
        """Offer, and have it signed: its id."""
        made = self.offer(site, **more)
        assert made
        self.seal(site)
        return made.id

    def keep(self, kind: Kind, site: Site, name: str, body: bytes) -> None:
        """Put one record into the ledger."""
        with ledger_of(self.home).writing() as writing:
            writing.append(kind, time_text(self.now), site.origin, name, body)

    def takes(self, other: "Person", **options: Any) -> Plan:
        """Take in a backup of another machine."""
        return take_in(self.home, exported(other.home, self.home.data / "other"), **options)


def altered(made: SignedAgreement, seed: bytes, **members: Any) -> SignedAgreement:
    """The same proffer with other members, signed again."""
    payload = Agreement.model_validate(sites.payload_of(made) | members)
    body = documents.canonical(payload.model_dump())
    return agreements.read(jws.sign(body, key_of(made.body, seed)))


def key_of(body: bytes, seed: bytes) -> Any:
    """The person's key of an agreement."""
    signed = agreements.read(body).agreement
    return person_key(seed, from_b64u(signed.nonce), signed.site.origin)


def looked(home: Home, path: Path, keep_seed: Whose | None = None) -> Plan:
    """What taking it in would do."""
    return merging.look(home, opened(path), NOW, unheard, keep_seed=keep_seed)


def take_in(home: Home, path: Path, keep_seed: Whose | None = None) -> Plan:
    """Take it in: what that did."""
    plan = looked(home, path, keep_seed)
    merging.apply(home, plan, opened(path), NOW + timedelta(days=400), unheard)
    return plan


def everything(home: Home) -> Counter[tuple[str, str, str, str, str]]:
    """Its records, wherever they stand."""
    return Counter(
        (one.kind, one.at, one.origin, one.agreement, sha256(one.body)) for one in sound(home)
    )


def in_force(home: Home) -> dict[str, str]:
    """Site → agreement, as the button has it."""
    ledger = ledger_of(home)
    states = (relationship(one, ledger.of_origin(one), NOW) for one in ledger.origins())
    return {state.origin: state.sealed.agreement for state in states if state.sealed}


def listed_as(home: Home, state: str) -> list[str]:
    """The ids of the agreements in that state, as the list has them."""
    several = listing.one_by_one(ledger_of(home).all())
    shown = (listing.listed(some, catalogue(), NOW) for some in several)
    return [one.id for one in shown if one.state == state]


@pytest.fixture
def laptop(tmp_path: Path) -> Person:
    """A machine with nothing on it."""
    return Person(home_in(tmp_path / "laptop"))


@pytest.fixture
def desktop(tmp_path: Path) -> Person:
    """Another of the same person."""
    return Person(home_in(tmp_path / "desktop"))


# One machine to another


def test_a_fresh_home_gets_the_same_ledger(tmp_path: Path) -> None:
    """Record by record, with the same numbers and the same chain, and the seed."""
    old, new = busy_home(tmp_path / "old"), home_in(tmp_path / "new", seed=None)
    take_in(new, exported(old, tmp_path / "backup"))
    assert ledger_of(new).all() == sound(old)
    assert ledger_of(new).tail() == ledger_of(old).tail()
    assert Seed(new).read() == Seed(old).read()


def test_an_older_ledger_goes_on_where_the_newer_one_did(laptop: Person, tmp_path: Path) -> None:
    """A disk was restored, and the backup is newer: the chains are one again."""
    laptop.agree(SHOP)
    restored = tmp_path / "restored"
    shutil.copytree(laptop.home.data, restored)
    laptop.end(SHOP)
    laptop.agree(NEWS)
    home = Home.in_one_folder(restored)
    plan = take_in(home, exported(laptop.home, tmp_path / "backup"))
    assert len(plan.adding) == 5
    assert ledger_of(home).tail() == ledger_of(laptop.home).tail()


def test_what_was_ended_here_stays_ended(laptop: Person, tmp_path: Path) -> None:
    """The backup is older, and has it in force."""
    ended = laptop.agree(SHOP)
    before = exported(laptop.home, tmp_path / "before")
    laptop.end(SHOP)
    assert take_in(laptop.home, before).changes_nothing
    assert in_force(laptop.home) == {}
    assert listed_as(laptop.home, "withdrawn") == [ended]


def test_what_was_ended_there_is_ended_here(laptop: Person, desktop: Person) -> None:
    """And the site's echo of it comes along: it is not told twice."""
    laptop.agree(SHOP)
    desktop.takes(laptop)
    desktop.end(SHOP)
    desktop.hear(SHOP)
    laptop.takes(desktop)
    assert in_force(laptop.home) == {}
    assert laptop.state(SHOP).untold is None


def test_an_old_agreement_that_was_ended_does_not_end_a_new_one(
    laptop: Person, desktop: Person
) -> None:
    """Its records stand behind those of the new one, and its end is its own."""
    desktop.agree(SHOP)
    desktop.end(SHOP)
    laptop.now += timedelta(days=30)
    new = laptop.agree(SHOP)
    plan = laptop.takes(desktop)
    assert plan.to_end == ()
    assert in_force(laptop.home) == {SHOP.origin: new}
    desktop.takes(laptop)
    assert in_force(desktop.home) == {SHOP.origin: new}


@pytest.mark.parametrize("later_here", [True, False])
def test_of_two_in_force_with_one_site_the_later_stays(
    laptop: Person, desktop: Person, later_here: bool
) -> None:
    """The other is ended by a signed notice, and the site is told when it is visited."""
    later, earlier = (laptop, desktop) if later_here else (desktop, laptop)
    later.now += timedelta(days=1)
    stays, goes = later.agree(SHOP), earlier.agree(SHOP)
    plan = laptop.takes(desktop)
    assert [one.id for one in plan.to_end] == [goes]
    assert in_force(laptop.home) == {SHOP.origin: stays}
    assert listed_as(laptop.home, "active") == [stays]
    assert listed_as(laptop.home, "withdrawn") == [goes]
    told = laptop.state(SHOP).untold
    assert told
    assert told.record.agreement == goes
    notice.read(jws.parse(told.record.body, "notice")).check_by(
        [agreements.read(told.what.body).agreement.person.jwk]
    )
    sound(laptop.home)


@pytest.mark.parametrize("over_here", [True, False])
def test_what_is_over_takes_nothing_from_what_is_in_force(
    laptop: Person, desktop: Person, over_here: bool
) -> None:
    """Signed last, for a day, a year ago; what was signed before it, elsewhere, still holds."""
    over, holds = (laptop, desktop) if over_here else (desktop, laptop)
    holds.now -= timedelta(days=402)
    over.now -= timedelta(days=401)
    until = time_text(over.now + timedelta(days=1))
    stays, gone = holds.agree(SHOP), over.agree(SHOP, until=until)
    plan = laptop.takes(desktop)
    assert (plan.to_end, plan.doubled) == ((), ())
    assert in_force(laptop.home) == in_force_by_merging(laptop.home) == {SHOP.origin: stays}
    assert listed_as(laptop.home, "active") == [stays]
    assert listed_as(laptop.home, "expired") == [gone]
    sound(laptop.home)


def test_an_offer_that_waits_here_is_still_waited_for(laptop: Person, desktop: Person) -> None:
    """An old no that comes with the backup does not answer it."""
    desktop.offer(SHOP)
    desktop.decline(SHOP)
    laptop.now += timedelta(days=1)
    waiting = laptop.offer(SHOP)
    laptop.takes(desktop)
    assert waiting
    opened_now = laptop.state(SHOP).open
    assert opened_now
    assert opened_now.proffer.agreement == waiting.id
    laptop.seal(SHOP)
    assert in_force(laptop.home) == {SHOP.origin: waiting.id}


def test_what_was_replaced_is_not_in_force_beside_what_replaced_it(
    laptop: Person, desktop: Person
) -> None:
    """`supersedes` says so itself: nothing has to be ended."""
    first = laptop.agree(SHOP)
    desktop.takes(laptop)
    # As a renewal is to be kept: offered while the first is in force.
    desktop.now += timedelta(days=1)
    made = altered(
        sites.proffer(SHOP, now=desktop.now, nonce=sites.nonce_of("renewal")),
        sites.SEED,
        supersedes=first,
    )
    with ledger_of(desktop.home).writing() as writing:
        at = time_text(desktop.now)
        writing.append("policy", at, SHOP.origin, made.id, SHOP.policy())
        writing.append("proffer", at, SHOP.origin, made.id, made.body)
        writing.append("sealed", at, SHOP.origin, made.id, SHOP.countersign(made.body))
    plan = laptop.takes(desktop)
    assert plan.to_end == ()
    assert in_force(laptop.home) == {SHOP.origin: made.id}


def test_a_ledger_that_was_written_to_meanwhile_is_left_alone(
    laptop: Person, desktop: Person, tmp_path: Path
) -> None:
    """What was shown is no longer what would happen."""
    desktop.agree(SHOP)
    path = exported(desktop.home, tmp_path / "backup")
    plan = looked(laptop.home, path)
    laptop.agree(NEWS)
    before = ledger_of(laptop.home).all()
    with pytest.raises(PersonError, match="written to since"):
        merging.apply(laptop.home, plan, opened(path), NOW, unheard)
    assert ledger_of(laptop.home).all() == before


def test_a_write_at_the_last_moment_is_noticed_too(
    desktop: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser's host writes while the keyring takes its time."""
    desktop.agree(SHOP)
    path = exported(desktop.home, tmp_path / "backup")
    here = Person(home_in(tmp_path / "here", seed=None))
    put = Seed.put

    def meanwhile(seed: Seed, value: bytes) -> None:
        put(seed, value)
        here.agree(NEWS)

    monkeypatch.setattr(Seed, "put", meanwhile)
    with pytest.raises(PersonError, match="written to since"):
        take_in(here.home, path)
    assert in_force(here.home).keys() == {NEWS.origin}
    monkeypatch.undo()
    take_in(here.home, path)
    assert in_force(here.home).keys() == {NEWS.origin, SHOP.origin}


def test_records_that_are_alike_are_as_many_as_there_were(laptop: Person, desktop: Person) -> None:
    """Sent twice in one second is sent twice."""
    made = laptop.offer(SHOP)
    desktop.takes(laptop)
    assert made
    desktop.keep("sent", SHOP, made.id, b'{"by":"click"}')
    assert len(laptop.takes(desktop).adding) == 1
    assert desktop.takes(laptop).changes_nothing
    assert [one.kind for one in sound(laptop.home)] == ["policy", "proffer", "sent", "sent"]


def test_a_file_that_changes_between_showing_and_doing_changes_nothing(
    laptop: Person, desktop: Person, tmp_path: Path
) -> None:
    """The records that were checked are those that are taken, or none."""
    laptop.agree(NEWS)
    path = exported(desktop.home, tmp_path / "backup")
    desktop.agree(SHOP)
    path = exported(desktop.home, path)
    backup = opened(path)
    plan = merging.look(laptop.home, backup, NOW, unheard)
    whole = bytearray(path.read_bytes())
    whole[-20] ^= 1
    path.write_bytes(whole)
    before = ledger_of(laptop.home).tail()
    with pytest.raises(PersonError, match="damaged"):
        merging.apply(laptop.home, plan, backup, NOW, unheard)
    assert ledger_of(laptop.home).tail() == before


# Counter-offers, and what replaces what


def test_what_was_agreed_to_comes_along_with_where_it_stands(
    laptop: Person, desktop: Person
) -> None:
    """Accepted and not delivered, declined: each as it was there."""
    laptop.offer(SHOP)
    laptop.counter(SHOP)
    laptop.accept(SHOP)
    laptop.offer(NEWS)
    laptop.counter(NEWS)
    laptop.refuse(NEWS)
    desktop.takes(laptop)
    for person in (laptop, desktop):
        told = person.state(SHOP).undelivered(person.now)
        assert told
        assert in_force(person.home) == {SHOP.origin: told.record.agreement}
        answered = person.state(NEWS).countered
        assert answered
        assert answered.answer
        assert answered.answer.kind == "counter-declined"
    desktop.deliver(SHOP)
    laptop.takes(desktop)
    assert laptop.state(SHOP).undelivered(laptop.now) is None
    sound(laptop.home)


@pytest.mark.parametrize("ended_here", [True, False])
def test_what_both_machines_agreed_to_and_one_ended_is_ended(
    laptop: Person, desktop: Person, ended_here: bool
) -> None:
    """Each has signed the same counter-offer; its end is not undone by the other's signature."""
    laptop.offer(SHOP)
    laptop.counter(SHOP)
    desktop.takes(laptop)
    desktop.now += timedelta(hours=1)
    for person in (laptop, desktop):
        person.accept(SHOP)
    one = laptop if ended_here else desktop
    one.end(SHOP)
    one.hear(SHOP)
    plan = laptop.takes(desktop)
    assert plan.to_end == ()
    assert in_force(laptop.home) == in_force_by_merging(laptop.home) == {}
    sound(laptop.home)


def test_what_replaced_it_there_is_in_force_here(laptop: Person, desktop: Person) -> None:
    """The old one is in force on neither, and nothing has to be ended."""
    laptop.agree(SHOP)
    desktop.takes(laptop)
    desktop.renew(SHOP)
    desktop.counter(SHOP)
    desktop.accept(SHOP)
    plan = laptop.takes(desktop)
    assert plan.to_end == ()
    assert len(in_force(laptop.home)) == 1
    assert in_force(laptop.home) == in_force(desktop.home)
    assert desktop.takes(laptop).changes_nothing


def test_of_two_that_replace_the_same_the_later_stays(laptop: Person, desktop: Person) -> None:
    """Each machine renewed; a site that signed both is told that one of them is over."""
    laptop.agree(SHOP)
    desktop.takes(laptop)
    for person, later in ((laptop, 1), (desktop, 2)):
        person.now += timedelta(days=later)
        person.renew(SHOP)
        person.seal(SHOP)
    stays = in_force(desktop.home)
    plan = laptop.takes(desktop)
    assert [one.id for one in plan.to_end] != list(stays.values())
    assert in_force(laptop.home) == stays
    sound(laptop.home)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["ended first", "signed first"])
def test_what_one_declined_one_took_back_and_one_has_signed_is_ended(
    laptop: Person, tmp_path: Path, order: tuple[int, int]
) -> None:
    """In whichever order the three become one."""
    laptop.offer(SHOP)
    others = [Person(home_in(tmp_path / name)) for name in ("took back", "signed")]
    for other in others:
        other.takes(laptop)
    laptop.decline(SHOP)
    others[0].end(SHOP)
    others[1].seal(SHOP)
    for which in order:
        laptop.takes(others[which])
    assert in_force(laptop.home) == in_force_by_merging(laptop.home) == {}
    told = laptop.state(SHOP).untold
    assert told
    assert agreements.read(told.what.body).id == told.record.agreement


def test_where_both_have_signed_it_the_first_moment_counts(laptop: Person, desktop: Person) -> None:
    """On both machines, whichever record stands first."""
    laptop.offer(SHOP)
    desktop.takes(laptop)
    desktop.now += timedelta(hours=1)
    for person in (laptop, desktop):
        person.seal(SHOP)
    laptop.takes(desktop)
    desktop.takes(laptop)
    for person in (laptop, desktop):
        sealed = person.state(SHOP).sealed
        assert sealed
        assert sealed.at == time_text(NOW)


# Seeds


def test_a_seed_is_put_in_where_there_is_none(desktop: Person, tmp_path: Path) -> None:
    """And where it was lost: that is what a backup is for."""
    desktop.agree(SHOP)
    path = exported(desktop.home, tmp_path / "backup")
    new = home_in(tmp_path / "new", seed=None)
    assert take_in(new, path).seed.put
    assert Seed(new).read() == sites.SEED
    (new.data / "seed").unlink()
    plan = take_in(new, path)
    assert (plan.seed.put, plan.seed.another, plan.adding) == (True, False, frozenset())
    assert Seed(new).read() == sites.SEED


def test_a_seed_that_signed_nothing_gives_way(desktop: Person, tmp_path: Path) -> None:
    """Told as such; what it signed that is over needs no key."""
    desktop.agree(SHOP)
    here = Person(home_in(tmp_path / "here", seed=OTHER_SEED), seed=OTHER_SEED)
    here.agree(NEWS)
    here.end(NEWS)
    plan = here.takes(desktop)
    assert (plan.seed.put, plan.seed.another, plan.seed.cannot_end) == (True, True, ())
    assert Seed(here.home).read() == sites.SEED


def test_a_seed_stays_where_the_other_signed_nothing(desktop: Person, tmp_path: Path) -> None:
    """Nothing that is in force needs the backup's."""
    desktop.offer(SHOP)
    desktop.decline(SHOP)
    here = Person(home_in(tmp_path / "here", seed=OTHER_SEED), seed=OTHER_SEED)
    here.agree(NEWS)
    plan = here.takes(desktop)
    assert (plan.seed.put, plan.seed.another) == (False, True)
    assert Seed(here.home).read() == OTHER_SEED


@pytest.mark.parametrize(("keep", "kept"), [("here", OTHER_SEED), ("file", sites.SEED)])
def test_two_seeds_that_both_signed_need_a_choice(
    desktop: Person, tmp_path: Path, keep: Whose, kept: bytes
) -> None:
    """And it is said what can then not be ended."""
    theirs = desktop.agree(SHOP)
    path = exported(desktop.home, tmp_path / "backup")
    here = Person(home_in(tmp_path / "here", seed=OTHER_SEED), seed=OTHER_SEED)
    ours = here.agree(NEWS)
    conflict = looked(here.home, path).seed.conflict
    assert conflict
    lost = {whose: [one.id for one in some] for whose, some in conflict.items()}
    assert lost == {"here": [theirs], "file": [ours]}
    plan = take_in(here.home, path, keep)
    assert [one.id for one in plan.seed.cannot_end] == lost[keep]
    assert Seed(here.home).read() == kept
    assert in_force(here.home) == {SHOP.origin: theirs, NEWS.origin: ours}
    again = looked(here.home, path, keep)
    assert again.changes_nothing


def test_the_earlier_of_two_is_ended_by_the_seed_that_made_it(
    desktop: Person, tmp_path: Path
) -> None:
    """Both seeds are at hand while a backup is taken in, also the one that is not kept."""
    goes = desktop.agree(SHOP)
    here = Person(home_in(tmp_path / "here", seed=OTHER_SEED), seed=OTHER_SEED)
    here.now += timedelta(days=1)
    stays = here.agree(SHOP)
    plan = here.takes(desktop)
    assert (plan.seed.put, plan.seed.conflict) == (False, None)
    assert [one.id for one in plan.to_end] == [goes]
    assert in_force(here.home) == {SHOP.origin: stays}
    sound(here.home)


def test_two_of_which_one_has_no_seed_any_more_are_told(desktop: Person, tmp_path: Path) -> None:
    """The one signed later is in force; the other cannot be ended, and is not."""
    lost = Person(home_in(tmp_path / "lost", seed=OTHER_SEED), seed=OTHER_SEED)
    earlier = lost.agree(SHOP)
    (lost.home.data / "seed").unlink()
    (lost.home.data / "seed.json").unlink()
    path = exported(lost.home, tmp_path / "backup")
    desktop.now += timedelta(days=1)
    later = desktop.agree(SHOP)
    plan = take_in(desktop.home, path)
    assert ([one.id for one in plan.doubled], plan.to_end) == ([earlier], ())
    assert in_force(desktop.home) == {SHOP.origin: later}


@given(
    made=st.lists(
        st.tuples(st.integers(0, 9), st.none() | st.integers(1, 9)), min_size=1, max_size=4
    ),
    after=st.integers(0, 20),
)
@settings(max_examples=40, deadline=None)
def test_what_has_run_out_hides_nothing_that_is_in_force(
    made: list[tuple[int, int | None]], after: int
) -> None:
    """Several with one site, whose seeds are gone: what is shown is in force while any of them is.

    Args:
        made: for each, the day it was signed and for how many days it holds.
        after: the day it is looked at.
    """
    site, now = Site(), NOW + timedelta(days=after)
    records: list[Record] = []
    holding: list[tuple[int, str]] = []
    for number, (day, lasts) in enumerate(made):
        at = NOW + timedelta(days=day)
        offered = sites.proffer(site, now=at, nonce=sites.nonce_of("several", number))
        if lasts:
            offered = altered(offered, sites.SEED, until=time_text(at + timedelta(days=lasts)))
        for kind, body in (("proffer", offered.body), ("sealed", site.countersign(offered.body))):
            seq = len(records) + 1
            records.append(Record(seq, kind, time_text(at), site.origin, offered.id, body))  # type: ignore[arg-type]
        if lasts is None or after < day + lasts:
            holding.append((day, offered.id))
    shown = relationship(site.origin, records, now).in_force(now)
    assert (shown and shown.agreement) == (max(holding)[1] if holding else None)


# What was erased


def test_what_was_erased_here_stays_out(laptop: Person, tmp_path: Path) -> None:
    """Of a backup of this very ledger, all of that agreement."""
    laptop.agree(SHOP)
    laptop.agree(NEWS)
    path = exported(laptop.home, tmp_path / "before")
    with ledger_of(laptop.home).writing() as writing:
        assert writing.erase([SHOP.origin]) == 4
    plan = take_in(laptop.home, path)
    assert (len(plan.forgotten), plan.changes_nothing) == (1, True)
    assert ledger_of(laptop.home).origins() == [NEWS.origin]


def test_what_another_machine_did_later_with_what_was_erased_stays_out(
    laptop: Person, desktop: Person
) -> None:
    """Half an agreement would be no record of anything."""
    laptop.agree(SHOP)
    desktop.home = home_in(desktop.home.data, seed=None)
    desktop.takes(laptop)
    desktop.end(SHOP)
    with ledger_of(laptop.home).writing() as writing:
        writing.erase([SHOP.origin])
    laptop.takes(desktop)
    assert ledger_of(laptop.home).origins() == []
    sound(laptop.home)


def test_a_counter_offer_to_what_was_erased_stays_out(laptop: Person, desktop: Person) -> None:
    """Another machine accepted it since: without its proffer it would be no record of anything."""
    laptop.offer(SHOP)
    desktop.home = home_in(desktop.home.data, seed=None)
    desktop.takes(laptop)
    desktop.counter(SHOP)
    desktop.accept(SHOP)
    desktop.deliver(SHOP)
    with ledger_of(laptop.home).writing() as writing:
        writing.erase([SHOP.origin])
    assert len(laptop.takes(desktop).forgotten) == 2
    assert ledger_of(laptop.home).origins() == []
    sound(laptop.home)


def test_what_was_erased_there_is_erased_in_a_fresh_home(laptop: Person, tmp_path: Path) -> None:
    """The same chain, with the same gaps; in a home that still has it, it stays."""
    laptop.agree(SHOP)
    laptop.agree(NEWS)
    before = exported(laptop.home, tmp_path / "before")
    with ledger_of(laptop.home).writing() as writing:
        writing.erase([SHOP.origin])
    path = exported(laptop.home, tmp_path / "after")
    new = home_in(tmp_path / "new", seed=None)
    take_in(new, path)
    assert ledger_of(new).tail() == ledger_of(laptop.home).tail()
    assert [one.kind for one in sound(new)].count("erased") == 4
    old = home_in(tmp_path / "old", seed=None)
    take_in(old, before)
    assert take_in(old, path).changes_nothing
    assert in_force(old).keys() == {SHOP.origin, NEWS.origin}


# Any two histories

ACTS: dict[str, Callable[[Person, Site], object]] = {
    "offer": Person.offer,
    "seal": Person.seal,
    "decline": Person.decline,
    "end": Person.end,
    "hear": Person.hear,
    "renew": Person.renew,
    "counter": Person.counter,
    "accept": Person.accept,
    "refuse": Person.refuse,
    "deliver": Person.deliver,
    "fail": Person.fail,
}
#: As often as they make for something to merge.
OFTEN = (
    *("offer", "offer", "offer", "seal", "seal", "seal", "renew", "renew", "counter", "counter"),
    *("accept", "accept", "refuse", "deliver", "fail", "end", "decline", "hear"),
)
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(OFTEN),
        st.sampled_from([SHOP, NEWS]),
        # Clocks are set back, too.
        st.integers(-90, 400),
    ),
    max_size=14,
)


def live(person: Person, history: list[tuple[str, Site, int]]) -> None:
    """Do it all, some minutes apart."""
    for act, site, minutes in history:
        person.now += timedelta(minutes=minutes)
        ACTS[act](person, site)


@contextmanager
def two_machines() -> Iterator[tuple[Person, Person]]:
    """Each with a home of its own; the second is made from the first."""
    with TemporaryDirectory() as folder:
        one = Person(home_in(Path(folder) / "one"))
        yield one, Person(home_in(Path(folder) / "two"))


def was_ended(home: Home) -> set[str]:
    """The ids of all that was ever taken back there."""
    return {one.agreement for one in ledger_of(home).all() if one.kind == "withdraw"}


def standing(*homes: Home) -> dict[str, str]:
    """Site → what both signed last, of all that nobody ended or replaced, on whichever machine."""
    records = [record for home in homes for record in ledger_of(home).all()]
    ended = {one.agreement for one in records if one.kind == "withdraw"}
    signed = [one for one in records if one.kind in ("sealed", "accepted")]
    replaced = {agreements.read(one.body).agreement.supersedes for one in signed}
    found: dict[str, tuple[str, str]] = {}
    # Where several machines have one, the moment that it was first signed by both counts.
    first = {one.agreement: one for one in sorted(signed, key=lambda one: one.at, reverse=True)}
    for name, one in first.items():
        if name not in ended | replaced:
            found[one.origin] = max(found.get(one.origin, ("", "")), (one.at, name))
    return {origin: name for origin, (_, name) in found.items()}


def in_force_by_merging(home: Home) -> dict[str, str]:
    """Site → agreement, as taking in a backup has it."""
    verification, ledger = Verification(), ledger_of(home)
    for _ in verified(ledger, ledger.tail(), unheard, verification):
        pass
    last, _ = merging._in_force(verification.agreements, time_text(NOW))
    return {one.origin: one.id for one in last}


@given(shared=HISTORIES, ours=HISTORIES, theirs=HISTORIES, apart=st.integers(-5_000, 5_000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_histories_become_one(
    shared: list[tuple[str, Site, int]],
    ours: list[tuple[str, Site, int]],
    theirs: list[tuple[str, Site, int]],
    apart: int,
) -> None:
    """Whichever is taken into which, and again: the same in force, and all that was."""
    with two_machines() as (one, two):
        live(one, shared)
        two.takes(one)
        two.now = one.now + timedelta(minutes=apart)
        live(one, ours)
        live(two, theirs)
        here, there = everything(one.home), everything(two.home)
        ended = was_ended(one.home) | was_ended(two.home)
        expected = standing(one.home, two.home)
        for person in (one, two):
            assert in_force_by_merging(person.home) == in_force(person.home)
        backups = [exported(person.home, person.home.data / "backup") for person in (one, two)]
        plans = [take_in(one.home, backups[1]), take_in(two.home, backups[0])]

        # Nothing is lost, nothing is there twice, and all of it verifies.
        for person, plan in zip((one, two), plans, strict=True):
            extra = everything(person.home) - (here | there)
            assert not (here | there) - everything(person.home)
            assert [what[0] for what in extra] == ["withdraw"] * len(plan.to_end)
        # Of what was signed and not ended, with each site the last, and no other.
        for person in (one, two):
            assert in_force(person.home) == in_force_by_merging(person.home) == expected
            assert sorted(listed_as(person.home, "active")) == sorted(expected.values())
            assert ended.isdisjoint(listed_as(person.home, "active"))
        # Once more changes nothing; nor does what the other has become, but for its own notices.
        assert looked(one.home, backups[1]).changes_nothing
        assert looked(two.home, backups[0]).changes_nothing
        one.takes(two)
        two.takes(one)
        assert everything(one.home) == everything(two.home)
        assert in_force(one.home) == in_force(two.home) == expected


@given(
    shared=HISTORIES,
    lives=st.tuples(HISTORIES, HISTORIES, HISTORIES),
    order=st.permutations([(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_three_histories_become_one_in_every_order(
    shared: list[tuple[str, Site, int]],
    lives: tuple[list[tuple[str, Site, int]], ...],
    order: list[tuple[int, int]],
) -> None:
    """Whichever of three machines takes in which first: in the end all have the same."""
    with TemporaryDirectory() as folder:
        first = Person(home_in(Path(folder) / "first"))
        live(first, shared)
        people = [Person(home_in(Path(folder) / str(one)), now=first.now) for one in range(3)]
        for person, history in zip(people, lives, strict=True):
            person.takes(first)
            live(person, history)
        # Twice, as each taking in may end something.
        for taker, giver in order * 2:
            people[taker].takes(people[giver])
        states = [in_force(person.home) for person in people]
        assert states == [standing(person.home) for person in people]
        assert states[0] == states[1] == states[2]
        withdrawn = [set(listed_as(person.home, "withdrawn")) for person in people]
        assert (
            withdrawn[0]
            == withdrawn[1]
            == withdrawn[2]
            == was_ended(first.home).union(*(was_ended(person.home) for person in people))
        )
        for taker, giver in order:
            people[taker].takes(people[giver])
        assert everything(people[0].home) == everything(people[1].home)
        assert everything(people[1].home) == everything(people[2].home)


@given(history=HISTORIES)
@settings(max_examples=25, deadline=None)
def test_a_history_reads_as_it_was_lived(history: list[tuple[str, Site, int]]) -> None:
    """With no backup taken in: what is in force is what was signed last and not ended."""
    with two_machines() as (one, _):
        lived: dict[str, str | None] = {}
        for act, site, minutes in history:
            one.now += timedelta(minutes=minutes)
            before = one.state(site)
            ACTS[act](one, site)
            match act:
                case "seal" if before.open:
                    lived[site.origin] = before.open.proffer.agreement
                case "accept" if before.countered and before.countered.open(one.now):
                    lived[site.origin] = agreements.read(before.countered.record.body).id
                case "end" if before.endable(one.now):
                    lived[site.origin] = None
        assert in_force(one.home) == {site: i for site, i in lived.items() if i}


def test_records_of_one_agreement_stand_in_their_order(laptop: Person, desktop: Person) -> None:
    """Whatever else stands between them."""
    desktop.agree(SHOP)
    desktop.end(SHOP)
    desktop.hear(SHOP)
    laptop.agree(NEWS)
    laptop.takes(desktop)

    def course(home: Home) -> list[Record]:
        return ledger_of(home).of_origin(SHOP.origin)

    kinds = ["policy", "proffer", "sent", "sealed", "withdraw", "acknowledged"]
    assert [one.kind for one in course(laptop.home)] == kinds
    assert [one.body for one in course(laptop.home)] == [one.body for one in course(desktop.home)]
