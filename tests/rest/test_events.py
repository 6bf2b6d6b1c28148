"""Events: created whole, found by those who may know of them, changed and deleted with their polls."""

from typing import Any

import pytest

from nexus.store.database import Database
from tests.support.events import event_of, new_poll
from tests.support.rest import NOBODY, Person, Rest, open_rest, refused
from tests.support.values import Json

GONE = (404, "event_not_found")
NO_POLL = (404, "poll_not_found")
FORBIDDEN = (403, "forbidden")
INVALID = (422, "invalid")


async def refusal(rest: Rest, method: str, path: str, who: Person, **body: Any) -> tuple[int, str]:
    """How a call is refused, which must change nothing."""
    before = await rest.dump()
    answer = await rest(method, path, who, json=body or None)
    assert await rest.dump() == before
    return refused(answer)


async def test_created_event_has_the_contracts_shape_and_defaults(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, " Summer meeting ", new_poll("First?"), new_poll("Second?", status="draft"))
    assert list(event) == [
        *("id", "code", "title", "description", "created_by", "hosts", "is_public", "allow_guests"),
        *("polls", "polls_count", "shown", "revision", "created_at", "updated_at"),
    ]
    assert (event["title"], event["description"], event["created_by"], event["hosts"]) == (
        *("Summer meeting", "", ann.voter, []),
    )
    assert (event["is_public"], event["allow_guests"], event["shown"], event["revision"]) == (True, True, None, 1)
    assert [(poll["question"], poll["status"]) for poll in event["polls"]] == [
        ("First?", "draft"),
        ("Second?", "draft"),
    ]
    assert len(event["code"]) == 6
    assert await rest.get(f"/events/{event['id']}/", ann) == event
    for position, one in enumerate(event["polls"]):
        poll = await rest.get(f"/polls/{one['id']}/", ann)
        assert (poll["event"], poll["position"], poll["code"]) == (event["id"], position, None)
        assert (poll["status"], poll["created_by"]) == ("draft", ann.voter)


