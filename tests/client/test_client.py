"""The Python client on the real server: votes answered, refused, lost and sent again; rooms that come back."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from nexus.client import (
    Deleted,
    GuestPass,
    Nexus,
    Patience,
    Poll,
    PollChanged,
    Refused,
    Room,
    Totals,
    TurnedAway,
    Unreachable,
    VoteUnsettled,
    connect,
    guest_token,
    new_op,
    post,
    socket_url,
)
from nexus.client.__main__ import code_in
from tests.support.served import Server, serving
from tests.support.waiting import SERVER_S, soon

HOST = "user:1"
PATIENCE = Patience(connect_s=20, join_s=20, act_s=40, away_s=60)


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url) as server:
        yield server


async def make_poll(server: Server, **fields: object) -> Poll:
    body = {"question": "Which?", "options": [{"option_text": text} for text in ("Yes", "No")], **fields}
    return await post(server.url, "/polls/", body, Poll, token=server.token(HOST, "user"))


async def host(server: Server, poll: Poll, act: str) -> None:
    await post(server.url, f"/polls/{poll.id}/{act}/", {}, Poll, token=server.token(HOST, "user"))


@asynccontextmanager
async def client(server: Server, subject: str = "user:7", *, port: int = 0) -> AsyncIterator[Nexus]:
    url = f"ws://127.0.0.1:{port or server.port}/ws"
    async with connect(url, server.token(subject, "user"), patience=PATIENCE) as nexus:
        yield nexus


async def until(room: Room, seen: Callable[[Totals], bool]) -> Totals:
    """The first totals of a room that are as they should be."""
    async for event in room:
        if isinstance(event, Totals) and seen(event):
            return event
    raise AssertionError("the room came to an end")


def counts(totals: Totals) -> list[int | None]:
    return [count.votes_count for count in totals.options]


class Cable:
    """A connection to a server that can go deaf towards the client, and be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.deaf = False

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        async with self._server:
            yield self._server.sockets[0].getsockname()[1]
            self.cut()

    def cut(self) -> None:
        self.deaf = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, far_writer]
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer, back=True))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if not (back and self.deaf):
                    writer.write(data)
        writer.close()


async def test_a_guest_votes_changes_and_retracts(server: Server) -> None:
    poll = await make_poll(server)
    yes, no = (option.id for option in poll.options)
    url = socket_url(server.url)
    async with connect(url, GuestPass(server.url, str(poll.code)), patience=PATIENCE) as nexus:
        room = await nexus.join(code=str(poll.code).lower())
        assert (room.id, room.role, room.me, counts(room.totals)) == (poll.id, "voter", (), [0, 0])
        assert nexus.voter.startswith("guest:")
        first = await nexus.vote(poll.id, [yes])
        assert (first.status, first.stands) == ("recorded", True)
        assert counts(await soon(until(room, lambda one: one.version >= first.version), SERVER_S)) == [1, 0]
        assert (await nexus.vote(poll.id, [no])).status == "changed"
        assert (await nexus.vote(poll.id, [yes], op=first.op)).status == "replayed"
        last = await nexus.retract(poll.id)
        assert last.status == "retracted"
        assert counts(await soon(until(room, lambda one: one.version >= last.version), SERVER_S)) == [0, 0]
        assert abs((nexus.server_now() - room.totals.server_now).total_seconds()) < 20


async def test_what_is_refused_is_raised_with_its_code(server: Server) -> None:
    poll = await make_poll(server)
    async with client(server) as nexus:
        with pytest.raises(Refused, match="unknown_option"):
            await nexus.vote(poll.id, [0])
        with pytest.raises(Refused, match="poll_not_found"):
            await nexus.vote(0, [1])
        with pytest.raises(Refused, match="poll_not_found"):
            await nexus.join(code="NOSUCH")
        with pytest.raises(Refused, match="poll_reset"):
            await nexus.vote(poll.id, [poll.options[0].id], epoch=poll.epoch + 1)
        room = await nexus.join(poll.id)
        await host(server, poll, "close")
        final = await soon(until(room, lambda one: one.final), SERVER_S)
        assert final.status == "closed"
        with pytest.raises(Refused) as refused:
            await nexus.vote(poll.id, [poll.options[0].id])
        assert refused.value.code == "poll_closed"
    with pytest.raises(Refused, match="poll_not_found"):
        await guest_token(server.url, "NOSUCH")


async def test_a_vote_whose_ack_is_lost_counts_once(server: Server) -> None:
    poll = await make_poll(server)
    cable = Cable(server.port)
    async with client(server, "user:8") as other, cable.laid() as port, client(server, port=port) as nexus:
        screen = await other.join(poll.id)
        cable.deaf = True
        voting = asyncio.create_task(nexus.vote(poll.id, [poll.options[0].id]))
        committed = await soon(until(screen, lambda one: one.voters == 1), SERVER_S)
        assert not voting.done()
        cable.cut()
        receipt = await soon(voting, SERVER_S)
        assert (receipt.status, receipt.stands, receipt.version) == ("replayed", True, committed.version)
        await other.vote(poll.id, [poll.options[1].id])
        assert counts(await soon(until(screen, lambda one: one.voters == 2), SERVER_S)) == [1, 1]


