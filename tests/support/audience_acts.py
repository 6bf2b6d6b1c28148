"""Acts of voting as clients send them, and the answers they get, the same by WebSocket and HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.values import Json, new_op

WAIT_S = 20.0
"""For an event that must come: generous, as the machine may be busy."""
COMMITTED = ("recorded", "changed", "unchanged", "retracted")


@dataclass(frozen=True)
class SentAct:
    """One act of voting as a client sends it; a retraction has no `options`."""

    op: str
    poll: int
    options: tuple[int, ...] | None
    ballot: str | None = None
    epoch: int | None = None

    def named(self) -> Json:
        """Its optional fields, where they are given."""
        options = None if self.options is None else list(self.options)
        fields = {"options": options, "ballot": self.ballot, "epoch": self.epoch}
        return {name: value for name, value in fields.items() if value is not None}

    def message(self) -> Json:
        """As a message of the WebSocket."""
        kind = "retract" if self.options is None else "vote"
        return {"type": kind, "op": self.op, "poll": self.poll, **self.named()}


@dataclass(frozen=True)
class Answer:
    """What was answered to an act, by either way: an outcome with its place, or the code of a refusal."""

    op: str
    status: str
    epoch: int = 0
    version: int = 0
    stands: bool = False

    @property
    def committed(self) -> bool:
        """Whether this is the first answer to an act that took effect."""
        return self.status in COMMITTED

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order of totals."""
        return self.epoch, self.version


def answer_of(body: Json) -> Answer:
    """The answer that a frame or a body of HTTP holds."""
    if "stands" in body:
        return Answer(body["op"], body["status"], body["epoch"], body["version"], body["stands"])
    code = "retry" if body.get("type") == "retry" or body.get("status") in (429, 503) else str(body["code"])
    return Answer(body["op"], code)


def vote(poll: Json, *places: int, op: str = "", epoch: int | None = None) -> SentAct:
    """A ballot for the options of a poll at `places`."""
    ids = tuple(poll["options"][place]["id"] for place in places)
    return SentAct(op or new_op(), poll["id"], ids, epoch=epoch)


def retract(poll: Json, *, op: str = "", ballot: str | None = None) -> SentAct:
    """A retraction."""
    return SentAct(op or new_op(), poll["id"], None, ballot=ballot)
