"""Options of a poll, as hosts add, change and delete them: under the poll's lock, so that no vote dangles."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from nexus.domain.definition import OPTIONS, NewOption, OptionPatch, option_text_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Option, Poll, Status
from nexus.domain.text import Problem, range_rule
from nexus.errors import (
    Invalid,
    OptionHasVotes,
    OptionNotFound,
    PollClosed,
    PollNotFound,
    TooFewOptions,
    TooManyOptions,
)
from nexus.store import audit
from nexus.store.database import Connection, Database
from nexus.store.rounds import locked_for_host
from nexus.store.rows import load
from nexus.store.searchable import keep_words


class OptionChange(msgspec.Struct, frozen=True):
    """A poll after one of its options was added, changed or deleted, and the option where it still is."""

    poll: Poll
    option: Option | None


async def poll_of(database: Database, option: int) -> int | None:
    """The poll an option belongs to, None where there is no such option."""
    async with database.read() as connection:
        return await _poll_of(connection, option)


async def _poll_of(connection: Connection, option: int) -> int | None:
    row = await connection.one("SELECT poll_id FROM options WHERE id = :option", option=option)
    return None if row is None else int(row["poll_id"])


async def add(database: Database, poll: int, new: NewOption, by: Identity) -> OptionChange:
    """Add an option, at the end or at its position (0 is the first)."""
    async with database.transaction() as connection:
        before = await locked_for_host(connection, poll, by)
        _refuse_closed(before)
        texts = [option.option_text for option in before.options]
        problems = option_text_problems(new.option_text, texts) + _position_problems(new.position, len(texts))
        if problems:
            raise Invalid(errors=tuple(problems))
        if len(texts) == OPTIONS[-1]:
            raise TooManyOptions
        row = await connection.one(
            "INSERT INTO options (poll_id, option_text, position) VALUES (:poll, :text, :position) RETURNING id",
            poll=poll,
            text=new.option_text.strip(),
            position=len(texts),
        )
        assert row is not None
        option = int(row["id"])
        await _move(connection, before, option, new.position)
        return await _done(connection, before, option, by, "create")


async def patch(
    database: Database,
    option: int,
    change: OptionPatch,
    by: Identity,
    *,
    discard: bool = False,
    correction: bool = False,
) -> OptionChange:
    """Change an option's text or position. A text that has votes raises `OptionHasVotes` unless they are to be
    discarded, which strips the option from the ballots, or the change is a `correction`, which keeps them; a correction
    may change the text of an option of a closed poll, too."""
    async with database.long_transaction() if discard or correction else database.transaction() as connection:
        before, old = await _locked(connection, option, by)
        text = _checked_text(before, old, change)
        rewritten, moved = text != old.option_text, change.position not in (UNSET, old.position)
        if not rewritten and not moved:
            return OptionChange(before, old)
        corrected = correction and rewritten
        if moved or not corrected:
            _refuse_closed(before)
        if rewritten and not corrected:
            await _discard_votes(connection, before, old, discard=discard)
            await _set_text(connection, option, text)
        proof = await _correct(connection, before, option, text) if corrected else {}
        await _move(connection, before, option, change.position)
        return await _done(
            connection, before, option, by, "correct" if corrected and before.ballots else "update", **proof
        )


async def delete(database: Database, option: int, by: Identity, *, discard: bool) -> OptionChange:
    """Delete an option. With votes: `OptionHasVotes` unless they are to be discarded; fewer than two
    options left: `TooFewOptions`."""
    async with database.long_transaction() if discard else database.transaction() as connection:
        before, old = await _locked(connection, option, by)
        _refuse_closed(before)
        if len(before.options) <= OPTIONS[0]:
            raise TooFewOptions
        await _discard_votes(connection, before, old, discard=discard)
        await connection.run("DELETE FROM options WHERE id = :option", option=option)
        await connection.run(
            "UPDATE options SET position = position - 1 WHERE poll_id = :poll AND position > :position",
            poll=before.id,
            position=old.position,
        )
        return await _done(connection, before, option, by, "delete")


async def _locked(connection: Connection, option: int, by: Identity) -> tuple[Poll, Option]:
    poll = await _poll_of(connection, option)
    if poll is None:
        raise OptionNotFound
    try:
        before = await locked_for_host(connection, poll, by)
    except PollNotFound:
        raise OptionNotFound from None
    old = next((one for one in before.options if one.id == option), None)
    if old is None:
        raise OptionNotFound
    return before, old


def _refuse_closed(poll: Poll) -> None:
    """Final totals stay as they are unless the host reopens or resets the poll (docs/contract.md, "Options")."""
    if poll.status is Status.CLOSED:
        raise PollClosed("The poll is closed and its totals are final. Reopen it first.")


def _checked_text(poll: Poll, option: Option, change: OptionPatch) -> str:
    """The text that `option` is to have. Raises `Invalid` with every broken rule of the change; the text it has already
    breaks none, even if the rules are newer."""
    others = [one.option_text for one in poll.options if one.id != option.id]
    problems = _position_problems(change.position, len(others))
    text = option.option_text if change.option_text is UNSET else change.option_text.strip()
    if text != option.option_text:
        problems += option_text_problems(text, others)
    if problems:
        raise Invalid(errors=tuple(problems))
    return text


async def _correct(connection: Connection, poll: Poll, option: int, text: str) -> dict[str, object]:
    """Give an option another text, and leave its votes. Returns what the history keeps of the round of a closed poll:
    its digest covers the texts, so it gets a new one, and the one before shows that nothing else was altered."""
    closed = poll.status is Status.CLOSED
    before = await audit.digests(connection, [poll.id]) if closed else {}
    await _set_text(connection, option, text)
    if poll.ballots:
        await connection.run("UPDATE polls SET corrected_at = clock_timestamp() WHERE id = :poll", poll=poll.id)
    after = await audit.digests(connection, [poll.id]) if closed else {}
    return {"round": poll.epoch, "digest_before": before[poll.id], "digest": after[poll.id]} if closed else {}


async def _set_text(connection: Connection, option: int, text: str) -> None:
    await connection.run("UPDATE options SET option_text = :text WHERE id = :option", text=text, option=option)


def _position_problems(position: object, last: int) -> list[Problem]:
    if position is UNSET or (isinstance(position, int) and 0 <= position <= last):
        return []
    return [("position", range_rule(0, last))]


async def _move(connection: Connection, before: Poll, option: int, position: object) -> None:
    if position is UNSET:
        return
    order = [one.id for one in before.options if one.id != option]
    assert isinstance(position, int)
    order.insert(position, option)
    await connection.run(
        "UPDATE options o SET position = t.n - 1 "
        "FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS t (id, n) WHERE o.id = t.id",
        ids=order,
    )


async def _discard_votes(connection: Connection, poll: Poll, option: Option, *, discard: bool) -> None:
    """Strip `option` from the standing ballots; those left without a choice no longer stand."""
    if not option.votes_count:
        return
    if not discard:
        raise OptionHasVotes
    _refuse_closed(poll)
    keys = {"poll": poll.id, "epoch": poll.epoch, "option": option.id}
    await connection.run(
        "DELETE FROM votes WHERE poll_id = :poll AND epoch = :epoch AND choices = ARRAY[CAST(:option AS bigint)]",
        **keys,
    )
    await connection.run(
        "UPDATE votes SET choices = array_remove(choices, CAST(:option AS bigint)) "
        "WHERE poll_id = :poll AND epoch = :epoch AND CAST(:option AS bigint) = ANY(choices)",
        **keys,
    )
    await connection.run("UPDATE options SET votes_count = 0 WHERE id = :option", option=option.id)
    await connection.run(
        "UPDATE polls p SET ballots = v.ballots, voters = v.voters, retractions = retractions + 1 "
        "FROM (SELECT count(*) AS ballots, count(DISTINCT voter) AS voters FROM votes "
        "      WHERE poll_id = :poll AND epoch = :epoch) v WHERE p.id = :poll",
        poll=poll.id,
        epoch=poll.epoch,
    )


def _said(option: Option | None) -> dict[str, object] | None:
    """An option as the history shows it, without its count, which follows from the votes."""
    return None if option is None else {"option_text": option.option_text, "position": option.position}


async def _done(
    connection: Connection, before: Poll, option: int, by: Identity, action: str, **proof: object
) -> OptionChange:
    await connection.run(
        "UPDATE polls SET version = version + 1, revision = revision + 1, updated_at = clock_timestamp() "
        "WHERE id = :poll",
        poll=before.id,
    )
    after = (await load(connection, [before.id]))[before.id]
    await keep_words(connection, before, after)
    one = next((one for one in after.options if one.id == option), None)
    was = next((one for one in before.options if one.id == option), None)
    details: dict[str, object] = {"poll": before.id, "before": _said(was), "after": _said(one)}
    if after.retractions != before.retractions:
        details |= {"votes_discarded": was.votes_count if was else 0, "ballots": [before.ballots, after.ballots]}
    await audit.append(connection, by.voter, action, "option", option, **details, **proof)
    return OptionChange(after, one)
