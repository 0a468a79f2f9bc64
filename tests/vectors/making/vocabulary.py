"""The clauses of `terms/clauses.toml` as JSON, for who has no TOML at hand."""

from rbutton.shipped.roster import catalogue
from rbutton.terms.clauses import Chain, Names
from tests.vectors.making.common import Json


def vectors() -> Json:
    """Every clause with its values, without the words for people."""
    return {
        "about": (
            "Clauses in the order of the protocol's table. `chain`: `values`, strict to lax; "
            "`set`: a sorted list of `names`; `duration`: a span of time."
        ),
        "clauses": [_one(clause) for clause in catalogue().vocabulary.clause],
    }


def _one(clause: object) -> Json:
    if isinstance(clause, Chain):
        return {"name": clause.name, "kind": "chain", "values": clause.values}
    if isinstance(clause, Names):
        return {"name": clause.name, "kind": "set", "names": sorted(clause.items)}
    return {"name": getattr(clause, "name", ""), "kind": "duration"}
