"""What a benchmark runs against: a PostgreSQL of its own, the real program on it, and the clock of its CPU."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from bench.generator.nexus_dialect import HotPoll
from bench.machine import cpu_s
from nexus.access.tokens import Tokens
from nexus.embedded import PrivatePostgres

READY_S = 30.0


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL that runs: its address, its first process, and the data folder it lies in."""

    url: str
    pid: int
    folder: Path


@dataclass(frozen=True)
class Running:
    """A server under measurement."""

    process: subprocess.Popen[bytes]
    port: int
    database_url: str
    postgres_pid: int
    folder: Path
    tokens: Tokens

    def cpu_s(self) -> float:
        """User and system seconds its processes have used."""
        return cpu_s(self.process.pid)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL in a temporary folder."""
    with tempfile.TemporaryDirectory() as name, PrivatePostgres(Path(name)) as address:
        pid = int((Path(name) / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        yield Postgres(address.url, pid, Path(name))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(**environment: str) -> Iterator[Running]:
    """Run `nexus serve` on a private PostgreSQL in a temporary folder, with limits out of the way."""
    with postgres() as database, serving_on(database, secrets.token_hex(32), free_port(), **environment) as running:
        yield running


@contextmanager
def serving_on(database: Postgres, key: str, port: int, **environment: str) -> Iterator[Running]:
    """Run `nexus serve` on a database that is there, with limits out of the way."""
    settings = {
        "DATABASE_URL": database.url,
        "NEXUS_DATA": str(database.folder),
        "NEXUS_SECRET_KEY": key,
        "PORT": str(port),
        "NEXUS_VOTES_PER_SECOND": "100000",
        "NEXUS_VOTES_BURST": "100000",
        "NEXUS_MESSAGES_PER_SECOND": "100000",
        "NEXUS_SOCKETS": "20000",
        "NEXUS_SOCKETS_PER_ADDRESS": "20000",
        "NEXUS_SOCKETS_PER_VOTER": "20000",
        "NEXUS_MESSAGES_PER_ADDRESS": "10000000",
        **environment,
    }
    log = database.folder / "serve.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "nexus", "serve"]
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        try:
            wait_until_ready(process, port)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {log.read_text()[-500:]}") from error
        yield Running(
            process, port, database.url, database.pid, database.folder, Tokens(key.encode(), access_ttl_s=3600)
        )
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, *, within_s: float = READY_S) -> None:
    """Ask until the server is ready. Raises RuntimeError if it ends, or is not ready within `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"the server was not ready within {within_s} s")


def make_poll(running: Running, **definition: object) -> HotPoll:
    """A poll with two options, open."""
    body = {"question": "Which?", "options": [{"option_text": text} for text in ("Yes", "No")], **definition}
    poll = as_host(running, "/polls/", body)
    return HotPoll(poll["id"], [option["id"] for option in poll["options"]], poll["code"])


def as_host(running: Running, path: str, body: object = None) -> Any:
    """Post something as the host of the polls, or read it where there is no `body`; returns the answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {running.tokens.access('user:1', ['user'])}",
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@dataclass(frozen=True)
class StatementLog:
    """What PostgreSQL notes of the statements that it is sent."""

    path: Path

    def statements(self, began: float, ended: float) -> int:
        """How many it was sent between two times, in seconds since 1970; BEGIN and COMMIT count too."""
        times = re.findall(r"^(\d+\.\d+) LOG:  (?:execute|statement)", self.path.read_text("utf-8"), re.MULTILINE)
        return sum(began <= float(time) <= ended for time in times)


def postgres_log(running: Running) -> StatementLog:
    """Have PostgreSQL note every statement from now on, as soon as each of its processes has heard of it."""
    with (running.folder / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("log_line_prefix = '%n '\nlog_statement = 'all'\n")
    os.kill(running.postgres_pid, signal.SIGHUP)
    return StatementLog(running.folder / "postgres.log")
