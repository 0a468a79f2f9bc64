"""The demo itself, from the shop's opening to the magnets' closing."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from rbutton import shipped
from rbutton.browsers import files, manifests
from rbutton.browsers.places import places
from rbutton.browsers.problems import Exit
from rbutton.browsers.table import CHROMIUM, manifests_in, version_of
from rbutton.demo.proof import prove
from rbutton.demo.shop import Exchange, Shop, open_shop
from rbutton.demo.steps import StepFailed, Steps
from rbutton.demo.window import Window, open_window, why

LIMIT = 20.0  # seconds for a step; the slowest takes one, on a slow machine
AGAIN = 2.0  # seconds until a click that nothing heard is made again

POLICY = ("GET", "/.well-known/emanciterms.json")
OFFER = ("POST", "/.well-known/emanciterms")


def play(
    steps: Steps, folder: Path, executable: Path, picture: Path, *, headless: bool
) -> dict[str, Any]:
    """Plays the demo in `folder`, with a window or without; answers what `--json` prints.

    Raises:
        StepFailed: what had to happen did not.
        playwright.sync_api.Error: the browser failed, or was closed.
        KeyboardInterrupt: it was stopped before the end.
    """
    profile, goods = folder / "profile", folder / "shop"
    for each in (profile, goods):
        each.mkdir(mode=0o700)
    extension = _register(profile)
    with ExitStack() as stack:
        shop = stack.enter_context(open_shop(goods))
        steps.say(f"A demo shop opened on this machine, {shop.origin}. It is ⊃: it signs terms.")
        with steps.working("Starting Chromium, with the button and a profile of its own"):
            try:
                window = stack.enter_context(
                    open_window(executable, profile, extension, headless=headless)
                )
            except PlaywrightError as error:
                said = f"Chromium did not start. It said: {why(error)}"
                raise StepFailed(said, Exit.NOT_SET_UP) from error
        _start(steps, window)
        told = _Told(steps, window, shop)
        _arrive(told)
        _offer(told)
        popup = _close_the_magnets(told)
        popup.locator("html").screenshot(path=picture)
        steps.say(f"The picture of the button's popup is {picture}")
        proof = prove(shop.origin, goods)
        steps.say("The same agreement is in your ledger and in the shop's store, signed by both.")
        if not headless:
            _linger(steps, window)
    return {
        "state": "active",
        "browser": f"{CHROMIUM.name} {version_of(executable) or ''}".rstrip(),
        "id": proof.id,
        "agreement": proof.jws,
        "screenshot": str(picture),
    }


def _register(profile: Path) -> Path:
    """Puts host, extension and manifest where this profile's browser finds them."""
    where = places(os.environ)
    where.launcher.parent.mkdir(mode=0o700)
    manifests.write_launcher(where, Path(sys.executable))
    files.copy_tree(shipped.folder("extension"), where.extension)
    target = manifests.path_in(manifests_in(profile))
    target.parent.mkdir()
    extension_id = manifests.extension_id(where.extension)
    files.write(target, manifests.text(where.launcher, extension_id))
    return where.extension


class _Told:
    """The steps, with what can be seen in the browser and at the shop's door."""

    def __init__(self, steps: Steps, window: Window, shop: Shop) -> None:
        self.steps = steps
        self.window = window
        self.shop = shop

    def wait_for(
        self, request: tuple[str, str], what: str, pause: Callable[[], None] | None = None
    ) -> Exchange:
        """Waits until the shop has answered `request`."""
        return self.steps.wait(
            lambda: self.shop.answered(*request),
            pause or self.window.pause,
            LIMIT,
            lambda: f"{what} did not happen within {LIMIT:.0f} s. {self.seen()}",
        )

    def seen(self) -> str:
        """What is to be seen now, for the sentence that says what went wrong."""
        asked = ", ".join(dict.fromkeys(map(str, self.shop.exchanges))) or "nothing"
        return f"The shop was asked: {asked}. The button says: {self._button_says()}"

    def _button_says(self) -> str:
        try:
            popup = self.window.popup()
            if popup is None:
                self.window.press_button()
                popup = self.steps.wait(self.window.popup, self.window.pause, AGAIN, str)
            popup.locator("h1:visible").first.wait_for(timeout=AGAIN * 1000)
            return " ".join(popup.locator("body").inner_text().split())
        except (PlaywrightError, StepFailed):
            return "nothing; its popup did not open"


def _start(steps: Steps, window: Window) -> None:
    """Sees the button start, in the tab that welcomes a new one, and reach its host."""
    missing = f"The button did not start within {LIMIT:.0f} s."
    welcome = steps.wait(window.welcome, window.pause, LIMIT, lambda: missing)
    try:
        welcome.locator("html[data-state=ready]").wait_for(state="attached", timeout=LIMIT * 1000)
    except PlaywrightTimeout:
        said = " ".join(welcome.locator("body").inner_text().split())
        raise StepFailed(f"The button did not reach its host. It says: {said}") from None
    steps.say("The button is in, and has found its host, which keeps your terms and signs for you.")


def _arrive(told: _Told) -> None:
    """Opens the shop, and sees the button notice that the shop has terms."""
    window, steps = told.window, told.steps
    window.page.goto(told.shop.origin, timeout=LIMIT * 1000)
    window.page.bring_to_front()
    policy = told.wait_for(POLICY, "Reading the shop's policy")
    if policy.status != 200:
        raise StepFailed(f"The shop's policy could not be read. {told.seen()}")
    steps.say("The shop's page announced that it takes terms, and the button read its policy.")


def _offer(told: _Told) -> None:
    """Clicks in the page as a person does, which lets the button offer their terms."""
    clicked = -AGAIN

    def click_now_and_then() -> None:
        nonlocal clicked
        if time.monotonic() - clicked >= AGAIN:
            clicked = time.monotonic()
            told.window.page.locator("body").click(position={"x": 4, "y": 4}, timeout=LIMIT * 1000)
        told.window.pause()

    answer = told.wait_for(OFFER, "Offering your terms", click_now_and_then)
    told.steps.say("A click in the page, and the button offered your terms, signed by a new key.")
    if answer.status != 200:
        raise StepFailed(f"The shop did not sign. {told.seen()}")
    told.steps.say("The shop signed them too, and sent them back.")


def _close_the_magnets(told: _Told) -> Page:
    """Opens the real popup and sees it drawn closed."""
    told.window.press_button()
    popup = told.steps.wait(
        told.window.popup, told.window.pause, LIMIT, lambda: "The button's popup did not open."
    )
    try:
        popup.locator("[data-state=active]").wait_for(timeout=LIMIT * 1000)
    except PlaywrightTimeout:
        raise StepFailed(f"The magnets did not close. {told.seen()}") from None
    heading = popup.locator("h1:visible").first.inner_text()
    told.steps.say(f"⊂⊃ The magnets closed. The button says: {heading}")
    return popup


def _linger(steps: Steps, window: Window) -> None:
    steps.say(
        "The window stays open for you to play with. "
        "To end the demo, close it, or press Ctrl-C here."
    )
    try:
        while window.is_open:
            steps.check()
            window.pause(250)
    except (KeyboardInterrupt, PlaywrightError, IndexError):
        pass  # that is how it ends
