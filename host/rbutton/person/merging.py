"""Taking a backup in: what would happen, and doing it (docs/backup.md, "Taking it in").

Records are only ever added. What was ended stays ended; of two agreements in force with one site
the one signed last stays, and the other is ended by a notice, as the person would end it.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock

from rbutton.person import files, settings
from rbutton.person.backup import Backup, Contents, read_if_there
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.ledger import Ledger, Record, Tail, Writing
from rbutton.person.seed import Seed, SeedGone
from rbutton.person.verification import Known, Progress, Verification, readable, verified
from rbutton.terms import notice as notices
from rbutton.terms.encoding import time_text
from rbutton.terms.errors import InvalidDocument
from rbutton.terms.keys import PublicKey, person_key
from rbutton.terms.notice import SignedNotice

Whose = Literal["here", "file"]


@dataclass(frozen=True)
class InForce:
    """An agreement that both signed and the person did not end.

    Attributes:
        sealed: when, RFC 3339.
        over: it has ended by itself.
    """

    id: str
    origin: str
    sealed: str
    over: bool
    known: Known = field(compare=False, repr=False)


@dataclass(frozen=True)
class SeedPlan:
    """Which seed will be kept.

    Attributes:
        put: the backup's is put in: where there is none, or instead of another.
        another: there is one here, and the backup's is not that one.
        cannot_end: what will be in force and was signed under no seed that is kept.
        conflict: for each choice, what could then not be ended: the person has to choose.
    """

    put: bool
    another: bool
    cannot_end: tuple[InForce, ...]
    conflict: Mapping[Whose, tuple[InForce, ...]] | None = None


@dataclass(frozen=True)
class TermsPlan:
    """What becomes of the backup's `terms.toml`.

    Attributes:
        how: nothing, as it is here or there is none; written; written beside the one here, which
            the person has edited.
        to: the file that is written; None where nothing is.
    """

    how: Literal["nothing", "write", "beside"]
    to: Path | None


@dataclass(frozen=True)
class Plan:
    """What taking a backup in would do.

    Attributes:
        contents: the backup's first line.
        at: when this was made, RFC 3339.
        tail: the end of the ledger here when this was made.
        here: how many of the backup's agreements are here already.
        new: those that are not, in the order of their offer: id → what is known of it.
        adding: the numbers of the records that would be added.
        forgotten: the ids of agreements that were erased here, in this very ledger: they stay out.
        to_end: in force beside a later one with the same site: they would be ended.
        doubled: the same, but no seed is there to end them with: they stay.
    """

    contents: Contents
    at: str
    tail: Tail
    here: int
    new: Mapping[str, Known]
    adding: frozenset[int]
    forgotten: frozenset[str]
    to_end: tuple[InForce, ...]
    doubled: tuple[InForce, ...]
    seed: SeedPlan
    terms: TermsPlan

    @property
    def changes_nothing(self) -> bool:
        """All of it is here already."""
        return not (
            self.adding
            or self.to_end
            or self.seed.put
            or self.seed.conflict
            or self.terms.how != "nothing"
        )


def look(
    home: Home,
    backup: Backup,
    now: datetime,
    progress: Progress,
    *,
    keep_seed: Whose | None = None,
) -> Plan:
    """Check all of a backup, and of the ledger here, and see what taking it in would do.

    Args:
        now: the time.
        keep_seed: which seed to keep where they differ and agreements would suffer.

    Raises:
        PersonError: "backup": there is something wrong in it. Other codes: something here cannot
            be read.
    """
    ledger = _ledger(home)
    tail = ledger.tail()
    total = tail.records + backup.contents.tail.records
    ours, seen, erased = Verification(), Counter[bytes](), set[bytes]()
    for link in verified(ledger, tail, lambda done, _: progress(done, total), ours):
        seen[_what(link.record)] += 1
        if link.record.kind == "erased":
            erased.add(link.digest)
    theirs, adding, forgotten = Verification(), dict[int, str](), set[str]()
    for link in backup.links():
        record = link.record
        _take(theirs, record, backup)
        if link.digest in erased:
            forgotten.add(record.agreement)
        if seen[what := _what(record)]:
            seen[what] -= 1
        elif record.kind != "erased" or not tail.records:
            adding[record.seq] = record.agreement
        if not record.seq % 500:
            progress(tail.records + record.seq, total)
    # With a proffer goes the counter-offer to it that was accepted elsewhere since.
    forgotten |= {i for i, one in theirs.agreements.items() if one.answers in forgotten}
    progress(total, total)
    brought = {i: one for i, one in theirs.agreements.items() if i not in forgotten}
    merged = _merged(ours.agreements, brought)
    seeds = _seed_here(home), backup.contents.seed
    last, earlier = _in_force(merged, time_text(now))
    to_end = [one for one in earlier if any(_made(seed, merged[one.id]) for seed in seeds)]
    doubled = [one for one in earlier if one not in to_end]
    return Plan(
        contents=backup.contents,
        at=time_text(now),
        tail=tail,
        here=len(brought.keys() & ours.agreements.keys()),
        new={i: one for i, one in brought.items() if i not in ours.agreements},
        adding=frozenset(seq for seq, i in adding.items() if i not in forgotten),
        forgotten=frozenset(forgotten),
        to_end=tuple(to_end),
        doubled=tuple(doubled),
        seed=_seed(*seeds, [*last, *doubled], keep_seed),
        terms=_terms(home, backup.contents),
    )


def apply(home: Home, plan: Plan, backup: Backup, now: datetime, progress: Progress) -> None:
    """Do what the plan says: the seed first, then the ledger in one step, then the terms.

    After a crash in between, the ledger is the old one or the new one; the same once more does the
    rest.

    Raises:
        PersonError: as `look`; also where the ledger was written to since.
    """
    assert not plan.seed.conflict, "the person has to choose first"
    ledger = _ledger(home)
    _check_same(ledger.tail(), plan.tail)
    # Before the seed here may be replaced: it may have signed what is to be ended.
    seeds = (_seed_here(home), plan.contents.seed) if plan.to_end else ()
    ends = [_notice(one, seeds, now) for one in plan.to_end]
    if plan.seed.put and plan.contents.seed:
        Seed(home).put(plan.contents.seed)
    if plan.adding or ends:
        with ledger.writing() as writing:
            _check_same(writing.tail(), plan.tail)
            _append(writing, plan, backup, progress)
            for one, notice in zip(plan.to_end, ends, strict=True):
                writing.append("withdraw", time_text(now), one.origin, one.id, notice.body)
    _write_terms(home, plan)


def _append(writing: Writing, plan: Plan, backup: Backup, progress: Progress) -> None:
    total = backup.contents.tail.records
    for link in backup.links():
        record = link.record
        if not plan.tail.records:
            writing.append_link(record, link.digest)
        elif record.seq in plan.adding:
            writing.append(record.kind, record.at, record.origin, record.agreement, record.body)
        if not record.seq % 500:
            progress(record.seq, total)
    progress(total, total)


def _take(verification: Verification, record: Record, backup: Backup) -> None:
    try:
        verification.take(record)
    except InvalidDocument as error:
        told = ", ".join(one for one in readable(record) if one)
        raise backup.bad(f"its record {record.seq} ({told}): {error}") from None


def _what(record: Record) -> bytes:
    """The same for a record in whichever ledger it stands."""
    members = (record.kind, record.at, record.origin, record.agreement, record.body)
    return hashlib.sha256(repr(members).encode()).digest()


def _merged(ours: Mapping[str, Known], theirs: Mapping[str, Known]) -> dict[str, Known]:
    merged = dict(ours)
    for i, one in theirs.items():
        if i in merged:
            sealed = min(filter(None, (one.sealed, merged[i].sealed)), default=None)
            ended = one.withdrawals | merged[i].withdrawals
            one = replace(one, sealed=sealed, withdrawals=ended)  # noqa: PLW2901
        merged[i] = one
    return merged


def _in_force(known: Mapping[str, Known], now: str) -> tuple[list[InForce], list[InForce]]:
    """For each site the agreement that stays, and those in force beside it.

    What was signed last stays, but not if it is over and another one is not.
    """
    replaced = {one.replaces for one in known.values() if one.sealed}
    by_origin: dict[str, list[InForce]] = {}
    for i, one in known.items():
        if one.sealed and not one.withdrawals and i not in replaced:
            over = one.over(now)
            by_origin.setdefault(one.origin, []).append(
                InForce(i, one.origin, one.sealed, over, one)
            )
    last, others = [], []
    for some in by_origin.values():
        *beside, stays = sorted(some, key=lambda one: (not one.over, one.sealed, one.id))
        last.append(stays)
        others += [one for one in beside if not one.over]
    return last, others


def _made(seed: bytes | None, known: Known) -> bool:
    """Whether the person's key of an agreement comes from this seed."""
    if seed is None:
        return False
    return PublicKey.of(person_key(seed, known.nonce, known.origin)) == known.person


