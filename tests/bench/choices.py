"""What thousands of choices for single sites cost: a page, the popup, and one choice more in it."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.browsers import Stage
from tests.bench.pages import load
from tests.bench.popup import painted
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import REQUESTS, serving
from tests.choices import many, pressed
from tests.e2e.browsers import Page
from tests.e2e.person import Person

#: More than anybody has.
_COUNT = 5_000
_LAST = "set.example"
#: After a change of thousands the browser is busy for a while.
_SETTLE = 6
_ROUNDS = 20
#: Milliseconds from the press of a switch to the switch that says that it holds.
_SWITCHED = """
const find = () => document.querySelector("#here-dnt");
const pressed = find();
return new Promise((resolve) => {
  const when = performance.now();
  const look = new MutationObserver(() => {
    const now = find();
    if (now === pressed || now.checked === was || now.ariaBusy) return;
    look.disconnect();
    resolve(performance.now() - when);
  });
  const was = pressed.checked;
  look.observe(document.body, { childList: true, subtree: true });
  pressed.click();
});
"""


def measure(stage: Stage) -> Iterator[Ratio]:
    """The button with them ÷ the same button without, on a page that none of them is about.

    In one and the same browser: two of a kind differ by more than what is measured.
    """
    usual, worst = f"with {_COUNT:,} choices for single sites", f"with {_COUNT:,} long names"
    with serving("pages") as (address,):
        # By a name, as people's pages have: names are what is compared.
        origin = address.replace("127.0.0.1", "pages.test")
        tab = stage.ours.new_page()
        press, loaded = partial(painted, stage, stage.ours, tab), partial(load, tab, origin)
        page, popup = f"a page of {REQUESTS} small requests", "button pressed to popup painted"
        switch = "a switch in the popup pressed until it holds"
        switched = partial(_switched, stage, tab)
        for what, once, aim, times in (
            (page, loaded, 1.05, 12),
            (popup, press, 1.05, 8),
            # An even number, so that it is as before.
            (switch, switched, None, 4),
        ):
            yield from _compare(stage, f"{what}, {usual}", pressed, once, aim=aim, times=times)
        for what, once, times in ((page, loaded, 12), (popup, press, 8)):
            yield from _compare(stage, f"{what}, {worst}", many, once, times=times)
        tab.close()


def _compare(
    stage: Stage,
    what: str,
    written: Callable[[int], str],
    once: Callable[[], float],
    *,
    aim: float | None = None,
    times: int,
) -> Iterator[Ratio]:
    person = stage.ours
    plain = person.terms_file.read_text("utf-8")
    texts = {True: plain + written(_COUNT) + f'"{_LAST}"={{dnt="off"}}\n', False: plain}
    in_force = False

    def timed(chosen: bool) -> float:
        nonlocal in_force
        if in_force != chosen:
            in_force = chosen
            _choose(person, texts[chosen], chosen)
            for _ in range(_SETTLE):
                once()
        return once()

    yield from in_turn(
        stage.name,
        what,
        partial(timed, True),
        Other("the same without any", partial(timed, False), aim),
        rounds=_ROUNDS,
        times=times,
    )
    if in_force:
        _choose(person, plain, False)


def _choose(person: Person, text: str, chosen: bool) -> None:
    options = person.options()
    person.edit_terms(lambda _: text)
    last = f'#sites [data-site="{_LAST}"]'
    options.wait_for(f"body:has({last})" if chosen else f"body:not(:has({last}))")
    # As if it had been chosen in the popup: else all are held against none each time.
    options.click("#loosened [data-edit=keep]")
    options.wait_until_hidden("#loosened")
    # It is in the process of the popup.
    options.close()


def _switched(stage: Stage, tab: Page) -> float:
    _, popup = stage.press(stage.ours, tab)
    popup.wait_for("#here-dnt:not(:disabled)")
    took = float(popup.run(_SWITCHED))
    popup.close()
    return took
