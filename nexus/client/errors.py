"""What can go wrong for a client of Nexus."""

from __future__ import annotations

from uuid import UUID


class ClientError(Exception):
    """Anything a client cannot do; the text is one line for people."""


class Unreachable(ClientError):
    """The server could not be reached, or did not answer in time. It may later."""


class Closed(ClientError):
    """The client was closed while something was still waiting for it."""


class TurnedAway(ClientError):
    """The server does not want this client back until something has changed (contract, section 3, close codes).

    `code` is the close code, 4500 to 4599, or the HTTP status with which the handshake was refused.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason or 'the server turned the client away'} ({code})")
        self.code = code
        self.reason = reason


class Refused(ClientError):
    """The server refused a vote, a join or a call, and it left no trace. `code` is the contract's.

    `after_s` is how long the server asks to wait before the next try, 0.0 where it says nothing.
    """

    def __init__(self, code: str, detail: str, after_s: float = 0.0) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.after_s = after_s


class VoteUnsettled(ClientError):
    """A vote or retraction was sent and not answered: it may have been recorded, or may be yet.

    Giving `op` to the next try of the same act is safe at any time: it never counts twice.
    """

    def __init__(self, poll: int, op: UUID) -> None:
        super().__init__(f"no answer from poll {poll} to the op {op}: it may count, or not")
        self.poll = poll
        self.op = op
