"""Exports: the ballots of a round, whole and streamed; of an anonymous poll without a tie to its voters."""

import asyncio
import csv
import io
import re
import sys
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from tests.support.rest import Person, Rest, refused
from tests.support.values import Json
from tests.support.waiting import soon, until
from tests.support.workbooks import Cell, sheets

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def exported(rest: Rest, poll: Json, who: Person, query: str = "?format=json") -> Json:
    return await rest.get(f"/polls/{poll['id']}/export/{query}", who)


async def table(rest: Rest, poll: Json, who: Person) -> list[dict[str, str]]:
    answer = await rest("GET", f"/polls/{poll['id']}/export/", who)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def workbook(rest: Rest, poll: Json, who: Person, query: str = "") -> dict[str, list[list[Cell]]]:
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=xlsx{query}", who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == SHEET_TYPE
    return sheets(answer.content)


async def test_named_poll_gives_voters_choices_ops_and_times(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Tea", "Coffee", anonymous=False, max_choices=2)
    one, two = [option["id"] for option in poll["options"]]
    receipts = [await rest.vote(ann, poll, 0), await rest.vote(bob, poll, 1, 0)]
    found = await exported(rest, poll, ann)
    ballots = found.pop("ballots")
    assert found == {
        "poll": poll["id"],
        "question": "Well?",
        "epoch": 1,
        "anonymous": False,
        "count": 2,
        "voters": 2,
        "options": [
            {"id": one, "option_text": "Tea", "votes_count": 2, "percentage": 100.0},
            {"id": two, "option_text": "Coffee", "votes_count": 1, "percentage": 50.0},
        ],
    }
    assert [(b["voter"], b["options"], b["op"]) for b in ballots] == [
        (ann.voter, [one], receipts[0]["op"]),
        (bob.voter, [two, one], receipts[1]["op"]),
    ]
    rows = await table(rest, poll, ann)
    assert [(row["voter"], row["option_ids"], row["options"], row["op"]) for row in rows] == [
        (ann.voter, f"{one}", "Tea", receipts[0]["op"]),
        (bob.voter, f"{two} {one}", "Coffee | Tea", receipts[1]["op"]),
    ]
    assert all(row["cast_at"].endswith("Z") for row in rows)


async def test_answer_says_how_many_are_coming_and_is_a_file(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, question="Ärger?")
    await rest.vote(ann, poll, 0)
    for kind, media_type in (("csv", "text/csv; charset=utf-8"), ("json", "application/json"), ("xlsx", SHEET_TYPE)):
        before = datetime.now(UTC).date()
        answer = await rest("GET", f"/polls/{poll['id']}/export/?format={kind}", ann)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-total-count"] == "1"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"] in {
            f"attachment; filename=\"arger-{day}.{kind}\"; filename*=UTF-8''%C3%A4rger-{day}.{kind}"
            for day in (before, datetime.now(UTC).date())
        }
        assert "content-length" not in answer.headers


