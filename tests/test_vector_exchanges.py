"""The whole exchanges of the vectors, run against our agent and against the kit."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rbutton.terms.encoding import from_b64u, from_time_text, sha256
from tests.both_sides import Agent, SiteSide, site_of
from tests.shops import Shop
from tests.test_vectors import EXCHANGES, cases

Json = dict[str, Any]


@cases(EXCHANGES["exchanges"])
def test_both_sides_come_to_these_states(case: Json, tmp_path: Path) -> None:
    """After each step; a third party that replays changes nothing of the person's."""
    policies, keys = EXCHANGES["policies"], EXCHANGES["site_private_keys"]
    seed, origin = from_b64u(EXCHANGES["seed"]), EXCHANGES["origin"]
    serves = case["policy"]
    under = site_of(policies[serves], keys[serves], case["counter"])
    shop = Shop(tmp_path / "shop.sqlite3", under)
    site = SiteSide(shop)
    agents = {
        name: Agent(tmp_path / f"{name}.sqlite3", seed, origin, policies[serves])
        for name in ("first", "second")
    }
    ids: set[str] = set()
    for number, step in enumerate(case["steps"], 1):
        agent, at = agents[step.get("agent", "first")], from_time_text(step["at"])
        ids |= _ids(step)
        if step["act"] == "serves":
            serves = step["policy"]
            shop.policy = site_of(policies[serves], keys[serves], case["counter"])
        elif step["act"] == "copies":
            agent.copies(agents["first"])
        else:
            # A proffer rests on the policy that it names, which may be an earlier one.
            agent.served = _named(policies, step["post"]) or policies[serves]
            _act(agent, step, at)
            agent.served = policies[serves]
        if step["answer"]:
            site.answers(step["post"], step["answer"], at)
        reply = step["answer"] if step["reply"] == "answer" else step["reply"]
        if step["act"] == "arrives":
            agent.hears(step["to"], reply, at)
            agent.forces(step["to"], reply, at)
        elif step["act"] in ("proffer", "accept", "withdraw", "again"):
            agent.hears(_about(step["post"]), reply, at)
        where = f"step {number}, {step['act']}"
        assert (where, agent.has(at)) == (where, step["person"])
        assert (where, site.has(ids, at)) == (where, step["site"])
        assert {kept.id for kept in shop.store.agreements()} <= ids
    shop.close()


def _act(agent: Agent, step: Json, at: datetime) -> None:
    match step["act"]:
        case "proffer":
            agent.proffer(step["post"], at)
        case "accept":
            assert json.loads(agent.accept(step["counter"], at)) == json.loads(step["post"])
        case "decline":
            agent.decline(step["counter"], at)
        case "withdraw":
            agent.withdraw(step["post"], at)
        case "again":
            agent.again(step["post"], at)
        case other:
            assert other in ("replay", "arrives", "waits")


def _named(policies: dict[str, str], body: str | None) -> str | None:
    """The policy whose hash stands in what is posted."""
    members: Json = json.loads(from_b64u(json.loads(body)["payload"])) if body else {}
    named = members.get("site", {}).get("policy")
    return next((one for one in policies.values() if sha256(one.encode()) == named), None)


def _about(body: str) -> str:
    """The id of the agreement that a post is, or that a notice names."""
    payload = from_b64u(json.loads(body)["payload"])
    members: Json = json.loads(payload)
    if members["type"] == "notice":
        return str(members["under"])
    return sha256(payload)


def _ids(step: Json) -> set[str]:
    bodies = [step["post"], (step["answer"] or {}).get("body")]
    return {_about(body) for body in bodies if body and '"payload"' in body}


def test_the_same_payload_gets_the_same_answer() -> None:
    """Of the vectors themselves: a body that is posted twice is answered alike, until it ends."""
    for exchange in EXCHANGES["exchanges"]:
        ended: set[str] = set()
        answers: dict[str, Any] = {}
        for step in exchange["steps"]:
            if not step["answer"]:
                continue
            about = _about(step["post"])
            if step["act"] == "withdraw" or about in ended:
                ended.add(about)
                continue
            got = (step["answer"]["status"], step["answer"]["body"])
            assert answers.setdefault(step["post"], got) == got, exchange["name"]


@pytest.mark.parametrize("state", ["withdrawn", "replaced"])
def test_what_has_ended_never_comes_back(state: str) -> None:
    """Of the vectors themselves, on either side."""
    on_site = {"withdrawn": "withdrawn", "replaced": "superseded"}[state]
    for exchange in EXCHANGES["exchanges"]:
        for side, word in (("person", state), ("site", on_site)):
            gone: set[str] = set()
            for step in exchange["steps"]:
                if step.get("agent") == "second":
                    continue
                states = step[side]["states"] if side == "person" else step[side]
                assert all(states.get(one) == word for one in gone), exchange["name"]
                gone |= {one for one, now in states.items() if now == word}
