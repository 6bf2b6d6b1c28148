"""A listener for tests of buses: waits for what it should hear, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nexus.bus import News, TotalsNews
from nexus.domain.poll import Place, Policy, Status, Totals

WITHIN_S = 30.0


def totals_news(poll: int, version: int, *, epoch: int = 1, votes: int = 0) -> TotalsNews:
    """Totals of a poll with one option, at a place."""
    return TotalsNews(
        Totals(
            poll=poll,
            epoch=epoch,
            version=version,
            revision=1,
            retractions=0,
            status=Status.OPEN,
            policy=Policy.LIVE,
            voters=votes,
            ballots=votes,
            counts=((poll * 10, votes),),
        )
    )


class Ear:
    """Keeps what it hears, in order."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self._came = asyncio.Event()

    def on_news(self, news: News) -> None:
        """Keep `news`."""
        self.news.append(news)
        self._came.set()

    def places(self, poll: int) -> list[Place]:
        """The places of the totals of `poll` that came, in order."""
        return [news.totals.place for news in self.news if isinstance(news, TotalsNews) and news.totals.poll == poll]

    async def until(self, holds: Callable[[], bool], within: float = WITHIN_S) -> None:
        """Wait until `holds` after some news; fails with what came, and did not, in `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while not holds():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"not heard within {within} s; what came: {self.news}") from None

    async def hears(self, news: News, within: float = WITHIN_S) -> None:
        """Wait until `news` has come."""
        await self.until(lambda: news in self.news, within)

    async def reaches(self, poll: int, place: Place, within: float = WITHIN_S) -> None:
        """Wait until the last totals of `poll` that came are those at `place`."""
        await self.until(lambda: self.places(poll)[-1:] == [place], within)
