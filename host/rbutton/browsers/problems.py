"""What can stop us, and the exit code that says so."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `install_host.py`, the same as those of `rbutton`."""

    DONE = 0
    NO = 1
    USAGE = 2
    NOT_SET_UP = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells say it


class SetupError(Exception):
    """Something stopped us.

    Args:
        message: one or more sentences for the person: what happened, and where.
        fix: what to do about it, or None where there is nothing to be done.
        code: the exit code.
    """

    def __init__(
        self, message: str, fix: str | None = None, *, code: Exit = Exit.NOT_SET_UP
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.code = code

    def told(self) -> str:
        """Message and fix, as they are printed."""
        return self.message if self.fix is None else f"{self.message}\n{self.fix}"


class IndexSilent(SetupError):
    """The index that packages are fetched from does not answer."""
