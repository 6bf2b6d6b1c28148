"""Bounds that neither lose a cancellation nor leave a task behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from nexus.bus.redis.bounds import until_one_ends, within

Swallow = Callable[[asyncio.Event], Coroutine[None, None, str]]


async def _answer_whatever_comes(started: asyncio.Event) -> str:
    """Swallows a cancellation, as `asyncio.wait_for` does at times until Python 3.12."""
    started.set()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return "answer"
    return "late"


async def _fail_whatever_comes(started: asyncio.Event) -> str:
    await _answer_whatever_comes(started)
    raise ConnectionError


async def test_an_answer_in_time_is_given() -> None:
    assert await within(60, asyncio.sleep(0, "answer")) == "answer"


async def test_a_late_answer_is_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.sleep(60))


@pytest.mark.parametrize("swallow", [_answer_whatever_comes, _fail_whatever_comes])
async def test_a_swallowed_timeout_is_one_all_the_same(swallow: Swallow) -> None:
    with pytest.raises(TimeoutError):
        await within(0.01, swallow(asyncio.Event()))


@pytest.mark.parametrize("swallow", [_answer_whatever_comes, _fail_whatever_comes])
async def test_a_swallowed_cancellation_is_heeded(swallow: Swallow) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(within(60, swallow(started)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_was_cancelled_before_may_still_wait_for_an_answer() -> None:
    async def tidy_up_when_cancelled(started: asyncio.Event) -> str:
        await _answer_whatever_comes(started)
        return await within(60, asyncio.sleep(0, "tidy"))

    started = asyncio.Event()
    task = asyncio.create_task(tidy_up_when_cancelled(started))
    await started.wait()
    task.cancel()
    assert await task == "tidy"


async def test_one_end_ends_all_and_is_told() -> None:
    ended: list[str] = []

    async def last() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("last")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("the first to end")

    async def fail_when_ended() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("comes too late to matter")

    with pytest.raises(ConnectionError, match="the first to end"):
        await until_one_ends(last(), fail_when_ended(), fail())
    assert ended == ["last"]


async def test_a_cancellation_ends_all() -> None:
    ended = asyncio.Event()
    started = asyncio.Event()

    async def last() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.create_task(until_one_ends(last()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