def _seed_here(home: Home) -> bytes | None:
    try:
        return Seed(home).kept()
    except SeedGone:
        # What a backup is for.
        return None


def _seed(
    here: bytes | None, brought: bytes | None, in_force: Collection[InForce], keep: Whose | None
) -> SeedPlan:
    by_here = {one for one in in_force if _made(here, one.known)}
    by_file = {one for one in in_force if _made(brought, one.known)}

    def without(*kept: InForce) -> tuple[InForce, ...]:
        return tuple(one for one in in_force if one not in kept)

    if brought is None or brought == here:
        return SeedPlan(put=False, another=False, cannot_end=without(*by_here))
    if here is None:
        return SeedPlan(put=True, another=False, cannot_end=without(*by_file))
    # What neither seed made is no reason for either.
    if keep is None and by_file - by_here and by_here - by_file:
        lost: dict[Whose, tuple[InForce, ...]] = {
            "here": without(*by_here),
            "file": without(*by_file),
        }
        return SeedPlan(put=False, another=True, cannot_end=(), conflict=lost)
    put = keep == "file" or (keep is None and bool(by_file - by_here))
    return SeedPlan(put=put, another=True, cannot_end=without(*(by_file if put else by_here)))


def _notice(one: InForce, seeds: Iterable[bytes | None], now: datetime) -> SignedNotice:
    seed = next(seed for seed in seeds if seed and _made(seed, one.known))
    return notices.withdraw(one.id, person_key(seed, one.known.nonce, one.origin), now)


