"""`rbutton terms edit`, `set`, `unset`, `grant`, `revoke`: changing `terms.toml`."""

import difflib
import itertools
import os
import shlex
import shutil
import subprocess
import tomllib
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rbutton.cli import asking, homes, mistake, site_named
from rbutton.cli.commands import DONE, NO, Commands
from rbutton.person import files, terms_schema
from rbutton.person.errors import Mistake, PersonError
from rbutton.person.loosening import loosenings
from rbutton.person.settings import Exemption
from rbutton.person.settings_parsing import site_named as site_of
from rbutton.person.terms_edit import key_of
from rbutton.person.terms_file import TermsFile, text_of
from rbutton.shipped.limits import limits
from rbutton.shipped.roster import catalogue
from rbutton.terms.encoding import time_text

#: Asked for where neither VISUAL nor EDITOR says which.
_EDITORS = ("sensible-editor", "editor", "nano", "vi")
#: The copy that is edited, beside the file so that its schema is found.
_COPY = "terms.editing.toml"
#: What the file was when that copy was made of it.
_BASE = "terms.before-editing.toml"
#: Copies that the person did not go on with.
_LEFT = "terms.unfinished-{}.toml"
#: How many sites an error names.
_NAMED = 10
_ONE_SITE = "Something is granted on one site, or on all under a name."


def add(verbs: Commands) -> None:
    """Their options."""
    one = verbs.add_parser(
        "edit",
        help="edit terms.toml in your editor, checked before it counts",
        description="Opens a copy of terms.toml in $VISUAL or $EDITOR, checks it, shows what it "
        "makes laxer, and then puts it in place.",
    )
    one.add_argument("--yes", action="store_true", help="keep what is laxer without asking")
    one.set_defaults(run=run_edit)
    one = verbs.add_parser(
        "set",
        help="change one setting",
        description="Changes one setting and keeps the comments of the file.",
        epilog="rbutton terms set signals.dnt off; "
        "rbutton terms set proffer.terms SD-BASE-DP no-stalking+mine-as-well; "
        "rbutton terms set sites.news.example.button off; "
        "rbutton terms set own.clauses.purpose ServiceProvision EnforceSecurity",
    )
    one.add_argument("key", metavar="KEY", help="such as signals.dnt or sites.news.example.gpc")
    one.add_argument(
        "values",
        metavar="VALUE",
        nargs="*",
        help="a word; several for a list; for proffer.terms sets, their agreements joined by +; "
        "or one list as it stands in the file",
    )
    one.set_defaults(run=run_set)
    one = verbs.add_parser("unset", help="take one setting out, so that it is as at first")
    one.add_argument("key", metavar="KEY", help="such as signals.dnt or sites.news.example.gpc")
    one.set_defaults(run=run_unset)
    one = verbs.add_parser("grant", help="let a site, or some on it, track you: DNT: 0")
    one.add_argument("site", metavar="SITE", help="news.example, or *.news.example")
    one.add_argument("targets", metavar="TARGET", nargs="*", help="who; none: everybody on it")
    one.add_argument("--until", metavar="TIME", help="such as 2027-01-01T00:00:00Z")
    one.set_defaults(run=run_grant)
    one = verbs.add_parser("revoke", help="take back what was granted to a site")
    one.add_argument("site", metavar="SITE", help="as it was granted to")
    one.set_defaults(run=run_revoke)


def run_set(options: Namespace) -> int:
    """Change one key.

    Raises:
        PersonError: nothing was changed.
    """
    from tomlkit import item

    with _change() as change:
        value = _value(options.key, options.values)
        change.file.set(options.key, value)
        change.said = f"{options.key} is {item(value).as_string()} now."
    return DONE


def run_unset(options: Namespace) -> int:
    """Take one key out.

    Raises:
        PersonError: nothing was changed.
    """
    with _change() as change:
        change.file.set(options.key, None)
        change.said = f"{options.key} is taken out."
    return DONE


