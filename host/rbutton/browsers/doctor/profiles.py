"""What the files of a browser's profiles tell of the button: there, on, and allowed on websites.

A browser writes them some seconds later, so of one that runs they may be behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rbutton.browsers.doctor import chromium_profiles, firefox_profiles
from rbutton.browsers.doctor.seen import Seen, Unreadable
from rbutton.browsers.places import Places
from rbutton.browsers.table import Browser, Family
from rbutton.finding import Finding, ok, problem, warning


def look(browser: Browser, where: Places, extension: Path, host: str) -> Iterator[Finding]:
    """What its profiles tell; and where they tell nothing, that.

    Args:
        where: the person's.
        extension: the folder that the button is loaded from.
        host: the host's version.
    """
    read = firefox_profiles if browser.family is Family.GECKO else chromium_profiles
    several = [
        _Profile(folder, read.seen(folder, extension)) for folder in read.folders(browser, where)
    ]
    if not several:
        yield warning(
            "no-profile",
            f"{browser.title} has no profile in your home yet, so whether it has the button cannot "
            "be known.",
            "Start it once; then look again.",
        )
        return
    for profile in several:
        if isinstance(profile.seen, Unreadable):
            yield warning(
                "profile-unreadable",
                f"Whether {browser.title} has the button cannot be known: {profile.seen.path} "
                "cannot be read.",
                "Look on the browser's own page: " + browser.extensions_page,
            )
    having = [(one.folder, one.seen) for one in several if isinstance(one.seen, Seen)]
    if not having and not any(isinstance(one.seen, Unreadable) for one in several):
        yield _missing(browser, extension)
    for folder, seen in having:
        yield from _one(browser, folder, seen, host)


@dataclass(frozen=True)
class _Profile:
    folder: Path
    seen: Seen | Unreadable | None


def _missing(browser: Browser, extension: Path) -> Finding:
    if browser.family is Family.GECKO:
        return warning(
            "extension-not-kept",
            f"No profile of {browser.title} keeps the button. Whether it is loaded for now, its "
            "files do not tell.",
            "If it is not in the toolbar: open about:debugging#/runtime/this-firefox, press “Load "
            f"Temporary Add-on…” and choose {extension}/manifest.json",
        )
    return problem(
        "extension-missing",
        f"No profile of {browser.title} has the button.",
        f"Open {browser.extensions_page}, turn on “Developer mode”, press “Load unpacked” and "
        f"choose {extension}",
    )


def _one(browser: Browser, folder: Path, seen: Seen, host: str) -> Iterator[Finding]:
    there = f"{browser.title} (profile {folder.name})"
    if not seen.on:
        yield problem(
            "extension-disabled",
            f"The button is switched off in {there}{seen.why_off}.",
            f"Switch it on in {browser.extensions_page}",
        )
        return
    if seen.access is False:
        yield problem(
            "no-access",
            f"The button may not reach all websites in {there}: where it may not, no signal goes "
            "out.",
            f"Give it access to all websites in {browser.extensions_page}, its details.",
        )
    if seen.version is not None and seen.version != host:
        yield problem(
            "other-version",
            f"{there} has version {seen.version} of the button; the agent is {host}.",
            f"Press the button's reload arrow in {browser.extensions_page}; if that does not help, "
            "load it anew from its folder.",
        )
    elif seen.access is not False:
        known = "" if seen.access else "; whether it may reach websites, its files do not tell"
        yield ok("extension-there", f"{there} has the button{known}.")
