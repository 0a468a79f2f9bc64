"""How what a site answered comes from state to state, and what its payload is answered with then.

docs/protocol.md has the same tables, and a test holds them together.
"""

from collections.abc import Mapping
from typing import Literal

#: sealed: signed by both. superseded: by a later one that both signed. withdrawn: the person ended
#: it. countered: a proffer that got a counter; offered: that counter, signed by the site alone;
#: voided: either of them, taken back. declined: refused, and for that payload for good.
State = Literal["sealed", "superseded", "withdrawn", "countered", "offered", "voided", "declined"]

#: accepted: the counter, with both signatures. replaced: another that names it in `supersedes` was
#: sealed. withdraw: the person's notice.
Event = Literal["accepted", "replaced", "withdraw"]

#: State → what comes → the next state. Anything else is answered, and changes nothing.
TABLE: Mapping[State, Mapping[Event, State]] = {
    "sealed": {"replaced": "superseded", "withdraw": "withdrawn"},
    "superseded": {"withdraw": "withdrawn"},
    "withdrawn": {"withdraw": "withdrawn"},
    "countered": {"withdraw": "voided"},
    "offered": {"accepted": "sealed", "withdraw": "voided"},
    "voided": {"withdraw": "voided"},
    "declined": {},
}

#: What the payload of that state is answered with when it comes again: the signed document that is
#: kept, the refusal that is kept, or 410.
ANSWER: Mapping[State, Literal["signed", "refusal", "expired"]] = {
    "sealed": "signed",
    "superseded": "signed",
    "withdrawn": "expired",
    "countered": "signed",
    "offered": "signed",
    "voided": "expired",
    "declined": "refusal",
}
