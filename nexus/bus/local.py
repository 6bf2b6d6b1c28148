"""The bus of a single worker: news stays in the process."""

from __future__ import annotations

from nexus.bus import News, NewsListener, TotalsNews
from nexus.domain.poll import Place, Totals


class LocalBus:
    """The bus of a single worker: news stays in the process."""

    def __init__(self) -> None:
        self._listener: NewsListener | None = None
        self._subscribed: set[int] = set()
        self._places: dict[int, Place] = {}

    async def start(self, listener: NewsListener) -> None:
        """Start delivering to `listener`."""
        self._listener = listener

    async def stop(self) -> None:
        """Deliver nothing more."""
        self._listener = None

    async def publish(self, news: News) -> None:
        """Deliver `news` to the listener if it subscribed to the poll and, for totals, if they are newer."""
        poll = news.totals.poll if isinstance(news, TotalsNews) else news.poll
        if self._listener is None or poll not in self._subscribed:
            return
        if isinstance(news, TotalsNews):
            if news.totals.place <= self._places.get(poll, Place(0, -1)):
                return
            self._places[poll] = news.totals.place
        self._listener.on_news(news)

    async def subscribe(self, poll: int) -> None:
        """Receive news of `poll` from now on."""
        self._subscribed.add(poll)

    async def unsubscribe(self, poll: int) -> None:
        """Receive no more news of `poll`, and forget its place."""
        self._subscribed.discard(poll)
        self._places.pop(poll, None)

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """Nothing: an in-process bus keeps no counters that could differ from the database's."""
        return {}

    @property
    def healthy(self) -> bool:
        """Always: it cannot be out of reach."""
        return True
