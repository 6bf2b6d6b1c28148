"""Exports as texts: the ballots of a round in CSV and in JSON (docs/contract.md, "Export")."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable

import msgspec

from nexus.domain.formulas import guarded
from nexus.domain.poll import percentage
from nexus.domain.pseudonyms import Pseudonyms
from nexus.domain.views import stamp
from nexus.store.exports import Exported, Round

CSV_TYPE = "text/csv; charset=utf-8"
JSON_TYPE = "application/json"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
"""What may stand between the cells of CSV, by its name in a query."""
# By it a spreadsheet knows UTF-8. A line `sep=;` would name the delimiter too, but then Excel no longer heeds the mark
# and reads `Ärger` as `Ã„rger`, and other programs take the line for the header.
_MARK = "\ufeff"


class ExportedBallot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ballot: in a named poll with its voter, op and time, in an anonymous one with only a pseudonym, as `ballot`."""

    options: list[int]
    ballot: str | None = None
    voter: str | None = None
    op: str | None = None
    cast_at: str | None = None


class ExportedOption(msgspec.Struct, frozen=True):
    """An option of the round, as it was called when the round ended, and its share of the ballots."""

    id: int
    option_text: str
    votes_count: int
    percentage: float


class Export(msgspec.Struct, frozen=True):
    """The ballots of one round of a poll."""

    poll: int
    question: str
    epoch: int
    anonymous: bool
    count: int
    voters: int
    options: list[ExportedOption]
    ballots: list[ExportedBallot]


Name = Callable[[Exported], ExportedBallot]
"""Makes of a ballot what its poll's host may see of it."""


def naming(round_: Round, pseudonyms: Pseudonyms) -> Name:
    """How the ballots of a round are named: by their voters or, in an anonymous poll, by pseudonyms."""

    def anonymous(ballot: Exported) -> ExportedBallot:
        name = pseudonyms.pseudonym(round_.poll, round_.epoch, ballot.voter, ballot.slot)
        return ExportedBallot(list(ballot.choices), ballot=name)

    def named(ballot: Exported) -> ExportedBallot:
        op, cast_at = str(ballot.op), stamp(ballot.cast_at)
        return ExportedBallot(list(ballot.choices), voter=ballot.voter, op=op, cast_at=cast_at)

    return anonymous if round_.anonymous else named


async def json_pieces(round_: Round, pieces: AsyncIterator[list[Exported]], name: Name) -> AsyncIterator[bytes]:
    """An `Export` as JSON."""
    options = [
        ExportedOption(one.id, one.option_text, one.votes_count, percentage(one.votes_count, round_.ballots))
        for one in round_.options
    ]
    whole = Export(
        poll=round_.poll,
        question=round_.question,
        epoch=round_.epoch,
        anonymous=round_.anonymous,
        count=round_.ballots,
        voters=round_.voters,
        options=options,
        ballots=[],
    )
    # The empty list comes last: the brackets that end it and the object are sent after the ballots.
    yield msgspec.json.encode(whole).removesuffix(b"]}")
    comma = b""
    async for ballots in pieces:
        yield comma + b",".join(msgspec.json.encode(name(ballot)) for ballot in ballots)
        comma = b","
    yield b"]}"


async def csv_pieces(
    round_: Round, pieces: AsyncIterator[list[Exported]], name: Name, delimiter: str
) -> AsyncIterator[bytes]:
    """The ballots as CSV (RFC 4180), in UTF-8 with its mark; no text runs as a formula."""
    choices = ["option_ids", "options"]
    columns = ["ballot", *choices] if round_.anonymous else ["voter", *choices, "op", "cast_at"]
    yield _MARK.encode() + _lines([columns], delimiter)
    texts = {option.id: guarded(option.option_text) for option in round_.options}
    async for ballots in pieces:
        yield _lines([_row(name(ballot), texts) for ballot in ballots], delimiter)


def _row(ballot: ExportedBallot, texts: dict[int, str]) -> list[str]:
    ids = " ".join(map(str, ballot.options))
    chosen = " | ".join(texts.get(option, "") for option in ballot.options)
    tail = [] if ballot.op is None or ballot.cast_at is None else [ballot.op, ballot.cast_at]
    return [ballot.ballot or guarded(ballot.voter or ""), ids, chosen, *tail]


def _lines(rows: list[list[str]], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()
