"""`rbutton export`: everything of the person's in one file, under a passphrase."""

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from rbutton.cli import asking, homes
from rbutton.cli.commands import DONE, NO, Commands, count
from rbutton.cli.counting import counted
from rbutton.person import backup
from rbutton.person.errors import PersonError


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "export",
        help="keep everything of yours in one file, under a passphrase",
        description="Writes your terms, the seed of your keys and your whole ledger into FILE, "
        "sealed under a passphrase that you choose.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where to; a new file")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there already")
    asking.add_passphrase_file(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Write the file.

    Raises:
        PersonError: it could not be written whole; there is none then.
    """
    home = homes.begun()
    if home is None:
        homes.tell_not_yet("There is nothing of yours to keep yet.", as_json=False)
        return NO
    # Before the person thinks of a passphrase.
    if options.file.exists() and not options.force:
        raise PersonError(
            "backup",
            f"{options.file} is there already.",
            "Give another name, or add --force to replace it.",
        )
    if not options.file.absolute().parent.is_dir():
        raise PersonError(
            "backup",
            f"There is no folder {options.file.absolute().parent}.",
            "Make it first, or give another name.",
        )
    passphrase = asking.passphrase(options.passphrase_file, twice=True)
    with counted("Writing your backup") as progress:
        written = backup.write(
            home, options.file, passphrase, datetime.now(UTC), progress, replace=options.force
        )
    seed = "the seed of your keys" if written.contents.seed else "no seed yet, as none was needed"
    kept = count(written.agreements, "agreement")
    records = count(written.contents.tail.records, "record")
    print(
        f"{options.file} has it all: your terms, {seed}, and {kept} in {records}.\n"
        "Whoever has it and the passphrase can act for you; without the passphrase nobody can "
        "open it, nor can you."
    )
    return DONE
