"""Installing Debian packages where we may, and saying what to type where we may not."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rbutton.browsers.problems import SetupError
from rbutton.browsers.running import run
from rbutton.browsers.telling import Teller

APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")


@dataclass(frozen=True)
class Need:
    """Something this machine lacks."""

    package: str
    what: str
    """For the person, after "missing:"."""


def ensure(needs: Sequence[Need], teller: Teller) -> None:
    """Installs what is needed with apt, having said so. Nothing needed, nothing done.

    Raises:
        SetupError: there is no apt, we are not root, or apt failed.
    """
    if not needs:
        return
    packages = [need.package for need in needs]
    names = " ".join(packages)
    missing = f"Missing here: {', '.join(need.what for need in needs)}."
    if shutil.which("apt-get", path=_path()) is None:
        raise SetupError(missing, f"Install that (on Debian: {names}), then run this again.")
    if os.geteuid() != 0:
        raise SetupError(missing, f"Type: sudo apt install {names}")
    teller.say(f"{missing} Installing it with apt: {names}")
    said: list[str] = []
    with teller.working(f"apt-get install {names}") as work:

        def heard(line: str) -> None:
            said.append(line)
            if match := re.match(
                r"(?:Get:\d+ \S+ \S+ \S+ (\S+))|((?:Unpacking|Setting up) \S+)", line
            ):
                work.note(match[2] or f"fetching {match[1]}")

        # Lists that are missing or old make an install fail; a failing update may not.
        run([*APT, "update"], heard, environ=_environ())
        code = run(
            [*APT, "install", "--no-install-recommends", *packages], heard, environ=_environ()
        )
    if code != 0:
        last = "\n".join(f"  {line}" for line in said[-8:])
        raise SetupError(
            f"apt could not install {names}. Its last words:\n{last}",
            f"Type: sudo apt install {names}\nand see what it says; then run this again.",
        )


def _path() -> str:
    # dpkg refuses to work without ldconfig and start-stop-daemon, which are in the sbin folders.
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def _environ() -> dict[str, str]:
    return {**os.environ, "PATH": _path(), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def builds(program: Path) -> bool:
    """Whether Debian itself built this program: others' builds do not have its ways."""
    if shutil.which("dpkg-query") is None:
        return False
    found = _output("dpkg-query", "--search", str(program.resolve())).splitlines()
    # Before the line about the owner it may tell of a diversion, as of /usr/bin/firefox.
    owner = found[-1].partition(":")[0] if found else ""
    maintainer = _output("dpkg-query", "--show", "--showformat=${Maintainer}", owner)
    return maintainer.endswith("debian.org>")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=False, text=True).stdout


def is_debians(python: Path) -> bool:
    """Whether a Debian package put this interpreter here: only then can apt complete it."""
    if shutil.which("dpkg") is None:
        return False
    owner = subprocess.run(
        ["dpkg", "--search", str(python.resolve())], capture_output=True, check=False
    )
    return owner.returncode == 0
