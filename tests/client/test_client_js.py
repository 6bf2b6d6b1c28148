"""The JavaScript client (nexus/web/client.js) by its own tests, which Node runs against the real server.

Each file of tests/client/js has a server of its own, which its tests stop, kill and start again through `Keeper`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
from asyncio.subprocess import STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nexus import __version__
from tests.support.checkout import ROOT, WEB
from tests.support.node import node, required
from tests.support.served import Server, serving

FILES = sorted((ROOT / "tests" / "client" / "js").glob("*.test.js"))
WITHIN_S = 240
COMPILER = ("npx", "-y", "-p", "typescript@5", "tsc")


class Keeper:
    """Does to a server what its tests ask for, a line of JSON each."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[int]:
        """The port at which it listens."""
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with listening:
            yield listening.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                try:
                    answer = {"value": await self._do(**json.loads(line))}
                except Exception as error:  # noqa: BLE001 - it fails in the test that asked
                    answer = {"error": repr(error)}
                writer.write(json.dumps(answer).encode() + b"\n")
        except ConnectionError:  # its tests have ended
            pass
        finally:
            writer.close()

    async def _do(self, act: str, subject: str = "", roles: list[str] | None = None, ttl_s: int = 0) -> object:
        match act:
            case "token":
                return self._server.token(subject, *roles or (), ttl_s=ttl_s)
            case "start":
                await self._server.start()
            case "stop":
                await self._server.stop()
            case "kill":
                self._server.kill()
            case "pause":
                self._server.signal(signal.SIGSTOP)
            case "resume":
                self._server.signal(signal.SIGCONT)
            case _:
                raise ValueError(act)
        return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
async def test_the_client_keeps_its_promises(file: Path, tmp_path: Path, database_url: str) -> None:
    command = required(*node())
    async with serving(tmp_path, database_url) as server, Keeper(server).at_work() as port:
        environment = server.environment | {"NEXUS_URL": server.url, "NEXUS_KEEPER": str(port), "NODE_NO_WARNINGS": "1"}
        pipe = asyncio.subprocess.PIPE
        line = [*command, "--test-reporter=spec", "--test", str(file)]
        running = await asyncio.create_subprocess_exec(*line, env=environment, stdout=pipe, stderr=STDOUT)
        try:
            said, _ = await asyncio.wait_for(running.communicate(), WITHIN_S)
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        print(said.decode(errors="replace"))  # noqa: T201 - pytest shows it
        assert running.returncode == 0, file.name


def manifest() -> dict[str, Any]:
    """What npm is told of the package."""
    return dict(json.loads((WEB / "package.json").read_text()))


def test_the_package_holds_every_module_and_goes_by_the_same_version() -> None:
    modules = {str(path.relative_to(WEB)) for path in [WEB / "client.js", *(WEB / "client").glob("*.js")]}
    assert set(manifest()["files"]) == modules | {"client.d.ts"}
    assert manifest()["version"] == __version__


def test_the_package_is_found_by_its_name(tmp_path: Path) -> None:
    """As a front end with the package installed imports it."""
    command = required(*node())
    installed = tmp_path / "node_modules" / manifest()["name"]
    for name in ["package.json", *manifest()["files"]]:
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(WEB / name, installed / name)
    script = "import { connect, enter } from 'nexus-voting-client'; console.log(typeof connect, typeof enter)"
    line = [*command, "--input-type=module", "-e", script]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("function function\n", 0), done.stderr


def test_the_types_fit_a_front_end(tmp_path: Path) -> None:
    """The declarations compile, strictly, with a program that uses all of them, and refuse one that misuses them."""
    if shutil.which("npx") is None:
        pytest.skip("there is no npx")
    sample = ROOT / "tests" / "client" / "js" / "sample.ts"
    flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"]
    line = [*COMPILER, *flags, str(sample)]
    try:
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer")
    if done.returncode and "error TS" not in done.stdout:
        pytest.skip("npm's registry has no TypeScript for us")
    assert done.returncode == 0, done.stdout
