"""`nexus verify` on the history: an altered or missing row, and an altered ballot of a round that has ended."""

from pathlib import Path

import pytest

from nexus.domain.definition import OptionPatch
from nexus.domain.poll import Poll
from nexus.domain.text import counted
from nexus.store import options, polls, rounds
from nexus.store.database import Database
from nexus.voting.recount import Recount
from tests.support.ballots import HOST, cast_one, make_poll, retract, rows, vote, voter
from tests.support.command import Command


@pytest.fixture
def nexus(tmp_path: Path, database_url: str) -> Command:
    return Command(tmp_path, DATABASE_URL=database_url)


async def closed(database: Database) -> Poll:
    """A poll that was closed with three ballots."""
    poll = await make_poll(database)
    for n in range(3):
        await cast_one(database, vote(poll, voter(n), n % 2))
    return await rounds.close_poll(database, poll.id, HOST)


async def found(database: Database) -> list[str]:
    """What `nexus verify` would print; in a process of its own it is run once, below, and by `test_cli_verify`."""
    differences = await Recount(database, None, lambda line: None).run(repair=False)
    return differences.mendable + differences.lasting


async def behind_its_back(database: Database, change: str) -> None:
    """Change the log as somebody with the database's password could."""
    async with database.transaction() as connection:
        for statement in ("DISABLE TRIGGER audit_refuse", "", "ENABLE TRIGGER audit_refuse"):
            await connection.raw.execute(f"ALTER TABLE audit_log {statement}" if statement else change)


async def test_whole_history_is_no_difference(database: Database) -> None:
    poll = await closed(database)
    await rounds.open_poll(database, poll.id, HOST)
    await cast_one(database, retract(poll, voter(0)))
    await rounds.close_poll(database, poll.id, HOST)
    await rounds.reset_poll(database, poll.id, HOST)
    await rounds.open_poll(database, poll.id, HOST)
    await cast_one(database, vote(poll, voter(1), 1))
    await rounds.reset_poll(database, poll.id, HOST)
    gone = await make_poll(database)
    await polls.delete(database, gone.id, HOST)
    assert await found(database) == []
    kept = await rows(
        database, "SELECT action, details ->> 'round' FROM audit_log WHERE details ? 'digest' ORDER BY id"
    )
    assert kept == [("close", "1"), ("close", "1"), ("reset", "1"), ("reset", "2")]


async def test_row_altered_or_missing_is_found(database: Database) -> None:
    await closed(database)
    await behind_its_back(database, "UPDATE audit_log SET details = '{}' WHERE id = 1")
    assert await found(database) == ["audit log: row 1 was altered"]


async def test_row_that_was_altered_with_its_hash_parts_the_chain(database: Database) -> None:
    await closed(database)
    await behind_its_back(
        database,
        "UPDATE audit_log SET action = 'x' WHERE id = 1; UPDATE audit_log l SET hash = audit_hash(l) WHERE id = 1",
    )
    assert await found(database) == ["audit log: row 2 does not follow the row before it"]


@pytest.mark.parametrize(("missing", "said"), [
    (1, "audit log: row 2 does not follow the row before it"),
    (2, "audit log: it ends with row 1, but row 2 was appended last"),
])  # fmt: skip
async def test_missing_row_is_found(database: Database, missing: int, said: str) -> None:
    await closed(database)
    await behind_its_back(database, f"DELETE FROM audit_log WHERE id = {missing}")
    assert said in await found(database)


ALTERED = {
    "choice": "UPDATE votes SET choices = ARRAY[(SELECT max(id) FROM options)] WHERE voter = 'user:1000'",
    "time": "UPDATE votes SET cast_at = cast_at + interval '1 microsecond' WHERE voter = 'user:1000'",
    "voter": "UPDATE votes SET voter = 'user:77' WHERE voter = 'user:1000'",
    "missing": "DELETE FROM votes WHERE voter = 'user:1000'",
    "act missing": "DELETE FROM acts WHERE voter = 'user:1001'",
    "act forged": "INSERT INTO acts SELECT poll_id, 'user:9', op, act, choices, ballot, outcome, epoch, version, at "
    "FROM acts LIMIT 1",
    "option renamed": "UPDATE options SET option_text = 'Never' WHERE id = (SELECT min(id) FROM options)",
    "added": "INSERT INTO votes SELECT poll_id, epoch, 'user:78', slot, op, choices, cast_at FROM votes LIMIT 1",
}


@pytest.mark.parametrize("how", ALTERED)
async def test_altered_ballot_of_a_closed_poll_is_found_and_cannot_be_mended(database: Database, how: str) -> None:
    poll = await closed(database)
    async with database.transaction() as connection:
        await connection.run(ALTERED[how])
    (row,) = await rows(database, "SELECT id FROM audit_log WHERE action = 'close'")
    line = f"poll {poll.id}: round 1 does not match its digest, audit row {row[0]}"
    assert line in await found(database)
    tried = await Recount(database, None, lambda line: None).run(repair=True)
    assert line in tried.lasting
    assert line in await found(database), "what a repair cannot mend it must not hide"


