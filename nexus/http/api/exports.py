"""Exports: the ballots of a round as CSV or JSON, streamed to the host of the poll (docs/contract.md, "Export")."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

import msgspec

from nexus.access.limits import Caps
from nexus.domain.pseudonyms import Pseudonyms
from nexus.domain.text import range_rule
from nexus.domain.views import stamp
from nexus.errors import Forbidden, Invalid, PollNotFound, TooMany
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, TypedRequest, call
from nexus.http.framework.stream import Opened, Stream
from nexus.store import exports
from nexus.store.exports import Exported, Round

CSV_TYPE = "text/csv; charset=utf-8"
JSON_TYPE = "application/json"
RETRY_S = 10.0
"""After which a client that was refused should try again."""
TURN_S = 20.0
"""How long an export waits for its turn to read; half a million ballots take a few seconds."""
_CROWDED = "Too many exports are under way. Try again later."


class ExportQuery(msgspec.Struct, kw_only=True):
    """In which format, and of which round; without `epoch` the current one."""

    format: Literal["csv", "json"] = "csv"
    epoch: int | None = None


class ExportedBallot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ballot: in a named poll with its voter, op and time, in an anonymous one with only a pseudonym, as `ballot`."""

    options: list[int]
    ballot: str | None = None
    voter: str | None = None
    op: str | None = None
    cast_at: str | None = None


class ExportedOption(msgspec.Struct, frozen=True):
    """An option of the round, as it was called when the round ended."""

    id: int
    option_text: str


class Export(msgspec.Struct, frozen=True):
    """The ballots of one round of a poll."""

    poll: int
    question: str
    epoch: int
    anonymous: bool
    count: int
    options: list[ExportedOption]
    ballots: list[ExportedBallot]


async def read(request: TypedRequest[Nothing, ExportQuery], services: RestServices) -> Stream:
    """Export the ballots of a round in the order they were cast in, those of an anonymous poll in random order."""
    by, query = request.by, request.query
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), by)
    seen.require_host()
    poll, newest = seen.poll.id, seen.poll.epoch
    epoch = newest if query.epoch is None else query.epoch
    if not 1 <= epoch <= newest:
        raise Invalid(errors=(("epoch", range_rule(1, newest)),))
    write = _csv if query.format == "csv" else _json

    @asynccontextmanager
    async def open_pieces() -> AsyncIterator[Opened]:
        async with _turn(services.export_reads):
            # Before, not within: it would need a second connection while the first is in use.
            await exports.note(services.database, poll, epoch, by, format=query.format)
            async with exports.ballots(services.database, poll, epoch) as (round_, pieces):
                yield Opened(
                    _headers(round_, query.format), write(round_, pieces, _naming(round_, services.pseudonyms))
                )

    media_type = CSV_TYPE if query.format == "csv" else JSON_TYPE
    return Stream(open_pieces, media_type, lambda: _place(services.exports, by.voter))


@contextmanager
def _place(exports: Caps, voter: str) -> Iterator[None]:
    """One of the exports that may be under way, of which a host has one at a time."""
    if not exports.acquire(voter):
        own = "Another export of yours is still under way. Try again when it has finished."
        raise TooMany(own if exports.held(voter) else _CROWDED, after_s=RETRY_S)
    try:
        yield
    finally:
        exports.release(voter)


@asynccontextmanager
async def _turn(reads: asyncio.Semaphore) -> AsyncIterator[None]:
    """Only a few read at once, each with a database connection: votes and screens need the others."""
    try:
        async with asyncio.timeout(TURN_S):
            await reads.acquire()
    except TimeoutError:
        raise TooMany(_CROWDED, after_s=RETRY_S) from None
    try:
        yield
    finally:
        reads.release()


def _headers(round_: Round, ending: str) -> dict[str, str]:
    return {
        "x-total-count": str(round_.ballots),
        "content-disposition": f'attachment; filename="poll-{round_.poll}-round-{round_.epoch}.{ending}"',
    }


def _naming(round_: Round, pseudonyms: Pseudonyms) -> Callable[[Exported], ExportedBallot]:
    def anonymous(ballot: Exported) -> ExportedBallot:
        name = pseudonyms.pseudonym(round_.poll, round_.epoch, ballot.voter, ballot.slot)
        return ExportedBallot(list(ballot.choices), ballot=name)

    def named(ballot: Exported) -> ExportedBallot:
        op, cast_at = str(ballot.op), stamp(ballot.cast_at)
        return ExportedBallot(list(ballot.choices), voter=ballot.voter, op=op, cast_at=cast_at)

    return anonymous if round_.anonymous else named


async def _json(
    round_: Round, pieces: AsyncIterator[list[Exported]], name: Callable[[Exported], ExportedBallot]
) -> AsyncIterator[bytes]:
    options = [ExportedOption(option, text) for option, text in round_.options.items()]
    whole = Export(round_.poll, round_.question, round_.epoch, round_.anonymous, round_.ballots, options, [])
    # The empty list comes last: the brackets that end it and the object are sent after the ballots.
    yield msgspec.json.encode(whole).removesuffix(b"]}")
    comma = b""
    async for ballots in pieces:
        yield comma + b",".join(msgspec.json.encode(name(ballot)) for ballot in ballots)
        comma = b","
    yield b"]}"


async def _csv(
    round_: Round, pieces: AsyncIterator[list[Exported]], name: Callable[[Exported], ExportedBallot]
) -> AsyncIterator[bytes]:
    choices = ["option_ids", "options"]
    columns = ["ballot", *choices] if round_.anonymous else ["voter", *choices, "op", "cast_at"]
    yield _lines([columns])
    texts = {option: _cell(text) for option, text in round_.options.items()}
    async for ballots in pieces:
        yield _lines([_row(name(ballot), texts) for ballot in ballots])


def _row(ballot: ExportedBallot, texts: dict[int, str]) -> list[str]:
    ids = " ".join(map(str, ballot.options))
    chosen = " | ".join(texts.get(option, "") for option in ballot.options)
    tail = [] if ballot.op is None or ballot.cast_at is None else [ballot.op, ballot.cast_at]
    return [_cell(ballot.ballot or ballot.voter or ""), ids, chosen, *tail]


def _cell(text: str) -> str:
    """A spreadsheet takes a text that starts like this for a formula, and what people typed must not run there (OWASP,
    CSV Injection); in JSON every text stays as it is."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _lines(rows: list[list[str]]) -> bytes:
    """Lines of RFC 4180."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


CALLS: tuple[RestCall, ...] = (
    call(
        "GET",
        "/polls/{poll}/export",
        read,
        body=Nothing,
        query=ExportQuery,
        answer=Export,
        raises=(Forbidden, TooMany),
        media=("text/csv", "application/json"),
    ),
)
"""The calls of this file."""
