"""What the documents say is what the code does: examples, tables, quotations, options, links."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rbutton.browsers import adding, install, stage
from rbutton.cli import agreements as listing
from rbutton.decisions import reply
from rbutton.decisions.view import agreed
from rbutton.demo import play
from rbutton.person import settings
from rbutton.person.settings_parsing import parse
from rbutton.shipped.roster import catalogue
from rbutton.terms import agreement as agreements
from rbutton.terms import documents, jws
from rbutton.terms import policy as policies
from rbutton.terms.agreement import Agreement, RosterTerm
from rbutton.terms.clauses import Chain, Duration, Names
from rbutton.terms.encoding import b64u, check_origin, from_b64u, from_time_text, sha256, time_text
from rbutton.terms.header import emanciterms
from rbutton.terms.keys import PublicKey, person_key
from rbutton.terms.models import build

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text("utf-8")
PROTOCOL = (TOP / "docs/protocol.md").read_text("utf-8")
ARCHITECTURE = (TOP / "docs/architecture.md").read_text("utf-8")
VECTORS: dict[str, Any] = json.loads((TOP / "tests/vectors/agreement.json").read_text("utf-8"))
ROSTER: dict[str, Any] = json.loads((TOP / "terms/roster.json").read_text("utf-8"))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

Json = dict[str, Any]


def examples(text: str) -> dict[str, str]:
    """Name → body of every fenced block whose first line has `example=NAME`."""
    found = re.findall(r"^```\w+ example=([\w-]+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(dict(found)) == len(found), "two examples have one name"
    return dict(found)


def as_json(text: str) -> Json:
    return documents.parse(text.encode(), "example")


def shortened(shown: Any, real: Any) -> bool:
    """Whether `shown` is `real`, but for what a `…` in its strings stands for."""
    match shown, real:
        case dict(), dict():
            return list(shown) == list(real) and all(
                shortened(shown[name], real[name]) for name in real
            )
        case list(), list():
            return len(shown) == len(real) and all(map(shortened, shown, real))
        case str(), str() if "…" in shown:
            start, _, end = shown.partition("…")
            return real.startswith(start) and real.endswith(end) and len(shown) < len(real)
    return bool(shown == real)


def read_policy(text: str) -> policies.Policy:
    return policies.read(text.encode(), VECTORS["origin"], catalogue().vocabulary, NOW)


def check_header(text: str) -> None:
    assert text == f"EmanciTerms: {VECTORS['header']}\n"
    assert text == f"EmanciTerms: {emanciterms(['SD-BASE-DP'])}\n"


def check_announcement(text: str) -> None:
    assert text == f"Link: {policies.ANNOUNCEMENT}\n"


def check_policy(text: str) -> None:
    """Byte for byte, as its hash is over the bytes."""
    assert text == VECTORS["policy"] + "\n"
    assert read_policy(text[:-1]).sha256 == VECTORS["policy_sha256"]


def check_policy_hash(text: str) -> None:
    assert text == VECTORS["policy_sha256"] + "\n"


def check_policy_full(text: str) -> None:
    """It has every member there is but `promise`, and all of it counts."""
    policy = read_policy(text)
    assert as_json(text).keys() == policies.Document.model_fields.keys() - {"promise"}
    assert as_json(text)["controller"].keys() == policies.Controller.model_fields.keys()
    assert [key.model_dump() for key in policy.keys] == as_json(text)["keys"]
    assert policy.limits == as_json(text)["limits"]


def check_promise_payload(text: str) -> None:
    members = as_json(text)
    assert list(members) == ["emanciterms", "type", "origin", "terms", "until"]
    assert (members["emanciterms"], members["type"]) == (1, "promise")
    check_origin(members["origin"])
    from_time_text(members["until"])
    for term in members["terms"]:
        assert catalogue().holds(term["id"], term["sha256"], term["clauses"])


def check_roster_entry(text: str) -> None:
    shown = as_json(text)
    real = next(
        one for one in ROSTER["agreements"] if one["document"]["id"] == shown["document"]["id"]
    )
    assert shortened(shown, real)


def check_payload(text: str) -> None:
    """Its canonical form is what was signed."""
    assert documents.canonical(as_json(text)) == VECTORS["payload"].encode()
    assert list(as_json(text)) == list(Agreement.model_fields)


def check_id(text: str) -> None:
    assert text == VECTORS["id"] + "\n"
    assert text == sha256(VECTORS["payload"].encode()) + "\n"


def check_keys(text: str) -> None:
    shown = as_json(text)
    key = person_key(from_b64u(shown["seed"]), from_b64u(shown["nonce"]), shown["origin"])
    assert shown["private"] == b64u(key.private_bytes_raw()) == VECTORS["person_private_key"]
    assert shown["public"] == PublicKey.of(key).model_dump() == VECTORS["person_jwk"]
    assert shown["kid"] == PublicKey.of(key).thumbprint == VECTORS["person_kid"]
    assert {name: shown[name] for name in ("seed", "nonce", "origin")}.items() <= VECTORS.items()


def check_protected(text: str) -> None:
    first = json.loads(VECTORS["sealed"])["signatures"][0]["protected"]
    assert text == from_b64u(first).decode() + "\n"
    build(jws.Protected, as_json(text), "example")


def check_sealed(text: str) -> None:
    assert shortened(json.loads(text), json.loads(VECTORS["sealed"]))
    assert agreements.read(VECTORS["sealed"].encode()).sealed


def check_proffer(text: str) -> None:
    head, _, body = text.partition("\n\n")
    assert head.splitlines() == [
        f"POST {policies.ENDPOINT_PATH} HTTP/1.1",
        f"Host: {VECTORS['origin'].removeprefix('https://')}",
        f"Content-Type: {jws.CONTENT_TYPE}",
    ]
    assert shortened(json.loads(body), json.loads(VECTORS["proffer"]))


def check_counter_payload(text: str) -> None:
    """It is an agreement, and differs from the proffer in what a counter may differ in."""
    members, proffer = as_json(text), json.loads(VECTORS["payload"])
    counter = build(Agreement, members, "example")
    differs = {name for name in members if members[name] != proffer[name]}
    assert differs == {"terms", "proffered", "answer_by", "answers"}
    assert counter.answers == VECTORS["id"]
    for term in counter.terms:
        assert isinstance(term, RosterTerm)
        assert catalogue().holds(term.id, term.sha256, term.clauses)


def check_problem(text: str) -> None:
    """It is a decline to the agent, with these words."""
    offered = agreements.read(VECTORS["proffer"].encode())
    status = as_json(text)["status"]
    answer = reply.understand(
        offered, (status, reply.PROBLEM_TYPE, text.encode()), catalogue(), NOW
    )
    assert answer == reply.Final(declined=True, body=text.encode())
    assert reply.words_of(text.encode()) == as_json(text)["detail"]


def check_notice_payload(text: str) -> None:
    members = as_json(text)
    assert list(members) == ["emanciterms", "type", "kind", "under", "id", "made", "body"]
    assert (members["type"], members["under"]) == ("notice", VECTORS["id"])
    from_time_text(members["made"])


CHECKS: dict[str, Callable[[str], None]] = {
    "header": check_header,
    "announcement": check_announcement,
    "policy": check_policy,
    "policy-hash": check_policy_hash,
    "policy-full": check_policy_full,
    "promise-payload": check_promise_payload,
    "roster-entry": check_roster_entry,
    "payload": check_payload,
    "id": check_id,
    "keys": check_keys,
    "protected": check_protected,
    "sealed": check_sealed,
    "proffer": check_proffer,
    "counter-payload": check_counter_payload,
    "problem": check_problem,
    "notice-payload": check_notice_payload,
}


def test_every_example_of_the_protocol_has_a_check() -> None:
    assert examples(PROTOCOL).keys() == CHECKS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_of_the_protocol_is_true(name: str) -> None:
    CHECKS[name](examples(PROTOCOL)[name])


def table(text: str, *columns: str) -> list[list[str]]:
    """The rows of the Markdown table with this header."""
    header = f"| {' | '.join(columns)} |\n"
    lines = text.partition(header)[2].splitlines()
    rows = []
    for line in lines[1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    assert rows, f"there is no table {columns}"
    return rows


def spans(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def as_clauses(cell: str) -> dict[str, str | list[str]]:
    """`name value` or `name [value, value]`, each in backquotes."""
    clauses: dict[str, str | list[str]] = {}
    for span in spans(cell):
        name, _, value = span.partition(" ")
        clauses[name] = value[1:-1].split(", ") if value.startswith("[") else value
    return clauses


def test_the_clause_table_is_the_vocabulary() -> None:
    rows = {spans(name)[0]: values for name, values in table(PROTOCOL, "clause", "strict → lax")}
    vocabulary = catalogue().vocabulary
    assert list(rows) == [clause.name for clause in vocabulary.clause]
    for name, values in rows.items():
        match vocabulary.by_name[name]:
            case Chain(values=allowed):
                assert spans(values) == allowed
            case Names():
                assert values == "a sorted list of names; a subset is stricter"
            case Duration():
                assert spans(values) == ["P0D", "P<n>D", "P<n>M", "P<n>Y"]


def test_the_roster_table_is_the_roster() -> None:
    rows = table(PROTOCOL, "id", "title", "clauses", "sha256")
    shown = {
        spans(roster_id)[0]: (title, as_clauses(clauses), spans(digest)[0])
        for roster_id, title, clauses, digest in rows
    }
    held = catalogue().documents
    assert shown == {one.id: (one.title, one.clauses, one.sha256) for one in held.values()}


def test_the_error_table_is_what_the_agent_takes_as_final() -> None:
    rows = table(PROTOCOL, "status", "code", "remark")
    shown = {(int(status), spans(code)[0]) for status, code, _ in rows}
    assert shown == reply.FINAL | {(429, "slow-down")}


def test_the_readme_quotes_the_first_terms_and_takes_no_liberties_with_others() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert settings.FIRST_TEXT in blocks
    for block in blocks:
        parse(block, catalogue().documents)


@pytest.mark.parametrize(
    ("name", "modules"),
    [("demo", [stage, play, agreed]), ("install", [install, adding])],
    ids=["demo", "install"],
)
def test_the_readme_quotes_what_the_installer_says(name: str, modules: list[Any]) -> None:
    """Line for line, but for what is not the same on every machine."""
    sources = "".join(Path(module.__file__).read_text("utf-8") for module in modules)
    varying = re.compile(
        r"(?:http://)?127\.0\.0\.1:\d+|/home/ada/\S*|(?:Chromium and )?Firefox(?! keeps)|Chromium"
        r"|\d+(?:\.\d+){3}"
        r"|chrome://extensions|(?<=^The command: )rbutton$| …$"
    )
    for line in examples(README)[name].splitlines():
        for part in varying.split(line):
            assert part.strip() in sources


def test_the_readme_shows_the_list_of_agreements_as_it_is() -> None:
    ids = {document.title: document.id for document in catalogue().documents.values()}
    shown = examples(README)["agreements"]
    found = []
    for row in shown.splitlines()[1:]:
        origin, state, since, title = re.split(r" {2,}", row)
        moment = datetime.strptime(since, "%Y-%m-%d %H:%M").astimezone()
        found.append(
            {
                "origin": origin,
                "state": state,
                "since": time_text(moment),
                "terms": [ids[title]],
            }
        )
    assert listing.table(found) == shown.removesuffix("\n")


def test_the_options_the_readme_names_exist() -> None:
    commands = [[str(TOP / "install_host.py")]]
    commands += [
        ["-m", "rbutton.cli", verb]
        for verb in ("signals", "agreements", "export", "import", "forget")
    ]
    commands.append(["-m", "rbutton.cli", "sites", "show"])
    help_texts = [
        subprocess.run(
            [sys.executable, *command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for command in commands
    ]
    help_texts.append((TOP / "tests/__main__.py").read_text("utf-8"))
    for option in set(re.findall(r"--[a-z]+", README)):
        assert any(re.search(rf"{option}\b", text) for text in help_texts), option


DOCUMENTS = sorted(
    path.relative_to(TOP).as_posix()
    for pattern in ("*.md", "docs/*.md", "terms/*.md")
    for path in TOP.glob(pattern)
)


def headings(text: str) -> set[str]:
    """The anchors that GitHub gives the headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_relative_links_lead_somewhere(name: str) -> None:
    text = (TOP / name).read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (TOP / name).parent / path if path else TOP / name
        assert target.exists(), link
        assert target.resolve().is_relative_to(TOP), link
        if anchor:
            assert anchor in headings(target.read_text("utf-8")), link


