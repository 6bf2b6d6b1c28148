"""Options over HTTP."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.support.rest import Rest, refused
from tests.support.values import Json

TAKEN = "is the same as another option"
ALIKE = [
    (one, other)
    for one, other in json.loads((Path(__file__).parents[1] / "domain" / "alike.json").read_text("utf-8"))["alike"]
    if one
]


async def texts(rest: Rest, poll: Json, who_sees: str = "") -> list[str]:
    async with rest.services.database.read() as connection:
        rows = await connection.all(
            "SELECT option_text FROM options WHERE poll_id = :poll ORDER BY position", poll=poll["id"]
        )
    return [row["option_text"] for row in rows]


async def test_option_is_added_read_changed_and_deleted(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    answer = await rest("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": " Maybe "})
    assert answer.status_code == 201
    maybe = answer.json()
    assert maybe == {"id": maybe["id"], "option_text": "Maybe", "position": 2, "votes_count": 0}
    assert await rest.get(f"/options/{maybe['id']}/", bob) == maybe
    first = await rest("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": "First", "position": 0})
    assert (first.status_code, first.json()["position"]) == (201, 0)
    changed = await rest("PATCH", f"/options/{maybe['id']}/", ann, json={"option_text": "Perhaps", "position": 1})
    assert (changed.status_code, changed.json()) == (200, maybe | {"option_text": "Perhaps", "position": 1})
    assert await texts(rest, poll) == ["First", "Perhaps", "Yes", "No"]
    answer = await rest("DELETE", f"/options/{first.json()['id']}/", ann)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await texts(rest, poll) == ["Perhaps", "Yes", "No"]
    found = await rest.get(f"/polls/{poll['id']}/", bob)
    assert [one["position"] for one in found["options"]] == [0, 1, 2]
    assert found["version"] == poll["version"] + 4
    assert refused(await rest("GET", f"/options/{first.json()['id']}/", ann)) == (404, "option_not_found")


BAD_OPTIONS: list[Json] = [
    {},
    {"option_text": ""},
    {"option_text": " YES "},
    {"option_text": "x" * 256},
    {"option_text": "a\u0000"},
    {"option_text": None},
    {"option_text": "New", "position": 3},
    {"option_text": "New", "position": -1},
    {"option_text": "New", "position": 10**30},
    {"option_text": "New", "position": "0"},
    {"option_text": "New", "votes_count": 5},
]


async def test_bad_option_changes_nothing(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    before = await rest.dump()
    for body in BAD_OPTIONS:
        answer = await rest("POST", f"/polls/{poll['id']}/options/", ann, json=body)
        assert refused(answer) == (422, "invalid"), body
        if body:
            answer = await rest("PATCH", f"/options/{poll['options'][1]['id']}/", ann, json=body)
            assert refused(answer) == (422, "invalid"), body
    assert await rest.dump() == before


async def test_votes_keep_an_option_unless_they_are_discarded(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "A", "B", "C", max_choices=2)
    a, b, _ = (one["id"] for one in poll["options"])
    await rest.vote(ann, poll, 0)
    await rest.vote(bob, poll, 0, 1)
    before = await rest.dump()
    for method, body in (("PATCH", {"option_text": "Z"}), ("DELETE", None)):
        for query in ("", "?discard_votes=false", "?discard_votes="):
            answer = await rest(method, f"/options/{a}/{query}", ann, json=body)
            assert refused(answer) == (409, "option_has_votes")
    assert refused(await rest("DELETE", f"/options/{a}/?discard_votes=maybe", ann)) == (422, "invalid")
    assert await rest.dump() == before
    answer = await rest("PATCH", f"/options/{a}/?discard_votes=true", ann, json={"option_text": "Z"})
    assert (answer.status_code, answer.json()["votes_count"]) == (200, 0)
    results = await rest.get(f"/polls/{poll['id']}/results/", ann)
    assert (results["voters"], results["total_votes"]) == (1, 1)
    assert [one["votes_count"] for one in results["options"]] == [0, 1, 0]
    assert (await rest("DELETE", f"/options/{b}/?discard_votes=true", ann)).status_code == 204
    assert (await rest.get(f"/polls/{poll['id']}/results/", ann))["voters"] == 0
    assert (await rest.get(f"/polls/{poll['id']}/vote/", bob))["votes"] == []


async def test_two_options_are_left_at_least(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    answer = await rest("DELETE", f"/options/{poll['options'][0]['id']}/?discard_votes=true", ann)
    assert refused(answer) == (409, "too_few_options")


async def test_a_hundred_options_are_enough(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, *(f"Option {n}" for n in range(100)))
    answer = await rest("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": "One more"})
    assert refused(answer) == (409, "too_many_options")


async def test_strangers_change_no_option(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    option = poll["options"][0]["id"]
    before = await rest.dump()
    for who in (bob, await rest.guest(poll)):
        for method, body in (("PATCH", {"option_text": "Mine"}), ("DELETE", None)):
            answer = await rest(method, f"/options/{option}/?discard_votes=true", who, json=body)
            assert refused(answer) == (403, "forbidden")
    assert await rest.dump() == before


async def test_hidden_counts_are_null_in_an_option_too(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, results="after_vote")
    await rest.vote(ann, poll)
    path = f"/options/{poll['options'][0]['id']}/"
    assert (await rest.get(path, bob))["votes_count"] is None
    assert (await rest.get(path, ann))["votes_count"] == 1
    await rest.vote(bob, poll)
    assert (await rest.get(path, bob))["votes_count"] == 2


async def test_options_of_a_closed_poll_stay_as_they_are(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    option = f"/options/{poll['options'][1]['id']}/"
    await rest("POST", f"/polls/{poll['id']}/close/", ann)
    before = await rest.dump()
    for method, body in (("PATCH", {"option_text": "Other"}), ("PATCH", {"position": 0}), ("DELETE", None)):
        assert refused(await rest(method, option, ann, json=body)) == (409, "poll_closed")
    assert (await rest("PATCH", option, ann, json={"position": 1})).status_code == 200  # where it is already
    assert await rest.dump() == before


async def test_discarded_votes_stand_in_the_history(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "a", "b", "c", max_choices=2)
    await rest.vote(await rest.user(), poll, 0)
    await rest.vote(await rest.user(), poll, 0, 1)
    option = f"/options/{poll['options'][0]['id']}/?discard_votes=true"
    assert (await rest("PATCH", option, ann, json={"option_text": "A"})).status_code == 200
    (row, *_) = (await rest.get(f"/polls/{poll['id']}/audit/?target_type=option", ann))["results"]
    assert (row["details"]["votes_discarded"], row["details"]["ballots"]) == (2, [2, 1])


async def test_texts_nobody_can_see_are_refused(rest: Rest) -> None:
    ann = await rest.user()
    for text in ("\u200b", " \u2060\u200d "):
        body = {"question": text, "options": [{"option_text": "a"}, {"option_text": text}]}
        answer = await rest("POST", "/polls/", ann, json=body)
        assert [one["field"] for one in answer.json()["errors"]] == ["question", "options[1].option_text"]


async def test_options_nobody_can_tell_apart_are_refused_wherever_they_are_written(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "First", ALIKE[0][0])
    first, second = (one["id"] for one in poll["options"])
    before = await rest.dump()
    for one, other in ALIKE:
        body = {"question": "Well?", "options": [{"option_text": text} for text in ("First", one, other)]}
        answer = await rest("POST", "/polls/", ann, json=body)
        assert answer.json()["errors"] == [
            {"field": "options[2].option_text", "message": "is the same as options[1].option_text"}
        ], ascii(other)
    for method, path in (("POST", f"/polls/{poll['id']}/options/"), ("PATCH", f"/options/{first}/")):
        answer = await rest(method, path, ann, json={"option_text": ALIKE[0][1]})
        assert answer.json()["errors"] == [{"field": "option_text", "message": TAKEN}]
    assert await rest.dump() == before
    answer = await rest("PATCH", f"/options/{second}/", ann, json={"option_text": "YES"})
    assert (answer.status_code, answer.json()["option_text"]) == (200, "YES")  # it may change into its own like


async def test_two_options_alike_at_once_are_one(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    alike = ("Maybe", "MAYBE", "May\u200bbe", "\uff2daybe", "maybe\u3164")
    path = f"/polls/{poll['id']}/options/"
    answers = await asyncio.gather(*(rest("POST", path, ann, json={"option_text": text}) for text in alike))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 4}
    assert len(await texts(rest, poll)) == 3


async def test_options_of_former_times_that_look_alike_stay_and_can_be_edited(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "A", "B", "C")
    a, b, _ = (one["id"] for one in poll["options"])
    async with rest.services.database.transaction() as connection:
        await connection.run("UPDATE options SET option_text = 'A' || chr(8203) WHERE id = :b", b=b)
    twin = "A\u200b"
    await rest.vote(ann, poll, 1)
    assert (await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"description": "More"})).status_code == 200
    moved = await rest("PATCH", f"/options/{b}/", ann, json={"option_text": twin, "position": 2})
    assert (moved.status_code, moved.json()["votes_count"]) == (200, 1)
    answer = await rest("PATCH", f"/options/{a}/", ann, json={"option_text": "a"})
    assert answer.json()["errors"] == [{"field": "option_text", "message": TAKEN}]
    assert (await rest("PATCH", f"/options/{a}/", ann, json={"option_text": "Another"})).status_code == 200
    assert await texts(rest, poll) == ["Another", "C", twin]


@pytest.mark.parametrize("text", ["\u3164", "\u2800 \u2800", "\u115f\u1160", "\ufe0f\u200d", "\U000e0041"])
async def test_a_text_that_nobody_sees_is_refused_everywhere(rest: Rest, text: str) -> None:
    ann, admin = await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(ann)
    unseen = "must have a visible character"
    body = {"question": text, "options": [{"option_text": text}, {"option_text": "No"}]}
    for method, path, sent in (
        ("POST", "/polls/", body),
        ("PATCH", f"/polls/{poll['id']}/", {"question": text}),
        ("POST", f"/polls/{poll['id']}/options/", {"option_text": text}),
        ("PATCH", f"/options/{poll['options'][0]['id']}/", {"option_text": text}),
        ("POST", "/categories/", {"name": text}),
        ("POST", "/auth/register/", {"username": text, "password": "a long enough one"}),
    ):
        answer = await rest(method, path, admin, json=sent)
        assert refused(answer) == (422, "invalid"), path
        assert {error["message"] for error in answer.json()["errors"]} == {unseen}, path
