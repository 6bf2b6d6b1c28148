"""The composition root: builds every part of a worker and connects them. Only `cli` imports it."""

from __future__ import annotations

import asyncio
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
from nexus.access.forwarded import TrustedHops
from nexus.access.gate import Gate
from nexus.access.identifier import Identifier
from nexus.access.limits import Caps, by_minute
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.logins import OidcLogins
from nexus.access.oidc.returning import Returning
from nexus.access.origins import Origins, canonical_origin
from nexus.access.passwords import Passwords
from nexus.access.secret import secret_key
from nexus.access.tokens import Tokens
from nexus.access.work import BUDGET, WorkBudget
from nexus.branding.looks import Looks
from nexus.bus import Bus, News
from nexus.bus.local import LocalBus
from nexus.domain.ballot import Ballot, Outcome, Receipt
from nexus.domain.poll import Place
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.api.metrics import metrics_route
from nexus.http.api.routes import routes
from nexus.http.dependencies import Rates, RestServices
from nexus.http.documents.routes import document_routes
from nexus.http.framework.arrival import Arrival, first_segments
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Words
from nexus.http.pages.screens import Pages
from nexus.http.pages.site import Site
from nexus.rooms.fanout import Fanout
from nexus.rooms.following import Following
from nexus.rooms.healing import Healing
from nexus.rooms.hub import Hub
from nexus.rooms.lobby import Lobby
from nexus.rooms.moving import Moves
from nexus.runtime.lan import lan_hosts
from nexus.runtime.metrics import Metrics
from nexus.runtime.supervision import supervised
from nexus.runtime.upkeep import keep_up
from nexus.settings import Limits, Settings
from nexus.store import voting, watch
from nexus.store.database import Database
from nexus.store.listing_counts import Counts
from nexus.store.pools import Pools
from nexus.voting.ballot_box import BATCH, SIDINGS, BallotBox, Recorded
from nexus.voting.estates import Estates
from nexus.voting.events import Events
from nexus.voting.schedule import Schedule
from nexus.voting.tallies import Tallies
from nexus.ws.asyncapi import asyncapi
from nexus.ws.dependencies import SocketServices
from nexus.ws.endpoint import SocketEndpoint
from nexus.ws.event_frames import EncodedEvents
from nexus.ws.frames import LobbyFrames, RoomFrames
from nexus.ws.message_rate import MessageRate
from nexus.ws.session_registry import SessionRegistry

DRAIN_S = 5.0
"""How long a stopping worker waits for ballots that are in the box to commit."""
SAMPLE_S = 1.0
"""Between two samples of how full everything is, for the metrics."""
MOST_EXPORTS = 50
"""Exports under way at once in a worker."""
EXPORTS_PER_HOST = 1
"""Exports of one host under way at once."""
EXPORT_READS = 2
"""Exports that read the database at once."""
MOST_LISTS = 300
"""Pages of lists being read or waiting for it at once in a worker."""
LISTS_PER_ADDRESS = 100
"""Those of one address: hosts of a whole house may be behind it."""
LIST_READS = 2
"""Pages of lists that read the database at once."""
MOST_SEARCHES = 64
"""Searches under way or waiting at once in a worker."""
SEARCHES_PER_VOTER = 4
"""Searches of one voter under way or waiting at once."""
SEARCH_READS = 2
"""Searches that read the database at once."""
MOST_LARGE_BODIES = 8
"""Large bodies read or acted upon at once in a worker."""
LARGE_BODIES_PER_HOST = 1
"""Large bodies of one host read or acted upon at once."""
MOST_LOGOS = 16
"""Logos being written or waiting for it at once in a worker."""
LOGOS_PER_HOST = 1
"""Logos of one host being written or waiting for it at once."""
LOGO_WRITES = 1
"""Logos written at once, each by a process that takes up to one core."""
WORKBOOKS = 2
"""Workbooks written at once, each by a process that takes up to one core."""


def _now() -> datetime:
    return datetime.now(UTC)


