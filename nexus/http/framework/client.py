"""The client that waits for an answer: when it leaves, what is done for it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

T = TypeVar("T")


class WaitingClient:
    """Who waits for the answer. Long before the first piece it may leave, and what is done for it has to end then."""

    def __init__(self, receive: Receive) -> None:
        """Listens from now on."""
        self._gone = asyncio.create_task(self._leave(receive), name="client")

    async def stays_for(self, what: Awaitable[T]) -> T:
        """What `what` returns. Raises `ClientDisconnect` if the client leaves before that, and
        what is wrong with its request if anything is."""
        waiting = asyncio.ensure_future(what)
        try:
            await asyncio.wait({waiting, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if not self._gone.done():
                return await waiting
            if waiting.done():
                waiting.exception()  # nobody is left to be told
            raise self._gone.exception() or ClientDisconnect()
        finally:
            waiting.cancel()

    def forget(self) -> None:
        """Listen no longer."""
        self._gone.cancel()

    @staticmethod
    async def _leave(receive: Receive) -> None:
        message = await receive()
        while message["type"] != "http.disconnect":  # parts of a body nobody asked for
            await asyncio.sleep(0)
            message = await receive()


async def while_there(receive: Receive, work: Coroutine[object, None, T]) -> T:
    """What `work` returns, which has ended in any case by then. Raises `ClientDisconnect` if the client leaves first.

    For what has no body to be read: a body is thrown away.
    """
    client, task = WaitingClient(receive), asyncio.create_task(work, name="work")
    try:
        return await client.stays_for(task)
    finally:
        client.forget()
        await stopped(task)


async def stopped(task: asyncio.Task[T]) -> None:
    """Stop a task, wherever it is, and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
