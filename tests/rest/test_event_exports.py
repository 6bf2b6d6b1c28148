"""Exports of events: all polls as their own exports, of one moment, under the limits of all exports."""

import asyncio
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from nexus.store import event_exports
from nexus.store.exports import PIECE
from tests.support.events import event_of, new_poll
from tests.support.exports import SHEET_TYPE, event_workbook, exported, fill, workbook
from tests.support.rest import Person, Rest, refused
from tests.support.thorough import SLOW
from tests.support.values import Json


async def show_of(rest: Rest, host: Person, *polls: Json, title: str = "Show") -> tuple[Json, list[Json]]:
    """A new event whose polls are open, but for the last, and each of them."""
    event = await event_of(rest, host, title, *polls)
    for poll in event["polls"][:-1]:
        assert (await rest("POST", f"/polls/{poll['id']}/open/", host)).status_code == 200
    return event, [await rest.get(f"/polls/{poll['id']}/", host) for poll in event["polls"]]


async def test_json_has_each_poll_as_its_own_export(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event, polls = await show_of(
        rest,
        ann,
        new_poll("Tea?", "=1+1", "Milk", anonymous=False),
        new_poll("How many?", "1", "2", "3", anonymous=False, max_choices=2),
        new_poll("A draft"),
    )
    for who in (ann, bob):
        await rest.vote(who, polls[0], 0)
    await rest.vote(bob, polls[1], 0, 2)
    await rest("POST", f"/polls/{polls[0]['id']}/reset/", ann)
    await rest.vote(ann, polls[0], 1)
    found = await rest.get(f"/events/{event['id']}/export/", ann)
    assert found == {
        "event": event["id"],
        "title": "Show",
        "count": 2,
        "polls": [await exported(rest, poll, ann) for poll in polls],
    }
    assert [(one["question"], one["epoch"], one["count"]) for one in found["polls"]] == [
        ("Tea?", 2, 1),
        ("How many?", 1, 1),
        ("A draft", 1, 0),
    ]


async def test_workbook_has_all_totals_and_then_a_sheet_a_poll(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event, polls = await show_of(
        rest,
        ann,
        new_poll("=1+1", '=HYPERLINK("x")', "<r>x</r>", anonymous=False),
        new_poll("=1+1", "007", "1-2", "3", max_choices=2),
        new_poll("Tea/coffee?"),
        title="@Show",
    )
    await rest.vote(ann, polls[0], 0)
    await rest.vote(bob, polls[0], 1)
    await rest.vote(bob, polls[1], 0, 2)
    read = await event_workbook(rest, event, ann)
    assert list(read) == ["Totals", "1 =1+1", "2 =1+1", "3 Tea coffee"]
    title, moment, ballots, nothing, *rows = read["Totals"]
    assert [title[:2], ballots[:2], set(nothing)] == [["Event", "@Show"], ["Ballots", 3], {None}]
    assert moment[0] == "Exported (UTC)" and isinstance(moment[1], datetime)
    assert rows == [
        ["No.", "Question", "Status", "Voters", "Ballots", "Option", "Votes", "Share"],
        [1, "=1+1", "open", 2, 2, '=HYPERLINK("x")', 1, 0.5],
        [1, "=1+1", "open", 2, 2, "<r>x</r>", 1, 0.5],
        [2, "=1+1", "open", 1, 1, "007", 1, 1],
        [2, "=1+1", "open", 1, 1, "1-2", 0, 0],
        [2, "=1+1", "open", 1, 1, "3", 1, 1],
        [3, "Tea/coffee?", "draft", 0, 0, "Yes", 0, 0],
        [3, "Tea/coffee?", "draft", 0, 0, "No", 0, 0],
    ]
    for name, poll in zip(list(read)[1:], polls, strict=True):
        assert read[name] == (await workbook(rest, poll, ann))["Ballots"]
    content = (await rest("GET", f"/events/{event['id']}/export/?format=xlsx", ann)).content
    with zipfile.ZipFile(BytesIO(content)) as parts:
        sheets = b"".join(parts.read(name) for name in parts.namelist() if "worksheets" in name)
        whole = b"".join(map(parts.read, parts.namelist()))
    assert b"<f>" not in sheets and b"<hyperlink" not in sheets
    # Bob's ballot in the anonymous poll has another name than in the named one.
    assert whole.count(bob.voter.encode()) == 1


async def test_event_without_polls_is_exported_too(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann)
    assert await rest.get(f"/events/{event['id']}/export/", ann) == {
        "event": event["id"],
        "title": "Show",
        "count": 0,
        "polls": [],
    }
    assert list(await event_workbook(rest, event, ann)) == ["Totals"]


async def test_answer_is_a_file_named_after_the_title(rest: Rest) -> None:
    ann = await rest.user()
    event, polls = await show_of(rest, ann, new_poll(), new_poll(), title="Ärger & Co.")
    await rest.vote(ann, polls[0], 0)
    for kind, media_type in (("json", "application/json"), ("xlsx", SHEET_TYPE)):
        before = datetime.now(UTC).date()
        answer = await rest("GET", f"/events/{event['id']}/export/?format={kind}", ann)
        named = {
            f"attachment; filename=\"arger-co-{day}.{kind}\"; filename*=UTF-8''%C3%A4rger-co-{day}.{kind}"
            for day in (before, datetime.now(UTC).date())
        }
        assert answer.headers["content-disposition"] in named
        assert (answer.headers["content-type"], answer.headers["x-total-count"]) == (media_type, "1")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["format=csv", "format=xml", "format=JSON"])
async def test_unknown_formats_are_refused(rest: Rest, query: str) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann)
    assert refused(await rest("GET", f"/events/{event['id']}/export/?{query}", ann)) == (422, "invalid")


