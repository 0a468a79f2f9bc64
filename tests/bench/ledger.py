"""What a long record costs: the host itself, spoken to over pipes."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter

from rbutton.person.ledger import Kind, Ledger
from rbutton.terms.encoding import time_text
from tests import sites, visiting
from tests.bench.ratio import Other, Ratio, in_turn
from tests.host_process import Host
from tests.sites import Site

_FEW, _MANY = 10, 20_000


def measure(folder: Path) -> Iterator[Ratio]:
    """Two hosts, one with a record of twenty thousand agreements."""
    with ExitStack() as stack:
        few, many = (
            stack.enter_context(visiting.greeted(_home(folder / f"{size}", size)))
            for size in (_FEW, _MANY)
        )
        numbers = count()

        def visit(running: Host) -> float:
            before = perf_counter()
            assert visiting.visit(running)["offer"] == "touch"
            return (perf_counter() - before) * 1000

        def offer(running: Host) -> float:
            site = Site(origin=f"https://new-{next(numbers)}.example")
            before = perf_counter()
            assert visiting.offer(running, "click", site)[0]
            return (perf_counter() - before) * 1000

        against = f"the same with {_FEW}"
        yield from in_turn(
            "host",
            f"a visit to a new site, with {_MANY:,} agreements",
            lambda: visit(many),
            Other(against, lambda: visit(few)),
            rounds=60,
        )
        yield from in_turn(
            "host",
            f"an offer to a new site, with {_MANY:,} agreements",
            lambda: offer(many),
            Other(against, lambda: offer(few)),
            rounds=30,
        )


def _home(home: Path, size: int) -> Path:
    """A person's who has offered by themselves to so many sites, and was answered by each.

    The signed bytes are those of one agreement over and over: nothing here looks at them.
    """
    home.mkdir(mode=0o700)
    made = sites.proffer(visiting.SHOP)
    bodies: dict[Kind, bytes] = {
        "policy": visiting.SHOP.policy(),
        "proffer": made.body,
        "sent": b'{"by":"touch"}',
        "sealed": visiting.SHOP.countersign(made.body),
    }
    now = datetime.now(UTC)
    with Ledger(home / "ledger.sqlite3").writing() as ledger:
        for number in range(size):
            at = time_text(now - timedelta(days=2, hours=size - number))
            for kind, body in bodies.items():
                ledger.append(kind, at, f"https://site-{number}.test", f"{number}", body)
    return home