async def test_votes_under_way_when_the_server_is_killed_count_once(server: Server) -> None:
    poll = await make_poll(server, votes_per_user=100)
    async with client(server) as nexus:
        room = await nexus.join(poll.id)
        before = [await nexus.vote(poll.id, [poll.options[0].id]) for _ in range(3)]
        server.signal(signal.SIGSTOP)  # so that what is sent now is surely under way
        voting = [asyncio.create_task(nexus.vote(poll.id, [poll.options[1].id])) for _ in range(20)]
        done, _ = await asyncio.wait(voting, timeout=0.2)
        assert not done
        server.kill()
        await server.start()
        receipts = await soon(asyncio.gather(*voting), SERVER_S)
        assert len({receipt.op for receipt in [*before, *receipts]}) == 23
        newest = await soon(until(room, lambda one: one.total_votes == 23), SERVER_S)
        assert counts(newest) == [3, 20]
        assert room.totals.version == max(receipt.version for receipt in receipts)


async def test_rooms_go_on_after_a_restart_without_showing_anything_again(server: Server) -> None:
    poll = await make_poll(server)
    async with client(server) as nexus:
        room = await nexus.join(poll.id)
        receipt = await nexus.vote(poll.id, [poll.options[0].id])
        shown = await soon(until(room, lambda one: one.version >= receipt.version), SERVER_S)
        events = aiter(room)
        assert await soon(anext(events), SERVER_S) == shown  # a new reader begins with the newest
        await server.stop()
        await server.start()
        voting = asyncio.create_task(nexus.vote(poll.id, [poll.options[1].id]))
        ranks = [shown.rank]
        while room.totals.version < (await soon(voting, SERVER_S)).version or ranks[-1] != room.totals.rank:
            event = await soon(anext(events), SERVER_S)
            if isinstance(event, Totals):
                ranks.append(event.rank)
        assert ranks == sorted(set(ranks))
        assert counts(room.totals) == [0, 1]


async def test_changes_and_deletion_reach_the_room(server: Server) -> None:
    poll = await make_poll(server)
    async with client(server, HOST) as nexus:
        room = await nexus.join(poll.id)
        assert room.role == "host"
        assert await nexus.join(poll.id) is room
        await host(server, poll, "reset")
        assert (await soon(until(room, lambda one: one.epoch > poll.epoch), SERVER_S)).voters == 0
        await host(server, poll, "close")
        kinds = []
        async for event in room:
            kinds.append(type(event))
            if isinstance(event, PollChanged) and event.poll.status == "closed":
                break
        assert room.poll.status == "closed"
        await nexus.leave(poll.id)
        assert [event async for event in room if isinstance(event, Deleted)] == []
        assert await nexus.join(poll.id) is not room


async def test_a_token_that_does_not_hold_ends_the_client_at_once(server: Server) -> None:
    url = socket_url(server.url)
    with pytest.raises(TurnedAway) as turned:
        async with connect(url, "no token", patience=PATIENCE):
            pass
    assert turned.value.code == 4501


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="cannot connect"):
        async with connect("ws://127.0.0.1:1/ws", "token", patience=Patience(connect_s=0.5)):
            pass
    with pytest.raises(Unreachable, match="no server answers"):
        await guest_token("http://127.0.0.1:1", "ABCDEF")


async def test_a_vote_that_is_not_answered_in_time_is_unsettled(server: Server) -> None:
    poll = await make_poll(server)
    op = new_op()
    token = server.token("user:7", "user")
    async with connect(socket_url(server.url), token, patience=Patience(act_s=0.3)) as nexus:
        server.signal(signal.SIGSTOP)
        with pytest.raises(VoteUnsettled) as unsettled:
            await nexus.vote(poll.id, [poll.options[0].id], op=op)
        server.signal(signal.SIGCONT)
    assert unsettled.value.op == op
    async with client(server) as nexus:
        receipt = await nexus.vote(poll.id, [poll.options[0].id], op=op)
        assert receipt.stands
        assert (await nexus.join(poll.id)).totals.voters == 1


@pytest.mark.parametrize(
    "text",
    [
        "K7M2QP",
        "https://vote.example.org/vote/K7M2QP",
        "vote.example.org/nexus/vote/K7M2QP/",
        " http://127.0.0.1:8000/live/K7M2QP?overlay=1 ",
        "http://127.0.0.1:8000/live/K7M2QP#token=a/b.c",
        "/K7M2QP",
    ],
)
def test_the_command_takes_a_code_or_the_address_of_a_page(text: str) -> None:
    assert code_in(text) == "K7M2QP"


async def test_the_terminal_watches_a_poll_and_says_what_is_wrong(server: Server) -> None:
    poll = await make_poll(server, question="Which \x1b[2Jone?")
    command = [sys.executable, "-m", "nexus.client", server.url]
    wrong = await asyncio.create_subprocess_exec(*command, "NOSUCH", stderr=asyncio.subprocess.PIPE)
    _, errors = await soon(wrong.communicate(), SERVER_S)
    assert errors.decode().splitlines() == ["nexus.client: There is no such poll. (poll_not_found)"]
    assert wrong.returncode == 1
    pipe = asyncio.subprocess.PIPE
    watching = await asyncio.create_subprocess_exec(*command, str(poll.code), stdout=pipe, stderr=pipe)
    assert watching.stdout is not None
    assert b"0 voters | Yes: 0 (0%) | No: 0 (0%)" in await soon(watching.stdout.readline(), SERVER_S)
    async with client(server) as nexus:
        await nexus.vote(poll.id, [poll.options[0].id])
    assert b"1 voter | Yes: 1 (100%) | No: 0 (0%)" in await soon(watching.stdout.readline(), SERVER_S)
    watching.send_signal(signal.SIGINT)
    assert await soon(watching.communicate(), SERVER_S) == (b"", b"")
    assert watching.returncode == 0
