"""What the button shows of one site, in words: a file a kind of state."""

from rbutton.decisions.view.agreed import active
from rbutton.decisions.view.countered import instead_of
from rbutton.decisions.view.model import Action, Reason, State, View
from rbutton.decisions.view.nothing import announced, invalid_policy, nothing_here
from rbutton.decisions.view.offered import on_record, potential
from rbutton.decisions.view.withdrawn import untold
from rbutton.decisions.words import as_sentence, site_name

__all__ = [
    "Action",
    "Reason",
    "State",
    "View",
    "active",
    "announced",
    "as_sentence",
    "instead_of",
    "invalid_policy",
    "nothing_here",
    "on_record",
    "potential",
    "site_name",
    "untold",
]