async def test_each_export_of_an_event_is_in_its_history(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll())
    await event_workbook(rest, event, ann)
    (row,) = (await rest.get(f"/events/{event['id']}/audit/?action=export", ann))["results"]
    assert (row["user"], row["target_type"], row["target_id"], row["details"]) == (
        ann.voter,
        "event",
        event["id"],
        {"format": "xlsx"},
    )


async def test_all_polls_are_of_one_moment(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event, polls = await show_of(rest, ann, new_poll("1?"), new_poll("2?"), new_poll("3?"))
    await fill(rest, polls[0], 3 * PIECE)
    await rest.vote(ann, polls[1], 0)
    async with event_exports.ballots(rest.services.database, event["id"]) as (rounds, ballots):
        await rest.vote(bob, polls[1], 1)
        assert (await rest("DELETE", f"/polls/{polls[2]['id']}/", ann)).status_code == 204
        read = [[piece async for piece in ballots(round_)] for round_ in rounds.rounds]
    assert [[len(piece) for piece in pieces] for pieces in read] == [[PIECE] * 3, [1], []]
    assert [round_.ballots for round_ in rounds.rounds] == [300, 1, 0] and rounds.ballots == 301
    assert [one["count"] for one in (await rest.get(f"/events/{event['id']}/export/", ann))["polls"]] == [300, 2]


async def test_exports_of_events_and_of_polls_share_their_limits(rest: Rest) -> None:
    ann = await rest.user()
    event, polls = await show_of(rest, ann, new_poll(), new_poll())
    await fill(rest, polls[0], 2000)
    paths = [f"/events/{event['id']}/export/?format=xlsx", f"/polls/{polls[0]['id']}/export/"]
    answers = await asyncio.gather(*(rest("GET", path, ann) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200, 429]
    assert len(rest.services.exports) == 0 and not rest.services.workbooks.locked()
    assert (await rest("GET", paths[0], ann)).headers["x-total-count"] == "2000"


@SLOW
async def test_large_event_comes_whole(rest: Rest) -> None:
    ann = await rest.user()
    event, polls = await show_of(rest, ann, *(new_poll(f"Question {n}?") for n in range(200)))
    for poll in polls:
        await fill(rest, poll, 500)
    answer = await rest("GET", f"/events/{event['id']}/export/", ann)
    assert answer.headers["x-total-count"] == "100000"
    assert [len({ballot["ballot"] for ballot in one["ballots"]}) for one in answer.json()["polls"]] == [500] * 200
    read = await event_workbook(rest, event, ann)
    assert list(read) == ["Totals", *(f"{n} Question {n - 1}" for n in range(1, 201))]
    assert {len(rows) for name, rows in read.items() if name != "Totals"} == {501}
