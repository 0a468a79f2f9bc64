"""The one table of browsers, and finding them on this machine."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Browser:
    """A browser we know: one row of the table."""

    name: str
    title: str
    executables: tuple[str, ...]
    """Looked for on the PATH, in this order."""
    folder: str
    """Its own folder among the person's configuration (`Places.browsers`)."""
    extensions_page: str

    def manifests(self, configs: Path) -> Path:
        """The folder in which it looks for one person's native messaging hosts.

        Source: https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging
        """
        return manifests_in(configs / self.folder)


@dataclass(frozen=True)
class Found:
    """A browser that is on this machine."""

    browser: Browser
    executable: Path
    version: str | None
    """None where it would not say."""


TABLE = (
    Browser(
        "chromium", "Chromium", ("chromium", "chromium-browser"), "chromium", "chrome://extensions"
    ),
    Browser(
        "chrome",
        "Google Chrome",
        ("google-chrome", "google-chrome-stable"),
        "google-chrome",
        "chrome://extensions",
    ),
)
CHROMIUM = TABLE[0]


def manifests_in(profile: Path) -> Path:
    """Where Chromium and its kin look for hosts, given their user data folder."""
    return profile / "NativeMessagingHosts"


def gecko_manifests_in(home: Path) -> Path:
    """Where Firefox looks for one person's hosts, wherever their profiles are.

    Source: https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests
    """
    return home / ".mozilla" / "native-messaging-hosts"


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
