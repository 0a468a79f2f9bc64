"""Telling what was found, mending what is safe, and the exit code."""

import json
import sys
from collections.abc import Callable, Iterable

from rbutton.browsers.doctor import NOT_INSTALLED
from rbutton.browsers.problems import Exit, SetupError
from rbutton.finding import Finding, worst_first

Look = Callable[[], Iterable[Finding]]


def report(look: Look, *, fix: bool, as_json: bool, not_looked_at: str | None = None) -> int:
    """Looks, mends if asked to and looks again; prints what is found.

    Args:
        look: looks anew each time it is called.
        as_json: one object a line on standard output; what was mended goes to standard error.
        not_looked_at: a last sentence for reading.

    Returns:
        `Exit.DONE`, also with warnings; `Exit.NO` with a problem; `Exit.NOT_SET_UP` where nothing
        is installed.
    """
    found = worst_first(look())
    if fix and any(one.fixable for one in found):
        _mend(found, as_json=as_json)
        found = worst_first(look())
    if as_json:
        for one in found:
            print(json.dumps(one.members(), ensure_ascii=False))
    else:
        print("\n".join(one.told() for one in found))
        for line in _ending(found, fix=fix, not_looked_at=not_looked_at):
            print(f"\n{line}")
    return exit_code(found)


def exit_code(found: Iterable[Finding]) -> int:
    """As in `report`."""
    codes = {one.code for one in found if one.severity == "problem"}
    if NOT_INSTALLED in codes:
        return Exit.NOT_SET_UP
    return Exit.NO if codes else Exit.DONE


def _mend(found: list[Finding], *, as_json: bool) -> None:
    stream = sys.stderr if as_json else sys.stdout
    for one in found:
        if one.mend is None:
            continue
        try:
            print(f"Mended: {one.mend()}", file=stream)
        except SetupError as error:
            print(f"Not mended: {one.message} {error.told()}", file=stream)
        except OSError as error:
            print(f"Not mended: {one.message} ({error.strerror})", file=stream)
    print(file=stream)


def _ending(found: list[Finding], *, fix: bool, not_looked_at: str | None) -> list[str]:
    told = []
    if not fix and any(one.fixable for one in found):
        told.append("Some of it can be mended for you: the same command with --fix.")
    if not any(one.severity == "problem" for one in found):
        told.append("Nothing is wrong with what was looked at.")
    return [*told, not_looked_at] if not_looked_at else told
