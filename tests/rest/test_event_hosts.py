"""Who runs an event, what its definition makes again, and what screens and results show of it."""

import asyncio
from urllib.parse import urlencode

import pytest

from nexus.store import account_changes, departures
from tests.rest.test_events import refusal
from tests.support.events import event_of, new_poll
from tests.support.rest import NOBODY, Person, Rest
from tests.support.values import Json

GONE = (404, "event_not_found")
NO_USER = (404, "user_not_found")
INVALID = (422, "invalid")
FORBIDDEN = (403, "forbidden")


async def test_co_host_runs_the_event_and_its_polls(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("0?"), is_public=False)
    path, poll = f"/events/{event['id']}/", f"/polls/{event['polls'][0]['id']}/"
    assert await refusal(rest, "GET", poll, bob) == (404, "poll_not_found")
    added = await rest("POST", f"{path}hosts/", ann, json={"username": f" {bob.name} "})
    assert (added.status_code, added.json()["hosts"], added.json()["revision"]) == (201, [bob.voter], 2)
    again = await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
    assert (again.status_code, again.json()) == (200, added.json())
    hosts = await rest.get(f"{path}hosts/", bob)
    number = int(bob.voter[5:])
    assert (hosts["count"], hosts["results"]) == (1, [{"sub": bob.voter, "id": number, "username": bob.name}])
    assert hosts["owner"] == {"sub": ann.voter, "id": int(ann.voter[5:]), "username": ann.name}
    assert (await rest.get(poll, bob))["status"] == "draft"
    assert (await rest("POST", f"{path}next/", bob)).status_code == 200
    assert (await rest("POST", f"{path}polls/", bob, json=new_poll())).json()["created_by"] == ann.voter
    assert [one["id"] for one in (await rest.get("/events/", bob))["results"]] == [event["id"]]
    assert await refusal(rest, "DELETE", path, bob) == FORBIDDEN
    assert (await rest("DELETE", f"{path}hosts/{number}/", ann)).status_code == 204
    assert await refusal(rest, "GET", path, bob) == GONE
    assert await refusal(rest, "GET", poll, bob) == (404, "poll_not_found")
    assert await refusal(rest, "DELETE", f"{path}hosts/{number}/", ann) == NO_USER


