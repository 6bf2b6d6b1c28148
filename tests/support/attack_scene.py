"""One attack on a server where others vote meanwhile: what they felt of it, and what it cost the server.

The voters are a `Crowd` that comes from 127.0.0.1; the attacker is a process of its own, of the lowest priority, and
comes from ATTACKER, as somebody elsewhere would.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx

from tests.support.attacks.line import Done
from tests.support.attacks.target import Target
from tests.support.checkout import ROOT
from tests.support.fault_crowd import Crowd, Polls, TimedAct, make_poll
from tests.support.served import Server

VOTERS = 20
PAUSE_S = 0.5
"""Between a voter's answer and its next act: 40 votes a second of all of them, where each is answered at once."""
ATTACKER = "127.0.0.2"
WINDOW_S = 3.0
"""The worst three seconds count."""
_STEP_S = 0.25
_SAMPLE_S = 0.1
_BEGIN_S = 30.0
_MIB = 2**20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
LISTED = 100
"""Polls that a list of the attacks on lists has."""
_OPTIONS = 100
_EMOJI = 252


@dataclass(frozen=True)
class Spans:
    """For how long it is looked at before, during and after an attack, in seconds."""

    before: float
    during: float
    after: float


@dataclass(frozen=True)
class Felt:
    """What an attack did: the others' ack p99 in ms, the worker's memory in MiB, and how acts were answered.

    `during_ms` is that of the worst three seconds. `cpu` is the share
    of a core that the worker used during it. `acts` were acknowledged; `retries` times the server said `retry`.
    The attacker made `connections` and sent `sent_mib` MiB.
    """

    attack: str
    before_ms: float
    during_ms: float
    after_ms: float
    before_mib: float
    peak_mib: float
    after_mib: float
    cpu: float
    acts: int
    retries: int
    connections: int
    sent_mib: float


def cpu_s(pid: int) -> float:
    """User and system seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Memory:
    """The resident memory of a process, looked at again and again while `watched`."""

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._pid = pid

    def mib(self) -> float:
        """What it is now."""
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        now = pages * _PAGE_BYTES / _MIB
        self.peak_mib = max(self.peak_mib, now)
        return now

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep `peak_mib` up to date meanwhile."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            self.mib()
            await asyncio.sleep(_SAMPLE_S)


class Attacker:
    """The process of an attack that goes on until `end`; `done` is what it has said last."""

    def __init__(self, name: str, target: Target) -> None:
        self.done = Done()
        self._begun = asyncio.Event()
        self._running = asyncio.create_task(self._run(name, target))

    async def begun(self) -> None:
        """Return once it has a connection. Fails where it ends before."""
        waiting = asyncio.create_task(self._begun.wait())
        await asyncio.wait([waiting, self._running], timeout=_BEGIN_S, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert self._begun.is_set(), "the attacker could not begin"

    async def end(self) -> None:
        """End it. Fails where it had ended by itself."""
        given_up = self._running.done()
        self._running.cancel()
        await asyncio.wait([self._running])
        assert not given_up, "the attacker has given up"

    async def _run(self, name: str, target: Target) -> None:
        command = [sys.executable, "-m", "tests.support.attacks", name, target.text()]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                self.done = Done(**json.loads(line))
                self._begun.set()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def target_of(server: Server, polls: Polls, strength: float = 1.0, niceness: int = 19) -> Target:
    """A server to attack, where others vote in `polls`; the poll for ballot stuffing is another."""
    stuffed = await make_poll(server)
    return Target(
        host="127.0.0.1",
        port=server.port,
        source=ATTACKER,
        token=server.token(f"guest:{UUID(int=7)}", "guest", polls=[polls.one]),
        user=server.token("user:7", "user"),
        poll=polls.one,
        code=stuffed["code"],
        option=stuffed["options"][0]["id"],
        strength=strength,
        niceness=niceness,
    )


async def fill(server: Server, name: str, polls: int = LISTED) -> None:
    """Make the polls that an attack on lists asks for; for other attacks nothing."""
    if name not in ("lists", "long-pages", "unread-pages"):
        return
    long = [{"option_text": chr(0x1F600 + n % 80) * (_EMOJI - 3) + f"{n:03}"} for n in range(_OPTIONS)]
    options = [{"option_text": text} for text in ("Yes", "No")] if name == "lists" else long
    headers = {"Authorization": f"Bearer {server.token('user:1', 'user')}", "Content-Type": "application/json"}
    body = json.dumps({"question": "Which?", "options": options}, ensure_ascii=False).encode()
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as client:
        for _ in range(polls):
            made = await client.post("/polls/", content=body)
            assert made.status_code == 201, made.text


async def feel(server: Server, crowd: Crowd, name: str, target: Target, spans: Spans) -> Felt:
    """Look at a crowd before, during and after an attack, and end it: all are answered."""
    (pid,) = server.worker_pids
    memory = Memory(pid)
    async with memory.watched():
        start = await _begun(crowd, spans.before)
        before_mib = memory.mib()
        attacker = Attacker(name, target)
        try:
            await attacker.begun()
            begin, used_s = time.monotonic(), cpu_s(pid)
            await asyncio.sleep(spans.during)
        finally:
            await attacker.end()
        end, used_s = time.monotonic(), cpu_s(pid) - used_s
        await crowd.more_acks(2 * VOTERS)
        await asyncio.sleep(spans.after)
        await crowd.settle()
        after_mib = memory.mib()
    acts = crowd.all_acts
    return Felt(
        attack=name,
        before_ms=p99_ms(_asked(acts, start, begin)),
        during_ms=worst_ms(acts, begin, end),
        after_ms=p99_ms(_asked(acts, end, math.inf)),
        before_mib=before_mib,
        peak_mib=memory.peak_mib,
        after_mib=after_mib,
        cpu=used_s / (end - begin),
        acts=crowd.acks,
        retries=sum(len(act.retries) for act in acts),
        connections=attacker.done.connections,
        sent_mib=attacker.done.sent_bytes / _MIB,
    )


async def _begun(crowd: Crowd, before_s: float) -> float:
    """Once every voter has been answered, look on for `before_s`; when that was."""
    await crowd.more_acks(2 * VOTERS)
    start = time.monotonic()
    await asyncio.sleep(before_s)
    return start


def _asked(acts: Sequence[TimedAct], begin: float, end: float) -> list[TimedAct]:
    return [act for act in acts if begin <= act.asked < end]


def p99_ms(acts: Sequence[TimedAct]) -> float:
    """The 99th percentile of how long acts took from the first call to the last answer; 0 where there were none."""
    took = sorted(act.answered - act.asked for act in acts)
    return 1000 * took[max(0, math.ceil(0.99 * len(took)) - 1)] if took else 0.0


def worst_ms(acts: Sequence[TimedAct], begin: float, end: float) -> float:
    """The worst `p99_ms` of acts asked within WINDOW_S of each other, of all that were asked from `begin` to `end`."""
    steps = max(1, math.ceil((end - begin - WINDOW_S) / _STEP_S) + 1)
    windows = (begin + n * _STEP_S for n in range(steps))
    return max(p99_ms(_asked(acts, at, min(at + WINDOW_S, end))) for at in windows)
