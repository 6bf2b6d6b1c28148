"""Many askers, one question: gathers the keys that wait while a query runs, and asks for all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

BATCH = 500


class Loader(Generic[K, V]):
    """Answers each `get` from a query begun after the `get`, so what it gives is never older than the request.

    At most one query runs at a time, of at most `BATCH` keys; a failure is raised to all who waited for that query.
    """

    def __init__(self, query: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._query = query
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The value of `key`, None where the query gave none."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        # Shared with others: one asker that is cancelled must not cancel it for them.
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[:BATCH]
                futures = {key: self._waiting.pop(key) for key in keys}
                await self._answer(futures)
        finally:
            self._task = None

    async def _answer(self, futures: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._query(list(futures))
        except Exception as error:  # noqa: BLE001 - raised to all who asked
            for future in futures.values():
                future.set_exception(error)
                future.exception()  # an asker may be gone: an error nobody waits for is not worth a warning
            return
        for key, future in futures.items():
            future.set_result(found.get(key))
