"""Sockets that wait for a draft or a scheduled poll: told when it opens, and nothing before
(docs/contract.md, "Waiting")."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from nexus.domain.definition import PollPatch
from nexus.store import polls, rounds
from tests.support.ballots import HOST, guest, make_poll, voter
from tests.support.sockets import SocketServer, open_socket_server, patch
from tests.support.waiting import until


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def ahead(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_a_draft_makes_wait_and_is_ready_once_it_opens(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, status="draft")
    async with ws.socket() as phone:
        await phone.send("wait", code=f" {poll.code[:3]}-{poll.code[3:].lower()} ")
        assert await phone.expect("waiting") == {"type": "waiting", "code": poll.code}
        await ws.turn(rounds.open_poll, poll)
        assert await phone.expect("ready") == {"type": "ready", "code": poll.code}
        await phone.hello(ws.token(guest(poll.id)))
        assert (await phone.join(poll))["poll"]["question"] == poll.question
    assert len(ws.worker.lobby) == 0


@pytest.mark.parametrize("private", [False, True])
async def test_a_scheduled_poll_is_ready_on_time_and_no_sooner(ws: SocketServer, private: bool) -> None:
    poll = await make_poll(ws.database, opens_at=ahead(3600), is_public=not private)
    async with ws.socket() as phone:
        await phone.send("wait", code=poll.code)
        await phone.expect("waiting")
        poll = await patch(ws, poll, opens_at=ahead(7200))
        assert (await phone.pong())["type"] == "pong"
        assert [frame["type"] for frame in phone.frames] == ["waiting", "pong"]
        await patch(ws, poll, opens_at=ahead(0.3))
        await phone.expect("ready", code=poll.code)


async def test_what_can_be_seen_is_ready_at_once(ws: SocketServer) -> None:
    for poll in (await make_poll(ws.database), await make_poll(ws.database, allow_guests=False)):
        async with ws.socket() as phone:
            await phone.send("wait", code=poll.code)
            assert await phone.expect("ready") == {"type": "ready", "code": poll.code}
    closed = await ws.turn(rounds.close_poll, await make_poll(ws.database, status="draft"))
    async with ws.socket() as phone:
        await phone.send("wait", code=closed.code)
        await phone.expect("ready", code=closed.code)


async def test_a_draft_that_goes_or_gets_another_code_is_not_found(ws: SocketServer) -> None:
    gone, recoded = [await make_poll(ws.database, status="draft") for _ in range(2)]
    async with ws.socket() as first, ws.socket() as second:
        await first.send("wait", code=gone.code)
        await second.send("wait", code=recoded.code)
        await first.expect("waiting")
        await second.expect("waiting")
        await polls.delete(ws.database, gone.id, HOST)
        ws.worker.tallies.deleted(gone.id)
        after = await patch(ws, recoded, is_public=False)
        for client in (first, second):
            error = await client.expect("error")
            assert (error["code"], error["of"]) == ("poll_not_found", {"type": "wait"})
        await second.send("wait", code=after.code)
        await second.expect("waiting", code=after.code)
        await patch(ws, after, is_public=True)  # which leaves the long code
        await ws.turn(rounds.open_poll, after)
        await second.expect("ready", code=after.code)
    assert ws.worker.hub.rooms == 0


async def test_nothing_of_the_poll_is_told_to_those_who_wait(ws: SocketServer) -> None:
    secret = await make_poll(ws.database, "Aardvark", "Zebra", status="draft")
    plain = await make_poll(ws.database, *map(str, range(40)), status="draft")
    sizes = []
    for poll in (secret, plain):
        async with ws.socket() as phone, ws.client(HOST) as host:
            await host.join(poll)
            await phone.send("wait", code=poll.code)
            await phone.expect("waiting")
            changed = await patch(ws, poll, question="told to nobody" * 20)
            await ws.turn(rounds.reset_poll, changed)
            await phone.pong()
            told = [frame for frame in phone.frames if frame["type"] != "pong"]
            assert told == [{"type": "waiting", "code": poll.code}]
            sizes.append(len(json.dumps(told)))
    assert sizes[0] == sizes[1]


async def test_who_waits_owes_no_hello_and_then_one_again(database_url: str) -> None:
    async with open_socket_server(database_url, hello_s=0.3) as ws:
        poll = await make_poll(ws.database, status="draft")
        async with ws.socket() as silent, ws.socket() as phone:
            await phone.send("wait", code=poll.code)
            await phone.expect("waiting")
            assert await silent.closed() == 4408  # so the other's time is over too
            assert (await phone.pong())["type"] == "pong"
            await ws.turn(rounds.open_poll, poll)
            await phone.expect("ready")
            assert await phone.closed() == 4408


async def test_wrong_codes_are_limited_and_right_ones_pass(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_WRONG_CODES_PER_ADDRESS="3") as ws, ws.socket() as phone:
        poll = await make_poll(ws.database, status="draft")
        for wrong in ("", "ZZZZZZ", "x" * 100):
            await phone.send("wait", code=wrong)
            assert (await phone.expect("error"))["code"] == "poll_not_found"
        await phone.send("wait", code="ZZZZZZ")
        assert (await phone.expect("error"))["code"] == "too_many_messages"
        await phone.send("wait", code=poll.code)
        await phone.expect("waiting")


async def test_one_waits_for_one_poll_and_not_after_a_hello(ws: SocketServer) -> None:
    poll, other = await make_poll(ws.database, status="draft"), await make_poll(ws.database, status="draft")
    async with ws.socket() as phone:
        await phone.send("wait", code=poll.code)
        await phone.send("wait", code=other.code)
        await phone.expect("waiting", code=poll.code)
        assert (await phone.expect("error"))["code"] == "invalid"
        await phone.send("join", code=poll.code)
        assert (await phone.expect("error"))["code"] == "unauthenticated"
        await phone.hello(ws.token(voter(1)))
        assert len(ws.worker.lobby) == 0
        await phone.send("wait", code=poll.code)
        error = await phone.expect("error")
        assert (error["code"], error["of"]) == ("invalid", {"type": "wait"})


async def test_a_socket_that_goes_leaves_nothing_behind(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, status="draft")
    async with ws.socket() as phone, ws.socket() as other:
        for client in (phone, other):
            await client.send("wait", code=poll.code)
            await client.expect("waiting")
        assert len(ws.worker.lobby) == 2
        await phone.leave()
        await until(lambda: len(ws.worker.lobby) == 1)
        await ws.turn(rounds.open_poll, poll)
        await other.expect("ready")
    await until(lambda: ws.worker.hub.rooms == 0)


async def test_news_that_gets_lost_costs_a_second(ws: SocketServer) -> None:
    """Nothing tells this worker of the changes but the database."""
    opened, closed, gone, recoded = [await make_poll(ws.database, status="draft") for _ in range(4)]
    async with ws.socket() as one, ws.socket() as two, ws.socket() as three, ws.socket() as four:
        for client, poll in ((one, opened), (two, closed), (three, gone), (four, recoded)):
            await client.send("wait", code=poll.code)
            await client.expect("waiting")
        await rounds.open_poll(ws.database, opened.id, HOST)
        await rounds.open_poll(ws.database, closed.id, HOST)
        await rounds.close_poll(ws.database, closed.id, HOST)
        await polls.delete(ws.database, gone.id, HOST)
        await polls.patch(ws.database, recoded.id, PollPatch(is_public=False), HOST)
        await one.expect("ready", code=opened.code)
        await two.expect("ready", code=closed.code)
        for client in (three, four):
            assert (await client.expect("error"))["code"] == "poll_not_found"
