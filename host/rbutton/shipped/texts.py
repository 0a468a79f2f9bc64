"""The roster's texts, for showing: from `roster.json`, without what it takes to compare them."""

import json
from typing import Any

from rbutton.shipped import folder
from rbutton.terms.click_only import CLICK_ONLY
from rbutton.terms.errors import InvalidDocument

_SHOWN = ("id", "title", "summary", "text", "url")


def roster_texts() -> list[dict[str, Any]]:
    """Id, title, summary, text and address of every agreement, by id, and whether it is `by_click`.

    Raises:
        FileNotFoundError: the installation is incomplete.
        InvalidDocument: the file was changed and is no longer what was generated.
    """
    try:
        roster = json.loads((folder("terms") / "roster.json").read_text("utf-8"))
        documents = [one["document"] for one in roster["agreements"]]
        return [
            {name: document[name] for name in _SHOWN} | {"by_click": document["id"] in CLICK_ONLY}
            for document in documents
        ]
    except (ValueError, KeyError, TypeError):
        raise InvalidDocument("roster.json is not what this release ships") from None
