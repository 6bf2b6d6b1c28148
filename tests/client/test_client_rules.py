"""The Python client's pure rules: what is newer, what a slow reader gets, what is understood, when to come back."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from nexus.client import close_codes, new_op, socket_url
from nexus.client.close_codes import comes_back
from nexus.client.codec import decode, encode
from nexus.client.connection import pause
from nexus.client.link import Clock
from nexus.client.messages import Deleted, PollChanged, Presence, Receipt
from nexus.client.room import Room
from nexus.ws.close_codes import CloseCode, documented
from tests.support.scripted_server import POLL, totals
from tests.support.values import Json
from tests.support.waiting import soon

OP = UUID(int=7)


def test_pauses_double_up_to_a_bound_and_are_spread() -> None:
    assert [pause(failures, 1.0) for failures in (0, 1, 2, 1000)] == [0.5, 1.0, 2.0, 15.0]
    assert pause(0, 0.0) == 0.25
    assert [code for code in (1000, 1006, 1012, 4429, 4500, 4501, 4599) if not comes_back(code)] == [4500, 4501, 4599]


def test_close_codes_are_those_of_the_server() -> None:
    own = {name: value for name, value in vars(close_codes).items() if name.isupper()}
    assert own and own == {name: CloseCode[name].value for name in own}


def test_the_client_comes_back_where_the_server_says_so() -> None:
    for code in documented():
        if code is not CloseCode.TOO_BIG:  # about one message: who sends no other like it may come back
            assert comes_back(code) == (code.come_back not in ("no", "with a new token")), code


def read(message: Json) -> Any:
    return decode(json.dumps(message).encode())


async def a_room() -> Room:
    joined = read({"type": "joined", "poll": POLL, "totals": totals(5), "me": [], "role": "voter"})
    return Room(joined.poll, joined.totals, joined.me, joined.role)


async def test_the_newest_totals_win_and_full_ones_at_the_same_place() -> None:
    room = await a_room()
    for shown in (totals(4), totals(5), totals(5, full=False)):
        room.take(read(shown))
        assert room.totals == read(totals(5))
    for newer in (totals(6, full=False), totals(6), totals(1, epoch=2)):
        room.take(read(newer))
        assert room.totals == read(newer)
    room.take(read(totals(99)))
    assert room.totals.epoch == 2


async def test_a_slow_reader_gets_the_newest_of_each_kind() -> None:
    room = await a_room()
    events = aiter(room)
    for version in range(6, 1000):
        room.take(read(totals(version)))
        room.take(Presence(poll=7, online=version))
    seen = [await soon(anext(events)), await soon(anext(events))]
    assert seen == [read(totals(999)), Presence(poll=7, online=999)]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.01)
    room.take(Deleted(7))  # giving up lost nothing
    assert [event async for event in events] == [Deleted(7)]


def test_what_newer_servers_say_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    assert read({"type": "applause", "loud": True}) is None
    assert not caplog.records
    ack = {"type": "ack", "op": str(OP), "poll": 7, "status": "moved", "epoch": 1, "version": 2, "stands": True}
    assert read({**ack, "extra": []}) == Receipt(OP, 7, "moved", 1, 2, True)
    assert read({"type": "ack"}) is None
    assert "could not read a frame" in caplog.text


def test_messages_leave_out_what_is_not_given() -> None:
    assert json.loads(encode("vote", op=OP, poll=7, options=[12], epoch=None)) == {
        "type": "vote",
        "op": str(OP),
        "poll": 7,
        "options": [12],
    }


def test_ops_are_of_version_7_and_all_different() -> None:
    ops = [new_op() for _ in range(100)]
    assert {(op.version, op.variant) for op in ops} == {(7, "specified in RFC 4122")}
    assert len(set(ops)) == 100


def test_the_clock_trusts_the_quickest_answer() -> None:
    clock = Clock()
    noon = read(totals(1)).server_now
    clock.learn(10.0, 10.2, noon)  # the server said noon at some 10.1
    clock.learn(20.0, 28.0, noon)
    assert (clock.at(110.1) - noon).total_seconds() == pytest.approx(100)


def test_a_poll_says_when_it_was_corrected_and_one_of_an_older_server_was_not() -> None:
    corrected = {**POLL, "corrected_at": "2026-11-22T18:31:00.5Z"}
    for poll, time in ((corrected, datetime(2026, 11, 22, 18, 31, 0, 500_000, UTC)), (POLL, None)):
        changed = decode(json.dumps({"type": "poll", "poll": poll}).encode())
        assert isinstance(changed, PollChanged)
        assert changed.poll.corrected_at == time


@pytest.mark.parametrize(
    ("base", "socket"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("https://vote.example.org/", "wss://vote.example.org/ws"),
        ("https://example.org/nexus", "wss://example.org/nexus/ws"),
        ("https://example.org:8443/a/b/", "wss://example.org:8443/a/b/ws"),
        ("http://[2001:db8::1]:8000/nexus", "ws://[2001:db8::1]:8000/nexus/ws"),
    ],
)
def test_a_server_may_be_below_a_path(base: str, socket: str) -> None:
    assert socket_url(base) == socket


@pytest.mark.parametrize(
    "base", ["ws://example.org", "example.org/nexus", "https:///nexus", "https://example.org?x", "", "https://a/#b"]
)
def test_what_is_no_address_of_a_server_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="is not a URL like"):
        socket_url(base)
