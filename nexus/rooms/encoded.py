"""The frames of a room, each encoded once for all who get it."""

from __future__ import annotations

from typing import Protocol

from nexus.domain.poll import Poll, Totals, Visibility
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room


class Frames(Protocol):
    """Encodes what rooms send."""

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """The totals as one audience may see them."""

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """The poll as one audience may see it."""

    def presence(self, poll: int, online: int) -> Frame:
        """How many voters are watching."""

    def deleted(self, poll: int) -> Frame:
        """The poll no longer exists."""


class EncodedState:
    """The frames of one edition of a room, each made when first asked for. `at` is when, in the fan-out's seconds."""

    def __init__(self, frames: Frames, room: Room, at: float) -> None:
        self._frames = frames
        self._room = room
        self._made: dict[object, Frame] = {}
        self.edition = room.edition
        self.at = at

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """The totals as one audience may see them."""
        key = ("totals", sees)
        return self._made.get(key) or self._keep(key, self._frames.totals(totals, sees))

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """The poll as one audience may see it."""
        key = ("poll", sees)
        return self._made.get(key) or self._keep(key, self._frames.poll(poll, sees))

    def presence(self, online: int) -> Frame:
        """How many voters are watching."""
        return self._made.get(online) or self._keep(online, self._frames.presence(self._room.id, online))

    def _keep(self, key: object, frame: Frame) -> Frame:
        self._made[key] = frame
        return frame
