"""An event run by two hosts on two workers, followed by hundreds, while workers and Redis die: everybody ends at what
is shown, and on the way nobody sees the past, or what is hidden (docs/contract.md, "Following an event").

The order of everything follows from a seed as far as a network lets it; NEXUS_SEED repeats one.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from nexus.domain.event import Event
from nexus.domain.poll import Place
from nexus.store import accounts, event_watch, watch
from nexus.store.database import Database
from tests.support.answer_book import REFUSALS, AnswerBook, check_ledger
from tests.support.audience import Audience, audience_of
from tests.support.ballots import assert_counts
from tests.support.follower_socket import FollowerSocket
from tests.support.promised import NEWEST_S
from tests.support.redis_server import RedisServer, running_redis
from tests.support.served import Server, ending
from tests.support.show_hosts import ShowHost, new_poll
from tests.support.show_record import ShowRecord
from tests.support.spectators import Spectator
from tests.support.thorough import THOROUGH
from tests.support.values import Json

FOLLOWERS = 300
CO_HOSTS = 4
"""Followers whom the owner makes co-hosts, and no longer co-hosts."""
ROUNDS = 40 if os.environ.get("NEXUS_SOAK") else 12 if THOROUGH else 2
HOST_ACTS = 16
"""Of each host in a round."""
FOLLOWER_ACTS = 2
PACE_S = 0.6
"""How long a follower waits before each of its acts, at most: hosts and followers act at the same time."""
RUSH = 100
RUSH_S = 0.1
"""So many come within this time, and in the midst of it the event moves."""
FAULTS = ("nothing", "worker", "redis")
"""What dies in a round; all of them in each three."""
VERIFY_S = 60.0
ENTER_AT_ONCE = 64
NO_LIMIT = "1000000"
LIMITS: dict[str, Any] = {
    "NEXUS_VOTES_PER_SECOND": NO_LIMIT,
    "NEXUS_VOTES_BURST": NO_LIMIT,
    "NEXUS_MESSAGES_PER_SECOND": NO_LIMIT,
    "NEXUS_MOVES_PER_SECOND": "100000",
    "NEXUS_SOCKETS_PER_ADDRESS": NO_LIMIT,
    "NEXUS_MESSAGES_PER_ADDRESS": NO_LIMIT,
}


@dataclass
class Show:
    """Everything of one run."""

    seed: int
    redis: RedisServer
    servers: tuple[Server, Server]
    audiences: tuple[Audience, Audience]
    record: ShowRecord
    book: AnswerBook
    event: Json
    hosts: tuple[ShowHost, ShowHost]
    people: list[Spectator]
    database: Database

    def mind(self, of: object) -> random.Random:
        """What somebody will do."""
        return random.Random(f"{self.seed}:{of}")


async def test_followers_are_shown_what_two_hosts_show_whatever_dies(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    seed = int(os.environ.get("NEXUS_SEED") or random.SystemRandom().getrandbits(32))
    print(f"NEXUS_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    async with showing(database_url, database, tmp_path, seed) as show:
        faults = list(FAULTS)
        show.mind("faults").shuffle(faults)
        for n in range(ROUNDS):
            await play(show, n, faults[n % len(faults)])
        await finish(show)
    await assert_counts(database)


@asynccontextmanager
async def showing(database_url: str, database: Database, folder: Path, seed: int) -> AsyncIterator[Show]:
    """An event of six polls, which everybody has entered."""
    record = ShowRecord()
    with running_redis(own=True) as redis:
        one, other = (Server(folder / name, database_url, redis.url, **LIMITS) for name in ("one", "other"))
        async with ending(one), ending(other):
            await asyncio.gather(one.start(), other.start())
            async with audience_of(one, record) as here, audience_of(other, record) as there:
                yield await prepare(seed, redis, (one, other), (here, there), record, database)


async def prepare(
    seed: int,
    redis: RedisServer,
    servers: tuple[Server, Server],
    audiences: tuple[Audience, Audience],
    record: ShowRecord,
    database: Database,
) -> Show:
    """Make the event, its hosts and its followers."""
    names = [f"co-host {n}" for n in range(CO_HOSTS)]
    users = [await accounts.add(database, name, None, "none", admin=False) for name in ("owner", "second", *names)]
    record.candidates.update(user.subject for user in users[2:])
    owner, second = (audience.device(user.subject, "user") for audience, user in zip(audiences, users, strict=False))
    mind, numbers = random.Random(f"{seed}:event"), count()
    polls = [new_poll(next(numbers), mind) for _ in range(6)]
    event = await owner.post("/events/", {"title": "Show", "polls": polls})
    await owner.post(f"/events/{event['id']}/hosts/", {"username": "second"})
    minds = [random.Random(f"{seed}:host {n}") for n in range(2)]
    hosts = (
        ShowHost(owner, event, names, numbers, minds[0], owner=True),
        ShowHost(second, event, names, numbers, minds[1], owner=False),
    )
    show = Show(
        *(seed, redis, servers, audiences, record, AnswerBook({*REFUSALS, *LATE_VOTES}), event, hosts, []), database
    )
    subjects = [user.subject for user in users] + [f"user:{1000 + n}" for n in range(FOLLOWERS // 2)]
    guests = [f"guest:00000000-0000-0000-0000-{n:012}" for n in range(FOLLOWERS - len(subjects))]
    show.people = [spectator(show, subject) for subject in subjects + guests]
    turn = asyncio.Semaphore(ENTER_AT_ONCE)

    async def come(one: Spectator) -> None:
        async with turn:
            await one.arrive()

    await asyncio.gather(*(come(one) for one in show.people))
    return show


LATE_VOTES = ("poll_not_open", "poll_not_found", "poll_reset")


def spectator(show: Show, subject: str) -> Spectator:
    """Somebody who may follow the event; a guest is bound to it."""
    guest = subject.startswith("guest:")
    devices = [
        one.device(subject, "guest" if guest else "user", event=show.event["id"] if guest else None)
        for one in show.audiences
    ]
    return Spectator(show.audiences, devices, show.event, show.book, show.mind(subject))


async def play(show: Show, n: int, fault: str) -> None:
    """One round: all act at once, something dies, and then everybody arrives where the event is."""
    mind = show.mind(f"round {n}")
    at, now = mind.randrange(1, FOLLOWERS), asyncio.Event()

    async def live(one: Spectator) -> None:
        nonlocal at
        for _ in range(FOLLOWER_ACTS):
            await asyncio.sleep(mind.random() * PACE_S)
            await one.act()
            at -= 1
            if at == 0:
                now.set()

    async def die() -> None:
        await now.wait()
        await kill(show, mind, fault)

    hosts = [host.run(HOST_ACTS, show.record) for host in show.hosts]
    await asyncio.gather(*hosts, *(live(one) for one in show.people), die())
    await all_arrive(show)
    for host in show.hosts:
        await rush(show, host, mind)
        await host.run(3, show.record)  # nobody comes now, who would bring the news along
        await all_arrive(show)
    if fault == "redis":
        show.redis.start()
        await asyncio.gather(*(server.until_ready() for server in show.servers))


async def rush(show: Show, host: ShowHost, mind: random.Random) -> None:
    """Many come and others vote at the very moment of a move, which is the last for now."""

    async def come(one: Spectator) -> None:
        await asyncio.sleep(mind.random() * RUSH_S)
        await one.come_again()

    async def move() -> None:
        await asyncio.sleep(mind.random() * RUSH_S)
        await host.move(show.record)

    async def vote(one: Spectator) -> None:
        await asyncio.sleep(mind.random() * RUSH_S)
        await one.vote()

    chosen = mind.sample(show.people, 2 * RUSH)
    comers, voters = (come(one) for one in chosen[:RUSH]), (vote(one) for one in chosen[RUSH:])
    await asyncio.gather(move(), *comers, *voters)
    await all_arrive(show)


async def kill(show: Show, mind: random.Random, fault: str) -> None:
    """Kill a worker and start it again, or kill Redis, which comes back later."""
    if fault == "worker":
        server = mind.choice(show.servers)
        server.kill()
        await server.start()
    elif fault == "redis":
        show.redis.kill()


async def truth(show: Show) -> tuple[Event, Place | None]:
    """What the database says is shown, and where that poll stands."""
    event = (await event_watch.events(show.database, [show.event["id"]]))[show.event["id"]]
    shown = [] if event.shown is None else [event.shown]
    polls = await watch.polls(show.database, shown)
    return event, polls[event.shown].place if event.shown is not None else None


async def all_arrive(show: Show) -> None:
    """Everybody comes back, and is shown the newest; what the clock changes meanwhile too."""
    sockets = await asyncio.gather(*(one.arrive() for one in show.people))
    newest, before = await truth(show), None
    while newest != before:
        deadline = time.monotonic() + NEWEST_S
        for socket in sockets:
            await arrives(socket, *newest, deadline)
        before, newest = newest, await truth(show)


async def arrives(socket: FollowerSocket, event: Event, place: Place | None, deadline: float) -> None:
    def there() -> bool:
        at = socket.at
        if at.revision < event.revision or (at.revision == event.revision and at.poll != event.shown):
            return False
        shown = socket.shown.get(event.shown) if event.shown is not None and at.poll == event.shown else None
        return shown is None or place is None or shown.place >= place

    left_s = max(0.01, deadline - time.monotonic())
    await socket.until(there, f"{event.revision}, {event.shown} at {place}, and is at {socket.at}", left_s)


async def finish(show: Show) -> None:
    """The votes are those that were acknowledged, own ballots are shown, and with the event all of it ends."""
    deleted = {poll for host in show.hosts for poll in host.deleted}
    event, _ = await truth(show)
    show.book.forget(deleted - set(event.order))
    seen = {place: state for place, state in show.record.seen.items() if place[0] in event.order}
    replay = await check_ledger(show.database, event.order, show.book)
    wrong = replay.refuted(seen)
    assert not wrong, wrong[:5]
    await assert_counts(show.database)
    await show.record.check(show.database, event.id)
    verified = await show.servers[0].command("verify", within_s=VERIFY_S)
    assert verified.returncode == 0, verified.stdout
    await show.hosts[0].delete()
    for one in show.people:
        socket = one.socket
        assert socket is not None
        await socket.until(lambda socket=socket: socket.gone, "the end of the event", NEWEST_S)  # type: ignore[misc]
