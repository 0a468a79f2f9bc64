"""docs/doctor.md has every cause that the code knows, and each is broken in a test."""

import ast
import re
from pathlib import Path

from tests.test_docs import spans, table

TOP = Path(__file__).resolve().parents[1]
DOCTOR = (TOP / "docs/doctor.md").read_text("utf-8")
HOST = TOP / "host/rbutton"
SOURCES = [
    *sorted((HOST / "browsers/doctor").glob("*.py")),
    *(HOST / name for name in ("finding.py", "person/doctor.py", "native/doctor.py")),
]
_NAMED = {"NOT_INSTALLED": "not-installed"}


def found_by(path: Path) -> list[tuple[str, str, bool]]:
    """Severity, code and whether it is mended of every finding that a module can make."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        severity = node.func.id
        if severity in ("ok", "warning", "problem"):
            code = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else ""
            if isinstance(node.args[0], ast.Name):
                code = _NAMED[node.args[0].id]
            found.append((severity, code, any(one.arg == "mend" for one in node.keywords)))
    return found


def known() -> list[tuple[str, str, bool]]:
    return [one for path in SOURCES for one in found_by(path)]


def rows() -> dict[str, bool]:
    """Code → whether `--fix` mends it."""
    told = table(DOCTOR, "code", "what is wrong", "how it is found", "what to do", "`--fix`")
    assert all(all(cells[:4]) for cells in told)
    return {spans(code)[0]: mends == "yes" for code, _, _, _, mends in told}


def test_the_table_has_every_cause_and_no_other() -> None:
    assert rows().keys() == {code for severity, code, _ in known() if severity != "ok"}


def test_it_says_what_fix_mends() -> None:
    mended = {code for _, code, mend in known() if mend}
    assert {code for code, mends in rows().items() if mends} == mended


def test_it_names_what_is_fine() -> None:
    fine = {code for severity, code, _ in known() if severity == "ok"}
    told = DOCTOR.partition("## What is fine")[2].partition("in the browser also")[0]
    assert set(spans(told)) == fine


def test_it_names_what_the_page_finds_by_itself() -> None:
    words = (TOP / "extension/words.js").read_text("utf-8")
    alone = words.partition("export const ALONE = {")[2].partition("\n};")[0]
    checks = (TOP / "extension/checks.js").read_text("utf-8")
    reasons = set(re.findall(r'^  "([\w-]+)": \{$', alone, re.MULTILINE))
    reasons |= set(re.findall(r'code: "([\w-]+)", severity: "warning"', checks))
    own = set(re.findall(r'^  "(no-\w+)": \{$', words.partition("CHECKS = {")[2], re.MULTILINE))
    told = DOCTOR.partition("The page in the browser has some of its own")[2]
    assert set(spans(told.partition("## ")[0])) == reasons | own
    fine = words.partition("  fine: {\n")[2].partition("  },")[0]
    named = set(re.findall(r'^    "?([\w-]+)"?: ', fine, re.MULTILINE))
    assert set(spans(told.partition("in the browser also")[2])) == named


def test_every_cause_is_broken_in_a_test() -> None:
    tests = "".join(
        path.read_text("utf-8")
        for path in [
            *(TOP / "tests").glob("test_doctor*.py"),
            *(TOP / "tests" / name for name in ("test_system.py", "e2e/test_doctor.py")),
        ]
        if path != Path(__file__)
    )
    missing = [code for code in rows() if f'"{code}"' not in tests]
    assert not missing
