"""`rbutton site serve`: the endpoint, as a server of its own behind the site's."""

import contextlib
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from rbutton.cli.commands import DONE, Commands

_HOST, _PORT = "127.0.0.1", 8642


def add(verbs: Commands) -> ArgumentParser:
    """Its options."""
    parser = verbs.add_parser(
        "serve",
        help="answer people's agents, behind your web server",
        description="Serves the policy and the endpoint of the site in FOLDER until it is ended. "
        "Your web server passes it these two addresses: `rbutton site init` prints the lines.",
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER")
    parser.add_argument(
        "--host", default=_HOST, help="the address to listen on (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=_PORT, help="(default: %(default)s)")
    parser.add_argument(
        "--demo-page",
        action="store_true",
        help="to try it without a web server: a page at / that announces; the site's origin has to "
        f"be http://{_HOST}:{_PORT} then, or where it listens",
    )
    parser.add_argument(
        "--workers", type=_number, default=1, help="processes (default: %(default)s)"
    )
    return parser


def run(options: Namespace) -> int:
    """Serve.

    Raises:
        SiteError: the folder cannot be used.
    """
    from rbutton.site.serving import serve

    with contextlib.suppress(KeyboardInterrupt):
        serve(
            options.folder,
            options.host,
            options.port,
            options.workers,
            _say,
            warn=_warn,
            demo_page=options.demo_page,
        )
    return DONE


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("there has to be one")
    return number


def _say(address: str) -> None:
    print(f"⊃ listens on {address}; Ctrl-C ends it.", flush=True)


def _warn(what: str) -> None:
    print(f"rbutton: {what}", file=sys.stderr, flush=True)
