"""Runs every benchmark, prints the table of docs/performance.md, and then every figure as JSON."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import browsers, choices, kit, ledger, pages, popup, port, seal, terms
from tests.bench.ratio import Ratio

HEAD = ["where", "what", "÷", "ratio", "middle half", "aim", "ours, ms", "other, ms"]


def main() -> int:
    """Print as they come; a missed aim is shown, never an error."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for ratio in _measure(Path(folder)):
            found.append(ratio)
            said = f"{ratio.where}: {ratio.what}: {ratio.median:.2f} × {ratio.against}"
            print(said, file=sys.stderr)
    rows = [HEAD, ["---"] * len(HEAD), *(ratio.row() for ratio in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"| {' | '.join(cells)} |")
    print(json.dumps([ratio.as_json() for ratio in found]))
    return 0


def _measure(folder: Path) -> Iterator[Ratio]:
    for stage in browsers.stages(folder):
        for one in (pages, choices, port, popup, seal):
            yield from one.measure(stage)
    yield from ledger.measure(folder)
    yield from terms.measure(folder)
    yield from kit.measure(folder)


if __name__ == "__main__":
    sys.exit(main())
