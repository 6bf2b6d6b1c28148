"""`nexus serve` as a process: how it starts, what it says, and that it leaves nothing behind
(docs/contract.md, "Running")."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from nexus.embedded.postmaster import until
from tests.support.command import Command
from tests.support.postgres_server import PostgresServer, new_database
from tests.support.private_server import clear, lives, pid_of
from tests.support.redis_server import running_redis
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

PASSWORD = re.compile(r"^Log in at \S+/host as admin with the password (\S+) \(shown only now\)$", re.MULTILINE)
END_S = 30.0
DISABLED_S = 20.0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder that the tests share: making its cluster takes seconds."""
    folder = tmp_path_factory.mktemp("serve") / "data"
    yield folder
    clear(folder)


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that never ran, with a data folder of its own."""
    server = Server(tmp_path, None, fresh=True)
    yield server
    server.kill()
    clear(tmp_path / "data")


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    with new_database(postgres) as url:
        yield url


@asynccontextmanager
async def calling(server: Server, token: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client of `server`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=10) as client:
        yield client


async def log_in(server: Server, name: str, password: str) -> httpx.Response:
    async with calling(server) as client:
        return await client.post("/auth/token/", json={"username": name, "password": password})


def command(server: Server, folder: Path) -> Command:
    """The commands beside `server`, under its settings."""
    names = ("DATABASE_URL", "REDIS_URL", "NEXUS_DATA", "NEXUS_SECRET_KEY")
    return Command(folder, **{name: server.environment[name] for name in names})


def group_is_gone(pid: int) -> bool:
    """Whether no process is left of the group that `pid` began."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_fresh_folder_is_served_and_its_admin_shown_once(fresh: Server, tmp_path: Path) -> None:
    await fresh.start()
    (password,) = PASSWORD.findall(fresh.log)
    assert fresh.log.count(f"Nexus serves {fresh.url}\n") == 1
    assert re.search(r"\n\nLog in at .*\nIf it gets lost: \S*nexus user password admin\n\n", fresh.log)
    token = (await log_in(fresh, "admin", password)).json()["access"]
    async with calling(fresh, token) as client:
        assert (await client.get("/auth/me/")).json()["roles"] == ["admin", "user"]

    said = command(fresh, tmp_path).refused("serve", "--port", "0")
    assert fresh.process is not None
    assert re.fullmatch(rf"Another nexus serve uses .*data \(pid {fresh.process.pid}\)\.", said)
    await fresh.until_ready(30)

    await fresh.stop(END_S)
    await fresh.start()
    assert PASSWORD.findall(fresh.log) == [password]
    assert (await log_in(fresh, "admin", password)).status_code == 200
    assert fresh.complaints() == []


async def test_a_start_that_is_ended_loses_no_password(fresh: Server, tmp_path: Path) -> None:
    starting = asyncio.create_task(fresh.start())
    await until_said(fresh, "creating schema")
    pid = fresh.process.pid if fresh.process is not None else 0
    await fresh.stop(END_S)
    with pytest.raises(AssertionError):
        await starting  # it has ended before it was ready
    assert group_is_gone(pid) and not lives(tmp_path / "data")
    await fresh.start()
    (password,) = PASSWORD.findall(fresh.log)
    assert (await log_in(fresh, "admin", password)).status_code == 200


async def until_said(server: Server, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in server.log:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 0), (signal.SIGINT, 130), pytest.param(signal.SIGHUP, 0, marks=SLOW)],
    ids=str,
)
async def test_a_signal_ends_it_and_its_postgresql(
    tmp_path: Path, data: Path, number: signal.Signals, status: int
) -> None:
    async with serving(tmp_path, None, fresh=True, NEXUS_DATA=str(data)) as server:
        assert server.process is not None
        pid = server.process.pid
        server.signal(number)
        assert await server.ended(END_S) == status
        assert group_is_gone(pid) and not lives(data)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(one, marks=SLOW) for one in (signal.SIGINT, signal.SIGHUP))]
)
async def test_a_signal_ends_workers_and_postgresql(tmp_path: Path, data: Path, number: signal.Signals) -> None:
    with running_redis() as redis:
        async with serving(tmp_path, None, redis.url, workers=2, NEXUS_DATA=str(data)) as server:
            assert server.process is not None
            pid = server.process.pid
            assert len(set(server.worker_pids)) == 2 and pid not in server.worker_pids
            server.signal(number)
            assert await server.ended(END_S) == 0
            assert until(lambda: group_is_gone(pid), END_S) and not lives(data)


