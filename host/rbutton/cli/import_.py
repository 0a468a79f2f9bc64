"""`rbutton import`: takes a backup in, after showing what would happen."""

import difflib
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rbutton.cli import asking, homes
from rbutton.cli.commands import DONE, NO, Commands, count
from rbutton.cli.counting import counted
from rbutton.decisions.words import local
from rbutton.person import merging, sealed_file, settings
from rbutton.person.backup import Backup, read_if_there
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.merging import InForce, Plan
from rbutton.person.sealed_file import SealedFile
from rbutton.terms.encoding import from_time_text

#: No more lines of one kind than somebody reads.
_MOST_SITES, _MOST_LINES = 20, 60


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "import",
        help="take in what `rbutton export` kept, after showing what would happen",
        description="Adds what is in FILE to what is here. Nothing of yours is removed or "
        "overwritten; what is here already is not added again.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what rbutton export wrote")
    parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--keep-seed",
        choices=("here", "file"),
        help="which seed to keep, where the two differ and each has signed what is in force",
    )
    asking.add_passphrase_file(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Show what would happen, ask, and do it.

    Raises:
        PersonError: nothing was taken in.
    """
    sealed_file.check(options.file)
    passphrase = asking.passphrase(options.passphrase_file, twice=False)
    backup = Backup(SealedFile.open(options.file, passphrase))
    home = homes.existing_or_new()
    with counted("Checking what is in it, and what is here") as progress:
        plan = merging.look(home, backup, datetime.now(UTC), progress, keep_seed=options.keep_seed)
    print("\n".join(_told(home, plan)))
    if plan.seed.conflict:
        raise PersonError(
            "backup",
            "Nothing was taken in: you have to choose which seed to keep.",
            "Add --keep-seed here, or --keep-seed file. Keep the backup in any case: a seed that "
            "is not kept here is in no other place.",
        )
    if plan.changes_nothing:
        print("Nothing is to be done.")
        return DONE
    if options.dry_run:
        print("Nothing was done, as --dry-run says.")
        return DONE
    if not options.yes and not asking.yes("Take it in?"):
        print("Nothing was done.")
        return NO
    with counted("Taking it in") as progress:
        merging.apply(home, plan, backup, datetime.now(UTC), progress)
    print("It is taken in. Open browsers go by it from now on.")
    return DONE


def _told(home: Home, plan: Plan) -> list[str]:
    contents = plan.contents
    return [
        f"A backup of {_day(contents.made)}, written by r-button {_fit(contents.by)}.",
        *_agreements(plan),
        *_seed(plan),
        *_terms(home, plan),
    ]


def _agreements(plan: Plan) -> list[str]:
    ended = {one.id for one in plan.to_end}
    in_force = [
        (one.origin, one.sealed)
        for i, one in plan.new.items()
        if one.sealed and not one.withdrawals and not one.over(plan.at) and i not in ended
    ]
    counts = f"{len(plan.new):,} new, {plan.here:,} here already"
    told = [f"Agreements: {counts}; {count(len(plan.adding), 'record')} to add."]
    told += _few(f"  new and in force: {origin}, since {_day(at)}" for origin, at in in_force)
    if plan.forgotten:
        told.append(f"  {count(len(plan.forgotten), 'agreement')} that you had erased: left out.")
    if plan.to_end:
        told.append("Of two agreements in force with one site, the one signed later stays:")
        told += _few(
            f"  ended: {one.origin}, signed {_day(one.sealed)}; the site is told when you are "
            "next on its pages"
            for one in plan.to_end
        )
    told += _few(
        f"  {one.origin}, signed {_day(one.sealed)}: another one counts as long as it holds, but "
        "this one cannot be ended, as its seed is not here"
        for one in plan.doubled
    )
    return told


def _seed(plan: Plan) -> list[str]:
    seed = plan.seed
    if seed.conflict:
        return [
            "The seed of your keys: another one than here, and each has signed what is in force.",
            "  Only one is kept. What the other has signed can then not be ended with the button.",
            "  With --keep-seed here that is:",
            *_sites(seed.conflict["here"]),
            "  With --keep-seed file that is:",
            *_sites(seed.conflict["file"]),
        ]
    if seed.put and seed.another:
        told = [
            "The seed of your keys: replaces the one here.",
            "  If you may need that again, make a backup first: rbutton export FILE",
        ]
    elif seed.put:
        told = ["The seed of your keys: put in, as there is none here."]
    elif seed.another:
        told = ["The seed of your keys: another one than here. The one here stays; keep the file."]
    elif plan.contents.seed:
        told = ["The seed of your keys: the same as here."]
    else:
        told = ["The seed of your keys: none is in the backup."]
    if seed.cannot_end:
        told += [
            "  Signed under another seed, and so not to be ended with the button:",
            *_sites(seed.cannot_end),
        ]
    return told


def _terms(home: Home, plan: Plan) -> list[str]:
    match plan.terms.how:
        case "nothing" if plan.contents.terms is None:
            return ["terms.toml: none is in the backup."]
        case "nothing":
            return ["terms.toml: nothing to change."]
        case "write":
            changed = "the one here was never changed"
            there = changed if home.terms_file.exists() else "there is none here"
            told = f"terms.toml: taken from the backup, as {there}."
        case "beside":
            told = (
                "terms.toml: yours stays as it is. The backup's is put beside it, for you to "
                f"compare: {plan.terms.to}"
            )
    here = read_if_there(home.terms_file) or settings.FIRST_TEXT.encode()
    return [told, *_differences(here, plan.contents.terms or b"")]


def _differences(here: bytes, brought: bytes) -> list[str]:
    ours, theirs = (data.decode("utf-8", "replace").splitlines() for data in (here, brought))
    found = difflib.unified_diff(ours, theirs, "here", "backup", n=0, lineterm="")
    return _few((f"  {_fit(line)}" for line in found), most=_MOST_LINES)


def _sites(several: Iterable[InForce]) -> list[str]:
    return _few(f"    {one.origin}, signed {_day(one.sealed)}" for one in several)


def _few(lines: Iterable[str], most: int = _MOST_SITES) -> list[str]:
    in_turn = iter(lines)
    shown = list(islice(in_turn, most))
    left = sum(1 for _ in in_turn)
    return [*shown, f"  … and {left:,} more"] if left else shown


def _day(text: str) -> str:
    return f"{local(from_time_text(text)):%Y-%m-%d %H:%M}"


def _fit(text: str) -> str:
    """Text from the file, without what a terminal would take for a command."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