def _terms(home: Home, contents: Contents) -> TermsPlan:
    brought, first = contents.terms, settings.FIRST_TEXT.encode()
    here, last_good = read_if_there(home.terms_file), read_if_there(home.last_good)
    if brought is None or brought == here:
        return TermsPlan("nothing", None)
    if here in (None, first) and last_good in (None, first):
        return TermsPlan("write", home.terms_file)
    if brought == first:
        return TermsPlan("nothing", None)
    # Another backup's may be there.
    several = ("terms.imported.toml", *(f"terms.imported-{n}.toml" for n in range(2, 1_000)))
    for path in (home.config / name for name in several):
        match read_if_there(path):
            case None:
                return TermsPlan("beside", path)
            case found if found == brought:
                return TermsPlan("nothing", None)
    raise PersonError(
        "config",
        f"{home.config} is full of imported terms.",
        "Take away the files terms.imported-….toml that you do not need.",
    )


def _write_terms(home: Home, plan: Plan) -> None:
    contents, to = plan.contents, plan.terms.to
    if to is None or contents.terms is None:
        return
    # As for every change of it: somebody may be editing.
    with FileLock(home.data / "terms.lock", mode=0o600):
        again = _terms(home, contents).to
        if again == home.terms_file and contents.last_good is not None:
            with files.whole(home.last_good, replace=True) as file:
                file.write(contents.last_good)
        if again:
            with files.whole(again, replace=True) as file:
                file.write(contents.terms)
        if again == home.terms_file:
            # Taking them in is the person's act: they are not asked about once more.
            with files.whole(home.confirmed, replace=True) as file:
                file.write(contents.terms)


def _ledger(home: Home) -> Ledger:
    return Ledger(home.data / "ledger.sqlite3")


def _check_same(now: Tail, then: Tail) -> None:
    if now != then:
        raise PersonError(
            "ledger",
            "Your ledger was written to since this was worked out: a browser made an agreement.",
            "Nothing was taken in. Do it again.",
        )
