"""What a client may write of a poll: shapes, defaults, and every rule about their values
(docs/contract.md, "The poll").

Shapes are checked by msgspec while decoding; the functions named `…_problems` return every broken rule about values
at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.alike import fold
from nexus.domain.language import Language, canonical_tag, language_problems
from nexus.domain.poll import Chart, OptionOrder, Policy
from nexus.domain.text import Problem, range_rule, says, shown_problems, shown_rule, text_problems, text_rule

QUESTION_MAX = 500
"""Characters of a question."""

OPTION_MAX = 255
"""Characters of an option's text."""

DESCRIPTION_MAX = 10_000
"""Characters of a description."""

CATEGORY_MAX = 100
"""Characters of a category's name."""

OPTIONS = range(2, 101)
"""How many options a poll may have."""

MOST_CHOICES = OPTIONS[-1]
"""The largest `max_choices`."""

MOST_VOTES = 100
"""The largest `votes_per_user`."""

MOST_OPEN_S = 365 * 24 * 3600
"""The longest time for which a poll can be opened: a year."""

ID_MAX = 2**63 - 1
"""The largest id, that of a bigint."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Question = Annotated[str, shown_rule(QUESTION_MAX)]
Description = Annotated[str, text_rule(DESCRIPTION_MAX, shortest=0)]
OptionText = Annotated[str, shown_rule(OPTION_MAX)]
Position = Annotated[int, says(minimum=0, maximum=OPTIONS[-1] - 1)]
CategoryId = Annotated[int, says(minimum=1)]
Choices = Annotated[int, says(minimum=1, maximum=MOST_CHOICES)]
OpenSeconds = Annotated[int, says(minimum=1, maximum=MOST_OPEN_S)]
SheetPosition = Annotated[int, says(minimum=0, maximum=199)]
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
        description="No two that people could not tell apart; their order gives each its position.",
    ),
]


class PollFields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What may be said of a poll as it is created, beside what it asks."""

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
    chart: Chart = Chart.BARS
    option_order: OptionOrder = OptionOrder.POSITION
    language: Language | None = None


class NewPoll(PollFields, kw_only=True):
    """A poll as it is created."""

    question: Question
    options: Options


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
    chart: Chart | UnsetType = UNSET
    option_order: OptionOrder | UnsetType = UNSET
    language: Language | UnsetType | None = UNSET
    position: SheetPosition | UnsetType = UNSET

    def named(self) -> dict[str, object]:
        """The fields that are to change."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        named = {name: value for name, value in values if value is not UNSET}
        if self.language is not UNSET:
            named["language"] = canonical_tag(self.language)
        return named


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a poll is opened: for so many seconds, or until the end that it has."""

    seconds: OpenSeconds | UnsetType = UNSET


def option_problems(field: str, texts: Iterable[str]) -> list[Problem]:
    """What is wrong with the texts of the options in the list `field`: each one's length, and two that people could
    not tell apart; the second of them is named with the first."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for n, text in enumerate(texts):
        name = f"{field}[{n}].option_text"
        bad = shown_problems(name, text, OPTION_MAX)
        problems += bad
        # Folding is quadratic in marks that follow each other: what is too long is compared as it is.
        first = seen.setdefault(text.strip() if bad else fold(text.strip()), name)
        if first != name:
            problems.append((name, f"is the same as {first}"))
    return problems


def option_text_problems(text: str, others: Iterable[str]) -> list[Problem]:
    """What is wrong with the text of one option that is added or changed, beside the `others` of its poll."""
    problems = shown_problems("option_text", text, OPTION_MAX)
    if not problems and fold(text.strip()) in {fold(other) for other in others}:
        problems.append(("option_text", "is the same as another option"))
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
    """Whether `time` can be expressed in UTC: late in the year 9999, west of Greenwich, it is the year 10000 there."""
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _range_problems(max_choices: int | UnsetType, votes_per_user: int | UnsetType) -> list[Problem]:
    return [
        (field, range_rule(1, most))
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
    problems += _range_problems(poll.max_choices, poll.votes_per_user) + language_problems(poll.language)
    if len(poll.options) not in OPTIONS:
        problems.append(("options", f"must be a list of {OPTIONS[0]} to {OPTIONS[-1]} options"))
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
    if patch.language is not UNSET:
        problems += language_problems(patch.language)
    return problems + _range_problems(patch.max_choices, patch.votes_per_user)


def opening_problems(opening: Opening) -> list[Problem]:
    """What is wrong with how a poll is to be opened."""
    if opening.seconds is UNSET or 1 <= opening.seconds <= MOST_OPEN_S:
        return []
    return [("seconds", range_rule(1, MOST_OPEN_S))]
