"""The host: its launcher, its Python, its environment; and whether it answers when started."""

import json
import os
import shlex
import signal
import stat
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rbutton.browsers import environment, files, manifests
from rbutton.browsers.doctor.again import again
from rbutton.browsers.places import Places
from rbutton.browsers.record import Record
from rbutton.finding import Finding, ok, problem

PATIENCE = 15.0
"""Seconds in which it has to answer; the extension waits 10, on a machine that is less busy."""
PROTOCOL = 1
"""Of the hello: `rbutton.native.requests.PROTOCOL`, which cannot be imported here."""
LONGEST = 1_048_576
"""Bytes of a message that a browser takes."""


def look(where: Places, record: Record) -> Iterator[Finding]:
    """What is wrong with what a browser would start, or that nothing is."""
    found = list(_launcher(where, record)) or list(_environment(where, record))
    yield from found or [ok("host-installed", f"The agent is installed: {record.build}.")]


def _launcher(where: Places, record: Record) -> Iterator[Finding]:
    launcher = where.launcher
    try:
        status = launcher.stat()
    except FileNotFoundError:
        yield problem(
            "launcher-missing",
            f"The program that browsers start is missing: {launcher}.",
            again(where),
            mend=_rewrite(where, record),
        )
        return
    except OSError as error:
        yield problem(
            "launcher-unusable", f"{launcher} cannot be looked at: {error.strerror}.", again(where)
        )
        return
    if not stat.S_ISREG(status.st_mode):
        yield problem(
            "launcher-unusable",
            f"{launcher}, which browsers start, is not a file.",
            f"Move it away. {again(where)}",
        )
        return
    if not os.access(launcher, os.X_OK):
        yield problem(
            "launcher-not-executable",
            f"The program that browsers start may not be run: {launcher}.",
            f"Type: chmod {where.program_mode:o} {shlex.quote(str(launcher))}",
            mend=lambda: _make_executable(launcher, where.program_mode),
        )
    if _starts(where) is None:
        yield problem(
            "launcher-changed",
            f"{launcher} is not as it was written: it does not start the agent with your folders.",
            again(where),
            mend=_rewrite(where, record),
        )


def _environment(where: Places, record: Record) -> Iterator[Finding]:
    env = where.data / f"env-{record.build}"
    python = _starts(where)
    assert python is not None
    if python != environment.python(env):
        yield problem(
            "other-build",
            f"{where.launcher} starts {python}, which is not of the build that was installed "
            f"({record.build}).",
            again(where),
            mend=_rewrite(where, record),
        )
    elif (said := _runs(python)) is not None:
        yield problem(
            "interpreter-gone",
            f"The Python that runs the agent is gone or broken: {python}{_leading_to(python)}. An "
            "upgrade of the system's Python does that.",
            again(where),
            detail=said,
        )
    elif not environment.is_ready(env, environment.DAILY):
        yield problem(
            "environment-incomplete", f"Parts of the agent are missing in {env}.", again(where)
        )


def _starts(where: Places) -> Path | None:
    """The Python that the launcher runs the host with, if it is as it was written."""
    try:
        return manifests.python_of(where)
    except OSError:
        return None


def _rewrite(where: Places, record: Record) -> Any:
    """The mend of a launcher; None where there is no whole environment that it could name."""
    env = where.data / f"env-{record.build}"
    if not environment.is_ready(env, environment.DAILY):
        return None

    def mend() -> str:
        manifests.write_launcher(where, environment.python(env))
        return f"{where.launcher} was written anew."

    return mend


def _make_executable(launcher: Path, mode: int) -> str:
    launcher.chmod(mode)
    return f"{launcher} may be run now."


def _runs(python: Path) -> str | None:
    """None if that Python runs; else what was said."""
    try:
        trial = subprocess.run(
            [python, "-I", "-c", "pass"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if trial.returncode == 0 else _readable(trial.stdout) or f"({trial.returncode})"


def _leading_to(python: Path) -> str:
    """Where a link leads that leads nowhere."""
    while python.is_symlink():
        python = python.parent / python.readlink()
        if not os.path.lexists(python):
            return f", which leads to {python}"
    return ""


def could_start(where: Places) -> bool:
    """Whether it is worth a try: else what is wrong was told already."""
    return where.launcher.is_file() and os.access(where.launcher, os.X_OK)


def start(where: Places, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Start the host as a browser does, greet it, and tell what came of it.

    In a home that is nobody's, as its start writes: terms where there are none, the last good ones.
    """
    with tempfile.TemporaryDirectory(prefix="rbutton-doctor-") as nobodys:
        yield from _started(where, environ, nobodys)


def _started(where: Places, environ: Mapping[str, str], home: str) -> Iterator[Finding]:
    hello = {"protocol": PROTOCOL, "extension": "0", "browser": "doctor"}
    frame = _framed({"id": 1, "request": "hello", **hello})
    try:
        process = subprocess.Popen(
            [where.launcher, "--home", home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        yield problem(
            "host-not-starting",
            f"The agent cannot be started: {where.launcher}: {error.strerror}.",
            again(where),
        )
        return
    with process:
        try:
            said, log = process.communicate(frame, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            # Its children too: they may hold the other ends of the pipes.
            with suppress(ProcessLookupError):
                if files.POSIX:
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
            _, log = process.communicate()
            yield problem(
                "host-silent",
                f"The agent was started and did not answer in {PATIENCE:.0f} seconds.",
                again(where),
                detail=_readable(log),
            )
            return
    yield _judged(where, said, _readable(log), process.returncode)


def _judged(where: Places, said: bytes, log: str, code: int) -> Finding:
    if not said:
        return problem(
            "host-not-starting",
            f"The agent ended before it said anything (exit code {code}).",
            again(where),
            detail=log,
        )
    answer = _unframed(said)
    match answer:
        case {"result": {"host": str(version)}}:
            return ok("host-answers", f"The agent answers: version {version[:40]}.")
        case {"error": {"message": str(message), "fix": fix}}:
            return problem(
                "host-refuses",
                f"The agent has a problem: {message}",
                fix if isinstance(fix, str) else again(where),
            )
        case _:
            return problem(
                "host-garbled",
                "The agent's answer cannot be read: something else writes between its messages.",
                again(where),
                detail=log,
            )


def _framed(message: dict[str, object]) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack("@I", len(body)) + body


def _unframed(said: bytes) -> Any:
    if len(said) < 4:
        return None
    length = struct.unpack("@I", said[:4])[0]
    if length > min(LONGEST, len(said) - 4):
        return None
    try:
        return json.loads(said[4 : 4 + length])
    except (ValueError, RecursionError):
        return None


def _readable(said: bytes) -> str:
    """The last lines that a program said, without what a terminal would take for a command."""
    lines = said.decode("utf-8", "replace").split("\n")
    shown = ["".join(one if one.isprintable() else " " for one in line)[:300] for line in lines]
    return "\n".join([line for line in shown if line.strip()][-12:])
