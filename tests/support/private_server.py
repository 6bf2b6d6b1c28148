"""What the tests of the private PostgreSQL share: a look at its server from outside, and programs to kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from nexus.embedded import DatabaseAddress, binaries, postmaster, sockets


def psql(statement: str) -> list[str]:
    """The command that runs one statement in the database of `login`."""
    return [str(binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]


def login(address: DatabaseAddress) -> dict[str, str]:
    """The environment in which `psql` logs in at `address`."""
    where = {"PGHOST": address.host, "PGPORT": str(address.port), "PGDATABASE": address.database}
    return os.environ | where | {"PGUSER": address.user, "PGPASSWORD": address.password}


def sql(address: DatabaseAddress, statement: str) -> str:
    """What a statement answers, columns parted by `|`; raises CalledProcessError where it is refused."""
    done = subprocess.run(psql(statement), check=True, capture_output=True, text=True, timeout=30, env=login(address))
    return done.stdout.strip()


def pid_of(data: Path) -> int:
    """The process of the data folder's server."""
    found = postmaster.read(data / "postgres")
    assert found is not None
    return found.pid


def lives(data: Path) -> bool:
    """Whether the data folder's server runs."""
    found = postmaster.read(data / "postgres")
    return found is not None and postmaster.lives(data / "postgres", found.pid)


def clear(data: Path) -> None:
    """Stop the data folder's server, whatever became of the one who started it."""
    if left := postmaster.read(data / "postgres"):
        postmaster.stop(data / "postgres")
        sockets.remove(left.socket)


@contextlib.contextmanager
def program(code: str, data: Path) -> Iterator[subprocess.Popen[str]]:
    """Run Python code on the data folder, in a process group of its own, until `kill` or the end."""
    command = [sys.executable, "-c", code, str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a program prints, empty where it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    """End a program and its group at once, as a crash would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    if process.stdout is not None:
        process.stdout.close()
