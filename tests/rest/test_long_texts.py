"""Texts that are far too long are refused before anything is done with them that takes longer than reading them:
`unicodedata.normalize` is quadratic in marks that follow each other, and everybody would wait."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from nexus.errors import MOST_ERRORS
from tests.support.events import event_of, new_poll
from tests.support.rest import NOBODY, Person, Rest
from tests.support.values import Json

MARKS = "a" + "\u0301\u0316" * 5_000
LONGEST = 1100
"""Characters that may be normalized at once: the longest password in its longest form, and some."""

Call = tuple[str, str, Json]
CALLS: dict[str, tuple[bool, Callable[[Json], Call], int]] = {
    "option": (True, lambda _: ("POST", "/polls/", {"question": "?", "options": options(MARKS)}), 422),
    "option of an event": (
        True,
        lambda _: ("POST", "/events/", {"title": "x", "polls": [{"question": "?", "options": options(MARKS)}]}),
        422,
    ),
    "option added": (True, lambda poll: ("POST", f"/polls/{poll['id']}/options/", {"option_text": MARKS}), 422),
    "option changed": (
        True,
        lambda poll: ("PATCH", f"/options/{poll['options'][0]['id']}/", {"option_text": MARKS}),
        422,
    ),
    "question": (True, lambda _: ("POST", "/polls/", {"question": MARKS, "options": options("a")}), 422),
    "title": (True, lambda _: ("POST", "/events/", {"title": MARKS}), 422),
    "co-host": (True, lambda poll: ("POST", f"/events/{poll['event']}/hosts/", {"username": MARKS}), 422),
    "category": (True, lambda _: ("POST", "/categories/", {"name": MARKS}), 422),
    "new username": (False, lambda _: ("POST", "/auth/register/", {"username": MARKS, "password": "long enough"}), 422),
    "new password": (False, lambda _: ("POST", "/auth/register/", {"username": "eve", "password": MARKS}), 422),
    "username": (False, lambda _: ("POST", "/auth/token/", {"username": MARKS, "password": "long enough"}), 401),
    "password": (False, lambda _: ("POST", "/auth/token/", {"username": "eve", "password": MARKS}), 401),
    "code": (True, lambda _: ("POST", "/polls/join/", {"code": MARKS}), 422),
    "code of a guest": (False, lambda _: ("POST", "/auth/guest/", {"code": MARKS}), 422),
    "pairing code": (False, lambda _: ("POST", "/auth/screen/", {"code": MARKS}), 422),
}


def options(first: str) -> list[Json]:
    return [{"option_text": first}, {"option_text": "b"}]


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of what is normalized."""
    lengths, normalize = [0], unicodedata.normalize

    def noting(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", noting)
    return lengths


@pytest.mark.parametrize("name", CALLS)
async def test_a_text_that_is_far_too_long_is_refused_without_being_normalized(
    rest: Rest, longest: list[int], name: str
) -> None:
    known, call, status = CALLS[name]
    admin = await rest.user(admin=True)
    event = await event_of(rest, admin, "Show", new_poll())
    poll = await rest.get(f"/polls/{event['polls'][0]['id']}/", admin)
    longest.clear()
    method, path, body = call(poll)
    who: Person = admin if known else NOBODY
    answer = await rest(method, path, who, json=body)
    assert answer.status_code == status, answer.text
    assert max(longest, default=0) <= LONGEST


async def test_so_many_faults_are_told_and_no_more(rest: Rest) -> None:
    polls = [new_poll("?", *("" for _ in range(50))) for _ in range(50)]
    answer = await rest("POST", "/events/", await rest.user(), json={"title": "x", "polls": polls})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, MOST_ERRORS)
