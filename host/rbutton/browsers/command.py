"""`install_host.py`'s command line."""

import argparse
import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rbutton.browsers import doctor, stage
from rbutton.browsers.doctor import everyone
from rbutton.browsers.doctor.report import report
from rbutton.browsers.install import install
from rbutton.browsers.places import places, places_for_all
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.purge import purge
from rbutton.browsers.state import as_json, as_text, state
from rbutton.browsers.table import BY_NAME, Family
from rbutton.browsers.telling import Teller
from rbutton.browsers.uninstall import uninstall, uninstall_for_all, unregister
from rbutton.finding import guarded

NOT_LOOKED_AT_FOR_ALL = "Not looked at: what is each person's. Each types: rbutton doctor"
NOT_LOOKED_AT = "Not looked at: your terms, keys and ledger. For those: rbutton doctor"
NOT_LOOKED_AT_YET = (
    "Not looked at: your terms, keys and ledger. Once it is installed: rbutton doctor"
)


def main(checkout: Path, arguments: Sequence[str] | None = None) -> int:
    """Does what the command line asks; answers the exit code (`problems.Exit`)."""
    options = _parse(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # ⊂ on a Latin-1 terminal
    for name in ("SIGTERM", "SIGHUP"):  # the second: the terminal was closed; not on Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _as_interrupt)
    # With --json standard output is for programs; people read the other one.
    teller = Teller(sys.stderr if options.json else sys.stdout)
    try:
        return _do(options, checkout, teller)
    except SetupError as error:
        return _fail(error, options)
    except KeyboardInterrupt:
        return _fail(SetupError(f"Stopped.{_stopped(options)}", code=Exit.INTERRUPTED), options)
    except OSError as error:
        return _fail(_of_the_system(error), options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="install_host.py",
        description="Installs the r-button's agent for your browsers, for you alone unless you say "
        "otherwise.",
        epilog="Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 not set up.",
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--demo",
        action="store_true",
        help="show one negotiation in a real browser, with a shop on this machine; "
        "nothing of yours is touched",
    )
    what.add_argument("--list", action="store_true", help="show what is installed")
    what.add_argument(
        "--doctor",
        action="store_true",
        help="find out what is wrong with the installation, and what to do about it",
    )
    what.add_argument(
        "--uninstall",
        action="store_true",
        help="remove all but what is yours, and say where that is",
    )
    parser.add_argument(
        "--purge",
        action="store_true",
        help="with --uninstall: also what is yours (terms, agreements, keys), for good",
    )
    parser.add_argument("--yes", action="store_true", help="with --purge: without asking")
    parser.add_argument(
        "--browser",
        action="append",
        choices=BY_NAME,
        default=[],
        help="install for this browser only, not for all that are here (may be given again); "
        "with --uninstall: take the agent from it alone; "
        "with --demo: play in it (Chromium or Firefox)",
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="DIR",
        help="with --browser: the folder that the browser is started with (--user-data-dir), "
        "where it is not the usual one; for Chromium and its kin, as the others need none",
    )
    parser.add_argument(
        "--system",
        action="store_true",
        help="for everyone on this machine, as root: the agent and, on Debian, the button itself; "
        "also with --list, --doctor and --uninstall",
    )
    parser.add_argument(
        "--headless",
        action="store_true",
        help="with --demo: no window (as where there is no screen)",
    )
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help="with --demo: where the picture of the popup goes (default: ./rbutton-demo.png)",
    )
    parser.add_argument(
        "--fix", action="store_true", help="with --doctor: mend what is safe, then look again"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="with --demo or --list: the result as JSON, in the last line; with --doctor: one "
        "object a finding, a line each",
    )
    options = parser.parse_args(arguments)
    if (options.headless or options.screenshot) and not options.demo:
        parser.error("--headless and --screenshot go with --demo")
    if options.json and not (options.demo or options.list or options.doctor):
        parser.error("--json goes with --demo, --list or --doctor")
    if options.fix and not options.doctor:
        parser.error("--fix goes with --doctor")
    if options.browser and (options.list or options.doctor):
        parser.error("--browser goes with --demo or --uninstall, or with installing")
    if options.purge and not options.uninstall:
        parser.error("--purge goes with --uninstall")
    if options.purge and (options.system or options.browser):
        parser.error("--purge is for one person and all browsers")
    if options.yes and not options.purge:
        parser.error("--yes goes with --purge")
    if options.browser and options.uninstall and options.system:
        parser.error("--uninstall --system is for all browsers")
    if options.profile and (
        len(options.browser) != 1
        or BY_NAME[options.browser[0]].family is not Family.CHROMIUM
        or options.demo
        or options.uninstall
        or options.system
    ):
        parser.error("--profile goes with installing for one --browser that is Chromium's kin")
    if options.system and options.demo:
        parser.error("--system goes with --list, --doctor or --uninstall, or with installing")
    if options.demo and set(options.browser) - stage.PLAYED_IN.keys():
        parser.error(f"--demo plays in {' or '.join(stage.PLAYED_IN)} only")
    if options.demo and len(options.browser) > 1:
        parser.error("--demo plays in one browser at a time")
    return options


def _do(options: argparse.Namespace, checkout: Path, teller: Teller) -> int:
    if options.demo:
        return stage.demo(
            checkout,
            os.environ,
            teller,
            browser=BY_NAME[options.browser[0]] if options.browser else None,
            headless=options.headless,
            screenshot=options.screenshot,
            as_json=options.json,
        )
    if options.list:
        found = state(os.environ, system=options.system)
        print(json.dumps(as_json(found), ensure_ascii=False) if options.json else as_text(found))
    elif options.doctor:
        return report(
            lambda: guarded(
                everyone.look(os.environ)
                if options.system
                else doctor.look(places(os.environ), os.environ)
            ),
            fix=options.fix,
            as_json=options.json,
            not_looked_at=NOT_LOOKED_AT_FOR_ALL if options.system else _not_looked_at(),
        )
    elif options.uninstall and options.system:
        uninstall_for_all(checkout, teller)
    elif options.purge:
        return purge(checkout, os.environ, teller, yes=options.yes)
    elif options.uninstall and options.browser:
        unregister(os.environ, options.browser, teller)
    elif options.uninstall:
        uninstall(os.environ, teller)
    else:
        profile = None if options.profile is None else options.profile.absolute()
        install(
            checkout,
            os.environ,
            teller,
            options.browser,
            system=options.system,
            profile=profile,
        )
    return Exit.DONE


def _not_looked_at() -> str:
    records = (places(os.environ).record, places_for_all().record)
    return NOT_LOOKED_AT if any(one.exists() for one in records) else NOT_LOOKED_AT_YET


def _of_the_system(error: OSError) -> SetupError:
    """What the system refused, where, and what to do."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        # Of several files: the first.
        _, path, why = error.args[0][0]
    else:
        path, why = error.filename, error.strerror or str(error)
    told = f"{path}: {why}." if path else f"{why}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in str(why):
        return SetupError(f"The disk is full. {told}", "Make room, then run this again.")
    return SetupError(told, "Make it writable for you, then run this again.")


def _stopped(options: argparse.Namespace) -> str:
    """What holds now."""
    if options.uninstall:
        return " If something was removed already, the same command removes the rest."
    if options.demo or options.list or options.doctor:
        return ""
    return " What was installed before still works."


def _fail(error: SetupError, options: argparse.Namespace) -> int:
    print(error.told(), file=sys.stderr)
    if options.json:
        print(json.dumps({"state": "failed", "error": error.told()}, ensure_ascii=False))
    return error.code


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
