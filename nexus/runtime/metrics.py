"""What is measured, for Prometheus: votes, batches, requests, and how full everything is.

With several workers each writes its own figures into a folder that all of them share (`PROMETHEUS_MULTIPROC_DIR`, made
by `nexus serve`), and the one that is asked adds them up.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from nexus.domain.ballot import Receipt
from nexus.errors import NexusError
from nexus.runtime.processes import is_taken

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder shared by several workers; prometheus_client reads it too."""

LAG_S = 0.1
"""Between two looks at how late the event loop is."""

_BALLOTS = (1, 3, 10, 30, 100, 300, 1000)
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
_SCREEN_SECONDS = (0.003, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5)
_LAG_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)

_LEVELS = {
    "ballots_waiting": "Ballots waiting for their transaction.",
    "sockets": "Open sockets.",
    "rooms": "Polls that have viewers here.",
    "events": "Events that are followed here.",
    "waiting": "Sockets that wait for a poll to open.",
    "exports": "Exports in progress.",
    "logins_waiting": "Passwords being hashed or waiting for it.",
    "bus_up": "Workers whose bus is in reach.",
}
"""What goes up and down, sampled every second; summed over the workers."""
_POOLS = {
    "used": "Database connections in use.",
    "pending": "Waiting for a database connection.",
}
"""The same of each pool of connections."""
_FOLLOWERS = "followers"  # told by worker, since a move is as quick as the worker with the most of them


class Metrics:
    """The figures of one worker. Counting is cheap enough for the path of a vote: once per batch, not once per vote."""

    def __init__(self) -> None:
        """Starts at zero."""
        self._folder = os.environ.get(FOLDER)
        self._registry = CollectorRegistry()
        own = None if self._folder else self._registry
        self._votes = Counter("nexus_votes", "Acts of voting that took effect.", ["outcome"], registry=own)
        self._refusals = Counter("nexus_refusals", "Acts of voting that were refused.", ["code"], registry=own)
        self._batch = Histogram("nexus_batch_ballots", "Ballots per transaction.", registry=own, buckets=_BALLOTS)
        self._commit = Histogram(
            "nexus_batch_seconds", "Time of a transaction, in seconds.", registry=own, buckets=_SECONDS
        )
        self._screens = Histogram(
            "nexus_screens_seconds",
            "Time from new totals to the last screen of the pass that shows them, in seconds.",
            registry=own,
            buckets=_SCREEN_SECONDS,
        )
        self._lag = Histogram(
            "nexus_loop_lag_seconds",
            "How late the event loop is, in seconds.",
            registry=own,
            buckets=_LAG_SECONDS,
        )
        self._joins = Counter("nexus_joins", "Sockets that entered a room.", registry=own)
        self._requests = Histogram(
            "nexus_http_request_seconds",
            "Time of a request until its answer begins, in seconds.",
            ["method", "path", "status"],
            registry=own,
            buckets=_SECONDS,
        )
        self._without_socket = Counter(
            "nexus_pages_without_socket", "Pages that got no WebSocket and use HTTP.", ["cause"], registry=own
        )
        self._levels = {
            name: Gauge(f"nexus_{name}", text, registry=own, multiprocess_mode="livesum")
            for name, text in _LEVELS.items()
        }
        self._levels[_FOLLOWERS] = Gauge(
            "nexus_followers", "Sockets that follow an event.", registry=own, multiprocess_mode="liveall"
        )
        self._pools = {
            state: Gauge(f"nexus_db_connections_{state}", text, ["pool"], registry=own, multiprocess_mode="livesum")
            for state, text in _POOLS.items()
        }
        if own is None:
            MultiProcessCollector(self._registry, self._folder)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=own)

    def recorded(self, answers: Sequence[Receipt | NexusError], took_s: float) -> None:
        """A batch has committed."""
        self._batch.observe(len(answers))
        self._commit.observe(took_s)
        outcomes = Tally(one.status.value for one in answers if isinstance(one, Receipt))
        for outcome, n in outcomes.items():
            self._votes.labels(outcome).inc(n)
        codes = Tally(one.error_code for one in answers if isinstance(one, NexusError))
        for code, n in codes.items():
            self._refusals.labels(code).inc(n)

    def requested(self, method: str, path: str, status: int, took_s: float) -> None:
        """A request was answered; `path` is the route's, so that ids do not multiply the figures."""
        self._requests.labels(method, path, str(status)).observe(took_s)

    def got_no_socket(self, cause: str) -> None:
        """A page has said that it uses HTTP; `cause` is `origin` or `upgrade`."""
        self._without_socket.labels(cause).inc()

    def shown(self, took_s: float) -> None:
        """A pass has shown new totals to the last viewer of a room."""
        self._screens.observe(took_s)

    def joined(self) -> None:
        """A socket has entered a room."""
        self._joins.inc()

    async def keep_watching_the_loop(self) -> None:
        """Run for ever: observe how late the event loop is, every `LAG_S`."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_S
            await asyncio.sleep(LAG_S)
            self._lag.observe(max(0.0, loop.time() - due))

    def sample(self, levels: Mapping[str, float]) -> None:
        """How full everything is; the names are those of `_LEVELS`, and `followers`."""
        for name, level in levels.items():
            self._levels[name].set(level)

    def sample_pool(self, name: str, *, used: int, waiting: int) -> None:
        """How full a pool of database connections is."""
        self._pools["used"].labels(name).set(used)
        self._pools["pending"].labels(name).set(waiting)

    def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        if self._folder:
            _forget_the_dead(Path(self._folder))
        return generate_latest(self._registry)


def _forget_the_dead(folder: Path) -> None:
    """Drop the levels of workers that have ended; what they counted stays counted."""
    for file in folder.glob("gauge_live*_*.db"):
        found = re.search(r"_(\d+)\.db$", file.name)
        if found and not is_taken(int(found[1])):
            with suppress(FileNotFoundError):
                mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]
