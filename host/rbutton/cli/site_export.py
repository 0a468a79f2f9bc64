"""`rbutton site export`: every agreement of the site's, for its own records."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rbutton.cli.commands import DONE, Commands, count


def add(verbs: Commands) -> ArgumentParser:
    """Its options."""
    parser = verbs.add_parser(
        "export",
        help="every agreement the site holds, as CSV or JSON",
        description="Writes every agreement that both signed, oldest first. Whoever knows an "
        "agreement's id can present it as theirs: keep the file as you keep the store.",
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER")
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--csv", action="store_true", help="for spreadsheets and CRMs")
    form.add_argument(
        "--json", action="store_true", help="one object a line, with the documents as signed"
    )
    return parser


def run(options: Namespace) -> int:
    """Write them to standard output.

    Raises:
        SiteError: the folder or the store cannot be used.
    """
    from rbutton.site import export, folder

    store, policy = folder.store(options.folder), folder.policy_to_read(options.folder)
    # As RFC 4180 wants it: the csv module writes the ends of lines.
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    written = (export.write_csv if options.csv else export.write_json)(store, policy, sys.stdout)
    print(f"{count(written, 'agreement')}.", file=sys.stderr)
    return DONE
