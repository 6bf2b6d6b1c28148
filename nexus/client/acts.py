"""Votes and retractions under way: each is sent with the same op until it is answered."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

from nexus.client.connection import Connection
from nexus.client.errors import ClientError, Refused, VoteUnsettled
from nexus.client.messages import Receipt, Reject, Retry, Verdict

WINDOW = 32
"""Votes and retractions under way at once: fewer than a server queues for one voter. The others wait here."""
SHORTEST_WAIT_S = 0.05
"""Before a vote is sent again, at least."""


class Acts:
    """The votes and retractions of one client; an answer is awaited for `act_s` seconds, over all resends."""

    def __init__(self, connection: Connection, act_s: float) -> None:
        self._connection = connection
        self._act_s = act_s
        self._under_way: set[UUID] = set()
        self._window = asyncio.Semaphore(WINDOW)

    async def settle(self, op: UUID, poll: int, text: str) -> Receipt:
        """Send the act `op` in `poll`, as the message `text`, until it is answered. Raises as `Nexus.vote` does."""
        if op in self._under_way:
            raise ValueError(f"the op {op} is already under way")
        self._under_way.add(op)
        sent = False
        try:
            async with asyncio.timeout(self._act_s), self._window:
                while True:
                    link = await self._connection.linked()
                    sent = True
                    receipt = await _receipt(await link.exchange(op, text))
                    if receipt is not None:
                        return receipt
        except TimeoutError as error:
            raise VoteUnsettled(poll, op) from error
        except ClientError as error:
            if sent and not isinstance(error, Refused):
                raise VoteUnsettled(poll, op) from error
            raise
        finally:
            self._under_way.discard(op)


async def _receipt(verdict: Verdict | None) -> Receipt | None:
    """Returns the receipt, or None when it is time to try again. Raises `Refused`."""
    match verdict:
        case Reject(code=code, detail=detail):
            raise Refused(code, detail)
        case Retry(after_ms=after_ms):
            await asyncio.sleep(max(SHORTEST_WAIT_S, after_ms / 1000) * random.uniform(1.0, 1.5))  # noqa: S311 - no secret
            return None
    return verdict
