"""A WebSocket that follows an event, and checks every frame as it comes against what followers are promised
(docs/contract.md, "Following an event")."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.support.audience_acts import WAIT_S
from tests.support.audience_socket import ShownPlace, Socket
from tests.support.show_record import Leak, ShowRecord
from tests.support.values import Json


class At(NamedTuple):
    """Where a follower is: the revision of the event that it was shown, and the poll that is shown in it."""

    revision: int
    poll: int | None


class FollowerSocket(Socket):
    """One socket that follows one event, and may itself join polls of it.

    `at` is where it is; `views` the newest of each poll that it was shown; `known` the revision that its device had
    before: it is shown nothing older.
    """

    def __init__(self, record: ShowRecord, subject: str, known: int = 0) -> None:
        super().__init__(record, keep=False)
        self.at = At(known, None)
        self.inside = False
        self.event: Json = {}
        self.views: dict[int, Json] = {}
        self.joined: set[int] = set()
        self.joining: int | None = None
        self.refusal: Json | None = None
        self.gone = False
        self._leak: Leak | None = None
        self._record = record
        self._subject = subject

    # --- What a device does ---------------------------------------------------------------------------------

    async def enter(self, **how: object) -> bool:
        """Enter the event, by its id or code: whether it was let in. Raises `ConnectionError` where the socket ends."""
        self.inside, self.refusal = False, None
        self.send(type="join", **how)
        await self.answered(lambda: self.inside or self.refusal is not None)
        return self.inside

    async def answered(self, condition: Callable[[], bool]) -> None:
        """`until`, which also ends with the socket. Raises `ConnectionError` then."""
        await self.until(lambda: self.lost.done() or condition(), "an answer", WAIT_S)
        if self.lost.done():
            raise ConnectionError

    async def join_too(self, poll: int) -> None:
        """Join a poll by itself, or leave it where it has. Raises `ConnectionError` where the socket ends."""
        if poll in self.joined:
            self.send(type="leave", poll=poll)
            await self.answered(lambda: poll not in self.joined)
            return
        self.refusal, self.joining = None, poll
        self.send(type="join", poll=poll)
        await self.answered(lambda: poll in self.joined or self.refusal is not None)
        self.joining = None

    async def leave(self, event: int) -> None:
        """Leave the event. Raises `ConnectionError` where the socket ends."""
        self.send(type="leave", event=event)
        await self.answered(lambda: not self.inside)

    # --- What followers are promised ------------------------------------------------------------------------

    def _watch(self, kind: str, frame: Json) -> None:
        match kind:
            case "entered" | "shown":
                self._see(frame, entered=kind == "entered")
            case "left" | "deleted" if "event" in frame:
                self._out(gone=kind == "deleted")
            case "error":
                self.refusal = frame
            case "joined" | "left" | "deleted":
                self._own(kind, frame)
            case _:
                super()._watch(kind, frame)
        if kind in ("joined", "poll"):
            self._view(frame["poll"])
        self._hidden(kind, frame)

    def _own(self, kind: str, frame: Json) -> None:
        super()._watch(kind, frame)
        poll = frame["poll"]
        if kind == "joined":
            self.joined.add(poll["id"])
            if poll["status"] == "draft" and not self._hosts(self.event):
                self._record.drafts.add(poll["id"])
            return
        self.joined.discard(poll)
        if kind == "left" and self.inside and poll == self.at.poll:
            self.rooms.add(poll)  # it is followed still

    def _out(self, *, gone: bool) -> None:
        self.inside, self.gone = False, gone
        self.rooms = set(self.joined)
        self.at = At(self.at.revision, None)

    def _see(self, frame: Json, *, entered: bool) -> None:
        event = frame["event"]
        if not (entered or self.inside):
            self.breaches.append(f"moved while it is not in: {frame}")
        if event["revision"] < self.at.revision:
            self.breaches.append(f"revision {event['revision']} after {self.at.revision}: {frame}")
        self._record.sheet(event, runs=self._hosts(event))
        if self._leak is not None:
            self._leak.until, self._leak = event["revision"], None
        self.event, before = event, self.at
        self.at = At(event["revision"], event["shown"])
        if entered or "poll" in frame:
            if not entered:
                self._ended(before.poll, event)
            self._move(frame, event)
        elif event["shown"] != before.poll:
            self.breaches.append(f"no word of a move from {before}: {frame}")
        self.inside = True

    def _move(self, frame: Json, event: Json) -> None:
        shown, poll, totals = event["shown"], frame["poll"], frame["totals"]
        self.rooms = self.joined | ({shown} - {None})
        if (poll or {}).get("id") != shown or (totals or {}).get("poll", shown) != shown:
            self.breaches.append(f"another poll than {shown}: {frame}")
        if poll is None:
            return
        self._view(poll)
        if totals is not None:
            now = ShownPlace(totals["epoch"], totals["version"], totals["visibility"] == "full")
            self._compare(now, totals, whole=True)
            self.totals[shown] = totals
        elif shown not in self.joined:
            self.breaches.append(f"no totals: {frame}")

    def _ended(self, before: int | None, event: Json) -> None:
        """The last of the poll before has come, final where it is closed."""
        closed = any(one["id"] == before and one["status"] == "closed" for one in event["polls"])
        if before is None or before == event["shown"] or not closed or before in self._record.reopened:
            return
        if not self.totals[before]["final"] and before != self.joining:  # `joined` will bring it
            self.breaches.append(f"no end of {before}, which is closed at {event['revision']}: {self.totals[before]}")

    def _view(self, poll: Json) -> None:
        self.views[poll["id"]] = poll
        if not self._hosts(self.event) and any(one["votes_count"] is not None for one in poll["options"]):
            self._counts(poll, poll["id"])

    def _hosts(self, event: Json) -> bool:
        return self._subject in (event.get("created_by"), *event.get("hosts", ()))

    def _hidden(self, kind: str, frame: Json) -> None:
        """Who is no host is told of no draft, and of no count that is hidden."""
        if self._hosts(self.event):
            return
        seen = {one["question"] for one in self.event.get("polls", ())}
        seen |= {view["question"] for poll, view in self.views.items() if poll in self.rooms}
        told = {text.decode() for text in frame["secrets"]}
        if not all(any(question.startswith(one) for question in seen) for one in told):
            self._leaks(f"told of {told}, and only {seen} are shown: {frame}")
        totals = frame if kind == "totals" else frame.get("totals")
        if totals is not None and totals["visibility"] == "full":
            self._counts(totals, totals["poll"])

    def _counts(self, state: Json, poll: int) -> None:
        policy = self.views[poll]["results"]
        may = policy == "live" or (policy == "after_close" and state["status"] == "closed")
        if not may and not (policy == "after_vote" and (self._subject, poll) in self._record.acted):
            self._leaks(f"hidden counts under {policy}: {state}")

    def _compare(self, now: ShownPlace, frame: Json, *, whole: bool) -> None:
        """One who is no host any more is shown less of the same place."""
        super()._compare(
            now._replace(full=now.full and self._subject not in self._record.candidates), frame, whole=whole
        )

    def _leaks(self, what: str) -> None:
        """Only a host may be told this: one who has become a host may hear it before the word of that."""
        said = f"{self._subject} at {self.at}: {what}"
        if self._subject not in self._record.candidates:
            self.breaches.append(said)
        elif self._leak is None:
            self._leak = Leak(self._subject, self.at.revision, said)
            self._record.leaks.append(self._leak)
