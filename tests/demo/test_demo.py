"""The demo: its audience on the real server, what it prints, and how it ends."""

import asyncio
import io
import random
import re
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from nexus.client import Event, EventRoom, GuestPass, Refused, Unreachable, connect, socket_url
from nexus.demo.__main__ import main
from nexus.demo.audience import Mood, Pace, Progress
from nexus.demo.demo import announcement
from nexus.demo.show import QUESTIONS, TITLE, patiently
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.waiting import SERVER_S, soon

EVENT = Event(7, "K7M2QP", "Team day", (), 4, None, 1)


@asynccontextmanager
async def audience(server: Server, *flags: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A running demo, all of whose voters are in, and what it said until then."""
    environment = server.environment | {
        "NEXUS_DEMO_URL": server.url,
        "NEXUS_DEMO_TOKEN": server.token("user:1", "user"),
    }
    command = [sys.executable, "-m", "nexus.demo", "--voters", "12", "--rate", "100", "--seconds", "2", *flags]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    try:
        said = await soon(process.stdout.readuntil(b"voters 12/12\n"), SERVER_S)
        yield process, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def code_of(said: str) -> str:
    (code,) = re.findall(r"join by the code (\w+)", said)
    return str(code)


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url) as server:
        yield server


@asynccontextmanager
async def following(server: Server, code: str) -> AsyncIterator[EventRoom]:
    """A guest who follows the demo's event."""
    async with connect(socket_url(server.url), GuestPass(server.url, code)) as nexus:
        place = await nexus.enter(code)
        assert isinstance(place, EventRoom)
        yield place


async def voters_of(place: EventRoom, question: str) -> int:
    """How many have voted in this question, at its end."""
    async for _ in place:
        room = place.room
        if room is None or room.poll.question != question:
            continue
        async for _ in room:
            if room.poll.status == "closed" and room.totals is not None:
                return int(room.totals.voters)
    raise AssertionError("the event came to an end")


@SLOW
async def test_the_event_goes_through_its_questions_again_and_again_and_over_a_restart(server: Server) -> None:
    async with audience(server) as (process, said), following(server, code_of(said)) as place:
        for question, *_ in QUESTIONS:
            assert await soon(voters_of(place, question), SERVER_S) > 2
        await server.stop()
        await server.start()
        for question, *_ in QUESTIONS[:2]:
            assert await soon(voters_of(place, question), SERVER_S) > 2
        process.terminate()
        assert await soon(process.communicate(), SERVER_S) == (b"", b"")
        assert process.returncode == 0
        verified = await server.command("verify")
        assert verified.returncode == 0, verified.stdout


async def test_whoever_moves_the_event_has_it_from_then_on(server: Server) -> None:
    async with audience(server) as (process, said), following(server, code_of(said)) as place:
        await soon(voters_of(place, QUESTIONS[0][0]), SERVER_S)
        await act(server, "POST", f"/events/{place.id}/show/", {"poll": None})
        assert process.stdout is not None
        await soon(process.stdout.readuntil(b"from now on it is theirs.\n"), SERVER_S)
        assert place.event.shown is None


async def test_the_demo_prints_one_command_that_watches_its_poll(server: Server) -> None:
    async with audience(server) as (process, said):
        lines = said.splitlines()
        (line,) = (line for line in lines if "nexus.client" in line)
        assert [line for line in lines if line.startswith("connecting")] == [
            f"connecting voters {done}/12" for done in (3, 6, 9, 12)
        ]
        command = shlex.split(line.partition("in a terminal")[2])
        pipe = asyncio.subprocess.PIPE
        watching = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        assert watching.stdout is not None
        assert await soon(watching.stdout.readline(), SERVER_S) == f"# {TITLE}\n".encode()
        watching.send_signal(signal.SIGINT)
        _, errors = await soon(watching.communicate(), SERVER_S)
        assert (watching.returncode, errors) == (0, b"")
        process.send_signal(signal.SIGINT)
        assert await soon(process.wait(), SERVER_S) == 0


async def test_an_event_that_is_deleted_ends_the_demo_in_one_line(server: Server) -> None:
    async with audience(server) as (process, said):
        async with following(server, code_of(said)) as place:
            event = place.id
        await act(server, "DELETE", f"/events/{event}/")
        assert process.stderr is not None
        error = await soon(process.stderr.read(), SERVER_S)
        assert re.fullmatch(rb"nexus\.demo: There is no such (event|poll)\. \(\w+_not_found\)\n", error), error
        assert await soon(process.wait(), SERVER_S) == 1


async def act(server: Server, method: str, path: str, body: object = None) -> None:
    """A call of the event's host."""
    headers = {"Authorization": f"Bearer {server.token('user:1', 'user')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
        (await http.request(method, path, json=body)).raise_for_status()


def test_the_server_and_the_token_come_from_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"NEXUS_DEMO_URL": "http://127.0.0.1:1"}) == 2
    assert main([], {"NEXUS_DEMO_TOKEN": "token", "NEXUS_DEMO_URL": "nowhere"}) == 2
    errors = capsys.readouterr().err.splitlines()
    assert "NEXUS_DEMO_TOKEN" in errors[0]
    assert "'nowhere'" in errors[1]
    assert len(errors) == 2


