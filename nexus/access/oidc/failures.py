"""How a login with an OpenID provider can fail; each way has a sentence on a page."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a login failed, as far as the person at the browser can act on it."""

    UNREACHABLE = "unreachable"
    """The provider does not answer, or says that it cannot right now."""
    SETUP = "setup"
    """The provider and the settings do not fit together: only the operator can mend it."""
    DENIED = "denied"
    """The person, or the provider, has said no."""
    LOST = "lost"
    """Nothing in this browser says that it began this login, or it began too long ago."""
    USED = "used"
    """The provider no longer accepts its code: it was used, or is too old."""
    UNPROVED = "unproved"
    """What the provider says cannot be verified."""
    SUBJECT = "subject"
    """The provider's name for this account cannot be that of a voter."""
    TOO_MANY = "too_many"
    """Too many logins at once."""


class LoginFailed(Exception):
    """A login ended without one; `why` is for the log, and holds no secret."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(f"{reason}: {why}")
        self.reason = reason
        self.why = why
