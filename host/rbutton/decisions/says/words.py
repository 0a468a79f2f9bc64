"""The sentences. What a site's standard calls it stands in the details."""

from collections.abc import Iterable

from rbutton.decisions.words import day
from rbutton.terms.claims.contradictions import Contradiction, Statement
from rbutton.terms.claims.gpc import Gpc
from rbutton.terms.encoding import from_time_text

#: Who says it: a header, the status of the whole site, or that of some pages.
SPEAKERS = {"tk": "Its pages say", "status": "It says", "status-id": "Of these pages it says"}
#: What, of a tracking status value.
TRACKING = {
    "N": "that it does not track you.",
    "T": "that it tracks you.",
    "C": "that it tracks you, and that you consented to it.",
    "P": "that it tracks you only if you consent.",
    "D": "that it disregards Do Not Track.",
    "G": "that it passes you on to others, who have answers of their own.",
    "?": "that whether it tracks you differs from page to page.",
    "!": "that what it tells of tracking is a test and means nothing yet.",
    "U": "that your last request may have changed whether it tracks you.",
}
EFF = "It promises everyone to keep to EFF’s Do Not Track policy, version {version}."
MYTERMS = "It says that it signs: {titles}."
MYTERMS_UNREAD = "It says that there are terms it signs; which, it was not asked yet."
CONSENT = "It asks for your consent to {count}. Nothing was answered."
#: The id is the site's: it must not pass for a label of ours.
REQUEST = "Request “{id}”"
CONSENT_NONE = "It asks for your consent to nothing."
CONSENT_UNREAD = "It has requests for your consent, which were not read yet."
CONSENT_ELSEWHERE = "It has requests for your consent at an address that is not asked."
POLICY = "It says that it takes terms, and signs: {titles}."
POLICY_ONLY = "It says that it takes terms, and names none that are known here."
PROMISE = "It promises everyone, until {until}: {titles}."
AGREEMENT = "It signed your terms: {titles}."

#: What something is called that was read and cannot be understood.
NAMES = {
    "tk": "its Tk header",
    "status": "its tracking status",
    "status-id": "its tracking status of these pages",
    "gpc": "its gpc.json",
    "eff": "its Do Not Track policy",
    "myterms": "its myterms.json",
    "consent": "its requests for consent",
    "policy": "its policy",
    "promise": "its promise",
}

_STATUS_SAYS = {
    "N": "that it does not track you",
    "T": "that it tracks you",
    "C": "that it tracks you with your consent",
    "D": "that it disregards Do Not Track",
}
_SIGNED = {
    "tracking": "never to track you on other sites",
    "selling": "never to sell your data",
}
_FORBIDS = {
    "tracking": "that forbid to track you on other sites",
    "selling": "that forbid to sell your data",
}


def gpc(said: Gpc) -> str:
    """What `gpc.json` says."""
    abides = "abides" if said.abides else "does not abide"
    return f"It says that it {abides} by Global Privacy Control."


def tracking(what: str, value: str) -> str:
    """What a tracking status value says, by where it stood."""
    return f"{SPEAKERS[what]} {TRACKING[value]}"


def of_contradictions(found: Iterable[Contradiction]) -> list[str]:
    """One sentence for each thing that a site says it does, with all that denies it."""
    denied: dict[Statement, list[str]] = {}
    changes = []
    for one in found:
        if one.one.earlier:
            name, since = NAMES[one.one.source], day(from_time_text(one.one.earlier))
            before, now = _content(one.one), _content(one.other)
            changes.append(f"On {since} {name} said {before}; now {now}.")
        else:
            does, denies = (one.one, one.other) if one.one.does else (one.other, one.one)
            denied.setdefault(does, []).append(_stated(denies))
    told = [f"{_stated(does)}, but {_and(denials)}." for does, denials in denied.items()]
    return [f"{one[0].upper()}{one[1:]}" for one in told] + changes


def listed(titles: list[str], most: int = 3) -> str:
    """Titles of agreements in quotation marks, as many as somebody reads in a sentence."""
    shown = ", ".join(f"“{title}”" for title in titles[:most])
    return shown if len(titles) <= most else f"{shown} and {len(titles) - most} more"


def _and(several: list[str]) -> str:
    *first, last = several
    return f"{', '.join(first)} and {last}" if first else last


def _stated(one: Statement) -> str:
    match one.source:
        case "agreement":
            return f"it signed {_SIGNED[one.topic]}"
        case "promise":
            return f"it promised {_SIGNED[one.topic]}"
        case "eff":
            return "it promises to keep to EFF’s Do Not Track policy"
        case "policy" | "myterms":
            return f"it says that it signs terms {_FORBIDS[one.topic]}"
        case _:
            return f"{NAMES[one.source]} says {_content(one)}"


def _content(one: Statement) -> str:
    if one.source == "gpc":
        abides = "does not abide" if one.does else "abides"
        return f"that it {abides} by Global Privacy Control"
    return _STATUS_SAYS[one.value]
