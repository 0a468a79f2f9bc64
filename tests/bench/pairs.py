"""Two things timed in turn, and the ratio of each pair: a machine that drifts slows both."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Ours ÷ the other, pair by pair.

    Attributes:
        what: what was timed.
        against: what it is held against.
        aim: the ratio it should not exceed.
        ours: milliseconds, one a round.
        other: milliseconds, one a round.
    """

    what: str
    against: str
    aim: float
    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.other, strict=True)]

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    def row(self) -> list[str]:
        """Cells of the printed table."""
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return [
            self.what,
            self.against,
            f"{self.median:.2f}",
            f"{low:.2f}–{high:.2f}",
            f"{self.aim:.2f}",
            f"{statistics.median(self.ours):.1f}",
            f"{statistics.median(self.other):.1f}",
        ]

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "against": self.against,
            "aim": self.aim,
            "median": round(self.median, 3),
            "ours_ms": [round(one, 3) for one in self.ours],
            "other_ms": [round(one, 3) for one in self.other],
        }


def in_pairs(
    what: str,
    against: str,
    aim: float,
    ours: Callable[[], float],
    other: Callable[[], float],
    *,
    rounds: int,
) -> Ratio:
    """Run both `rounds` times in turn, after one round that does not count.

    Args:
        ours: does it once, and answers how many milliseconds it took.
        other: the same.
    """
    ours(), other()
    pairs = [(ours(), other()) for _ in range(rounds)]
    return Ratio(
        what, against, aim, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    )
