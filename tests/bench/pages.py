"""How long a page of many small requests takes to load."""

from collections.abc import Iterator

from tests.bench.browsers import Stage
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import REQUESTS, serving
from tests.e2e.browsers import Page

_LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd;"


def measure(stage: Stage) -> Iterator[Ratio]:
    """From the beginning of the navigation to the end of its load event."""
    with serving("pages") as (origin,):
        tabs = {one: one.new_page() for one in (stage.ours, stage.rules, stage.bare)}

        yield from in_turn(
            stage.name,
            f"a page of {REQUESTS} small requests",
            lambda: load(tabs[stage.ours], origin),
            Other("the same rules alone", lambda: load(tabs[stage.rules], origin), 1.05),
            Other("no extension", lambda: load(tabs[stage.bare], origin)),
            rounds=40,
            times=3,
        )
        for tab in tabs.values():
            tab.close()


def load(tab: Page, origin: str) -> float:
    """Milliseconds of one load."""
    tab.goto(f"{origin}/")
    return float(tab.run(_LOADED))
