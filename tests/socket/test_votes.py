"""Votes over the socket: acks, rejects, retries, and what they leave (docs/contract.md, "Voting")."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from nexus.store import rounds
from nexus.store.database import Database
from tests.support.ballots import HOST, assert_counts, guest, make_poll, rows, voter
from tests.support.sockets import SocketServer, counts, open_socket_server, screen
from tests.support.values import Json, new_op

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def code(answer: Json) -> str:
    """The code with which a ballot was refused."""
    assert answer.keys() == {"type", "op", "poll", "code", "detail"}, answer
    assert answer["type"] == "reject"
    assert answer["detail"]
    found: str = answer["code"]
    return found


async def test_vote_is_acked_after_its_commit(ws: SocketServer, database: Database) -> None:
    poll = await make_poll(database)
    async with ws.client(ALICE) as client:
        op = new_op()
        ack = await client.vote(poll, 1, op=op, epoch=1)
        assert ack == {
            "type": "ack",
            "op": op,
            "poll": poll.id,
            "status": "recorded",
            "epoch": 1,
            "version": poll.version + 1,
            "stands": True,
        }
        assert await rows(database, "SELECT voter, op FROM votes") == [(ALICE.voter, UUID(op))]


async def test_op_is_echoed_in_lower_case(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    op = new_op()
    async with ws.client(ALICE) as client:
        await client.send("vote", op=op.upper(), poll=poll.id, options=[poll.options[0].id])
        assert (await client.answer(op))["status"] == "recorded"
        assert (await client.vote(poll, 0, op=op))["status"] == "replayed"


async def test_outcomes_are_recorded_changed_unchanged_retracted_replayed(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    first, taken = new_op(), new_op()
    async with ws.client(ALICE) as client:
        answers = [
            await client.vote(poll, 0, op=first),
            await client.vote(poll, 1),
            await client.vote(poll, 1),
            await client.vote(poll, 0, op=first),
            await client.retract(poll, op=taken),
            await client.retract(poll),
            await client.retract(poll, op=taken),
        ]
    start = poll.version
    assert [(one["status"], one["version"] - start, one["stands"]) for one in answers] == [
        ("recorded", 1, True),
        ("changed", 2, True),
        ("unchanged", 2, True),
        ("replayed", 1, False),
        ("retracted", 3, False),
        ("unchanged", 3, False),
        ("replayed", 3, False),
    ]
    await assert_counts(ws.database)


async def test_one_of_several_ballots_is_retracted_by_its_op(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, votes_per_user=3)
    first, second = new_op(), new_op()
    async with ws.client(ALICE) as client:
        await client.vote(poll, 0, op=first)
        await client.vote(poll, 1, op=second)
        assert (await client.retract(poll, ballot=first))["status"] == "retracted"
        joined = await client.join(poll)
        assert [one["op"] for one in joined["me"]] == [second]
        assert counts(joined["totals"]) == [0, 1, 0]
        assert (await client.retract(poll, ballot=new_op()))["status"] == "unchanged"
        assert (await client.retract(poll))["status"] == "retracted"


async def test_pipelined_votes_are_each_answered_and_taken_in_order(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client:
        ops = [await client.send_vote(poll, n % 3) for n in range(30)]
        answers = [await client.answer(op) for op in ops]
        assert [one["status"] for one in answers] == ["recorded"] + ["changed"] * 29
        versions = [one["version"] for one in answers]
        assert versions == sorted(set(versions))
        assert (await client.join(poll))["me"][0]["op"] == ops[-1]
    await assert_counts(ws.database)


async def test_same_op_from_many_sockets_takes_effect_once(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, votes_per_user=5)
    op = new_op()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(ws.client(ALICE)) for _ in range(5)]
        answers = await asyncio.gather(*(client.vote(poll, 0, op=op) for client in clients))
    assert sorted(one["status"] for one in answers) == ["recorded"] + ["replayed"] * 4
    assert len({(one["epoch"], one["version"]) for one in answers}) == 1
    await assert_counts(ws.database)


async def test_refusals_have_the_contracts_codes(ws: SocketServer) -> None:
    database = ws.database
    poll = await make_poll(database, max_choices=2)
    other = await make_poll(database)
    final = await make_poll(database, allow_change=False)
    limited = await make_poll(database, votes_per_user=2)
    soon = await make_poll(database, opens_at=datetime.now(UTC) + timedelta(hours=1))
    closed = await ws.turn(rounds.close_poll, await make_poll(database))
    used = new_op()
    async with ws.client(ALICE) as client:
        await client.vote(poll, 0, op=used)
        await client.vote(final, 0)
        await client.vote(limited, 0)
        await client.vote(limited, 0)
        assert code(await client.vote(poll, 1, op=used)) == "op_reused"
        assert code(await client.retract(poll, op=used)) == "op_reused"
        assert code(await client.vote(poll)) == "no_choice"
        assert code(await client.vote(poll, 0, 0)) == "duplicate_choice"
        assert code(await client.vote(poll, 0, 1, 2)) == "too_many_choices"
        assert code(await client.vote(poll, 0, epoch=2)) == "poll_reset"
        assert code(await client.vote(final, 1)) == "already_voted"
        assert code(await client.retract(final)) == "change_not_allowed"
        assert code(await client.vote(limited, 1)) == "vote_limit_reached"
        assert code(await client.vote(soon, 0)) == "poll_not_open"
        assert code(await client.vote(closed, 0)) == "poll_closed"
        op = new_op()
        await client.send("vote", op=op, poll=poll.id, options=[other.options[0].id])
        assert code(await client.answer(op)) == "unknown_option"


async def test_screens_guests_and_strangers_are_refused(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    closed_to_guests = await make_poll(ws.database, allow_guests=False)
    private = await make_poll(ws.database, is_public=False)
    async with ws.client(screen(poll)) as projector:
        assert code(await projector.vote(poll, 0)) == "forbidden"
        assert code(await projector.retract(poll)) == "forbidden"
    async with ws.client(guest(closed_to_guests.id)) as client:
        assert code(await client.vote(closed_to_guests, 0)) == "forbidden"
        assert code(await client.vote(poll, 0)) == "poll_not_found"
    async with ws.client(ALICE) as stranger:
        assert code(await stranger.vote(private, 0)) == "poll_not_found"
        await stranger.send("join", code=private.code)
        await stranger.expect("joined")
        assert (await stranger.vote(private, 0))["type"] == "ack"
    async with ws.client(guest(private.id)) as invited:
        assert (await invited.vote(private, 0))["type"] == "ack"


async def test_voter_over_the_rate_is_told_when_to_retry(database_url: str) -> None:
    async with (
        open_socket_server(database_url, NEXUS_VOTES_PER_SECOND="2", NEXUS_VOTES_BURST="2") as ws,
        ws.client(ALICE) as one,
        ws.client(ALICE) as two,
    ):
        poll = await make_poll(ws.database)
        await one.vote(poll, 0)
        await two.vote(poll, 1)
        op = new_op()
        retry = await two.vote(poll, 2, op=op)
        assert retry.keys() == {"type", "op", "poll", "after_ms"}
        assert 0 < retry["after_ms"] <= 500
        async with ws.client(BOB) as other:
            assert (await other.vote(poll, 0))["type"] == "ack"
        await asyncio.sleep(retry["after_ms"] / 1000)  # as it was told to
        assert (await two.vote(poll, 2, op=op))["status"] == "changed"


async def test_held_poll_is_answered_retry_and_the_op_makes_that_safe(ws: SocketServer, database: Database) -> None:
    poll, free = await make_poll(database), await make_poll(database)
    op = new_op()
    async with ws.client(ALICE) as client:
        async with database.transaction() as connection:
            await connection.run("SELECT 1 FROM polls WHERE id = :id FOR NO KEY UPDATE", id=poll.id)
            await client.send_vote(poll, 0, op=op)
            assert (await client.vote(free, 0))["type"] == "ack"
            retry = await client.answer(op)
            assert (retry["type"], retry["poll"]) == ("retry", poll.id)
            assert 0 < retry["after_ms"] <= 5000
        assert (await client.vote(poll, 0, op=op))["status"] == "recorded"
    await assert_counts(database)


async def test_own_ballot_shows_in_the_room_of_its_host(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(HOST) as host, ws.client(guest(poll.id)) as visitor:
        await host.join(poll)
        ack = await visitor.vote(poll, 2)
        assert counts(await host.totals(ack["version"])) == [0, 0, 1]
