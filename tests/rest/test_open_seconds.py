"""A poll is opened for some seconds: they count from the database's now, whatever the poll was before."""

from datetime import UTC, datetime, timedelta

import pytest

from nexus.bus import PollNews
from nexus.domain.definition import MOST_OPEN_S
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

HALF_A_MINUTE = timedelta(seconds=30)


def ahead(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def open_for(rest: Rest, who: Person, poll: Json, seconds: int) -> Json:
    """Open a poll for some seconds, and check its end; the poll afterwards."""
    before = await clock(rest)
    answer = await rest("POST", f"/polls/{poll['id']}/open/", who, json={"seconds": seconds})
    assert answer.status_code == 200, answer.text
    opened: Json = answer.json()
    assert opened["status"] == "open" and opened["closed_at"] is None
    end = datetime.fromisoformat(opened["expires_at"]) - timedelta(seconds=seconds)
    assert before <= end <= await clock(rest)
    assert opened["updated_at"] == end.isoformat().replace("+00:00", "Z"), "one moment for all of it"
    return opened


async def clock(rest: Rest) -> datetime:
    """The database's now."""
    async with rest.services.database.read() as connection:
        row = await connection.one("SELECT clock_timestamp() AS now")
    assert row is not None
    now: datetime = row["now"]
    return now


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"status": "draft", "opens_at": "later", "expires_at": "much later"},
        {"opens_at": "later"},
        {"opens_at": "later", "expires_at": "much later"},
    ],
)
async def test_draft_or_scheduled_poll_opens_now_and_ends_by_the_seconds(rest: Rest, fields: Json) -> None:
    times = {"later": ahead(seconds=5), "much later": ahead(seconds=10)}
    host = await rest.user()
    poll = await rest.poll(host, **{name: times.get(value, value) for name, value in fields.items()})
    opened = await open_for(rest, host, poll, 30)
    assert (opened["opens_at"], opened["version"]) == (None, poll["version"] + 1)
    (row, *_) = (await rest.get(f"/polls/{poll['id']}/audit/", host))["results"]
    assert row["action"] == "open"
    assert row["details"]["expires_at"] == [poll["expires_at"], opened["expires_at"]]


async def test_closed_poll_reopens_with_its_votes_and_a_new_end(rest: Rest) -> None:
    host = await rest.user()
    poll = await rest.poll(host, expires_at=ahead(hours=1))
    await rest.vote(await rest.user(), poll)
    await rest("POST", f"/polls/{poll['id']}/close/", host)
    async with rest.services.database.read() as connection:
        await connection.run("UPDATE polls SET expires_at = clock_timestamp() - interval '1 hour'")
    opened = await open_for(rest, host, poll, 30)
    assert opened["options"][0]["votes_count"] == 1


async def test_open_poll_gets_another_end_each_time(rest: Rest) -> None:
    host = await rest.user()
    poll = await rest.poll(host)
    opened = await open_for(rest, host, poll, 3600)
    rest.told.clear()
    sooner = await open_for(rest, host, poll, 1)
    assert [news for news in rest.told if isinstance(news, PollNews)], "every screen learns of the new end"
    later = await open_for(rest, host, poll, MOST_OPEN_S)
    assert sooner["expires_at"] < opened["expires_at"] < later["expires_at"]
    assert later["version"] == poll["version"], "a totals frame shows no end"
    rows = (await rest.get(f"/polls/{poll['id']}/audit/", host))["results"]
    assert [row["action"] for row in rows] == ["update", "update", "update", "create"]
    assert rows[0]["details"] == {"expires_at": [sooner["expires_at"], later["expires_at"]]}


async def test_opening_an_open_poll_without_seconds_leaves_its_end(rest: Rest) -> None:
    host = await rest.user()
    opened = await open_for(rest, host, await rest.poll(host), 30)
    before = await rest.dump()
    for content, headers in ((None, {}), (b"", {}), (b"{}", {"content-type": "application/json"})):
        answer = await rest("POST", f"/polls/{opened['id']}/open/", host, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (200, opened)
    assert await rest.dump() == before


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"", "application/json"),
        (b"", "text/plain"),
        (b"", "application/x-www-form-urlencoded"),
        (b" \r\n", "application/json"),
        (b"{}", "application/json"),
        (b"{}", "application/merge-patch+json; charset=utf-8"),
    ],
)
async def test_body_may_be_left_out(rest: Rest, content: bytes, media: str) -> None:
    host = await rest.user()
    poll = await rest.poll(host, status="draft")
    path = f"/polls/{poll['id']}/open/"
    answer = await rest("POST", path, host, content=content, headers={"content-type": media})
    assert (answer.status_code, answer.json()["status"], answer.json()["expires_at"]) == (200, "open", None)


@pytest.mark.parametrize(
    ("content", "media", "refusal", "field"),
    [
        (b'{"seconds": 0}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": -1}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": 1.5}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": 1e400}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": "30"}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": true}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": null}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": [30]}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": 31536001}', "application/json", (422, "invalid"), "seconds"),
        (b'{"seconds": 1000000000000000000000000000000}', "application/json", (422, "invalid"), "seconds"),
        (b'{"second": 30}', "application/json", (422, "invalid"), "second"),
        (b"null", "application/json", (422, "invalid"), "body"),
        (b"[30]", "application/json", (422, "invalid"), "body"),
        (b"30", "application/json", (422, "invalid"), "body"),
        (b"seconds=30", "application/json", (400, "malformed_json"), ""),
        (b'{"seconds": 30', "application/json", (400, "malformed_json"), ""),
        (b'{"seconds": 30}', "text/plain", (415, "unsupported_media_type"), ""),
        (b'{"seconds": 30}', "", (415, "unsupported_media_type"), ""),
        (b"seconds=30", "application/x-www-form-urlencoded", (415, "unsupported_media_type"), ""),
    ],
)
async def test_bad_body_opens_nothing(
    rest: Rest, content: bytes, media: str, refusal: tuple[int, str], field: str
) -> None:
    host = await rest.user()
    poll = await rest.poll(host, status="draft")
    before = await rest.dump()
    headers = {"content-type": media} if media else {}
    answer = await rest("POST", f"/polls/{poll['id']}/open/", host, content=content, headers=headers)
    assert refused(answer) == refusal
    assert [one["field"] for one in answer.json().get("errors", ())] == ([field] if field else [])
    assert await rest.dump() == before


async def test_only_the_host_opens_for_some_seconds(rest: Rest) -> None:
    host, stranger = await rest.user(), await rest.user()
    poll = await rest.poll(host)
    before = await rest.dump()
    for who in (stranger, await rest.guest(poll)):
        for seconds in (30, 0):
            answer = await rest("POST", f"/polls/{poll['id']}/open/", who, json={"seconds": seconds})
            assert refused(answer) == (403, "forbidden")
    assert await rest.dump() == before
    assert await open_for(rest, await rest.user(admin=True), poll, 30)
