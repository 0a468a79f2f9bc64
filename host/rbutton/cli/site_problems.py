"""How the commands for sites say what is wrong."""

import sys
from argparse import Namespace
from collections.abc import Callable

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


def _missing(error: ModuleNotFoundError) -> int:
    if (error.name or "").partition(".")[0] not in _KIT:
        raise error
    print(
        f"rbutton: The kit for sites is not installed here ({error.name} is missing).\n"
        "Type: pip install 'rbutton[site]'",
        file=sys.stderr,
    )
    return NOT_SET_UP
