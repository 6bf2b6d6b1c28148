"""Firefox and WebKit as Debian ships them, driven without Playwright: by WebDriver BiDi, and by WebDriver.

Both are asked for little: to load a page, and to evaluate an expression in it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

START_S = 60.0
"""Generous: the machine that runs the tests may be busy with others."""
WAIT_S = 30.0
PREFERENCES = 'user_pref("{}", {});\n'
QUIET = {
    "app.normandy.enabled": "false",
    "browser.shell.checkDefaultBrowser": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "network.captive-portal-service.enabled": "false",
    "network.connectivity-service.enabled": "false",
    "services.settings.server": '"data:,#remote-settings-dummy/v1"',
    "toolkit.telemetry.server": '""',
}
"""What keeps Firefox from asking others than the server under test."""


class Browser(Protocol):
    """A browser with one page."""

    async def goto(self, url: str) -> None:
        """Load a page."""

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, which JSON can hold."""


async def until(browser: Browser, expression: str) -> None:
    """Returns once an expression is true in the page; fails after `WAIT_S`."""
    async with asyncio.timeout(WAIT_S):
        while not await browser.evaluate(expression):  # noqa: ASYNC110 - the page tells nobody
            await asyncio.sleep(0.05)


def _mini_browsers() -> list[Path]:
    return sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def _listening(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens at {port}"
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


@asynccontextmanager
async def _running(*command: str, **environment: str) -> AsyncIterator[None]:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdout=quiet, stderr=quiet, env=os.environ | environment, start_new_session=True
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


class _WebKit:
    def __init__(self, client: httpx.AsyncClient, session: str) -> None:
        self._client, self._session = client, session

    async def goto(self, url: str) -> None:
        await self._post("url", {"url": url})

    async def evaluate(self, expression: str) -> Any:
        return await self._post("execute/sync", {"script": f"return ({expression});", "args": []})

    async def _post(self, path: str, body: object) -> Any:
        answer = await self._client.post(f"/session/{self._session}/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()["value"]


@asynccontextmanager
async def webkit(folder: Path) -> AsyncIterator[Browser]:
    """WebKitGTK's own small browser in a screen that nobody sees."""
    found = _mini_browsers()
    if not (found and shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
        pytest.skip("there is no WebKit")
    port, screen = _free_port(), f":{_free_port() % 1000 + 100}"
    options = {"binary": str(found[-1]), "args": ["--automation"]}
    wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
    own = {"DISPLAY": screen, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "LIBGL_ALWAYS_SOFTWARE": "1"}
    async with (
        _running("Xvfb", screen, "-screen", "0", "1280x800x24"),
        _running("WebKitWebDriver", f"--port={port}", **own),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=START_S) as client,
    ):
        await _listening(port)
        made = await client.post("/session", json=wanted)
        assert made.is_success, made.text
        session = made.json()["value"]["sessionId"]
        yield _WebKit(client, session)
        await client.delete(f"/session/{session}")


class _Firefox:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._numbers = connection, itertools.count(1)
        self._context = ""
        self.errors: list[str] = []

    async def begin(self) -> None:
        await self._ask("session.new", {"capabilities": {}})
        await self._ask("session.subscribe", {"events": ["log.entryAdded"]})
        tree = await self._ask("browsingContext.getTree", {})
        self._context = tree["contexts"][0]["context"]

    async def goto(self, url: str) -> None:
        await self._ask("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})

    async def evaluate(self, expression: str) -> Any:
        asked = {
            "expression": f"JSON.stringify({expression}) ?? 'null'",
            "target": {"context": self._context},
            "awaitPromise": False,
        }
        found = await self._ask("script.evaluate", asked)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    async def _ask(self, method: str, params: object) -> Any:
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(START_S):
            while True:
                heard = json.loads(await self._connection.recv())
                if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                    self.errors.append(str(heard["params"]["text"]))
                if heard.get("id") == number:
                    assert heard["type"] == "success", heard
                    return heard["result"]


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Browser]:
    """Firefox without a window; it must not have logged an error at the end."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("there is no Firefox")
    port = _free_port()
    (folder / "user.js").write_text("".join(itertools.starmap(PREFERENCES.format, QUIET.items())))
    command = (program, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", str(port))
    async with _running(*command, "about:blank", HOME=str(folder)):
        await _listening(port)
        async with connect(f"ws://127.0.0.1:{port}/session", max_size=None) as connection:
            browser = _Firefox(connection)
            await browser.begin()
            yield browser
            assert not browser.errors, browser.errors


OTHERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Browser]]] = {"firefox": firefox, "webkit": webkit}
"""By their names."""
