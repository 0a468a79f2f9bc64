"""Two browsers of one person and two workers of one site, through all that can come between them.

Every request may be lost, doubled, late or overtaken, every process may die at every step, clocks
differ, and policy, key and settings change meanwhile (`world`). What was found has tests of its
own.

RBUTTON_STATEFUL=2000 tries so many histories, each time others, instead of the suite's few.
"""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.world import BASE, DP, MINUTE, NOTHING, World


@pytest.fixture
def world() -> Iterator[World]:
    """One in which the test does what happens; healed at the end, when both have to agree."""
    one = World()
    yield one
    one.teardown()


def test_an_accepted_counter_that_is_ended_before_it_arrives(world: World) -> None:
    """What it replaced is in force with the site still, and ends with it."""
    world.they_come_to_terms(0, DP, accepts=False)
    (old,) = world.person.in_force
    world.the_policy_changes(BASE, (0, 1), "")
    world.a_page_is_visited(0, 0, stale=False, does="renew", fate="answered")
    world.a_counter_is_answered(0, "accept", "later")
    (new,) = world.person.in_force
    assert world.site.in_force == {old}
    world.requests.clear()
    world.end_is_pressed(0, policy=True, fate="answered")
    world.it_holds()
    assert world.person.ended == {old, new}
    world.heal()
    assert world.site.in_force == set()


def test_ending_an_agreement_takes_back_what_was_to_replace_it(world: World) -> None:
    """The site has signed it, and the answer was lost: it does not come into force afterwards."""
    world.they_come_to_terms(0, DP, accepts=False)
    world.a_page_is_visited(0, 0, stale=False, does="renew", fate="later")
    world.a_request("arrives")
    assert world.site.replaced == world.person.in_force
    world.end_is_pressed(0, policy=True, fate="answered")
    world.a_reply("arrives")
    world.it_holds()
    assert world.person.in_force == set()
    world.heal()
    assert world.person.in_force == world.site.in_force == set()


def test_what_was_signed_for_a_month_ends_by_itself(world: World) -> None:
    """On both sides, at the same moment; the person may offer again, and nothing does so alone."""
    world.terms_are_edited('[proffer]\nlasts = "1 month"\n', confirmed=True)
    world.they_come_to_terms(0, DP, accepts=False)
    (old,) = world.person.in_force
    assert "Until" in world.view(0)["text"]
    world.time_passes(timedelta(days=31) - MINUTE)
    assert world.person.in_force == world.site.in_force == {old}
    world.time_passes(MINUTE)
    world.it_holds()
    assert world.person.in_force == world.site.in_force == set()
    world.a_page_is_visited(0, 0, stale=False, does="touch", fate="answered")
    view = world.view(0)
    assert (view["reason"], view["offer"], "offer" in view["actions"]) == ("expired", None, True)
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="answered")
    assert len(world.person.in_force - {old}) == 1


def test_what_ends_soon_can_be_renewed(world: World) -> None:
    """Once that is worth a press: half of its time later."""
    world.terms_are_edited('[proffer]\nlasts = "1 month"\n', confirmed=True)
    world.they_come_to_terms(0, DP, accepts=False)
    (old,) = world.person.in_force
    assert "renew" not in world.view(0)["actions"]
    world.time_passes(timedelta(days=16))
    view = world.view(0)
    (longer,) = view["renewal"]
    assert (longer["label"], longer["mark"]) == ("How long it holds", "stricter")
    world.a_page_is_visited(0, 0, stale=False, does="renew", fate="answered")
    (new,) = world.person.in_force
    assert world.site.replaced == {old}
    assert new != old


def test_a_renewal_that_would_end_sooner_says_so(world: World) -> None:
    """What holds for good is not given up for a month unseen; alone it is no reason to renew."""
    world.they_come_to_terms(0, DP, accepts=False)
    world.terms_are_edited('[proffer]\nlasts = "1 month"\n', confirmed=True)
    assert "renew" not in world.view(0)["actions"]
    text = '[proffer]\nlasts = "1 month"\nterms = [["SD-BASE-DP", "no-stalking"]]\n'
    world.terms_are_edited(text, confirmed=True)
    *_, end = world.view(0)["renewal"]
    assert (end["mark"], end["label"], end["was"]) == ("laxer", "How long it holds", "for good")


MONTH = '[proffer]\nlasts = "1 month"\nalso = ["SD-BASE"]\n'


def test_what_came_after_an_end_is_what_is_shown(world: World) -> None:
    """A no, a new agreement that was ended: not the one that ran out before."""
    world.terms_are_edited(MONTH, confirmed=True)
    world.they_come_to_terms(0, DP, accepts=False)
    world.time_passes(timedelta(days=31))
    assert world.view(0)["reason"] == "expired"
    world.the_policy_changes(NOTHING, (0, 1), "")
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="answered")
    view = world.view(0)
    assert (view["reason"], "offer" in view["actions"]) == ("declined", True)
    assert view["words"]
    world.they_come_to_terms(0, DP, accepts=False)
    assert world.person.in_force
    world.end_is_pressed(0, policy=True, fate="answered")
    view = world.view(0)
    assert (view["state"], view["reason"], view["header"]) == ("ended", "withdrawn", None)


