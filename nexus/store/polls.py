"""Polls as hosts create, change and delete them."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.domain.codes import PRIVATE_CODE_LENGTH, normalize_code
from nexus.domain.definition import NewPoll, PollPatch, new_poll_problems, patch_problems, time_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status
from nexus.domain.rights import require_host, require_maker, require_patcher, rules_of
from nexus.domain.text import Problem
from nexus.errors import Invalid, PollHasVotes, PollNotFound
from nexus.store import audit
from nexus.store.accounts import refuse_deleted
from nexus.store.database import Connection, Database
from nexus.store.event_rows import Deletion, EventChange, load_events
from nexus.store.locks import lock_with_run_sheet
from nexus.store.new_polls import category_problems, definition_of, insert_alone, with_code
from nexus.store.rounds import for_host, locked, now, read_locked, refuse_stranger
from nexus.store.rows import load, load_by_codes
from nexus.store.run_sheets import close_gaps, make_room, misplaced, sheet_changed, take_out
from nexus.store.searchable import keep_words

FROZEN_BY_VOTES = ("question", "max_choices", "votes_per_user")
"""What cannot be changed once there are votes."""

OF_EVENT = ("is_public", "allow_guests")
"""What a poll of an event has from its event."""

CORRECTABLE = ("question",)
"""What of it a correction may change all the same."""


async def create(database: Database, new: NewPoll, by: Identity) -> Poll:
    """Create a poll and its options in one transaction. Raises `Invalid` with every broken rule."""
    async with database.transaction() as connection:
        time = await now(connection)
        problems = new_poll_problems(new, time) + await category_problems(connection, new.category)
        if problems:
            raise Invalid(errors=tuple(problems))
        return await _create(connection, new, by)


async def copy(database: Database, source: int, by: Identity) -> Poll:
    """A new draft of `by` with the definition of the poll `source`, as it was at one moment: without code, times and
    votes. Raises `PollNotFound` or `Forbidden` for anybody but a host who may create polls."""
    async with database.transaction() as connection:
        found = (await load(connection, [source])).get(source)
        if found is None:
            raise PollNotFound
        await refuse_stranger(connection, found, by)
        require_host(by, rules_of(found))
        require_maker(by)
        # Meanwhile the source may have been deleted or moved, and then its category.
        gone = await category_problems(connection, found.category)
        new = definition_of(found, category=None if gone else found.category)
        return await _create(connection, new, by, copy_of=source)


async def _create(connection: Connection, new: NewPoll, by: Identity, **details: object) -> Poll:
    if by.user_id is not None:
        await refuse_deleted(connection, by.user_id)
    poll = await insert_alone(connection, new, by.voter)
    created = (await load(connection, [poll]))[poll]
    details = {"question": created.question, "status": created.status, **details}
    await audit.append(connection, by.voter, "create", "poll", poll, **details)
    return created


async def patch(database: Database, poll: int, change: PollPatch, by: Identity, *, correction: bool = False) -> Poll:
    """Change what `change` names. Raises `Invalid`, or `PollHasVotes` for what votes have frozen; a `correction` may
    change the question all the same."""
    async with database.transaction() as connection:
        values = change.named()
        if "position" in values:
            await lock_with_run_sheet(connection, poll)
        before = await locked(connection, poll)
        await refuse_stranger(connection, before, by)
        require_patcher(by, rules_of(before), values, correction=correction)
        problems = patch_problems(change) + await category_problems(connection, change.category)
        problems += _event_problems(before, values) + await misplaced(connection, before, change.position)
        problems += await _time_problems(connection, before, values)
        if problems:
            raise Invalid(errors=tuple(problems))
        await _refuse_frozen(connection, before, values, correction=correction)
        changed = {name: value for name, value in values.items() if _clean(value) != getattr(before, name)}
        if not changed:
            return before
        corrected = correction and before.ballots > 0 and not changed.keys().isdisjoint(CORRECTABLE)
        await _update(connection, before, changed, corrected=corrected)
        if "position" in changed:
            await make_room(connection, before, changed["position"])
        if changed.get("is_public") is False and len(before.code) < PRIVATE_CODE_LENGTH:
            await _recode(connection, poll)
        after = (await load(connection, [poll]))[poll]
        await keep_words(connection, before, after)
        if changed.keys() & {"question", "position"}:
            await sheet_changed(connection, [before.event])
        details = {name: [getattr(before, name), getattr(after, name)] for name in changed}
        await audit.append(connection, by.voter, "correct" if corrected else "update", "poll", poll, **details)
        return after


def _event_problems(before: Poll, values: dict[str, object]) -> list[Problem]:
    """What an event says of all its polls, none of them says otherwise; and only they have places."""
    if before.event is None:
        return [("position", "is that of a poll in an event")] if "position" in values else []
    named = [name for name in OF_EVENT if name in values]
    return [(name, "is said by the event") for name in named if values[name] != getattr(before, name)]


async def _recode(connection: Connection, poll: int) -> None:
    """A poll that becomes private gets a long code: everyone could see the short one in the lists."""
    await with_code(
        PRIVATE_CODE_LENGTH,
        lambda code: connection.one(
            "UPDATE polls SET code = :code WHERE id = :poll RETURNING code", poll=poll, code=code
        ),
    )


def _clean(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


async def _time_problems(connection: Connection, before: Poll, values: dict[str, object]) -> list[Problem]:
    after = {**{name: getattr(before, name) for name in ("opens_at", "expires_at")}, **values}
    problems = time_problems(after["opens_at"], after["expires_at"], await now(connection), given=values)
    if "opens_at" in values and before.status not in (Status.DRAFT, Status.SCHEDULED):
        problems.append(("opens_at", f"cannot change: the poll is {before.status}"))
    if before.status is Status.SCHEDULED and after["opens_at"] is None:
        problems.append(("opens_at", "cannot be removed from a scheduled poll: open it, or set another time"))
    return problems


async def _refuse_frozen(connection: Connection, before: Poll, values: dict[str, object], *, correction: bool) -> None:
    frozen: list[str] = []
    if before.ballots:
        kept = [name for name in FROZEN_BY_VOTES if not (correction and name in CORRECTABLE)]
        frozen += [name for name in kept if name in values and _clean(values[name]) != getattr(before, name)]
    # An anonymous vote stays one, also when it is withdrawn or discarded: ballots of earlier rounds are kept for
    # export, and the exact time and version of an act in the history would tell what was chosen.
    if before.anonymous and values.get("anonymous") is False:
        one = await connection.one("SELECT 1 FROM acts WHERE poll_id = :poll LIMIT 1", poll=before.id)
        frozen += ["anonymous"] if one is not None else []
    if frozen:
        raise PollHasVotes(f"There are already votes, so this cannot be changed: {', '.join(frozen)}.")


async def _update(connection: Connection, before: Poll, changed: dict[str, object], *, corrected: bool) -> None:
    """Only the result policy shows in a totals frame, so only it moves the version; a draft that gets a time of
    opening stays a draft until its host opens it."""
    columns = {"category_id" if name == "category" else name: _clean(value) for name, value in changed.items()}
    sets = ", ".join(f"{column} = :{column}" for column in columns)
    version = ", version = version + 1" if "results" in changed else ""
    mark = ", corrected_at = clock_timestamp()" if corrected else ""
    await connection.run(
        f"UPDATE polls SET {sets}, revision = revision + 1, updated_at = clock_timestamp(){version}{mark} "
        "WHERE id = :poll",
        poll=before.id,
        **{column: getattr(value, "value", value) for column, value in columns.items()},
    )


async def delete(database: Database, poll: int, by: Identity) -> EventChange | Deletion:
    """Delete a poll with its options, ballots and ledger; the audit log still has its history. In an event those after
    it move up."""
    async with database.long_transaction() as connection:
        await lock_with_run_sheet(connection, poll)
        before = await for_host(connection, await read_locked(connection, poll), by)
        await erase(connection, [before], by.voter)
        if before.event is None:
            return Deletion((poll,))
        moved = await close_gaps(connection, before.event)
        return EventChange((await load_events(connection, [before.event]))[before.event], moved, (poll,))


async def erase(connection: Connection, polls: Sequence[Poll], by: str) -> None:
    """Delete polls that are locked, as `by`; of an event, all of its polls are."""
    await take_out(connection, polls)
    ids = [poll.id for poll in polls]
    for table, column in (("votes", "poll_id"), ("acts", "poll_id"), ("polls", "id")):
        await connection.run(f"DELETE FROM {table} WHERE {column} = ANY(:polls)", polls=ids)
    for poll in polls:
        await audit.append(connection, by, "delete", "poll", poll.id, question=poll.question, ballots=poll.ballots)


async def find_by_codes(database: Database, codes: Sequence[str]) -> dict[str, Poll]:
    """The polls of `codes`, each under the code that was asked for, whatever its case and spacing; one without a poll
    is missing."""
    meant = {code: normalize_code(code) for code in codes}
    async with database.read() as connection:
        found = {poll.code: poll for poll in (await load_by_codes(connection, list(set(meant.values())))).values()}
    return {code: found[canonical] for code, canonical in meant.items() if canonical in found}


async def join(database: Database, members: Sequence[tuple[int, str]]) -> None:
    """From now on each poll of the (poll, voter) pairs exists for its voter, private or not; polls that are gone are
    skipped."""
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO poll_members (poll_id, voter) "
            "SELECT p.id, m.voter FROM unnest(CAST(:polls AS bigint[]), CAST(:voters AS text[])) AS m (poll, voter) "
            "JOIN polls p ON p.id = m.poll ORDER BY p.id, m.voter ON CONFLICT DO NOTHING",
            polls=[poll for poll, _ in members],
            voters=[voter for _, voter in members],
        )
