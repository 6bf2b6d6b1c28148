"""The bus of a single worker: news stays in the process."""

from __future__ import annotations

from nexus.bus import News, NewsListener, Topic, TotalsNews
from nexus.domain.poll import Place, Totals


class LocalBus:
    """The bus of a single worker: news stays in the process."""

    def __init__(self) -> None:
        self._listener: NewsListener | None = None
        self._subscribed: set[Topic] = set()
        self._places: dict[Topic, Place] = {}

    async def start(self, listener: NewsListener) -> None:
        """Start delivering to `listener`."""
        self._listener = listener

    async def stop(self) -> None:
        """Deliver nothing more."""
        self._listener = None

    async def publish(self, news: News) -> None:
        """Deliver `news` to the listener if it subscribed to its topic and, for totals, if they are newer."""
        topic = news.topic
        if self._listener is None or topic not in self._subscribed:
            return
        if isinstance(news, TotalsNews):
            if news.totals.place <= self._places.get(topic, Place(0, -1)):
                return
            self._places[topic] = news.totals.place
        self._listener.on_news(news)

    async def subscribe(self, topic: Topic) -> None:
        """Receive news of `topic` from now on."""
        self._subscribed.add(topic)

    async def unsubscribe(self, topic: Topic) -> None:
        """Receive no more news of `topic`, and forget its place."""
        self._subscribed.discard(topic)
        self._places.pop(topic, None)

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """Nothing: an in-process bus keeps no counters that could differ from the database's."""
        return {}

    @property
    def healthy(self) -> bool:
        """Always: it cannot be out of reach."""
        return True
