"""What the property tests draw from: clauses of the vocabulary, JSON, and damaged documents."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from rbutton.shipped.roster import catalogue
from rbutton.terms.clauses import Chain, Names

# Beside the tests' environment, and not a folder of its own at the top of the checkout.
set_hypothesis_home_dir(Path(__file__).resolve().parents[1] / ".cache" / "hypothesis")

VOCABULARY = catalogue().vocabulary
NAMES = [clause.name for clause in VOCABULARY.clause]


def values(name: str) -> st.SearchStrategy[Any]:
    """Values that a clause may have."""
    clause = VOCABULARY.by_name[name]
    if isinstance(clause, Chain):
        return st.sampled_from(clause.values)
    if isinstance(clause, Names):
        few = sorted(clause.items)[:5]
        return st.sets(st.sampled_from(few)).map(sorted) | st.just(sorted(clause.items))
    spans = st.builds("P{}{}".format, st.integers(1, 800), st.sampled_from("DMY"))
    return st.just("P0D") | spans


def clauses() -> st.SearchStrategy[dict[str, Any]]:
    """Any set of clauses, each with any of its values."""
    some = st.sets(st.sampled_from(NAMES), max_size=6)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: values(name) for name in names}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """`whole` with a few of its bytes replaced, taken out or added, or cut."""
    edit = st.tuples(st.integers(0, len(whole)), st.integers(0, 2), st.binary(max_size=3))

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = whole
        for place, length, new in edits:
            data = data[:place] + new + data[place + length :]
        return data

    return st.lists(edit, min_size=1, max_size=3).map(apply)


class Again(str):
    """A member's name that a dict takes although it has it: so JSON with a member twice is made."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


OTHERS: tuple[Any, ...] = (None, True, 0, 2, -1.5, "", "x", "é\u0301", [], ["x"], {}, {"x": "y"})


def mutants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every document one step from `value`, with what was done to it, at every depth."""
    if isinstance(value, dict):
        yield f"{path}+extra", {**value, "extra": None}
        yield f"{path}+extra", {**value, "~": "x"}
        for name, member in value.items():
            rest = {key: kept for key, kept in value.items() if key != name}
            yield f"{path}.{name} missing", rest
            yield f"{path}.{name} repeated", {**value, Again(name): member}
            yield f"{path}.{name} renamed", {**rest, name.upper(): member}
            for other in (*OTHERS, *_near(member)):
                if type(other) is not type(member) or other != member:
                    yield f"{path}.{name} = {other!r}", {**value, name: other}
                    yield f"{path}.{name} twice", {Again(name): other, **value}
            for what, changed in mutants(member, f"{path}.{name}"):
                yield what, {**value, name: changed}
    elif isinstance(value, list):
        yield f"{path} longer", [*value, deepcopy(value[-1]) if value else "x"]
        yield f"{path} empty", []
        if value[::-1] != value:
            yield f"{path} reordered", value[::-1]
        for index, item in enumerate(value):
            yield f"{path}[{index}] missing", value[:index] + value[index + 1 :]
            for other in (*OTHERS, *_near(item)):
                yield f"{path}[{index}] = {other!r}", [*value[:index], other, *value[index + 1 :]]
            for what, changed in mutants(item, f"{path}[{index}]"):
                yield what, [*value[:index], changed, *value[index + 1 :]]


def _near(member: Any) -> Iterator[Any]:
    """Values that differ little: the last letter, the case, a space, a bit, padding."""
    if isinstance(member, str) and member:
        yield member[:-1]
        yield member + " "
        yield member + "="
        yield member + "\n"
        yield member.swapcase()
        yield ("A" if member[0] != "A" else "B") + member[1:]
        yield member[:-1] + ("A" if member[-1] != "A" else "B")