class Worker:
    """One worker of the service: builds each part once, and runs them from `open` to `close`.

    `rest_services` and `socket_services` are what the two doors need of them.
    """

    def __init__(self, settings: Settings, database_url: str) -> None:
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        key = secret_key(settings.secret, settings.data)
        self.metrics = Metrics()
        self.metrics_token = settings.metrics_token
        self.public = settings.public
        self.origins = Origins(settings.allowed_origins)
        near = partial(_near, settings.host)
        self.site = Site(settings.embedders, settings.registration == "open", near, self.origins.elsewhere)
        self.trusted = TrustedHops(settings.forwarded_allow_ips)
        self.work = WorkBudget(settings.limits.messages_per_address, self.trusted)
        self.pools = Pools(database_url, votes=settings.lanes + SIDINGS, others=settings.db_connections)
        self.database = self.pools.requests
        self.bus: Bus = _bus(settings, name)
        self.tallies = Tallies(self.pools.rooms, self.bus, self.on_news)
        self._make_rooms(name)
        self.ballots = BallotBox(self._record, self._committed, lanes=settings.lanes)
        self.looks = Looks(self.database)
        self.words = Words(WEB / "words")
        self.schedule = Schedule(self.pools.rooms, self.tallies)
        self.estates = Estates(self.database, self.tallies)
        self.tokens = Tokens(key, access_ttl_s=settings.lifetimes.access_s)
        self.sessions = SessionRegistry()
        self.gate = self._make_gate(settings)
        self.codes = self._make_code_entry(settings.limits)
        rates = Rates.from_limits(settings.limits)
        self.oidc = _oidc(settings.oidc_client, key, self.database, rates)
        self.rest_services = self._make_rest_services(settings, key, rates)
        self.socket_services = self._make_socket_services(settings)
        self._tasks: list[asyncio.Task[None]] = []

    def _make_rooms(self, name: str) -> None:
        standing = partial(watch.standing_voters, self.pools.rooms)
        fanout = Fanout(RoomFrames(_now), shown=self.metrics.shown, votes_queue=self._votes_queue)
        self.hub = Hub(self.tallies, self.bus, fanout, standing, name, entered=self.metrics.joined)
        events, self.event_frames = Events(self.pools.rooms), EncodedEvents(_now)
        moves = Moves(events, self.hub, self.event_frames, fanout.give_way)
        self.following = Following(events, self.hub, moves, self.bus, name)
        self.healing = Healing(self.tallies, self.hub, self.following)
        self.lobby = Lobby(self.hub, LobbyFrames(), fanout.give_way)

    def _make_gate(self, settings: Settings) -> Gate:
        issuer = ExternalIssuer(settings.issuer) if settings.issuer else None
        longest_s = max(settings.lifetimes.access_s, settings.lifetimes.screen_s)
        return Gate(self.pools.rooms, Identifier(self.tokens, issuer), self.sessions.expel, longest_s=longest_s)

    def _make_code_entry(self, limits: Limits) -> CodeEntry:
        return CodeEntry(
            self.pools.rooms,
            by_voter=by_minute(limits.wrong_codes_per_minute),
            by_address=by_minute(limits.wrong_codes_per_address),
        )

    def _make_rest_services(self, settings: Settings, key: bytes, rates: Rates) -> RestServices:
        return RestServices(
            database=self.database,
            ballots=self.ballots,
            tallies=self.tallies,
            bus=self.bus,
            gate=self.gate,
            tokens=self.tokens,
            passwords=Passwords(),
            codes=self.codes,
            lifetimes=settings.lifetimes,
            rates=rates,
            registration_open=settings.registration == "open",
            estates=self.estates,
            counts=Counts(),
            metrics=self.metrics,
            pseudonyms=Pseudonyms(key),
            words=self.words,
            origins=self.origins,
            exports=Caps(EXPORTS_PER_HOST, total=MOST_EXPORTS),
            export_reads=asyncio.Semaphore(EXPORT_READS),
            lists=Caps(LISTS_PER_ADDRESS, total=MOST_LISTS),
            list_reads=asyncio.Semaphore(LIST_READS),
            searches=Caps(SEARCHES_PER_VOTER, total=MOST_SEARCHES),
            search_reads=asyncio.Semaphore(SEARCH_READS),
            oidc=self.oidc,
            looks=self.looks,
            large_bodies=Caps(LARGE_BODIES_PER_HOST, total=MOST_LARGE_BODIES),
            logos=Caps(LOGOS_PER_HOST, total=MOST_LOGOS),
            logo_writes=asyncio.Semaphore(LOGO_WRITES),
            workbooks=asyncio.Semaphore(WORKBOOKS),
        )

    def _make_socket_services(self, settings: Settings) -> SocketServices:
        limits = settings.limits
        return SocketServices(
            gate=self.gate,
            ballots=self.ballots,
            hub=self.hub,
            following=self.following,
            event_frames=self.event_frames,
            lobby=self.lobby,
            vote_rate=self.rest_services.rates.votes,  # one rate for a voter, whichever door the votes come through
            codes=self.codes,
            open_sockets=Caps(limits.sockets_per_address, total=limits.sockets),
            work=self.work,
            origins=self.origins,
            rooms_per_socket=limits.rooms_per_socket,
            sockets_per_voter=limits.sockets_per_voter,
            message_rate=MessageRate(limits.messages_per_second),
            now=_now,
            sessions=self.sessions,
        )

    def _votes_queue(self) -> bool:
        return self.ballots.waiting > BATCH

    @property
    def readers(self) -> frozenset[str]:
        """The origins whose pages may read answers to requests that cross origins."""
        own = canonical_origin(self.public.origin) if self.public else None
        return self.origins.listed | ({own} if own else frozenset())

    def on_news(self, news: News) -> None:
        """Take news, this worker's own and what the bus brings: it is for the rooms."""
        self.hub.on_news(news)
        self.following.on_news(news)

    async def _record(self, ballots: Sequence[Ballot]) -> Recorded:
        began = time.perf_counter()
        recorded = await voting.record(self.pools.votes, ballots)
        self.metrics.recorded(recorded.answers, time.perf_counter() - began)
        return recorded

    async def _keep_sampling(self) -> None:
        while True:
            self.metrics.sample(
                {
                    "ballots_waiting": self.ballots.waiting,
                    "sockets": len(self.socket_services.open_sockets),
                    "rooms": self.hub.rooms,
                    "events": len(self.following),
                    "followers": self.following.followers,
                    "waiting": len(self.lobby),
                    "exports": len(self.rest_services.exports),
                    "logins_waiting": self.rest_services.passwords.waiting,
                    "bus_up": self.bus.healthy,
                }
            )
            for name, pool in self.pools.by_name().items():
                self.metrics.sample_pool(name, used=pool.used, waiting=pool.waiting)
            await asyncio.sleep(SAMPLE_S)

    def _committed(self, ballots: Sequence[Ballot], recorded: Recorded) -> None:
        """After the acks: send the totals to the rooms and the bus, and tell the hub whose ballots stand."""
        for totals in recorded.totals:
            self.tallies.totals_committed(totals)
        for ballot, answer in zip(ballots, recorded.answers, strict=True):
            if isinstance(answer, Receipt) and answer.stands and answer.status is not Outcome.REPLAYED:
                self.hub.ballot_stands(ballot.poll, ballot.by.voter, Place(answer.epoch, answer.version))

    async def open(self) -> None:
        """Start every part. Succeeds also while the database or Redis is out of reach: `/health/ready` reports that."""
        await self.pools.connect()
        await self.bus.start(self)
        work: dict[str, Callable[[], Coroutine[object, None, None]]] = {
            "healing": self.healing.run,
            "schedule": self.schedule.run,
            "estates": self.estates.run,
            "gate": self.gate.keep_refreshing,
            "metrics": self._keep_sampling,
            "loop": self.metrics.keep_watching_the_loop,
            "upkeep": partial(keep_up, self.database),
        }
        if not isinstance(self.bus, LocalBus):  # a local bus loses nothing
            work["bus"] = self.tallies.keep_confirming
        for name, what in work.items():
            self._tasks.append(asyncio.create_task(supervised(name, what), name=name))

    async def close(self) -> None:
        """Answer the ballots that are waiting, then release everything, within a bounded time."""
        await self.ballots.stop(DRAIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.lobby.stop()
        await self.following.stop()
        await self.hub.stop()
        await self.tallies.stop()
        await self.bus.stop()
        self.rest_services.passwords.close()
        if self.oidc is not None:
            await self.oidc.close()
        await self.pools.close()


def _near(listening: str) -> str | None:
    return next(iter(lan_hosts(listening)), None)


def _bus(settings: Settings, worker: str) -> Bus:
    if settings.redis is None:
        return LocalBus()
    from nexus.bus.redis.bus import open_bus  # slow to load, and not needed without Redis

    return open_bus(settings.redis, worker)


def _oidc(client: OidcClient | None, key: bytes, database: Database, rates: Rates) -> OidcLogins | None:
    if client is None:
        return None
    from nexus.access.oidc.provider import Provider  # slow to load, and not needed without a provider

    begun, failed = rates.logins, rates.failed_returns
    return OidcLogins(client, Provider(client), Returning(key), database, begun=begun, failed=failed)


def build(settings: Settings, database_url: str) -> ASGIApp:
    """The application of one worker."""
    return application(Worker(settings, database_url))


def application(worker: Worker) -> ASGIApp:
    """What serves `worker`, and opens and closes it with its lifespan."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        await worker.open()
        try:
            yield {BUDGET: worker.work}
        finally:
            await worker.close()

    pages = Pages(worker.codes, worker.tallies, worker.site, worker.looks, worker.words, worker.oidc)
    found = [
        WebSocketRoute("/ws", SocketEndpoint(worker.socket_services)),  # an audience comes by it all at once
        *routes(worker.rest_services),
        *document_routes(asyncapi),
        metrics_route(worker.metrics, worker.metrics_token),
        *pages.routes(),
    ]
    app = Starlette(
        routes=found,
        middleware=[
            Middleware(Arrival, public=worker.public, trusted=worker.trusted, names=first_segments(found)),
            Middleware(Edge, origins=worker.readers, error_page=pages.refusals),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the edge removes trailing slashes; a path without a route is then not found
    return app
