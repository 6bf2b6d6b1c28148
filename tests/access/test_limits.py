"""Rates and caps, under a clock that the tests move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.access.limits import Caps, Rate, TokenBucket, address_key
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1000.0)


def test_rate_allows_the_burst_and_then_the_pace(clock: ManualClock) -> None:
    rate = Rate(10, 50, clock=clock)
    assert [rate.take("user:1") for _ in range(50)] == [0.0] * 50
    assert rate.take("user:1") == pytest.approx(0.1)
    clock.now += 0.1
    assert rate.take("user:1") == 0.0
    assert rate.take("user:1") > 0


def test_rate_keeps_keys_apart(clock: ManualClock) -> None:
    rate = Rate(1, 1, clock=clock)
    assert rate.take("user:1") == 0.0
    assert rate.take("user:2") == 0.0
    assert rate.take("user:1") > 0


def test_rate_refusal_costs_nothing(clock: ManualClock) -> None:
    rate = Rate(1, 2, clock=clock)
    rate.take("user:1", 2)
    assert [rate.take("user:1") for _ in range(100)] == pytest.approx([1.0] * 100)


def test_an_attempt_counts_while_it_lasts_and_after_a_failure(clock: ManualClock) -> None:
    rate = Rate(1.0, 1, clock=clock)

    def attempt(ends: Exception | None) -> None:
        assert rate.take("user:1") == 0.0
        with rate.counting("user:1", LookupError):
            assert rate.take("user:1") > 0  # another at the same time
            if ends is not None:
                raise ends

    attempt(None)
    with pytest.raises(TypeError):
        attempt(TypeError())  # which is no failure
    with pytest.raises(KeyError):
        attempt(KeyError())
    assert rate.take("user:1") == pytest.approx(1.0)


def test_rate_refuses_what_could_never_be_had(clock: ManualClock) -> None:
    rate = Rate(1, 5, clock=clock)
    for n in (0, 6):
        with pytest.raises(ValueError, match="burst of 5"):
            rate.take("user:1", n)


def test_rate_forgets_full_buckets(clock: ManualClock) -> None:
    rate = Rate(1, 1, clock=clock, keys=1000)
    for n in range(100):
        rate.take(f"user:{n}")
    clock.now += 10
    for n in range(100):
        rate.take(f"later:{n}")
    assert len(rate) == 100


def test_rate_flooded_with_keys_stays_bounded_and_keeps_a_spent_bucket(clock: ManualClock) -> None:
    rate = Rate(1, 50, clock=clock, keys=100)
    rate.take("spent", 50)
    for n in range(10_000):
        assert rate.take(f"flood:{n}") == 0.0
    assert len(rate) == 100
    assert rate.take("spent") > 0


@given(
    per_s=st.floats(0.01, 1000),
    burst=st.integers(1, 100),
    steps=st.lists(st.tuples(st.floats(0, 10), st.integers(1, 100)), max_size=60),
)
def test_rate_never_gives_more_than_burst_and_pace(per_s: float, burst: int, steps: list[tuple[float, int]]) -> None:
    clock = ManualClock(1000.0)
    rate = Rate(per_s, burst, clock=clock)
    start, given_out = clock.now, 0
    for pause, n in steps:
        clock.now += pause
        if rate.take("user:1", min(n, burst)) == 0.0:
            given_out += min(n, burst)
        assert given_out <= burst + (clock.now - start + 1e-4) * per_s


@given(per_s=st.floats(0.01, 1000), burst=st.integers(1, 100), spent=st.integers(1, 100))
def test_rate_is_true_to_the_wait_it_tells(per_s: float, burst: int, spent: int) -> None:
    clock = ManualClock(1000.0)
    rate, pace, due = Rate(per_s, burst, clock=clock), TokenBucket(per_s, burst), 0.0
    for _ in range(min(spent, burst)):
        rate.take("user:1")
        due, _wait = pace.take(due, clock.now)
    wait = rate.take("user:1", burst)
    assert pace.take(due, clock.now, burst) == (due, wait)
    assert wait > 0
    clock.now += wait
    assert rate.take("user:1", burst) == pace.take(due, clock.now, burst)[1] == 0.0


def test_pace_allows_the_burst_and_then_the_pace(clock: ManualClock) -> None:
    pace, due, waits = TokenBucket(2, 3), 0.0, []
    for _ in range(4):
        due, wait = pace.take(due, clock.now)
        waits.append(wait)
    assert waits == pytest.approx([0, 0, 0, 0.5])
    assert pace.take(due, clock.now + 0.5)[1] == 0.0


@pytest.mark.parametrize(("per_s", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_rate_refuses_a_senseless_pace(clock: ManualClock, per_s: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Rate(per_s, burst, clock=clock)


def test_caps_hold_by_key_and_in_all() -> None:
    caps = Caps(2, total=3)
    assert [caps.acquire("a"), caps.acquire("a"), caps.acquire("a")] == [True, True, False]
    assert [caps.acquire("b"), caps.acquire("c")] == [True, False]
    caps.release("a")
    assert caps.acquire("c")
    assert len(caps) == 3


def test_caps_forget_who_holds_nothing() -> None:
    caps = Caps(2, total=3)
    caps.acquire("a")
    caps.release("a")
    with pytest.raises(KeyError):
        caps.release("a")
    assert len(caps) == 0


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("no address" * 100, ("no address" * 100)[:64]),
    ],
)
def test_address_key_is_what_one_client_owns(host: str, key: str) -> None:
    assert address_key(host) == key
