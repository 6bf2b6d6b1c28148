"""The page of a poll that nobody may see yet: it waits, and holds nothing of the poll (docs/contract.md, "Waiting")."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.pages.test_pages import BLOCK, blocks, reading
from tests.support.rest import Rest
from tests.support.values import Json

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCHEDULED = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
PATHS = ("/{code}", "/vote/{code}", "/live/{code}")


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest) as opened:
        yield opened


async def unseen(rest: Rest, **fields: object) -> list[Json]:
    """Drafts and scheduled polls that have nothing in common but the length of their codes."""
    host = await rest.user()
    short = {"question": "Qqq?", "description": "", "results": "live", **fields}
    long = {"question": "Zebra" * 90, "description": "Zebra " * 200, "results": "host", **fields}
    options = ["Aardvark", "Zebra"], [f"Zebra {n} {'x' * 200}" for n in range(60)]
    made = [
        await rest.poll(host, *options[n], **(short, long)[n], **status)
        for n in (0, 1)
        for status in ({"status": "draft"}, {"opens_at": SCHEDULED})
    ]
    return [*made, await rest.poll(host, *options[1], status="draft", allow_guests=False, **long)]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("public", [True, False])
async def test_a_page_that_waits_holds_nothing_of_its_poll(
    rest: Rest, reader: httpx.AsyncClient, path: str, public: bool
) -> None:
    sizes = set()
    for poll in await unseen(rest, is_public=public):
        answer = await reader.get(path.format(code=poll["code"]), headers=BROWSER)
        assert answer.status_code == 200
        given = blocks(answer)["given"]
        stamp = given.pop("server_now")
        waits = {"code": poll["code"], "poll": None, "totals": None, "refused": None, "waiting": True}
        assert given == waits
        told = answer.text + repr(answer.headers)
        assert not [word for word in ("Zebra", "Aardvark", "Qqq", "user:") if word in told]
        assert not {"etag", "last-modified"} & set(answer.headers)
        sizes.add(len(answer.content) - len(stamp))
    assert len(sizes) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_waits_until_its_poll_opens(rest: Rest, reader: httpx.AsyncClient, path: str) -> None:
    host = await rest.user()
    poll = await rest.poll(host, status="draft")
    address = path.format(code=poll["code"])
    waiting = await reader.get(address, headers=BROWSER)
    assert {"more", "words"} <= {name for name, _ in BLOCK.findall(waiting.text)}
    assert f"/screens/{'' if path.startswith('/live') else 'vote/'}lobby.css" in waiting.text
    assert "/client/waiting.js" in waiting.text
    assert "Accept" in waiting.headers["vary"].split(", ")
    await rest("POST", f"/polls/{poll['id']}/open/", host)
    opened = await reader.get(address, headers=BROWSER)
    assert blocks(opened)["given"]["poll"]["question"] == poll["question"]
    assert "waiting" not in blocks(opened)["given"]
    assert "lobby" not in opened.text


async def test_a_wrong_code_stays_one(rest: Rest, reader: httpx.AsyncClient) -> None:
    for path in PATHS:
        answer = await reader.get(path.format(code="ZZZZZZ"), headers=BROWSER)
        assert answer.status_code == 404
        assert blocks(answer)["given"]["refused"] == "poll_not_found"


async def test_to_programs_a_draft_does_not_exist_and_a_scheduled_poll_waits(
    rest: Rest, reader: httpx.AsyncClient
) -> None:
    draft, *_ = await unseen(rest)
    for accept in ("application/json", "*/*", "application/problem+json, text/html;q=0.1"):
        for path in PATHS:
            answer = await reader.get(path.format(code=draft["code"]), headers={"Accept": accept})
            assert answer.status_code == 404, (path, accept)
            assert '"waiting":true' not in answer.text
