"""From starting the process until it is ready.

    scripts/bench start [--scripts] [--rounds 3]

`nexus serve` with a private PostgreSQL in a new folder, and again in the same one. With `--scripts` also
`scripts/serve` in a fresh copy of the repository, which installs everything first, and once more: it needs the package
registry.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.machine import ROOT
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.server import free_port, wait_until_ready

INSTALL_S = 300.0
STOP_S = 30.0


@contextmanager
def copy() -> Iterator[Path]:
    """The files of the last commit, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "x"], cwd=name, input=archive.stdout, check=True)
        Path(name).chmod(0o755)
        yield Path(name)


def seconds_until_ready(command: Sequence[str], folder: Path) -> float:
    """Start a server in `folder`, wait until it is ready, stop it; returns the seconds until it was ready."""
    port = free_port()
    settings = {"NEXUS_DATA": str(folder / "nexus-data"), "PORT": str(port)}
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | settings
    log = folder / "start.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        wait_until_ready(process, port, within_s=INSTALL_S)
        return time.perf_counter() - began
    except RuntimeError as error:
        raise RuntimeError(f"{error}: {log.read_text()[-500:]}") from error
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)


def measure_serve() -> Measured:
    """`nexus serve`, twice in one folder."""
    command = [sys.executable, "-m", "nexus", "serve"]
    with tempfile.TemporaryDirectory() as name:
        first, again = (seconds_until_ready(command, Path(name)) for _ in range(2))
    return Measured({"first_s": first, "again_s": again})


def measure_scripts() -> Measured:
    """`scripts/serve`, twice in one copy."""
    with copy() as folder:
        first, again = (seconds_until_ready([str(folder / "scripts" / "serve")], folder) for _ in range(2))
    return Measured({"first_s": first, "again_s": again})


def cases(*, scripts: bool) -> list[Case]:
    """One or both."""
    serve = Case("start", "nexus", "nexus serve with a private PostgreSQL", measure_serve)
    return [serve, Case("start", "nexus", "scripts/serve", measure_scripts, rounds=1)] if scripts else [serve]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("start", __doc__)
    parser.add_argument("--scripts", action="store_true", help="scripts/serve in a fresh copy, too")
    given = parser.parse_args()
    return run(cases(scripts=given.scripts), given)


if __name__ == "__main__":
    sys.exit(main())
