"""What a client may write of an event: shapes, defaults, and every rule about their values (docs/contract.md,
"Events")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.definition import (
    DESCRIPTION_MAX,
    Description,
    NewPoll,
    Opening,
    OpenSeconds,
    Options,
    PollFields,
    Question,
    SheetPosition,
    new_poll_problems,
    opening_problems,
)
from nexus.domain.text import Problem, range_rule, says, shown_problems, shown_rule, text_problems
from nexus.errors import Invalid

TITLE_MAX = 200
"""Characters of a title."""

MOST_POLLS = 200
"""Polls of an event."""

Title = Annotated[str, shown_rule(TITLE_MAX)]
NewPolls = Annotated[
    list[NewPoll],
    says(
        maxItems=MOST_POLLS,
        description="Its run sheet, of drafts. Who may come in is said of the event: a poll's own is_public and "
        "allow_guests are not heeded, nor its status.",
    ),
]


# In words of JSON Schema: a poll that is shown as it is.
_NOT_OPENED = {"open": {"const": False}}


class NewEvent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """An event as it is created, imported and exported, with its polls."""

    title: Title
    description: Description = ""
    is_public: bool = True
    allow_guests: bool = True
    polls: NewPolls = []


class EventPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change of an event: only what is named changes."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    allow_guests: bool | UnsetType = UNSET

    def named(self) -> dict[str, str | bool]:
        """The fields that are to change, texts trimmed."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: value.strip() if isinstance(value, str) else value
            for name, value in values.items()
            if value is not UNSET
        }


class EventPoll(PollFields, kw_only=True):
    """A poll that is added to an event: a new one, or a copy of one that the caller hosts; without a position it goes
    to the end."""

    schema_rules: ClassVar[dict[str, object]] = {
        "oneOf": [{"required": ["question", "options"]}, {"required": ["copy"]}]
    }

    question: Question | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    copy: Annotated[int, says(minimum=1)] | UnsetType = UNSET
    position: SheetPosition | UnsetType = UNSET

    def new(self) -> NewPoll:
        """The new poll. Raises `Invalid` where it is none."""
        if self.question is UNSET or self.options is UNSET:
            names = [name for name in ("question", "options") if getattr(self, name) is UNSET]
            raise Invalid(errors=tuple((name, "is required unless copy is given") for name in names))
        rest = {name: getattr(self, name) for name in PollFields.__struct_fields__}
        return NewPoll(question=self.question, options=self.options, **rest)

    def beside_copy(self) -> list[str]:
        """The fields that say something of a new poll."""
        said = [name for name in ("question", "options") if getattr(self, name) is not UNSET]
        plain = PollFields()
        return said + [name for name in PollFields.__struct_fields__ if getattr(self, name) != getattr(plain, name)]


class RunOrder(msgspec.Struct, forbid_unknown_fields=True):
    """All polls of an event, in the order that they are to have."""

    polls: Annotated[list[int], says(maxItems=MOST_POLLS)]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an event moves on: `from` is the poll that the caller sees shown, null for none; `open` opens the new one
    where it is a draft, for so many `seconds`; `keep_open` leaves the one before as it is."""

    schema_rules: ClassVar[dict[str, object]] = {"not": {"required": ["seconds", "open"], "properties": _NOT_OPENED}}

    sees: Annotated[int, says(minimum=1)] | UnsetType | None = msgspec.field(name="from", default=UNSET)
    open: bool = True
    seconds: OpenSeconds | UnsetType = UNSET
    keep_open: bool = False


class Show(Step, frozen=True, kw_only=True):
    """To which poll of its run sheet an event moves; null: nothing is shown."""

    schema_rules: ClassVar[dict[str, object]] = {
        "not": {
            "required": ["seconds"],
            "anyOf": [{"required": ["open"], "properties": _NOT_OPENED}, {"properties": {"poll": {"type": "null"}}}],
        }
    }

    poll: Annotated[int, says(minimum=1)] | None


def position_problems(position: int | UnsetType, last: int) -> list[Problem]:
    """What is wrong with a place in a run sheet whose last one is `last`."""
    if position is UNSET or 0 <= position <= last:
        return []
    return [("position", range_rule(0, last))]


def step_problems(step: Step) -> list[Problem]:
    """Every broken rule about the values of a move."""
    problems = opening_problems(Opening(step.seconds))
    if step.seconds is not UNSET and not step.open:
        problems.append(("seconds", "cannot be combined with open: false"))
    if step.seconds is not UNSET and isinstance(step, Show) and step.poll is None:
        problems.append(("seconds", "needs a poll that is shown"))
    return problems


def event_poll_problems(poll: EventPoll, last: int, now: datetime) -> list[Problem]:
    """Every broken rule about the values of a poll that is added to an event, as the last of its run sheet `last`.
    Raises `Invalid` for one that asks nothing."""
    if poll.copy is UNSET:
        problems = new_poll_problems(poll.new(), now)
    else:
        problems = [("copy", f"cannot be combined with {name}") for name in poll.beside_copy()]
    return problems + position_problems(poll.position, last)


def new_event_problems(event: NewEvent, now: datetime) -> list[Problem]:
    """Every broken rule about the values of an event to be created, and of its polls."""
    problems = _text_problems(event.title, event.description)
    if len(event.polls) > MOST_POLLS:
        problems.append(("polls", f"must be a list of at most {MOST_POLLS} polls"))
    for n, poll in enumerate(event.polls[:MOST_POLLS]):
        problems += under(f"polls[{n}]", new_poll_problems(poll, now))
    return problems


def under(field: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems of what the field `field` holds, as those of the whole."""
    for name, text in problems:
        first = text.removeprefix("is the same as ")
        # A text that names another field names it as the whole does.
        yield f"{field}.{name}", text if first == text else f"is the same as {field}.{first}"


def event_patch_problems(patch: EventPatch) -> list[Problem]:
    """Every broken rule about the values of a change of an event."""
    return _text_problems(patch.title, patch.description)


def _text_problems(title: str | UnsetType, description: str | UnsetType) -> list[Problem]:
    problems = [] if title is UNSET else shown_problems("title", title, TITLE_MAX)
    if description is not UNSET:
        problems += text_problems("description", description, DESCRIPTION_MAX, shortest=0)
    return problems
