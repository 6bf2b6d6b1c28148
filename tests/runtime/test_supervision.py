"""Supervision: a task that fails or ends starts again, and its failure is in the log."""

import asyncio

import pytest

from nexus.runtime import supervision
from nexus.runtime.supervision import supervised


async def test_a_task_that_fails_or_ends_starts_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "RESTART_S", 0.0)
    starts: list[int] = []
    running = asyncio.Event()

    async def work() -> None:
        starts.append(1)
        if len(starts) == 1:
            raise RuntimeError("out of luck")
        if len(starts) > 2:
            running.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(supervised("the work", work))
    async with asyncio.timeout(30):
        await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (record,) = caplog.records
    assert record.getMessage() == "the work failed, starting it again in 0 s"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "out of luck"
