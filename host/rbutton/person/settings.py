"""What `terms.toml` says, once it was read: what is wanted in general, and on one site."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from rbutton.terms.durations import DAYS

Negotiate = Literal["auto", "click", "never"]
Look = Literal["click", "auto", "never"]
OnOff = Literal["on", "off"]
Lasts = Literal["for good", "1 year", "6 months", "1 month"]
#: "exception" is DNT: 0, it may track me; of one site alone.
Dnt = Literal["on", "off", "exception"]

#: More choices than anybody weighs.
MAX_SETS = 64
#: Agreements of one set, and bytes of one's own terms as JSON: what fits into one offer where a
#: site's name and address are as long as they may be (protocol, "Bounds").
MAX_IN_SET = 5
MAX_OWN = 1_550
#: So that the browser can be told of all of them in one message.
MAX_SITES = 8_000
MAX_EXCEPTIONS = 4_000

#: Section → its keys that are one word → the words allowed there. "site" is what stands under a
#: name of `sites`.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "signals": {"dnt": ("on", "off"), "gpc": ("on", "off")},
    "proffer": {
        "negotiate": ("auto", "click", "never"),
        "lasts": ("for good", "1 year", "6 months", "1 month"),
    },
    "claims": {"look": ("click", "auto", "never")},
    "site": {
        "negotiate": ("auto", "click", "never"),
        "dnt": ("on", "off", "exception"),
        "gpc": ("on", "off"),
        "look": ("click", "auto", "never"),
        "recognise": ("on", "off"),
        "button": ("on", "off"),
    },
}

#: So few, as a site sees which was chosen.
_SPANS = {
    "1 year": timedelta(DAYS["Y"]),
    "6 months": timedelta(6 * DAYS["M"]),
    "1 month": timedelta(DAYS["M"]),
}

FIRST_TEXT = """\
#:schema terms.schema.json
# Your terms, and how the r-button offers them. Edit this file by hand whenever you like:
# a saved change is in force in about a second.

[signals]
# Sent with every request to every site.
dnt = "on"          # Do Not Track: "on" or "off"
gpc = "on"          # Global Privacy Control: "on" or "off"

[proffer]
# When your terms are offered to a site that takes terms:
#   "auto"   when you first click or type in its page
#   "click"  only when you press the button
#   "never"
negotiate = "auto"

# What is offered, most wanted first: the first set that the site signs as it is,
# or else the first one. Each name is an agreement of the roster.
terms = [["SD-BASE-DP"]]

# What else a site may get if it asks for it, without asking you:
# also = ["SD-BASE"]

# How long what is signed from now on holds: "for good", "1 year", "6 months" or "1 month":
# lasts = "1 year"

# Terms of your own, clause by clause, offered only when you say so:
# [own]
# clauses = { "track.offsite" = "never", copy = "on-request" }

# When a site is asked for what it says about itself: "click", when you press Look;
# "auto", on every visit; "never", not at all:
# [claims]
# look = "click"

# What differs on one site, or on all sites under a name. For each key the longest name counts:
# [sites."news.example"]
# negotiate = "never"
# dnt = "exception"   # "on", "off", or this: DNT: 0, it may track me
# [sites."*.example"]
# gpc = "off"
# look = "never"
# [sites."bank.example"]
# button = "off"      # no signal, no offer, no question: as if there were no button

