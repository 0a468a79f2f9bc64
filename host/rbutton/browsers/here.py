"""Which of the table's browsers are on this machine, and of which version."""

import plistlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from rbutton.browsers import sandboxes
from rbutton.browsers.places import Platform, places, this_platform
from rbutton.browsers.sandboxes import Sandbox
from rbutton.browsers.table import Browser, Family

APPLICATIONS = Path("/Applications")
"""macOS: everyone's programs. A person's own are in the folder of that name in their home."""


@dataclass(frozen=True)
class Found:
    """A browser that is on this machine."""

    browser: Browser
    executable: Path
    version: str | None
    """None where it would not say."""
    sandbox: Sandbox | None = None
    """What keeps it from the rest of the machine, if something does."""
    platform: Platform = Platform.LINUX

    @property
    def title(self) -> str:
        """As people are told of it."""
        kind = "" if self.sandbox is None else f" ({self.sandbox.kind})"
        return f"{self.browser.title}{kind}"

    @property
    def tried(self) -> bool:
        """Whether our tests run in this one."""
        return self.browser.tried and self.sandbox is None and self.platform is Platform.LINUX

    @property
    def looked_for(self) -> str:
        """How it and its version were found, in a few words."""
        if self.sandbox is not None:
            return f"{self.executable} ({self.sandbox.looked_for})"
        return self.browser.looked_for(self.platform)

    @property
    def why_not(self) -> str | None:
        """Why it cannot reach the host whatever is installed; None where it can."""
        return None if self.sandbox is None else sandboxes.why_not(self.browser, self.sandbox)


def find_all(browser: Browser, environ: Mapping[str, str]) -> list[Found]:
    """All there is of the browser here: the one without a sandbox first."""
    one = find(browser, environ)
    found = [] if one is None else [one]
    if this_platform() is Platform.LINUX:
        for sandbox in sandboxes.of(browser, environ):
            version = sandbox.version(environ)
            found.append(Found(browser, sandbox.executable, version, sandbox))
    return found


def find(browser: Browser, environ: Mapping[str, str]) -> Found | None:
    """The browser that is in no sandbox, or None."""
    platform = this_platform()
    look, version = {
        Platform.LINUX: (_on_path, version_of),
        Platform.MAC: (_in_applications, _version_in_plist),
        Platform.WINDOWS: (
            _in_program_files,
            _version_in_ini if browser.family is Family.GECKO else _version_beside,
        ),
    }[platform]
    for program in look(browser, environ):
        return Found(browser, program, version(program), platform=platform)
    return None


def _on_path(browser: Browser, environ: Mapping[str, str]) -> Iterator[Path]:
    for name in browser.executables:
        path = shutil.which(name, path=environ.get("PATH"))
        if path is not None and not sandboxes.is_snaps(Path(path).absolute()):
            yield Path(path).absolute()


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


def _in_applications(browser: Browser, environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in (APPLICATIONS, places(environ).user_home / "Applications"):
        yield from (folder / app for app in browser.mac.apps if (folder / app).is_dir())


def _version_in_plist(app: Path) -> str | None:
    try:
        with (app / "Contents" / "Info.plist").open("rb") as file:
            said = plistlib.load(file)["CFBundleShortVersionString"]
    except (OSError, ValueError, KeyError, TypeError, ExpatError):
        return None
    return str(said)


def _in_program_files(browser: Browser, environ: Mapping[str, str]) -> Iterator[Path]:
    for variable in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"):
        if folder := environ.get(variable):
            programs = (Path(folder) / program for program in browser.windows.programs)
            yield from (program for program in programs if program.is_file())


def _version_beside(program: Path) -> str | None:
    """Chromium and its kin keep what they run in a folder named by its version; the newest."""
    versions = [
        folder.name
        for folder in program.parent.iterdir()
        if folder.is_dir() and re.fullmatch(r"\d+(?:\.\d+){3}", folder.name)
    ]
    return max(versions, key=lambda name: [int(part) for part in name.split(".")], default=None)


def _version_in_ini(program: Path) -> str | None:
    ini = ConfigParser(interpolation=None, strict=False)
    try:
        ini.read_string((program.parent / "application.ini").read_text("utf-8"))
    except (OSError, ValueError, IniError):
        return None
    return ini.get("App", "Version", fallback=None)
