"""The machine under a benchmark: what it is, and who used its processors."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from nexus.embedded import binaries

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ROOT = Path(__file__).resolve().parent.parent

BUSY = 0.85
"""The share of a core from which a generator counts as the limit."""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()


def facts() -> dict[str, str]:
    """What figures depend on."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _output("git", "rev-parse", "--short", "HEAD") + ("+" if _output("git", "status", "-s") else ""),
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": model[1] if model else "unknown",
        "memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": _output(str(binaries() / "postgres"), "--version").rpartition(" ")[2],
        **{name: version(name) for name in ("uvloop", "uvicorn", "websockets", "asyncpg")},
    }


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:  # grows while it is walked
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue  # it has just ended
        found += map(int, children)
    return found


def cpu_s(pid: int) -> float:
    """User and system seconds of a process, all that descend from it, and those of them that have ended."""
    used = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += sum(map(int, fields[11:15]))
    return used * _TICK_S


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all that descend from it."""
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in tree(pid)) * _PAGE_BYTES


def _idle_s() -> float:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) * _TICK_S  # idle, and idle while a disk works


@dataclass(frozen=True)
class Shares:
    """Who used the processors over a while: shares of one core, and `idle` of the whole machine."""

    seconds: float
    server: float
    postgres: float
    generator: float
    idle: float

    @property
    def generator_was_the_limit(self) -> bool:
        """Whether the figures are those of the generator."""
        return self.generator > BUSY

    def text(self) -> str:
        """For a table's last column."""
        said = f"server {self.server:.0%}"
        if self.postgres:
            said += f", PostgreSQL {self.postgres:.0%}"
        said += f", generator {self.generator:.0%} of a core; idle {self.idle:.0%} of the machine"
        return said + (" GENERATOR WAS THE LIMIT" if self.generator_was_the_limit else "")


class Meter:
    """Notes who uses the processors from now on."""

    def __init__(self, server: int, postgres: int | None = None) -> None:
        """For the process ids of the server and of PostgreSQL, each with all that descend from it."""
        self._server = server
        self._postgres = postgres
        self._began = self._now()

    def _now(self) -> tuple[float, float, float, float, float]:
        postgres = cpu_s(self._postgres) if self._postgres else 0.0
        return time.perf_counter(), cpu_s(self._server), postgres, time.process_time(), _idle_s()

    def read(self) -> Shares:
        """The shares since it was made."""
        seconds, server, postgres, generator, idle = (
            now - before for now, before in zip(self._now(), self._began, strict=True)
        )
        cores = len(os.sched_getaffinity(0))
        return Shares(seconds, server / seconds, postgres / seconds, generator / seconds, idle / seconds / cores)


def note(text: str) -> None:
    """Show progress; standard output belongs to the results."""
    print(f"  {text}", file=sys.stderr, flush=True)