def test_an_accepted_counter_that_ran_out_is_no_refusal(world: World) -> None:
    """It was agreed to, and is over; what never arrived is not sent in place of something new."""
    world.terms_are_edited(MONTH.replace("also", "# also"), confirmed=True)
    world.the_policy_changes(BASE, (0, 1), "")
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="answered")
    world.a_counter_is_answered(0, "accept", "later")
    world.requests.clear()
    assert world.person.in_force
    world.time_passes(timedelta(days=31))
    view = world.view(0)
    assert (view["reason"], view["offer"]) == ("expired", None)
    world.the_policy_changes(DP, (0, 1), "")
    world.view(0)
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="answered")
    (new,) = world.person.in_force
    (term,) = world.person.agreements[new].members["terms"]
    assert term["id"] == "SD-BASE-DP"
    assert world.site.in_force == {new}


def test_a_counter_to_a_renewal_can_be_accepted_after_the_end(world: World) -> None:
    """What it was to replace ran out meanwhile; it says for how long it would hold."""
    world.terms_are_edited(MONTH.replace("also", "# also"), confirmed=True)
    world.they_come_to_terms(0, DP, accepts=False)
    world.time_passes(timedelta(days=30))
    world.the_policy_changes(BASE, (0, 1), "")
    world.a_page_is_visited(0, 0, stale=False, does="renew", fate="answered")
    view = world.view(0)
    assert (view["reason"], view["state"]) == ("countered", "active")
    assert "That would hold until" in view["text"]
    assert [one["mark"] for one in view["changes"] if one["label"] == "How long it holds"] == [
        "stricter"
    ]
    world.time_passes(timedelta(days=1))
    assert world.view(0)["actions"][:2] == ["accept", "decline"]
    world.a_counter_is_answered(0, "accept", "answered")
    world.it_holds()
    assert len(world.person.in_force) == 1
    assert world.person.in_force == world.site.in_force


def test_an_end_is_acknowledged_though_the_key_changed_twice(world: World) -> None:
    """The first acknowledgement was lost, and signed by a key that nobody knows any more."""
    world.they_come_to_terms(0, DP, accepts=False)
    world.the_policy_changes(DP, (0, 1), "key")
    world.end_is_pressed(0, policy=False, fate="later")
    world.a_request("arrives")
    world.replies.clear()
    world.the_policy_changes(DP, (0, 1), "key")
    world.heal()
    assert len(world.site.ended) == 1
    assert world.records()[-1].kind == "acknowledged"


@pytest.mark.parametrize("why", ["clock", "policy"])
def test_what_was_refused_is_not_signed_when_a_copy_arrives(world: World, why: str) -> None:
    """The person relies on a final answer; the site would be the only one to think it signed."""
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="later")
    if why == "clock":
        world.the_sites_clock_is_set(-7 * MINUTE)
    else:
        world.the_policy_changes(BASE, (1,), "")
    world.a_request("doubled", worker=1)
    world.a_reply("arrives")
    assert world.records()[-1].kind == "refused"
    world.time_passes(3 * MINUTE)
    world.a_request("arrives")
    world.it_holds()
    assert world.site.in_force == set()


def test_an_end_that_never_arrived_can_be_told_when_something_came_after_it(world: World) -> None:
    """By a press, as long as the site has not confirmed it."""
    world.they_come_to_terms(0, DP, accepts=False)
    (old,) = world.person.in_force
    world.end_is_pressed(0, policy=True, fate="later")
    world.requests.clear()
    world.time_passes(timedelta(hours=25))
    world.they_come_to_terms(0, DP, accepts=False)
    assert old in world.site.in_force
    view = world.view(0)
    assert (view["state"], view["untold"], view["tell"]) == ("active", old, None)
    assert view["actions"][-1] == "tell-again"
    assert "not confirmed that you ended an earlier agreement" in view["text"]
    world.heal()
    assert world.site.ended == {old}


def test_what_was_taken_back_is_told_until_the_site_cannot_sign_it(world: World) -> None:
    """It does not know of it yet, is told so, and signs a late copy by a clock that is behind."""
    world.the_sites_clock_is_set(-4 * MINUTE)
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="later")
    world.time_passes(7 * MINUTE)
    world.a_page_is_visited(0, 0, stale=False, does="click", fate="later")
    world.time_passes(MINUTE)
    world.end_is_pressed(0, policy=True, fate="later")
    world.time_passes(3 * MINUTE)
    world.a_request("answered", -1)
    world.a_request("arrives")
    world.it_holds()
    assert len(world.site.in_force) == 1
    world.heal()
    assert world.site.in_force == set()


def test_whatever_comes_between_them() -> None:
    """Never two in force, never one side alone, nothing laxer without a click, and both agree."""
    more = os.environ.get("RBUTTON_STATEFUL")
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=int(more or 120),
            stateful_step_count=80 if more else 40,
            deadline=None,
            derandomize=more is None,
            database=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