def run_grant(options: Namespace) -> int:
    """Add an exception.

    Raises:
        PersonError: nothing was changed.
    """
    now, targets = datetime.now(UTC), [_target(one) for one in options.targets] or None
    site = site_named.one(options.site, everywhere=_ONE_SITE)
    _check_end(options.until, now)
    with _change() as change:
        change.file.grant(site, targets, options.until)
        change.said = f"granted on {site}: {_granted(targets, options.until)}."
    settings = change.file.settings
    if targets is None and settings.signals_sent_to(site, now).dnt == "off":
        print(_not_sent(site, button_on=settings.button_on(site)))
    staying = [
        _granted(one.targets, time_text(one.until) if one.until else None)
        for one in settings.exceptions
        if one.site == site and one.holds(now)
        if set(one.targets or ()) != set(targets or ())
    ]
    if staying:
        print(
            f"What was granted there before stays: {'; '.join(staying)}.\n"
            f"All of it is taken back by: rbutton terms revoke {site}"
        )
    return DONE


def _target(written: str) -> str:
    # What names no host, the file refuses in its own words.
    return site_of(written) or written


def _check_end(until: str | None, now: datetime) -> None:
    """What is no time, or has no zone, the file refuses in its own words.

    Raises:
        PersonError: it is past.
    """
    try:
        end = datetime.fromisoformat(until) if until else None
    except ValueError:
        return
    if end and end.tzinfo and end <= now:
        raise PersonError(
            "usage",
            f"--until {until} is past, so nothing would be granted.",
            "Write a later time, or leave it out.",
        )


def _not_sent(site: str, *, button_on: bool) -> str:
    off, on = ("DNT", "--dnt on") if button_on else ("The button", "--on")
    return (
        f"{off} is off there: nothing of this goes out until you type: rbutton signals {site} {on}"
    )


def _granted(targets: Sequence[str] | None, until: str | None) -> str:
    who = ", ".join(targets) if targets else "everybody"
    return f"{who}, until {until}" if until else who


def run_revoke(options: Namespace) -> int:
    """Take the exceptions of a site out.

    Raises:
        PersonError: nothing was changed.
    """
    site = site_named.one(options.site, everywhere=_ONE_SITE)
    with _change() as change:
        granted = change.file.settings.exceptions
        if not any(one.site == site for one in granted):
            raise _nothing_granted(site, granted)
        change.file.revoke(site)
        change.said = f"what was granted on {site} is taken out."
    return DONE


def _nothing_granted(site: str, granted: Sequence[Exemption]) -> PersonError:
    sites = list(dict.fromkeys(one.site for one in granted))
    more = f" and {len(sites) - _NAMED:,} more" if len(sites) > _NAMED else ""
    return PersonError(
        "config",
        f"Nothing is granted on {site}, so nothing was changed.",
        f"Something is granted on: {', '.join(sites[:_NAMED])}{more}."
        if sites
        else "Nothing is granted on any other site.",
    )


def run_edit(options: Namespace) -> int:
    """Let the person edit a copy until it is right, and put it in place.

    Raises:
        PersonError: nothing was changed; the copy is where it was, if one was edited.
    """
    home = homes.existing_or_new()
    roster = catalogue().documents
    terms_schema.write(home, roster)
    file, copy = TermsFile(home, roster), home.config / _COPY
    before = file.read()
    if not _take_up(copy, before):
        files.write(copy, before)
        files.write(copy.with_name(_BASE), before)
    while True:
        try:
            _open(copy)
        except _NotStarted:
            if text_of(copy) == before:
                _done_with(copy)
            raise
        try:
            after = text_of(copy)
            changes = file.loosens(after)
        except PersonError as error:
            said = error.in_file(str(copy)) if isinstance(error, Mistake) else error.message
            print(f"{said}\n{error.fix}")
            if asking.yes("Edit it again?", f"Your edit is kept in {copy}."):
                continue
            return _kept(copy)
        break
    if after == before:
        _done_with(copy)
        print("Nothing was changed.")
        return DONE
    if changes:
        print(_laxer(changes))
        if not options.yes and not asking.yes("Put it in place?"):
            return _kept(copy)
    try:
        file.replace(before, after)
    except PersonError as error:
        raise PersonError(error.code, error.message, f"Your edit is kept in {copy}.") from None
    _done_with(copy)
    print(f"{home.terms_file} is changed.")
    return DONE


def _laxer(changes: Sequence[str]) -> str:
    return "\n".join(["This makes something laxer:", *(f"- {one}" for one in changes)])


