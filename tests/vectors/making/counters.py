"""Counter-offers: which the agent accepts alone, which it asks about, which it never signs."""

from rbutton.terms.encoding import b64u
from tests.vectors.making.common import Json, own_term, roster_term

_BASE = roster_term("SD-BASE")
_DP = roster_term("SD-BASE-DP")
_TRACK = roster_term("do-not-track")
_MINE = roster_term("mine-as-well")

#: Name → what the person listed, what is in force, what the site offers, what the agent does.
_CASES: dict[str, tuple[list[str], list[Json] | None, list[Json], str]] = {
    "listed": (["SD-BASE"], None, [_BASE], "alone"),
    "not listed": (["SD-BASE"], None, [_TRACK], "asks"),
    "nothing is listed": ([], None, [_BASE], "asks"),
    "two, both listed": (["do-not-track", "mine-as-well"], None, [_TRACK, _MINE], "alone"),
    "two, one of them listed": (["do-not-track"], None, [_TRACK, _MINE], "asks"),
    "listed, under another hash": (
        ["SD-BASE"],
        None,
        [_BASE | {"sha256": b64u(bytes(32))}],
        "never",
    ),
    "listed, with a clause less": (
        ["do-not-track"],
        None,
        [_TRACK | {"clauses": {"track.offsite": "never"}}],
        "never",
    ),
    "a term nobody knows": (["SD-BASE"], None, [_BASE | {"id": "XX-1"}], "never"),
    "one listed, beside one nobody knows": (
        ["SD-BASE"],
        None,
        [_BASE, _BASE | {"id": "XX-1"}],
        "never",
    ),
    "clauses of the site's own": (["own"], None, [own_term(share="none")], "never"),
    "listed, and laxer than what is in force": (["SD-BASE"], [_DP], [_BASE], "asks"),
    "listed, and neither stricter nor laxer": (["mine-as-well"], [_BASE], [_MINE], "asks"),
    "listed, and stricter than what is in force": (["SD-BASE-DP"], [_BASE], [_DP], "alone"),
    "listed, and the same as what is in force": (["SD-BASE"], [_BASE], [_BASE], "alone"),
    "listed, and it gives something away": (
        ["PDC-INTENT"],
        None,
        [roster_term("PDC-INTENT")],
        "asks",
    ),
    "listed, and it gives data to train AI": (["PDC-AI"], None, [roster_term("PDC-AI")], "asks"),
}


def vectors() -> Json:
    """Each case by itself."""
    return {
        "about": (
            "A site counters with `offers`, in time, while the terms `in_force` hold (null: none). "
            "The person `listed` these ids, at the hashes of roster.json. `agent`: it accepts "
            "alone, asks, or never signs."
        ),
        "cases": [
            {"name": name, "listed": listed, "in_force": in_force, "offers": offers, "agent": does}
            for name, (listed, in_force, offers, does) in _CASES.items()
        ],
    }
