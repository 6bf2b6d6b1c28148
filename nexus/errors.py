"""One tree of errors, each with its stable code (docs/contract.md, "Error codes").

The doors translate an error once: `http.framework.problem` to a status and a problem document, `ws.refusals` to a
`reject`, `retry` or `error` frame. A `detail` is written for the client and never holds SQL, a path or a secret.
"""

from __future__ import annotations

from typing import ClassVar


class NexusError(Exception):
    """Anything that Nexus refuses or cannot do; `code` is stable, `detail` is for people."""

    code: ClassVar[str] = "error"
    default: ClassVar[str] = "The request could not be carried out."

    def __init__(self, detail: str = "", *, code: str = "") -> None:
        """Refuse with `detail`, or the class's own words; `code` overrides the class's for this one error."""
        self.detail = detail or self.default
        self.error_code = code or self.code
        super().__init__(self.detail)


class Malformed(NexusError):
    """The body or message is not valid JSON."""

    code = "malformed_json"
    default = "The body is not valid JSON."


MOST_ERRORS = 100
"""Broken rules that are told at once: a large event may have tens of thousands."""


class Invalid(NexusError):
    """A shape or a value breaks a rule; `errors` lists every broken rule about values as (field, message), up to
    `MOST_ERRORS`."""

    code = "invalid"
    default = "The request is not valid."

    def __init__(self, detail: str = "", *, code: str = "", errors: tuple[tuple[str, str], ...] = ()) -> None:
        self.errors = errors[:MOST_ERRORS]
        super().__init__(detail or "; ".join(f"{field}: {text}" for field, text in self.errors), code=code)


class Unauthenticated(NexusError):
    """No token, or one that is not valid."""

    code = "unauthenticated"
    default = "A valid access token is required."


class Forbidden(NexusError):
    """The caller is known, and not allowed to do this."""

    code = "forbidden"
    default = "You may not do this."


class NotFound(NexusError):
    """Not there, or hidden from the caller; the code is `<thing>_not_found`."""

    code = "not_found"
    default = "There is nothing here."


class Conflict(NexusError):
    """The request is valid, and the present state does not allow it."""

    code = "conflict"


class TooMany(NexusError):
    """A rate or a cap is exceeded; try again in `after_s` seconds."""

    code = "too_many_requests"
    default = "Too many requests."

    def __init__(self, detail: str = "", *, code: str = "", after_s: float = 1.0) -> None:
        super().__init__(detail, code=code)
        self.after_s = after_s


class Unavailable(NexusError):
    """A part of the service is out of reach or overloaded and nothing was done; try again in `after_s` seconds."""

    code = "unavailable"
    default = "The service cannot do this right now. Try again."

    def __init__(self, detail: str = "", *, code: str = "", after_s: float = 1.0) -> None:
        super().__init__(detail, code=code)
        self.after_s = after_s


class InvalidCredentials(Unauthenticated):
    """The name or the password is wrong: one text for both, so that no name is given away."""

    code = "invalid_credentials"
    default = "The username or the password is wrong."


class WeakPassword(Invalid):
    """A password that is too short, too long, too common, or the username."""

    code = "weak_password"


class BadLogo(Invalid):
    """What came as a logo is no picture of a kind that is taken, or it is damaged or too large."""

    code = "bad_logo"
    default = "A logo must be a whole PNG, JPEG, WebP or GIF picture of at most 16 million pixels."


class UsernameTaken(Conflict):
    """Another account has this name, or one that looks the same."""

    code = "username_taken"
    default = "This username is taken."


class RegistrationClosed(Forbidden):
    """The operator lets nobody create an account: an administrator invites people."""

    code = "registration_closed"
    default = "Registration is closed here. Ask an administrator for an invitation."


class GuestsNotAllowed(Forbidden):
    """The poll requires accounts."""

    code = "guests_not_allowed"
    default = "This poll does not allow guests. Log in to vote."


class OutcomeUnknown(Unavailable):
    """The connection was lost around a commit: it may have happened. A retry with the same op is safe."""

    code = "outcome_unknown"
    default = "It is not known whether this was recorded. Retry with the same op."


class Busy(Unavailable):
    """A poll's lock was not available in time: this poll is locked, others may be free."""

    default = "This poll is busy right now. Try again."


class PollNotFound(NotFound):
    """No such poll, or one that this voter may not know of."""

    code = "poll_not_found"
    default = "There is no such poll."


class EventNotFound(NotFound):
    """No such event, or one that this voter may not know of."""

    code = "event_not_found"
    default = "There is no such event."


class OptionNotFound(NotFound):
    """No such option, or one of a poll that this voter may not know of."""

    code = "option_not_found"
    default = "There is no such option."


class CategoryNotFound(NotFound):
    """No such category."""

    code = "category_not_found"
    default = "There is no such category."