@dataclass
class _Change:
    """What is done to the file, and what that comes to, for the person."""

    file: TermsFile
    said: str = ""


@contextmanager
def _change() -> Iterator[_Change]:
    """A change of the file, told when it is made; if it is none, that is told."""
    home = homes.existing_or_new()
    with mistake.asked_for(home) as file:
        before, was = file.read(), file.settings
        change = _Change(file)
        yield change
    if file.read() == before:
        print("That is how it was.")
        return
    print(f"{home.terms_file} is changed: {change.said}")
    if changes := loosenings(was, file.settings, datetime.now(UTC)):
        print(_laxer(changes))


def _value(key: str, values: list[str]) -> Any:
    """What the words of the command line are for that key."""
    path = key_of(key)
    if path[0] in ("proffer", "own") and len(values) == 1 and values[0].lstrip().startswith("["):
        return _as_in_the_file(key, values[0])
    if path == ("proffer", "terms"):
        return [value.split("+") for value in values]
    if path == ("proffer", "also"):
        return values
    if path[:2] == ("own", "clauses") and isinstance(limits().get(path[-1]), frozenset):
        return sorted(values)
    if path == ("proffer", "lasts"):
        return " ".join(values)
    if len(values) != 1:
        raise PersonError("usage", f"{key} is one word.", "Give one.")
    return values[0]


def _as_in_the_file(key: str, value: str) -> Any:
    """A list as `terms.toml` has it."""
    try:
        return tomllib.loads(f"list = {value}")["list"]
    except ValueError:
        raise PersonError(
            "usage",
            f"{key}: that list is not written as in terms.toml.",
            'Write it in single quotes, such as \'[["SD-BASE-DP"], ["no-stalking"]]\', or as '
            "words: SD-BASE-DP no-stalking+mine-as-well.",
        ) from None


def _take_up(copy: Path, now: str) -> bool:
    """Whether to go on with an edit that was not finished; else it is kept elsewhere.

    Args:
        copy: the edit.
        now: the text of the file, which may have been changed since the edit began.
    """
    if not copy.exists():
        return False
    print(f"{copy} is an edit you did not finish.")
    base = copy.with_name(_BASE)
    began = base.read_text("utf-8", "replace") if base.exists() else None
    if began != now:
        print("terms.toml was changed since it began. Going on takes that back, unless you add it:")
        edit = copy.read_text("utf-8", "replace")
        old, new = (edit, now) if began is None else (began, now)
        names = ("the edit" if began is None else "when it began", "terms.toml now")
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), *names, "", "", 0, ""):
            print("  " + "".join(one if one.isprintable() else " " for one in line))
    if asking.yes("Go on with it?", "Run this at a terminal, or move that file away."):
        # What is newer was shown.
        files.write(base, now)
        return True
    left = next(
        path for at in itertools.count(1) if not (path := copy.with_name(_LEFT.format(at))).exists()
    )
    copy.replace(left)
    print(f"It is kept in {left}.")
    return False


def _done_with(copy: Path) -> None:
    copy.unlink()
    copy.with_name(_BASE).unlink(missing_ok=True)


def _kept(copy: Path) -> int:
    print(f"Nothing was changed. Your edit is kept in {copy}: rbutton terms edit goes on with it.")
    return NO


class _NotStarted(PersonError):
    """No editor was opened."""

    def __init__(self, message: str) -> None:
        super().__init__("usage", message, "Set EDITOR to one: EDITOR=nano rbutton terms edit.")


def _open(copy: Path) -> None:
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    chosen = chosen or next((name for name in _EDITORS if shutil.which(name)), None)
    if not chosen:
        raise _NotStarted("There is no editor to open.")
    try:
        code = subprocess.run([*shlex.split(chosen), str(copy)], check=False).returncode
    except OSError as error:
        raise _NotStarted(f"The editor “{chosen}” cannot be started: {error.strerror}.") from None
    except ValueError as error:  # a quote that is open
        raise _NotStarted(f"The editor “{chosen}” cannot be started: {error}.") from None
    if code:
        raise PersonError(
            "usage",
            f"The editor “{chosen}” ended with an error, and nothing was changed.",
            f"Your edit is kept in {copy}.",
        )
