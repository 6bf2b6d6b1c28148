"""Exports: the ballots of a round, streamed to the host of the poll (docs/contract.md, "Export")."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import msgspec

from nexus.access.turns import TurnRules
from nexus.domain.file_names import file_name
from nexus.domain.identity import Identity
from nexus.domain.text import range_rule
from nexus.errors import Forbidden, Invalid, PollNotFound, TooMany
from nexus.http.api.export_sheet import SHEET_TYPE, SheetWords, put_round
from nexus.http.api.export_texts import CSV_TYPE, DELIMITERS, JSON_TYPE, Export, csv_pieces, json_pieces, naming
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.attachment import attachment
from nexus.http.framework.call import Nothing, TypedRequest, call
from nexus.http.framework.stream import Opened, Stream
from nexus.sheets.process import written
from nexus.store import exports
from nexus.store.exports import Exported, Round

RULES = TurnRules(
    own="Another export of yours is still under way. Try again when it has finished.",
    all="Too many exports are under way. Try again later.",
    retry_s=10.0,
    turn_s=20.0,
)
"""Exports: one of a host at a time. They wait for their turn to read, and workbooks for theirs to be written."""
MEDIA = {"csv": CSV_TYPE, "json": JSON_TYPE, "xlsx": SHEET_TYPE}
"""The media type of each format."""


class ExportQuery(msgspec.Struct, kw_only=True):
    """In which format, with what between the cells of CSV, and of which round; without `epoch` the current one."""

    format: Literal["csv", "json", "xlsx"] = "csv"
    delimiter: Literal["comma", "semicolon", "tab"] = "comma"
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    poll: int
    epoch: int
    by: Identity
    query: ExportQuery
    language: str


async def read(request: TypedRequest[Nothing, ExportQuery], services: RestServices) -> Stream:
    """Export the ballots of a round in the order they were cast in, those of an anonymous poll in random order."""
    by, query = request.by, request.query
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), by)
    seen.require_host()
    newest = seen.poll.epoch
    epoch = newest if query.epoch is None else query.epoch
    if not 1 <= epoch <= newest:
        raise Invalid(errors=(("epoch", range_rule(1, newest)),))
    language = services.words.choose(request.raw.headers.get("accept-language", ""))
    wanted = _Wanted(seen.poll.id, epoch, by, query, language)
    pieces = _workbook if query.format == "xlsx" else _texts
    return Stream(
        lambda: pieces(wanted, services), MEDIA[query.format], lambda: RULES.place(services.exports, by.voter)
    )


@asynccontextmanager
async def _texts(wanted: _Wanted, services: RestServices) -> AsyncIterator[Opened]:
    """CSV and JSON, written while the ballots are read."""
    async with _ballots(wanted, services) as (round_, pieces):
        name = naming(round_, services.pseudonyms)
        if wanted.query.format == "csv":
            text = csv_pieces(round_, pieces, name, DELIMITERS[wanted.query.delimiter])
        else:
            text = json_pieces(round_, pieces, name)
        yield Opened(_headers(round_, wanted.query.format), text)


@asynccontextmanager
async def _workbook(wanted: _Wanted, services: RestServices) -> AsyncIterator[Opened]:
    """A workbook, written by a process of its own once the ballots have been read: no connection waits for it."""
    with tempfile.TemporaryFile() as rows:
        async with _ballots(wanted, services) as (round_, pieces):
            say = SheetWords(services.words, wanted.language)
            await put_round(rows, round_, pieces, services.pseudonyms, say)
        async with RULES.turn(services.workbooks), written(rows) as made:
            yield Opened(_headers(round_, wanted.query.format), made)


@asynccontextmanager
async def _ballots(
    wanted: _Wanted, services: RestServices
) -> AsyncIterator[tuple[Round, AsyncIterator[list[Exported]]]]:
    """The ballots, once it is this export's turn to read; the history has it from then on."""
    async with RULES.turn(services.export_reads):
        # Before, not within: it would need a second connection while the first is in use.
        await exports.note(services.database, wanted.poll, wanted.epoch, wanted.by, format=wanted.query.format)
        async with exports.ballots(services.database, wanted.poll, wanted.epoch) as found:
            yield found


def _headers(round_: Round, ending: str) -> dict[str, str]:
    earlier = None if round_.current else round_.epoch
    name = file_name(round_.question, f"poll-{round_.poll}", round_.read_at.date(), ending, earlier_round=earlier)
    return {"x-total-count": str(round_.ballots), "content-disposition": attachment(*name)}


CALLS: tuple[RestCall, ...] = (
    call(
        "GET",
        "/polls/{poll}/export",
        read,
        body=Nothing,
        query=ExportQuery,
        answer=Export,
        raises=(Forbidden, TooMany),
        media=("text/csv", "application/json", SHEET_TYPE),
    ),
)
"""The calls of this file."""