class UserNotFound(NotFound):
    """No such account."""

    code = "user_not_found"
    default = "There is no such user."


class PairingNotFound(NotFound):
    """No such pairing code: one text for a code that is wrong, used or expired, or whose login has ended."""

    code = "pairing_not_found"
    default = "This code is not valid. It has expired, or has already been used. Ask for a new one."


class InvitationNotFound(NotFound):
    """No such invitation: one text for a token that is wrong, used, replaced or expired."""

    code = "invitation_not_found"
    default = "This link is not valid. It has expired, or has already been used. Ask an administrator for a new one."


class LastAdmin(Conflict):
    """Nobody would be left who could administer the service."""

    code = "last_admin"
    default = "This is the only administrator who can log in. Make another account an administrator first."


class AccountDisabled(Conflict):
    """What an account is needed for that can be used."""

    code = "account_disabled"
    default = "This account is disabled."


class CategoryTaken(Conflict):
    """Another category has this name, or one that looks the same."""

    code = "category_taken"
    default = "A category with this name already exists."


class CategoryInUse(Conflict):
    """Polls use the category."""

    code = "category_in_use"
    default = "Polls use this category. Move them to another one first."


class PollHasVotes(Conflict):
    """A change that is not allowed once there are votes."""

    code = "poll_has_votes"
    default = "There are already votes, so this cannot be changed."


class OptionHasVotes(Conflict):
    """An option with votes is renamed or deleted only if they are to be discarded."""

    code = "option_has_votes"
    default = "This option has votes. Repeat with ?discard_votes=true to remove it from their ballots."


class TooFewOptions(Conflict):
    """A poll needs at least two options."""

    code = "too_few_options"
    default = "A poll needs at least 2 options."


class TooManyOptions(Conflict):
    """The poll has as many options as are allowed."""

    code = "too_many_options"
    default = "A poll can have at most 100 options."


class TooManyPolls(Conflict):
    """The event has as many polls as are allowed."""

    code = "too_many_polls"
    default = "An event can have at most 200 polls."


class TooManyHosts(Conflict):
    """The event has as many co-hosts as are allowed."""

    code = "too_many_hosts"
    default = "An event can have at most 50 co-hosts."


class EventChanged(Conflict):
    """The run sheet is not what the client takes it for: somebody has added or deleted a poll."""

    code = "event_changed"
    default = "These are not the polls of this event: it has been changed. Read it again."


class EventMoved(Conflict):
    """Somebody else has moved the event on."""

    code = "event_moved"
    default = "The event shows something else by now: somebody was quicker."


class PollInEvent(Conflict):
    """What a poll that stands alone can have, and one of an event has from its event."""

    code = "poll_in_event"
    default = "This poll is part of an event, which has the code: ask for this of the event."


class PollNotOpen(Conflict):
    """The poll is a draft or scheduled."""

    code = "poll_not_open"
    default = "The poll is not open yet."


class PollClosed(Conflict):
    """The poll was closed, or has expired."""

    code = "poll_closed"
    default = "The poll is closed."


class PollReset(Conflict):
    """The client's epoch is not the poll's: a new round has started since."""

    code = "poll_reset"
    default = "The poll was reset: the round this ballot was meant for is over."


class AlreadyVoted(Conflict):
    """A ballot stands, and the poll does not allow changes."""

    code = "already_voted"
    default = "You have voted already, and this poll does not allow changes."


class VoteLimitReached(Conflict):
    """The voter has cast `votes_per_user` ballots."""

    code = "vote_limit_reached"
    default = "You have cast all your ballots in this poll."


class ChangeNotAllowed(Conflict):
    """A retraction in a poll that does not allow changes."""

    code = "change_not_allowed"
    default = "This poll does not allow ballots to be withdrawn."


class UnknownOption(Invalid):
    """A choice that is not an option of this poll."""

    code = "unknown_option"
    default = "The ballot names an option that this poll does not have."


class TooManyChoices(Invalid):
    """More options than `max_choices`."""

    code = "too_many_choices"
    default = "The ballot names more options than this poll allows."


class DuplicateChoice(Invalid):
    """The same option twice in one ballot."""

    code = "duplicate_choice"
    default = "The ballot names the same option twice."


class NoChoice(Invalid):
    """A ballot without an option."""

    code = "no_choice"
    default = "The ballot names no option."


class OpReused(Invalid):
    """The op already names another act of this voter in this poll."""

    code = "op_reused"
    default = "This op already names another act. Use a new op for a new act."


class OperatorError(Exception):
    """Nexus cannot start, or a command cannot do its work; the text is one line for the person who runs it.

    Not a `NexusError`: no client is refused, so it has no code.
    """


class SettingsError(OperatorError):
    """A setting is wrong or missing; the text is one line that names it and says what is expected."""