async def test_only_accounts_that_can_be_used_are_added(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    path = f"/events/{(await event_of(rest, ann))['id']}/"
    await account_changes.change(rest.services.database, int(bob.voter[5:]), disabled=True, by="cli")
    for call in ("hosts/", "owner/"):
        assert await refusal(rest, "POST", f"{path}{call}", ann, username="nobody") == NO_USER
        assert await refusal(rest, "POST", f"{path}{call}", ann, username=bob.name) == (409, "account_disabled")
        assert await refusal(rest, "POST", f"{path}{call}", ann, username="a\0") == INVALID
        assert await refusal(rest, "POST", f"{path}{call}", ann, username=7) == INVALID
    assert await refusal(rest, "POST", f"{path}hosts/", ann, username=ann.name) == INVALID
    # Who is not the owner learns of no account.
    assert await refusal(rest, "POST", f"{path}hosts/", await rest.user(), username="nobody") == FORBIDDEN


async def test_only_hosts_learn_the_names_of_hosts(rest: Rest) -> None:
    ann, bob, eve = await rest.user(), await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Show", new_poll())
    path = f"/events/{event['id']}/"
    await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
    for one, names in ((ann, True), (bob, True), (eve, False), (NOBODY, False)):
        for call in ("", "hosts/", "results/", "audit/", "definition/"):
            text = (await rest("GET", f"{path}{call}", one)).text
            assert (ann.name in text, bob.name in text) == ((names,) * 2 if call == "hosts/" else (False, False)), call


async def test_event_takes_50_co_hosts(rest: Rest) -> None:
    ann = await rest.user()
    path = f"/events/{(await event_of(rest, ann))['id']}/hosts/"
    people = [await rest.user() for _ in range(51)]
    for one in people[:50]:
        assert (await rest("POST", path, ann, json={"username": one.name})).status_code == 201
    assert await refusal(rest, "POST", path, ann, username=people[50].name) == (409, "too_many_hosts")
    page = await rest.get(f"{path}?page=3&page_size=20", ann)
    assert (page["count"], len(page["results"])) == (50, 10)
    # Whoever hands it over becomes a co-host: of 50 one has to make room.
    event = await rest.get(path.removesuffix("hosts/"), ann)
    owner = path.replace("hosts", "owner")
    assert await refusal(rest, "POST", owner, ann, username=people[50].name) == (409, "too_many_hosts")
    assert await rest.get(path.removesuffix("hosts/"), ann) == event
    after = (await rest("POST", owner, ann, json={"username": people[7].name})).json()
    hosts = [one.voter for one in people[:50] if one is not people[7]]
    assert (after["created_by"], after["hosts"]) == (people[7].voter, [*hosts, ann.voter])


async def test_owner_before_stays_as_co_host(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Show", new_poll())
    path = f"/events/{event['id']}/"
    await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
    after = (await rest("POST", f"{path}owner/", ann, json={"username": bob.name})).json()
    assert (after["created_by"], after["hosts"]) == (bob.voter, [ann.voter])
    assert (await rest.get(f"/polls/{event['polls'][0]['id']}/", ann))["created_by"] == bob.voter
    assert await refusal(rest, "POST", f"{path}owner/", ann, username=ann.name) == FORBIDDEN
    assert (await rest("PATCH", path, ann, json={"title": "Still mine"})).status_code == 200
    revision = (await rest("POST", f"{path}owner/", bob, json={"username": bob.name})).json()["revision"]
    assert revision == after["revision"] + 1


async def test_owner_of_another_issuer_who_has_handed_over_can_be_removed(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    ada = Person("ext:ada/1?&", rest.services.tokens.access("ext:ada/1?&", ["host"]))
    event = await event_of(rest, ada, "Show", new_poll())
    path = f"/events/{event['id']}/"
    assert (await rest("POST", f"{path}owner/", ada, json={"username": ann.name})).status_code == 200
    assert (await rest.get(f"{path}hosts/", ada))["owner"]["username"] == ann.name
    hosts = (await rest.get(f"{path}hosts/", ann))["results"]
    assert hosts == [{"sub": ada.voter, "id": None, "username": None}]
    for sub, refused in (("", INVALID), ("ext:ada", NO_USER), (bob.voter, NO_USER), (ann.voter, NO_USER)):
        assert await refusal(rest, "DELETE", f"{path}hosts/?{urlencode({'sub': sub})}", ann) == refused
    assert await refusal(rest, "DELETE", f"{path}hosts/", ann) == INVALID
    assert await refusal(rest, "DELETE", f"{path}hosts/?{urlencode({'sub': ada.voter})}", ada) == FORBIDDEN
    assert (await rest("DELETE", f"{path}hosts/?{urlencode({'sub': ada.voter})}", ann)).status_code == 204
    assert (await rest.get(path, ann))["hosts"] == []
    assert await refusal(rest, "POST", f"{path}next/", ada) == FORBIDDEN
    await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
    assert (await rest("DELETE", f"{path}hosts/?sub={bob.voter}", ann)).status_code == 204


@pytest.mark.parametrize("keep", [True, False])
async def test_deleted_owner_leaves_events_to_an_heir_or_to_nobody(rest: Rest, keep: bool) -> None:
    ann, bob, eve = await rest.user(), await rest.user(), await rest.user()
    database = rest.services.database
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(25)))
    hosted = await event_of(rest, eve, "Hers", new_poll())
    for owner, one, who in ((ann, event, bob), (eve, hosted, ann)):
        await rest("POST", f"/events/{one['id']}/hosts/", owner, json={"username": who.name})
    await rest("POST", f"/events/{event['id']}/next/", ann)
    alone = await rest.poll(ann)
    heir = int(bob.voter[5:]) if keep else None
    await departures.delete(database, int(ann.voter[5:]), heir, by="cli")
    await departures.settle(database, int(ann.voter[5:]))
    assert (await rest.get(f"/events/{hosted['id']}/", eve))["hosts"] == []
    if keep:
        after = await rest.get(f"/events/{event['id']}/", bob)
        assert (after["created_by"], after["hosts"], len(after["polls"])) == (bob.voter, [], 25)
        assert (await rest.get(f"/polls/{event['polls'][3]['id']}/", bob))["created_by"] == bob.voter
        assert (await rest.get(f"/polls/{alone['id']}/", bob))["created_by"] == bob.voter
    else:
        assert await refusal(rest, "GET", f"/events/{event['id']}/", bob) == GONE
        dump = await rest.dump()
        assert [len(dump[table]) for table in ("events", "polls", "event_hosts", "codes")] == [1, 1, 0, 1]


async def test_definition_makes_the_same_event_again(rest: Rest) -> None:
    ann = await rest.user()
    polls = [new_poll("First?", "a", "b", max_choices=2, results="host"), new_poll("Ärger?", description="More.")]
    event = await event_of(rest, ann, "Show", *polls, description="All of it", is_public=False)
    path = f"/events/{event['id']}/"
    for _ in range(2):
        await rest("POST", f"{path}next/", ann)
    told = await rest.get(f"{path}definition/", ann)
    assert told == {"title": "Show", "description": "All of it", "is_public": False, "polls": polls}
    again = await rest("POST", "/events/", ann, json=told)
    assert again.status_code == 201
    assert await rest.get(f"/events/{again.json()['id']}/definition/", ann) == told


async def test_copy_is_a_new_event_of_drafts(rest: Rest) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    category = (await rest("POST", "/categories/", admin, json={"name": "Meetings"})).json()["id"]
    event = await event_of(rest, ann, "Show", new_poll("0?", category=category), new_poll("1?"))
    path = f"/events/{event['id']}/"
    await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
    await rest("POST", f"{path}next/", ann)
    copied = await rest("POST", f"{path}copy/", bob)
    copy = copied.json()
    assert (copied.status_code, copy["created_by"], copy["hosts"], copy["shown"]) == (201, bob.voter, [], None)
    assert [(one["question"], one["status"]) for one in copy["polls"]] == [("0?", "draft"), ("1?", "draft")]
    assert copy["code"] != event["code"]
    assert (await rest.get(f"/polls/{copy['polls'][0]['id']}/", bob))["category"] == category
    entry = (await rest.get(f"/audit/?target_type=event&target_id={copy['id']}", admin))["results"][0]
    assert entry["details"] == {"title": "Show", "copy_of": event["id"]}


async def test_screen_of_an_event_sees_what_its_host_sees(rest: Rest) -> None:
    ann = await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("0?", results="host"), new_poll("1?"), is_public=False)
    path = f"/events/{event['id']}/"
    made = (await rest("POST", f"{path}screen/", ann)).json()
    assert made["url"] == f"http://nexus.test/live/{event['code']}#token={made['access']}"
    screen = Person(ann.voter, made["access"])
    assert len((await rest.get(path, screen))["polls"]) == 2
    await rest("POST", f"{path}next/", ann)
    poll = await rest.get(f"/polls/{event['polls'][0]['id']}/", screen)
    await rest.vote(await rest.guest(event), poll)
    results = await rest.get(f"{path}results/", screen)
    assert [one["visibility"] for one in results["results"]] == ["full"]
    option = poll["options"][0]["id"]
    assert await refusal(rest, "POST", f"/polls/{poll['id']}/vote/", screen, option=option) == FORBIDDEN
    for call in ("next/", "copy/", "screen/"):
        assert await refusal(rest, "POST", f"{path}{call}", screen) == FORBIDDEN
    other = await event_of(rest, ann, "Other", new_poll())
    assert await refusal(rest, "GET", f"/events/{other['id']}/", screen) == GONE


