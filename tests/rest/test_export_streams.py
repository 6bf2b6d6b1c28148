"""Exports on their way: whole, limited, and given back when their reader leaves or stalls."""

import asyncio
from contextlib import suppress

import httpx
from starlette.types import Message

from tests.support.exports import exported, fill, scope_of, table
from tests.support.rest import Rest


async def test_many_ballots_come_whole(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await fill(rest, poll, 2345)
    found = await exported(rest, poll, ann)
    assert found["count"] == len(found["ballots"]) == len({b["ballot"] for b in found["ballots"]}) == 2345
    assert len(await table(rest, poll, ann)) == 2345


async def test_exports_at_once_are_limited_and_given_back(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await fill(rest, poll, 2000)
    answers = await asyncio.gather(*(rest("GET", f"/polls/{poll['id']}/export/", ann) for _ in range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200 and set(statuses) <= {200, 429}
    told = {answer.json()["detail"] for answer in answers if answer.status_code == 429}
    assert told <= {"Another export of yours is still under way. Try again when it has finished."}
    assert len(await table(rest, poll, ann)) == 2000
    assert len(rest.services.exports) == 0


async def test_client_that_leaves_gives_back_what_it_held(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await fill(rest, poll, 20_000)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await rest("GET", f"/polls/{poll['id']}/export/", ann)
    assert len(await table(rest, poll, ann)) == 20_000
    assert len(rest.services.exports) == 0


async def test_reader_that_stalls_keeps_no_other_from_its_export(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    polls = [await rest.poll(who) for who in (ann, bob)]
    for poll in polls:
        await fill(rest, poll, 3000)
    stalled, go_on = asyncio.Event(), asyncio.Event()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not stalled.is_set():
            stalled.set()
            await go_on.wait()

    async def receive() -> Message:
        if not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await go_on.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    transport = rest.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    app = transport.app

    async def export() -> None:
        await app(scope_of(f"/polls/{polls[0]['id']}/export", ann), receive, send)

    stalling = asyncio.create_task(export())
    async with asyncio.timeout(10):
        await stalled.wait()
        assert len(await table(rest, polls[1], bob)) == 3000
        go_on.set()
        await stalling
    lines = b"".join(message.get("body", b"") for message in sent).decode().splitlines()
    assert len(lines) == 3001
