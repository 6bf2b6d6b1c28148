"""What one address may cost a worker (`nexus.access.work`)."""

import asyncio
import gc

import pytest

from nexus.access import work
from nexus.access.forwarded import TrustedHops
from nexus.access.work import WorkBudget

pytestmark = pytest.mark.asyncio


async def test_an_address_has_two_seconds_worth_at_once_and_then_waits() -> None:
    meter = WorkBudget(100).of("198.51.100.7")
    assert [meter.charge(100), meter.charge(99)] == [0.0, 0.0]
    assert 0.9 < meter.charge(101) <= 1.0
    assert 1.9 < meter.charge(100) <= 2.0


async def test_a_debt_is_over_soon_after_who_made_it_is_gone() -> None:
    meter = WorkBudget(100).of("198.51.100.7")
    assert meter.charge(1_000_000) == pytest.approx(work.LONGEST_REST_S)
    assert meter.charge(1) == pytest.approx(work.LONGEST_REST_S)


async def test_an_address_has_one_meter_and_others_have_their_own() -> None:
    budget = WorkBudget(100)
    one, other = budget.of("198.51.100.7"), budget.of("198.51.100.8")
    assert budget.of("198.51.100.7") is one
    assert one.charge(500) > 0
    assert other.charge(1) == 0.0


async def test_who_leaves_and_comes_back_has_what_was_left() -> None:
    budget = WorkBudget(100)
    budget.of("198.51.100.7").charge(500)
    gc.collect()
    assert budget.of("198.51.100.7").charge(1) > 0


async def test_meters_that_are_full_again_are_forgotten() -> None:
    budget, loop = WorkBudget(1_000_000), asyncio.get_running_loop()
    for n in range(1000):
        budget.of(f"2001:db8:0:{n:x}::/64").charge(1)
        until = loop.time() + 2e-6
        while loop.time() < until:
            pass
    assert len(budget) < 50


async def test_meters_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "KEPT", 10)
    budget = WorkBudget(100)
    for n in range(1000):
        budget.of(f"2001:db8:0:{n:x}::/64").charge(500)
    assert len(budget) <= 11


async def test_what_trusted_proxies_pass_on_is_not_theirs() -> None:
    budget = WorkBudget(100, TrustedHops("127.0.0.1, 10.0.0.0/8"))
    assert budget.of_peer("10.1.2.3") is None
    assert budget.of_peer("127.0.0.2") is budget.of("127.0.0.2")
    assert budget.of_peer("2001:db8::1") is budget.of("2001:db8::/64")