async def test_what_cannot_be_mended_is_said_and_no_success(nexus: Command, database: Database) -> None:
    poll = await closed(database)
    async with database.transaction() as connection:
        await connection.run(ALTERED["choice"])
    done = nexus.run("verify")
    *lines, last = done.stdout.splitlines()
    assert (done.returncode, last) == (1, counted(len(lines), "difference")), done.stdout + done.stderr
    assert any(line.startswith(f"poll {poll.id}: round 1 does not match its digest, audit row ") for line in lines)
    done = nexus.run("verify", "--repair")
    assert done.returncode == 1, done.stdout
    assert "can only be restored from a backup" in done.stdout


async def test_altered_ballot_of_an_earlier_round_is_found(database: Database) -> None:
    poll = await closed(database)
    await rounds.reset_poll(database, poll.id, HOST)
    async with database.transaction() as connection:
        await connection.run("DELETE FROM votes WHERE voter = 'user:1001'")
    (line,) = await found(database)
    assert line.startswith(f"poll {poll.id}: round 1 does not match its digest, audit row ")


async def test_poll_opened_behind_the_logs_back_is_found(database: Database) -> None:
    poll = await closed(database)
    async with database.transaction() as connection:
        await connection.run("UPDATE polls SET status = 'open', closed_at = NULL")
    assert await found(database) == [f"poll {poll.id} is open, but the audit log says closed"]


async def test_renamed_option_of_an_earlier_round_is_found(database: Database) -> None:
    poll = await closed(database)
    await rounds.reset_poll(database, poll.id, HOST)
    async with database.transaction() as connection:
        await connection.run("UPDATE rounds SET options = replace(options::text, 'Yes', 'Nay')::jsonb")
    (line,) = await found(database)
    assert line.startswith(f"poll {poll.id}: round 1 does not match its digest, audit row ")


async def test_poll_that_is_gone_without_a_row_is_found(database: Database) -> None:
    poll = await make_poll(database)
    async with database.transaction() as connection:
        await connection.run("DELETE FROM polls WHERE id = :id", id=poll.id)
    assert await found(database) == [f"poll {poll.id} is gone, but the audit log has no row for its deletion"]


async def test_expiry_has_its_digest_too(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, voter(1), 0))
    async with database.transaction() as connection:
        await connection.run("UPDATE polls SET expires_at = clock_timestamp() WHERE id = :id", id=poll.id)
    assert [one.id for one in await rounds.settle(database, [poll.id])] == [poll.id]
    assert await found(database) == []
    async with database.transaction() as connection:
        await connection.run("UPDATE votes SET op = gen_random_uuid()")
    assert any("round 1" in line for line in await found(database))


async def test_discarded_votes_of_a_reopened_poll_are_no_difference(database: Database) -> None:
    poll = await closed(database)
    await rounds.open_poll(database, poll.id, HOST)
    await options.delete(database, poll.options[0].id, HOST, discard=True)
    assert await found(database) == []
    await rounds.close_poll(database, poll.id, HOST)
    assert await found(database) == []


async def corrected(database: Database, poll: Poll, place: int, text: str) -> int:
    """Correct an option's text; the id of the row about it."""
    await options.patch(database, poll.options[place].id, OptionPatch(option_text=text), HOST, correction=True)
    ((row,),) = await rows(database, "SELECT max(id) FROM audit_log WHERE action = 'correct'")
    assert isinstance(row, int)
    return row


async def test_correction_of_a_closed_poll_is_no_difference(database: Database) -> None:
    poll = await closed(database)
    await corrected(database, poll, 1, "Nope")
    await corrected(database, poll, 1, "Never")
    assert await found(database) == []
    await rounds.reset_poll(database, poll.id, HOST)
    await rounds.open_poll(database, poll.id, HOST)
    await cast_one(database, vote(poll, voter(1), 1))
    await corrected(database, poll, 1, "No way")  # open: its round has no digest yet
    assert await found(database) == []
    await rounds.close_poll(database, poll.id, HOST)
    await corrected(database, poll, 0, "Yeah")
    assert await found(database) == []


async def test_correction_in_the_moment_of_the_expiry_is_no_difference(database: Database) -> None:
    poll = await make_poll(database)
    await cast_one(database, vote(poll, voter(1), 0))
    async with database.transaction() as connection:
        await connection.run("UPDATE polls SET expires_at = clock_timestamp() WHERE id = :id", id=poll.id)
    await corrected(database, poll, 0, "Yeah")
    acts = await rows(database, "SELECT action, details ? 'digest' FROM audit_log ORDER BY id DESC LIMIT 2")
    assert acts == [("correct", True), ("close", True)]
    assert await found(database) == []


@pytest.mark.parametrize("how", ALTERED)
async def test_correction_hides_no_alteration_before_it(database: Database, how: str) -> None:
    poll = await closed(database)
    async with database.transaction() as connection:
        await connection.run(ALTERED[how])
    row = await corrected(database, poll, 2, "Perhaps")
    assert f"poll {poll.id}: round 1 did not match its digest, audit row {row}" in await found(database)
    row = await corrected(database, poll, 2, "Perhaps not")
    lines = await found(database)
    assert len([line for line in lines if "did not match" in line]) == 1, "the second correction hides nothing either"


@pytest.mark.parametrize("how", ["choice", "option renamed"])
async def test_alteration_after_a_correction_is_found(database: Database, how: str) -> None:
    poll = await closed(database)
    row = await corrected(database, poll, 2, "Perhaps")
    async with database.transaction() as connection:
        await connection.run(ALTERED[how])
    assert f"poll {poll.id}: round 1 does not match its digest, audit row {row}" in await found(database)
