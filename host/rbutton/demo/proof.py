"""Whether both sides really hold the same agreement, signed by both."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rbutton.demo.steps import StepFailed
from rbutton.site.shop.app import STORE
from rbutton.site.store import Store
from rbutton.terms import agreement
from rbutton.terms.errors import InvalidDocument


@dataclass(frozen=True)
class Proof:
    """An agreement that was found on both sides and verified twice."""

    id: str
    jws: dict[str, Any]


def prove(origin: str, shop: Path) -> Proof:
    """Reads the person's ledger, by the command they would use, and the shop's store.

    Raises:
        StepFailed: either lacks the agreement, they differ, or a signature does not hold.
    """
    mine = _mine(origin)
    theirs = [
        row for row in Store(f"sqlite:///{shop / STORE}").agreements() if row.id == mine["id"]
    ]
    if not theirs:
        raise StepFailed(f"The shop's store does not have the agreement {mine['id']}.")
    at_home = _sealed(json.dumps(mine["jws"]).encode(), "your ledger")
    at_shop = _sealed(theirs[0].body, "the shop's store")
    if not at_home.id == at_shop.id == mine["id"] or at_home.payload != at_shop.payload:
        raise StepFailed("Your ledger and the shop's store hold different agreements.")
    return Proof(mine["id"], mine["jws"])


def _mine(origin: str) -> dict[str, Any]:
    listed = subprocess.run(
        [sys.executable, "-I", "-m", "rbutton.cli", "agreements", "--json"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    if listed.returncode != 0:
        raise StepFailed(f"Your ledger could not be read: {listed.stderr.decode().strip()}")
    rows: list[dict[str, Any]] = [json.loads(line) for line in listed.stdout.splitlines()]
    active = [row for row in rows if row["origin"] == origin and row["state"] == "active"]
    if len(active) != 1:
        states = ", ".join(row["state"] for row in rows) or "nothing"
        raise StepFailed(f"Your ledger has no agreement in force with the shop, but {states}.")
    return active[0]


def _sealed(body: bytes, where: str) -> agreement.SignedAgreement:
    try:
        signed = agreement.read(body)
    except InvalidDocument as error:
        raise StepFailed(f"The agreement in {where} does not verify: {error}") from error
    if not signed.sealed:
        raise StepFailed(f"The agreement in {where} is not signed by both sides.")
    return signed
