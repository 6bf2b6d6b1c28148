"""What a client may write of a poll: shapes, defaults, and every rule about their values (contract, section 2).

Shapes are checked by msgspec while decoding; `problems` gives every broken rule about values at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.poll import Policy
from nexus.domain.text import fold, has_lone_surrogate

Problem = tuple[str, str]
"""A field and what is wrong with it."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

QUESTION_MAX = 500
LONGEST_NAME = 150
OPTION_MAX = 255
DESCRIPTION_MAX = 10_000
CATEGORY_MAX = 100
OPTIONS = range(2, 101)
MOST_CHOICES = OPTIONS[-1]
MOST_VOTES = 100
ID_MAX = 2**63 - 1


def says(**rules: object) -> msgspec.Meta:
    """Rules as the documents tell them, in words of JSON Schema. They are not checked while decoding, where the first
    broken one would hide the others: the functions below name every one at once."""
    return msgspec.Meta(extra_json_schema=rules)


NO_NUL = r"^[^\u0000]*$"
VISIBLE = r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085\ufeff][^\u0000]*$"
"""A text that trimming leaves something of: what Python trims, spelled out where other languages' \\s differs."""


def text(longest: int, *, shortest: int = 1) -> msgspec.Meta:
    """What the documents say of a text that `text_problems` checks; its length counts after trimming."""
    return says(minLength=shortest, maxLength=longest, pattern=VISIBLE if shortest else NO_NUL)


Question = Annotated[str, text(QUESTION_MAX)]
Description = Annotated[str, text(DESCRIPTION_MAX, shortest=0)]
OptionText = Annotated[str, text(OPTION_MAX)]
Position = Annotated[int, says(minimum=0, maximum=OPTIONS[-1] - 1)]
CategoryId = Annotated[int, says(minimum=1)]
Choices = Annotated[int, says(minimum=1, maximum=MOST_CHOICES)]
VotesPerUser = Annotated[int, says(minimum=1, maximum=MOST_VOTES)]


class NewOption(msgspec.Struct, forbid_unknown_fields=True):
    """An option as it is created; without a position it goes to the end."""

    option_text: OptionText
    position: Position | UnsetType = UNSET


class OptionPatch(msgspec.Struct, forbid_unknown_fields=True):
    """A change of an option."""

    option_text: OptionText | UnsetType = UNSET
    position: Position | UnsetType = UNSET


Options = Annotated[
    list[NewOption],
    says(
        minItems=OPTIONS[0],
        maxItems=OPTIONS[-1],
        uniqueItems=True,
        allOf=[{"items": {"properties": {"position": False}}}],
        description="No two alike, whatever their case; their order gives each its position.",
    ),
]


