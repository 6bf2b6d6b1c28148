"""What rooms send, encoded once for all who get it (docs/contract.md, "Server messages")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from nexus.domain.poll import Poll, Totals, Visibility
from nexus.domain.views import poll_view, totals_view
from nexus.errors import PollNotFound
from nexus.rooms.frame import Frame
from nexus.ws.messages import Deleted, Error, PollFrame, Presence, Ready, encode
from nexus.ws.unreadable import MessageOutline


class RoomFrames:
    """Encodes what rooms send, once for each audience; `now` is the clock of `server_now`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """The totals as one audience may see them."""
        return encode(totals_view(totals, sees, self._now()))

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """The poll as one audience may see it."""
        return encode(PollFrame(poll_view(poll, sees)))

    def presence(self, poll: int, online: int) -> Frame:
        """How many voters are watching."""
        return encode(Presence(poll=poll, online=online))

    def deleted(self, poll: int) -> Frame:
        """The poll no longer exists."""
        return encode(Deleted(poll))


class LobbyFrames:
    """Encodes the ends of a wait, once for all who wait for the same poll."""

    def ready(self, code: str) -> Frame:
        """The poll of `code` can be seen."""
        return encode(Ready(code))

    def gone(self) -> Frame:
        """No poll has this code any more."""
        return encode(Error(PollNotFound.code, PollNotFound.default, MessageOutline(type="wait")))
