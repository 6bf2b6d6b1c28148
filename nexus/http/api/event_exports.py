"""Exports of events: all their polls' ballots, streamed to their hosts (docs/contract.md, "Exports of events")."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import msgspec

from nexus.domain.file_names import file_name
from nexus.domain.identity import Identity
from nexus.domain.pseudonyms import Pseudonyms
from nexus.domain.views import Id, Number
from nexus.errors import EventNotFound, Forbidden, TooMany
from nexus.http.api.event_sheet import put_event
from nexus.http.api.export_sheet import SheetWords
from nexus.http.api.export_texts import Export, json_pieces, naming
from nexus.http.api.exports import MEDIA, RULES
from nexus.http.api.seen_event import see_event
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.attachment import attachment
from nexus.http.framework.call import Nothing, TypedRequest, call
from nexus.http.framework.stream import Opened, Stream
from nexus.sheets.process import written
from nexus.store import event_exports
from nexus.store.event_exports import Ballots, EventRounds


class EventExportQuery(msgspec.Struct, kw_only=True):
    """In which format."""

    format: Literal["json", "xlsx"] = "json"


class EventExport(msgspec.Struct, frozen=True):
    """The ballots of all polls of an event, each as the export of its current round, in the order of the run sheet."""

    event: Id
    title: str
    count: Number
    polls: list[Export]


@dataclass(frozen=True, slots=True)
class _Wanted:
    event: int
    by: Identity
    format: Literal["json", "xlsx"]
    language: str


async def read(request: TypedRequest[Nothing, EventExportQuery], services: RestServices) -> Stream:
    """Export the ballots of all polls of an event, each poll as its own export has it."""
    by, format_ = request.by, request.query.format
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), by)
    seen.require_host()
    language = services.words.choose(request.raw.headers.get("accept-language", ""))
    wanted = _Wanted(seen.event.id, by, format_, language)
    pieces = _workbook if format_ == "xlsx" else _text
    return Stream(lambda: pieces(wanted, services), MEDIA[format_], lambda: RULES.place(services.exports, by.voter))


@asynccontextmanager
async def _text(wanted: _Wanted, services: RestServices) -> AsyncIterator[Opened]:
    """JSON, written while the ballots are read."""
    async with _ballots(wanted, services) as (rounds, ballots):
        yield Opened(_headers(rounds, wanted.format), _json_pieces(rounds, ballots, services.pseudonyms))


async def _json_pieces(rounds: EventRounds, ballots: Ballots, pseudonyms: Pseudonyms) -> AsyncIterator[bytes]:
    """An `EventExport` as JSON."""
    whole = EventExport(event=rounds.event, title=rounds.title, count=rounds.ballots, polls=[])
    # The empty list comes last: the brackets that end it and the object are sent after the polls.
    yield msgspec.json.encode(whole).removesuffix(b"]}")
    for place, round_ in enumerate(rounds.rounds):
        if place:
            yield b","
        async for piece in json_pieces(round_, ballots(round_), naming(round_, pseudonyms)):
            yield piece
    yield b"]}"


@asynccontextmanager
async def _workbook(wanted: _Wanted, services: RestServices) -> AsyncIterator[Opened]:
    """A workbook, written by a process of its own once the ballots have been read: no connection waits for it."""
    with tempfile.TemporaryFile() as rows:
        async with _ballots(wanted, services) as (rounds, ballots):
            await put_event(rows, rounds, ballots, services.pseudonyms, SheetWords(services.words, wanted.language))
        async with RULES.turn(services.workbooks), written(rows) as made:
            yield Opened(_headers(rounds, wanted.format), made)


@asynccontextmanager
async def _ballots(wanted: _Wanted, services: RestServices) -> AsyncIterator[tuple[EventRounds, Ballots]]:
    """The ballots, once it is this export's turn to read; the history has it from then on."""
    async with RULES.turn(services.export_reads):
        # Before, not within: it would need a second connection while the first is in use.
        await event_exports.note(services.database, wanted.event, wanted.by, format=wanted.format)
        async with event_exports.ballots(services.database, wanted.event) as found:
            yield found


def _headers(rounds: EventRounds, ending: str) -> dict[str, str]:
    name = file_name(rounds.title, f"event-{rounds.event}", rounds.read_at.date(), ending)
    return {"x-total-count": str(rounds.ballots), "content-disposition": attachment(*name)}


CALLS: tuple[RestCall, ...] = (
    call(
        "GET",
        "/events/{event}/export",
        read,
        body=Nothing,
        query=EventExportQuery,
        answer=EventExport,
        raises=(Forbidden, TooMany),
        media=(MEDIA["json"], MEDIA["xlsx"]),
    ),
)
"""The calls of this file."""
