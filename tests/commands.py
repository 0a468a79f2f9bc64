"""The `rbutton` command, run as a person or a script runs it."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

#: How long a command may take before a test fails: far more than it takes.
PATIENCE = 60.0
_COMMAND = [sys.executable, "-P", "-m", "rbutton.cli"]
#: Gives the command a terminal of its own, as `getpass` opens it by name.
_ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""

Done = subprocess.CompletedProcess[str]


def environment(home: Path | None) -> dict[str, str]:
    """Of a person whose home is in one folder; None: in the platform's."""
    env = {name: value for name, value in os.environ.items() if name != "RBUTTON_HOME"}
    return {**env, "TZ": "UTC"} | ({"RBUTTON_HOME": str(home)} if home else {})


def rbutton(
    home: Path | None,
    *arguments: object,
    typed: str = "",
    before: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run the command as a script does.

    Args:
        home: None uses the platform's folders.
        arguments: of the command.
        typed: its standard input.
        before: a command to run it under.
        env: more of its environment.
    """
    return subprocess.run(
        [*before, *_COMMAND, *map(str, arguments)],
        env={**environment(home), **(env or {})},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def at_a_terminal(
    home: Path, *arguments: object, answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run the command on a terminal: its exit code, and what stood on the screen.

    Args:
        home: the person's.
        arguments: of the command.
        answers: what it asks last, and what is typed then.
    """
    return on_a_terminal([*_COMMAND, *map(str, arguments)], environment(home), answers)


def on_a_terminal(
    command: Sequence[str], env: Mapping[str, str], answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run a program on a terminal: its exit code, and what stood on the screen.

    Args:
        command: the program and its arguments.
        env: its whole environment.
        answers: as `at_a_terminal` has them.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _ON_A_TERMINAL, *command],
        env=dict(env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, left = "", list(answers)
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        while True:
            try:
                screen += terminal.read(4_096).decode("utf-8", "replace")
            except OSError:  # Linux' way to say that the other end is gone
                break
            if left and screen.rstrip().endswith(left[0][0]):
                terminal.write(left.pop(0)[1].encode() + b"\n")
    assert not left, screen
    return process.wait(PATIENCE), screen
