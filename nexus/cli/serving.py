"""`nexus serve`: the port, the private PostgreSQL if there is no other, the schema, and the workers."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from nexus.access.secret import secret_key
from nexus.access.tokens import Tokens
from nexus.cli import workers
from nexus.cli.preparing import ADMIN, kept_up, prepare
from nexus.embedded import PrivatePostgres, binaries, claim, require_own
from nexus.runtime.lan import ALL, ALL_IPV4, lan_hosts
from nexus.settings import Settings
from nexus.store.accounts import User

PORT_WAIT_S = 3.0
"""How long a start waits for its port: the workers of a killed `nexus serve` hold it for a moment."""
DEMO_STOP_S = 5.0
"""How long the demo may take to stop before it is killed."""
DEMO_TOKEN_S = 7 * 24 * 3600
"""How long the demo moves its event by itself."""
UNREAD_MS = 40_000
"""How long a peer may take nothing of what was sent to it until the kernel cuts the connection: as long as a socket
stays that answers no ping. Where the kernel has no such bound, only what is still to be sent has one
(`nexus.http.framework.edge`)."""
NOT_STARTED = 3
"""The exit status where the server could not start."""


def serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until told to stop."""
    if settings.database_url is None:
        binaries()  # before anything is made or started: without them there is no database
        require_own(settings.data)
    if settings.workers == 1:
        workers.load_application()
    ending = _Ending()
    signal.signal(signal.SIGTERM, ending.begin)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup(1) makes it
        signal.signal(signal.SIGHUP, _hang_up)
    _allow_many_sockets()
    secret_key(settings.secret, settings.data)
    with ExitStack() as cleanup:
        if settings.database_url is None:
            cleanup.enter_context(claim(settings.data))
        sock = _listen(settings)
        cleanup.callback(sock.close)
        banner = Banner(settings, sock.getsockname()[1])
        cleanup.callback(banner.show_password)  # also if the start fails after the password was made
        url = settings.database_url or _private(cleanup, settings)
        host = asyncio.run(prepare(url, banner.take_password, private=settings.database_url is None))
        demo = cleanup.enter_context(_demo(settings, banner.address, host)) if arguments.demo else None
        return 0 if workers.run(settings, url, sock, lambda: _ready(banner, demo, ending)) else NOT_STARTED


class _Ending:
    """Handles SIGTERM before uvicorn takes over, and again once it is done: every `with` is left."""

    def __init__(self) -> None:
        self.begun = False

    def begin(self, number: int, frame: FrameType | None) -> None:
        """End where the signal arrives; remember it, since a `__del__` that it interrupts swallows the exception."""
        self.begun = True
        raise SystemExit(0)


def _hang_up(number: int, frame: FrameType | None) -> None:
    """The terminal was closed: shut down properly, with the private PostgreSQL."""
    signal.raise_signal(signal.SIGTERM)


def _allow_many_sockets() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS reports a limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _private(cleanup: ExitStack, settings: Settings) -> str:
    """The address of the private PostgreSQL, which runs until `cleanup` ends."""
    server = PrivatePostgres(settings.data)
    url = cleanup.enter_context(server).url
    cleanup.enter_context(kept_up(server, settings.data))
    return url


class Banner:
    """What a person at the terminal needs to see; the password is shown once. `address` is for this machine."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.address = _address(settings.host, port)
        self._port = port
        self._settings = settings
        self._password: str | None = None

    @property
    def _public(self) -> str:
        public = self._settings.public
        return self.address if public is None else public.url("")

    def take_password(self, password: str) -> None:
        """Keep `password`, to be shown with the rest."""
        self._password = password

    def show(self) -> None:
        """Say where it serves, and how others get in."""
        print("\n".join([f"\nNexus serves {self.address}", *self._ways_in()]), flush=True)
        self.show_password()
        print(flush=True)

    def _ways_in(self) -> list[str]:
        if self._settings.public is not None:
            return [f"People reach it at {self._public} (NEXUS_PUBLIC_URL)"]
        hosts = lan_hosts(self._settings.host)
        if self._settings.host in (ALL, ALL_IPV4) and hosts:
            ways = [f"  http://{host}:{self._port}" for host in hosts]
            return [
                "Phones on the same network open",
                *ways,
                f"If they cannot, look for a firewall on port {self._port}",
            ]
        if hosts:
            return []
        if self._settings.host in (ALL, ALL_IPV4):
            return ["No network was found that phones could be on"]
        return ["Only this computer can open it; to let phones in, start it with --lan"]

    def show_password(self) -> None:
        """Show the password, unless it has been shown."""
        password, self._password = self._password, None
        if password is not None:
            print(
                f"\nLog in at {self._public}/host as {ADMIN} with the password {password} (shown only now)", flush=True
            )
            print(f"If it gets lost: {_program()} user password {ADMIN}", flush=True)


def _program() -> str:
    """What calls `nexus` from the current folder."""
    found = Path(sys.executable).with_name("nexus")
    if not found.exists():
        return shlex.join([sys.executable, "-m", "nexus"])
    return (
        "nexus"
        if shutil.which("nexus") == str(found)
        else shlex.quote(min(os.path.relpath(found), str(found), key=len))
    )


def _ready(banner: Banner, demo: Callable[[], None] | None, ending: _Ending) -> None:
    banner.show()
    if ending.begun:
        signal.raise_signal(signal.SIGTERM)  # uvicorn's by now
    elif demo is not None:
        demo()


def _listen(settings: Settings) -> socket.socket:
    """A socket bound to the port, not yet listening. Raises ValueError if the port is taken or not allowed."""
    deadline = time.monotonic() + PORT_WAIT_S
    while True:
        try:
            return _bound(settings.host, settings.port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                name = "PORT" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "NEXUS_HOST"
                where = f"{settings.host}:{settings.port}"
                raise ValueError(f"{name}: Cannot listen on {where}: {error.strerror}.") from error
            time.sleep(0.1)


def _bound(host: str, port: int) -> socket.socket:
    # The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only if it is.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        sock.bind((host, port))
        sock.set_inheritable(True)
    except BaseException:
        sock.close()
        raise
    return sock


def _address(host: str, port: int) -> str:
    name = {ALL_IPV4: "127.0.0.1", ALL: "[::1]"}.get(host) or (f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


@contextmanager
def _demo(settings: Settings, address: str, host: User | None) -> Iterator[Callable[[], None]]:
    """Yields the function that starts the simulated audience as a separate process, which ends with the server.

    The sample event is `host`'s, who finds it among the events on `/host`; without one nobody's but an admin's.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        subject, role = ("ext:demo", "host") if host is None else (host.subject, "user")
        token = Tokens(secret_key(settings.secret, settings.data)).access(subject, [role], ttl_s=DEMO_TOKEN_S)
        environment = {**os.environ, "NEXUS_DEMO_URL": address, "NEXUS_DEMO_TOKEN": token}
        started.append(subprocess.Popen([sys.executable, "-m", "nexus.demo"], env=environment))

    try:
        yield start
    finally:
        for process in started:
            process.terminate()
            try:
                process.wait(DEMO_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
