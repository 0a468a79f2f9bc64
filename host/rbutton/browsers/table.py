"""The one table of browsers: what each is called, and where it looks for hosts on each platform."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rbutton.browsers.places import Places, Platform


class Family(Enum):
    """What browsers have from the one they are made of.

    It fixes what a host's manifest says, and how an extension gets in.
    """

    CHROMIUM = "chromium"
    GECKO = "gecko"


@dataclass(frozen=True)
class OnMac:
    """A browser on macOS. No test of ours runs there."""

    apps: tuple[str, ...]
    """In `/Applications` or `~/Applications`, looked for in this order."""
    folder: str
    """Below `~/Library/Application Support`: holds `NativeMessagingHosts`."""
    profiles: str | None = None
    """There, too: what it keeps its profiles in, if it is another."""


@dataclass(frozen=True)
class OnWindows:
    """A browser on Windows. No test of ours runs there."""

    programs: tuple[str, ...]
    """Below `%ProgramFiles%`, `%ProgramFiles(x86)%` or `%LOCALAPPDATA%`."""
    key: str
    """Of the current user: holds `NativeMessagingHosts`, and that a key for each host."""
    profiles: str
    """Below the person's `AppData`: what it keeps its profiles in."""


@dataclass(frozen=True)
class Browser:
    """A browser we know: one row of the table."""

    name: str
    """As on our command line."""
    title: str
    family: Family
    executables: tuple[str, ...]
    """Linux: looked for on the PATH, in this order."""
    package: str | None
    """Debian's, if it has one."""
    folder: str
    """Linux: where it looks for one person's hosts: below `{home}` or `{config}` (of `Places`)."""
    extensions_page: str
    """Where extensions are removed."""
    system_folder: str | None
    """Linux: where it looks for everyone's hosts; None where sources do not agree on it."""
    mac: OnMac
    windows: OnWindows
    flatpak: str | None
    """Its id on Flathub."""
    snap: str | None
    """Its name in Canonical's store."""
    debian_buttons: str | None = None
    """From where Debian's build of it takes unsigned extensions for everyone, if it does."""
    tried: bool = False
    """Whether the tests run in it, on Linux; the others are set up as they are documented."""

    def hosts(self, where: Places, profile: Path | None = None) -> Path:
        """The folder in which it looks for native messaging hosts: one person's, or everyone's.

        On Windows the folder of ours that its key in the registry leads to.

        Args:
            profile: the folder of a profile that it was told to use, if it was.
        """
        if where.for_all:
            assert self.system_folder is not None
            return Path(self.system_folder)
        if where.platform is Platform.WINDOWS:
            return manifests_in(where.keys.joinpath(*self.windows.key.split("\\")))
        if profile is not None and self.family is Family.CHROMIUM:
            return manifests_in(profile)
        if where.platform is Platform.MAC:
            return manifests_in(where.user_config / self.mac.folder)
        return Path(self.folder.format(home=where.user_home, config=where.user_config))

    def profile_roots(self, where: Places) -> list[Path]:
        """Where it may keep its profiles, or Firefox and its kin the `profiles.ini` naming them."""
        match where.platform:
            case Platform.MAC:
                return [where.user_config / (self.mac.profiles or self.mac.folder)]
            case Platform.WINDOWS:
                return [where.user_config.parent / self.windows.profiles]
            case Platform.LINUX:
                own = self.hosts(where).parent
                if self.family is Family.CHROMIUM:
                    return [own]
                # Firefox has moved from the first to the last (147).
                configs = (where.user_config, where.user_home / ".config")
                vendor = own.name.removeprefix(".")
                return [own / "firefox", own, *(each / vendor / "firefox" for each in configs)]

    def looked_for(self, platform: Platform) -> str:
        """How it and its version are found on that platform, in a few words."""
        match platform:
            case Platform.LINUX:
                return f"{', '.join(self.executables)} (--version)"
            case Platform.MAC:
                return f"{', '.join(self.mac.apps)} (Info.plist)"
            case Platform.WINDOWS:
                gecko = self.family is Family.GECKO
                version = "application.ini" if gecko else "the folder of its version"
                return f"{', '.join(self.windows.programs)} ({version})"


