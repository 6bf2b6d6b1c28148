"""A PostgreSQL server as its `postmaster.pid` describes it: its process, whether that is alive, how it is stopped.

PostgreSQL defines the lines of that file (src/include/utils/pidfile.h); the eighth is the server's status.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nexus.embedded.system_user import EmbeddedError

FAST_S = 30.0
"""How long a fast shutdown may take (SIGINT)."""
IMMEDIATE_S = 10.0
"""How long an immediate one may take (SIGQUIT)."""
_PROC = Path("/proc")
# Between two looks at whether what is waited for has come: a start and a stop wait several times.
_LOOK_S = 0.005


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says; `status` is `starting`, `ready`, `stopping`, or empty at the very beginning."""

    pid: int
    port: int
    socket: Path
    status: str

    def listens(self) -> bool:
        """Whether its socket exists and accepts connections; it may be too busy to answer."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2.0)
            outcome = probe.connect_ex(str(self.socket / f".s.PGSQL.{self.port}"))
        return outcome not in {errno.ENOENT, errno.ECONNREFUSED}


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds; False if it still does not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True


def read(cluster: Path) -> Postmaster | None:
    """What the cluster's `postmaster.pid` says, None if it is missing or makes no sense."""
    try:
        lines = os.fsdecode((cluster / "postmaster.pid").read_bytes()).split("\n")
    except FileNotFoundError:
        return None
    lines += [""] * (8 - len(lines))
    if not lines[0].isdigit():
        return None
    port = int(lines[3]) if lines[3].isdigit() else 0
    return Postmaster(int(lines[0]), port, Path(lines[4]), lines[7].strip())


def lives(cluster: Path, pid: int) -> bool:
    """Whether process `pid` is a server of this very cluster, and not a program that has its id now."""
    if not _PROC.joinpath("self").exists():
        return _shown_by_ps(cluster, pid)
    process = _PROC / str(pid)
    try:
        command = _command(process)
        return _is_postgres(command) and _works_in(process, cluster, command)
    except (FileNotFoundError, ProcessLookupError):
        return False


def remove_stale_lock(folder: Path, port: int) -> None:
    """Remove the lock that a killed server left beside its socket, unless some PostgreSQL has its process id.

    PostgreSQL itself only checks whether any process has that id: another program, or a zombie.
    """
    lock = folder / f".s.PGSQL.{port}.lock"
    try:
        pid = lock.read_text().split("\n")[0]
        if not (pid.isdigit() and _runs_postgres(int(pid))):
            lock.unlink()
    except FileNotFoundError:
        return


def _runs_postgres(pid: int) -> bool:
    if not _PROC.joinpath("self").exists():
        return b"postgres" in _ps(pid)
    try:
        return _is_postgres(_command(_PROC / str(pid)))
    except (FileNotFoundError, ProcessLookupError):
        return False


def _command(process: Path) -> list[bytes]:
    return process.joinpath("cmdline").read_bytes().split(b"\0")


def _is_postgres(command: list[bytes]) -> bool:
    return Path(os.fsdecode(command[0])).name == "postgres"


def _works_in(process: Path, cluster: Path, command: list[bytes]) -> bool:
    try:
        # Right even if the data folder was moved while the server runs, or is a copy of another.
        return process.joinpath("cwd").samefile(cluster)
    except PermissionError:
        # Root without CAP_SYS_PTRACE, as in a container: the arguments it was started with must do.
        return os.fsencode(cluster) in command


def stop(cluster: Path) -> None:
    """Stop the server of `cluster`, if one is alive: fast, then at once. Raises EmbeddedError if it stays."""
    server = read(cluster)
    if server is None or not lives(cluster, server.pid):
        return
    for number, seconds in ((signal.SIGINT, FAST_S), (signal.SIGQUIT, IMMEDIATE_S)):
        try:
            os.kill(server.pid, number)
        except ProcessLookupError:
            return
        if until(lambda: not lives(cluster, server.pid), seconds):
            return
    raise EmbeddedError(f"The private PostgreSQL (pid {server.pid}) did not stop.")


def _shown_by_ps(cluster: Path, pid: int) -> bool:
    shown = _ps(pid)
    return b"postgres" in shown and b"-D " + os.fsencode(cluster) in shown


def _ps(pid: int) -> bytes:
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True, timeout=10).stdout
