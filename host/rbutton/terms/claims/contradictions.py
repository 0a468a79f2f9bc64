"""Two things a site says that cannot both be true. Which of them is not, nobody here decides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from rbutton.terms.claims.gpc import Gpc
from rbutton.terms.clauses import Clauses

Source = Literal[
    "agreement", "promise", "eff", "policy", "myterms", "status", "status-id", "tk", "gpc"
]
Topic = Literal["tracking", "selling"]

#: Which of two comes first in a sentence: what was signed, before what was only said.
_ORDER: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True)
class Statement:
    """What one source says on one topic.

    Attributes:
        does: the site does it; False says that it does not.
        value: of a tracking status.
        earlier: when it said so, where it says something else now (RFC 3339).
    """

    source: Source
    topic: Topic
    does: bool
    value: str = ""
    earlier: str | None = None


@dataclass(frozen=True)
class Contradiction:
    """Two statements on one topic, the weightier first; of one source, the earlier first."""

    one: Statement
    other: Statement


def of_tracking_status(source: Literal["status", "status-id", "tk"], value: str) -> list[Statement]:
    """What a tracking status value states; of most of them that is nothing definite."""
    match value:
        case "N":
            # Not tracking: no data about the person is used or shared elsewhere.
            topics: tuple[Topic, ...] = ("tracking", "selling")
            return [Statement(source, topic, False, value) for topic in topics]
        case "T" | "D" | "C":
            return [Statement(source, "tracking", True, value)]
    return []


def of_gpc(gpc: Gpc) -> list[Statement]:
    """What `gpc.json` states."""
    return [Statement("gpc", "selling", not gpc.abides)]


def of_eff() -> list[Statement]:
    """What posting EFF's policy states."""
    return [Statement("eff", "tracking", False)]


def of_clauses(
    source: Literal["agreement", "promise", "policy", "myterms"], clauses: Clauses
) -> list[Statement]:
    """What terms state that were signed, or that a site says it signs.

    A clause is the most that a site does: a lax one leaves open whether it does it.
    """
    stated = []
    if clauses.get("track.offsite") == "never":
        stated.append(Statement(source, "tracking", False))
    if clauses.get("sell") == "never":
        stated.append(Statement(source, "selling", False))
    return stated


def contradictions(
    now: Iterable[Statement], earlier: Iterable[Statement] = ()
) -> list[Contradiction]:
    """Every two that contradict each other.

    Args:
        now: what each source says now.
        earlier: what a source said before; held only against what the same one says now.
    """
    current = list(dict.fromkeys(now))
    found = list(_among(current))
    for before in dict.fromkeys(earlier):
        for one in current:
            if one.source == before.source and _contradict(before, one):
                found.append(Contradiction(before, one))
    return found


def _among(statements: list[Statement]) -> Iterator[Contradiction]:
    ordered = sorted(statements, key=lambda one: _ORDER.index(one.source))
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if one.source != other.source and _contradict(one, other):
                yield Contradiction(one, other)


def _contradict(one: Statement, other: Statement) -> bool:
    if one.topic != other.topic or one.does == other.does:
        return False
    # EFF's policy lets a site track who opted back in.
    return not ("eff" in (one.source, other.source) and "C" in (one.value, other.value))
