"""Browsers from Flatpak and Snap, whose sandbox keeps them from starting a program of the person's.

How others that browsers talk to get out of it (JabRef, KeePassXC, 1Password's users), and what the
makers say: https://github.com/flatpak/xdg-desktop-portal/issues/655. No test of ours runs in one.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rbutton.browsers import manifests
from rbutton.browsers.places import Places
from rbutton.browsers.table import Browser, Family

ROOT = Path("/")
PATIENCE = 20.0
"""Seconds in which `flatpak` has to answer."""
PORTAL_STORE = "webextensions"
"""Where the portal keeps who may start what: a table of `flatpak permissions`."""


@dataclass(frozen=True)
class Flatpak:
    """It starts programs outside by `flatpak-spawn`, once the person allows that.

    Its home is `~/.var/app/ID`, where it and we both can write.
    """

    name: str
    executable: Path
    kind = "Flatpak"

    def inside(self, where: Places) -> Places:
        """The same places, with those of the browser where this one has them."""
        home = self._home(where)
        return replace(where, user_home=home, user_config=home / "config")

    def hosts(self, browser: Browser, where: Places) -> Path:
        """The folder in which it looks for hosts."""
        return browser.hosts(self.inside(where))

    def launcher(self, where: Places) -> Path:
        """What it starts within the sandbox, and that starts the host outside."""
        return self._home(where) / "data" / "rbutton" / where.launcher.name

    def _home(self, where: Places) -> Path:
        return where.user_home / ".var" / "app" / self.name

    def permission(self, where: Places) -> str:
        """The command that allows it to start the host, and to read the button's folder."""
        return self._override(f"--talk-name={_SPAWN}", f"--filesystem={where.extension}:ro")

    def taken_back(self, where: Places) -> str:
        """The command that undoes `permission`."""
        return self._override(f"--no-talk-name={_SPAWN}", f"--nofilesystem={where.extension}")

    def _override(self, *words: str) -> str:
        return shlex.join(["flatpak", "override", "--user", *words, self.name])

    def is_permitted(self, environ: Mapping[str, str]) -> bool:
        """Whether it may start programs outside already."""
        said = _said(environ, "flatpak", "info", "--show-permissions", self.name)
        return re.search(rf"^{re.escape(_SPAWN)}=(talk|own)$", said, re.MULTILINE) is not None

    def version(self, environ: Mapping[str, str]) -> str | None:
        """The browser's; None where Flatpak does not say."""
        said = _said(environ, "flatpak", "info", self.name)
        return _first(r"^\s*Version:\s*(\d+(?:\.\d+)+)", said)

    looked_for = "flatpak info"


@dataclass(frozen=True)
class Snap:
    """Firefox has a portal start hosts, which finds them where a Firefox without sandbox does.

    The portal asks the person. Chromium's kin do not know of it.
    """

    name: str
    mounted: Path
    kind = "Snap"

    @property
    def executable(self) -> Path:
        """What starts it."""
        return self.mounted.parent / "bin" / self.name

    def inside(self, where: Places) -> Places:
        """The same places, with those of the browser where this one has its profiles."""
        home = where.user_home / "snap" / self.name / "common"
        return replace(where, user_home=home, user_config=home)

    def hosts(self, browser: Browser, where: Places) -> Path:
        """The folder in which the portal looks for hosts."""
        return browser.hosts(where)

    def launcher(self, where: Places) -> Path:
        """What the portal starts: it is in no sandbox."""
        return where.launcher

    def permission(self, _where: Places) -> str:
        """The command that says yes where the portal does not ask, or was told no."""
        return shlex.join(["flatpak", "permission-set", *self._entry, "yes"])

    def taken_back(self, _where: Places) -> str:
        """The command that undoes `permission`."""
        return shlex.join(["flatpak", "permission-remove", *self._entry])

    @property
    def _entry(self) -> list[str]:
        return [PORTAL_STORE, manifests.HOST, f"snap.{self.name}"]

    def is_permitted(self, environ: Mapping[str, str]) -> bool | None:
        """Whether the portal was told yes; None where it will ask."""
        host, app = self._entry[1:]
        for line in _said(environ, "flatpak", "permissions", PORTAL_STORE).splitlines():
            words = set(line.split())
            if {host, app} <= words and words & {"yes", "no"}:
                return "yes" in words
        return None

    def version(self, _environ: Mapping[str, str]) -> str | None:
        """The browser's; None where the snap does not say."""
        try:
            text = (self.mounted / "current" / "meta" / "snap.yaml").read_text("utf-8")
        except (OSError, ValueError):
            return None
        return _first(r"^version:\s*['\"]?(\d+(?:\.\d+)+)", text)

    looked_for = "snap.yaml"


Sandbox = Flatpak | Snap
_SPAWN = "org.freedesktop.Flatpak"


def of(browser: Browser, environ: Mapping[str, str]) -> Iterator[Sandbox]:
    """Those that this browser is here in, whatever else is here of it."""
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    own = environ.get("XDG_DATA_HOME", "")
    data = Path(own) if own.startswith("/") else home / ".local" / "share"
    if browser.flatpak is not None:
        for root in (data / "flatpak", ROOT / "var/lib/flatpak"):
            exported = root / "exports" / "bin" / browser.flatpak
            if exported.exists():
                yield Flatpak(browser.flatpak, exported)
                break
    if browser.snap is not None:
        for root in (ROOT / "snap", ROOT / "var/lib/snapd/snap"):
            if (root / "bin" / browser.snap).exists() or (root / browser.snap / "current").exists():
                yield Snap(browser.snap, root / browser.snap)
                break


def why_not(browser: Browser, sandbox: Sandbox) -> str | None:
    """Why no permission lets it start the host; None where one does."""
    if isinstance(sandbox, Snap) and browser.family is Family.CHROMIUM:
        return "Chromium and its kin have no way out of Snap's sandbox"
    return None


def is_snaps(program: Path) -> bool:
    """Whether a program on the PATH starts a snap, as Ubuntu's packages of browsers do."""
    if program.parent in {Path("/snap/bin"), Path("/var/lib/snapd/snap/bin")}:
        return True
    try:
        if program.resolve().name == "snap":
            return True
        with program.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return start.startswith(b"#!") and b"/snap/bin/" in start


def wrapper(launcher: Path) -> str:
    """What a Flatpak starts within its sandbox to have `launcher` started outside."""
    # Its own working directory may be none outside.
    words = shlex.join([*_WRAPPER, str(launcher)])
    return f'#!/bin/sh\n{words} "$@"\n'


_WRAPPER = ["exec", "flatpak-spawn", "--host", "--directory=/"]


def wrapped(program: Path) -> Path | None:
    """The launcher that the program, if it is a `wrapper`, has started."""
    try:
        if program.stat().st_size > 10_000:
            return None
        _, line = program.read_text("utf-8").splitlines()
        *start, launcher, rest = shlex.split(line)
    except (OSError, ValueError):
        return None
    return Path(launcher) if start == _WRAPPER and rest == "$@" else None


def _said(environ: Mapping[str, str], *command: str) -> str:
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environ, "LC_ALL": "C"},
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return None if match is None else match[1]
