"""What a site changed in its policy since the person last relied on it."""

from datetime import datetime

from rbutton.decisions.differences import Difference, of_clauses
from rbutton.decisions.words import fit_to_show
from rbutton.terms import promise as promises
from rbutton.terms.agreement import Agreement
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue


def changes(
    new: Policy, old: Policy, signed: Agreement, catalogue: Catalogue, now: datetime
) -> list[Difference]:
    """What matters to who has an agreement with the site; empty where nothing of that changed."""
    found = _named(new, old)
    if signed.site.jwk in old.keys and signed.site.jwk not in new.keys:
        found.append(_other("The key it signed with", "published", "not published any more"))
    for document in catalogue.documents.values():
        was, is_now = (document.id in one.document.accepts for one in (old, new))
        if was != is_now:
            said = "it says that it signs it", "it does not say that it signs it"
            mine = any(term.id == document.id for term in signed.terms)
            found.append(
                Difference(
                    mark="laxer" if was and mine else "other",
                    label=document.title,
                    was=said[not was],
                    now=said[not is_now],
                )
            )
    found += of_clauses(new.limits, old.limits, catalogue.vocabulary)
    if new.document.negotiates != old.document.negotiates:
        said = "no", "yes"
        found.append(
            _other("It takes offers", said[old.document.negotiates], said[new.document.negotiates])
        )
    return found + _promised(new, old, catalogue, now)


def _named(new: Policy, old: Policy) -> list[Difference]:
    told = []
    for label, member in (
        ("It calls itself", "name"),
        ("It is reached at", "contact"),
        ("It says that it is under the law of", "jurisdiction"),
    ):
        was, now = (getattr(one.document.controller, member) for one in (old, new))
        if was != now:
            shown = [(fit_to_show(one) if one else None) or "not stated" for one in (was, now)]
            told.append(_other(label, *shown))
    return told


def _promised(new: Policy, old: Policy, catalogue: Catalogue, now: datetime) -> list[Difference]:
    def clauses(policy: Policy) -> dict[str, str | list[str]]:
        promise, _ = promises.of_policy(policy, catalogue, now)
        return catalogue.vocabulary.strictest(
            term.clauses for term in (promise.terms if promise else ())
        )

    return [
        one.model_copy(update={"label": f"{one.label}, promised to everyone"})
        for one in of_clauses(clauses(new), clauses(old), catalogue.vocabulary)
    ]


def _other(label: str, was: str, now: str) -> Difference:
    return Difference(mark="other", label=label, was=was, now=now)
