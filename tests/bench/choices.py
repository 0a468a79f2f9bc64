"""What thousands of choices for single sites cost: a page, and the popup."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.browsers import Stage
from tests.bench.pages import load
from tests.bench.popup import painted
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import REQUESTS, serving
from tests.choices import many

#: More than anybody has.
_COUNT = 5_000
_LAST = "set.example"


def measure(stage: Stage) -> Iterator[Ratio]:
    """The button with them ÷ the same button without, on a page that none of them is about.

    In one and the same browser: two of a kind differ by more than what is measured.
    """
    person = stage.ours
    plain = person.terms_file.read_text("utf-8")
    texts = {True: plain + many(_COUNT) + f'"{_LAST}"={{dnt="off"}}\n', False: plain}
    in_force = False
    with serving("pages") as (address,):
        # By a name, as people's pages have: names are what is compared.
        origin = address.replace("127.0.0.1", "pages.test")
        tab = person.new_page()

        def timed(chosen: bool, once: Callable[[], float]) -> float:
            nonlocal in_force
            if in_force != chosen:
                in_force = chosen
                options = person.options()
                person.edit_terms(lambda _: texts[chosen])
                last = f'#sites [data-site="{_LAST}"]'
                options.wait_for(f"body:has({last})" if chosen else f"body:not(:has({last}))")
                # Closed again: it lists them all, in the process of the popup.
                options.close()
                # The first time is another one.
                once()
            return once()

        def pressed() -> float:
            return painted(stage, person, tab)

        loaded = partial(load, tab, origin)
        for what, once, rounds in (
            (f"a page of {REQUESTS} small requests", loaded, 30),
            ("button pressed to popup painted", pressed, 20),
        ):
            yield from in_turn(
                stage.name,
                f"{what}, with {_COUNT:,} choices for single sites",
                partial(timed, True, once),
                Other("the same without any", partial(timed, False, once), 1.05),
                rounds=rounds,
                times=3,
            )
        person.edit_terms(lambda _: plain)
        tab.close()
