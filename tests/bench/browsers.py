"""Each browser three times over: with the button, with the same rules alone, and bare."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench import rules_alone
from tests.e2e.browsers import Browser, Page
from tests.e2e.browsers.chromium import EXTENSION, Chromium, ChromiumPage
from tests.e2e.browsers.firefox import BUTTON, Firefox, Panel
from tests.e2e.person import Person

_ECHO = """\
import struct, sys
while header := sys.stdin.buffer.read(4):
    body = sys.stdin.buffer.read(struct.unpack("@I", header)[0])
    sys.stdout.buffer.write(header + body)
    sys.stdout.buffer.flush()
"""


@dataclass(frozen=True)
class Stage:
    """Three browsers of one kind that run at once.

    Attributes:
        name: the kind.
        folder: for whatever is made on it.
        ours: the button, and its host.
        rules: an extension with our header rules, a popup of one heading, and for a host one that
            sends back what it gets.
        bare: no extension.
        press: presses the button on a page: when (milliseconds since 1970), and its open popup.
    """

    name: str
    folder: Path
    ours: Person
    rules: Person
    bare: Person
    press: Callable[[Person, Page], tuple[float, Page]]


def stages(folder: Path) -> Iterator[Stage]:
    """One browser after the other; those of a stage are closed when the next one is asked for."""
    os.environ["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"  # as tests/e2e/conftest.py says
    with sync_playwright() as playwright:

        def chromium(own: Path, extension: Path | None) -> Browser:
            return Chromium(own, playwright, extension)

        with ExitStack() as stack:
            yield _stage(stack, "chromium", folder / "chromium", chromium, _press_in_chromium)
    with ExitStack() as stack:
        yield _stage(stack, "firefox", folder / "firefox", Firefox, _press_in_firefox)


def _stage(
    stack: ExitStack,
    name: str,
    folder: Path,
    browser: Callable[[Path, Path | None], Browser],
    press: Callable[[Person, Page], tuple[float, Page]],
) -> Stage:
    def person(which: str, extension: Path | None) -> Person:
        own = folder / which
        own.mkdir(parents=True)
        made = Person(own, browser(own, extension), in_keyring=False)
        stack.callback(made.stop)
        return made

    ours = person("ours", EXTENSION)
    rules = person("rules", rules_alone.make(folder / "rules-alone"))
    bare = person("bare", None)
    rules.places.launcher.write_text(f"#!{sys.executable} -I\n{_ECHO}", "utf-8")
    ours.start()
    rules.start()
    bare.browser.start(bare.environ)
    for one in (ours, rules, bare):
        if isinstance(one.browser, Firefox):
            # Else it counts in whole milliseconds.
            one.browser.prefer("privacy.reduceTimerPrecision", False)
    return Stage(name, folder, ours, rules, bare, press)


def _press_in_chromium(person: Person, page: Page) -> tuple[float, Page]:
    assert isinstance(person.browser, Chromium)
    page.front()
    with person.browser.context.expect_page() as opened:
        when = person.browser.worker.evaluate(
            "() => { const when = performance.timeOrigin + performance.now();"
            " chrome.action.openPopup(); return when; }"
        )
    # A popup may be told of before it has its address.
    opened.value.wait_for_url("**/popup/**", wait_until="commit")
    return when, ChromiumPage(opened.value)


def _press_in_firefox(person: Person, page: Page) -> tuple[float, Page]:
    assert isinstance(person.browser, Firefox)
    page.front()
    driver = person.browser.driver
    with driver.using_context("chrome"):
        when = driver.execute_script(
            "const when = performance.timeOrigin + performance.now();"
            "document.querySelector(arguments[0]).click(); return when;",
            [f"#{BUTTON} toolbarbutton"],
        )
    panel = Panel(driver)
    panel.wait_for("html[data-reason]")
    return when, panel
