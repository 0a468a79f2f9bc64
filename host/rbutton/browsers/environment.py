"""The private Python environment the host runs in."""

import ctypes
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rbutton.browsers import debian
from rbutton.browsers.problems import IndexSilent, SetupError
from rbutton.browsers.running import run
from rbutton.browsers.telling import Teller, Work

READY = "rbutton-ready"
"""A file in a complete environment, written last."""

SHIPPED = ("host", "terms", "extension", "docs/pictures", "pyproject.toml")
"""What an installed r-button is made of, in a checkout."""


@dataclass(frozen=True)
class Use:
    """What an environment is for."""

    extras: str
    """Of `pyproject.toml`."""
    modules: tuple[str, ...]
    """Imported as a trial, before anyone is sent to it."""


# The host imports its larger half, `exchange`, only when it is needed; the command, only the verb.
_VERBS = "agreements build doctor export forget import_ signals site sites terms verify withdraw"
_HOST = (
    "rbutton.native.__main__",
    "rbutton.native.exchange",
    *(f"rbutton.cli.{verb}" for verb in _VERBS.split()),
)
DAILY = Use("agent", _HOST)
_PLAY = ("rbutton.demo.__main__", "rbutton.demo.chromium", "rbutton.demo.firefox")
DEMO = Use("agent,site,demo", (*_PLAY, *_HOST))

FULL = 20_000_000
"""Fewer free bytes than this, and an installation that failed did so for want of them."""

NETWORK = re.compile(
    r"name resolution|Failed to establish a new connection|Network is unreachable|"
    r"Connection refused|ConnectTimeout|Read timed out|ProxyError|Max retries exceeded"
)


def version(checkout: Path) -> str:
    """The version of the r-button in `checkout`, read as hatchling reads it."""
    text = (checkout / "host" / "rbutton" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise SetupError(f"{checkout} holds no r-button that can be installed.")
    return match[1]


def build_id(checkout: Path) -> str:
    """Names the contents of `checkout`: its version and a hash over all that is installed of it.

    Raises:
        SetupError: a part of the checkout is missing.
    """
    digest = hashlib.sha256()
    for part in SHIPPED:
        if not (checkout / part).exists():
            raise SetupError(
                f"{checkout} is incomplete: {part} is missing.", "Download the r-button again."
            )
        for path in _files(checkout / part):
            content = path.read_bytes()
            name = path.relative_to(checkout).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return f"{version(checkout)}-{digest.hexdigest()[:12]}"


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        each
        for each in path.rglob("*")
        if each.is_file()
        and not any(
            part.startswith(".") or part == "__pycache__" for part in each.relative_to(path).parts
        )
    )


def python(env: Path) -> Path:
    """The interpreter of `env`."""
    return env / "bin" / "python" if os.name == "posix" else env / "Scripts" / "python.exe"


def is_ready(env: Path, use: Use) -> bool:
    """Whether `env` is complete and still runs: a new Python under an old one breaks it."""
    return (env / READY).is_file() and _imports(env, use) is None