# Who may track me where: on one site everybody, or only these; for good, or until then:
# [[exceptions]]
# site = "news.example"
# targets = ["ads.example"]
# until = 2027-01-01T00:00:00Z
"""


@dataclass(frozen=True)
class Signals:
    """Which signals go out; of the general ones neither is "exception"."""

    dnt: Dnt = "on"
    gpc: OnOff = "on"


@dataclass(frozen=True)
class Proffer:
    """What is offered, and when; what is accepted without asking if a site counters with it."""

    negotiate: Negotiate = "auto"
    terms: list[list[str]] = field(default_factory=lambda: [["SD-BASE-DP"]])
    also: list[str] = field(default_factory=list)
    lasts: Lasts = "for good"

    @property
    def span(self) -> timedelta | None:
        """How long what is signed holds; None: for good."""
        return _SPANS.get(self.lasts)


@dataclass(frozen=True)
class Own:
    """Terms of the person's own: clause → value, lists sorted; none where it is empty."""

    clauses: dict[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Claims:
    """When sites are asked for what they say about themselves."""

    look: Look = "click"


@dataclass(frozen=True)
class Site:
    """What differs on one site, or under one wildcard; None where it says nothing."""

    negotiate: Negotiate | None = None
    dnt: Dnt | None = None
    gpc: OnOff | None = None
    look: Look | None = None
    recognise: OnOff | None = None
    button: OnOff | None = None


@dataclass(frozen=True)
class Exemption:
    """One of `exceptions`: who may track the person where.

    Attributes:
        site: a host name, or "*." and one.
        targets: host names; None: everybody on that site.
        until: UTC, whole seconds; None: until it is revoked.
    """

    site: str
    targets: tuple[str, ...] | None = None
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


_T = TypeVar("_T")


@dataclass(frozen=True)
class Settings:
    """The whole of `terms.toml`."""

    signals: Signals = field(default_factory=Signals)
    proffer: Proffer = field(default_factory=Proffer)
    own: Own = field(default_factory=Own)
    claims: Claims = field(default_factory=Claims)
    sites: dict[str, Site] = field(default_factory=dict)
    exceptions: tuple[Exemption, ...] = ()

    def button_on(self, host: str) -> bool:
        """Whether there is a button at all on `host`: else no signal, no offer, no look."""
        return self._stated(host, lambda site: site.button) != "off"

    def negotiate_with(self, host: str) -> Negotiate:
        """When to offer to `host`."""
        if not self.button_on(host):
            return "never"
        return self._stated(host, lambda site: site.negotiate) or self.proffer.negotiate

    def signals_with(self, host: str) -> Signals:
        """What goes out to `host` (or to all under "*.example"), `exceptions` aside."""
        if not self.button_on(host):
            return Signals("off", "off")
        return Signals(
            self._stated(host, lambda site: site.dnt) or self.signals.dnt,
            self._stated(host, lambda site: site.gpc) or self.signals.gpc,
        )

    def signals_sent_to(self, host: str, now: datetime) -> Signals:
        """What `host` itself gets with its own pages, `exceptions` counted; off is off."""
        signals, names = self.signals_with(host), set(names_over(host))
        granted = any(
            one.site in names and one.holds(now) and (one.targets is None or host in one.targets)
            for one in self.exceptions
        )
        return replace(signals, dnt="exception") if granted and signals.dnt == "on" else signals

    def look_with(self, host: str) -> Look:
        """When to ask `host` for what it says about itself."""
        if not self.button_on(host):
            return "never"
        return self._stated(host, lambda site: site.look) or self.claims.look

    def recognises(self, host: str) -> bool:
        """Whether `host` may know the person again by the agreement."""
        stated = self._stated(host, lambda site: site.recognise)
        return self.button_on(host) and stated == "on"

    def differing_signals(self) -> Iterator[tuple[str, Signals]]:
        """The names of `sites` whose signals are others than without them.

        Both values are worked out, so that of these names the longest that fits decides alone.
        """
        for name in self.sites:
            here = self.signals_with(name)
            above = next(
                (one for one in names_over(name) if one != name and one in self.sites), None
            )
            if here != (self.signals_with(above) if above else self.signals):
                yield name, here

    def _stated(self, host: str, key: Callable[[Site], _T | None]) -> _T | None:
        """What the longest name that fits and states this key says."""
        sites = (self.sites[name] for name in names_over(host) if name in self.sites)
        return next((value for site in sites if (value := key(site)) is not None), None)


def names_over(host: str) -> Iterator[str]:
    """All that `host` may be named by, the longest first: itself, then the wildcards over it.

    For "*.shop.example" it is what covers all of its hosts.
    """
    yield host
    above = host.removeprefix("*.")
    while "." in above:
        above = above.partition(".")[2]
        yield f"*.{above}"