@pytest.mark.parametrize(
    "flags", [["--voters", "0"], ["--voters", "many"], ["--rate", "nan"], ["--rate", "0"], ["--seconds", "0"]]
)
def test_nonsense_is_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(flags, {})
    assert refused.value.code == 2
    assert flags[0] in capsys.readouterr().err


def test_the_announced_command_is_the_shortest_that_works() -> None:
    near = announcement("http://127.0.0.1:8000", EVENT, "/srv/nexus/.venv/bin/python", Path("/srv/nexus"))
    assert "  .venv/bin/python -m nexus.client http://127.0.0.1:8000 K7M2QP\n" in near
    assert "  http://127.0.0.1:8000/live/K7M2QP\n" in near
    assert "  http://127.0.0.1:8000/vote/K7M2QP\n" in near
    far = announcement("http://127.0.0.1:8000", EVENT, "/usr/bin/python3", Path("/srv/deep/down/in/folders"))
    assert "  /usr/bin/python3 -m " in far
    odd = announcement("http://127.0.0.1:8000", EVENT, "/my venv/bin/python", Path("/my venv/bin"))
    assert "  ./python -m " in odd


def test_a_mood_drifts_but_keeps_every_option_in_play() -> None:
    seed = 20261122
    mood = Mood(5, random.Random(seed))
    tops = set()
    chosen: Counter[int] = Counter()
    for _ in range(300):
        mood.drift(10)
        now = Counter(mood.choose() for _ in range(100))
        tops.add(now.most_common(1)[0][0])
        chosen += now
    assert tops == set(range(5)), seed
    assert min(chosen.values()) > 300 * 100 / 5 / 3, seed


async def test_a_pace_bounds_the_rate_of_many() -> None:
    pace = Pace(1000.0, random.Random(1))
    began = time.monotonic()
    await soon(asyncio.gather(*(pace.turn() for _ in range(100))), SERVER_S)
    assert time.monotonic() - began >= 100 / 1000 / 2


def test_progress_rewrites_one_line_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    progress = Progress("voters", 2, out)
    progress.step()
    progress.step()
    assert out.getvalue() == "\r\x1b[Kvoters 1/2\r\x1b[Kvoters 2/2\n"


async def test_patience_is_for_what_passes() -> None:
    answers: list[Exception | int] = [Unreachable("not yet"), Refused("unavailable", "busy", 0.01), 7]

    async def call() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await soon(patiently(call), SERVER_S) == 7
    answers.append(Refused("forbidden", "no"))
    with pytest.raises(Refused):
        await patiently(call)
