"""The names of sites that a browser can make no rule of: signals go out there as without them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from rbutton.person.settings import Settings
from rbutton.terms.encoding import check_origin
from rbutton.terms.errors import InvalidDocument

#: Labels of a name, as extension/site_rules.js has it.
MOST_LABELS = 12

Misfit = Literal["too-long", "no-host"]


def misfits(settings: Settings, now: datetime) -> Iterator[tuple[str, Misfit]]:
    """The names that say something of signals in vain, and why."""
    names = [name for name, _ in settings.differing_signals()]
    for one in settings.exceptions:
        if one.holds(now):
            names += [one.site, *(one.targets or ())]
    for name in dict.fromkeys(names):
        if why := _misfit(name):
            yield name, why


def _misfit(name: str) -> Misfit | None:
    domain = name.removeprefix("*.")
    if len(domain.split(".")) > MOST_LABELS:
        return "too-long"
    try:
        check_origin(f"https://{domain}")
    except InvalidDocument:
        return "no-host"
    return None
