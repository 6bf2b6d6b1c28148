"""Bodies and queries of a wrong shape: every field that does not fit is named at once, in words for people."""

import pytest

from tests.support.rest import Rest, refused
from tests.support.values import Json

POLL = {"question": "q", "options": [{"option_text": "a"}, {"option_text": "b"}]}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"question": "is required", "options": "is required"}),
        (
            {**POLL, "max_choices": "1", "results": "x", "status": "open", "is_public": 1, "foo": 1},
            {
                "max_choices": "must be a whole number, not a string",
                "results": "must be live, after_vote, after_close or host",
                "status": "must be draft",
                "is_public": "must be true or false, not a whole number",
                "foo": "is not a known field",
            },
        ),
        (
            {**POLL, "opens_at": "soon", "expires_at": "2030-01-01T00:00:00", "category": "x"},
            {
                "opens_at": "must be a time such as 2026-11-22T19:00:00Z",
                "expires_at": "must have a time zone, as 2026-11-22T19:00:00Z has",
                "category": "must be a whole number or null, not a string",
            },
        ),
        (
            {"question": 5, "options": [{"option_text": "a"}, {"text": "b"}]},
            {
                "question": "must be a string, not a whole number",
                "options[1].text": "is not a known field",
                "options[1].option_text": "is required",
            },
        ),
        (
            {**POLL, "max_choices": 1.0, "votes_per_user": 101, "description": "x" * 10_001},
            {"max_choices": "must be a whole number, not a decimal number"},
        ),
        (
            {**POLL, "votes_per_user": 101, "description": "x" * 10_001, "options": []},
            {
                "description": "must have at most 10000 characters",
                "votes_per_user": "must be from 1 to 100",
                "options": "must be a list of 2 to 100 options",
            },
        ),
        ([], {"body": "must be an object, not a list"}),
    ],
)
async def test_every_fault_of_a_body_is_named(rest: Rest, body: object, errors: Json) -> None:
    ann = await rest.user()
    before = await rest.dump()
    answer = await rest("POST", "/polls/", ann, json=body)
    assert refused(answer) == (422, "invalid")
    assert {one["field"]: one["message"] for one in answer.json()["errors"]} == errors
    assert await rest.dump() == before


async def test_every_fault_of_a_query_is_named(rest: Rest) -> None:
    answer = await rest("GET", "/polls/?page=0&page_size=x&status=gone&category=y&unknown=1", await rest.user())
    assert {one["field"]: one["message"] for one in answer.json()["errors"]} == {
        "page": "must be at least 1",
        "page_size": "must be a whole number",
        "status": "must be draft, scheduled, open or closed",
        "category": "must be a whole number",
    }


async def test_a_number_beyond_every_range_is_named_in_our_words(rest: Rest) -> None:
    content = b'{"username": 1e999, "password": "four words make one"}'
    answer = await rest("POST", "/auth/token/", content=content, headers={"Content-Type": "application/json"})
    assert refused(answer) == (422, "invalid")
    assert answer.json()["detail"] == "username: must not be a number beyond the supported range"


async def test_lone_surrogates_are_named_wherever_they_are(rest: Rest) -> None:
    deep = b"[" * 400 + b'"\\ud800"' + b"]" * 400
    for content, field in (
        (b'{"\\ud800": 1}', "body"),
        (b'{"\\ud800": ["\\udfff"]}', "?[0]"),
        (b'{"a":' + deep + b"}", "a"),
    ):
        headers = {"Content-Type": "application/json"}
        answer = await rest("POST", "/auth/token/", content=content, headers=headers)
        assert refused(answer) == (422, "invalid")
        told = answer.json()["errors"][-1]
        assert told["field"].startswith(field) and told["message"] == "must not contain lone surrogates"


async def test_a_ballot_names_its_options_in_one_way(rest: Rest) -> None:
    ann = await rest.user()
    path = f"/polls/{(await rest.poll(ann))['id']}/vote/"
    neither, both = (
        await rest("POST", path, ann, json={}),
        await rest("POST", path, ann, json={"options": [1], "option": 1}),
    )
    assert neither.json()["detail"] == "options: is required unless option is given"
    assert both.json()["detail"] == "options: must not be combined with option"
