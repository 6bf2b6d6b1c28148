"""The tutorial (docs/tutorial.md) as a reader follows it: its page in a browser, its program as a process."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Chromium, axe
from tests.support.checkout import ROOT
from tests.support.served import Server, serving
from tests.support.thorough import SLOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
NEXUS = "http://127.0.0.1:8000"
"""The address that the text names; a test takes free ports."""
WITHIN_S = 30.0


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TUTORIAL, re.DOTALL)


@asynccontextmanager
async def process(*line: str) -> AsyncIterator[Process]:
    """A process that says things, and ends with the test."""
    started = await asyncio.create_subprocess_exec(*line, stdout=PIPE, cwd=ROOT)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def said(talker: Process, pattern: str) -> str:
    """The first group of `pattern`, once a line of the process has it."""
    assert talker.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        while line := (await talker.stdout.readline()).decode():
            if found := re.search(pattern, line):
                return found[1]
    raise AssertionError(f"it ended without {pattern!r}")


async def shell(text: str) -> str:
    """What blocks of the tutorial print."""
    async with process("bash", "-euo", "pipefail", "-c", text) as done, asyncio.timeout(WITHIN_S):
        out = (await done.communicate())[0].decode()
    assert done.returncode == 0, out
    return out


async def made_poll(server: Server) -> tuple[str, str]:
    """Step 2: the shell's first lines for later steps, and the poll's code."""
    password = re.search(r"password (\S+)", (await server.command("user", "add", "admin", "--admin")).stdout)
    assert password is not None
    begin = next(n for n, block in enumerate(blocks("sh")) if block.startswith("NEXUS="))
    given = f"NEXUS={server.url}\nPASSWORD={password[1]}\n{blocks('sh')[begin + 1]}"
    out = await shell(f"{given}\ndeclare -p TOKEN ID CODE NEXUS; declare -f json\n")
    code = re.search(r"poll\.html\?code=(\w+)", out)
    assert code is not None, out
    return out[out.index("declare") :], code[1]


async def shows(page: Page, tea: int, coffee: int) -> None:
    await expect(page.get_by_role("button")).to_have_text([f"Tea: {tea}", f"Coffee: {coffee}"])


def save(folder: Path, url: str) -> None:
    """The files that a reader saves."""
    page = blocks("html")[0].replace(NEXUS, url)
    (folder / "poll.html").write_text(page)
    before, _, rest = re.sub(r" *const room = .*\n", "", page).partition("      function show()")
    (folder / "event.html").write_text(before + blocks("js")[0] + rest[rest.index("    </script>") :])
    (folder / "voter.py").write_text(blocks("python")[0])


@asynccontextmanager
async def tutorial(folder: Path, database_url: str) -> AsyncIterator[tuple[str, Server]]:
    """Steps 1 and 3: the origin of the reader's page, and a server that allows it."""
    web = next(block for block in blocks("sh") if "http.server" in block).replace(" 8900", " 0").split()
    async with process(sys.executable, "-u", *web[1:], "--directory", str(folder)) as files:
        origin = f"http://127.0.0.1:{await said(files, r'port ([0-9]+)')}"
        async with serving(folder / "server", database_url, NEXUS_ALLOWED_ORIGINS=origin) as server:
            save(folder, server.url)
            yield origin, server


@SLOW
async def test_tutorial_works_as_written(chromium: Chromium, tmp_path: Path, database_url: str) -> None:
    async with tutorial(tmp_path, database_url) as (origin, server):
        variables, code = await made_poll(server)
        allowed = [rf"another origin: (http|ws)://127\.0\.0\.1:{server.port}/", "ERR_CONNECTION_REFUSED", "WebSocket"]
        async with chromium.visit(origin, allowed=allowed) as visitor:
            page = await visitor.open(f"/poll.html?code={code}")
            await expect(page.get_by_role("heading")).to_have_text("Tea or coffee?")
            await axe(page)
            await page.get_by_role("button", name="Tea").click()
            await shows(page, tea=1, coffee=0)
            await expect(page.get_by_role("button", name="Tea")).to_have_attribute("aria-pressed", "true")

            voter_py = str(tmp_path / "voter.py")
            async with process(sys.executable, "-u", voter_py, server.url, code) as voter:
                assert await said(voter, r"^(\w+) in version \d+$") == "recorded"
                await shows(page, tea=1, coffee=1)

                await server.stop()
                await expect(page.get_by_role("status")).to_have_text("waiting", timeout=WITHIN_S * 1000)
                await page.get_by_role("button", name="Coffee").click()
                await server.start()
                await expect(page.get_by_role("status")).to_have_text("open", timeout=WITHIN_S * 1000)
                await shows(page, tea=0, coffee=2)
                assert await said(voter, r"^(\{'Tea': 0, 'Coffee': 2\})$")

                close = next(block for block in blocks("sh") if "/close/" in block)
                assert '"status":"closed"' in await shell(f"{variables}\n{close}")
                async with asyncio.timeout(WITHIN_S):
                    assert await voter.wait() == 0
            await page.get_by_role("button", name="Tea").click()
            await expect(page.get_by_role("status")).to_contain_text("(poll_closed)")


@SLOW
async def test_its_page_of_an_event_is_moved_by_the_server(
    chromium: Chromium, tmp_path: Path, database_url: str
) -> None:
    async with tutorial(tmp_path, database_url) as (origin, server):
        variables, _ = await made_poll(server)
        begin, move = (next(one for one in blocks("sh") if part in one) for part in ("EVENT=$", "/next/"))
        field = next(line for block in blocks("sh") for line in block.splitlines() if line.startswith("field()"))
        out = await shell(f"{variables}\n{field}\n{begin}\ndeclare -p EVENT_ID")
        code = re.search(r"event\.html\?code=(\w+)", out)
        assert code is not None, out
        given = f"{variables}\n{out[out.index('declare') :]}\n{move}"
        allowed = [rf"another origin: (http|ws)://127\.0\.0\.1:{server.port}/"]
        async with chromium.visit(origin, allowed=allowed) as visitor:
            page = await visitor.open(f"/event.html?code={code[1]}")
            await expect(page.get_by_role("heading")).to_have_text("Breakfast")
            for question, option in (("Tea or coffee?", "Tea"), ("Bread or rice?", "Rice")):
                await shell(given)
                await expect(page.get_by_role("heading")).to_have_text(question)
                await page.get_by_role("button", name=option).click()
                await expect(page.get_by_role("button", name=option)).to_have_text(f"{option}: 1")
            await shell(given)
            await expect(page.get_by_role("heading")).to_have_text("Breakfast")
            await expect(page.get_by_role("button")).to_have_count(0)
