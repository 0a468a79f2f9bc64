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
