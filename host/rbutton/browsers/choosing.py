"""Choosing the browsers to install for, and telling the person of each that is here."""

from collections.abc import Mapping, Sequence

from rbutton.browsers.here import Found, find_all
from rbutton.browsers.places import this_platform
from rbutton.browsers.problems import SetupError
from rbutton.browsers.table import BY_NAME, TABLE, Browser
from rbutton.browsers.telling import Teller


def choose(
    names: Sequence[str], environ: Mapping[str, str], teller: Teller, *, plain: bool, system: bool
) -> list[Found]:
    """The browsers of those names that are here and can reach the host, or all.

    Args:
        names: what was asked for; where there is none, all.
        plain: leave out those in a sandbox.
        system: only those that are known to look for everyone's hosts.

    Raises:
        SetupError: one that was asked for is not here or cannot, or none is.
    """
    wanted = [browser for browser in TABLE if browser.name in (names or BY_NAME)]
    if system:
        for browser in wanted:
            if names and browser.system_folder is None:
                raise SetupError(
                    f"Where {browser.title} looks for an agent for everyone is not known.",
                    "Each person can install it for themselves: run this without --system.",
                )
        wanted = [browser for browser in wanted if browser.system_folder is not None]
    here = [each for browser in wanted for each in find_all(browser, environ)]
    here = [each for each in here if each.sandbox is None or not plain]
    for each in here:
        teller.say(f"Found {each.title} {each.version or '(version unknown)'}.{_remark(each)}")
    found = [each for each in here if each.why_not is None]
    for browser in wanted if names else ():
        if browser not in [each.browser for each in found]:
            raise _missing(browser, [each for each in here if each.browser == browser])
    if not found:
        titles = " or ".join(browser.title for browser in wanted if browser.tried)
        raise SetupError(
            f"No browser was found that the r-button works with ({titles}).",
            "Install one (on Debian: sudo apt install chromium), then run this again.",
        )
    return found


def _remark(each: Found) -> str:
    if each.why_not is not None:
        return f" It is left out: {each.why_not}."
    return "" if each.tried else " No test of ours runs in it."


def _missing(browser: Browser, useless: Sequence[Found]) -> SetupError:
    install = f" (on Debian: sudo apt install {browser.package})" if browser.package else ""
    if useless:
        return SetupError(
            f"{useless[0].title} cannot reach the agent: {useless[0].why_not}.",
            f"Install a {browser.title} that is in no sandbox{install}, then run this again.",
        )
    looked_for = browser.looked_for(this_platform())
    return SetupError(
        f"{browser.title} was not found here. Looked for: {looked_for}.",
        f"Install it{install}, then run this again.",
    )
