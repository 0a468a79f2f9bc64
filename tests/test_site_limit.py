"""How much a site takes from one visitor, and how little it keeps of who that is."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbutton.site import limit
from rbutton.site.limit import Limit, Rate
from rbutton.site.messages import Request
from rbutton.site.room import Room
from rbutton.site.site import Site
from rbutton.site.store import Store
from tests.shops import JOSE, NOW, policy
from tests.test_site import refusal


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_burst_then_one_by_one(time: Time) -> None:
    few = Limit(Rate(burst=3, per_minute=6), time)
    assert [few.wait("192.0.2.1") for _ in range(5)] == [0, 0, 0, 10, 10]
    time.now += 9.5
    assert few.wait("192.0.2.1") == 1
    time.now += 0.5
    assert [few.wait("192.0.2.1") for _ in range(2)] == [0, 10]


def test_who_waits_as_told_gets_in(time: Time) -> None:
    few = Limit(Rate(burst=1, per_minute=7), time)
    for _ in range(50):
        assert few.wait("192.0.2.1") == 0
        time.now += few.wait("192.0.2.1")


def test_visitors_do_not_wait_for_each_other(time: Time) -> None:
    """But for the few of 65,536 that share a place."""
    few = Limit(Rate(burst=1, per_minute=1), time)
    waits = [few.wait(f"192.0.2.{number}") for number in range(200)]
    assert waits.count(0) > 195


def test_an_ipv6_network_is_one_visitor(time: Time) -> None:
    few = Limit(Rate(burst=1, per_minute=1), time)
    assert few.wait("2001:db8::1") == 0
    assert few.wait("2001:db8::ffff:1") > 0
    assert few.wait("2001:db8:0:1::1") == 0
    assert few.wait("::ffff:192.0.2.1") == 0
    assert few.wait("192.0.2.1") > 0


def test_nothing_of_an_address_is_kept(time: Time) -> None:
    """What is counted is one of 65,536 places, under a key that is gone the next day."""
    few = Limit(Rate(), time)
    few.wait("192.0.2.77")
    kept = vars(few)
    assert not any("192.0.2.77" in str(value) for value in kept.values())
    assert len(few._made_up) == 2**16
    before = few._key
    time.now += limit._DAY
    few.wait("192.0.2.77")
    assert few._key != before
    assert sum(1 for moment in few._made_up if moment) == 1


@given(st.text(max_size=60))
def test_any_address_is_an_address(address: str) -> None:
    assert Limit(Rate(), Time()).wait(address) == 0


def test_too_much_at_once_is_answered_429(tmp_path: object) -> None:
    """With `Retry-After`, before anything is read; and it is not final."""
    site = Site(policy(), Store(f"sqlite:///{tmp_path}/store.sqlite3"), Rate(2, 1))
    post = Request("POST", JOSE, b"{}", "192.0.2.1")
    assert [site.answer(post).status for _ in range(2)] == [400, 400]
    response = site.answer(post)
    assert refusal(response) == (429, "slow-down")
    assert dict(response.headers)["Retry-After"] == "60"
    assert json.loads(response.body)["detail"]
    assert site.answer(Request("GET", "", b"", "192.0.2.1")).status == 405
    assert site.answer(Request("POST", JOSE, b"{}", "192.0.2.2")).status == 400


class TestRoom:
    def test_up_to_eight_workers_do_not_exceed_it(self) -> None:
        rows: list[Room] = []
        workers = [Room(1000) for _ in range(8)]
        count = rows.__len__
        while taken := [one for one in workers if one.take(1, NOW, count)]:
            rows += taken
        assert len(rows) == 1000

    def test_it_is_not_counted_each_time(self) -> None:
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        room = Room(800)
        assert all(room.take(1, NOW, count) for _ in range(100))
        assert counted == 1

    def test_a_full_one_is_counted_again_after_a_while(self) -> None:
        """What was dropped meanwhile makes room."""
        room = Room(10)
        assert not room.take(1, NOW, lambda: 10)
        assert not room.take(1, NOW + timedelta(seconds=9), lambda: 0)
        assert room.take(1, NOW + timedelta(seconds=10), lambda: 0)
