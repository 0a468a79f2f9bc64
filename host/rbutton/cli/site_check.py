"""`rbutton site check URL`: what a visitor's button will see, and what is wrong."""

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace

from rbutton.cli.commands import DONE, NO, USAGE, Commands
from rbutton.finding import worst_first


def add(verbs: Commands) -> ArgumentParser:
    """Its options."""
    parser = verbs.add_parser(
        "check",
        help="what a visitor's button will see of a site, and what is wrong",
        description="Asks a site for its page, its policy and its endpoint, as a visitor's button "
        "does; nothing is signed. Exit codes: 0 nothing is wrong, 1 something is.",
    )
    parser.add_argument("url", metavar="URL", help="a page of the site, or shop.example")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a finding, a line each"
    )
    return parser


def run(options: Namespace) -> int:
    """Look, and tell."""
    from rbutton.site.check.looking import NoAddress, look, meant

    try:
        looked = asyncio.run(look(meant(options.url)))
    except NoAddress as error:
        print(f"rbutton: That {error}", file=sys.stderr)
        return USAGE
    wrong = any(one.severity == "problem" for one in looked.findings)
    if options.json:
        for one in looked.findings:
            print(json.dumps(one.members(), ensure_ascii=False))
    else:
        for one in worst_first(looked.findings):
            print(one.told())
        print(f"\nA visitor's button will show: {looked.sees}")
    return NO if wrong else DONE
