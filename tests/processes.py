"""Python in processes of its own: several at once, killed, in other environments."""

import subprocess
import sys
from collections.abc import Mapping, Sequence

#: How long anything may take before a test fails: far more than it takes.
PATIENCE = 60.0


def start(
    code: str, *arguments: object, env: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start `python -c code arguments`, its three streams to us."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )


def run(code: str, *arguments: object, env: Mapping[str, str] | None = None) -> str:
    """Run `python -c code arguments` to its end: what it printed."""
    return at_once(code, [arguments], env=env)[0]


def at_once(
    code: str, several: Sequence[Sequence[object]], env: Mapping[str, str] | None = None
) -> list[str]:
    """Run one process for each of `several`, let go at the same moment: what each printed.

    The code waits for its start with `input()`.
    """
    running = [start(code, *arguments, env=env) for arguments in several]
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = []
    for process in running:
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        told.append(out)
    return told
