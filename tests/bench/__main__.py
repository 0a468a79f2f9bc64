"""Runs every benchmark, prints a table, and then everything as one JSON object."""

import json
import sys
import tempfile
from pathlib import Path

from tests.bench import chromium

HEAD = ["what", "÷", "ratio", "middle half", "aim", "ours, ms", "other, ms"]


def main() -> int:
    """Print as they come; a missed aim is shown, never an error."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for ratio in chromium.measure(Path(folder)):
            found.append(ratio)
            print(f"{ratio.what}: {ratio.median:.2f} × {ratio.against}", file=sys.stderr)
    rows = [HEAD, *(ratio.row() for ratio in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print(json.dumps([ratio.as_json() for ratio in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
