"""What is not there, not allowed or does not hold: refused as the contract says, and nothing changes."""

import json
import time
from collections.abc import AsyncIterator

import jwt
import pytest

from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.store import rounds
from tests.support.ballots import guest, make_poll, voter
from tests.support.rest import KEY
from tests.support.sockets import SocketServer, error_of, nothing_changes, open_socket_server, screen
from tests.support.values import new_op

ALICE = voter(1)
OP = "0190a1b2-c3d4-7e5f-8a9b-0123456789ab"


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url, NEXUS_MESSAGES_PER_SECOND="1000") as opened:
        yield opened


async def test_numbers_out_of_range_name_nothing_that_exists(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    numbers = (0, -1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, -(10**30))
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for number in numbers:
            error = await error_of(client, json.dumps({"type": "join", "poll": number}))
            assert (error["code"], error["of"]) == ("poll_not_found", {"type": "join", "poll": number})
            for kind, rest in (("vote", {"options": [1]}), ("retract", {})):
                op = new_op()
                await client.send(kind, op=op, poll=number, **rest)
                reject = await client.answer(op)
                assert (reject["code"], reject["poll"]) == ("poll_not_found", number)
            op = new_op()
            await client.send("vote", op=op, poll=poll.id, options=[number])
            assert (await client.answer(op))["code"] == "unknown_option"
            op = new_op()
            await client.send("vote", op=op, poll=poll.id, options=[poll.options[0].id], epoch=number)
            assert (await client.answer(op))["code"] == "poll_reset"
            await client.send("leave", poll=number)
            assert (await client.expect("left"))["poll"] == number
            await client.send("ping", id=number)
            assert (await client.expect("pong"))["id"] == number
        for number in (2**63, 10**30):
            assert (await client.join(poll, epoch=number, version=number))["totals"] is not None


async def test_odd_codes_are_not_found(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for code in ("", " ", "\0", "%", "'; DROP TABLE polls; --", "ﬀ" * 6, "x" * 16_000):
            error = await error_of(client, json.dumps({"type": "join", "code": code}))
            assert error["code"] == "poll_not_found", code


async def test_unknown_option_is_one_of_another_poll_too(ws: SocketServer) -> None:
    poll, other = await make_poll(ws.database), await make_poll(ws.database)
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for option in (other.options[0].id, 10**6):
            op = new_op()
            await client.send("vote", op=op, poll=poll.id, options=[option])
            assert (await client.answer(op))["code"] == "unknown_option"


async def test_polls_that_may_not_be_voted_in_are_left_alone(ws: SocketServer) -> None:
    open_, draft = await make_poll(ws.database), await make_poll(ws.database, status="draft")
    private = await make_poll(ws.database, is_public=False)
    closed = await ws.turn(rounds.close_poll, await make_poll(ws.database))
    wrong: list[tuple[Identity, Poll, str]] = [
        (ALICE, draft, "poll_not_found"),
        (ALICE, private, "poll_not_found"),
        (ALICE, closed, "poll_closed"),
        (guest(closed.id), open_, "poll_not_found"),
        (screen(open_), open_, "forbidden"),
        (screen(closed), open_, "poll_not_found"),
    ]
    async with nothing_changes(ws):
        for by, poll, code in wrong:
            async with ws.client(by) as client:
                assert (await client.vote(poll, 0)).items() >= {"type": "reject", "code": code}.items(), (by, poll)
                assert (await client.retract(poll)).items() >= {"type": "reject", "code": code}.items()
                await client.pong()


async def test_before_hello_votes_are_rejected_and_the_rest_is_an_error(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.socket() as client, nothing_changes(ws):
        for answer in (await client.vote(poll, 0), await client.retract(poll)):
            assert (answer["type"], answer["code"]) == ("reject", "unauthenticated")
        for message in (
            {"type": "join", "poll": poll.id},
            {"type": "join", "code": poll.code},
            {"type": "leave", "poll": poll.id},
            {"type": "ping", "id": 1},
        ):
            await client.send(**message)
            error = await client.expect("error")
            assert error["code"] == "unauthenticated"
            assert error["of"] == {key: value for key, value in message.items() if key != "code"}
        await client.send("vote", op=OP, poll="x")
        assert (await client.answer(OP))["code"] == "invalid"
        await client.hello(ws.token(ALICE))
        await client.pong()


def _bad_tokens() -> dict[str, str]:
    now = int(time.time())
    good = {
        "iss": "nexus",
        "aud": "nexus",
        "sub": ALICE.voter,
        "roles": ["user"],
        "iat": now,
        "exp": now + 600,
        "jti": "1",
    }

    def made(key: bytes | str = KEY, algorithm: str = "HS256", **claims: object) -> str:
        return jwt.encode({**good, **claims}, key, algorithm=algorithm)

    tokens = {
        f"without {claim}": jwt.encode({name: good[name] for name in good if name != claim}, KEY, algorithm="HS256")
        for claim in good
        if claim != "roles"
    }
    return tokens | {
        "empty": "",
        "nonsense": "nonsense",
        "NUL": made() + "\0",
        "not ASCII": "ü.ü.ü",
        "long": "x" * 15_000,
        "expired": made(exp=now - 1, iat=now - 600),
        "not yet": made(nbf=now + 600),
        "audience": made(aud="others"),
        "issuer": made(iss="others"),
        "algorithm": made(algorithm="HS512"),
        "none": made(key="", algorithm="none"),
        "key": made(key=b"another key, of thirty-two bytes or more"),
        "signature": made()[:-4] + "AAAA",
        "subject": made(sub="root"),
        "screen of all polls": made(roles=["screen"]),
        "roles": made(roles="admin"),
    }


async def test_bad_tokens_close_with_4501(ws: SocketServer) -> None:
    async with nothing_changes(ws):
        for name, token in _bad_tokens().items():
            async with ws.socket() as client:
                await client.send("hello", token=token)
                assert await client.closed() == 4501, name
                assert client.connection.close_reason in ("token expired", "token not valid"), name
                assert client.frames == [], name


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        ("x" * 16_385, 1009, "message over 16384 bytes"),
        ('{"type":"ping","id":"' + "x" * 20_000 + '"}', 1009, "message over 16384 bytes"),
        (b'{"type":"ping"}', 4500, "text frames only"),
        (b"", 4500, "text frames only"),
    ],
    ids=["a byte too many", "a big ping", "binary", "empty binary"],
)
async def test_frames_that_are_none_of_ours_end_the_socket_alone(
    ws: SocketServer, sent: str | bytes, code: int, reason: str
) -> None:
    async with ws.client(ALICE) as client, ws.client(ALICE) as neighbour, nothing_changes(ws):
        await client.connection.send(sent)
        assert (await client.closed(), client.connection.close_reason) == (code, reason)
        await neighbour.pong()


async def test_largest_frame_is_read(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client:
        message = '{"type":"ping","id":"%s"}'
        longest = "x" * (16 * 1024 - len(message) + 2)
        await client.connection.send(message % longest)
        assert (await client.expect("pong"))["id"] == longest
