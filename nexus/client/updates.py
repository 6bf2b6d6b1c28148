"""What has happened in a room, for any number of readers: of each kind the newest, however slowly one reads. No I/O."""

from __future__ import annotations

import asyncio
from typing import Generic, Self, TypeVar

from nexus.client.errors import ClientError

U = TypeVar("U")


class Updates(Generic[U]):
    """The newest update of each kind, in the order in which they came."""

    def __init__(self) -> None:
        self._newest: dict[type, tuple[int, U]] = {}
        self._serial = 0
        self._over = False
        self._failure: ClientError | None = None
        self._wake = asyncio.Event()

    def note(self, update: U) -> None:
        """Keep an update for the readers, in place of an older one of its kind."""
        self._serial += 1
        self._newest[type(update)] = (self._serial, update)
        self._wake.set()
        self._wake = asyncio.Event()

    def end(self, failure: ClientError | None = None) -> None:
        """No more will come. Readers get what is there; then `failure` is raised, or they end."""
        self._over, self._failure = True, failure
        self._wake.set()

    def newer_than(self, serial: int) -> tuple[int, U] | None:
        """The oldest update kept with a number over `serial`, and its number; None if there is none."""
        return min((one for one in self._newest.values() if one[0] > serial), key=_number, default=None)

    async def wait_for_more(self) -> bool:
        """Wait for an update. Returns False if no more will come. Raises the failure given to `end`."""
        if not self._over:
            await self._wake.wait()
            return True
        if self._failure is not None:
            raise self._failure
        return False


def _number(one: tuple[int, object]) -> int:
    return one[0]


class Reader(Generic[U]):
    """An iteration over updates. Cancelling `anext`, as a timeout does, loses none."""

    def __init__(self, updates: Updates[U]) -> None:
        self._updates = updates
        self._seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> U:
        while (newer := self._updates.newer_than(self._seen)) is None:
            if not await self._updates.wait_for_more():
                raise StopAsyncIteration
        self._seen, update = newer
        return update
