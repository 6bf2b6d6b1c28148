"""A document that an issuer publishes, such as its key set: fetched off the event loop, kept, bounded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from email.message import Message
from http.client import HTTPException
from typing import IO, Generic, TypeVar
from urllib.request import HTTPRedirectHandler, Request, build_opener

logger = logging.getLogger(__name__)

DocumentT = TypeVar("DocumentT")

LARGEST_BYTES = 256 * 1024
"""The longest answer of an issuer that is read."""

_FRESH_S = 300.0
# An outage of the issuer need not be ours: what it published is trusted for this long.
_STALE_S = 3600.0


class Fetched(Generic[DocumentT]):
    """The document at `url`; `parse` makes it from the answer's body, and raises ValueError for a bad one.

    Read when first asked for and again when five minutes old, but never twice within `cooldown_s`. All who wait share
    one read.
    """

    def __init__(
        self,
        url: str,
        parse: Callable[[bytes], DocumentT],
        *,
        timeout_s: float = 5.0,
        cooldown_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetches nothing yet; `clock` returns monotonic seconds."""
        self._url = url
        self._parse = parse
        self._timeout_s = timeout_s
        self._clock = clock
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._known: DocumentT | None = None
        self.cooldown_s = cooldown_s
        self.is_bad = False
        """Whether the last read got an answer, and that was not the document it should be."""

    async def get(self) -> DocumentT | None:
        """The document; None where it has been out of reach or bad for so long that a known one no longer counts."""
        if self._clock() - self._read_at > _FRESH_S:
            await self.renew()
        return None if self._clock() - self._read_at > _STALE_S else self._known

    async def renew(self) -> None:
        """Read it again, unless that was tried within `cooldown_s`."""
        if self._reading is None:
            if self._clock() - self._tried_at < self.cooldown_s:
                return
            self._reading = asyncio.create_task(self._read(), name="read what an issuer publishes")
        # One who stops waiting must not stop the read for the others.
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                body = await asyncio.to_thread(_fetch, self._url, self._timeout_s)
            self._known = self._parse(body)
            self._read_at = self._clock()
            self.is_bad = False
        except (OSError, HTTPException, ValueError) as error:
            self.is_bad = isinstance(error, ValueError)
            logger.warning("cannot read what an issuer publishes at %s: %r", self._url, error)
        finally:
            self._tried_at = self._clock()
            self._reading = None


class _NoRedirects(HTTPRedirectHandler):
    """A document comes from the configured address, or not at all."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> None:
        return None


def _fetch(url: str, timeout_s: float) -> bytes:
    # urllib's time-out is for each read alone, so an answer that trickles in needs a bound as a whole.
    end = time.monotonic() + timeout_s
    body = bytearray()
    with build_opener(_NoRedirects).open(url, timeout=timeout_s) as response:
        while chunk := response.read1(65536):
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise ValueError(f"more than {LARGEST_BYTES} bytes")
            if time.monotonic() > end:
                raise TimeoutError("took too long")
    return bytes(body)
