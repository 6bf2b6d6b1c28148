"""Pages of lists at once: few read the database, some wait, the others are told to come back, and votes go on."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.http.api import searches
from nexus.store import listing
from nexus.store.database import Database
from nexus.store.listing import Filter
from nexus.store.listing_counts import Counts
from tests.support.rest import Rest, refused
from tests.support.values import Json
from tests.support.waiting import soon, until

OWN = "Too many lists are being read from your address. Try again in a moment."


@pytest.fixture
def may_go_on(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Lists are held until it is set."""
    event, list_polls = asyncio.Event(), listing.list_polls

    async def held(
        database: Database, by: Identity, chosen: Filter, *, limit: int, offset: int, counts: Counts
    ) -> tuple[int, list[Poll]]:
        await event.wait()
        return await list_polls(database, by, chosen, limit=limit, offset=offset, counts=counts)

    monkeypatch.setattr(listing, "list_polls", held)
    return event


async def test_lists_beyond_the_cap_are_told_to_come_back_and_others_go_on(
    rest: Rest, may_go_on: asyncio.Event
) -> None:
    ann = await rest.user(admin=True)
    poll = await rest.poll(ann)
    begun = [asyncio.create_task(rest("GET", "/polls/", ann)) for _ in range(3)]
    await until(lambda: len(rest.services.lists) == 3 and rest.services.list_reads.locked())
    for path in ("/polls/", "/events/", "/users/", "/audit/", f"/polls/{poll['id']}/audit/"):
        late = await soon(rest("GET", path, ann))
        assert refused(late) == (503, "unavailable"), path
        assert (late.headers["retry-after"], late.json()["detail"]) == ("1", OWN)
    assert (await soon(rest.vote(ann, poll)))["status"] == "recorded"
    assert (await soon(rest.get(f"/polls/{poll['id']}/", ann)))["id"] == poll["id"]
    assert (await soon(rest("GET", "/health/ready/"))).status_code == 200
    may_go_on.set()
    assert [one.status_code for one in await soon(asyncio.gather(*begun))] == [200] * 3
    assert (len(rest.services.lists), rest.services.list_reads._value) == (0, 2)


async def test_a_list_waits_for_its_turn_only_so_long(
    rest: Rest, may_go_on: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await rest.user()
    monkeypatch.setattr(searches, "LISTS", replace(searches.LISTS, turn_s=0.01))
    begun = [asyncio.create_task(rest("GET", "/polls/", ann)) for _ in range(2)]
    await until(rest.services.list_reads.locked)
    assert refused(await soon(rest("GET", "/polls/", ann))) == (503, "unavailable")
    may_go_on.set()
    assert [one.status_code for one in await soon(asyncio.gather(*begun))] == [200] * 2
    assert (len(rest.services.lists), rest.services.list_reads._value) == (0, 2)


async def pages(rest: Rest, path: str, key: str) -> list[Json]:
    """The pages to which `key` leads from `path`."""
    ann, found = await rest.user(), list[Json]()
    following: str | None = path
    while following is not None:
        found.append(await rest.get(following, ann))
        following = found[-1][key]
        assert len(found) < 20
    return found


def ids_of(found: Sequence[Json]) -> list[list[int]]:
    return [[poll["id"] for poll in page["results"]] for page in found]


async def test_a_page_that_would_be_too_long_ends_early_and_next_leads_to_the_rest(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await rest.user()
    polls = [(await rest.poll(ann, *(f"{n} {'🦕' * 100}" for n in range(20))))["id"] for _ in range(7)][::-1]
    whole = await pages(rest, "/polls/?page_size=4", "next")
    assert ids_of(whole) == [polls[:4], polls[4:]]
    monkeypatch.setattr(listing, "PAGE_BYTES", 35_000)  # of polls of 10,000 and a bit
    cut = await pages(rest, "/polls/?page_size=4", "next")
    assert ids_of(cut) == [polls[:3], polls[3:4], polls[4:]]
    assert [poll for page in cut for poll in page["results"]] == [poll for page in whole for poll in page["results"]]
    assert {page["count"] for page in cut} == {7}
    assert cut[0]["next"] == "http://nexus.test/polls/?page_size=4&page=1&skip=3"
    assert cut[1]["previous"] == "http://nexus.test/polls/?page_size=4&page=1"
    assert cut[2]["previous"] == "http://nexus.test/polls/?page_size=4&page=1"
    monkeypatch.setattr(listing, "PAGE_BYTES", 1)
    assert ids_of(await pages(rest, "/polls/?page_size=4", "next")) == [[poll] for poll in polls]
    assert ids_of([await rest.get("/polls/?page_size=2&page=1&skip=5", ann)]) == [[]]
    assert refused(await rest("GET", "/polls/?skip=100", ann)) == (422, "invalid")
