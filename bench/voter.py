"""A voter on asyncio, for benchmarks in which many other things happen beside votes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from uuid import uuid4

from bench.socket import VoterSocket


@dataclass
class Tally:
    """What the voters of a run have seen."""

    acks: int = 0
    totals: int = 0
    others: int = 0
    latencies: list[float] = field(default_factory=list)
    counting: bool = False


class Voter:
    """Votes for the options in turn, as fast as it is acknowledged, and watches the totals."""

    def __init__(self, tally: Tally, token: str, poll: int, options: list[int], host: str) -> None:
        self.socket = VoterSocket(host, self._heard)
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tally = tally
        self._token = token
        self._poll = poll
        self._options = options
        self._turn = 0
        self._sent = 0.0
        self.stopped = False

    async def enter(self) -> None:
        await self.socket.opened
        self.socket.send(json.dumps({"type": "hello", "token": self._token}).encode())
        self.socket.send(b'{"type":"join","poll":%d}' % self._poll)
        await self.joined

    def vote(self) -> None:
        self._turn += 1
        option = self._options[self._turn % len(self._options)]
        self._sent = time.perf_counter()
        op = str(uuid4()).encode()
        self.socket.send(b'{"type":"vote","op":"%s","poll":%d,"options":[%d]}' % (op, self._poll, option))

    def _heard(self, text: bytes) -> None:
        tally = self._tally
        if text.startswith(b'{"type":"ack"'):
            if tally.counting:
                tally.acks += 1
                tally.latencies.append(time.perf_counter() - self._sent)
            if not self.stopped:
                self.vote()
        elif text.startswith(b'{"type":"totals"'):
            tally.totals += tally.counting
        elif text.startswith(b'{"type":"joined"'):
            self.joined.set_result(None)
        elif not text.startswith((b'{"type":"welcome"', b'{"type":"presence"')):
            tally.others += 1
            print("unexpected:", text[:200], file=sys.stderr)
