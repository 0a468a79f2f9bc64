"""A person's machine for `install_host.py`: a home, a checkout, and browsers on the PATH."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.host_process import Host

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE = 300  # seconds for one command; the longest builds an environment from the network

FOR_EVERYONE = Path("/usr/local/lib/rbutton")
"""Where `--system` installs."""

VERSIONS = {
    "chromium": "Chromium 156.0.1.2 built on Debian GNU/Linux 12 (bookworm)",
    "google-chrome": "Google Chrome 157.0.3.4",
    "firefox": "Mozilla Firefox 153.7.1esr",
}
"""What each of its programs says."""

MANIFESTS = {
    "chromium": ".config/chromium/NativeMessagingHosts",
    "chrome": ".config/google-chrome/NativeMessagingHosts",
    "firefox": ".mozilla/native-messaging-hosts",
}
"""Where each browser looks for hosts, from the home."""


@dataclass(frozen=True)
class Machine:
    """Its folders have spaces and letters that are not ASCII in their names."""

    root: Path

    @property
    def home(self) -> Path:
        """The person's home."""
        return self.root / "Zoë ⊂ home"

    @property
    def checkout(self) -> Path:
        """What they downloaded."""
        return self.root / "das r-button ⊃ Verzeichnis"

    @property
    def data(self) -> Path:
        """Where the host is installed."""
        return self.home / ".local" / "share" / "rbutton"

    @property
    def config(self) -> Path:
        """Where their terms are."""
        return self.home / ".config" / "rbutton"

    @property
    def launcher(self) -> Path:
        """What a browser starts."""
        return self.data / "bin" / "rbutton-host"

    def manifest(self, browser: str = "chromium") -> Path:
        """Where that browser looks for the host."""
        return self.home / MANIFESTS[browser] / "org.rbutton.host.json"

    def set_up(self, source: Path = CHECKOUT) -> None:
        """Makes home, checkout, and browsers that can only say their version."""
        self.home.mkdir()
        copy_checkout(source, self.checkout)
        programs = self.root / "bin"
        programs.mkdir()
        for name, says in VERSIONS.items():
            write_program(programs / name, f'echo "{says}"')

    def environ(self, **more: str) -> dict[str, str]:
        """What a program is given: hardly more than HOME and PATH."""
        # How pip reaches its index is the machine's affair, not the person's.
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        path = os.pathsep.join([str(self.root / "bin"), "/usr/bin", "/bin"])
        return {**pip, "PATH": path, "HOME": str(self.home), **more}

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `install_host.py`."""
        return [*alone(), sys.executable, str(self.checkout / "install_host.py"), *arguments]

    def run(self, *arguments: str, code: int = 0, **environ: str) -> str:
        """Runs `install_host.py`; answers what it said, on both streams, having checked `code`."""
        return self.say(self.command(*arguments), code=code, **environ)

    def say(self, command: Sequence[str], *, code: int = 0, **environ: str) -> str:
        """Runs any command; as `run`."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def listed(self, **environ: str) -> Any:
        """What `--list --json` says."""
        return json.loads(self.run("--list", "--json", code=0, **environ).splitlines()[-1])

    def host(self, browser: str = "chromium") -> Host:
        """The host, started as that browser would."""
        path = self.manifest(browser)
        manifest = json.loads(path.read_text(encoding="utf-8"))
        of_gecko = [str(path), *manifest.get("allowed_extensions", [])]
        arguments = manifest.get("allowed_origins", of_gecko)
        return Host([manifest["path"], *arguments], self.environ())

    def says_hello(self, browser: str = "chromium") -> str:
        """Starts the host and answers the version it names."""
        host = self.host(browser)
        try:
            version: str = host.hello()["host"]
            return version
        finally:
            host.end()

    def tree(self) -> set[str]:
        """All there is in the home, by its path from there."""
        return {path.relative_to(self.home).as_posix() for path in self.home.rglob("*")}

    def take_environment(self, other: "Machine") -> None:
        """Puts another machine's environment here, so that none need be built."""
        self.data.mkdir(parents=True, mode=0o700)
        for env in other.data.glob("env-*"):
            shutil.copytree(env, self.data / env.name, symlinks=True, copy_function=os.link)


def alone() -> list[str]:
    """The start of a command that sees no r-button for everyone, should this machine have one."""
    if not FOR_EVERYONE.exists():
        return []
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'mount -t tmpfs none {FOR_EVERYONE} && exec "$@"'
    return ["unshare", *root, "--mount", "sh", "-c", script, "sh"]


def write_program(path: Path, script: str) -> None:
    """Writes a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def copy_checkout(source: Path, target: Path) -> None:
    """Copies what an installation needs of a checkout."""
    target.mkdir()
    for name in ("host", "terms", "extension", "docs/pictures"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / name, target / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "install_host.py"):
        shutil.copy2(source / name, target / name)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
