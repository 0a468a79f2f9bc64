"""The one table of browsers, and finding them on this machine."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rbutton.browsers.places import Places


class Family(Enum):
    """What browsers have from the one they are made of.

    It fixes what a host's manifest says, and how an extension gets in.
    """

    CHROMIUM = "chromium"
    GECKO = "gecko"


@dataclass(frozen=True)
class Browser:
    """A browser we know: one row of the table."""

    name: str
    """As on our command line."""
    title: str
    family: Family
    executables: tuple[str, ...]
    """Looked for on the PATH, in this order."""
    package: str | None
    """Debian's, if it has one."""
    folder: str
    """Where it looks for one person's hosts: below `{home}` or `{config}` (of `Places`)."""
    extensions_page: str
    """Where extensions are removed."""

    def hosts(self, where: Places, profile: Path | None = None) -> Path:
        """The folder in which it looks for one person's native messaging hosts.

        Args:
            profile: the folder of a profile that it was told to use, if it was.
        """
        if profile is not None and self.family is Family.CHROMIUM:
            return manifests_in(profile)
        return Path(self.folder.format(home=where.user_home, config=where.user_config))


@dataclass(frozen=True)
class Found:
    """A browser that is on this machine."""

    browser: Browser
    executable: Path
    version: str | None
    """None where it would not say."""


# Where the hosts are looked for:
# https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging
# https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests
CHROMIUM = Browser(
    name="chromium",
    title="Chromium",
    family=Family.CHROMIUM,
    executables=("chromium", "chromium-browser"),
    package="chromium",
    folder="{config}/chromium/NativeMessagingHosts",
    extensions_page="chrome://extensions",
)
CHROME = Browser(
    name="chrome",
    title="Google Chrome",
    family=Family.CHROMIUM,
    executables=("google-chrome", "google-chrome-stable"),
    package=None,
    folder="{config}/google-chrome/NativeMessagingHosts",
    extensions_page="chrome://extensions",
)
FIREFOX = Browser(
    name="firefox",
    title="Firefox",
    family=Family.GECKO,
    executables=("firefox", "firefox-esr"),
    package="firefox-esr",
    folder="{home}/.mozilla/native-messaging-hosts",
    extensions_page="about:addons",
)
TABLE = (CHROMIUM, CHROME, FIREFOX)
BY_NAME = {browser.name: browser for browser in TABLE}


def manifests_in(profile: Path) -> Path:
    """Where Chromium and its kin look for hosts, given their user data folder."""
    return profile / "NativeMessagingHosts"


def find(browser: Browser, environ: Mapping[str, str]) -> Found | None:
    """The browser on the PATH, or None."""
    for name in browser.executables:
        path = shutil.which(name, path=environ.get("PATH"))
        if path is not None:
            executable = Path(path).absolute()
            return Found(browser, executable, version_of(executable))
    return None


def version_of(executable: Path) -> str | None:
    """What the browser says its version is; None where it says nothing."""
    try:
        said = subprocess.run(
            [executable, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"\d+(?:\.\d+)+", said.stdout)
    return None if match is None else match[0].decode("ascii")
