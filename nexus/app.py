"""The composition root: builds every part of a worker, and wires them. Only `cli` imports it."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from nexus.access.code_entry import CodeEntry
from nexus.access.external_issuer import ExternalIssuer
from nexus.access.gate import Gate
from nexus.access.identifier import Identifier
from nexus.access.limits import Caps, by_minute
from nexus.access.passwords import Passwords
from nexus.access.secret import secret_key
from nexus.access.tokens import Tokens
from nexus.bus import Bus, News
from nexus.bus.local import LocalBus
from nexus.domain.ballot import Ballot, Outcome, Receipt
from nexus.domain.poll import Place
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.api.metrics import metrics_route
from nexus.http.api.routes import routes
from nexus.http.documents.routes import document_routes
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.pages.screens import screen_routes
from nexus.http.parts import Parts, Rates
from nexus.rooms.fanout import Fanout
from nexus.rooms.hub import Hub
from nexus.runtime.metrics import Metrics
from nexus.runtime.upkeep import keep_up
from nexus.settings import Settings
from nexus.store import voting, watch
from nexus.store.database import Database
from nexus.store.listing_counts import Counts
from nexus.voting.ballot_box import BallotBox, Recorded
from nexus.voting.schedule import Schedule
from nexus.voting.tallies import Tallies
from nexus.ws.asyncapi import asyncapi
from nexus.ws.endpoint import Sockets
from nexus.ws.messages import RoomFrames
from nexus.ws.registry import SessionRegistry
from nexus.ws.services import SocketServices

log = logging.getLogger("nexus.app")

DRAIN_S = 5.0
"""What a stopping worker leaves ballots that are waiting for their transaction."""


SAMPLE_S = 1.0

EXPORTS, EXPORTS_EACH, EXPORT_READS = 50, 1, 2
"""Exports of a worker under way, those of one host, and those that read the database at once."""


def _now() -> datetime:
    return datetime.now(UTC)


class House:
    """One worker: all its parts, running from `open` to `close`."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        limits, lifetimes = settings.limits, settings.lifetimes
        self.metrics = Metrics()
        self.metrics_token = settings.metrics_token
        self.database = Database(database_url, size=settings.db_connections)
        self.bus: Bus = _bus(settings, worker)
        self.sessions = SessionRegistry()
        self.tallies = Tallies(self.database, self.bus, self._tell)
        fanout = Fanout(RoomFrames(_now))
        self.hub = Hub(self.tallies, self.bus, fanout, partial(watch.standing_voters, self.database), worker)
        self.ballots = BallotBox(self._record, self._committed, lanes=settings.lanes)
        key = secret_key(settings.secret, settings.data)
        self.tokens = Tokens(key, access_ttl_s=lifetimes.access_s)
        external = ExternalIssuer(settings.issuer) if settings.issuer else None
        longest = max(lifetimes.access_s, lifetimes.screen_s)
        self.gate = Gate(self.database, Identifier(self.tokens, external), self.sessions.expel, longest_s=longest)
        self.schedule = Schedule(self.database, self.tallies)
        self.passwords = Passwords()
        rates = Rates.of(limits, time.monotonic)
        codes = CodeEntry(
            self.database,
            by_voter=by_minute(limits.wrong_codes_per_minute),
            by_address=by_minute(limits.wrong_codes_per_address),
        )
        self.parts = Parts(
            database=self.database,
            ballots=self.ballots,
            tallies=self.tallies,
            bus=self.bus,
            gate=self.gate,
            tokens=self.tokens,
            passwords=self.passwords,
            codes=codes,
            lifetimes=lifetimes,
            rates=rates,
            counts=Counts(),
            metrics=self.metrics,
            pseudonyms=Pseudonyms(key),
            exports=Caps(EXPORTS_EACH, total=EXPORTS),
            export_reads=asyncio.Semaphore(EXPORT_READS),
        )
        self.socket_services = SocketServices(
            gate=self.gate,
            ballots=self.ballots,
            hub=self.hub,
            votes=rates.votes,
            codes=codes,
            sockets=Caps(limits.sockets_per_address, total=limits.sockets),
            origins=settings.allowed_origins,
            rooms_per_socket=limits.rooms_per_socket,
            messages_per_second=limits.messages_per_second,
            now=_now,
            sessions=self.sessions,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def _tell(self, news: News) -> None:
        self.hub.on_news(news)

    async def _record(self, ballots: Sequence[Ballot]) -> Recorded:
        began = time.perf_counter()
        recorded = await voting.record(self.database, ballots)
        self.metrics.recorded(recorded.answers, time.perf_counter() - began)
        return recorded

    async def _keep_sampling(self) -> None:
        while True:
            self.metrics.sample(
                {
                    "ballots_waiting": self.ballots.waiting,
                    "sockets": len(self.socket_services.sockets),
                    "rooms": self.hub.rooms,
                    "exports": len(self.parts.exports),
                    "logins_waiting": self.passwords.waiting,
                    "bus_up": self.bus.healthy,
                }
            )
            await asyncio.sleep(SAMPLE_S)

    def _committed(self, ballots: Sequence[Ballot], recorded: Recorded) -> None:
        """After the acks: totals to the rooms and the bus, and to each voter the right that `after_vote` gives."""
        for totals in recorded.totals:
            self.tallies.totals_committed(totals)
        for ballot, answer in zip(ballots, recorded.answers, strict=True):
            if isinstance(answer, Receipt) and answer.stands and answer.status is not Outcome.REPLAYED:
                self.hub.ballot_stands(ballot.poll, ballot.by.voter, Place(answer.epoch, answer.version))

    async def open(self) -> None:
        """Start every part. Succeeds with the database or Redis out of reach: `/health/ready` says so."""
        await self.database.connect()
        await self.bus.start(self.hub)
        work: dict[str, Callable[[], Coroutine[object, None, None]]] = {
            "healing": self.hub.keep_healing,
            "schedule": self.schedule.run,
            "gate": self.gate.keep_refreshing,
            "metrics": self._keep_sampling,
            "upkeep": partial(keep_up, self.database),
        }
        if not isinstance(self.bus, LocalBus):  # that one loses nothing
            work["bus"] = self.tallies.keep_confirming
        for name, what in work.items():
            self._tasks.append(asyncio.create_task(_supervised(name, what), name=name))

    async def close(self) -> None:
        """Answer what is waiting, then let go of everything; bounded."""
        await self.ballots.stop(DRAIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hub.stop()
        await self.tallies.stop()
        await self.bus.stop()
        self.passwords.close()
        await self.database.close()


def _bus(settings: Settings, worker: str) -> Bus:
    if not settings.redis_url:
        return LocalBus()
    from nexus.bus.redis.bus import open_bus  # its library takes long to load, and whoever has no Redis does without

    return open_bus(settings.redis_url, worker)


async def _supervised(name: str, work: Callable[[], Coroutine[object, None, None]]) -> None:
    """Run a task that should never end; its death is logged, and it begins anew."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed and begins anew in a second", name)
        await asyncio.sleep(1)


def build(settings: Settings, database_url: str) -> ASGIApp:
    """The application of one worker."""
    return application(House(settings, database_url))


def application(house: House) -> ASGIApp:
    """What serves `house`, and opens and closes it with its lifespan."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await house.open()
        try:
            yield
        finally:
            await house.close()

    app = Starlette(
        routes=[
            *routes(house.parts),
            *document_routes(asyncapi()),
            *screen_routes(house.parts),
            metrics_route(house.metrics, house.metrics_token),
            WebSocketRoute("/ws", Sockets(house.socket_services)),
        ],
        middleware=[Middleware(Edge, origins=house.socket_services.origins)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the edge takes the slash away: what has no route then is not there
    return app
