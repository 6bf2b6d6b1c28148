"""The loader: one query for all who wait, and never an answer older than the question."""

import asyncio
from collections.abc import Mapping

import pytest

from nexus.errors import Unavailable
from nexus.runtime.batch_loader import Loader


class QuerySource:
    """Answers each key with the number of the query that asked; while held, queries wait."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.began = asyncio.Event()
        self.error: Exception | None = None

    async def query(self, keys: list[int]) -> Mapping[int, int]:
        self.asked.append(keys)
        number = len(self.asked)
        self.began.set()
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return {key: number for key in keys if key >= 0}


@pytest.fixture
def source() -> QuerySource:
    return QuerySource()


async def answers(*tasks: "asyncio.Task[int | None]") -> list[int | None]:
    return await asyncio.wait_for(asyncio.gather(*tasks), 30)


async def test_waiting_askers_share_one_query_and_each_key_is_asked_once(source: QuerySource) -> None:
    loader = Loader(source.query)
    tasks = [asyncio.create_task(loader.get(key)) for key in (1, 2, 1, 3, 2)]
    assert await answers(*tasks) == [1] * 5
    assert source.asked == [[1, 2, 3]]


async def test_answer_never_comes_from_a_query_begun_before_the_question(source: QuerySource) -> None:
    loader = Loader(source.query)
    source.free.clear()
    early = asyncio.create_task(loader.get(1))
    await source.began.wait()
    late = [asyncio.create_task(loader.get(key)) for key in (1, 1, 2)]
    await asyncio.sleep(0)
    assert len(source.asked) == 1
    source.free.set()
    assert await answers(early, *late) == [1, 2, 2, 2]
    assert source.asked == [[1], [1, 2]]


async def test_missing_key_is_none(source: QuerySource) -> None:
    assert await Loader(source.query).get(-1) is None


async def test_failure_is_raised_to_those_of_that_query_alone(source: QuerySource) -> None:
    loader = Loader(source.query)
    source.error = Unavailable()
    source.free.clear()
    first = [asyncio.create_task(loader.get(key)) for key in (1, 2)]
    await source.began.wait()
    source.free.set()
    for task in first:
        with pytest.raises(Unavailable):
            await answers(task)
    source.error = None
    assert await loader.get(1) == 2


async def test_failure_nobody_waits_for_is_no_warning(source: QuerySource) -> None:
    loader = Loader(source.query)
    source.error = Unavailable()
    source.free.clear()
    task = asyncio.create_task(loader.get(1))
    await source.began.wait()
    task.cancel()
    source.free.set()
    with pytest.raises(asyncio.CancelledError):
        await answers(task)
    source.error = None
    assert await loader.get(1) == 2


async def test_asker_that_gives_up_harms_no_other(source: QuerySource) -> None:
    loader = Loader(source.query)
    source.free.clear()
    gone, stays = asyncio.create_task(loader.get(1)), asyncio.create_task(loader.get(1))
    await source.began.wait()
    gone.cancel()
    await asyncio.wait({gone})
    source.free.set()
    assert await answers(stays) == [1]


async def test_queries_are_bounded_in_size_and_run_one_at_a_time(source: QuerySource) -> None:
    loader = Loader(source.query, batch=10)
    await answers(*(asyncio.create_task(loader.get(key)) for key in range(25)))
    assert source.asked == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


async def test_queries_keep_their_interval_and_who_comes_alone_does_not_wait(source: QuerySource) -> None:
    loader = Loader(source.query, interval_s=60)
    assert await asyncio.wait_for(loader.get(1), 30) == 1
    late = asyncio.create_task(loader.get(2))
    for _ in range(20):
        await asyncio.sleep(0)
    assert source.asked == [[1]]
    late.cancel()


async def test_those_who_come_within_an_interval_share_the_next_query(source: QuerySource) -> None:
    loader = Loader(source.query, interval_s=0.02)
    assert await loader.get(1) == 1
    assert await answers(*(asyncio.create_task(loader.get(key)) for key in (2, 3))) == [2, 2]
    assert source.asked == [[1], [2, 3]]
