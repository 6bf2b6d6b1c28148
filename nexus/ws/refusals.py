"""How a socket is told of a refusal: a vote is owed an ack, a reject or a retry, anything else an error frame."""

from __future__ import annotations

import math
import random

from nexus.access.signed import EXPIRED, NOT_VALID
from nexus.errors import NexusError, TooMany, Unauthenticated, Unavailable
from nexus.ws.messages import ClientMessage, Error, Reject, Retract, Retry, Vote, outline
from nexus.ws.unreadable import Unreadable

LOGIN_ENDED = "account disabled or login ended"
"""The reason of a close frame where the token is right and its bearer no longer has access."""

# What may be wrong with a token itself, and the reason of the close frame.
_TOKENS = {EXPIRED: "token expired", NOT_VALID: "token not valid"}


def refusal(message: ClientMessage, error: NexusError) -> Reject | Retry | Error:
    """The answer to a `message` that was refused with `error`."""
    if not isinstance(message, Vote | Retract):
        return Error(_code(error), error.detail, outline(message))
    if isinstance(error, Unavailable | TooMany):
        return Retry(message.op, message.poll, _jittered_ms(error.after_s))
    return Reject(message.op, message.poll, error.error_code, error.detail)


def unreadable_refusal(error: Unreadable) -> Reject | Error:
    """The answer to a message that could not be read."""
    if error.op is None:
        return Error(error.error_code, error.detail, error.of)
    poll = error.of.poll if isinstance(error.of.poll, int) else None
    return Reject(error.op, poll, error.error_code, error.detail)


def refused_token(error: Unauthenticated) -> str:
    """The reason with which a socket is closed whose token was refused with `error`."""
    return _TOKENS.get(error.detail, LOGIN_ENDED)


def _jittered_ms(after_s: float) -> int:
    """Spread the retries of an audience, so that they do not all come at once; never sooner than `after_s`."""
    return math.ceil(1000 * after_s * random.uniform(1.0, 2.0))  # noqa: S311 - not a secret


def _code(error: NexusError) -> str:
    """The code of an error frame: "too_many_requests" is a word of HTTP alone."""
    return "too_many_messages" if error.error_code == TooMany.code else error.error_code
