"""The real program for tests: `nexus serve` in a process of its own, on one port from its first start to its last.

It is told to stop, killed and started again by its process id; at the end its log is read, and a test whose server
complained fails, unless it said what to expect.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from nexus.access.tokens import Tokens
from tests.support import forked

KEY = "a key of the tests, and of nothing else"
START_S = 60.0
"""Generous: the machine that runs the tests may be busy with others."""
STOP_S = 30.0
LOG_SHOWN = 8_000
ADDRESS = r"Nexus serves http://[^:]+:(\d+)\s"
SOCKET_LINE = re.compile(r"connection (open|closed)|\[accepted\]")
COMPLAINT = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b")


class Server:
    """One `nexus serve`: `start`, then `stop` or `kill`, and `start` again on the same port.

    `environment` adds settings. Without `database_url` the private PostgreSQL of `folder` serves. `allowed` are
    patterns of complaints in the log that the test provokes. `fresh`: each start is a Python of its own (see `forked`),
    as several workers always are.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str | None,
        redis_url: str | None = None,
        *,
        workers: int = 1,
        allowed: Sequence[str] = (),
        fresh: bool = False,
        **environment: str,
    ) -> None:
        self.port = 0
        self.allowed = [re.compile(pattern) for pattern in allowed]
        self.process: forked.Process | None = None
        self._workers = workers
        self._fresh = fresh or workers > 1
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "serve.log"
        self._tokens = Tokens(KEY.encode())
        # Nothing of the tester's own environment may lead the program astray.
        own = {name: text for name, text in os.environ.items() if not name.startswith(("NEXUS_", "WEB_CONCURRENCY"))}
        own |= {"DATABASE_URL": database_url or "", "REDIS_URL": redis_url or ""}
        own |= {"NEXUS_DATA": str(folder / "data"), "NEXUS_SECRET_KEY": KEY}
        self.environment = own | environment

    @property
    def url(self) -> str:
        """Where it serves, `http://…`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All it has said, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def worker_pids(self) -> list[int]:
        """The processes that serve, once it has started; of several workers, those that said so last."""
        started = re.findall(r"Started server process \[(\d+)\]", self.log)
        return [int(pid) for pid in started[-self._workers :]]

    def token(
        self,
        subject: str,
        *roles: str,
        ttl_s: int = 3600,
        polls: Sequence[int] | None = None,
        event: int | None = None,
    ) -> str:
        """An access token that it accepts."""
        return self._tokens.access(subject, roles, ttl_s=ttl_s, polls=polls, event=event)

    async def start(self) -> None:
        """Start, and return once every worker is ready."""
        assert self.process is None, "it runs already"
        before = len(self.log)
        self.process = self._begin()
        await self.until_logged(r"Application startup complete", self._workers, after=before)
        await self.until_logged(ADDRESS, after=before)
        self.port = int(re.findall(ADDRESS, self.log)[-1])
        await self.until_ready()

    async def until_ready(self, within_s: float = START_S) -> None:
        """Return once `/health/ready` is content; fails after `within_s`."""
        answer = "nothing"
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            deadline = time.monotonic() + within_s
            while time.monotonic() < deadline:
                try:
                    ready = await client.get("/health/ready")
                except httpx.TransportError as error:
                    answer = repr(error)
                else:
                    if ready.status_code == 200:
                        return
                    answer = ready.text
                self._must_run()
                await asyncio.sleep(0.02)
        raise AssertionError(f"not ready within {within_s} s: {answer}\n{self.tail}")

    async def until_logged(self, pattern: str, times: int = 1, *, after: int = 0, within_s: float = START_S) -> None:
        """Return once the log, from character `after` on, holds `pattern` so many `times`; fails after `within_s`."""
        deadline = time.monotonic() + within_s
        while len(re.findall(pattern, self.log[after:])) < times:
            self._must_run()
            assert time.monotonic() < deadline, f"no {pattern!r} within {within_s} s\n{self.tail}"
            await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started, not to its workers."""
        assert self.process is not None
        self.process.send_signal(number)

    async def stop(self, within_s: float = STOP_S) -> int:
        """SIGTERM, and its exit status; fails where it does not end within `within_s`."""
        self.signal(signal.SIGTERM)
        return await self.ended(within_s)

    async def ended(self, within_s: float = STOP_S) -> int:
        """Wait for its end: its exit status."""
        assert self.process is not None
        try:
            status = await asyncio.to_thread(self.process.wait, within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there after {within_s} s\n{self.tail}") from None
        self.process = None
        return status

    def kill(self) -> None:
        """SIGKILL, to all its workers too, as a power cut would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S)
            self.process = None

    async def command(self, *arguments: str, within_s: float = STOP_S) -> subprocess.CompletedProcess[str]:
        """Run another command of `nexus` with the same settings, such as `verify`."""
        return await asyncio.to_thread(
            forked.run, arguments, self.environment, self._folder, "", within_s, fresh=self._fresh
        )

    @property
    def tail(self) -> str:
        """The end of its log, without a line for every socket."""
        return "\n".join(line for line in self.log.splitlines() if not SOCKET_LINE.search(line))[-LOG_SHOWN:]

    def complaints(self) -> list[str]:
        """Lines of the log that no server should need, but for the allowed ones."""
        lines = [line for line in self.log.splitlines() if COMPLAINT.search(line)]
        return [line for line in lines if not any(pattern.search(line) for pattern in self.allowed)]

    def _begin(self) -> forked.Process:
        arguments = ["serve", "--port", str(self.port), "--workers", str(self._workers)]
        with self._log.open("ab") as log:
            # A group of its own: Ctrl-C is for the tests, which then end it; `kill` ends its workers too.
            return forked.start(arguments, self.environment, self._folder, log, log, session=True, fresh=self._fresh)

    def _must_run(self) -> None:
        assert self.process is not None and self.process.poll() is None, f"it has ended\n{self.tail}"


@asynccontextmanager
async def ending(server: Server) -> AsyncIterator[None]:
    """Ends the server at the end, however often it was started; it must not have complained.

    Its log is shown where the test fails.
    """
    try:
        yield
        if server.process is not None:
            await server.stop()
    except BaseException:
        print(f"--- the log of {server.url}, its end\n{server.tail}")  # noqa: T201 - pytest shows it
        raise
    finally:
        server.kill()
    assert not server.complaints(), server.tail


@asynccontextmanager
async def serving(
    folder: Path,
    database_url: str | None,
    redis_url: str | None = None,
    *,
    workers: int = 1,
    allowed: Sequence[str] = (),
    fresh: bool = False,
    **environment: str,
) -> AsyncIterator[Server]:
    """A started `Server` (its arguments are these), and its end. `folder` holds its log, so two servers need two."""
    server = Server(folder, database_url, redis_url, workers=workers, allowed=allowed, fresh=fresh, **environment)
    async with ending(server):
        await server.start()
        yield server