def test_the_architecture_names_every_module_of_the_extension_and_every_room() -> None:
    """And no room has a row that is not there."""
    extension = TOP / "extension"
    modules = {
        path.relative_to(extension).as_posix()
        for path in [*extension.glob("*.js"), *extension.glob("page/*.js")]
    }
    rows = table(ARCHITECTURE, "module", "its one concern")
    named = {name for modules_told, _ in rows for name in spans(modules_told)}
    assert named == modules | {"popup/", "options/", "agreements/", "doctor/"}
    rooms = {path.parent.name for path in (TOP / "host/rbutton").glob("*/__init__.py")}
    told = table(ARCHITECTURE, "room", "knows", "never")
    assert {spans(room)[0] for room, *_ in told} == rooms


def test_the_architecture_has_the_rooms_in_the_order_that_is_enforced() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    (layers,) = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    order = [room for layer in reversed(layers) for room in re.findall(r"rbutton\.(\w+)", layer)]
    told = [spans(room)[0] for room, *_ in table(ARCHITECTURE, "room", "knows", "never")]
    assert told == [*order, "browsers"]


def test_the_states_are_drawn_with_the_buttons_own_geometry() -> None:
    """Every stroke of docs/states.svg follows from `PICTURE` in extension/magnets.js."""
    source = (TOP / "extension/magnets.js").read_text("utf-8").partition("PICTURE = {")[2]
    number = {name: int(value) for name, value in re.findall(r"(\w+): (\d+)", source[:200])}
    drawing = (TOP / "docs/states.svg").read_text("utf-8")
    groups = dict(re.findall(r'<g id="(\w+)"(.*?)</g>', drawing, re.DOTALL))
    x, y, arm, bend = (number[name] for name in ("x", "y", "arm", "bend"))

    def magnet(side: int, end: int) -> str:
        sweep = 0 if side == 1 else 1
        back = f"a{bend} {bend} 0 0 {sweep} 0 {2 * bend}"
        return f'd="M{end} {y - bend}H{end - side * arm}{back}H{end}"'

    assert groups.keys() == number.keys() & set(re.findall(r"^\| \*\*(\w+)\*\*", README, re.M))
    assert len(groups) == 8
    for state, group in groups.items():
        gap = number[state]
        assert magnet(1, x - gap) in group
        assert (magnet(-1, x + gap) in group) == (state != "alone")
        assert f">{state}</text>" in group
    assert f"stroke-width: {number['thick']}px" in drawing
