"""Argon2id hashes of passwords, made off the event loop."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from nexus.access.password_policy import LONGEST, is_beyond_all, normalized
from nexus.errors import TooMany

T = TypeVar("T")

NICE = 15
"""The priority of the hashing threads (`nice`, 19 is the lowest)."""

NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$YLd0gZSrAf/M3ABVRsMgYg$YUh0RWJttRs9MYcG3+PLpC8mTBS01EHvviWD3KFb9f8"
"""A hash with today's parameters to compare with where there is no such account, so that the refusal takes as long. It
need not be secret: no password opens an account that is not there. Making one at each start would delay it."""

MOST_OCTETS = 4 * LONGEST + 1
"""Of a password that is too long for any account."""


def _octets(password: str) -> bytes:
    # Neither can be in an accepted password, a lone surrogate or so many characters: it only has to be something that
    # does not match, and takes as long.
    if is_beyond_all(password):
        return password.encode("utf-8", "surrogatepass")[:MOST_OCTETS]
    return normalized(password).encode("utf-8", "surrogatepass")


def _yield_to_others() -> None:
    """Linux has a priority for each thread; elsewhere it would be the whole process's."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Passwords:
    """Argon2id (RFC 9106) in a thread of its own: m = 19 MiB, t = 2, p = 1 (OWASP Password Storage).

    A hash takes tens of milliseconds of a core, so at most `waiting` calls are under way or in line; one more raises
    `TooMany` at once, so that a crowd logging in cannot pile up memory or time. The thread yields to everything else on
    the machine: a vote does not wait for a login. More logins per second need more workers.
    """

    def __init__(self, *, threads: int = 1, waiting: int = 256) -> None:
        """Starts no threads yet; the first calls do."""
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(threads, "passwords", initializer=_yield_to_others)
        self._waiting = 0
        self._most = waiting

    async def hash(self, password: str) -> str:
        """The hash to store, with its salt and parameters in PHC form. Raises TooMany when overloaded."""
        return await self._off_loop(lambda: self._hasher.hash(_octets(password)))

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether `known` is a hash of `password`; for None (no such account) False, after as long a time.

        Raises TooMany when overloaded, and argon2's InvalidHashError where `known` is not a hash.
        """
        matches = await self._off_loop(lambda: self._matches(known or NOBODYS_HASH, password))
        return matches and known is not None

    def needs_rehash(self, known: str) -> bool:
        """Whether `known` was made with other parameters than today's, so that the next login should hash again."""
        return self._hasher.check_needs_rehash(known)

    @property
    def waiting(self) -> int:
        """Calls under way or in line."""
        return self._waiting

    def close(self) -> None:
        """End the threads; calls still in line are cancelled."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _matches(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, _octets(password))
        except VerifyMismatchError:
            return False

    async def _off_loop(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._most:
            raise TooMany("Too many people are logging in right now.", after_s=5.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
