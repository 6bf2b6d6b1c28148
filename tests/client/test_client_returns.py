"""The Python client against a scripted server: answers of every kind, lost connections, and when to stay away."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from nexus.client import (
    ClientError,
    Closed,
    Deleted,
    Refused,
    Room,
    Totals,
    TurnedAway,
    Unreachable,
    VoteUnsettled,
    connect,
    connection,
)
from tests.support.scripted_server import NOW, ScriptedServer, entered, meeting, open_scripted_server, totals, welcomed
from tests.support.waiting import soon

OP = UUID(int=7)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedServer]:
    monkeypatch.setattr(connection, "FIRST_PAUSE_S", 0.01)
    async with open_scripted_server() as server:
        yield server


# --- Acts ---------------------------------------------------------------------------------------------------------


async def test_retry_sends_the_same_op_again_after_the_time_asked_for(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        voting = asyncio.create_task(nexus.vote(7, [12]))
        first = await peer.hear("vote")
        await peer.say(type="retry", op=first["op"].upper(), poll=7, after_ms=120)
        began = asyncio.get_running_loop().time()
        second = await peer.hear("vote")
        assert asyncio.get_running_loop().time() - began >= 0.1
        assert second == first
        await peer.ack(second)
        receipt = await soon(voting)
        assert (str(receipt.op), receipt.status) == (first["op"], "recorded")


async def test_answers_in_another_order_find_their_acts(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        acts = [asyncio.create_task(nexus.vote(7, [12])), asyncio.create_task(nexus.retract(7, OP))]
        vote, retraction = await peer.hear("vote"), await peer.hear("retract")
        assert retraction["ballot"] == str(OP)
        await peer.ack(retraction, "retracted")
        await peer.say(type="reject", op=vote["op"], poll=7, code="poll_closed", detail="Too late.")
        assert (await soon(acts[1])).status == "retracted"
        with pytest.raises(Refused, match=r"Too late. \(poll_closed\)"):
            await soon(acts[0])


async def test_a_lost_connection_sends_what_is_under_way_again(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        voting = asyncio.create_task(nexus.vote(7, [12], op=OP))
        vote = await peer.hear("vote")
        with pytest.raises(ValueError, match="under way"):
            await nexus.vote(7, [12], op=OP)
        peer.socket.transport.abort()
        again = await welcomed(server)
        assert await again.hear("vote") == vote
        await again.ack(vote, "replayed")
        assert (await soon(voting)).status == "replayed"


async def test_a_vote_under_way_when_the_client_ends_is_unsettled(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        voting = asyncio.create_task(nexus.vote(7, [12]))
        await peer.hear("vote")
        await nexus.close()
        with pytest.raises(VoteUnsettled) as unsettled:
            await soon(voting)
        assert isinstance(unsettled.value.__cause__, Closed)
        with pytest.raises(Closed):  # it never left
            await nexus.vote(7, [12])


async def test_a_message_beyond_the_limit_is_not_sent(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, _):
        with pytest.raises(ValueError, match="16384 bytes"):
            await nexus.vote(7, list(range(10_000)))


# --- Coming back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1012, 4408, 4409, 4429])
async def test_the_client_comes_back(server: ScriptedServer, code: int) -> None:
    async with meeting(server) as (nexus, peer):
        await peer.socket.close(code)
        await welcomed(server)
        assert nexus.voter == "user:7"


@pytest.mark.parametrize("code", [4500, 4501, 4503])
async def test_the_client_stays_away(server: ScriptedServer, code: int) -> None:
    async with meeting(server) as (nexus, peer):
        room = await entered(nexus, peer)
        voting = asyncio.create_task(nexus.vote(7, [12]))
        await peer.hear("vote")
        await peer.socket.close(code, "go away")
        with pytest.raises(VoteUnsettled):
            await soon(voting)
        for doing in (nexus.join(8), nexus.vote(7, [12]), _read(room)):
            with pytest.raises(TurnedAway, match="go away") as turned:
                await soon(doing)
            assert turned.value.code == code
        assert not nexus.connected


async def _read(room: Room) -> None:
    async for _ in room:
        pass


async def test_a_newer_token_brings_the_client_back_after_4501(server: ScriptedServer) -> None:
    tokens = iter(["old", "new", "new"])

    async def token() -> str:
        return next(tokens)

    async with meeting(server, token) as (nexus, peer):
        await peer.socket.close(4501)
        again = await server.peer()
        assert await again.welcome() == "new"
        await again.socket.close(4501)
        with pytest.raises(TurnedAway):  # the same once more would be no better
            await soon(nexus.join(7))


async def test_what_a_token_source_raises_ends_the_client(server: ScriptedServer) -> None:
    async def token() -> str:
        raise LookupError("the safe is empty")

    with pytest.raises(ClientError, match="the safe is empty") as broke:
        async with connect(server.url, token):
            pass
    assert isinstance(broke.value.__cause__, LookupError)


async def test_an_expiring_token_is_renewed_on_the_same_socket(server: ScriptedServer) -> None:
    tokens = iter(["old", "new"])

    async def token() -> str:
        return next(tokens)

    async with meeting(server, token) as (_, peer):
        await peer.say(type="expiring", in_s=60)
        assert await peer.welcome() == "new"


async def test_a_client_that_is_away_for_too_long_ends(server: ScriptedServer) -> None:
    async with meeting(server, away_s=0.2) as (nexus, peer):
        server.cuts = True
        await peer.socket.close(1012)
        with pytest.raises(Unreachable):
            await soon(nexus.join(7))
        with pytest.raises(Unreachable):
            await soon(nexus.vote(7, [12]))


async def test_a_join_goes_on_where_it_was_and_shows_nothing_older(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        room = await entered(nexus, peer)
        events = aiter(room)
        assert (await soon(anext(events))) is room.totals
        await peer.socket.close(1012)
        again = await welcomed(server)
        join = await again.hear("join")
        assert (join["poll"], join["epoch"], join["version"]) == (7, 1, 5)
        await again.joined(None)
        await again.say(**totals(4))
        await again.say(**totals(6))
        event = await soon(anext(events))
        assert isinstance(event, Totals)
        assert event.version == 6


async def test_a_room_that_is_gone_on_coming_back_is_deleted(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        room = await entered(nexus, peer)
        await peer.socket.close(1012)
        again = await welcomed(server)
        await again.hear("join")
        await again.say(type="error", code="poll_not_found", detail="", of={"type": "join", "poll": 7})
        assert [type(event) async for event in room] == [Totals, Deleted]


async def test_a_join_waits_where_the_server_cannot_answer_yet(server: ScriptedServer) -> None:
    async with meeting(server) as (nexus, peer):
        joining = asyncio.create_task(nexus.join(7))
        await peer.hear("join")
        await peer.say(type="error", code="unavailable", detail="", of={"type": "join", "poll": 7})
        await peer.hear("join")
        await peer.joined(totals(5))
        assert (await soon(joining)).totals.version == 5


async def test_a_join_that_is_given_up_leaves_its_answer_to_nobody(server: ScriptedServer) -> None:
    async with meeting(server, join_s=0.1) as (nexus, peer):
        with pytest.raises(Unreachable):
            await nexus.join(code="AAAAAA")
        await peer.hear("join")
        joining = asyncio.create_task(nexus.join(8))
        await peer.joined(totals(5))
        await peer.hear("join")
        await peer.say(type="error", code="poll_not_found", detail="", of={"type": "join", "poll": 8})
        with pytest.raises(Refused):
            await soon(joining)


async def test_a_server_that_does_not_answer_a_ping_is_left(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PING_S", 0.05)
    monkeypatch.setattr(connection, "PONG_S", 0.1)
    async with meeting(server) as (_, peer):
        await peer.hear("ping")
        await peer.say(type="pong", id=None, server_now=NOW)
        await peer.hear("ping")
        with pytest.raises(ConnectionClosed):
            await soon(peer.socket.recv())
        await welcomed(server)
