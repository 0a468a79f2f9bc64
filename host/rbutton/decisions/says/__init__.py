"""What a site says of how it treats the person: each as what it is, in one sentence."""

from rbutton.decisions.says.asking import Address, due, outcome_of
from rbutton.decisions.says.model import Detail, Line, Says
from rbutton.decisions.says.reading import says

__all__ = ["Address", "Detail", "Line", "Says", "due", "outcome_of", "says"]
