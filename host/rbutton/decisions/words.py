"""Names, days and sentences, as the button says them."""

import unicodedata
from datetime import datetime

from rbutton.decisions.plain import few_marks

_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]


def site_name(origin: str) -> str:
    """How an origin is called in a sentence: its host, with the port where it is unusual."""
    return origin.partition("://")[2]


def local(moment: datetime) -> datetime:
    """The same in the person's time zone; the first and last day there are stay as they are."""
    try:
        return moment.astimezone()
    except OverflowError:
        return moment


def day(moment: datetime) -> str:
    """ "22 November 2026", in the person's time zone."""
    here = local(moment)
    return f"{here.day} {_MONTHS[here.month - 1]} {here.year}"


def sentences(several: list[str]) -> str:
    """Those that are not empty, as one text."""
    return " ".join(one for one in several if one)


def as_sentence(fault: str) -> str:
    """What is wrong, as one sentence; "" stays that."""
    return f"{fault[0].upper()}{fault[1:]}." if fault else ""


#: Letters and marks that Unicode draws as nothing: a name of these alone is no name to show.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
#: With one of these a name could end before it ends: what is between the quotes is the site's word.
_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»‹›❝❞〝〞〟＂', "’"))


def fit_to_show(name: str) -> str | None:
    """A site's own name as it may stand in quotes, or None where nothing of it would be seen."""
    drawn = (one for one in name if one not in _BLANK and unicodedata.category(one) != "Mn")
    if all(one.isspace() for one in drawn):
        return None
    return few_marks(name.translate(_QUOTES))
