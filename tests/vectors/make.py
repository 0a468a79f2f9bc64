"""Make `terms/roster.json` and the vectors: what a stranger implements and checks against.

    python tests/vectors/make.py           write them
    python tests/vectors/make.py --check   exit 1 if what is checked in differs

Everything is derived from fixed seeds and times, so the files change only when the bytes do.
"""

import json
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))

from rbutton.shipped.roster import catalogue  # noqa: E402 - found by the path above
from tests.vectors.making import (  # noqa: E402
    agreement,
    comparisons,
    counters,
    documents,
    exchanges,
    header,
    keys,
    notices,
    policies,
    posts,
    promises,
    replies,
    vocabulary,
)

_MAKERS = {
    "documents": documents.vectors,
    "vocabulary": vocabulary.vectors,
    "comparisons": comparisons.vectors,
    "header": header.vectors,
    "keys": keys.vectors,
    "agreement": agreement.vectors,
    "notices": notices.vectors,
    "policies": policies.vectors,
    "promises": promises.vectors,
    "posts": posts.vectors,
    "replies": replies.vectors,
    "counters": counters.vectors,
    "exchanges": exchanges.vectors,
}


def main() -> int:
    """Writes the files, or says which are not current."""
    made: dict[Path, Any] = {TOP / "terms" / "roster.json": catalogue().roster_json()}
    for name, vectors in _MAKERS.items():
        made[TOP / "tests" / "vectors" / f"{name}.json"] = vectors()
    stale = []
    for path, value in made.items():
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.relative_to(TOP))
    for path in stale:
        print(f"{path} is not current: run python tests/vectors/make.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
