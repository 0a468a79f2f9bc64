"""How one agreement comes from state to state: by records of the ledger, and in no other way.

docs/protocol.md has the same table, and a test holds the two together.
"""

from collections.abc import Mapping
from typing import Literal

from rbutton.person.ledger import Kind

#: offered: signed by the person, not answered. countered: the site signed other terms instead;
#: answered: and the person said what they think of that. agreed: both signed. replaced: by a later
#: agreement. withdrawn: the person ended it, or took it back.
State = Literal[
    "new",
    "offered",
    "countered",
    "answered",
    "agreed",
    "declined",
    "refused",
    "replaced",
    "withdrawn",
]

#: State → kind of record → the next state. Any other record leaves the state as it is.
#:
#: What only two machines' records together can bring about is here as well: whatever stands first
#: in a merged ledger, both signatures count, and what was ended stays ended.
TABLE: Mapping[State, Mapping[Kind, State]] = {
    "new": {"proffer": "offered", "accepted": "agreed"},
    "offered": {
        "sealed": "agreed",
        "countered": "countered",
        "declined": "declined",
        "refused": "refused",
        "withdraw": "withdrawn",
    },
    "countered": {
        "counter-accepted": "answered",
        "counter-declined": "answered",
        "sealed": "agreed",
        "withdraw": "withdrawn",
    },
    "answered": {"sealed": "agreed", "withdraw": "withdrawn"},
    "agreed": {"replaced": "replaced", "withdraw": "withdrawn"},
    "declined": {"sealed": "agreed", "withdraw": "withdrawn"},
    "refused": {"sealed": "agreed", "withdraw": "withdrawn"},
    # Nothing that was ended comes back, whatever is replayed.
    "replaced": {"withdraw": "withdrawn"},
    "withdrawn": {},
}
