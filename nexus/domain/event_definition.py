"""What a client may write of an event: shapes, defaults, and every rule about their values (docs/contract.md,
"Events")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.definition import DESCRIPTION_MAX, Description, NewPoll, new_poll_problems
from nexus.domain.text import Problem, says, shown_problems, shown_rule, text_problems

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
