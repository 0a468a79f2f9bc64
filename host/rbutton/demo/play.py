"""The demo itself, from the shop's opening to the magnets' closing."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rbutton import shipped
from rbutton.browsers import files, manifests
from rbutton.browsers.here import version_of
from rbutton.browsers.places import places
from rbutton.browsers.problems import Exit
from rbutton.browsers.table import FIREFOX, Browser
from rbutton.demo.proof import prove
from rbutton.demo.shop import Exchange, Shop, open_shop
from rbutton.demo.steps import StepFailed, Steps
from rbutton.demo.window import LIMIT, BrowserFailed, Opener, Window

CLICK = 2.0  # seconds until a click that nothing heard is made again
PRESS = 5.0  # the same of a press on the button: its popup may take a while, or lose the focus

POLICY = ("GET", "/.well-known/emanciterms.json")
OFFER = ("POST", "/.well-known/emanciterms")


def play(
    steps: Steps, folder: Path, browser: Browser, executable: Path, picture: Path, *, headless: bool
) -> dict[str, Any]:
    """Plays the demo in `folder`, with a window or without; answers what `--json` prints.

    Raises:
        StepFailed: what had to happen did not.
        BrowserFailed: the browser failed, or was closed.
        KeyboardInterrupt: it was stopped before the end.
    """
    profile, goods = folder / "profile", folder / "shop"
    for each in (profile, goods):
        each.mkdir(mode=0o700)
    extension = _register(browser, profile)
    with ExitStack() as stack:
        shop = stack.enter_context(open_shop(goods))
        steps.say(f"A demo shop opened on this machine, {shop.origin}. It is ⊃: it signs terms.")
        with steps.working(f"Starting {browser.title}, with the button and a profile of its own"):
            opened = _opener(browser)(executable, profile, extension, headless)
            try:
                window = stack.enter_context(opened)
            except BrowserFailed as error:
                said = f"{browser.title} did not start with the button in it: {error}"
                raise StepFailed(said, Exit.NOT_SET_UP) from error
        _start(steps, window)
        told = _Told(steps, window, shop)
        _arrive(told)
        _offer(told)
        picture.write_bytes(_close_the_magnets(told))
        steps.say(f"The picture of the button's popup is {picture}")
        proof = prove(shop.origin, goods)
        steps.say("The same agreement is in your ledger and in the shop's store, signed by both.")
        if not headless:
            _linger(steps, window)
    return {
        "state": "active",
        "browser": f"{browser.name} {version_of(executable) or ''}".rstrip(),
        "id": proof.id,
        "agreement": proof.jws,
        "screenshot": str(picture),
    }


def _opener(browser: Browser) -> Opener:
    # Either driver takes a while to import: only the one that is needed.
    if browser is FIREFOX:
        from rbutton.demo import firefox

        return firefox.open_window
    from rbutton.demo import chromium

    return chromium.open_window


def _register(browser: Browser, profile: Path) -> Path:
    """Puts host, extension and manifest where this profile's browser finds them."""
    where = places(os.environ)
    where.launcher.parent.mkdir(mode=0o700)
    manifests.write_launcher(where, Path(sys.executable))
    files.copy_tree(shipped.folder("extension"), where.extension)
    target = manifests.path_in(browser.hosts(where, profile))
    files.make_folder(target.parent)
    files.write(target, manifests.text_for(browser.family, where.launcher, where.extension))
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
        window = self.window
        try:
            if window.popup() is None:
                window.press_button()
            popup = self.steps.wait(window.popup, window.pause, PRESS, str)
            return self.steps.wait(lambda: popup.text() or None, window.pause, PRESS, str)
        except (BrowserFailed, StepFailed):
            return "nothing; its popup did not open"


def _start(steps: Steps, window: Window) -> None:
    """Sees the button start, in the tab that welcomes a new one, and reach its host."""
    missing = f"The button did not start within {LIMIT:.0f} s."
    welcome = steps.wait(window.welcome, window.pause, LIMIT, lambda: missing)
    steps.wait(
        lambda: welcome.has("html[data-state=ready]") or None,
        window.pause,
        LIMIT,
        lambda: f"The button did not reach your agent. It says: {welcome.text()}",
    )
    steps.say("The button is in, and has found your agent, which keeps your terms and signs.")


def _arrive(told: _Told) -> None:
    """Opens the shop, and sees the button notice that the shop has terms."""
    window, steps = told.window, told.steps
    window.visit(told.shop.origin)
    policy = told.wait_for(POLICY, "Reading the shop's policy")
    if policy.status != 200:
        raise StepFailed(f"The shop's policy could not be read. {told.seen()}")
    steps.say("The shop's page announced that it takes terms, and the button read its policy.")


def _offer(told: _Told) -> None:
    """Clicks in the page as a person does, which lets the button offer their terms."""
    click = _now_and_then(told.window.click_beside, CLICK)

    def click_and_pause() -> None:
        click()
        told.window.pause()

    answer = told.wait_for(OFFER, "Offering your terms", click_and_pause)
    told.steps.say("A click in the page, and the button offered your terms, signed by a new key.")
    if answer.status != 200:
        raise StepFailed(f"The shop did not sign. {told.seen()}")
    told.steps.say("The shop signed them too, and sent them back.")


def _close_the_magnets(told: _Told) -> bytes:
    """Opens the real popup and sees it drawn closed; answers its picture."""
    window = told.window
    press = _now_and_then(window.press_button, PRESS)

    def closed() -> tuple[str, bytes] | None:
        popup = window.popup()
        if popup is None:
            press()
            return None
        seen = popup.has("[data-state=active]") and (popup.text("h1"), popup.picture())
        return seen if seen and all(seen) else None

    heading, picture = told.steps.wait(
        closed, window.pause, LIMIT, lambda: f"The magnets did not close. {told.seen()}"
    )
    told.steps.say(f"⊂⊃ The magnets closed. The button says: {heading}")
    return picture


def _now_and_then(do: Callable[[], None], seconds: float) -> Callable[[], None]:
    """Does it when it is called, but not again before so many seconds are over."""
    done = -seconds

    def do_or_not() -> None:
        nonlocal done
        if time.monotonic() - done >= seconds:
            done = time.monotonic()
            do()

    return do_or_not


def _linger(steps: Steps, window: Window) -> None:
    steps.say(
        "The window stays open for you to play with. "
        "To end the demo, close it, or press Ctrl-C here."
    )
    try:
        while window.is_open:
            steps.check()
            window.pause(250)
    except (KeyboardInterrupt, BrowserFailed):
        pass  # that is how it ends
