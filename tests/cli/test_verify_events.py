"""`nexus verify` on events: what somebody who wrote into the database has broken is found, and mended where it is clear
what is right."""

from pathlib import Path

import pytest

from nexus.domain.event import Event
from nexus.store import events
from nexus.store.database import Database
from nexus.voting.recount import Differences, Recount
from tests.support.ballots import HOST, make_poll, rows
from tests.support.command import Command
from tests.support.shows import make_event, newest, show

UNGUARDED = (
    "ALTER TABLE polls DROP CONSTRAINT polls_run_sheet, DROP CONSTRAINT polls_code_or_event",
    "ALTER TABLE events DROP CONSTRAINT events_code_key",
    "ALTER TABLE polls DISABLE TRIGGER USER",
    "ALTER TABLE events DISABLE TRIGGER USER",
)
"""What somebody does who writes past the rules of the schema."""


async def check(database: Database, *, repair: bool = False) -> Differences:
    """What `nexus verify` finds."""
    return await Recount(database, None, lambda line: None).run(repair=repair)


async def behind_its_back(database: Database, *changes: str) -> None:
    """Change the database as somebody with its password could."""
    async with database.transaction() as connection:
        for change in (*UNGUARDED, *changes):
            await connection.raw.execute(change)


async def two_events(database: Database) -> tuple[Event, Event]:
    """Two events of three polls each, of which the first shows its second."""
    one, other = [await make_event(database, "One?", "Two?", "Three?") for _ in range(2)]
    for n in (0, 1):
        await show(database, one, n)
    return await newest(database, one), other


BROKEN = {
    "owner": ("UPDATE polls SET created_by = 'user:9' WHERE id = {poll}", "poll {poll} does not have the owner"),
    "privacy": ("UPDATE polls SET is_public = false WHERE id = {poll}", "poll {poll} does not have the owner"),
    "guests": ("UPDATE events SET allow_guests = false WHERE id = {event}", "poll {poll} does not have the owner"),
    "gap": ("UPDATE polls SET position = 7 WHERE id = {last}", "event {event}: the places of its polls"),
    "shown": ("UPDATE events SET shown = {strange} WHERE id = {event}", "event {event} shows poll {strange}"),
    "shown last": ("UPDATE events SET last_shown = {strange} WHERE id = {event}", "event {event} shows poll {strange}"),
    "free code": ("DELETE FROM codes WHERE code = '{code}'", "code {code} is not kept as taken"),
    "taken code": ("INSERT INTO codes VALUES ('NOB0DY')", "code NOB0DY is kept as taken, and belongs to nothing"),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_what_was_broken_is_found_and_mended(database: Database, how: str) -> None:
    one, other = await two_events(database)
    names = {"event": one.id, "poll": one.order[0], "last": one.order[2], "strange": other.order[0], "code": one.code}
    change, line = BROKEN[how]
    await behind_its_back(database, change.format(**names))
    found = await check(database, repair=True)
    assert found.lasting == [] and found.mendable[0].startswith(line.format(**names)), found
    assert (await check(database)) == Differences([], [])
    mended = await newest(database, one)
    assert mended.order == one.order, "a repair of places keeps their order"
    shown = {"shown": (None, one.last_shown), "shown last": (one.shown, None)}
    assert (mended.shown, mended.last_shown) == shown.get(how, (one.shown, one.last_shown))
    told = await rows(database, "SELECT target_id FROM audit_log WHERE action = 'repair' AND target_type = 'event'")
    assert told == ([] if "code" in how else [(str(one.id),)])
    assert (mended.revision > one.revision) is ("code" not in how), "workers read it again"
    assert await newest(database, other) == other


async def test_everything_at_once_is_mended_beside_what_was_right(database: Database) -> None:
    one, other = await two_events(database)
    alone = await make_poll(database)
    for how, (change, _) in BROKEN.items():
        at = one if how in ("owner", "gap", "free code") else other
        strange = {one.id: other, other.id: one}[at.id].order[1]
        names = {"event": at.id, "poll": at.order[0], "last": at.order[2], "strange": strange, "code": at.code}
        await behind_its_back(database, change.format(**names))
        async with database.transaction() as connection:
            await connection.raw.execute("ALTER TABLE polls ADD CONSTRAINT polls_run_sheet CHECK (true)")
            await connection.raw.execute("ALTER TABLE polls ADD CONSTRAINT polls_code_or_event CHECK (true)")
            await connection.raw.execute("ALTER TABLE events ADD CONSTRAINT events_code_key CHECK (true)")
    found = await check(database, repair=True)
    assert len(found.mendable) >= len(BROKEN) and found.lasting == []
    assert await check(database) == Differences([], [])
    assert (await rows(database, "SELECT code FROM codes ORDER BY code")) == [
        (code,) for code in sorted((one.code, other.code, str(alone.code)))
    ]


async def test_code_of_two_events_is_left_and_said(database: Database, tmp_path: Path, database_url: str) -> None:
    one, other = await two_events(database)
    await behind_its_back(
        database,
        f"UPDATE events SET code = '{one.code}' WHERE id = {other.id}",
        f"UPDATE polls SET is_public = false WHERE id = {one.order[0]}",
    )
    done = Command(tmp_path, DATABASE_URL=database_url).run("verify", "--repair")
    assert done.returncode == 1
    assert f"code {one.code} belongs to 2 polls and events" in done.stdout
    assert "3 differences, 2 mended; 1 difference of the history or of codes can only be restored" in done.stdout
    assert (await check(database)).lasting == [f"code {one.code} belongs to 2 polls and events"]


async def test_event_that_is_gone_without_a_row_is_left(database: Database) -> None:
    one, other = await two_events(database)
    await events.delete(database, other.id, HOST)
    await behind_its_back(
        database,
        f"UPDATE events SET shown = NULL, last_shown = NULL WHERE id = {one.id}",
        f"DELETE FROM polls WHERE event_id = {one.id}",
        f"DELETE FROM events WHERE id = {one.id}",
        f"DELETE FROM codes WHERE code = '{one.code}'",
    )
    found = await check(database, repair=True)
    assert found.mendable == []
    assert f"event {one.id} is gone, but the audit log has no row for its deletion" in found.lasting
    assert not [line for line in found.lasting if f"event {other.id} " in line]
    assert await check(database) == found
