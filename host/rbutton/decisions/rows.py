"""Clauses as rows that a person reads: what is offered, what was promised."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from rbutton.decisions.proffer import Choice, may_negotiate
from rbutton.terms.agreement import SignedAgreement
from rbutton.terms.clauses import Clauses, Vocabulary
from rbutton.terms.policy import Policy
from rbutton.terms.roster import Catalogue, RosterDocument

Mark = Literal["met", "gap", "unknown"]


class Shown(BaseModel):
    """Part of a view: it goes to the extension as JSON."""

    model_config = ConfigDict(frozen=True)


class Row(Shown):
    """One clause, or a group of them told as one."""

    mark: Mark
    label: str
    value: str


def accepted_documents(policy: Policy, catalogue: Catalogue) -> list[RosterDocument]:
    """The roster documents the site says it signs, of those that are known here."""
    ids = set(policy.document.accepts)
    return [document for document in catalogue.documents.values() if document.id in ids]


def promised_rows(signed: SignedAgreement, vocabulary: Vocabulary) -> list[Row]:
    """What a site that signed promised: a row a clause, or one for a group at its strictest."""
    terms = (term.clauses for term in signed.agreement.terms)
    return promised_clauses(terms, vocabulary, "promised")


def promised_clauses(several: Iterable[Clauses], vocabulary: Vocabulary, value: str) -> list[Row]:
    """Terms that all hold, as rows that say `value`."""
    clauses = vocabulary.strictest(several)
    return [Row(mark="met", label=label, value=value) for label in _promises(clauses, vocabulary)]


def offered_rows(choice: Choice, policy: Policy, catalogue: Catalogue) -> list[Row]:
    """What would be offered, held against what the policy says of the site.

    It says so by its limits, and by the agreements that it accepts as they are.
    """
    vocabulary = catalogue.vocabulary
    clauses = vocabulary.strictest(document.clauses for document in choice.terms)
    if choice.taken_whole:
        value = "it signs" if may_negotiate(policy) else "it says it accepts"
        return [
            Row(mark="met", label=label, value=value) for label in _promises(clauses, vocabulary)
        ]
    accepted = [document.clauses for document in accepted_documents(policy, catalogue)]
    limits = vocabulary.strictest([policy.limits, *accepted])
    marks = vocabulary.against(clauses, limits)
    said = {"met": "it keeps to it", "unknown": "it does not say"}
    return [
        Row(
            mark=marks[name],
            label=vocabulary.by_name[name].promised(value),
            value=said.get(marks[name]) or f"it: {vocabulary.by_name[name].words(limits[name])}",
        )
        for name, value in clauses.items()
    ]


def _promises(clauses: Clauses, vocabulary: Vocabulary) -> list[str]:
    told: set[str] = set()
    rows = []
    for name, value in clauses.items():
        if name in told:
            continue
        group = next((group for group in vocabulary.group if name in group.clauses), None)
        if group and all(
            one in clauses and vocabulary.by_name[one].is_strictest(clauses[one])
            for one in group.clauses
        ):
            told.update(group.clauses)
            rows.append(group.promise)
        else:
            rows.append(vocabulary.by_name[name].promised(value))
    return rows