def prepare(
    env: Path,
    checkout: Path,
    use: Use,
    log: Path,
    teller: Teller,
    *,
    editable: bool = False,
    wheels: Path | None = None,
) -> None:
    """Makes `env` hold the r-button of `checkout`, unless it does already.

    What pip said is kept in `log` if it failed for no plain reason. The checkout is only read.

    Args:
        editable: it follows later changes in the checkout.
        wheels: a folder where the packages are kept for a time without a network.

    Raises:
        SetupError: it could not be made; what there is of it is gone again, and what was there
            before is back.
    """
    if is_ready(env, use):
        return
    debian.ensure(missing(), teller)
    # Incomplete, it may still do for the host.
    aside = env.with_name(f"{env.name}.old")
    if aside.exists():
        shutil.rmtree(env, ignore_errors=True)
    elif env.exists():
        env.rename(aside)
    try:
        with teller.working("Making a private Python environment"):
            make(env)
        with teller.working("Installing the r-button and what it stands on into it") as work:
            whole = f".[{use.extras}]"
            if wheels is not None:
                _by_wheels(env, whole, checkout, log, work, wheels=wheels)
            else:
                how = ["--editable"] if editable else []
                pip(env, ["install", *how, whole], checkout, log, work)
        if (trouble := _imports(env, use)) is not None:
            raise SetupError(f"The r-button was installed but does not start:\n{trouble}")
        (env / READY).touch()
    except BaseException:
        shutil.rmtree(env, ignore_errors=True)
        if aside.exists():
            aside.rename(env)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _by_wheels(
    env: Path, whole: str, checkout: Path, log: Path, work: Work, *, wheels: Path
) -> None:
    """Installs from packages that are fetched first, or those of the last time."""
    project = checkout / "pyproject.toml"
    try:
        builds = tomllib.loads(project.read_text(encoding="utf-8"))["build-system"]["requires"]
    except (ValueError, KeyError) as error:
        raise SetupError(
            f"{project} is damaged: {error}", "Download the r-button again."
        ) from error
    # Also what builds the r-button itself: pip fetches that anew for each build.
    wanted = [whole, *builds]
    fresh = wheels.with_name(f"{wheels.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        # pep517: as nativemessaging-ng comes as source, and a bare environment has no "wheel".
        fetch = ["wheel", "--use-pep517", "--wheel-dir", str(fresh)]
        try:
            pip(env, [*fetch, *wanted], checkout, log, work)
        except IndexSilent:
            if not wheels.is_dir():
                raise
            work.note("the packages of the last time")
            pip(env, [*fetch, *_only(wheels), *wanted], checkout, log, work)
        (own,) = fresh.glob("rbutton-*.whl")
        extras = whole.removeprefix(".")
        pip(env, ["install", *_only(fresh), f"{own}{extras}"], checkout, log, work)
        own.unlink()
        shutil.rmtree(wheels, ignore_errors=True)
        fresh.rename(wheels)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _only(wheels: Path) -> list[str]:
    return ["--no-index", "--find-links", str(wheels)]


def missing() -> list[debian.Need]:
    """What this Python lacks for making environments: Debian packs that apart.

    Raises:
        SetupError: it is not Debian's, so apt cannot complete it.
    """
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return []
    interpreter = Path(sys.executable)
    if not debian.is_debians(interpreter):
        raise SetupError(
            f"{interpreter} cannot make private environments.",
            "Install Python 3.11 or newer with venv and ensurepip, and run this with it.",
        )
    package = f"python3.{sys.version_info.minor}-venv"
    return [debian.Need(package, "the part of Python that makes private environments (venv)")]


def missing_for_playwright() -> list[debian.Need]:
    """What the Node that Playwright brings along wants, and a fresh Debian does not have."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return [debian.Need("libatomic1", "a library that driving a browser takes (libatomic)")]
    return []


def make(env: Path) -> None:
    """Makes an empty environment at `env` with the interpreter that runs this.

    Raises:
        SetupError: it could not be made.
    """
    said: list[str] = []
    command = [sys.executable, "-I", "-m", "venv", str(env)]
    if run(command, said.append, environ=_environ()) != 0:
        raise _failed("The private environment could not be made.", said, env, None)


def pip(env: Path, arguments: list[str], cwd: Path, log: Path, work: Work) -> None:
    """Runs pip in `env`, from `cwd`.

    Raises:
        SetupError: it failed; the message says why, or what it said last, and `log` has it all.
    """
    command = [str(python(env)), "-I", "-m", "pip", "--no-input", *arguments]
    said: list[str] = []

    def heard(line: str) -> None:
        said.append(line)
        if (note := _note(line)) is not None:
            work.note(note)

    code = run(command, heard, environ=_environ(), cwd=cwd)
    if code != 0:
        raise _failed("pip could not install the r-button.", said, env, log)
    log.unlink(missing_ok=True)


def _environ() -> dict[str, str]:
    # What the person set for pip (an index, a proxy) holds; what would send the packages
    # elsewhere than into the environment does not.
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
        and name not in {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"}
    }
    return {**environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _note(line: str) -> str | None:
    if match := re.match(r"\s*Collecting ([\w.-]+)", line):
        return f"fetching {match[1]}"
    if line.startswith("Installing collected packages"):
        return f"unpacking {line.count(',') + 1} packages"
    if "Retrying" in line:
        return "the package index does not answer; trying again"
    return None


def _failed(message: str, said: list[str], env: Path, log: Path | None) -> SetupError:
    text = "\n".join(said)
    again = "Then run this again."
    # ensurepip keeps what stopped it to itself: hence the look at what is left.
    if "No space left on device" in text or shutil.disk_usage(env.parent).free < FULL:
        return SetupError(f"{message} The disk is full.", f"Make room. {again}")
    if NETWORK.search(text):
        return IndexSilent(
            f"{message} The Python package index does not answer.",
            f"Check the network (pip takes a proxy from https_proxy). {again}",
        )
    if log is not None:
        log.write_text(f"{text}\n", encoding="utf-8")
    last = "\n".join(f"  {line}" for line in said[-8:])
    return SetupError(
        f"{message} The last it said:\n{last}", None if log is None else f"All of it is in {log}"
    )


def _imports(env: Path, use: Use) -> str | None:
    """None if `env` can import the modules of `use`, else what was said instead."""
    try:
        trial = subprocess.run(
            [python(env), "-I", "-c", f"import {', '.join(use.modules)}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if trial.returncode == 0 else trial.stdout.decode("utf-8", "replace").rstrip()


def in_use(env: Path, uid: int | None = None) -> bool:
    """Whether a process started from `env` still runs: an open browser keeps its host.

    Args:
        uid: only that user's processes; None: anybody's.
    """
    prefix = os.fsencode(env / "bin") + b"/"
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().startswith(prefix) and uid in (None, entry.stat().st_uid):
                return True
        except OSError:
            continue  # it ended just now, or is someone else's
    return False


def remove_others(env: Path, named: str = "env-*") -> None:
    """Removes the environments of other builds beside `env`, but for those in use."""
    if not Path("/proc").is_dir():
        return  # macOS, Windows: which are in use cannot be seen, so uninstalling removes them
    for other in env.parent.glob(named):
        if other != env and not in_use(other):
            shutil.rmtree(other, ignore_errors=True)
