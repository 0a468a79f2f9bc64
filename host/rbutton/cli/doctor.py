"""`rbutton doctor`: what is wrong with the installation and with the person's own things."""

import os
from argparse import Namespace
from collections.abc import Iterator

from rbutton.browsers import doctor as installation
from rbutton.browsers.doctor.report import report
from rbutton.browsers.places import places
from rbutton.cli.commands import Commands
from rbutton.finding import Finding, guarded
from rbutton.person import doctor as things
from rbutton.person.home import Home
from rbutton.shipped.roster import catalogue


def add(commands: Commands) -> None:
    """Its options."""
    parser = commands.add_parser(
        "doctor",
        help="find out what is wrong, and what to do about it",
        description="Looks at the installation, your browsers, terms, keys and ledger. Exit codes: "
        "0 nothing is wrong, 1 something is, 3 nothing is installed.",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="mend what is safe: files of the installation, and who may enter your folders",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a finding, a line each"
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Look, mend if asked to, and tell."""
    return report(_look, fix=options.fix, as_json=options.json)


def _look() -> Iterator[Finding]:
    yield from guarded(installation.look(places(os.environ), os.environ))
    yield from guarded(things.look(Home.of_environment(), catalogue().documents))
