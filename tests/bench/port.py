"""How long the host takes to answer, from within the browser."""

import json
from collections.abc import Iterator
from typing import Any

from rbutton.browsers import manifests
from tests.bench.browsers import Stage
from tests.bench.ratio import Other, Ratio, in_turn
from tests.e2e.browsers import Page
from tests.sites import Site

_TRIPS = 100
_HELLO = {"id": 1, "request": "hello", "protocol": 1, "extension": "0.1.0", "browser": "bench"}
_SITE = Site(origin="https://shop.example")
_VISIT: dict[str, Any] = {"id": 2, "request": "visit", "origin": _SITE.origin}
_BY_LEDGER = {**_VISIT, "announced": False, "policy": None}
_BY_POLICY = {**_VISIT, "announced": True, "policy": _SITE.served()}
#: What is asked, and the aim.
_REQUESTS: dict[str, tuple[dict[str, Any], float | None]] = {
    "port: a request that is refused": ({"id": 2, "request": "nothing"}, 1.3),
    "port: a visit, by the ledger": (_BY_LEDGER, None),
    "port: a visit, by its policy": (_BY_POLICY, None),
}

_FIRST_REPLY = """
const [name, hello] = %s;
return new Promise((resolve) => {
  const before = performance.now();
  const port = (globalThis.browser ?? globalThis.chrome).runtime.connectNative(name);
  port.onMessage.addListener(() => { resolve(performance.now() - before); port.disconnect(); });
  port.postMessage(hello);
});
"""
# Timed from when the first visit was answered, for which the host imports what it needs.
_ROUND_TRIPS = """
const [name, hello, visit, message, count] = %s;
return new Promise((resolve) => {
  const port = (globalThis.browser ?? globalThis.chrome).runtime.connectNative(name);
  const first = [hello, visit, message];
  let left = count, before = 0;
  port.onMessage.addListener(() => {
    if (first.length) return port.postMessage(first.shift());
    before ||= performance.now();
    if (left-- > 0) return port.postMessage(message);
    resolve((performance.now() - before) / count);
    port.disconnect();
  });
  port.postMessage(first.shift());
});
"""


def measure(stage: Stage) -> Iterator[Ratio]:
    """Our host against one that sends back what it gets, each started by its browser."""
    ours, echo = stage.ours.options(), stage.rules.options()

    def first(page: Page) -> float:
        return float(page.run(_FIRST_REPLY % json.dumps([manifests.HOST, _HELLO])))

    def trips(page: Page, message: dict[str, Any]) -> float:
        members = [manifests.HOST, _HELLO, _BY_POLICY, message, _TRIPS]
        return float(page.run(_ROUND_TRIPS % json.dumps(members)))

    against = "a bare Python echo host"
    yield from in_turn(
        stage.name,
        "port: connected to first reply",
        lambda: first(ours),
        Other(against, lambda: first(echo), 3),
        rounds=20,
    )
    for what, (message, aim) in _REQUESTS.items():
        yield from in_turn(
            stage.name,
            what,
            lambda message=message: trips(ours, message),  # type: ignore[misc]
            Other(against, lambda message=message: trips(echo, message), aim),  # type: ignore[misc]
            rounds=20,
        )
    for page in (ours, echo):
        page.close()
