"""How the commands for sites say what is wrong."""

import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from rbutton.cli.commands import NOT_SET_UP

#: Packages of the extra `site`, by what Python calls them.
_KIT = ("sqlalchemy", "starlette", "uvicorn", "httpx", "anyio")


def told(run: Callable[[Namespace], int], options: Namespace) -> int:
    """Run a command for sites; what is wrong is a sentence and an exit code."""
    try:
        from rbutton.site.errors import SiteError
    except ModuleNotFoundError as error:
        return _missing(error)
    try:
        return run(options)
    except ModuleNotFoundError as error:
        return _missing(error)
    except SiteError as error:
        print(f"rbutton: {error}", file=sys.stderr)
        return NOT_SET_UP


def command() -> str:
    """The command `rbutton` as the person started it, to be typed again."""
    started = sys.argv[0]
    if Path(started).name != "rbutton" or started == shutil.which("rbutton"):
        return "rbutton"
    return shlex.quote(started)


def _missing(error: ModuleNotFoundError) -> int:
    if (error.name or "").partition(".")[0] not in _KIT:
        raise error
    print(
        f"rbutton: The kit for sites is apart, and not installed here ({error.name} is missing).\n"
        "In the r-button's folder, type:\n"
        "  python3 -m venv .venv\n"
        '  .venv/bin/pip install ".[site]"\n'
        "and from then on .venv/bin/rbutton site …\n"
        "Where the first line fails on Debian: sudo apt install python3-venv",
        file=sys.stderr,
    )
    return NOT_SET_UP
