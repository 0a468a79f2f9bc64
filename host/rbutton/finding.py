"""What a doctor found: one thing that is wrong, or as it should be.

It is here, in no room, because `browsers` and `person` both report so and neither knows the other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["ok", "warning", "problem"]

_SIGNS = {"problem": "✗", "warning": "!", "ok": "✓"}
_INDENT = "    "


@dataclass(frozen=True)
class Finding:
    """One thing.

    Attributes:
        code: stable, for programs: a row of docs/doctor.md.
        message: one sentence: what, and where.
        fix: what to do, a sentence that may end with a command to type; None where all is well.
        detail: what a program said, line by line; None where none did.
        mend: does what is safe and answers what it did, in a sentence; None where the person has
            to. It raises OSError or SetupError where it cannot.
    """

    code: str
    severity: Severity
    message: str
    fix: str | None = None
    detail: str | None = None
    mend: Callable[[], str] | None = field(default=None, compare=False, repr=False)

    @property
    def fixable(self) -> bool:
        """Whether `--fix` mends it."""
        return self.mend is not None

    def members(self) -> dict[str, object]:
        """As it is printed with --json and sent to the extension."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
            "fixable": self.fixable,
            "detail": self.detail,
        }

    def told(self) -> str:
        """For reading."""
        lines = [f"{_SIGNS[self.severity]} {self.message}"]
        lines += [f"{_INDENT}{line}" for line in (self.fix or "").splitlines()]
        if self.detail:
            lines.append(f"{_INDENT}What it said:")
            lines += [f"{_INDENT}  {line}" for line in self.detail.splitlines()]
        return "\n".join(lines)


def ok(code: str, message: str) -> Finding:
    """It is as it should be."""
    return Finding(code, "ok", message)


def warning(code: str, message: str, fix: str, *, mend: Callable[[], str] | None = None) -> Finding:
    """It works, and there is something to know."""
    return Finding(code, "warning", message, fix, mend=mend)


def problem(
    code: str,
    message: str,
    fix: str,
    *,
    detail: str | None = None,
    mend: Callable[[], str] | None = None,
) -> Finding:
    """It keeps the r-button from working."""
    return Finding(code, "problem", message, fix, detail or None, mend)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Problems, then warnings, then what is fine; otherwise as they were found."""
    return sorted(findings, key=lambda one: list(_SIGNS).index(one.severity))


def guarded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same; what cannot even be looked at is a finding, too, and the last of them."""
    try:
        yield from findings
    except OSError as error:
        yield problem(
            "folder-unusable",
            f"{error.filename} cannot be looked at: {error.strerror}.",
            "Make it, and every folder above it, one that you may enter and read.",
        )
