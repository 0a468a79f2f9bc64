"""Things timed in turn, and the ratio of each round: a machine that drifts slows all of them."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Ours ÷ another, round by round.

    Attributes:
        where: the browser, or what else it was timed in.
        what: what was timed.
        against: what it is held against.
        aim: the ratio it should not exceed, where there is one.
        ours: milliseconds, one a round.
        other: milliseconds, one a round.
    """

    where: str
    what: str
    against: str
    aim: float | None
    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.other, strict=True)]

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def middle_half(self) -> tuple[float, float]:
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return low, high

    def row(self) -> list[str]:
        """Cells of the printed table."""
        low, high = self.middle_half
        return [
            self.where,
            self.what,
            self.against,
            f"{self.median:.2f}",
            f"{low:.2f}–{high:.2f}",
            "" if self.aim is None else f"{self.aim:.2f}",
            f"{statistics.median(self.ours):.2f}",
            f"{statistics.median(self.other):.2f}",
        ]

    def as_json(self) -> dict[str, object]:
        return {
            "where": self.where,
            "what": self.what,
            "against": self.against,
            "aim": self.aim,
            "median": round(self.median, 3),
            "middle_half": [round(one, 3) for one in self.middle_half],
            "ours_ms": [round(one, 3) for one in self.ours],
            "other_ms": [round(one, 3) for one in self.other],
        }


@dataclass(frozen=True)
class Other:
    """What ours is held against.

    Attributes:
        against: its name.
        run: does it once, and answers how many milliseconds it took.
        aim: as in `Ratio`.
    """

    against: str
    run: Callable[[], float]
    aim: float | None = None


def in_turn(
    where: str, what: str, ours: Callable[[], float], *others: Other, rounds: int, times: int = 1
) -> list[Ratio]:
    """Run ours and each other `rounds` times in turn, after one round that does not count.

    Every other round goes the other way about: what comes first may pay for what was before.

    Args:
        where: as in `Ratio`.
        what: as in `Ratio`.
        ours: as `Other.run`.
        others: what it is held against.
        rounds: how many ratios.
        times: in a row, of which the middle one counts: for what swings by itself.
    """
    runs = dict(enumerate([ours, *(other.run for other in others)]))
    for run in runs.values():
        run()
    timed: list[list[float]] = [[] for _ in runs]
    for number in range(rounds):
        for which in reversed(runs) if number % 2 else runs:
            timed[which].append(statistics.median(runs[which]() for _ in range(times)))
    mine, *theirs = map(tuple, timed)
    return [
        Ratio(where, what, other.against, other.aim, mine, took)
        for other, took in zip(others, theirs, strict=True)
    ]
