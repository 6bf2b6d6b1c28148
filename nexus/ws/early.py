"""Who listens to a line before a session does, and after."""

from __future__ import annotations

from typing import Protocol

from nexus.ws.close_codes import CloseCode
from nexus.ws.line import Bounds


class Ending(Protocol):
    """The part of a line that is needed here."""

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close."""

    def ready_to_close(self) -> None:
        """Nothing is in flight."""


class Nobody:
    """Listens to nothing: a line that has ended has no use for its session."""

    __slots__ = ()

    def feed(self, text: str) -> None:
        """Ignore it."""

    def drained(self) -> None:
        """Ignore it."""

    def alarm(self) -> None:
        """Ignore it."""

    def shut_down(self) -> None:
        """Ignore it."""

    def ended(self, code: int) -> None:
        """Ignore it."""


class Early(Nobody):
    """Keeps the texts that arrive until a session listens, within bounds."""

    __slots__ = ("_bounds", "_kept", "_line", "_size")

    def __init__(self, line: Ending, bounds: Bounds) -> None:
        self._line = line
        self._bounds = bounds
        self._kept: list[str] = []
        self._size = 0

    def feed(self, text: str) -> None:
        """Keep a text; close a line that brings too many with 4429, and forget them."""
        self._size += len(text)
        if len(self._kept) >= self._bounds.early or self._size > self._bounds.early_bytes:
            self._kept.clear()
            self._line.close(CloseCode.TOO_MANY_MESSAGES, "too many messages")
        else:
            self._kept.append(text)

    def shut_down(self) -> None:
        """Nothing is in flight."""
        self._line.ready_to_close()

    def take(self) -> list[str]:
        """The texts, which are then the caller's."""
        kept, self._kept = self._kept, []
        return kept
