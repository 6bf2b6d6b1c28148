"""What a benchmark runs against: a PostgreSQL of its own, the real program on it, and the clock of its CPU."""

from __future__ import annotations

import os
import secrets
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

from nexus.access.tokens import Tokens
from nexus.embedded import PrivatePostgres

READY_S = 30.0


@dataclass(frozen=True)
class Running:
    """A server under measurement."""

    process: subprocess.Popen[bytes]
    port: int
    database_url: str
    tokens: Tokens

    def cpu_s(self) -> float:
        """User and system seconds its processes have used."""
        ticks = sum(_ticks(pid) for pid in (self.process.pid, *_children(self.process.pid)))
        return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serving(**environment: str) -> Iterator[Running]:
    """Run `nexus serve` on a private PostgreSQL in a temporary folder, with limits out of the way."""
    key = secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as folder, PrivatePostgres(Path(folder)) as address, socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = {
            "DATABASE_URL": address.url,
            "NEXUS_DATA": folder,
            "NEXUS_SECRET_KEY": key,
            "PORT": str(port),
            "NEXUS_VOTES_PER_SECOND": "100000",
            "NEXUS_VOTES_BURST": "100000",
            "NEXUS_MESSAGES_PER_SECOND": "100000",
            **environment,
        }
        process = subprocess.Popen([sys.executable, "-m", "nexus", "serve"], env={**os.environ, **settings})
        try:
            _wait_until_ready(process, port)
            yield Running(process, port, address.url, Tokens(key.encode()))
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server was not ready within {READY_S} s")
