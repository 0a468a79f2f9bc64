"""What an installation leaves for the person: putting the button itself into their browsers."""

from collections.abc import Sequence
from pathlib import Path

from rbutton.browsers.table import Family, Found

STEPS = {
    Family.CHROMIUM: """
What is left for you to do, once, in {titles}:
  1. Open {pages}
  2. Turn on "Developer mode" (top right).
  3. Press "Load unpacked" and choose this folder:
     {extension}
If the button is there already, press its "reload" arrow on that page.""",
    Family.GECKO: """
What is left for you to do in {titles}, again after each start of it:
  1. Open about:debugging#/runtime/this-firefox
  2. Press "Load Temporary Add-on…" and choose this file:
     {extension}/manifest.json
If the button is there already, press its "Reload" on that page.
Firefox keeps what Mozilla has not signed only while it runs, and the button is not signed yet.""",
}
"""By kin, as neither lets another program put an unsigned extension into it."""


def what_comes(found: Sequence[Found]) -> str:
    """What to expect in browsers that have the button without a step."""
    if not found:
        return ""
    titles = " and in ".join(each.browser.title for each in found)
    return f"""
The button is in {titles} for everyone, from the next start of the browser. It is in
the browser's menu of extensions: pin it there to see it all the time.
"""


def what_is_left(found: Sequence[Found], extension: Path) -> str:
    """What to do in each browser of `found`, to the copy of the extension that they load."""
    told = []
    for family, steps in STEPS.items():
        kin = [each.browser for each in found if each.browser.family is family]
        if kin:
            titles = " and in ".join(browser.title for browser in kin)
            pages = " or ".join(dict.fromkeys(browser.extensions_page for browser in kin))
            told.append(steps.format(titles=titles, pages=pages, extension=extension))
    return "\n".join(told)
