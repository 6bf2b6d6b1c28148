"""One query for many requests: gathers the keys that wait while a query runs, then asks for all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from itertools import islice
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

BATCH = 500
"""The most keys of one query, where nothing else is said."""


class Loader(Generic[KeyT, ValueT]):
    """Answers each `get` from a query that begins after it, so that the result is never older than the request.

    At most one query runs at a time, of at most `batch` keys, and each begins at least `interval_s` after the one
    before it began; who comes alone does not wait. If a query fails, all who waited for it get its error.
    """

    def __init__(
        self,
        query: Callable[[list[KeyT]], Awaitable[Mapping[KeyT, ValueT]]],
        *,
        batch: int = BATCH,
        interval_s: float = 0.0,
    ) -> None:
        self._query = query
        self._batch = batch
        self._interval_s = interval_s
        self._not_before = 0.0
        self._waiting: dict[KeyT, asyncio.Future[ValueT | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: KeyT) -> ValueT | None:
        """The value of `key`, None if the query returned none."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        # Shared with others: one caller that is cancelled must not cancel it for them.
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._pause()
                keys = list(islice(self._waiting, self._batch))
                futures = {key: self._waiting.pop(key) for key in keys}
                await self._answer(futures)
        finally:
            self._task = None

    async def _pause(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._not_before:
            await asyncio.sleep(self._not_before - now)
        self._not_before = max(now, self._not_before) + self._interval_s

    async def _answer(self, futures: dict[KeyT, asyncio.Future[ValueT | None]]) -> None:
        try:
            found = await self._query(list(futures))
        except Exception as error:  # noqa: BLE001 - raised in all who asked
            for future in futures.values():
                future.set_exception(error)
                future.exception()  # the caller may be gone: an error that nobody waits for needs no warning
            return
        for key, future in futures.items():
            future.set_result(found.get(key))
