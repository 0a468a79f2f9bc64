"""How long it takes from the person's touch to an agreement that both sides have on disk."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.request import urlopen

from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement, policy
from rbutton.terms.keys import person_key
from rbutton.terms.policy import POLICY_PATH
from tests.bench.browsers import Stage
from tests.bench.ratio import Other, Ratio, in_turn
from tests.bench.server import serving
from tests.e2e.browsers import Page

#: With the one that does not count, as many as the button offers by itself in a day.
_ROUNDS = 19
# The settings page listens as a popup on that page would. What it is shown as active is on disk.
_WATCH = """
const api = globalThis.browser ?? globalThis.chrome;
const [tab] = (await api.tabs.query({})).filter(({ url }) => url?.startsWith(%s));
const seen = document.documentElement.dataset;
delete seen.sealed;
await new Promise((waits) => {
  const port = api.runtime.connect({ name: "popup" });
  port.onMessage.addListener(({ view }) => {
    if (view?.offer === "touch") waits();
    if (view?.state !== "active") return;
    seen.sealed = performance.timeOrigin + performance.now();
    port.disconnect();
  });
  port.postMessage({ type: "show", tabId: tab.id });
});
// After the button's own script in the same page.
await api.scripting.executeScript({
  target: { tabId: tab.id }, func: () => {}, injectImmediately: true,
});
"""
_NOTE_TOUCH = """
addEventListener("pointerdown", (event) => {
  document.documentElement.dataset.touched = performance.timeOrigin + event.timeStamp;
}, { capture: true, once: true });
"""
_POST = """
const before = performance.now();
const answer = await fetch("/.well-known/emanciterms", {
  method: "POST", headers: { "Content-Type": "application/jose+json" }, body: %s,
});
await answer.text();
if (answer.status !== %d) throw new Error(answer.status);
return performance.now() - before;
"""


def measure(stage: Stage) -> Iterator[Ratio]:
    """Against one post of a page's own to the same shop: one that it keeps, and one it refuses."""
    with serving("shops", stage.folder, _ROUNDS + 1) as origins:
        shops = iter(origins)
        settings = stage.ours.options()
        page = stage.ours.new_page()

        def seal() -> float:
            origin = next(shops)
            page.goto(f"{origin}/")
            settings.run(_WATCH % json.dumps(origin))
            page.run(_NOTE_TOUCH)
            page.click("h1")
            settings.wait_for("html[data-sealed]")
            return moment(settings, "data-sealed") - moment(page, "data-touched")

        def moment(on: Page, name: str) -> float:
            return float(on.attribute("html", name) or "nan")

        def post(body: str, status: int) -> float:
            return float(page.run(_POST % (json.dumps(body), status)))

        def origin() -> str:
            return str(page.run("return location.origin;"))

        yield from in_turn(
            stage.name,
            "touch to sealed on disk",
            seal,
            Other("a post that the shop signs and keeps", lambda: post(_proffer(origin()), 200), 3),
            Other("a post that the shop refuses unread", lambda: post("{}", 400)),
            rounds=_ROUNDS,
        )
        for tab in (page, settings):
            tab.close()


def _proffer(origin: str) -> str:
    """A proffer to the shop, by somebody else."""
    with urlopen(origin + POLICY_PATH) as answer:
        body = answer.read()
    now, nonce = datetime.now(UTC), os.urandom(32)
    read = policy.read(body, origin, catalogue().vocabulary, now)
    return agreement.proffer(
        terms=[catalogue().documents["SD-BASE-DP"]],
        site=agreement.Site(origin=origin, name=read.name, jwk=read.keys[0], policy=read.sha256),
        key=person_key(os.urandom(32), nonce, origin),
        nonce=nonce,
        now=now,
    ).body.decode()