async def test_a_killed_private_postgresql_is_started_again(tmp_path: Path, data: Path) -> None:
    async with serving(tmp_path, None, fresh=True, NEXUS_DATA=str(data)) as server:
        before = pid_of(data)
        os.kill(before, signal.SIGKILL)
        assert until(lambda: lives(data) and pid_of(data) != before, 60)
        await server.until_ready(60)


async def test_a_killed_worker_is_replaced(tmp_path: Path, database_url: str) -> None:
    with running_redis() as redis:
        async with serving(tmp_path, database_url, redis.url, workers=2) as server:
            said = len(server.log)
            os.kill(server.worker_pids[0], signal.SIGKILL)
            await server.until_logged("Application startup complete", after=said)
            await server.until_ready()


async def test_workers_of_a_killed_parent_end_and_leave_the_port(tmp_path: Path, database_url: str) -> None:
    with running_redis() as redis:
        async with serving(tmp_path, database_url, redis.url, workers=2) as server:
            assert server.process is not None
            pid, port = server.process.pid, server.port
            server.signal(signal.SIGKILL)
            await server.ended()
            await server.start()
            assert server.port == port
            assert until(lambda: group_is_gone(pid), END_S)


async def test_several_workers_need_redis(tmp_path: Path) -> None:
    said = Command(tmp_path).refused("serve", "--workers", "2")
    assert said.startswith("WEB_CONCURRENCY above 1 needs REDIS_URL")


async def test_a_port_in_use_is_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = Command(tmp_path).refused("serve", "--port", str(taken.getsockname()[1]))
    assert re.fullmatch(r"PORT: Cannot listen on 127\.0\.0\.1:\d+: Address already in use\.", said)
    assert not (tmp_path / "nexus-data" / "postgres").exists()


async def test_an_empty_database_is_filled_and_gets_no_account(tmp_path: Path, empty_url: str) -> None:
    async with serving(tmp_path, empty_url, fresh=True) as server:
        assert "creating schema" in server.log and not PASSWORD.search(server.log)
        assert (await server.command("user", "list")).stdout == ""


async def test_accounts_and_tokens_of_the_command_line_hold(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path, database_url) as server:
        nexus = command(server, tmp_path)
        password = "a lamp, a boat, a mountain"
        await asyncio.to_thread(nexus.says, "user", "add", "Ada", text=password)
        access = (await log_in(server, "ada", password)).json()["access"]
        (minted,) = await asyncio.to_thread(nexus.says, "token", "user:1", "--role", "user")
        for token in (access, minted):
            async with calling(server, token) as client:
                assert (await client.get("/auth/me/")).json()["username"] == "Ada"
        await asyncio.to_thread(nexus.says, "user", "disable", "Ada")
        async with calling(server, access) as client, asyncio.timeout(DISABLED_S):
            while (await client.get("/auth/me/")).status_code != 401:  # noqa: ASYNC110 - it is told to nobody
                await asyncio.sleep(0.05)
        assert (await log_in(server, "ada", password)).status_code == 401


def test_signals_are_handled_once_all_is_loaded(tmp_path: Path) -> None:
    # An exception that a handler raises in the middle of an import may come out as another.
    program = (
        "import signal, sys; from nexus.cli import main\n"
        "def handle(number, handler): sys.exit(40 + ('nexus.app' in sys.modules))\n"
        "signal.signal = handle; main(['serve', '--port', '0'])"
    )
    environment = {"NEXUS_DATA": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    assert done.returncode == 41
