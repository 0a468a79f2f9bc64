"""The `EmanciTerms` request header (protocol, section 1): an RFC 9651 Dictionary."""

from collections.abc import Iterable
from typing import Any

import http_sf


def emanciterms(proffer: Iterable[str]) -> str:
    """`v=1, proffer=("…" "…")`: the roster ids the person proffers there, in byte order."""
    ids = sorted(proffer, key=lambda roster_id: roster_id.encode("ascii"))
    inner_list: Any = ([(roster_id, {}) for roster_id in ids], {})
    return http_sf.ser({"v": (1, {}), "proffer": inner_list})
