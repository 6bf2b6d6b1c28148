"""The private server: found running or started, and stopped by the last command that uses it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from urllib.parse import quote

from nexus.embedded import cluster as clusters
from nexus.embedded import postmaster, sockets, system_user
from nexus.embedded.locks import Use, turn
from nexus.embedded.postmaster import Postmaster, until
from nexus.embedded.system_user import EmbeddedError, SystemUser
from nexus.runtime.processes import is_taken

READY_S = 60.0
"""How long a start may take, with the recovery from a crash."""
LOG_BYTES = 8 * 1024 * 1024
"""The size from which a start moves the log aside."""

_PORT = 5432
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
}
"""Set on the command line, which no file overrides: an acknowledged vote survives a power cut."""


@dataclass(frozen=True)
class DatabaseAddress:
    """Where the private PostgreSQL listens: `host` is the folder of its Unix socket."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @property
    def url(self) -> str:
        """The address as a URI (PostgreSQL 18 manual, 32.1.1.2)."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@/{self.database}?host={quote(self.host, safe='')}&port={self.port}"


class PrivatePostgres:
    """The PostgreSQL of one data folder. Several commands may use it at the same time; the last one stops it."""

    def __init__(self, folder: Path) -> None:
        """For the data folder `folder`; nothing happens before `start`."""
        self._folder = folder.resolve()
        self._cluster = self._folder / "postgres"
        self._use: Use | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> DatabaseAddress:
        """Return the address of a server that accepts connections: the one that still runs, or a new one.

        Blocks for up to READY_S while it recovers from a crash. May be called again: a server that has died since is
        started again, at the same address. Raises EmbeddedError.
        """
        try:
            with turn(self._folder):
                return self._start()
        except OSError as error:
            raise EmbeddedError(f"Cannot run PostgreSQL in {self._folder}: {error}.") from error

    def stop(self) -> None:
        """Stop the server, unless another command still uses it. Idempotent. Raises EmbeddedError if it stays."""
        use, self._use = self._use, None
        if use is None:
            return
        try:
            with turn(self._folder):
                self._leave(use)
        finally:
            use.end()

    def __enter__(self) -> DatabaseAddress:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> DatabaseAddress:
        programs = clusters.binaries()
        user = system_user.admit(system_user.choose(self._cluster), self._folder, programs)
        secret = clusters.password(self._folder, self._cluster)
        if not self._cluster.exists():
            clusters.create(self._cluster, user, programs, secret)
        server = self._running() or self._launch(user, programs)
        self._use = self._use or Use(self._folder)
        return DatabaseAddress(str(server.socket), server.port, clusters.ROLE, secret, clusters.DATABASE)

    def _running(self) -> Postmaster | None:
        """The server that still runs here, ready; None if there is none, or none that can be reached."""
        until(self._is_settled, READY_S)
        found = postmaster.read(self._cluster)
        if found is None or not postmaster.lives(self._cluster, found.pid):
            if found is None or is_taken(found.pid):
                # PostgreSQL takes any process with the id in a stale file for a server, and refuses to start.
                (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            return None
        if found.status != "ready":
            doing = found.status or "starting"
            raise EmbeddedError(f"PostgreSQL has been {doing} for over {READY_S:.0f} s: see {self._log_path}.")
        if not found.listens():
            postmaster.stop(self._cluster)  # its socket was removed: nobody can reach it any more
            return None
        return found

    def _is_settled(self) -> bool:
        found = postmaster.read(self._cluster)
        return found is None or found.status == "ready" or not postmaster.lives(self._cluster, found.pid)

    def _launch(self, user: SystemUser, programs: Path) -> Postmaster:
        socket_folder = sockets.socket_folder(self._folder, user)
        postmaster.remove_stale_lock(socket_folder, _PORT)
        settings = _SETTINGS | {"unix_socket_directories": f'"{socket_folder}"'}
        command = [str(programs / "postgres"), "-D", str(self._cluster)]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + READY_S
        while True:
            if self._child:
                self._child.poll()  # it may have died since it was started
            with self._log() as log:
                begin = log.tell()
                child = self._child = user.start(command, log)
            server = self._awaited(child, deadline)
            if server:
                return server
            said = self._said_since(begin)
            if "is still in use" not in said or time.monotonic() > deadline:
                sockets.remove(socket_folder)
                raise EmbeddedError(f"PostgreSQL did not start in {self._folder}: {said} (see {self._log_path}).")
            time.sleep(0.1)  # processes of a killed server are about to notice, and to release its memory

    def _awaited(self, child: subprocess.Popen[bytes], deadline: float) -> Postmaster | None:
        """The server that `child` is, once ready; None where it ended, or is not ready by `deadline`."""
        try:
            until(lambda: child.poll() is not None or self._is_ready(child.pid), deadline - time.monotonic())
        except BaseException:
            child.send_signal(signal.SIGINT)  # the start was interrupted: so is the server's
            raise
        return postmaster.read(self._cluster) if self._is_ready(child.pid) else None

    def _is_ready(self, pid: int) -> bool:
        found = postmaster.read(self._cluster)
        return found is not None and found.pid == pid and found.status == "ready" and found.listens()

    def _leave(self, use: Use) -> None:
        child, self._child = self._child, None
        if use.is_last():
            self._shut_down(child)
        elif child:
            child.returncode = 0  # it stays for the others; this process need not wait for it
        use.end()  # before the turn ends: the next turn may be a start

    def _shut_down(self, child: subprocess.Popen[bytes] | None) -> None:
        found = postmaster.read(self._cluster)
        postmaster.stop(self._cluster)
        if child and not until(lambda: child.poll() is not None, postmaster.IMMEDIATE_S):
            raise EmbeddedError(f"PostgreSQL (pid {child.pid}) in {self._folder} did not stop.")
        if found:
            sockets.remove(found.socket)

    @property
    def _log_path(self) -> Path:
        return self._folder / "postgres.log"

    def _log(self) -> BinaryIO:
        """The log, open for appending; moved aside if it has grown large."""
        path = self._log_path
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name("postgres.log.1"))
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")

    def _said_since(self, begin: int) -> str:
        """The last lines of the log from byte `begin` on, as one line."""
        with self._log_path.open("rb") as log:
            log.seek(begin)
            lines = log.read().decode(errors="replace").split("\n")
        return " | ".join(line for line in lines if line)[-600:] or "it logged nothing"
