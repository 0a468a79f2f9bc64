"""`rbutton terms`: the roster, and your own `terms.toml`."""

import json
import sys
import textwrap
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from rbutton.cli import homes, terms_edit
from rbutton.cli.commands import DONE, NO, Commands, show_verbs
from rbutton.person.errors import Mistake, PersonError
from rbutton.person.home import Home
from rbutton.person.settings import Settings
from rbutton.person.settings_parsing import nearest, parse
from rbutton.person.terms_file import TermsFile, text_of
from rbutton.shipped.roster import catalogue
from rbutton.terms.clauses import Clauses
from rbutton.terms.click_only import CLICK_ONLY

_WIDTH = 90
_BY_CLICK = "by your click alone"


def add(commands: Commands) -> None:
    """Its verbs and their options."""
    parser = commands.add_parser(
        "terms",
        help="the agreements there are, and your own terms.toml",
        description="The agreements there are, and what your terms.toml says. A change reaches "
        "open browsers in about a second.",
    )
    show_verbs(parser)
    verbs = parser.add_subparsers(metavar="VERB")
    one = verbs.add_parser("list", help="the agreements of the roster, those you offer marked")
    _json(one, "one JSON object a line")
    one.set_defaults(run=run_list)
    one = verbs.add_parser("show", help="one agreement: its words and its clauses")
    one.add_argument("id", metavar="ID", help="such as SD-BASE-DP; own: your own terms")
    _json(one, "one JSON object")
    one.set_defaults(run=run_show)
    one = verbs.add_parser("check", help="whether terms.toml, or another file, is right")
    one.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help="another one; left out: your own"
    )
    _json(one, "one JSON object")
    one.set_defaults(run=run_check)
    terms_edit.add(verbs)


def run_list(options: Namespace) -> int:
    """Print the roster.

    Raises:
        PersonError: the home cannot be used.
    """
    settings, wrong = homes.in_force()
    offered = settings.proffer
    rows = []
    for document in catalogue().documents.values():
        places = [at for at, ids in enumerate(offered.terms, 1) if document.id in ids]
        rows.append(
            {
                "id": document.id,
                "title": document.title,
                "summary": document.summary,
                "sha256": document.sha256,
                "offered": places,
                "also": document.id in offered.also,
                "by_click": document.id in CLICK_ONLY,
            }
        )
    if wrong:
        print(wrong, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        for row in rows:
            print(json.dumps(row))
        return DONE
    wide = max(len(row["id"]) for row in rows)  # type: ignore[arg-type]
    for row in rows:
        said = [*(f"choice {at}" for at in row["offered"]), *["accepted"] * bool(row["also"])]  # type: ignore[attr-defined]
        said += [_BY_CLICK] * bool(row["by_click"])
        mark = "*" if row["offered"] or row["also"] else " "
        print(f"{mark} {row['id']:<{wide}}  {row['title']}{_in_brackets(said)}")
    print("\n* is what you offer, most wanted first, or accept. More of one: rbutton terms show ID")
    return DONE


def run_show(options: Namespace) -> int:
    """Print one agreement.

    Raises:
        PersonError: there is none of that id, or the home cannot be used.
    """
    if options.id == "own":
        return _show_own(as_json=options.json)
    documents = catalogue().documents
    if options.id not in documents:
        raise PersonError(
            "usage", f"“{options.id[:80]}” is not in the roster.", nearest(options.id, documents)
        )
    document = documents[options.id]
    clauses = _in_words(document.clauses)
    if options.json:
        told = {**document.model_dump(), "sha256": document.sha256, "in_words": clauses}
        print(json.dumps({**told, "by_click": document.id in CLICK_ONLY}))
        return DONE
    print(f"{document.title}\n{document.id}, {document.sha256}\n")
    if document.id in CLICK_ONLY:
        print(_wrapped(f"It gives something away, so it is offered {_BY_CLICK}."), end="\n\n")
    print(_wrapped(document.summary), end="\n\n")
    _print_clauses(clauses)
    print()
    print("\n\n".join(_wrapped(part) for part in document.text.split("\n\n")))
    print(f"\n{document.url}")
    return DONE


def run_check(options: Namespace) -> int:
    """Say whether a file is right, and what is to be known of it.

    Raises:
        PersonError: the home cannot be used.
    """
    home = homes.begun() if options.file is None else None
    path: Path = options.file or Home.of_environment().terms_file
    told: dict[str, Any] = {"file": str(path), "ok": True, "line": None}
    told |= {"message": None, "fix": None, "notes": []}
    if not (home or options.file):
        homes.tell_not_yet("Nothing is wrong.", as_json=options.json)
        if options.json:
            print(json.dumps({**told, "notes": [homes.not_yet()]}))
        return DONE
    try:
        text = text_of(path, home.last_good if home else None)
        found = parse(text, catalogue().documents)
    except PersonError as error:
        told |= {"ok": False, "message": error.message, "fix": error.fix}
        if isinstance(error, Mistake):
            told |= {"line": error.line, "message": error.in_file(str(path))}
    else:
        told["notes"] = _notes(found)
        if home:
            told["notes"] += [f"To be confirmed in the button: {one}" for one in _loosened(home)]
    if options.json:
        print(json.dumps(told))
    elif told["ok"]:
        print("\n".join([f"{path} has no mistake.", *told["notes"]]))
    else:
        print(f"{told['message']}\n{told['fix']}")
    return DONE if told["ok"] else NO


def _notes(found: Settings) -> list[str]:
    given = sorted({one for ids in found.proffer.terms for one in ids} & CLICK_ONLY)
    notes = [f"{one} gives something away: it is offered {_BY_CLICK}." for one in given]
    if found.own.clauses:
        notes.append("Your own terms may make you recognisable: they are offered by click alone.")
    return notes


def _loosened(home: Home) -> list[str]:
    loosened = TermsFile(home, catalogue().documents).loosened
    return loosened.changes if loosened else []


def _show_own(*, as_json: bool) -> int:
    settings, wrong = homes.in_force()
    own = settings.own.clauses
    if wrong:
        print(wrong, file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps({"id": "own", "clauses": own, "in_words": _in_words(own)}))
    elif own:
        print("Your own terms, offered only when you say so: they may make you recognisable.\n")
        _print_clauses(_in_words(own))
    else:
        print("You have no terms of your own. Such as: rbutton terms set own.clauses.sell never")
    return DONE


def _in_words(clauses: Clauses) -> list[dict[str, Any]]:
    known = catalogue().vocabulary.by_name
    return [
        {
            "clause": name,
            "value": value,
            "label": known[name].label,
            "says": known[name].words(value),
            "dpv": known[name].iris(value),
        }
        for name, value in clauses.items()
    ]


def _print_clauses(clauses: list[dict[str, Any]]) -> None:
    wide = max(len(one["label"]) for one in clauses)
    for one in clauses:
        value = one["value"] if isinstance(one["value"], str) else ", ".join(one["value"])
        print(f"  {one['label']:<{wide}}  {one['says']}  ({one['clause']} {value or '[]'})")


def _in_brackets(said: list[str]) -> str:
    return f" ({', '.join(said)})" if said else ""


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False)


def _json(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=what)
