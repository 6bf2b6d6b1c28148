"""The run sheet of an event: polls come into it and change places, and everybody is told of the same order."""

import random

import pytest

from nexus.bus import PollNews
from nexus.store.locks import lock_with_run_sheet
from tests.rest.test_events import refusal
from tests.support.events import event_of, new_poll
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

INVALID = (422, "invalid")


async def test_added_poll_is_a_draft_at_its_place(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("0?"), is_public=False)
    path = f"/events/{event['id']}/"
    last = (await rest("POST", f"{path}polls/", ann, json=new_poll("1?", opens_at=None))).json()
    assert (last["status"], last["position"], last["event"], last["code"]) == ("draft", 1, event["id"], None)
    assert (last["is_public"], last["created_by"]) == (False, ann.voter)
    first = (await rest("POST", f"{path}polls/", ann, json=new_poll("2?", position=0))).json()
    assert first["position"] == 0
    after = await rest.get(path, ann)
    assert ([poll["question"] for poll in after["polls"]], after["revision"]) == (["2?", "0?", "1?"], 3)
    assert [(await rest.get(f"/polls/{one['id']}/", ann))["position"] for one in after["polls"]] == [0, 1, 2]


async def test_copy_of_a_poll_that_one_hosts_can_be_added(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann)
    source = await rest.poll(ann, "a", "b", question="Again?", max_choices=2)
    await rest.vote(bob, source)
    made = await rest("POST", f"/events/{event['id']}/polls/", ann, json={"copy": source["id"]})
    copy = made.json()
    assert (made.status_code, copy["question"], copy["max_choices"], copy["version"]) == (201, "Again?", 2, 1)
    again = await rest("POST", f"/events/{event['id']}/polls/", ann, json={"copy": copy["id"], "position": 0})
    assert (again.status_code, again.json()["position"]) == (201, 0)
    others = await rest.poll(bob)
    path = f"/events/{event['id']}/polls/"
    for number in (others["id"], 10**30, 2**40):
        assert await refusal(rest, "POST", path, ann, copy=number) == INVALID
    assert await refusal(rest, "POST", path, ann, copy=source["id"], question="Which?") == INVALID


BAD: list[Json] = [
    {"position": 0},
    {**new_poll(), "position": 2},
    {**new_poll(), "position": -1},
    {"question": "q"},
    {"question": "q", "options": [{"option_text": "a"}]},
    {"copy": "7"},
    {**new_poll(), "event": 7},
]


@pytest.mark.parametrize("body", BAD)
async def test_bad_poll_is_not_added(rest: Rest, body: Json) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll())
    assert await refusal(rest, "POST", f"/events/{event['id']}/polls/", ann, **body) == INVALID


async def test_event_takes_200_polls(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll() for _ in range(200)))
    path = f"/events/{event['id']}/polls/"
    assert await refusal(rest, "POST", path, ann, **new_poll()) == (409, "too_many_polls")


async def test_order_is_all_of_its_polls(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(4)))
    path, polls = f"/events/{event['id']}/order/", [poll["id"] for poll in event["polls"]]
    other = (await rest.poll(ann))["id"]
    for wrong in (polls[:3], [*polls, other], [*polls[:3], other], [*polls, polls[0]], [*polls[:3], polls[0]], []):
        assert await refusal(rest, "PUT", path, ann, polls=wrong) == (409, "event_changed")
    rest.told.clear()
    turned = [polls[3], polls[1], polls[2], polls[0]]
    after = (await rest("PUT", path, ann, json={"polls": turned})).json()
    assert ([poll["id"] for poll in after["polls"]], after["revision"]) == (turned, 2)
    # Only those that moved are told of.
    assert {news.poll for news in rest.told if isinstance(news, PollNews)} == {polls[0], polls[3]}
    assert (await rest("PUT", path, ann, json={"polls": turned})).json()["revision"] == 2


async def test_position_of_a_poll_can_be_changed(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(3)))
    last = event["polls"][2]["id"]
    answer = await rest("PATCH", f"/polls/{last}/", ann, json={"position": 0, "question": "First?"})
    assert (answer.status_code, answer.json()["position"]) == (200, 0)
    after = await rest.get(f"/events/{event['id']}/", ann)
    assert ([poll["question"] for poll in after["polls"]], after["revision"]) == (["First?", "0?", "1?"], 2)
    for one, position in ((one["id"], n) for n, one in enumerate(after["polls"])):
        assert (await rest.get(f"/polls/{one}/", ann))["position"] == position
    assert await refusal(rest, "PATCH", f"/polls/{last}/", ann, position=3) == INVALID
    alone = await rest.poll(ann)
    assert await refusal(rest, "PATCH", f"/polls/{alone['id']}/", ann, position=0) == INVALID


async def change(rest: Rest, ann: Person, path: str, model: list[int], chance: random.Random) -> None:
    """Change a run sheet somehow, and its `model` alike."""
    act = chance.choice(["add", "delete", "reorder", "move", "show", "next"])
    if act == "add":
        position = chance.randint(0, len(model))
        answer = await rest("POST", f"{path}polls/", ann, json=new_poll("New?", position=position))
        model.insert(position, answer.json()["id"])
    elif act == "delete" and model:
        answer = await rest("DELETE", f"/polls/{model.pop(chance.randrange(len(model)))}/", ann)
    elif act == "reorder":
        chance.shuffle(model)
        answer = await rest("PUT", f"{path}order/", ann, json={"polls": model})
    elif act == "move" and model:
        moved, position = chance.choice(model), chance.randrange(len(model))
        model.remove(moved)
        model.insert(position, moved)
        answer = await rest("PATCH", f"/polls/{moved}/", ann, json={"position": position})
    elif act == "show" and model:
        answer = await rest("POST", f"{path}show/", ann, json={"poll": chance.choice(model)})
    else:
        answer = await rest("POST", f"{path}next/", ann)
    assert answer.status_code in (200, 201, 204), (act, answer.text)


async def test_any_changes_leave_one_order_without_gaps(rest: Rest) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(4)))
    path, revision, model = f"/events/{event['id']}/", 1, [poll["id"] for poll in event["polls"]]
    for _ in range(40):
        await change(rest, ann, path, model, chance)
        after = await rest.get(path, ann)
        assert [poll["id"] for poll in after["polls"]] == model
        assert after["revision"] >= revision
        assert after["shown"] is None or after["shown"] in model
        revision = after["revision"]
        places = [(await rest.get(f"/polls/{poll}/", ann))["position"] for poll in model]
        assert places == list(range(len(model)))


async def test_unknown_event_has_no_run_sheet(rest: Rest) -> None:
    answer = await rest("PUT", "/events/77/order/", await rest.user(), json={"polls": []})
    assert refused(answer) == (404, "event_not_found")


async def test_change_of_places_holds_every_poll_of_its_event(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(3)))
    database = rest.services.database
    async with database.transaction() as holder:
        await lock_with_run_sheet(holder, event["polls"][1]["id"])
        async with database.transaction() as other:
            free = await other.all(
                "SELECT id FROM polls WHERE event_id = :event FOR NO KEY UPDATE SKIP LOCKED", event=event["id"]
            )
    assert free == []
