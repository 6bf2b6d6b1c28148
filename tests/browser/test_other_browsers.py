"""The pages in Firefox and WebKit, where they are installed: they load, connect, vote and log in."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.support.audience import audience_of
from tests.support.host_page import PASSWORD, new_account
from tests.support.other_browsers import OTHERS, Browser, until
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.values import Json

IN_TOUCH = "document.body.dataset.touch === 'good'"
FITS = "document.scrollingElement.scrollWidth <= innerWidth"


async def votes(browser: Browser, server: Server, poll: Json) -> None:
    await browser.goto(f"{server.url}/vote/{poll['code']}")
    await until(browser, IN_TOUCH)
    await until(browser, "document.querySelectorAll('#results button.choice').length === 3")
    await browser.evaluate("document.querySelectorAll('#results button.choice')[1].click() ?? true")
    await until(browser, "document.querySelector('[data-state=standing]')?.textContent.includes('No')")
    assert await browser.evaluate(FITS)


async def logs_in(browser: Browser, server: Server, name: str) -> None:
    await browser.goto(f"{server.url}/host")
    await until(browser, "document.querySelector('[name=password]') !== null")
    for field, text in (("username", name), ("password", PASSWORD)):
        await browser.evaluate(f"(document.querySelector('[name={field}]').value = {json.dumps(text)})")
    await browser.evaluate("document.querySelector('form.login').requestSubmit() ?? true")
    await until(browser, "document.querySelector('h1').textContent === 'Your polls'")


@SLOW
@pytest.mark.parametrize("name", OTHERS)
async def test_every_page_works(name: str, tmp_path: Path, database_url: str) -> None:
    (tmp_path / "profile").mkdir()
    async with (
        serving(tmp_path / "server", database_url) as server,
        OTHERS[name](tmp_path / "profile") as browser,
        audience_of(server) as audience,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        poll = await audience.host.poll()
        await votes(browser, server, poll)
        await browser.goto(f"{server.url}/live/{poll['code']}")
        await until(browser, IN_TOUCH)
        await until(browser, "document.querySelector('#results [data-count=\"1\"]') !== null")
        await browser.goto(server.url)
        await until(browser, "document.querySelector('input') !== null")
        assert await browser.evaluate(FITS)
        await logs_in(browser, server, await new_account(http))
