"""What the sockets of one address, and of one voter, may cost together (docs/contract.md, "WebSocket")."""

from __future__ import annotations

import asyncio

from tests.support.ballots import voter
from tests.support.sockets import open_socket_server
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)
HERE = "127.0.0.1"
NO_PROXY = "192.0.2.1"
"""Here is no proxy, so that this machine is a client as any other."""


async def test_an_address_over_its_pace_is_answered_later_and_refused_nothing(database_url: str) -> None:
    async with (
        open_socket_server(database_url, NEXUS_MESSAGES_PER_ADDRESS="500", FORWARDED_ALLOW_IPS=NO_PROXY) as ws,
        ws.client(ALICE) as client,
    ):
        meter, loop = ws.worker.work.of(HERE), asyncio.get_running_loop()
        meter.charge(1500)  # of 1000, by other sockets
        due = meter.due
        for n in range(2):  # the first one puts the socket to rest
            await client.send("ping", id=n)
            assert (await client.expect("pong"))["id"] == n
        assert loop.time() > due - 2 - 0.1


async def test_a_trusted_proxy_has_no_pace_of_its_own(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_MESSAGES_PER_ADDRESS="100") as ws, ws.client(ALICE) as client:
        ws.worker.work.of(HERE).charge(100_000)
        await client.send("ping", id=1)
        assert (await client.expect("pong"))["id"] == 1


async def test_a_handshake_of_an_address_over_its_pace_waits(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_MESSAGES_PER_ADDRESS="500", FORWARDED_ALLOW_IPS=NO_PROXY) as ws:
        meter, loop = ws.worker.work.of(HERE), asyncio.get_running_loop()
        meter.charge(1500)
        due = meter.due
        async with ws.client(ALICE):
            assert loop.time() > due - 2 - 0.1  # when its bucket of two seconds was empty no longer


async def test_a_bad_message_costs_by_its_length(database_url: str) -> None:
    async with (
        open_socket_server(database_url, NEXUS_MESSAGES_PER_ADDRESS="1000000", FORWARDED_ALLOW_IPS=NO_PROXY) as ws,
        ws.client(ALICE) as client,
    ):
        meter = ws.worker.work.of(HERE)
        before = meter.due
        await client.send("ping", id=1, x="x" * 12_800)
        assert (await client.expect("error"))["code"] == "invalid"
        await until(lambda: meter.due - before > 200e-6)


async def test_a_voter_has_so_many_sockets_until_one_leaves(database_url: str) -> None:
    async with open_socket_server(database_url, NEXUS_SOCKETS_PER_VOTER="2") as ws, ws.client(ALICE) as first:
        async with ws.client(ALICE), ws.client(BOB), ws.socket() as third:
            await third.send("hello", token=ws.token(ALICE))
            assert await third.closed() == 4429
            await first.send("ping", id=1)
            await first.expect("pong")
        await until(lambda: ws.worker.sessions.held(ALICE.voter) == 1)
        async with ws.client(ALICE) as again:
            await again.hello(ws.token(ALICE))  # another token of the same voter takes no place
            await again.send("ping", id=2)
            await again.expect("pong")