async def test_poll_without_ballots_is_exported_too(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    assert (await exported(rest, poll, ann))["ballots"] == []
    assert await table(rest, poll, ann) == []


async def test_anonymous_ballots_have_names_of_their_own(rest: Rest) -> None:
    ann = await rest.user()
    polls = [await rest.poll(ann, votes_per_user=2), await rest.poll(ann, votes_per_user=2)]
    voters = [await rest.user() for _ in range(8)]
    names: set[str] = set()
    for poll in [*polls, polls[0]]:
        if poll["id"] == polls[0]["id"]:
            await rest("POST", f"/polls/{poll['id']}/reset/", ann)
        for who in voters * 2:
            await rest.vote(who, poll, 0)
        found = await exported(rest, poll, ann)
        assert all(ballot.keys() == {"ballot", "options"} for ballot in found["ballots"])
        assert {tuple(row) for row in await table(rest, poll, ann)} == {("ballot", "option_ids", "options")}
        again = await exported(rest, poll, ann)
        assert sorted(one["ballot"] for one in again["ballots"]) == sorted(one["ballot"] for one in found["ballots"])
        # Sixteen ballots in the same order twice: once in millions of millions.
        assert again["ballots"] != found["ballots"]
        names |= {ballot["ballot"] for ballot in found["ballots"]}
    # No name twice: neither two ballots of a voter, nor those of two rounds or polls, have anything in common.
    assert len(names) == 3 * 16
    # A spreadsheet would take 12345678e9012345 for a number.
    assert all(re.fullmatch("b[0-9a-f]{16}", name) for name in names)


async def test_nothing_a_host_can_fetch_ties_an_anonymous_ballot_to_its_voter(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    voters = [await rest.user() for _ in range(6)]
    ops = [(await rest.vote(who, poll, n % 2))["op"] for n, who in enumerate(voters)]
    await rest("DELETE", f"/polls/{poll['id']}/vote/", voters[0])
    base = f"/polls/{poll['id']}/"
    for path in ("", "results/", "vote/", "export/?format=json", "export/?format=csv", "audit/?page_size=100"):
        answer = await rest("GET", base + path, ann)
        assert answer.status_code == 200
        assert not any(op in answer.text for op in ops), path
        if path.startswith("export"):
            assert not any(who.voter in answer.text for who in voters), path
        if path.startswith("audit"):
            told = [row for row in answer.json()["results"] if row["action"] in ("vote", "retract")]
            assert len(told) == 7
            for row in told:
                assert row["details"].keys() == {"outcome", "epoch"}
    # Renamed options and resets tell no counts either, from which an order could be read.
    await rest("POST", f"{base}reset/", ann)
    await rest("PATCH", f"/options/{poll['options'][0]['id']}/", ann, json={"option_text": "Other"})
    page = await rest.get(f"{base}audit/?target_type=option", ann)
    assert "votes_count" not in str(page)


async def test_earlier_round_keeps_its_ballots_and_the_names_of_its_options(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Tea", "Coffee", "Milk", anonymous=False)
    ids = [option["id"] for option in poll["options"]]
    await rest.vote(ann, poll, 0)
    await rest.vote(bob, poll, 2)
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    assert (await rest("PATCH", f"/options/{ids[0]}/", ann, json={"option_text": "Water"})).status_code == 200
    assert (await rest("DELETE", f"/options/{ids[2]}/", ann)).status_code == 204
    await rest.vote(bob, poll, 1)
    first, second = [await exported(rest, poll, ann, f"?format=json&epoch={epoch}") for epoch in (1, 2)]
    assert [option["option_text"] for option in first["options"]] == ["Tea", "Coffee", "Milk"]
    assert [(b["voter"], b["options"]) for b in first["ballots"]] == [(ann.voter, [ids[0]]), (bob.voter, [ids[2]])]
    assert [option["option_text"] for option in second["options"]] == ["Water", "Coffee"]
    assert [(b["voter"], b["options"]) for b in second["ballots"]] == [(bob.voter, [ids[1]])]
    assert (await exported(rest, poll, ann))["epoch"] == 2
    assert [(one["votes_count"], one["percentage"]) for one in first["options"]] == [(1, 50.0), (0, 0.0), (1, 50.0)]
    assert [(one["votes_count"], one["percentage"]) for one in second["options"]] == [(0, 0.0), (1, 100.0)]
    assert (first["voters"], second["voters"]) == (2, 1)
    for epoch, name in ((1, r"well-round-1-\d{4}-\d\d-\d\d\.csv"), (2, r"well-\d{4}-\d\d-\d\d\.csv")):
        answer = await rest("GET", f"/polls/{poll['id']}/export/?epoch={epoch}", ann)
        assert re.fullmatch(f'attachment; filename="{name}"', answer.headers["content-disposition"])


@pytest.mark.parametrize(
    "query",
    [
        "?epoch=0",
        "?epoch=2",
        "?epoch=-1",
        "?epoch=x",
        "?format=xml",
        "?epoch=" + "9" * 30,
        "?delimiter=;",
        "?delimiter=pipe",
    ],
)
async def test_unknown_rounds_and_formats_are_refused(rest: Rest, query: str) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    assert refused(await rest("GET", f"/polls/{poll['id']}/export/{query}", ann)) == (422, "invalid")


async def test_export_is_for_the_host_and_stands_in_the_history(rest: Rest) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    poll, private = await rest.poll(ann), await rest.poll(ann, is_public=False)
    for who in (bob, await rest.guest(poll), await rest.screen(poll, ann)):
        assert refused(await rest("GET", f"/polls/{poll['id']}/export/", who)) == (403, "forbidden")
    assert refused(await rest("GET", f"/polls/{private['id']}/export/", bob)) == (404, "poll_not_found")
    assert (await rest.get(f"/polls/{poll['id']}/audit/?action=export", ann))["count"] == 0
    await exported(rest, poll, admin)
    (row,) = (await rest.get(f"/polls/{poll['id']}/audit/?action=export", ann))["results"]
    assert (row["user"], row["details"]) == (admin.voter, {"epoch": 1, "format": "json"})


async def test_texts_that_look_like_formulas_do_not_run_in_a_spreadsheet(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "=1+1", '@SUM("A", 1)\nB')
    await rest.vote(ann, poll, 1)
    (row,) = await table(rest, poll, ann)
    assert row["options"] == '\'@SUM("A", 1)\nB'
    assert (await exported(rest, poll, ann))["options"][0]["option_text"] == "=1+1"


@pytest.mark.parametrize(("delimiter", "between"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
async def test_csv_is_utf8_with_its_mark_and_quotes_what_needs_it(rest: Rest, delimiter: str, between: str) -> None:
    ann = await rest.user()
    texts = ["Ärger", "a,b", "a;b", "a\tb", 'a "b" c', "b\nc", "c\r\nd", "-5", "007", "1-2", "=1+1", "☕️ 投票 שלום"]
    poll = await rest.poll(ann, *texts, votes_per_user=20)
    for n in range(len(texts)):
        await rest.vote(ann, poll, n)
    answer = await rest("GET", f"/polls/{poll['id']}/export/?format=csv&delimiter={delimiter}", ann)
    body = answer.content
    assert body.startswith(b"\xef\xbb\xbf" + between.join(["ballot", "option_ids", "options\r\n"]).encode())
    assert body.endswith(b"\r\n") and b"sep=" not in body
    head, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=between, strict=True)
    assert sorted(row[2] for row in rows) == sorted("'=1+1" if text == "=1+1" else text for text in texts)
    assert {len(row) for row in (head, *rows)} == {3}


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


async def fill(rest: Rest, poll: Json, ballots: int) -> None:
    """As many ballots as it takes for an answer of many pieces."""
    async with rest.services.database.transaction() as connection:
        await connection.run(
            "INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at) "
            "SELECT :poll, 1, 'user:' || n, '00000000-0000-0000-0000-000000000000', gen_random_uuid(), "
            "ARRAY[CAST(:option AS bigint)], clock_timestamp() FROM generate_series(1, :n) n",
            poll=poll["id"],
            option=poll["options"][0]["id"],
            n=ballots,
        )


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


def scope_of(path: str, who: Person) -> Json:
    headers = [(b"authorization", f"Bearer {who.token}".encode())]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("nexus.test", 80),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
