"""What can be wrong with the person's own files."""


class PersonError(Exception):
    """Something of the person's cannot be read or written; nothing was lost or changed.

    Args:
        code: stable, for programs: "config", "home", "ledger", "seed", "seen", "installation",
            "unknown-agreement"; of commands also "backup" (a file that cannot be taken in or
            written), "build" and "usage".
        message: one sentence: what happened, and where.
        fix: one sentence: what to do.
    """

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


class Mistake(PersonError):
    """What `terms.toml` says, or was to say, is not allowed; the code is "config".

    Args:
        said: one sentence, without the place.
        fix: one sentence: what is allowed there.
        line: counted from 1; None where it is not known, or stands in no file yet.
    """

    def __init__(self, said: str, fix: str, line: int | None = None) -> None:
        self.said = said
        self.line = line
        super().__init__("config", self.in_file("terms.toml"), fix)

    def in_file(self, name: str) -> str:
        """`message`, of a file that goes by another name."""
        return f"{name}, line {self.line}: {self.said}" if self.line else f"{name}: {self.said}"
