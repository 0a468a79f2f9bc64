"""What an edit of `terms.toml` made laxer: nothing is signed by itself under it unconfirmed.

Laxer is less asked of sites, more told to them, or more done without the person.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rbutton.person.settings import WORDS, Exemption, Settings
from rbutton.terms.click_only import CLICK_ONLY

_OFFERED = {"auto": "by themselves", "click": "only by your click", "never": "nowhere"}
_LOOKED = {"auto": "on every visit", "click": "only when you press Look", "never": "never"}
_DNT = {"on": "on", "off": "off", "exception": "an exception, by which it may track you"}
# Strict to lax, where the words allowed do not stand like that.
_AUTO_LAST = ("never", "click", "auto")


def loosenings(old: Settings, new: Settings, now: datetime) -> list[str]:
    """All that is laxer in `new`, in sentences for the person: how it is, and how it was.

    Vocabulary and roster are read only where terms differ.
    """
    found = [*_general(old, new), *_sites(old, new)]
    if old.proffer.terms != new.proffer.terms:
        found += _terms(old.proffer.terms, new.proffer.terms)
    found += _also(old.proffer.also, new.proffer.also)
    if old.own != new.own:
        found += _own(old, new)
    return [*found, *_exceptions(old.exceptions, new.exceptions, now)]


def _general(old: Settings, new: Settings) -> Iterator[str]:
    for key, name in (("dnt", "DNT"), ("gpc", "GPC")):
        before, after = getattr(old.signals, key), getattr(new.signals, key)
        if _laxer(after, before, WORDS["signals"][key]):
            yield f"The signal {name} is {after} now; it was {before}."
    before, after = old.proffer.negotiate, new.proffer.negotiate
    if _laxer(after, before, _AUTO_LAST):
        yield f"Your terms are offered {_OFFERED[after]} now; it was {_OFFERED[before]}."
    if _laxer(new.proffer.lasts, old.proffer.lasts, WORDS["proffer"]["lasts"]):
        yield f"What is signed lasts {new.proffer.lasts} now; it was {old.proffer.lasts}."
    if _laxer(new.claims.look, old.claims.look, _AUTO_LAST):
        yield (
            f"Sites are asked about themselves {_LOOKED[new.claims.look]} now; "
            f"it was {_LOOKED[old.claims.look]}."
        )


def _sites(old: Settings, new: Settings) -> Iterator[str]:
    for name in {**old.sites, **new.sites}:
        if old.sites.get(name) == new.sites.get(name):
            continue
        if said := list(_site(old, new, name)):
            where = f"All under {name[2:]}" if name.startswith("*.") else name
            yield f"{where}: {'; '.join(said)}."


def _site(old: Settings, new: Settings, name: str) -> Iterator[str]:
    before, after = old.signals_with(name), new.signals_with(name)
    for key, signal in (("dnt", "DNT"), ("gpc", "GPC")):
        was, now = getattr(before, key), getattr(after, key)
        # What the general setting did is told once, with that.
        same = was == getattr(old.signals, key) and now == getattr(new.signals, key)
        if not same and _laxer(now, was, WORDS["site"]["dnt"]):
            yield f"{signal} is {_DNT[now]} now; it was {_DNT[was]}"
    offered = old.negotiate_with(name), new.negotiate_with(name)
    if offered != (old.proffer.negotiate, new.proffer.negotiate) and _laxer(
        offered[1], offered[0], _AUTO_LAST
    ):
        yield f"your terms are offered {_OFFERED[offered[1]]} now; it was {_OFFERED[offered[0]]}"
    looked = old.look_with(name), new.look_with(name)
    if looked != (old.claims.look, new.claims.look) and _laxer(looked[1], looked[0], _AUTO_LAST):
        yield f"asked about itself {_LOOKED[looked[1]]} now; it was {_LOOKED[looked[0]]}"
    if new.recognises(name) and not old.recognises(name):
        yield "it may recognise you now"


def _terms(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> Iterator[str]:
    """A site gets the first set that it takes whole: for each, what it would have got before."""
    from rbutton.shipped.roster import catalogue

    held = catalogue()
    before, after = [frozenset(one) for one in old], [frozenset(one) for one in new]

    def no_laxer(one: frozenset[str], other: frozenset[str]) -> bool:
        if (one & CLICK_ONLY) - other:
            return False
        merged = [
            held.vocabulary.strictest(held.documents[term].clauses for term in terms)
            for terms in (one, other)
        ]
        return held.vocabulary.compare(*merged) in ("equal", "stricter")

    def named(ids: frozenset[str]) -> str:
        return " and ".join(f"“{held.documents[one].title}”" for one in sorted(ids))

    for place, one in enumerate(after):
        preferred = before[: before.index(one)] if one in before else before
        for other in preferred:
            if other not in after[:place] and not no_laxer(one, other):
                yield (
                    f"Where a site takes it, {named(one)} is offered now; "
                    f"before, {named(other)} came first."
                )
                break


def _also(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    from rbutton.shipped.texts import roster_texts

    if added := [one for one in new if one not in old]:
        titles = {text["id"]: text["title"] for text in roster_texts()}
        for one in added:
            yield f"“{titles[one]}” is accepted now without asking you, where a site wants it."


def _own(old: Settings, new: Settings) -> Iterator[str]:
    from rbutton.shipped.roster import catalogue

    for name, before in old.own.clauses.items():
        clause = catalogue().vocabulary.by_name[name]
        after = new.own.clauses.get(name)
        if clause.is_laxest(before) if after is None else clause.meets(after, before):
            continue
        now = "not asked for now" if after is None else f"{clause.words(after)} now"
        yield f"In your own terms, {clause.label}: {now}; it was {clause.words(before)}."


def _exceptions(old: Sequence[Exemption], new: Sequence[Exemption], now: datetime) -> Iterator[str]:
    known: dict[str, list[Exemption]] = {}
    for one in old:
        known.setdefault(one.site, []).append(one)
    for one in new:
        if one.holds(now) and not any(_covers(other, one) for other in known.get(one.site, [])):
            who = "everybody" if one.targets is None else ", ".join(one.targets)
            where = f"all under {one.site[2:]}" if one.site.startswith("*.") else one.site
            until = f" until {one.until:%Y-%m-%d}" if one.until else ""
            yield f"On {where}, {who} may track you now{until}."


def _covers(old: Exemption, new: Exemption) -> bool:
    targets = old.targets is None or (
        new.targets is not None and set(new.targets) <= set(old.targets)
    )
    return targets and (old.until is None or (new.until is not None and new.until <= old.until))


def _laxer(after: str, before: str, strict_to_lax: Sequence[str]) -> bool:
    return strict_to_lax.index(after) > strict_to_lax.index(before)
