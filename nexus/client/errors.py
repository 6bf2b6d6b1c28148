"""What can go wrong for a client of Nexus."""

from __future__ import annotations

from uuid import UUID


class ClientError(Exception):
    """The base of all errors of a client; the text is one line for people."""


class Unreachable(ClientError):
    """The server could not be reached, or did not answer in time. Trying again later may help."""


class Closed(ClientError):
    """The client was closed while a call was still waiting."""


class TurnedAway(ClientError):
    """The server does not want this client back until something has changed (docs/contract.md, "Close codes").

    `code` is the close code, 4500 to 4599, or the HTTP status with which the handshake was refused.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason or 'the server turned the client away'} ({code})")
        self.code = code
        self.reason = reason


class Refused(ClientError):
    """The server refused a vote, a join or an HTTP call, which had no effect. `code` is the contract's.

    `after_s` is how long the server asks to wait before the next try, 0.0 if it does not ask.
    """

    def __init__(self, code: str, detail: str, after_s: float = 0.0) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.after_s = after_s


class VoteUnsettled(ClientError):
    """A vote or retraction was sent and not answered: it may have been committed, or may still be.

    Trying again with the same `op` is safe at any time: it never counts twice.
    """

    def __init__(self, poll: int, op: UUID) -> None:
        super().__init__(f"no answer to the vote {op} in poll {poll}: it may have been counted")
        self.poll = poll
        self.op = op
