"""What terms cost: own ones held against many policies, and an edit until it counts."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from time import perf_counter, sleep

from rbutton.decisions.proffer import choose_own
from rbutton.person.settings import Own, Settings
from rbutton.shipped.roster import catalogue
from rbutton.terms import documents, policy
from tests import visiting
from tests.bench.ratio import Other, Ratio, in_turn
from tests.sites import Site

_POLICIES = 10_000
_OWN = Own({"track.offsite": "never", "share": "none", "retain": "P6M", "copy": "on-request"})
_LIMITS: tuple[dict[str, str], ...] = (
    {"track.offsite": "never", "share": "none", "retain": "P1M", "copy": "immediate"},
    {"track.offsite": "consent", "share": "anonymised", "retain": "P2Y"},
    {},
)
#: The least that follows a file as the host does: two equal looks, twice a second.
_FOLLOWER = """
import pathlib, sys, time
path = pathlib.Path(sys.argv[1])
taken = seen = path.read_bytes()
print("ready", flush=True)
while True:
    time.sleep(0.5)
    now = path.read_bytes()
    if now == seen and now != taken:
        taken = now
        print("taken", flush=True)
    seen = now
"""


def measure(folder: Path) -> Iterator[Ratio]:
    """Ten thousand policies in this process; a file and a host in another."""
    yield from _compared()
    yield from _edited(folder)


def _compared() -> Iterator[Ratio]:
    settings = Settings(own=_OWN)
    bodies = [
        Site(origin=f"https://site-{number}.example").policy(limits=limits)
        for number, limits in zip(range(_POLICIES), cycle(_LIMITS), strict=False)
    ]
    now = datetime.now(UTC)
    read = [
        policy.read(body, f"https://site-{number}.example", catalogue().vocabulary, now)
        for number, body in enumerate(bodies)
    ]

    def compare() -> float:
        before = perf_counter()
        assert sum(choose_own(settings, one, catalogue()) is not None for one in read) == len(read)
        return (perf_counter() - before) * 1000

    def parse() -> float:
        before = perf_counter()
        assert all(documents.parse(body, "policy") for body in bodies)
        return (perf_counter() - before) * 1000

    what = f"own terms held against {_POLICIES:,} policies"
    yield from in_turn(
        "host", what, compare, Other("reading their JSON within bounds", parse), rounds=10
    )


def _edited(folder: Path) -> Iterator[Ratio]:
    home, other = folder / "edited", folder / "followed.toml"
    home.mkdir(mode=0o700)
    other.write_text("")
    follower = subprocess.Popen(
        [sys.executable, "-c", _FOLLOWER, str(other)], stdout=subprocess.PIPE, text=True
    )
    assert follower.stdout
    assert follower.stdout.readline() == "ready\n"
    with visiting.greeted(home) as running:
        file = home / "terms.toml"
        words, others = cycle(["off", "on"]), cycle(["a", "b"])

        def edit() -> float:
            # Wherever in its half second the other one is by then.
            sleep(0.137)
            before = perf_counter()
            file.write_text(f'[signals]\ngpc = "{next(words)}"\n')
            assert running.event()["event"] == "settings"
            return (perf_counter() - before) * 1000

        def follow() -> float:
            assert follower.stdout
            sleep(0.137)
            before = perf_counter()
            other.write_text(next(others))
            assert follower.stdout.readline() == "taken\n"
            return (perf_counter() - before) * 1000

        yield from in_turn(
            "host",
            "an edit of terms.toml until the browser is told",
            edit,
            Other("a loop that looks twice a second", follow),
            rounds=16,
        )
    follower.kill()
    follower.wait()