# Where the hosts are looked for:
# https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging
# https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests
# https://learn.microsoft.com/microsoft-edge/extensions-chromium/developer-guide/native-messaging
# On macOS Chromium's kin look in their user data folder. What the makers do not write of is as in
# KeePassXC (src/browser/NativeMessageInstaller.cpp): on Windows Brave and Vivaldi read Chrome's
# key and LibreWolf Firefox's. Opera's own text names Chrome's. Waterfox's is taken to be as
# LibreWolf's.
_CHROMES = r"Software\Google\Chrome"
_FIREFOXES = r"Software\Mozilla"
CHROMIUM = Browser(
    name="chromium",
    title="Chromium",
    family=Family.CHROMIUM,
    executables=("chromium", "chromium-browser"),
    package="chromium",
    folder="{config}/chromium/NativeMessagingHosts",
    extensions_page="chrome://extensions",
    system_folder="/etc/chromium/native-messaging-hosts",
    mac=OnMac(("Chromium.app",), "Chromium"),
    windows=OnWindows(
        ("Chromium/Application/chrome.exe",), r"Software\Chromium", "Local/Chromium/User Data"
    ),
    flatpak="org.chromium.Chromium",
    snap="chromium",
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
    mac=OnMac(("Google Chrome.app",), "Google/Chrome"),
    windows=OnWindows(
        ("Google/Chrome/Application/chrome.exe",), _CHROMES, "Local/Google/Chrome/User Data"
    ),
    flatpak="com.google.Chrome",
    snap=None,
)
FIREFOX = Browser(
    name="firefox",
    title="Firefox",
    family=Family.GECKO,
    # Developer Edition and Nightly differ in nothing else that is in this table.
    executables=(
        *("firefox", "firefox-esr"),
        *("firefox-devedition", "firefox-developer-edition", "firefox-nightly"),
    ),
    package="firefox-esr",
    folder="{home}/.mozilla/native-messaging-hosts",
    extensions_page="about:addons",
    system_folder="/usr/lib/mozilla/native-messaging-hosts",
    mac=OnMac(
        ("Firefox.app", "Firefox Developer Edition.app", "Firefox Nightly.app"),
        "Mozilla",
        "Firefox",
    ),
    windows=OnWindows(
        (
            "Mozilla Firefox/firefox.exe",
            "Firefox Developer Edition/firefox.exe",
            "Firefox Nightly/firefox.exe",
        ),
        _FIREFOXES,
        "Roaming/Mozilla/Firefox",
    ),
    flatpak="org.mozilla.firefox",
    snap="firefox",
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
    mac=OnMac(("Microsoft Edge.app",), "Microsoft Edge"),
    windows=OnWindows(
        ("Microsoft/Edge/Application/msedge.exe",),
        r"Software\Microsoft\Edge",
        "Local/Microsoft/Edge/User Data",
    ),
    flatpak="com.microsoft.Edge",
    snap=None,
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
    mac=OnMac(("Brave Browser.app",), "BraveSoftware/Brave-Browser"),
    windows=OnWindows(
        ("BraveSoftware/Brave-Browser/Application/brave.exe",),
        _CHROMES,
        "Local/BraveSoftware/Brave-Browser/User Data",
    ),
    flatpak="com.brave.Browser",
    snap="brave",
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
    mac=OnMac(("Vivaldi.app",), "Vivaldi"),
    windows=OnWindows(("Vivaldi/Application/vivaldi.exe",), _CHROMES, "Local/Vivaldi/User Data"),
    flatpak="com.vivaldi.Vivaldi",
    snap="vivaldi",
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
    mac=OnMac(("Opera.app",), "com.operasoftware.Opera"),
    windows=OnWindows(
        ("Programs/Opera/opera.exe", "Opera/opera.exe"),
        _CHROMES,
        "Roaming/Opera Software/Opera Stable",
    ),
    flatpak="com.opera.Opera",
    snap="opera",
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
    mac=OnMac(("LibreWolf.app",), "LibreWolf"),
    windows=OnWindows(("LibreWolf/librewolf.exe",), _FIREFOXES, "Roaming/librewolf"),
    flatpak="io.gitlab.librewolf-community",
    snap=None,
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
    mac=OnMac(("Waterfox.app",), "Waterfox"),
    windows=OnWindows(("Waterfox/waterfox.exe",), _FIREFOXES, "Roaming/Waterfox"),
    flatpak="net.waterfox.waterfox",
    snap=None,
)
TABLE = (CHROMIUM, CHROME, EDGE, BRAVE, VIVALDI, OPERA, FIREFOX, LIBREWOLF, WATERFOX)
BY_NAME = {browser.name: browser for browser in TABLE}


def manifests_in(profile: Path) -> Path:
    """Where Chromium and its kin look for hosts, given their user data folder."""
    return profile / "NativeMessagingHosts"
