"""One query for many requests: gathers the keys that wait while a query runs, then asks for all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

BATCH = 500
"""The most keys of one query."""


class Loader(Generic[KeyT, ValueT]):
    """Answers each `get` from a query that begins after it, so that the result is never older than the request.

    At most one query runs at a time, of at most `BATCH` keys; if it fails, all who waited for it get its error.
    """

    def __init__(self, query: Callable[[list[KeyT]], Awaitable[Mapping[KeyT, ValueT]]]) -> None:
        self._query = query
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
                keys = list(self._waiting)[:BATCH]
                futures = {key: self._waiting.pop(key) for key in keys}
                await self._answer(futures)
        finally:
            self._task = None

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
