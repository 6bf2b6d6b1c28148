"""Wrong messages: each is answered as the contract says, and changes nothing; the socket stays open."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest

from nexus.domain.poll import Poll
from tests.support.ballots import make_poll, voter
from tests.support.sockets import SocketServer, error_of, nothing_changes, open_socket_server
from tests.support.values import Json, new_op

ALICE = voter(1)
OP = "0190a1b2-c3d4-7e5f-8a9b-0123456789ab"
HUGE = "9" * 5000


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url, NEXUS_MESSAGES_PER_SECOND="1000") as opened:
        yield opened


def wrong_ints() -> list[object]:
    return [None, "7", 7.0, 7.5, True, [7], {}]


NOT_JSON = (
    "",
    " ",
    "{",
    "nonsense",
    "{'type':'ping'}",
    '{"type":"ping"',
    '{"type":"ping"}}',
    '{"type":"ping",}',
    '{"type":"ping"}{"type":"ping"}',
    '{"type":"nonsense", ',
    '{"type":"ping","id":NaN}',
    '{"type":"ping","id":Infinity}',
    '{"type":"ping","id":01}',
    '{"type":"ping","id":"\n"}',
    '{"type":"ping","id":"\\x"}',
    '\ufeff{"type":"ping"}',
    "[" * 8000,
    '{"a":' * 3000,
    "[" * 8000 + "]" * 8000,
    f'{{"type":"vote","op":"{OP}","poll":',
)

NOT_AN_OBJECT = ("null", "true", "7", '"ping"', "[]", '[{"type":"ping"}]', "[[[]]]")

UNKNOWN = ("", "Ping", "PING", "ping ", "totals", "ack", "subscribe", "\0", "ü" * 60)


def _invalid() -> Iterator[Json]:
    """Messages of known types in a wrong shape; votes are elsewhere."""
    yield {}
    yield {"poll": 7}
    for kind in (None, 5, ["ping"], {"ping": 1}, True):
        yield {"type": kind}
    yield {"type": "hello"}
    tokens: list[object] = [None, 5, ["x"], {}, True]
    for token in tokens:
        yield {"type": "hello", "token": token}
    for room in ("join", "leave"):
        yield {"type": room}
        for poll in wrong_ints():
            yield {"type": room, "poll": poll}
        yield {"type": room, "poll": 7, "more": 1}
    yield {"type": "join", "poll": 7, "code": "ABCDEF"}
    for code in (None, 5, ["ABCDEF"], True):
        yield {"type": "join", "code": code}
    for field in ("epoch", "version"):
        for value in (*wrong_ints(), -1, -(10**30)):
            yield {"type": "join", "poll": 7, field: value}
    ids: list[object] = [1.0, 1.5, True, [1], {}]
    for value in ids:
        yield {"type": "ping", "id": value}
    yield {"type": "ping", "id": 1, "more": None}
    yield {"type": "ping", "\0": 1}


def _wrong_votes(poll: Poll) -> Iterator[Json]:
    """Votes and retractions whose op can be read, and in which something else is wrong."""
    option = poll.options[0].id
    for value in wrong_ints():
        yield {"type": "vote", "poll": value, "options": [option]}
        yield {"type": "vote", "poll": poll.id, "options": [value]}
        yield {"type": "retract", "poll": value}
    for value in wrong_ints()[1:]:  # null is as if it were not there
        yield {"type": "vote", "poll": poll.id, "options": [option], "epoch": value}
        yield {"type": "retract", "poll": poll.id, "epoch": value}
    wrong_options: list[object] = [None, option, str(option), {}, [[option]], True]
    for options in wrong_options:
        yield {"type": "vote", "poll": poll.id, "options": options}
    for ballot in (5, "", "x", OP[:-1], OP + "0", [OP], True):
        yield {"type": "retract", "poll": poll.id, "ballot": ballot}
    yield {"type": "vote", "poll": poll.id}
    yield {"type": "vote", "options": [option]}
    yield {"type": "retract"}
    yield {"type": "vote", "poll": poll.id, "options": [option], "option": option}
    yield {"type": "vote", "poll": poll.id, "options": [option], "ballot": OP}
    yield {"type": "retract", "poll": poll.id, "options": [option]}
    yield {"type": "vote", "poll": poll.id, "options": [option], "id": 1, "more": "\0"}


async def test_malformed_json_is_answered_malformed(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for text in NOT_JSON:
            error = await error_of(client, text)
            assert (error["code"], error["of"]) == ("malformed", {}), text[:200]


async def test_json_that_is_no_object_is_invalid(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for text in NOT_AN_OBJECT:
            error = await error_of(client, text)
            assert (error["code"], error["of"]) == ("invalid", {}), text


async def test_unknown_types_are_named_as_such(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for kind in UNKNOWN:
            error = await error_of(client, json.dumps({"type": kind, "op": OP.upper(), "id": "n", "poll": 7}))
            assert error["code"] == "unknown_type", kind
            assert error["of"] == {"type": kind[:40], "op": OP, "id": "n", "poll": 7}


async def test_texts_that_cannot_be_sent_back_are_left_out_of_the_answer(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        error = await error_of(client, '{"type":"ping","id":"\\ud800","poll":7}')
        assert (error["code"], error["of"]) == ("invalid", {"type": "ping", "poll": 7})
        error = await error_of(client, '{"type":"\\udfff","id":"a"}')
        assert (error["code"], error["of"]) == ("unknown_type", {"id": "a"})


async def test_wrong_shapes_are_invalid_and_named_where_readable(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for message in _invalid():
            error = await error_of(client, json.dumps(message))
            assert error["code"] == "invalid", (message, error)
            assert error["of"].items() <= message.items(), (message, error)
            if isinstance(message.get("type"), str):
                assert error["of"]["type"] == message["type"]


WORDS = {
    '{"type":"ping"': "The message is not valid JSON.",
    "[]": "A message must be a JSON object.",
    "{}": "type: is required",
    '{"type":"join","poll":"7"}': "poll: must be a whole number, not a string",
    '{"type":"join","poll":7.0}': "poll: must be a whole number, not a decimal number",
    '{"type":"join","version":-1}': "version: must be at least 0",
    '{"type":5}': "type: must be a string",
    '{"type":"ping","id":[]}': "id: must be a whole number, a string or null, not a list",
    '{"type":"leave"}': "A leave must have either a poll or an event.",
    '{"type":"wait"}': "code: is required",
    '{"type":"ping","x":1}': "x: is not a known field",
    '{"type":"hello","token":"\\ud800"}': "token: must not contain lone surrogates",
    '{"type":"ping","id":1e999}': "id: must not be a number beyond the supported range",
}


async def test_what_is_wrong_is_told_in_the_words_of_the_rest_interface(ws: SocketServer) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for text, detail in WORDS.items():
            assert (await error_of(client, text))["detail"] == detail, text


async def test_vote_with_a_readable_op_is_rejected_whatever_else_is_wrong(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for message in _wrong_votes(poll):
            op = new_op()
            await client.send(**{**message, "op": op.upper()})
            reject = await client.answer(op)
            assert (reject["type"], reject["code"]) == ("reject", "invalid"), (message, reject)
            assert reject["detail"]
            named = message.get("poll")
            assert reject["poll"] == (named if isinstance(named, int) and not isinstance(named, bool) else None)
        await client.pong()


@pytest.mark.parametrize(
    "rest",
    [
        f'"poll":{HUGE},"options":[1]',
        f'"poll":7,"options":[{HUGE}]',
        f'"poll":7,"options":[1],"more":{HUGE}',
        '"poll":1e400,"options":[1]',
        '"poll":7,"options":[1],"more":"\\ud800"',
        '"poll":7,"options":["\\udfff\\ud800"]',
        '"\\ud83d":1',
        '"id":"\\ud800"',
        '"more":' + "[" * 400 + "]" * 400,
    ],
    ids=["poll", "option", "unknown", "exponent", "surrogate", "surrogates", "key", "id", "deep"],
)
async def test_vote_with_values_no_parser_likes_is_rejected_too(ws: SocketServer, rest: str) -> None:
    async with ws.client(ALICE) as client, nothing_changes(ws):
        await client.connection.send(f'{{"type":"vote","op":"{OP}",{rest}}}')
        assert (await client.answer(OP))["code"] == "invalid"
        await client.pong()


async def test_vote_without_a_readable_op_is_an_error(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    ops = (None, 5, "", "x", OP[:-1], OP + "0", f"{{{OP}}}", f"urn:uuid:{OP}", OP.replace("0", "g"), "\0", [OP], True)
    async with ws.client(ALICE) as client, nothing_changes(ws):
        for op in ops:
            message = {"type": "vote", "op": op, "poll": poll.id, "options": [poll.options[0].id]}
            error = await error_of(client, json.dumps(message))
            assert error["code"] == "invalid", op
            assert error["of"] == {"type": "vote", "poll": poll.id}
        await error_of(client, '{"type":"retract","poll":7,"op":"\\ud800"}')
