"""How long a page of many small requests takes to load."""

from collections.abc import Iterator

from tests.bench.browsers import Stage
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import REQUESTS, serving
from tests.e2e.person import Person

_LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd;"


def measure(stage: Stage) -> Iterator[Ratio]:
    """From the beginning of the navigation to the end of its load event."""
    with serving("pages") as (origin,):
        tabs = {one: one.new_page() for one in (stage.ours, stage.rules, stage.bare)}

        def load(person: Person) -> float:
            tabs[person].goto(f"{origin}/")
            return float(tabs[person].run(_LOADED))

        yield from in_turn(
            stage.name,
            f"a page of {REQUESTS} small requests",
            lambda: load(stage.ours),
            Other("the same rules alone", lambda: load(stage.rules), 1.05),
            Other("no extension", lambda: load(stage.bare)),
            rounds=60,
        )
        for tab in tabs.values():
            tab.close()
