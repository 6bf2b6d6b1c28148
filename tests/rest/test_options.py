"""Options over HTTP."""

from tests.support.rest import House, Json, refused

TAKEN = "is the same as another option"


async def texts(house: House, poll: Json, who_sees: str = "") -> list[str]:
    async with house.parts.database.read() as connection:
        rows = await connection.all(
            "SELECT option_text FROM options WHERE poll_id = :poll ORDER BY position", poll=poll["id"]
        )
    return [row["option_text"] for row in rows]


async def test_option_is_added_read_changed_and_deleted(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann)
    answer = await house("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": " Maybe "})
    assert answer.status_code == 201
    maybe = answer.json()
    assert maybe == {"id": maybe["id"], "option_text": "Maybe", "position": 2, "votes_count": 0}
    assert await house.get(f"/options/{maybe['id']}/", bob) == maybe
    first = await house("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": "First", "position": 0})
    assert (first.status_code, first.json()["position"]) == (201, 0)
    changed = await house("PATCH", f"/options/{maybe['id']}/", ann, json={"option_text": "Perhaps", "position": 1})
    assert (changed.status_code, changed.json()) == (200, maybe | {"option_text": "Perhaps", "position": 1})
    assert await texts(house, poll) == ["First", "Perhaps", "Yes", "No"]
    answer = await house("DELETE", f"/options/{first.json()['id']}/", ann)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await texts(house, poll) == ["Perhaps", "Yes", "No"]
    found = await house.get(f"/polls/{poll['id']}/", bob)
    assert [one["position"] for one in found["options"]] == [0, 1, 2]
    assert found["version"] == poll["version"] + 4
    assert refused(await house("GET", f"/options/{first.json()['id']}/", ann)) == (404, "option_not_found")


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


async def test_bad_option_changes_nothing(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann)
    before = await house.dump()
    for body in BAD_OPTIONS:
        answer = await house("POST", f"/polls/{poll['id']}/options/", ann, json=body)
        assert refused(answer) == (422, "invalid"), body
        if body:
            answer = await house("PATCH", f"/options/{poll['options'][1]['id']}/", ann, json=body)
            assert refused(answer) == (422, "invalid"), body
    assert await house.dump() == before


async def test_votes_keep_an_option_unless_they_are_discarded(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, "A", "B", "C", max_choices=2)
    a, b, _ = (one["id"] for one in poll["options"])
    await house.vote(ann, poll, 0)
    await house.vote(bob, poll, 0, 1)
    before = await house.dump()
    for method, body in (("PATCH", {"option_text": "Z"}), ("DELETE", None)):
        for query in ("", "?discard_votes=false", "?discard_votes="):
            answer = await house(method, f"/options/{a}/{query}", ann, json=body)
            assert refused(answer) == (409, "option_has_votes")
    assert refused(await house("DELETE", f"/options/{a}/?discard_votes=maybe", ann)) == (422, "invalid")
    assert await house.dump() == before
    answer = await house("PATCH", f"/options/{a}/?discard_votes=true", ann, json={"option_text": "Z"})
    assert (answer.status_code, answer.json()["votes_count"]) == (200, 0)
    results = await house.get(f"/polls/{poll['id']}/results/", ann)
    assert (results["voters"], results["total_votes"]) == (1, 1)
    assert [one["votes_count"] for one in results["options"]] == [0, 1, 0]
    assert (await house("DELETE", f"/options/{b}/?discard_votes=true", ann)).status_code == 204
    assert (await house.get(f"/polls/{poll['id']}/results/", ann))["voters"] == 0
    assert (await house.get(f"/polls/{poll['id']}/vote/", bob))["votes"] == []


async def test_two_options_are_left_at_least(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann)
    answer = await house("DELETE", f"/options/{poll['options'][0]['id']}/?discard_votes=true", ann)
    assert refused(answer) == (409, "too_few_options")


async def test_a_hundred_options_are_enough(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann, *(f"Option {n}" for n in range(100)))
    answer = await house("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": "One more"})
    assert refused(answer) == (409, "too_many_options")


async def test_strangers_change_no_option(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann)
    option = poll["options"][0]["id"]
    before = await house.dump()
    for who in (bob, await house.guest(poll)):
        for method, body in (("PATCH", {"option_text": "Mine"}), ("DELETE", None)):
            answer = await house(method, f"/options/{option}/?discard_votes=true", who, json=body)
            assert refused(answer) == (403, "forbidden")
    assert await house.dump() == before


async def test_hidden_counts_are_null_in_an_option_too(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, results="after_vote")
    await house.vote(ann, poll)
    path = f"/options/{poll['options'][0]['id']}/"
    assert (await house.get(path, bob))["votes_count"] is None
    assert (await house.get(path, ann))["votes_count"] == 1
    await house.vote(bob, poll)
    assert (await house.get(path, bob))["votes_count"] == 2


async def test_options_of_a_closed_poll_stay_as_they_are(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann)
    option = f"/options/{poll['options'][1]['id']}/"
    await house("POST", f"/polls/{poll['id']}/close/", ann)
    before = await house.dump()
    for method, body in (("PATCH", {"option_text": "Other"}), ("PATCH", {"position": 0}), ("DELETE", None)):
        assert refused(await house(method, option, ann, json=body)) == (409, "poll_closed")
    assert (await house("PATCH", option, ann, json={"position": 1})).status_code == 200  # where it is already
    assert await house.dump() == before


async def test_discarded_votes_stand_in_the_history(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann, "a", "b", "c", max_choices=2)
    await house.vote(await house.user(), poll, 0)
    await house.vote(await house.user(), poll, 0, 1)
    option = f"/options/{poll['options'][0]['id']}/?discard_votes=true"
    assert (await house("PATCH", option, ann, json={"option_text": "A"})).status_code == 200
    (row, *_) = (await house.get(f"/polls/{poll['id']}/audit/?target_type=option", ann))["results"]
    assert (row["details"]["votes_discarded"], row["details"]["ballots"]) == (2, [2, 1])


async def test_texts_nobody_can_see_are_refused(house: House) -> None:
    ann = await house.user()
    for text in ("\u200b", " \u2060\u200d "):
        body = {"question": text, "options": [{"option_text": "a"}, {"option_text": text}]}
        answer = await house("POST", "/polls/", ann, json=body)
        assert [one["field"] for one in answer.json()["errors"]] == ["question", "options[1].option_text"]
