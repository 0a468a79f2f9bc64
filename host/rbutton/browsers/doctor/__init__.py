"""Finding out what is wrong with an installation: each cause by itself, with what to do about it.

Like all of `browsers` it is standard library only, so that it works where nothing is installed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rbutton.browsers import registering
from rbutton.browsers.doctor import button, folders, host, manifest, profiles, sandbox
from rbutton.browsers.here import Found, find_all
from rbutton.browsers.places import Places, places_for_all
from rbutton.browsers.problems import SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.table import TABLE
from rbutton.finding import Finding, problem

NOT_INSTALLED = "not-installed"


def look(where: Places, environ: Mapping[str, str]) -> Iterator[Finding]:
    """All there is to find about an installation and the browsers that should reach it.

    The host is started for real, in a home that is nobody's. Nothing is written.

    Args:
        where: a person's. Where nothing is installed for them, what is for everyone is looked at.
    """
    yield from look_at_host(where)
    installed, record = _installed(where)
    if record is not None and host.could_start(installed):
        yield from host.start(installed, environ)
    found = [each for browser in TABLE for each in find_all(browser, environ)]
    for each in found:
        yield from sandbox.look(each, installed, environ)
        if each.why_not is None:
            yield from _browser(each, where, installed, record)
        for profile in registering.profiles_of(each.browser, record) if not each.sandbox else ():
            there = replace(each.browser, title=f"{each.title} in {profile}")
            yield from manifest.look(there, installed, record, profile=profile)
    if not found:
        titles = ", ".join(browser.title for browser in TABLE)
        yield problem(
            "no-browser",
            f"No browser was found here that the r-button works with ({titles}).",
            "Install one; on Debian: sudo apt install chromium",
        )


def look_at_host(where: Places) -> Iterator[Finding]:
    """What concerns the folders and the host alone; nothing is started but its interpreter."""
    yield from folders.look(where)
    try:
        installed, record = _load(where)
    except SetupError as error:
        yield problem("record-unreadable", error.message, error.fix or "")
        return
    if record is None:
        yield problem(
            NOT_INSTALLED,
            f"The r-button is not installed for you: there is no {where.record}.",
            "In the r-button's folder, type: python3 install_host.py",
        )
        return
    yield from host.look(installed, record)
    yield from button.look(installed, record)


def _load(where: Places) -> tuple[Places, Record | None]:
    """Which installation counts, and its record; a person's own comes first.

    Raises:
        SetupError: it cannot be read.
    """
    for one in (where, places_for_all()):
        if (record := Record.load(one.record)) is not None:
            return one, record
    return where, None


def _installed(where: Places) -> tuple[Places, Record | None]:
    try:
        return _load(where)
    except SetupError:
        return where, None  # told already


def _browser(
    found: Found, where: Places, installed: Places, record: Record | None
) -> Iterator[Finding]:
    if found.sandbox is not None and installed.for_all:
        return  # permitted by each person, for what they installed
    registered = True
    browser = replace(found.browser, title=found.title)
    for each in manifest.look(browser, installed, record, found.sandbox):
        registered = registered and each.code != "browser-not-registered"
        yield each
    if record is not None and registered:
        extension = installed.extension
        inside = where if found.sandbox is None else found.sandbox.inside(where)
        yield from profiles.look(browser, inside, extension, button.version_of(record))
