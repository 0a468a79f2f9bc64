"""What the button shows of one site, in words: a file a kind of state."""

from rbutton.decisions.view.agreed import active
from rbutton.decisions.view.model import Action, Reason, State, View
from rbutton.decisions.view.nothing import announced, invalid_policy, nothing_here
from rbutton.decisions.view.offered import ended, open_proffer, potential
from rbutton.decisions.view.withdrawn import withdrawn
from rbutton.decisions.view.words import site_name

__all__ = [
    "Action",
    "Reason",
    "State",
    "View",
    "active",
    "announced",
    "ended",
    "invalid_policy",
    "nothing_here",
    "open_proffer",
    "potential",
    "site_name",
    "withdrawn",
]
