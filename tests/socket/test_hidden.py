"""Nobody sees counts that are hidden, and those who may see them do at once (docs/contract.md, "Who sees results")."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll
from nexus.store import polls, rounds
from tests.support.ballots import ADMIN, HOST, guest, make_poll, voter
from tests.support.sockets import SocketClient, SocketServer, counts, open_socket_server, patch, screen

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def assert_hidden(client: SocketClient, poll: Poll) -> None:
    """Nothing that arrived reveals a count of the poll."""
    for frame in client.frames:
        for part in (
            frame,
            frame.get("totals") or {},
            frame.get("poll") if isinstance(frame.get("poll"), dict) else {},
        ):
            if part and "options" in part:
                assert counts(part) == [None] * len(poll.options), frame


async def test_after_vote_shows_all_sockets_of_the_voter_at_once(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, results=Policy.AFTER_VOTE)
    async with ws.client(ALICE) as one, ws.client(ALICE) as two, ws.client(BOB) as other:
        for client in (one, two, other):
            assert (await client.join(poll))["totals"]["visibility"] == "turnout"
        ack = await one.vote(poll, 2)
        for client in (one, two):
            assert counts(await client.totals(ack["version"], visibility="full")) == [0, 0, 1]
        turnout = await other.totals(ack["version"])
        assert (turnout["visibility"], turnout["voters"], turnout["total_votes"]) == ("turnout", 1, 1)
        assert_hidden(other, poll)


@pytest.mark.parametrize("end", ["retract", "reset"])
async def test_retraction_and_reset_end_the_right_to_see(ws: SocketServer, end: str) -> None:
    poll = await make_poll(ws.database, results=Policy.AFTER_VOTE)
    async with ws.client(ALICE) as one, ws.client(ALICE) as two, ws.client(BOB) as other:
        for client in (one, two, other):
            await client.join(poll)
        await one.vote(poll, 2)
        await two.expect("totals", visibility="full")
        if end == "retract":
            version = (await one.retract(poll))["version"]
        else:
            version = (await ws.turn(rounds.reset_poll, poll)).version
        assert (await two.totals(version))["visibility"] == "turnout"
        version = (await other.vote(poll, 0))["version"]
        assert counts(await one.totals(version)) == [None] * 3
        assert counts(await other.totals(version, visibility="full")) == [1, 0, 0]


@pytest.mark.parametrize("policy", [Policy.AFTER_CLOSE, Policy.HOST, Policy.AFTER_VOTE])
async def test_hidden_counts_reach_host_and_screens_alone(ws: SocketServer, policy: Policy) -> None:
    poll = await make_poll(ws.database, results=policy)
    seeing: list[Identity] = [HOST, ADMIN, screen(poll)]
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(ws.client(by)) for by in (*seeing, ALICE, guest(poll.id))]
        for client in clients:
            await client.join(poll)
        async with ws.client(BOB) as voting:
            version = (await voting.vote(poll, 1))["version"]
        for client in clients[:3]:
            assert counts(await client.totals(version)) == [0, 1, 0]
        closed = await ws.turn(rounds.close_poll, poll)
        for client in clients[3:]:
            shown = await client.totals(closed.version)
            assert shown["visibility"] == ("full" if policy is Policy.AFTER_CLOSE else "turnout")
            if policy is not Policy.AFTER_CLOSE:
                assert_hidden(client, poll)


async def test_renewed_token_of_fewer_roles_sees_less(ws: SocketServer) -> None:
    hidden = await make_poll(ws.database, results=Policy.HOST)
    private = await make_poll(ws.database, is_public=False)
    async with ws.client(ADMIN) as client, ws.client(BOB) as voting:
        assert (await client.join(hidden))["totals"]["visibility"] == "full"
        await client.join(private)
        await client.hello(ws.token(Identity(ADMIN.voter, frozenset({"user"}), None, 4e9)))
        await client.expect("deleted", poll=private.id)
        version = (await voting.vote(hidden, 0))["version"]
        assert counts(await client.totals(version, poll=hidden.id)) == [None] * 3


async def test_poll_that_becomes_private_is_taken_from_strangers_alone(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    await polls.join(ws.database, [(poll.id, BOB.voter)])
    async with ws.client(ALICE) as stranger, ws.client(BOB) as member, ws.client(guest(poll.id)) as invited:
        for client in (stranger, member, invited):
            await client.join(poll)
        await patch(ws, poll, is_public=False)
        await stranger.expect("deleted", poll=poll.id)
        assert (await member.expect("poll"))["poll"]["is_public"] is False
        await invited.expect("poll")
        assert not [frame for frame in stranger.frames if frame["type"] == "poll"]
