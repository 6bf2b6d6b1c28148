"""Who a socket is: handshake, hello, tokens and their end, rates, and the server's shutdown
(docs/contract.md, "WebSocket")."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from nexus.access.refresh_tokens import refresh_digest
from nexus.domain.ballot import Ballot
from nexus.domain.identity import Identity
from nexus.errors import Unavailable
from nexus.store import account_changes, accounts, departures, polls, sessions
from nexus.store.database import Database
from nexus.voting.answering import Done
from nexus.ws.line import Bounds
from nexus.ws.protocol import SocketProtocol
from tests.support.ballots import HOST, guest, make_poll, rows, voter
from tests.support.sockets import SocketServer, open_socket_server, screen
from tests.support.values import new_op
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def seconds(stamp: str) -> float:
    assert TIME.fullmatch(stamp)
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()


# Hello


async def test_hello_is_welcomed_with_voter_and_times(ws: SocketServer) -> None:
    async with ws.socket() as client:
        welcome = await client.hello(ws.token(ALICE, ttl_s=600))
        assert welcome.keys() == {"type", "voter", "expires_at", "server_now"}
        assert welcome["voter"] == ALICE.voter
        assert abs(seconds(welcome["server_now"]) - time.time()) < 60
        assert 595 < seconds(welcome["expires_at"]) - seconds(welcome["server_now"]) <= 601


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_token_of_the_handshake_is_a_hello(ws: SocketServer, scheme: str) -> None:
    async with ws.socket(authorization=f"{scheme} {ws.token(ALICE)}") as client:
        assert (await client.expect("welcome"))["voter"] == ALICE.voter
        await client.pong()


async def test_bad_token_of_the_handshake_closes_as_a_bad_hello_does(ws: SocketServer) -> None:
    async with ws.socket(authorization="Bearer nonsense") as client:
        assert await client.closed() == 4501
        assert client.frames == []


async def test_authorization_of_another_scheme_is_no_hello(ws: SocketServer) -> None:
    async with ws.socket(authorization="Basic dXNlcjpwYXNz") as client:
        await client.hello(ws.token(ALICE))


async def test_guest_and_screen_are_welcomed(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.socket() as client:
        assert (await client.hello(ws.token(guest(poll.id, 7))))["voter"] == guest(poll.id, 7).voter
    async with ws.socket() as client:
        await client.hello(ws.token(screen(poll)))
        assert (await client.join(poll))["role"] == "screen"


async def test_silence_is_closed_with_4408(database_url: str) -> None:
    async with open_socket_server(database_url, hello_s=0.2) as ws, ws.socket() as silent, ws.client(ALICE) as welcomed:
        assert (await silent.closed(), silent.connection.close_reason) == (4408, "no hello within 0.2 s")
        await welcomed.pong()


async def test_chatter_is_no_hello(database_url: str) -> None:
    async with open_socket_server(database_url, hello_s=0.5) as ws, ws.socket() as client:
        await client.send("ping", id=1)
        assert (await client.expect("error"))["code"] == "unauthenticated"
        assert await client.closed() == 4408


async def test_hello_again_renews_the_token_on_the_same_socket(ws: SocketServer) -> None:
    async with ws.client(ALICE) as kept, ws.socket() as renewed, ws.socket() as lapsed:
        end = seconds((await renewed.hello(ws.token(ALICE, ttl_s=1)))["expires_at"])
        await lapsed.hello(ws.token(ALICE, ttl_s=1))
        poll = await make_poll(ws.database)
        await renewed.join(poll)
        assert seconds((await renewed.hello(ws.token(ALICE)))["expires_at"]) > end + 600
        assert await lapsed.closed() == 4501
        assert seconds((await kept.pong())["server_now"]) >= end
        assert (await renewed.vote(poll, 0))["type"] == "ack"
        await renewed.totals(poll.version + 1)


async def test_hello_of_another_subject_closes_with_4503(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client:
        await client.send("hello", token=ws.token(BOB))
        assert await client.closed() == 4503
        assert [frame["type"] for frame in client.frames] == ["welcome"]


async def test_bad_token_on_a_welcomed_socket_closes_with_4501(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client:
        await client.send("hello", token="nonsense")
        assert await client.closed() == 4501


async def test_socket_is_warned_a_minute_before_its_token_ends(ws: SocketServer) -> None:
    async with ws.socket() as client:
        end = seconds((await client.hello(ws.token(ALICE, ttl_s=60)))["expires_at"])
        assert (await client.expect("expiring"))["in_s"] == 60
        assert 57 < end - seconds((await client.pong())["server_now"]) <= 60


async def test_token_that_ends_closes_its_socket(ws: SocketServer) -> None:
    async with ws.socket() as client:
        end = seconds((await client.hello(ws.token(ALICE, ttl_s=1)))["expires_at"])
        assert (await client.expect("expiring"))["in_s"] in (1, 2)
        assert await client.closed() == 4501
        assert -0.1 < time.time() - end < 5


@pytest.mark.parametrize("end", ["disabled", "deleted", "demoted"])
async def test_account_that_ends_is_out_within_five_seconds(ws: SocketServer, end: str) -> None:
    user = await accounts.add(ws.database, "mallory", None, "none", admin=True)
    await accounts.add(ws.database, "root", None, "none", admin=True)
    login = (await sessions.begin(ws.database, user, refresh_digest("mallory"), 3600)).id
    mallory = Identity(user.subject, frozenset(user.roles), None, 4e9, login)
    async with ws.client(mallory) as one, ws.client(mallory) as two, ws.client(ALICE) as other:
        if end == "deleted":
            await departures.delete(ws.database, user.id, by="cli")
        elif end == "disabled":
            await account_changes.change(ws.database, user.id, disabled=True, by="cli")
        else:
            await account_changes.change(ws.database, user.id, admin=False, by="cli")
        async with asyncio.timeout(30):
            assert await one.closed() == 4501
            assert await two.closed() == 4501
        async with ws.socket() as again:
            await again.send("hello", token=ws.token(mallory))
            assert await again.closed() == 4501
        await other.pong()


@pytest.mark.parametrize("is_handed", [False, True])
async def test_rooms_hear_what_becomes_of_the_polls_of_a_deleted_account(ws: SocketServer, is_handed: bool) -> None:
    user, heir = [await accounts.add(ws.database, name, None, "none", admin=False) for name in ("ann", "bob")]
    owner = Identity(user.subject, frozenset({"user"}), None, 4e9)
    poll = await make_poll(ws.database, by=owner)
    async with ws.client(guest(poll.id)) as viewer, ws.client(BOB) as other:
        await viewer.join(poll)
        await other.join(poll)
        await departures.delete(ws.database, user.id, heir.id if is_handed else None, by="cli")
        await departures.settle(ws.database, user.id)  # as a command does it: nobody tells the worker
        for client in (viewer, other):
            async with asyncio.timeout(30):
                if is_handed:
                    assert (await client.expect("poll"))["poll"]["created_by"] == heir.subject
                    assert (await client.vote(poll, 0))["stands"]
                else:
                    assert (await client.expect("deleted"))["poll"] == poll.id


# Handshake


async def test_subprotocol_is_chosen_where_it_is_offered(ws: SocketServer) -> None:
    async with ws.socket(subprotocols=["graphql-ws", "nexus.v1"]) as client:
        assert client.connection.subprotocol == "nexus.v1"
        await client.hello(ws.token(ALICE))


async def test_no_subprotocol_is_served_and_another_is_closed_with_4500(ws: SocketServer) -> None:
    async with ws.socket(subprotocols=()) as client:
        assert client.connection.subprotocol is None
        await client.hello(ws.token(ALICE))
    async with ws.socket(subprotocols=["nexus.v2"]) as client:
        assert await client.closed() == 4500
        assert client.frames == []


async def test_sockets_of_an_address_are_capped_until_one_leaves(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_SOCKETS_PER_ADDRESS="2") as ws, ws.client(ALICE):
        async with ws.client(ALICE):
            assert await ws.refused() == 429
        await until(lambda: len(ws.worker.socket_services.open_sockets) == 1)
        async with ws.client(BOB):
            pass


# Messages


async def test_ping_is_answered_with_its_id(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client:
        for ping in (1, 0, -5, 2**63, "a", "ü\0", ""):
            await client.send("ping", id=ping)
            pong = await client.expect("pong")
            assert pong["id"] == ping
            assert TIME.fullmatch(pong["server_now"])
        await client.send("ping")
        assert (await client.expect("pong"))["id"] is None


async def test_too_many_messages_are_answered_then_closed_with_4429(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_MESSAGES_PER_SECOND="1") as ws, ws.client(ALICE) as client:
        poll = await make_poll(ws.database)
        await client.send("ping", id=0)
        op = await client.send_vote(poll, 0)
        for n in range(1, 150):
            await client.send("ping", id=n)
        assert await client.closed() == 4429
        assert client.frames[1]["type"] == "pong"
        retry, *errors = client.frames[2:]
        assert retry.items() >= {"type": "retry", "op": op, "poll": poll.id}.items()
        assert len(errors) >= 99  # a strike more for each second that this took
        for n, error in enumerate(errors, 1):
            assert error["code"] == "too_many_messages"
            assert error["of"] == {"type": "ping", "id": n}
        assert await rows(ws.database, "SELECT count(*) FROM acts") == [(0,)]


async def test_wrong_codes_are_limited_and_the_socket_lives_on(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_WRONG_CODES_PER_MINUTE="2") as ws, ws.client(ALICE) as client:
        poll = await make_poll(ws.database)
        errors = []
        for code in ("WRONG1", "WRONG2", poll.code):
            await client.send("join", code=code)
            errors.append(await client.expect("error"))
        assert [error["code"] for error in errors] == ["poll_not_found", "poll_not_found", "too_many_messages"]
        assert errors[-1]["detail"] == "Too many attempts with a wrong code."
        await client.join(poll)


# The end


async def test_stopping_server_answers_what_is_in_flight_then_closes_with_1012(
    ws: SocketServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SocketProtocol, "bounds", Bounds(grace_s=60))  # which nobody needs
    poll = await make_poll(database)
    async with ws.client(ALICE) as idle, ws.client(BOB) as busy, AsyncExitStack() as lock:
        session = await lock.enter_async_context(database.transaction())
        await session.run("SELECT 1 FROM polls WHERE id = :id FOR NO KEY UPDATE", id=poll.id)
        op = await busy.send_vote(poll, 0)
        await busy.pong()
        ws.server.should_exit = True
        assert (await idle.closed(), idle.connection.close_reason) == (1012, "server shutting down")
        await lock.aclose()
        assert (await busy.answer(op))["type"] == "ack"
        assert await busy.closed() == 1012
        assert await rows(database, "SELECT count(*) FROM votes") == [(1,)]


async def test_stopping_server_waits_for_no_answer_to_what_the_ballot_box_did_not_take(
    ws: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SocketProtocol, "bounds", Bounds(grace_s=60))
    poll = await make_poll(ws.database)

    def full(_ballot: Ballot, _done: Done) -> None:
        raise Unavailable

    monkeypatch.setattr(ws.worker.ballots, "submit", full)
    async with ws.client(ALICE) as client:
        assert (await client.vote(poll, 0))["type"] == "retry"
        ws.server.should_exit = True
        assert await client.closed() == 1012


async def test_stopping_server_closes_the_silent_too(ws: SocketServer) -> None:
    async with ws.socket() as silent:
        ws.server.should_exit = True
        assert await silent.closed() == 1012


async def test_gone_sockets_leave_nothing_behind(ws: SocketServer) -> None:
    poll = await make_poll(ws.database, is_public=False)
    await polls.join(ws.database, [(poll.id, ALICE.voter)])
    async with ws.client(ALICE) as client, ws.client(HOST) as host:
        await client.join(poll)
        await host.join(poll)
        await client.send("join", code=new_op())
        client.connection.transport.abort()
        await host.leave()
    await until(lambda: not ws.worker.hub.rooms and not len(ws.worker.socket_services.open_sockets))
    assert not ws.worker.sessions._by_key
