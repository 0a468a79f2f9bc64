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
    system_folder: str | None
    """Where it looks for everyone's hosts; None where sources do not agree on it."""
    debian_buttons: str | None = None
    """From where Debian's build of it takes unsigned extensions for everyone, if it does."""
    tried: bool = False
    """Whether the tests run in it; the others are set up as their documentation says."""

    def hosts(self, where: Places, profile: Path | None = None) -> Path:
        """The folder in which it looks for native messaging hosts: one person's, or everyone's.

        Args:
            profile: the folder of a profile that it was told to use, if it was.
        """
        if where.for_all:
            assert self.system_folder is not None
            return Path(self.system_folder)
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
    system_folder="/etc/chromium/native-messaging-hosts",
    debian_buttons="/usr/share/chromium/extensions",
    tried=True,
)
CHROME = Browser(
    name="chrome",
    title="Google Chrome",
    family=Family.CHROMIUM,
    executables=("google-chrome", "google-chrome-stable"),
    package=None,
    folder="{config}/google-chrome/NativeMessagingHosts",
    extensions_page="chrome://extensions",
    system_folder="/etc/opt/chrome/native-messaging-hosts",
)
FIREFOX = Browser(
    name="firefox",
    title="Firefox",
    family=Family.GECKO,
    # Developer Edition and Nightly differ in nothing that is in this table.
    executables=(
        *("firefox", "firefox-esr"),
        *("firefox-devedition", "firefox-developer-edition", "firefox-nightly"),
    ),
    package="firefox-esr",
    folder="{home}/.mozilla/native-messaging-hosts",
    extensions_page="about:addons",
    system_folder="/usr/lib/mozilla/native-messaging-hosts",
    debian_buttons="/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}",
    tried=True,
)
EDGE = Browser(
    name="edge",
    title="Microsoft Edge",
    family=Family.CHROMIUM,
    executables=("microsoft-edge", "microsoft-edge-stable"),
    package=None,
    folder="{config}/microsoft-edge/NativeMessagingHosts",
    extensions_page="edge://extensions",
    system_folder="/etc/opt/edge/native-messaging-hosts",
)
BRAVE = Browser(
    name="brave",
    title="Brave",
    family=Family.CHROMIUM,
    executables=("brave-browser", "brave-browser-stable", "brave"),
    package=None,
    folder="{config}/BraveSoftware/Brave-Browser/NativeMessagingHosts",
    extensions_page="brave://extensions",
    system_folder=None,
)
VIVALDI = Browser(
    name="vivaldi",
    title="Vivaldi",
    family=Family.CHROMIUM,
    executables=("vivaldi", "vivaldi-stable"),
    package=None,
    folder="{config}/vivaldi/NativeMessagingHosts",
    extensions_page="vivaldi://extensions",
    system_folder=None,
)
OPERA = Browser(
    name="opera",
    title="Opera",
    family=Family.CHROMIUM,
    executables=("opera", "opera-stable"),
    package=None,
    folder="{config}/opera/NativeMessagingHosts",
    extensions_page="opera://extensions",
    system_folder=None,
)
LIBREWOLF = Browser(
    name="librewolf",
    title="LibreWolf",
    family=Family.GECKO,
    executables=("librewolf",),
    package=None,
    folder="{home}/.librewolf/native-messaging-hosts",
    extensions_page="about:addons",
    system_folder="/usr/lib/librewolf/native-messaging-hosts",
)
WATERFOX = Browser(
    name="waterfox",
    title="Waterfox",
    family=Family.GECKO,
    executables=("waterfox",),
    package=None,
    folder="{home}/.waterfox/native-messaging-hosts",
    extensions_page="about:addons",
    system_folder="/usr/lib/waterfox/native-messaging-hosts",
)
TABLE = (CHROMIUM, CHROME, EDGE, BRAVE, VIVALDI, OPERA, FIREFOX, LIBREWOLF, WATERFOX)
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
