"""How long the popup takes from the press of the button to its first words."""

from collections.abc import Iterator

from tests.bench.browsers import Stage
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import serving
from tests.e2e.browsers import Page
from tests.e2e.person import Person

_PAINTED = """
return new Promise((resolve) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) {
      if (name === "first-contentful-paint") resolve(performance.timeOrigin + startTime);
    }
  }).observe({ type: "paint", buffered: true });
});
"""


def measure(stage: Stage) -> Iterator[Ratio]:
    """On an ordinary page. The button's popup shows nothing before it has words to show."""
    with serving("pages") as (origin,):
        tabs = {one: one.new_page() for one in (stage.ours, stage.rules)}
        for tab in tabs.values():
            tab.goto(f"{origin}/")

        yield from in_turn(
            stage.name,
            "button pressed to popup painted",
            lambda: painted(stage, stage.ours, tabs[stage.ours]),
            Other(
                "a popup of one heading",
                lambda: painted(stage, stage.rules, tabs[stage.rules]),
                1.5,
            ),
            rounds=20,
        )
        for tab in tabs.values():
            tab.close()


def painted(stage: Stage, person: Person, tab: Page) -> float:
    """Milliseconds of one press, on that page."""
    pressed, popup = stage.press(person, tab)
    took = float(popup.run(_PAINTED)) - pressed
    popup.close()
    return took
