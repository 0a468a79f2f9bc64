"""What is different between two sets of terms, clause by clause, for the person to read."""

from datetime import datetime
from typing import Literal

from rbutton.decisions.rows import Shown
from rbutton.decisions.words import day
from rbutton.terms.clauses import Clauses, Value, Vocabulary


class Difference(Shown):
    """One thing that was so and is so now.

    Attributes:
        mark: whether that is better or worse for the person, or neither.
    """

    mark: Literal["stricter", "laxer", "other"]
    label: str
    was: str
    now: str


def of_clauses(new: Clauses, old: Clauses, vocabulary: Vocabulary) -> list[Difference]:
    """`new` in place of `old`; what is not stated is neither granted nor forbidden."""
    found = []
    for clause in vocabulary.clause:
        was, now = old.get(clause.name), new.get(clause.name)
        if was == now:
            continue
        there = {} if now is None else {clause.name: now}
        before = {} if was is None else {clause.name: was}
        compared = vocabulary.compare(there, before)
        found.append(
            Difference(
                mark=compared if compared in ("stricter", "laxer") else "other",
                label=clause.label,
                was=_words(clause.name, was, vocabulary),
                now=_words(clause.name, now, vocabulary),
            )
        )
    return found


def of_ends(new: datetime | None, old: datetime | None) -> list[Difference]:
    """What is different in when two agreements end by themselves; None: not at all."""
    was, now = ("for good" if one is None else f"until {day(one)}" for one in (old, new))
    if was == now:
        return []
    longer = new is None or (old is not None and old < new)
    mark: Literal["stricter", "laxer"] = "stricter" if longer else "laxer"
    return [Difference(mark=mark, label="How long it holds", was=was, now=now)]


def _words(name: str, value: Value | None, vocabulary: Vocabulary) -> str:
    return "not stated" if value is None else vocabulary.by_name[name].words(value)