class NewPoll(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A poll as it is created."""

    question: Question
    options: Options
    description: Description = ""
    category: CategoryId | None = None
    is_public: bool = True
    status: Literal["draft"] | UnsetType = UNSET
    opens_at: Moment | None = None
    expires_at: Moment | None = None
    max_choices: Choices = 1
    votes_per_user: VotesPerUser = 1
    allow_change: bool = True
    allow_guests: bool = True
    anonymous: bool = True
    results: Policy = Policy.LIVE


class PollPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change of a poll: only what is named changes."""

    question: Question | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: CategoryId | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET
    opens_at: Moment | UnsetType | None = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    max_choices: Choices | UnsetType = UNSET
    votes_per_user: VotesPerUser | UnsetType = UNSET
    allow_change: bool | UnsetType = UNSET
    allow_guests: bool | UnsetType = UNSET
    anonymous: bool | UnsetType = UNSET
    results: Policy | UnsetType = UNSET

    def named(self) -> dict[str, object]:
        """The fields that are to change."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: value for name, value in values if value is not UNSET}


def text_problems(field: str, text: str, longest: int, *, shortest: int = 1) -> list[Problem]:
    """What is wrong with a text: its length after trimming, or a character no database can hold."""
    if "\0" in text or has_lone_surrogate(text):
        return [(field, "must not contain NUL or lone surrogates")]
    length = len(text.strip())
    if not shortest <= length <= longest:
        return [(field, f"must have {shortest} to {longest} characters")]
    return []


def shown_problems(field: str, text: str, longest: int) -> list[Problem]:
    """What is wrong with a text that stands on screens: as `text_problems`, and that nothing of it can be seen."""
    problems = text_problems(field, text, longest)
    if not problems and not any(char.isprintable() and not char.isspace() for char in text):
        problems.append((field, "must have a character that can be seen"))
    return problems


def username_problems(name: str) -> list[Problem]:
    """What is wrong with the name of an account."""
    problems = text_problems("username", name, LONGEST_NAME)
    if not problems and not name.isprintable():
        problems.append(("username", "must not contain control or invisible characters"))
    return problems


def option_problems(field: str, texts: Iterable[str], others: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with options' texts: each one's length, and two alike among them or with `others`."""
    problems: list[Problem] = []
    seen = {fold(text) for text in others}
    for n, text in enumerate(texts):
        name = f"{field}[{n}].option_text" if field else "option_text"
        problems += shown_problems(name, text, OPTION_MAX)
        if fold(text) in seen:
            problems.append((name, "is the same as another option"))
        seen.add(fold(text))
    return problems


def time_problems(
    opens_at: datetime | None, expires_at: datetime | None, now: datetime, *, given: Iterable[str]
) -> list[Problem]:
    """What is wrong with a poll's times: those in `given` must be ahead, and in order."""
    times = [(field, time) for field, time in (("opens_at", opens_at), ("expires_at", expires_at)) if time is not None]
    if beyond := [field for field, time in times if not _has_utc(time)]:
        return [(field, "must be within the years 1 to 9999 in UTC") for field in beyond]
    problems = [(field, "must be in the future") for field, time in times if field in given and time <= now]
    if opens_at is not None and expires_at is not None and opens_at >= expires_at:
        problems.append(("expires_at", "must be after opens_at"))
    return problems


def _has_utc(time: datetime) -> bool:
    """An hour of the year 9999 west of Greenwich may be one of the year 10000 there, which no `datetime` holds."""
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _range_problems(max_choices: int | UnsetType, votes_per_user: int | UnsetType) -> list[Problem]:
    return [
        (field, f"must be from 1 to {most}")
        for field, value, most in (
            ("max_choices", max_choices, MOST_CHOICES),
            ("votes_per_user", votes_per_user, MOST_VOTES),
        )
        if value is not UNSET and not 1 <= value <= most
    ]


def new_poll_problems(poll: NewPoll, now: datetime) -> list[Problem]:
    """Every broken rule about the values of a poll to be created."""
    problems = shown_problems("question", poll.question, QUESTION_MAX)
    problems += text_problems("description", poll.description, DESCRIPTION_MAX, shortest=0)
    problems += _range_problems(poll.max_choices, poll.votes_per_user)
    if len(poll.options) not in OPTIONS:
        problems.append(("options", f"must be {OPTIONS[0]} to {OPTIONS[-1]}"))
    problems += option_problems("options", (option.option_text for option in poll.options[: OPTIONS[-1]]))
    problems += [
        (f"options[{n}].position", "is given by the order of the list")
        for n, option in enumerate(poll.options)
        if option.position is not UNSET
    ]
    return problems + time_problems(poll.opens_at, poll.expires_at, now, given=("opens_at", "expires_at"))


def patch_problems(patch: PollPatch) -> list[Problem]:
    """Every broken rule about the values of a change that needs no look at the poll or the clock."""
    problems: list[Problem] = []
    if patch.question is not UNSET:
        problems += shown_problems("question", patch.question, QUESTION_MAX)
    if patch.description is not UNSET:
        problems += text_problems("description", patch.description, DESCRIPTION_MAX, shortest=0)
    return problems + _range_problems(patch.max_choices, patch.votes_per_user)
