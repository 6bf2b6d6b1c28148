"""uvicorn, as one process or several: how they start, report that they are ready, and end."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from nexus.http.framework.heads import BoundedHttpProtocol
from nexus.runtime import metrics
from nexus.runtime.logs import begin_logging
from nexus.settings import Settings
from nexus.ws.protocol import SocketProtocol

FRAME_BYTES = 16 * 1024
"""The largest message that a socket may send."""
BACKLOG = 4096
"""Connections that may wait to be accepted: an audience arrives all at once."""
GRACE_S = 10
"""How long requests in progress may take when the server shuts down."""
HEALTHCHECK_S = 15
"""A worker that does not answer its parent for this long is replaced; on a busy machine a start takes seconds."""
PARENT_LOOK_S = 0.5
"""How often a worker checks that its parent is alive."""


def run(settings: Settings, url: str, sock: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve on `sock` until told to stop; `ready` is called once, when every worker accepts connections.

    Returns False if the server could not start.
    """
    if settings.workers == 1:
        server = _Server(_config(settings, _built(settings, url)), ready)
        server.run([sock])
        return server.started
    gc.enable()
    # Workers are new processes: they read the settings from the environment, as this one did.
    flags = {"NEXUS_HOST": settings.host, "PORT": str(settings.port), "WEB_CONCURRENCY": str(settings.workers)}
    with tempfile.TemporaryDirectory(prefix="nexus-metrics-") as figures:
        os.environ |= {"DATABASE_URL": url, metrics.FOLDER: figures, **flags}
        workers = _Workers(_config(settings, "nexus.cli.workers:worker"), sock, ready)
        workers.run()
        return all(process.exitcode != STARTUP_FAILURE for process in workers.processes)


class _Server(uvicorn.Server):
    """A server that reports when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections, then report it."""
        await super().startup(sockets)
        if self.started:
            self._ready()


class _Workers(Multiprocess):
    """Worker processes whose parent reports when all of them are ready."""

    def __init__(self, config: uvicorn.Config, sock: socket.socket, ready: Callable[[], None]) -> None:
        hangup = signal.getsignal(signal.SIGHUP)
        super().__init__(config, sockets=[sock])
        signal.signal(signal.SIGHUP, hangup)  # uvicorn would restart its workers, and never end
        self.ready = False
        self._tell = ready

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died; every half second."""
        super().keep_subprocess_alive()
        if not self.ready and all(process.is_ready() for process in self.processes):
            self.ready = True
            self._tell()


def worker() -> ASGIApp:
    """The application of one of several workers, from the environment."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal: the parent ends its workers properly
    settings = Settings.load(os.environ)
    begin_logging(settings.log)
    if settings.database_url is None:
        raise RuntimeError("a worker without DATABASE_URL")
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    return _built(settings, settings.database_url)


def load_application() -> None:
    """Load what `run` builds in this process; before anything handles signals, since an exception that one raises in
    the middle of an import may come out as another."""
    importlib.import_module("nexus.app")


def _built(settings: Settings, url: str) -> ASGIApp:
    """The application. Until it is built the cycle collector rests: what a start makes stays, nearly all of it.

    Afterwards it collects less often: ballots come and go by the thousand and hold no cycles, and at its default pace
    it takes a fifth of the CPU for looking at them. What is there by now is not looked at again.
    """
    gc.disable()
    from nexus.app import build  # not at the top: the parent of several workers does without it

    app = build(settings, url)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    return app


def _end_with_parent(parent: int) -> None:
    """End with the parent: a worker whose parent was killed would hold the port, and nothing would replace it."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _config(settings: Settings, app: ASGIApp | str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers,
        http=BoundedHttpProtocol,
        ws=SocketProtocol,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=HEALTHCHECK_S,
        proxy_headers=False,  # `http.framework.arrival` reads them
    )
