"""What an installation leaves for the person: putting the button itself into their browsers."""

from collections.abc import Sequence

from rbutton.browsers.here import Found
from rbutton.browsers.places import Places
from rbutton.browsers.sandboxes import Flatpak, Snap
from rbutton.browsers.table import Family

STEPS = {
    Family.CHROMIUM: """
What is left for you to do, once, in {titles}:
  1. Open {pages}
  2. Turn on "Developer mode" (top right).
  3. Press "Load unpacked" and choose this folder:
     {extension}
If the button is there already, press its "reload" arrow on that page. A picture of it:
  {pictures}/load-in-chromium.png""",
    Family.GECKO: """
What is left for you to do in {titles}, again after each start of it:
  1. Open about:debugging#/runtime/this-firefox
  2. Press "Load Temporary Add-on…" and choose this file:
     {extension}/manifest.json
If the button is there already, press its "Reload" on that page. A picture of it:
  {pictures}/load-in-firefox.png
Firefox keeps what Mozilla has not signed only while it runs, and the button is not signed yet.""",
}
"""By kin, as neither lets another program put an unsigned extension into it."""

IN_FLATPAK = """
{title} starts no program outside of its sandbox, and reads no folder, until you permit it:
  {permission}
From then on it may start any program as you: its sandbox no longer holds. If you would rather keep
it whole, use a {plain} that is not a Flatpak. Start the browser anew after that. To take it back:
  {taken_back}"""

IN_SNAP = """
{title} asks you when the button starts the agent for the first time: say yes. If it does not ask,
or was told no before, type (the command comes with Debian's package flatpak):
  {permission}
To take it back:
  {taken_back}
What is left for you to do in {title}, again after each start of it:
  1. It reads no hidden folder: type  {command} build {home}
  2. Open about:debugging#/runtime/this-firefox
  3. Press "Load Temporary Add-on…" and choose the .xpi that was just written there."""


def what_comes(found: Sequence[Found]) -> str:
    """What to expect in browsers that have the button without a step."""
    if not found:
        return ""
    titles = " and in ".join(each.browser.title for each in found)
    return f"""
The button is in {titles} for everyone, from the next start of the browser. It is in
the browser's menu of extensions: pin it there to see it all the time.
"""


def what_is_left(found: Sequence[Found], where: Places) -> str:
    """What to do in each browser of `found`: what to permit, and loading the extension."""
    told = [permitting(each, where) for each in found if each.sandbox is not None]
    loading = [each for each in found if not isinstance(each.sandbox, Snap)]
    for family, steps in STEPS.items():
        kin = [each for each in loading if each.browser.family is family]
        if kin:
            titles = " and in ".join(each.title for each in kin)
            pages = " or ".join(dict.fromkeys(each.browser.extensions_page for each in kin))
            folders = {"extension": where.extension, "pictures": where.pictures}
            told.append(steps.format(titles=titles, pages=pages, **folders))
    return "\n".join(told)


def permitting(found: Found, where: Places) -> str:
    """What to do, once, so that a browser in a sandbox can reach the host."""
    sandbox = found.sandbox
    assert sandbox is not None
    return (IN_FLATPAK if isinstance(sandbox, Flatpak) else IN_SNAP).format(
        title=found.title,
        plain=found.browser.title,
        permission=sandbox.permission(where),
        taken_back=sandbox.taken_back(where),
        command=where.command,
        home=where.user_home,
    )
