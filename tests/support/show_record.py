"""What all followers of one event are shown, kept by revision: at one of them all are shown the same run sheet, and to
those who do not host it only what it has shown or opened."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.frame_checker import FrameChecker
from tests.support.values import Json

SECRET = re.compile(rb"SECRET-\d+-")
"""Each poll has a text of its own in its question and options, by which a frame that tells of it is known."""


def secret(n: int) -> str:
    """The text of the n-th poll."""
    return f"SECRET-{n}-"


@dataclass
class Leak:
    """What only a host may be told, and `voter` was told between two revisions of the event."""

    voter: str
    since: int
    what: str
    until: int | None = None


class ShowRecord(FrameChecker):
    """The states of an event, and of its polls, that an audience was shown.

    `sheets` is by revision and whether a host was shown it; `acted` are the voters and polls between which an act was
    sent; `reopened` the polls that somebody may have opened again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[tuple[int, bool], Json] = {}
        self.acted: set[tuple[str, int]] = set()
        self.reopened: set[int] = set()
        self.drafts: set[int] = set()
        """Drafts that somebody who is no host was let into."""
        self.candidates: set[str] = set()
        self.leaks: list[Leak] = []
        """What `candidates` were told, who are hosts now and then: judged once it is known when."""

    def read(self, data: bytes) -> Json:
        """The frame of a text, and as `secrets` what it tells of polls."""
        frame = super().read(data)
        if "secrets" not in frame:
            frame["secrets"] = frozenset(SECRET.findall(data))
        return frame

    @property
    def polls(self) -> list[int]:
        """All polls that anybody was shown."""
        return sorted({one["id"] for sheet in self.sheets.values() for one in sheet["polls"]})

    def sheet(self, event: Json, *, runs: bool) -> None:
        """A socket was shown this state of the event."""
        known = self.sheets.setdefault((event["revision"], runs), event)
        if known is not event and known != event:
            self.breaches.append(f"another socket was shown {known}: {event}")

    async def check(self, database: Database, event: int) -> None:
        """What was shown at each revision is what the history says; fails where it is not."""
        told = await rows(
            database,
            "SELECT details FROM audit_log WHERE target_type = 'event' AND target_id = :event AND action = 'show' "
            "ORDER BY id",
            event=str(event),
        )
        moves = [(one["revision"], one["shown"][1]) for one in (_read(row[0]) for row in told)]
        since: dict[int, int] = {}
        for revision, poll in moves:
            since.setdefault(poll, revision)
        wrong = [line for key, sheet in self.sheets.items() for line in self._wrong(key, sheet, moves, since)]
        wrong += [leak.what for leak in self.leaks if not self._hosted(leak)]
        assert not wrong, wrong[:5]
        assert self.drafts <= set(since), "somebody was let into a draft that was never shown"

    def _wrong(
        self, key: tuple[int, bool], sheet: Json, moves: list[tuple[int, int]], since: dict[int, int]
    ) -> list[str]:
        revision, runs = key
        newest = next((poll for at, poll in reversed(moves) if at <= revision), None)
        wrong = []
        if sheet["shown"] not in (newest, None):
            wrong.append(f"{sheet['shown']} is shown at {revision}, not {newest}")
        seen = [
            one for one in sheet["polls"] if one["status"] != "draft" or since.get(one["id"], revision + 1) <= revision
        ]
        if runs:
            other = self.sheets.get((revision, False))
            if other is not None and other["polls"] != seen:
                wrong.append(f"voters are shown {other['polls']} at {revision}, not {seen}")
        elif sheet["polls"] != seen:
            wrong.append(f"a draft is shown at {revision}: {sheet['polls']}, not {seen}")
        return wrong

    def _hosted(self, leak: Leak) -> bool:
        """Whether its voter was a host meanwhile, as far as is known: nobody was shown revisions that were skipped."""
        last = leak.until if leak.until is not None else max(revision for revision, _ in self.sheets)
        states = (self.sheets.get((n, False), self.sheets.get((n, True))) for n in range(leak.since, last + 1))
        return any(state is None or leak.voter in state["hosts"] for state in states)


def _read(details: object) -> Json:
    if isinstance(details, str | bytes):
        return msgspec.json.decode(details, type=Json)
    assert isinstance(details, dict)
    return details
