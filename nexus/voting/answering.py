"""Answers to a batch's voters, in slices: a thousand acks take many milliseconds of the loop, in which nobody else's
message would be read and the next batch's result would lie unseen."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

import msgspec

from nexus.domain.ballot import Ballot, Receipt
from nexus.errors import NexusError

logger = logging.getLogger(__name__)

Answer = Receipt | NexusError
Done = Callable[[Answer], None]
"""Told once what became of a ballot, after the commit; must neither block nor raise."""

SLICE_S = 0.001
"""Of the loop's time that answers take at a stretch."""

_LOOKS_EVERY = 16  # answers, at the clock


class Pending(msgspec.Struct, frozen=True, gc=False):
    """A ballot that waits for its answer; `since` is when it came, in monotonic seconds."""

    ballot: Ballot
    done: Done
    since: float


def answer_at_once(pending: Iterable[Pending], answers: Iterable[Answer]) -> None:
    """Give each its answer."""
    for one, what in zip(pending, answers, strict=True):
        _give(one, what)


async def answer_in_slices(pending: Iterable[Pending], answers: Iterable[Answer]) -> None:
    """Give each its answer, in order; everybody else has a turn after each slice."""
    began = time.perf_counter()
    for n, (one, what) in enumerate(zip(pending, answers, strict=True), 1):
        _give(one, what)
        if n % _LOOKS_EVERY == 0 and time.perf_counter() - began >= SLICE_S:
            await asyncio.sleep(0)
            began = time.perf_counter()


def _give(one: Pending, what: Answer) -> None:
    try:
        one.done(what)
    except Exception:
        # A fault of one door must not keep their answers from the others.
        logger.exception("an answer could not be given to %s", one.ballot.by.voter)
