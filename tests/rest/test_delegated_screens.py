"""A screen is worth no more than its maker: it ends when that is no longer a host (docs/contract.md, "Screens")."""

from __future__ import annotations

import pytest

from nexus.store.database import Database
from tests.rest.test_events import refusal
from tests.rest.test_pairing import paired
from tests.support.events import event_of, new_poll
from tests.support.rest import Person, Rest
from tests.support.values import Json

GONE, NO_POLL, FORBIDDEN = (404, "event_not_found"), (404, "poll_not_found"), (403, "forbidden")


async def screen_of(rest: Rest, event: Json, maker: Person) -> Person:
    """The screen that a host makes of an event."""
    made = await rest("POST", f"/events/{event['id']}/screen/", maker)
    assert made.status_code == 201, made.text
    return Person(maker.voter, made.json()["access"])


async def dismissed(rest: Rest, event: Json, owner: Person, one: Person) -> None:
    """One is no longer a co-host."""
    answer = await rest("DELETE", f"/events/{event['id']}/hosts/{one.voter.removeprefix('user:')}/", owner)
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("maker", ["co-host", "owner before"])
async def test_a_screen_of_an_event_ends_with_its_makers_rights(rest: Rest, maker: str, public: bool) -> None:
    ann, bob = await rest.user(), await rest.user()
    event = await event_of(rest, ann, "Show", new_poll("0?", results="host"), new_poll("1?"), is_public=public)
    path, polls = f"/events/{event['id']}/", [f"/polls/{one['id']}/" for one in event["polls"]]
    await rest("POST", f"{path}next/", ann)
    if maker == "co-host":
        await rest("POST", f"{path}hosts/", ann, json={"username": bob.name})
        one, owner = bob, ann
    else:
        one, owner = ann, bob
    screen = await screen_of(rest, event, one)
    if maker == "owner before":  # who then is a co-host
        await rest("POST", f"{path}owner/", ann, json={"username": bob.name})
    assert (await rest.get(f"{polls[0]}results/", screen))["visibility"] == "full"
    assert (await rest.get("/polls/", screen))["count"] == 2
    assert len((await rest.get(path, screen))["polls"]) == 2
    await rest("POST", "/events/join/", one, json={"code": event["code"]})
    await dismissed(rest, event, owner, one)
    for tail in ("", "results/"):
        assert await refusal(rest, "GET", f"{path}{tail}", screen) == GONE
        for poll in polls:
            assert await refusal(rest, "GET", f"{poll}{tail}", screen) == NO_POLL
    assert (await rest.get("/polls/", screen))["results"] == []
    assert await refusal(rest, "POST", "/events/join/", screen, code=event["code"]) == GONE
    # It is worth something again with its maker.
    await rest("POST", f"{path}hosts/", owner, json={"username": one.name})
    assert (await rest.get(f"{polls[0]}results/", screen))["visibility"] == "full"


async def test_a_screen_that_an_admin_has_made_does_not_depend_on_the_hosts(rest: Rest) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    event = await event_of(rest, ann, "Show", new_poll("0?", results="host"), is_public=False)
    path = f"/events/{event['id']}/"
    await rest("POST", f"{path}hosts/", ann, json={"username": admin.name})
    screen = await screen_of(rest, event, admin)
    await dismissed(rest, event, ann, admin)
    await rest("POST", f"{path}owner/", ann, json={"username": bob.name})
    assert len((await rest.get(path, screen))["polls"]) == 1
    assert (await rest.get("/polls/", screen))["count"] == 1


async def handed(database: Database, poll: Json, to: Person) -> None:
    """Somebody else's from now on, as when an account is deleted and its polls are kept."""
    async with database.transaction() as connection:
        await connection.run(
            "UPDATE polls SET created_by = :to, revision = revision + 1 WHERE id = :poll", to=to.voter, poll=poll["id"]
        )


@pytest.mark.parametrize("by", ["screen", "presenter", "link"])
async def test_a_screen_of_a_poll_ends_with_its_makers_rights(rest: Rest, database: Database, by: str) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(ann, results="host")
    path = f"/polls/{poll['id']}/"
    own, admins = [
        await rest.screen(poll, one) if by == "link" else await paired(rest, poll, one, by) for one in (ann, admin)
    ]
    await handed(database, poll, bob)
    assert await refusal(rest, "GET", path, own) == NO_POLL
    for call in ("close/", "open/"):
        assert await refusal(rest, "POST", f"{path}{call}", own) == NO_POLL
    assert await refusal(rest, "PATCH", path, own, results="live") == NO_POLL
    assert (await rest.get(f"{path}results/", admins))["visibility"] == "full"
    assert (await rest("POST", f"{path}close/", admins)).status_code == (200 if by == "presenter" else 403)
