"""`rbutton site`: the ⊃ kit's commands. They need the extra `site`, and nothing of a person's."""

from argparse import Namespace
from importlib import import_module

from rbutton.cli import site_check, site_export, site_init, site_serve
from rbutton.cli.commands import Commands, show_verbs
from rbutton.cli.site_problems import told

_VERBS = (site_init, site_serve, site_check, site_export)


def add(commands: Commands) -> None:
    """Its verbs."""
    parser = commands.add_parser(
        "site",
        help="for a website: sign people's terms, or promise",
        description="Makes a website ⊃: one that signs people's own terms, or promises them. "
        "docs/for-sites.md has it in full.",
    )
    show_verbs(parser)
    verbs = parser.add_subparsers(metavar="VERB")
    for verb in _VERBS:
        one = verb.add(verbs)
        one.set_defaults(run=_run, verb=verb.__name__)


def _run(options: Namespace) -> int:
    return told(import_module(options.verb).run, options)
