"""`nexus` as a process of its own, without the price of its imports: a fork of a process that has imported everything.

Hundreds of starts cost a third of a second of CPU each, and most of that is imports. A fork gets what a new process
would: arguments, environment, folder, standard streams, a number, an end. Python is started anew each time (`fresh`) in
the tests of `nexus serve` itself and at a terminal, for several workers, and everywhere in CI (`NEXUS_CI=1`) but in its
second run, which is about another PostgreSQL.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Protocol

ALWAYS_FRESH = os.environ.get("NEXUS_CI") == "1" and not os.environ.get("NEXUS_TEST_DATABASE_URL")
_MESSAGE_BYTES = 200_000
_START_S = 60.0
_WRITE_BYTES = 4096  # what every pipe takes without a reader
_NEEDED_LATER = ("uvloop", "httptools", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "asyncpg.pool")


class Process(Protocol):
    """What tests do with a program: `subprocess.Popen` without the pipes."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit status. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""


class Fork:
    """One program, started by the process at the other end of `line`, which says how it ended."""

    def __init__(self, line: socket.socket, what: str) -> None:
        self._line = line
        self._what = what
        self._status: int | None = None
        self._turn = threading.Lock()
        line.settimeout(_START_S)
        self.pid = int(line.recv(64))

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        if not self._turn.acquire(blocking=False):  # another thread waits for its end
            return None
        try:
            return self._ended(0)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._turn.release()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit status. Raises subprocess.TimeoutExpired."""
        with self._turn:
            return self._ended(timeout)

    def _ended(self, timeout: float | None) -> int:
        if self._status is None:
            self._line.settimeout(timeout)
            try:
                self._status = int(self._line.recv(64))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._what, timeout or 0) from None
            self._line.close()
        return self._status

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class _Source:
    """The process that forks, as its one client sees it."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A session of its own: Ctrl-C is for the tests. It ends with its client, whose end of the line closes then.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self.close)

    def fork(
        self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, streams: Sequence[int], session: bool
    ) -> Fork:
        """Have `nexus` started with `arguments`."""
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wanted = {"arguments": arguments, "environment": dict(env), "folder": str(folder), "session": session}
        with theirs:
            socket.send_fds(self._control, [json.dumps(wanted).encode()], [*streams, theirs.fileno()])
        return Fork(line, " ".join(["nexus", *arguments]))

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._process.wait(_START_S)


@cache
def _source() -> _Source:
    return _Source()


def start(
    arguments: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    said: IO[bytes],
    errors: IO[bytes],
    *,
    given: int | None = None,
    session: bool = False,
    fresh: bool = False,
) -> Process:
    """Start `nexus`; what it says goes to two files, and standard input is the file descriptor `given`, or empty.

    `session` gives it a session and process group of its own.
    """
    with Path(os.devnull).open("rb") as nothing:
        stdin = nothing.fileno() if given is None else given
        if not (fresh or ALWAYS_FRESH):
            return _source().fork(arguments, env, folder, [stdin, said.fileno(), errors.fileno()], session)
        line = [sys.executable, "-P", "-m", "nexus", *arguments]
        with _hang_up_allowed():
            return subprocess.Popen(
                line, stdin=stdin, stdout=said, stderr=errors, env=dict(env), cwd=folder, start_new_session=session
            )


def run(
    arguments: Sequence[str], env: Mapping[str, str], folder: Path, text: str, within_s: float, *, fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `nexus` to its end, with `text` as from a pipe. Raises subprocess.TimeoutExpired."""
    assert len(text.encode()) < _WRITE_BYTES
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        reading, writing = os.pipe()
        try:
            os.write(writing, text.encode())
        finally:
            os.close(writing)
        try:
            process = start(arguments, env, folder, said, errors, given=reading, fresh=fresh)
        finally:
            os.close(reading)
        try:
            status = process.wait(within_s)
        except BaseException:
            process.send_signal(signal.SIGKILL)
            process.wait(within_s)
            raise
        heard = [_text_of(file) for file in (said, errors)]
    return subprocess.CompletedProcess(["nexus", *arguments], status, *heard)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextmanager
def _hang_up_allowed() -> Iterator[None]:
    """A SIGHUP that whoever started the tests had ignored, as nohup(1) does, is not ignored by what they start."""
    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


# --- In the process that forks -------------------------------------------------------------------------------------


def _import_everything() -> None:
    import nexus

    for module in pkgutil.walk_packages(nexus.__path__, "nexus."):
        if not module.name.startswith(("nexus.client", "nexus.demo")) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _NEEDED_LATER:
        importlib.import_module(name)


def _serve(control: socket.socket) -> list[str]:
    """Fork for each request; returns in the forks, with their arguments, and where the client is gone ends."""
    waking, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    lines: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(waking, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if waking in ready:
                waking.recv(4096)
                _tell_of_the_dead(lines)
            if control not in ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 4)
            if not message:
                sys.exit(0)
            *streams, line = descriptors
            pid = os.fork()
            if not pid:
                os.close(line)
                break
            for descriptor in streams:
                os.close(descriptor)
            lines[pid] = socket.socket(fileno=line)
            lines[pid].send(str(pid).encode())
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for end in (control, waking, woken, *lines.values()):
        end.close()
    return _become(json.loads(message), streams)


def _tell_of_the_dead(lines: dict[int, socket.socket]) -> None:
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with lines.pop(pid) as line:
            try:
                line.send(str(os.waitstatus_to_exitcode(status)).encode())
            except OSError:  # nobody waits for it any more
                continue


def _become(wanted: dict[str, object], streams: Sequence[int]) -> list[str]:
    """Take on what a new process would have been given; its arguments."""
    arguments, environment = wanted["arguments"], wanted["environment"]
    assert isinstance(arguments, list) and isinstance(environment, dict)
    for place, descriptor in enumerate(streams):
        os.dup2(descriptor, place)
        os.close(descriptor)
    if wanted["session"]:
        os.setsid()
    os.chdir(str(wanted["folder"]))
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    return arguments


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    _import_everything()
    gc.freeze()  # what is not looked at is not copied either
    sys.argv[1:] = _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("nexus", run_name="__main__", alter_sys=True)
