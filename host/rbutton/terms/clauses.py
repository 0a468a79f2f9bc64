"""The clause vocabulary: what a limit may say, and which of two is stricter (protocol, section 3).

A clause's values are compared by a preorder, strict to lax. Practice *meets* a limit when it stands
at the same place or to its left.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from rbutton.terms.durations import DAYS
from rbutton.terms.errors import InvalidDocument, UnknownTerms
from rbutton.terms.models import Closed, first_fault

Value = str | list[str]
#: A clause's name → its value. What is not named is neither granted nor forbidden.
Clauses = Mapping[str, Value]
Comparison = Literal["equal", "stricter", "laxer", "incomparable"]

_DURATION = re.compile(r"P(?:0D|([1-9][0-9]*)([DMY]))")


class Chain(Closed):
    """A clause whose values stand in one line, strict to lax."""

    kind: Literal["chain"]
    name: str
    label: str
    values: list[str]
    says: dict[str, str]
    promise: dict[str, str]
    dpv: dict[str, str] = Field(default_factory=dict)

    def check(self, value: Value) -> None:
        if value not in self.values:
            allowed = ", ".join(self.values)
            raise UnknownTerms(f"{self.name} is not one of {allowed}")

    def meets(self, practice: Value, limit: Value) -> bool:
        return self._place(practice) <= self._place(limit)

    def is_laxest(self, value: Value) -> bool:
        return value == self.values[-1]

    def is_strictest(self, value: Value) -> bool:
        return value == self.values[0]

    def strictest_of(self, one: Value, other: Value) -> Value:
        return one if self.meets(one, other) else other

    def words(self, value: Value) -> str:
        return self.says[str(value)]

    def promised(self, value: Value) -> str:
        return self.promise[str(value)]

    def iris(self, value: Value) -> list[str]:
        """What the W3C Data Privacy Vocabulary calls it, if it has a term for it."""
        return [self.dpv[str(value)]] if value in self.dpv else []

    def _place(self, value: Value) -> int:
        return self.values.index(str(value))


class Names(Closed):
    """A clause whose value is a sorted list from a closed one; a subset is stricter."""

    kind: Literal["set"]
    name: str
    label: str
    items: dict[str, str]
    promise: str
    dpv: str

    def check(self, value: Value) -> None:
        if isinstance(value, str) or value != sorted(set(value)):
            raise UnknownTerms(f"{self.name} is not a sorted list of different names")
        if not set(value) <= self.items.keys():
            raise UnknownTerms(f"{self.name} has a name that is not in the vocabulary")

    def meets(self, practice: Value, limit: Value) -> bool:
        return set(practice) <= set(limit)

    def is_laxest(self, value: Value) -> bool:
        return set(value) == self.items.keys()

    def is_strictest(self, value: Value) -> bool:
        return not value

    def strictest_of(self, one: Value, other: Value) -> Value:
        return sorted(set(one) & set(other))

    def words(self, value: Value) -> str:
        return ", ".join(self.items[item] for item in value) or "nothing"

    def promised(self, value: Value) -> str:
        return self.promise.format(items=self.words(value))

    def iris(self, value: Value) -> list[str]:
        return [self.dpv + name for name in value]


class Duration(Closed):
    """A clause whose value is a span of time: P0D, or whole days, months or years."""

    kind: Literal["duration"]
    name: str
    label: str
    promise: str
    none: str

    def check(self, value: Value) -> None:
        if not isinstance(value, str) or not _DURATION.fullmatch(value):
            raise UnknownTerms(f"{self.name} is not P0D, P<n>D, P<n>M or P<n>Y")

    def meets(self, practice: Value, limit: Value) -> bool:
        return _days(practice) <= _days(limit)

    def is_laxest(self, value: Value) -> bool:  # noqa: ARG002 - no span is the longest
        return False

    def is_strictest(self, value: Value) -> bool:
        return _days(value) == 0

    def strictest_of(self, one: Value, other: Value) -> Value:
        return one if self.meets(one, other) else other

    def words(self, value: Value) -> str:
        match = _DURATION.fullmatch(str(value))
        if match is None or match[1] is None:
            return "not at all"
        unit = {"D": "day", "M": "month", "Y": "year"}[match[2]]
        return f"{match[1]} {unit}" + ("" if match[1] == "1" else "s")

    def promised(self, value: Value) -> str:
        if self.is_strictest(value):
            return self.none
        return self.promise.format(duration=self.words(value))

    def iris(self, value: Value) -> list[str]:  # noqa: ARG002 - DPV has no term for a span
        return []


Clause = Annotated[Chain | Names | Duration, Field(discriminator="kind")]


class Group(Closed):
    """Clauses told as one when each is stated and at its strictest."""

    clauses: list[str]
    promise: str


class Vocabulary(Closed):
    """Every clause there is, in the order of the protocol's table, and the words for it."""

    clause: list[Clause]
    group: list[Group]

    @classmethod
    def parse(cls, toml: str) -> "Vocabulary":
        """Read `terms/clauses.toml`.

        Raises:
            InvalidDocument: it is not TOML, or a clause is not whole.
        """
        try:
            return cls.model_validate(tomllib.loads(toml))
        except tomllib.TOMLDecodeError as error:
            raise InvalidDocument(f"the vocabulary is not TOML: {error}") from None
        except ValidationError as error:
            raise first_fault(error, "vocabulary") from None

    @cached_property
    def by_name(self) -> dict[str, Chain | Names | Duration]:
        return {clause.name: clause for clause in self.clause}

    def check(self, clauses: Clauses) -> None:
        """Refuse what this vocabulary cannot compare.

        Raises:
            UnknownTerms: a clause, or a value of one, that is not in it.
        """
        for name, value in clauses.items():
            if name not in self.by_name:
                raise UnknownTerms("has a clause that is not in the vocabulary")
            self.by_name[name].check(value)

    def strictest(self, several: Iterable[Clauses]) -> dict[str, Value]:
        """Several terms that all hold, as one: for a clause stated twice, the stricter."""
        merged: dict[str, Value] = {}
        for clauses in several:
            for name, value in clauses.items():
                merged[name] = (
                    self.by_name[name].strictest_of(merged[name], value)
                    if name in merged
                    else value
                )
        return {clause.name: merged[clause.name] for clause in self.clause if clause.name in merged}

    def against(
        self, wanted: Clauses, limits: Clauses
    ) -> dict[str, Literal["met", "gap", "unknown"]]:
        """The person's own terms against the most a site says it does, clause by clause."""
        return {
            name: "unknown"
            if name not in limits
            else "met"
            if self.by_name[name].meets(limits[name], value)
            else "gap"
            for name, value in wanted.items()
        }

    def compare(self, new: Clauses, old: Clauses) -> Comparison:
        """`new` in place of `old`, a missing clause counting as its laxest value."""
        names = [clause.name for clause in self.clause if clause.name in {*new, *old}]
        no_laxer = all(self._meets(name, new.get(name), old.get(name)) for name in names)
        no_stricter = all(self._meets(name, old.get(name), new.get(name)) for name in names)
        if no_laxer and no_stricter:
            return "equal"
        return "stricter" if no_laxer else "laxer" if no_stricter else "incomparable"

    def _meets(self, name: str, practice: Value | None, limit: Value | None) -> bool:
        clause = self.by_name[name]
        if limit is None:
            return True
        return clause.is_laxest(limit) if practice is None else clause.meets(practice, limit)


def _days(value: Value) -> int:
    match = _DURATION.fullmatch(str(value))
    return 0 if match is None or match[1] is None else int(match[1]) * DAYS[match[2]]
