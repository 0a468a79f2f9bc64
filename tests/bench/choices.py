"""What thousands of choices for single sites cost: a page, and the popup."""

from collections.abc import Iterator
from functools import partial

from tests.bench.browsers import CHOICES, Stage
from tests.bench.pages import load
from tests.bench.popup import painted
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import REQUESTS, serving
from tests.e2e.person import Person


def measure(stage: Stage) -> Iterator[Ratio]:
    """The button with them ÷ the button without, on a page that none of them is about."""
    with serving("pages") as (origin,):
        tabs = {one: one.new_page() for one in (stage.chosen, stage.ours)}
        many = f"with {CHOICES:,} choices for single sites"

        def loaded(person: Person) -> float:
            return load(tabs[person], origin)

        def pressed(person: Person) -> float:
            return painted(stage, person, tabs[person])

        for what, took, rounds in (
            (f"a page of {REQUESTS} small requests, {many}", loaded, 60),
            (f"button pressed to popup painted, {many}", pressed, 20),
        ):
            yield from in_turn(
                stage.name,
                what,
                partial(took, stage.chosen),
                Other("the same without any", partial(took, stage.ours), 1.05),
                rounds=rounds,
            )
        for tab in tabs.values():
            tab.close()
