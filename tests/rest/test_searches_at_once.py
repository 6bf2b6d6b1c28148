"""Searches at once: few read the database, the others wait, and votes go on beside them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from starlette.types import Message

from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.errors import Unavailable
from nexus.http.api import searches
from nexus.store import account_lists, listing
from nexus.store.account_lists import Entry, SoughtAccounts
from nexus.store.database import Database
from nexus.store.listing import Filter
from nexus.store.listing_counts import Counts
from tests.support.exports import scope_of
from tests.support.rest import Person, Rest, refused
from tests.support.waiting import soon, until

LISTS = ["/polls/?search=well", "/users/?search=user"]
OWN = "Too many searches of yours are under way. Try again when one of them has been answered."
ALL = "Too many people are searching. Try again in a moment."


@dataclass
class Held:
    """Searches that have a database connection, held until they may go on."""

    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    reading: int = 0
    most: int = 0
    fail: bool = False

    @asynccontextmanager
    async def reader(self, database: Database) -> AsyncIterator[None]:
        async with database.read() as connection:
            await connection.one("SELECT 1 AS one")
            self.reading += 1
            self.most = max(self.most, self.reading)
            try:
                await self.may_go_on.wait()
                if self.fail:
                    raise Unavailable
            finally:
                self.reading -= 1
        yield


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found, list_polls, page = Held(), listing.list_polls, account_lists.page

    async def held_polls(
        database: Database, by: Identity, chosen: Filter, *, limit: int, offset: int, counts: Counts
    ) -> tuple[int, list[Poll]]:
        if chosen.is_search:
            async with found.reader(database):
                pass
        return await list_polls(database, by, chosen, limit=limit, offset=offset, counts=counts)

    async def held_users(
        database: Database, sought: SoughtAccounts, *, limit: int, offset: int
    ) -> tuple[int, list[Entry]]:
        if sought.search:
            async with found.reader(database):
                pass
        return await page(database, sought, limit=limit, offset=offset)

    monkeypatch.setattr(listing, "list_polls", held_polls)
    monkeypatch.setattr(account_lists, "page", held_users)
    return found


def begin(rest: Rest, who: Person, path: str = LISTS[0]) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(rest("GET", path, who))


async def statuses(*begun: "asyncio.Task[httpx.Response]") -> list[int]:
    return [answer.status_code for answer in await soon(asyncio.gather(*begun))]


def assert_given_back(rest: Rest, held: Held) -> None:
    assert len(rest.services.searches) == 0
    assert held.reading == 0
    assert rest.services.search_reads._value == 2


@pytest.mark.parametrize("path", LISTS)
async def test_a_third_search_waits_while_two_read_and_votes_go_on(rest: Rest, held: Held, path: str) -> None:
    admins = [await rest.user(admin=True) for _ in range(3)]
    voter = await rest.user()
    poll = await rest.poll(admins[0])
    begun = [begin(rest, admin, path) for admin in admins]
    await until(lambda: len(rest.services.searches) == 3 and held.reading >= 2)
    await soon(rest.vote(voter, poll))
    assert (await soon(rest.get("/polls/", voter)))["count"] == 1
    assert (await soon(rest.get("/users/", admins[2])))["count"] == 4
    assert held.reading == 2 and rest.services.search_reads.locked() and not any(one.done() for one in begun)
    held.may_go_on.set()
    assert await statuses(*begun) == [200, 200, 200]
    assert held.most == 2
    assert_given_back(rest, held)


async def test_the_fifth_search_of_one_voter_is_refused(rest: Rest, held: Held) -> None:
    ann, bob = await rest.user(admin=True), await rest.user()
    begun = [begin(rest, ann, path) for path in [*LISTS, *LISTS]]
    await until(lambda: len(rest.services.searches) == 4)
    for path in LISTS:
        answer = await soon(rest("GET", path, ann))
        assert refused(answer) == (429, "too_many_requests")
        assert answer.headers["retry-after"] == "1" and answer.json()["detail"] == OWN
    begun.append(begin(rest, bob))
    await until(lambda: len(rest.services.searches) == 5)
    held.may_go_on.set()
    assert await statuses(*begun) == [200] * 5
    assert await statuses(begin(rest, ann)) == [200]
    assert_given_back(rest, held)


async def test_searches_of_a_worker_are_limited_in_all(rest: Rest, held: Held) -> None:
    ann, bob = await rest.user(), await rest.user()
    begun = [begin(rest, who) for who in (ann, ann, ann, bob, bob, bob)]
    await until(lambda: len(rest.services.searches) == 6)
    answer = await soon(rest("GET", LISTS[0], bob))
    assert refused(answer) == (429, "too_many_requests") and answer.json()["detail"] == ALL
    held.may_go_on.set()
    assert await statuses(*begun) == [200] * 6
    assert_given_back(rest, held)


async def test_places_are_given_back_after_errors(rest: Rest, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await rest.user()
    assert await statuses(begin(rest, ann, "/polls/?search=a%00b"), begin(rest, ann, LISTS[1])) == [422, 403]
    held.fail = True
    begun = [begin(rest, ann) for _ in range(4)]
    await until(lambda: held.reading == 2)
    held.may_go_on.set()
    assert await statuses(*begun) == [503] * 4
    assert_given_back(rest, held)
    held.may_go_on.clear()
    monkeypatch.setattr(searches, "RULES", replace(searches.RULES, turn_s=0.01))
    begun = [begin(rest, ann), begin(rest, ann)]
    await until(lambda: held.reading == 2)
    late = await soon(rest("GET", LISTS[0], ann))
    assert refused(late) == (429, "too_many_requests") and late.json()["detail"] == ALL
    held.fail = False
    held.may_go_on.set()
    assert await statuses(*begun) == [200, 200]
    assert_given_back(rest, held)


def visit(rest: Rest, who: Person, path: str) -> tuple[Callable[[], None], Awaitable[list[Message]]]:
    """A client that waits for its answer: what makes it leave, and what it was sent by the end."""
    left, sent, parts = asyncio.Event(), list[Message](), [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if parts:
            return parts.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def stay() -> list[Message]:
        transport = rest.client._transport
        assert isinstance(transport, httpx.ASGITransport)
        name, _, query = path.partition("?")
        await transport.app(scope_of(name, who) | {"query_string": query.encode()}, receive, send)
        return sent

    return left.set, asyncio.create_task(stay())


@pytest.mark.parametrize("path", LISTS)
async def test_a_client_that_leaves_holds_nothing(rest: Rest, held: Held, path: str) -> None:
    ann, bob = await rest.user(admin=True), await rest.user(admin=True)
    visits = [visit(rest, ann, path) for _ in range(4)]
    await until(lambda: len(rest.services.searches) == 4 and held.reading == 2)
    other = begin(rest, bob, path)
    await until(lambda: len(rest.services.searches) == 5)
    for left, (leave, answered) in enumerate(visits[::-1], 1):  # those that wait first, then those that read
        leave()
        assert await soon(answered) == []
        assert rest.services.searches.held(ann.voter) == 4 - left  # at once: nothing goes on behind the client's back
    counted = f'nexus_http_request_seconds_count{{method="GET",path="{path.partition("/?")[0]}",status="499"}} 4.0'
    assert counted in rest.services.metrics.text().decode()  # no fault of the server
    await until(lambda: held.reading == 1)
    assert (len(rest.services.searches), rest.services.searches.held(ann.voter)) == (1, 0)
    held.may_go_on.set()
    assert await statuses(other) == [200]
    assert_given_back(rest, held)
