"""Exports as Excel workbooks: what their sheets hold, and what becomes of the process that writes them."""

import asyncio
import io
import sys
import zipfile
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from starlette.types import Message

from tests.support.exports import exported, scope_of, workbook
from tests.support.rest import Rest, refused, words
from tests.support.waiting import soon, until
from tests.support.workbooks import sheets

WORDS = words()


async def test_a_workbook_has_the_totals_and_then_the_ballots(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Tea", "1-2", "=1+1", anonymous=False)
    first = await rest.vote(ann, poll, 1)
    second = await rest.vote(bob, poll, 2)
    read = await workbook(rest, poll, ann)
    facts = {row[0]: row[1] for row in read["Totals"][:7]}
    assert [facts[name] for name in ("Question", "Round", "Status", "Voters", "Ballots")] == ["Well?", 1, "open", 2, 2]
    assert all(isinstance(facts[f"{name} (UTC)"], datetime) for name in ("Created", "Exported"))
    share = (await rest.get(f"/polls/{poll['id']}/results/", ann))["options"][1]["percentage"]
    assert read["Totals"][8:] == [
        ["Option", "Votes", "Share"],
        ["Tea", 0, 0],
        ["1-2", 1, share / 100],
        ["=1+1", 1, 0.5],
    ]
    head, *rows = read["Ballots"]
    assert head == ["Voter", "Option", "Op", "Cast at (UTC)"]
    assert [row[:3] for row in rows] == [[ann.voter, "1-2", first["op"]], [bob.voter, "=1+1", second["op"]]]
    assert all(isinstance(row[3], datetime) for row in rows)


@pytest.mark.parametrize("language", WORDS.languages)
async def test_a_workbook_speaks_the_language_of_the_request(rest: Rest, language: str) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "Tea", "Milk", anonymous=False, language="sv")
    await rest.vote(ann, poll, 1)
    say = partial(WORDS.say, language, "sheets")
    path = f"/polls/{poll['id']}/export/?format=xlsx"
    answer = await rest("GET", path, ann, headers={"Accept-Language": f"{language}, en;q=0.1"})
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == [say("totals"), say("ballots")]
    assert [sheet.sheet_view.rightToLeft for sheet in book] == [language == "ar" or None] * 2
    read = sheets(answer.content)
    assert read[say("totals")][2][:2] == [say("status"), say("status_open")]
    assert [say("option"), say("votes"), say("share")] in read[say("totals")]
    assert read[say("ballots")][0] == [say("voter"), say("option"), "Op", f"{say('cast_at')} (UTC)"]


async def test_a_workbook_of_an_anonymous_poll_tells_what_json_tells(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "Tea", "Milk", "Sugar", max_choices=3)
    voters = [await rest.user() for _ in range(6)]
    ops = [(await rest.vote(who, poll, 0, *((1,) if n % 2 else ())))["op"] for n, who in enumerate(voters)]
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=xlsx", ann)
    assert answer.headers["x-total-count"] == "6"
    read = sheets(answer.content)
    known = {one["ballot"]: one["options"] for one in (await exported(rest, poll, ann))["ballots"]}
    ids = [option["id"] for option in poll["options"]]
    head, *rows = read["Ballots"]
    assert head == ["Ballot", "Tea", "Milk", "Sugar"]
    assert {row[0]: [one for one, cell in zip(ids, row[1:], strict=True) if cell == 1] for row in rows} == known
    again = await workbook(rest, poll, ann)
    assert sorted(map(str, again["Ballots"])) == sorted(map(str, read["Ballots"]))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist()).decode()
        assert {part.date_time[:2] for part in parts.infolist()} == {(1980, 1)}
    assert not any(text in whole for text in [*ops, *(who.voter for who in voters)])
    assert not any(isinstance(cell, datetime) for row in rows for cell in row)


async def test_a_workbook_of_an_earlier_round_is_about_that_round(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "Tea", "Milk")
    await rest.vote(ann, poll, 0)
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    await rest("PATCH", f"/options/{poll['options'][0]['id']}/", ann, json={"option_text": "Water"})
    await rest("POST", f"/polls/{poll['id']}/close/", ann)
    first, second = [await workbook(rest, poll, ann, f"&epoch={epoch}") for epoch in (1, 2)]
    assert [row[1] for row in first["Totals"] if row[0] in ("Round", "Status", "Ballots")] == [1, "ended", 1]
    assert [row[1] for row in second["Totals"] if row[0] in ("Round", "Status", "Ballots")] == [2, "closed", 0]
    assert first["Totals"][-2:] == [["Tea", 1, 1], ["Milk", 0, 0]]
    assert second["Totals"][-2:] == [["Water", 0, 0], ["Milk", 0, 0]]
    assert {"Ended (UTC)", "Closed (UTC)"} & {row[0] for row in first["Totals"]} == {"Ended (UTC)"}
    assert [row[1] for row in first["Ballots"]] == ["Option", "Tea"]


async def test_a_workbook_that_cannot_be_written_is_a_refusal(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=xlsx", ann)
    assert refused(answer) == (503, "unavailable")
    assert len(rest.services.exports) == 0
    assert not rest.services.workbooks.locked()


async def test_a_client_that_leaves_ends_the_writer_of_its_workbook(
    rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    busy = tmp_path / "busy"
    busy.write_text("#!/bin/sh\nexec sleep 60\n")
    busy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(busy))
    gone = asyncio.Event()
    transport = rest.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    sent: list[Message] = []

    async def receive() -> Message:
        if not gone.is_set():
            await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {**scope_of(f"/polls/{poll['id']}/export", ann), "query_string": b"format=xlsx"}
    asking = asyncio.ensure_future(transport.app(scope, receive, send))
    await until(rest.services.workbooks.locked)
    gone.set()
    await soon(asking)
    assert sent == []
    assert len(rest.services.exports) == 0 and not rest.services.workbooks.locked()
