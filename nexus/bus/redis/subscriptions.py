"""Which channels one pub/sub connection should serve, and which it does: pure, no I/O and no clock."""

from __future__ import annotations


class Subscriptions:
    """What is wanted is the truth; what the server answered is compared with it until both agree.

    At most one request a channel is under way, so that an answer always belongs to the request that was sent
    last, and calls that contradict each other end in the state of the last one. The server answers in the
    order of the requests; an error names no channel and belongs to the oldest.
    """

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._held: set[str] = set()
        self._asked: dict[str, bool] = {}  # in the order of sending
        self._refused: set[str] = set()
        self._unsettled: dict[str, None] = {}  # only these are looked at, however many are wanted

    def want(self, channel: str) -> None:
        """Serve `channel` from now on."""
        self._wanted.add(channel)
        self._unsettled[channel] = None

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""
        self._wanted.discard(channel)
        self._refused.discard(channel)
        self._unsettled[channel] = None

    def holds(self, channel: str) -> bool:
        """Whether the server has confirmed `channel`, and nothing under way could change that."""
        return channel in self._held and channel not in self._asked

    def due(self) -> list[tuple[bool, str]]:
        """The requests to send now, each (subscribe?, channel); they count as under way from here on."""
        requests: list[tuple[bool, str]] = []
        for channel in self._unsettled:
            wanted = channel in self._wanted
            if channel in self._asked or channel in self._refused:
                continue  # the answer, or `retry`, brings it back
            if wanted != (channel in self._held):
                requests.append((wanted, channel))
        self._unsettled.clear()
        self._asked.update((channel, wanted) for wanted, channel in requests)
        return requests

    def answered(self, channel: str, *, held: bool) -> None:
        """The server says that it serves `channel`, or no longer does; asked or, in a cluster, unasked."""
        if held:
            self._held.add(channel)
        else:
            self._held.discard(channel)
        if self._asked.get(channel) is held:
            del self._asked[channel]
        self._unsettled[channel] = None

    def refused(self) -> str | None:
        """The server answered the oldest request with an error: its channel, which rests until `retry`."""
        channel = next(iter(self._asked), None)
        if channel is None:
            return None
        if self._asked.pop(channel):
            self._refused.add(channel)
        self._held.discard(channel)
        self._unsettled[channel] = None
        return channel

    def retry(self) -> None:
        """Ask again for what was refused."""
        self._unsettled.update(dict.fromkeys(self._refused))
        self._refused.clear()

    def start_over(self, last: str) -> None:
        """A new connection serves nothing yet: everything wanted is due, `last` after all the others."""
        self._held.clear()
        self._asked.clear()
        self._refused.clear()
        self._unsettled = dict.fromkeys(self._wanted - {last})
        self._unsettled[last] = None
