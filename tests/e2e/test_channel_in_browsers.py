"""What a real browser lets an extension send to the host, and what the host makes of it."""

import json
from pathlib import Path

from tests.e2e.person import Person

MIB = 1_048_576
#: What is sent, in MiB: in Chromium the most that it takes from an extension. Firefox takes 4 GiB,
#: but writes in time that grows with the square: 64 MiB are half a minute.
LARGE = {"chromium": 64, "firefox": 16}
#: On a port of the page's own, which is another host than the background's: a hello, something
#: large, and a hello. The port stays open.
SENDING = """
const { runtime } = globalThis.browser ?? globalThis.chrome;
const heard = [];
let ended = false, wake = () => {};
const port = runtime.connectNative("org.rbutton.host");
port.onMessage.addListener((message) => { heard.push(message); wake(); });
port.onDisconnect.addListener(() => { ended = true; wake(); });
const ask = async (message) => {
  const before = heard.length;
  port.postMessage(message);
  while (heard.length === before && !ended) await new Promise((next) => { wake = next; });
};
const hello = { request: "hello", protocol: 1, extension: "0", browser: "x" };
const large = { id: 2, request: "visit", fill: "" };
large.fill = "x".repeat(LARGE - JSON.stringify(large).length);
await ask({ id: 1, ...hello });
await ask(large);
await ask({ id: 3, ...hello });
window.keep = port;
return JSON.stringify({ heard, ended });
"""


def peaks(person: Person) -> list[int]:
    """The most memory that each of the person's hosts has had at once, in bytes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            status = (process / "status").read_text("utf-8")
        except OSError:
            continue  # it has just ended
        if b"rbutton.native" in command and bytes(person.places.data) in command:
            (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
            found.append(int(line.split()[1]) * 1024)
    return found


def test_what_is_far_too_large_is_refused_and_the_port_lives_on(brand: str, person: Person) -> None:
    """And none of it is kept: this host has had no more memory than the one that got little."""
    page = person.options()
    told = json.loads(page.run(SENDING.replace("LARGE", str(LARGE[brand] * MIB))))
    assert not told["ended"]
    first, refused, again = told["heard"]
    assert (first["re"], first["result"]["protocol"]) == (1, 1)
    assert (refused["re"], refused["error"]["code"]) == (None, "malformed")
    assert f"{LARGE[brand] * MIB:,}" in refused["error"]["message"]
    assert (again["re"], again["result"]["protocol"]) == (3, 1)
    one, other = peaks(person)
    assert abs(one - other) < 8 * MIB
    page.close()
