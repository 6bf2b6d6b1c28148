"""The key set of an external issuer of tokens (RFC 7517): fetched off the event loop, kept, bounded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO, Generic, TypeVar
from urllib.request import HTTPRedirectHandler, Request, build_opener

from nexus.errors import Unavailable

logger = logging.getLogger(__name__)

KeyT = TypeVar("KeyT")

_LARGEST_BYTES = 256 * 1024
# For this long keys are used without being read again.
_FRESH_S = 300.0
# An outage of the issuer need not be ours: the keys it had are trusted for this long.
_STALE_S = 3600.0


class KeySet(Generic[KeyT]):
    """The keys at `url` by their ids; `parse` makes them from the document, and raises ValueError for a bad one.

    Read when first asked for, again when five minutes old, and for an unknown id; but never twice within
    `cooldown_s`, so that made-up ids cost the issuer nothing. All who wait share one read.
    """

    def __init__(
        self,
        url: str,
        parse: Callable[[bytes], Mapping[str, KeyT]],
        *,
        timeout_s: float = 5.0,
        cooldown_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetches nothing yet; `clock` returns monotonic seconds."""
        self._url = url
        self._parse = parse
        self._timeout_s = timeout_s
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._keys: Mapping[str, KeyT] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> KeyT | None:
        """The key of this id, or the only key where a token names none; None if the issuer has no such key.

        Raises Unavailable where the keys have been out of reach for so long that the known ones no longer count.
        """
        if self._clock() - self._read_at > _FRESH_S:
            await self._refresh()
        if self._pick(kid) is None:
            await self._refresh()
        if self._clock() - self._read_at > _STALE_S:
            raise Unavailable("The keys of the token's issuer are out of reach.", after_s=self._cooldown_s)
        return self._pick(kid)

    def _pick(self, kid: str | None) -> KeyT | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if kid is not None else None

    async def _refresh(self) -> None:
        if self._reading is None:
            if self._clock() - self._tried_at < self._cooldown_s:
                return
            self._reading = asyncio.create_task(self._read(), name="read an issuer's keys")
        # One who stops waiting must not stop the read for the others.
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                body = await asyncio.to_thread(_fetch, self._url, self._timeout_s)
            self._keys = self._parse(body)
            self._read_at = self._clock()
        except (OSError, HTTPException, ValueError) as error:
            logger.warning("cannot read the keys at %s: %r", self._url, error)
        finally:
            self._tried_at = self._clock()
            self._reading = None


class _NoRedirects(HTTPRedirectHandler):
    """Keys come from the configured address, or not at all."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> None:
        return None


def _fetch(url: str, timeout_s: float) -> bytes:
    # urllib's time-out is for each read alone, so an answer that trickles in needs a bound as a whole.
    end = time.monotonic() + timeout_s
    body = bytearray()
    with build_opener(_NoRedirects).open(url, timeout=timeout_s) as response:
        while chunk := response.read1(65536):
            body += chunk
            if len(body) > _LARGEST_BYTES:
                raise ValueError(f"more than {_LARGEST_BYTES} bytes")
            if time.monotonic() > end:
                raise TimeoutError("took too long")
    return bytes(body)
