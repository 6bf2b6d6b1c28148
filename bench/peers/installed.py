"""Peers below a folder of their own: their programs, copied there, and the packages these need, from the registries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.generator.dialect import Dialect

_SERVERS = Path(__file__).parent / "servers"
_INSTALL_S = 300.0


def _run(folder: Path, *command: str) -> None:
    """One step of an installation; what it prints goes to install.log. Raises RuntimeError unless it succeeds."""
    step = f"{Path(command[0]).name} {' '.join(command[1:3])}"
    with (folder / "install.log").open("ab") as log:
        try:
            status = subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False, timeout=_INSTALL_S)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"`{step}` took more than {_INSTALL_S:.0f} s") from error
    if status.returncode:
        raise RuntimeError(f"`{step}` failed, see {folder / 'install.log'}")


def _unless_there(folder: Path, wanted: str, install: Callable[[Path], None]) -> None:
    """Call `install` with the emptied `folder` unless what an earlier call left there fits the file `wanted`."""
    mark, wish = folder / "installed", (_SERVERS / wanted).read_bytes()
    if mark.exists() and mark.read_bytes() == wish:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(_SERVERS / wanted, folder)
    install(folder)
    mark.write_bytes(wish)


def _start(folder: Path, command: list[str], database_url: str, port: int) -> subprocess.Popen[bytes]:
    """Run a program of `_SERVERS`, copied to `folder`, where Node looks for its packages."""
    shutil.copytree(_SERVERS, folder, dirs_exist_ok=True)
    environment = {**os.environ, "DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production"}
    with (folder / "serve.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise RuntimeError("there is no Node, or no npm, on this machine")
    _run(folder, npm, "install", "--no-audit", "--no-fund")


def _pip(folder: Path) -> None:
    _run(folder, sys.executable, "-m", "venv", "venv")
    _run(folder, "venv/bin/python", "-m", "pip", "install", "-r", "requirements.txt")


@dataclass(frozen=True)
class NodePeer:
    """A server on Node, one process."""

    name: str
    program: str
    speaks: Callable[[int], Dialect]

    def install(self, folder: Path) -> None:
        """All packages of the peers on Node at once."""
        _unless_there(folder / "node", "package.json", _npm)

    def start(self, folder: Path, database_url: str, port: int) -> subprocess.Popen[bytes]:
        """Listens once its tables are there."""
        return _start(folder / "node", ["node", self.program], database_url, port)

    def dialect(self, port: int) -> Dialect:
        """For any number of clients."""
        return self.speaks(port)


@dataclass(frozen=True)
class PythonPeer:
    """A server on Python, one process, in a virtual environment of its own."""

    name: str
    module: str
    speaks: Callable[[int], Dialect]

    def install(self, folder: Path) -> None:
        """All packages of the peers on Python at once."""
        _unless_there(folder / "python", "requirements.txt", _pip)

    def start(self, folder: Path, database_url: str, port: int) -> subprocess.Popen[bytes]:
        """Listens once its tables are there."""
        return _start(folder / "python", ["venv/bin/python", "-m", self.module], database_url, port)

    def dialect(self, port: int) -> Dialect:
        """For any number of clients."""
        return self.speaks(port)