async def test_event_decides_who_may_come_in_for_all_its_polls(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Secret", new_poll(), is_public=False, allow_guests=False)
    assert len(event["code"]) == 10
    path, poll = f"/events/{event['id']}/", f"/polls/{event['polls'][0]['id']}/"
    assert (await rest.get(poll, ann))["is_public"] is False
    assert (await rest.get(poll, ann))["allow_guests"] is False
    assert (await rest("POST", f"{poll}open/", ann)).status_code == 200
    assert await refusal(rest, "GET", path, bob) == GONE
    assert await refusal(rest, "GET", poll, bob) == NO_POLL
    answer = await rest("PATCH", path, ann, json={"is_public": True, "allow_guests": True})
    assert (answer.status_code, answer.json()["revision"]) == (200, 3)
    told = await rest.get(poll, bob)
    assert (told["is_public"], told["allow_guests"]) == (True, True)
    for body in ({"is_public": False}, {"allow_guests": False}):
        assert await refusal(rest, "PATCH", poll, ann, **body) == INVALID
    assert (await rest("PATCH", poll, ann, json={"is_public": True})).status_code == 200


async def test_event_that_becomes_private_gets_a_long_code(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann)
    path = f"/events/{event['id']}/"
    after = (await rest("PATCH", path, ann, json={"is_public": False})).json()
    assert (len(after["code"]), after["revision"]) == (10, 2)
    assert await refusal(rest, "POST", "/events/join/", bob, code=event["code"]) == GONE
    assert await refusal(rest, "GET", path, bob) == GONE
    assert (await rest("POST", "/events/join/", bob, json={"code": after["code"].lower()})).json() == after
    assert await rest.get(path, bob) == after


async def test_code_of_an_event_opens_it_and_its_polls(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Secret", new_poll("Now?"), new_poll("Later?"), is_public=False)
    first = f"/polls/{event['polls'][0]['id']}/"
    opened = (await rest("POST", f"{first}open/", ann)).json()
    joined = await rest("POST", "/events/join/", bob, json={"code": f"{event['code'][:5]}-{event['code'][5:]}"})
    # Drafts do not exist for them.
    assert [poll["question"] for poll in joined.json()["polls"]] == ["Now?"]
    assert (await rest.get(first, bob))["status"] == "open"
    assert await refusal(rest, "GET", f"/polls/{event['polls'][1]['id']}/", bob) == NO_POLL
    assert (await rest.vote(bob, opened))["status"] == "recorded"
    assert [poll["id"] for poll in (await rest.get("/polls/", bob))["results"]] == [opened["id"]]


async def test_codes_of_polls_and_events_are_kept_apart(rest: Rest) -> None:
    ann = await rest.user()
    event, poll = await event_of(rest, ann), await rest.poll(ann)
    assert await refusal(rest, "POST", "/polls/join/", ann, code=event["code"]) == NO_POLL
    assert await refusal(rest, "POST", "/polls/waiting/", NOBODY, code=event["code"]) == NO_POLL
    assert await refusal(rest, "POST", "/events/join/", ann, code=poll["code"]) == GONE
    assert await refusal(rest, "POST", "/events/join/", ann, code="no such") == GONE


async def test_the_others_code_is_no_wrong_one(database: Database) -> None:
    """A client does not know what a code is of: it may ask for both."""
    async with open_rest(database, NEXUS_WRONG_CODES_PER_MINUTE="2", NEXUS_WRONG_CODES_PER_ADDRESS="2") as rest:
        ann = await rest.user()
        event = await event_of(rest, ann)
        for _ in range(5):
            assert refused(await rest("POST", "/polls/join/", ann, json={"code": event["code"]}))[0] == 404
        assert (await rest("POST", "/events/join/", ann, json={"code": event["code"]})).status_code == 200


async def test_guest_of_an_event_is_one_voter_in_all_its_polls(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("One?"), new_poll("Two?"), new_poll("Draft?"), is_public=False)
    other = await rest.poll(ann)
    polls = [(await rest("POST", f"/polls/{one['id']}/open/", ann)).json() for one in event["polls"][:2]]
    entered = (await rest("POST", "/auth/guest/", json={"code": event["code"]})).json()
    assert (entered["event"], entered["poll"]) == (event["id"], None)
    guest = Person(entered["voter"], entered["access"])
    assert (await rest.get(f"/events/{event['id']}/", guest))["polls_count"] == len(event["polls"])
    assert [poll["question"] for poll in (await rest.get(f"/events/{event['id']}/", guest))["polls"]] == [
        "One?",
        "Two?",
    ]
    for poll in polls:
        assert (await rest.vote(guest, poll))["status"] == "recorded"
    found = (await rest.get("/polls/?ordering=created_at", guest))["results"]
    assert [poll["id"] for poll in found] == [poll["id"] for poll in polls]
    for path in (f"/polls/{other['id']}/", f"/polls/{event['polls'][2]['id']}/"):
        assert await refusal(rest, "GET", path, guest) == NO_POLL
    assert await refusal(rest, "GET", "/events/", guest) == FORBIDDEN
    again = (await rest("POST", "/auth/guest/", guest, json={"code": event["code"]})).json()
    assert again["voter"] == guest.voter
    assert (await rest("POST", "/auth/guest/", guest, json={"code": other["code"]})).json()["voter"] != guest.voter


async def test_event_without_guests_lets_none_in(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Members", new_poll())
    guest = await rest.guest(event)
    poll = (await rest("POST", f"/polls/{event['polls'][0]['id']}/open/", ann)).json()
    await rest("PATCH", f"/events/{event['id']}/", ann, json={"allow_guests": False})
    assert await refusal(rest, "POST", "/auth/guest/", NOBODY, code=event["code"]) == (403, "guests_not_allowed")
    assert (await rest.get(f"/polls/{poll['id']}/", guest))["id"] == poll["id"]
    option = poll["options"][0]["id"]
    assert await refusal(rest, "POST", f"/polls/{poll['id']}/vote/", guest, option=option) == FORBIDDEN


async def test_poll_of_an_event_has_neither_screen_nor_pairing_of_its_own(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll())
    path = f"/polls/{event['polls'][0]['id']}/"
    assert await refusal(rest, "POST", f"{path}screen/", ann) == (409, "poll_in_event")
    assert await refusal(rest, "POST", f"{path}pairing/", ann, role="screen") == (409, "poll_in_event")


async def test_deleted_poll_leaves_its_event_in_order(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(3)))
    first, second, third = (one["id"] for one in event["polls"])
    voted = (await rest("POST", f"/polls/{second}/open/", ann)).json()
    await rest.vote(await rest.guest(event), voted)
    assert (await rest("DELETE", f"/polls/{second}/", ann)).status_code == 204
    after = await rest.get(f"/events/{event['id']}/", ann)
    assert [poll["id"] for poll in after["polls"]] == [first, third]
    assert after["revision"] > event["revision"]
    assert (await rest.get(f"/polls/{third}/", ann))["position"] == 1


async def test_deleted_event_takes_its_polls_and_their_votes_along(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(3)))
    poll = (await rest("POST", f"/polls/{event['polls'][0]['id']}/open/", ann)).json()
    await rest.vote(await rest.guest(event), poll)
    kept = await rest.poll(ann)
    assert (await rest("DELETE", f"/events/{event['id']}/", ann)).status_code == 204
    dump = await rest.dump()
    assert [len(dump[table]) for table in ("events", "event_members", "votes", "acts", "polls", "codes")] == [0] * 4 + [
        1,
        1,
    ]
    assert await refusal(rest, "GET", f"/events/{event['id']}/", ann) == GONE
    assert await refusal(rest, "GET", f"/polls/{poll['id']}/", ann) == NO_POLL
    assert (await rest.get(f"/polls/{kept['id']}/", ann))["id"] == kept["id"]


async def test_revision_grows_with_what_followers_see(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("1?"), new_poll("2?"))
    path, poll = f"/events/{event['id']}/", f"/polls/{event['polls'][0]['id']}/"
    steps: list[tuple[str, str, Json | None, int]] = [
        ("PATCH", path, {"title": "Second day"}, 1),
        ("PATCH", path, {"title": " Second day "}, 0),
        ("POST", f"{poll}open/", None, 1),
        ("POST", f"{poll}open/", None, 0),
        ("PATCH", poll, {"question": "Which?"}, 1),
        ("PATCH", poll, {"description": "More."}, 0),
        ("POST", f"{poll}close/", None, 1),
        ("POST", f"{poll}reset/", None, 0),
        ("DELETE", poll, None, 1),
    ]
    revision = 1
    for method, where, body, grows in steps:
        assert (await rest(method, where, ann, json=body)).status_code in (200, 204), where
        revision += grows
        assert (await rest.get(path, ann))["revision"] == revision, (method, where, body)


BAD: list[tuple[Json, list[str]]] = [
    ({}, ["title"]),
    ({"title": " "}, ["title"]),
    ({"title": "x" * 201}, ["title"]),
    ({"title": "a\0"}, ["title"]),
    ({"title": "\u200b"}, ["title"]),
    ({"title": "t", "description": "x" * 10_001}, ["description"]),
    ({"title": "t", "is_public": 1}, ["is_public"]),
    ({"title": "t", "hosts": []}, ["hosts"]),
    ({"title": "t", "polls": [new_poll()] * 201}, ["polls"]),
    ({"title": "t", "polls": {}}, ["polls"]),
    (
        {"title": "t", "polls": [new_poll(), new_poll(" "), new_poll(category=7), new_poll("q", "a", "A")]},
        ["polls[1].question", "polls[2].category", "polls[3].options[1].option_text"],
    ),
    (
        {
            "title": 7,
            "polls": [new_poll(1), new_poll(), {"question": "q", "colour": "red"}, new_poll(options=[{"text": "a"}])],
        },
        ["polls[0].question", "polls[2].colour", "polls[2].options", "polls[3].options[0].option_text",
         "polls[3].options[0].text", "title"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "fields"), BAD)
async def test_refused_event_names_every_fault_by_its_path(rest: Rest, body: Json, fields: list[str]) -> None:
    ann = await rest.user()
    before = await rest.dump()
    answer = await rest("POST", "/events/", ann, json=body)
    assert refused(answer) == INVALID
    assert sorted(error["field"] for error in answer.json()["errors"]) == fields
    assert await rest.dump() == before


async def test_a_fault_that_names_another_field_names_its_whole_path(rest: Rest) -> None:
    body = {"title": "t", "polls": [new_poll(), new_poll("q", "a", "b", "A")]}
    answer = await rest("POST", "/events/", await rest.user(), json=body)
    (error,) = answer.json()["errors"]
    assert error == {
        "field": "polls[1].options[2].option_text",
        "message": "is the same as polls[1].options[0].option_text",
    }


@pytest.mark.parametrize("body", [{"title": ""}, {"is_public": None}, {"code": "ABCDEF"}, {"polls": []}, {"shown": 1}])
async def test_bad_change_is_refused(rest: Rest, body: Json) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann)
    assert await refusal(rest, "PATCH", f"/events/{event['id']}/", ann, **body) == INVALID


async def test_lists_hold_what_one_runs(rest: Rest) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    one = await event_of(rest, ann, "Zebras at noon")
    two = await event_of(rest, ann, "Ants", description="All about noon")
    three = await event_of(rest, bob, "Noon elsewhere")

    async def listed(query: str, who: Person = ann) -> list[int]:
        page = await rest.get(f"/events/{query}", who)
        assert page["count"] >= len(page["results"])
        return [event["id"] for event in page["results"]]

    assert await listed("") == [two["id"], one["id"]]
    assert await listed("?ordering=title") == [two["id"], one["id"]]
    assert await listed("?ordering=-title") == [one["id"], two["id"]]
    assert await listed("?ordering=created_at&page_size=1&page=2") == [two["id"]]
    assert await listed("?search=noon&ordering=created_at") == [one["id"], two["id"]]
    assert await listed(f"?search={one['code']}") == [one["id"]]
    assert await listed("?search=elsewhere") == []
    assert await listed("?ordering=created_at", admin) == [one["id"], two["id"], three["id"]]
    assert await refusal(rest, "GET", "/events/?ordering=code", ann) == INVALID


async def test_history_has_a_row_for_every_change(rest: Rest) -> None:
    ann, admin = await rest.user(), await rest.user(admin=True)
    event = await event_of(rest, ann, "Show", new_poll("Which?"))
    await rest("PATCH", f"/events/{event['id']}/", ann, json={"title": "Day two"})
    await rest("DELETE", f"/events/{event['id']}/", ann)
    told = (await rest.get("/audit/", admin))["results"]
    poll = event["polls"][0]["id"]
    assert [(one["action"], one["target_type"], one["target_id"]) for one in told[:5]] == [
        *(("delete", "event", event["id"]), ("delete", "poll", poll)),
        *(("update", "event", event["id"]), ("create", "poll", poll), ("create", "event", event["id"])),
    ]
    assert told[2]["details"] == {"title": ["Show", "Day two"]}
    assert told[3]["details"]["event"] == event["id"]
