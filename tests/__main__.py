"""`python3 tests [pytest's arguments]`: all tests, with all they need; `--bench`: what it costs.

Standard library only, as it runs before anything is installed. The environment is made once for a
`pyproject.toml`, in `.cache/`; the r-button in it is this checkout's, so edits count at once. The
tests run in a home and a D-Bus session of their own, with a real keyring that is unlocked.
"""

import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CACHE = CHECKOUT / ".cache"

sys.dont_write_bytecode = True
sys.path[:0] = [str(CHECKOUT / "host"), str(CHECKOUT)]

from rbutton.browsers import debian, environment, files  # noqa: E402 - found by the path above
from rbutton.browsers.problems import SetupError  # noqa: E402
from rbutton.browsers.telling import Teller  # noqa: E402
from tests import session  # noqa: E402

PROGRAMS = {
    "apache2": "apache2-bin",
    "caddy": "caddy",
    "chromium": "chromium",
    "dbus-run-session": "dbus-daemon",
    "firefox-esr": "firefox-esr",
    "gnome-keyring-daemon": "gnome-keyring",
    "initdb": "postgresql",
    "nginx": "nginx",
    "node": "nodejs",
    "strace": "strace",
    "Xvfb": "xvfb",
}
"""Programs the tests start, and the Debian packages they are in."""

SHARED_OUT = (
    "--numprocesses",
    str((os.cpu_count() or 1) + 1),
    "--dist=loadfile",
    "--no-loadscope-reorder",
)
"""One process more than there are cores, as tests wait for browsers, too. A file stays in one, with
its browser; those with browsers come first, so that no process is left alone with them."""

USE = environment.Use("test", ("pytest", "rbutton"))


def main(arguments: list[str]) -> int:
    """Prepares, runs pytest, answers its exit code; 3 where the machine cannot be set up."""
    teller = Teller(sys.stderr)
    try:
        debian.ensure(_missing(), teller)
        env = _environment(teller)
    except SetupError as error:
        teller.say(error.told())
        return error.code
    # Tests press Ctrl-C, which programs that a script started in the background may be deaf to.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rbutton-tests-") as folder:
        what = (
            ["-m", "tests.bench"]
            if arguments == ["--bench"]
            else ["-P", "-m", "pytest", *SHARED_OUT, *arguments]
        )
        command = [str(environment.python(env)), *what]
        return subprocess.run(
            [*session.running(Path(folder) / "session"), *command],
            cwd=CHECKOUT,
            env=_nobodys(Path(folder)),
            check=False,
        ).returncode


def _missing() -> list[debian.Need]:
    needs = environment.missing() + environment.missing_for_playwright()
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=_path()) is None:
            needs.append(debian.Need(package, program))
    return needs


def _path() -> str:
    # Debian keeps web servers off the PATH of who is not root, and PostgreSQL's programs, which are
    # by version, off everybody's.
    versions = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", *versions])


def _environment(teller: Teller) -> Path:
    """An environment with the tests' packages, in which `rbutton` is this checkout's."""
    stands_on = (CHECKOUT / "pyproject.toml").read_bytes() + f"{CHECKOUT}{sys.version}".encode()
    named = f"tests-env-{platform.python_version()}-"
    env = CACHE / f"{named}{hashlib.sha256(stands_on).hexdigest()[:12]}"
    CACHE.mkdir(exist_ok=True)
    with files.only_one(CACHE / "tests-env.lock", teller):
        environment.prepare(env, CHECKOUT, USE, CACHE / "tests-env.log", teller, editable=True)
        environment.remove_others(env, f"{named}*")
    return env


def _nobodys(folder: Path) -> dict[str, str]:
    """Environment variables under which the tests find nothing of the developer's."""
    home = folder / "home"
    runtime = folder / "run"
    for each in (home, runtime):
        each.mkdir(mode=0o700)
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "DBUS_", "PYTHON", "RBUTTON_"))
        and name not in {"DISPLAY", "WAYLAND_DISPLAY"}
    }
    return theirs | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "PIP_CACHE_DIR": str(CACHE / "pip"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
