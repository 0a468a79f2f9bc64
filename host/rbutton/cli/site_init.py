"""`rbutton site init`: a site's key and policy, and for a static site the file to upload."""

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rbutton.cli.commands import DONE, USAGE, Commands
from rbutton.cli.site_problems import command

if TYPE_CHECKING:
    from rbutton.terms.keys import PublicKey

_ACCEPTS = ["SD-BASE-DP", "no-stalking", "do-not-track"]


def add(verbs: Commands) -> ArgumentParser:
    """Its options."""
    parser = verbs.add_parser(
        "init",
        help="make a site's key and policy",
        description="Makes FOLDER with a key and a site.toml, and says what to do with them. Run "
        "again, it keeps both, and writes the file of a static site anew.",
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER")
    parser.add_argument("--origin", help="of the site: https://shop.example")
    parser.add_argument("--name", help="of who runs it, as visitors know them")
    parser.add_argument(
        "--contact", default="", help="mailto:privacy@shop.example, or a https: URL"
    )
    parser.add_argument(
        "--accepts",
        nargs="+",
        metavar="ID",
        help=f"the agreements it takes (default: {' '.join(_ACCEPTS)})",
    )
    parser.add_argument(
        "--static",
        action="store_true",
        help="for a site that cannot run a program: it promises them to everyone",
    )
    parser.add_argument(
        "--new-key", action="store_true", help="replace the key; what it signed stays signed"
    )
    return parser


def run(options: Namespace) -> int:
    """Make what is missing, and tell.

    Raises:
        SiteError: the folder cannot be used.
    """
    from rbutton.site import folder, starting

    target: Path = options.folder
    now = datetime.now(UTC)
    if not (target / folder.FILE).exists():
        if not options.origin or not options.name:
            print(
                "rbutton: A new site needs --origin https://shop.example and --name 'Example Shop "
                "Ltd'.",
                file=sys.stderr,
            )
            return USAGE
        try:
            starting.check_origin(options.origin)
        except ValueError as error:
            print(f"rbutton: --origin {error}.", file=sys.stderr)
            return USAGE
        starting.start(
            target,
            starting.Start(
                options.origin,
                options.name,
                options.contact,
                tuple(options.accepts or _ACCEPTS),
                static=options.static,
                until=now.replace(microsecond=0) + timedelta(days=365),
            ),
            make_key=not options.new_key,
        )
    elif given := [
        f"--{name}"
        for name in ("origin", "name", "contact", "accepts", "static")
        if getattr(options, name)
    ]:
        print(
            f"{target / folder.FILE} was there already and was kept: {' and '.join(given)} changed "
            "nothing. To change it, edit that file, then start every worker anew.\n"
        )
    starting.check(target, now)
    if options.new_key:
        print(_told(target, folder.change_key(target)) + " Start every worker anew.\n")
    for line in starting.told(target, command()):
        print(line)
    return DONE


def _told(target: Path, old: "PublicKey | None") -> str:
    """What a new key comes to."""
    from rbutton.site import folder

    if old is None:
        return (
            f"The key is a new one. There was no {target / folder.KEY} whose public half could be "
            "noted: what a lost key signed counts as another's."
        )
    return (
        f"The key is a new one. {target / folder.FORMER} has the old one's public half "
        f"({old.thumbprint}), so that what it signed still counts."
    )