async def test_results_are_those_of_each_poll_under_its_own_policy(rest: Rest) -> None:
    ann = await rest.user()
    policies = ("live", "after_vote", "after_close", "host", "live")
    polls = [new_poll(policy, results=policy) for policy in policies]
    event = await event_of(rest, ann, "Show", *polls)
    path = f"/events/{event['id']}/"
    voted, silent = await rest.guest(event), await rest.guest(event)
    for one in event["polls"][:4]:
        opened = (await rest("POST", f"/polls/{one['id']}/open/", ann)).json()
        await rest.vote(voted, opened)

    async def seen(who: Person) -> list[str]:
        results = await rest.get(f"{path}results/", who)
        assert results["event"] == event["id"]
        assert [one["poll"] for one in results["results"]] == [one["id"] for one in event["polls"][:4]]
        for one in results["results"]:
            hidden = one["visibility"] == "turnout"
            counts = [option["votes_count"] for option in one["options"]]
            assert counts == ([None, None] if hidden else [1, 0]), one
        return [one["visibility"] for one in results["results"]]

    assert await seen(ann) == ["full"] * 4
    assert await seen(voted) == ["full", "full", "turnout", "turnout"]
    assert await seen(silent) == ["full", "turnout", "turnout", "turnout"]
    await rest("POST", f"/polls/{event['polls'][2]['id']}/close/", ann)
    assert await seen(silent) == ["full", "turnout", "full", "turnout"]
    assert await refusal(rest, "GET", f"{path}results/", NOBODY) == (401, "unauthenticated")


async def test_hosts_who_come_and_go_beside_changes_leave_no_deadlock(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(6)))
    path, polls = f"/events/{event['id']}/", [one["id"] for one in event["polls"]]
    guests = [await rest.guest(event) for _ in range(4)]
    acts: list[tuple[str, str, Person, Json | None]] = []
    for _ in range(6):
        acts += [
            *(("POST", f"{path}next/", ann, None), ("PUT", f"{path}order/", ann, {"polls": polls[::-1]})),
            *(("POST", f"{path}hosts/", ann, {"username": bob.name}), ("PATCH", path, ann, {"is_public": False})),
            *(("DELETE", f"{path}hosts/{bob.voter[5:]}/", ann, None), ("PATCH", path, ann, {"is_public": True})),
            *(("POST", f"/polls/{poll}/open/", ann, None) for poll in polls),
            *(("PATCH", f"/polls/{poll}/", ann, {"position": 0}) for poll in polls),
            *(("POST", f"/polls/{poll}/vote/", guest, {"options": [1]}) for poll in polls for guest in guests),
        ]
    answers = await asyncio.gather(*(rest(method, where, who, json=body) for method, where, who, body in acts))
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 409, 422}
