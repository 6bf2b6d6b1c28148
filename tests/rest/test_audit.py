"""The audit log as hosts and admins read it: who did what, with the votes and never a choice."""

import asyncio

import pytest

from tests.support.rest import Person, Rest, refused
from tests.support.values import Json


async def history(rest: Rest, path: str, who: Person) -> list[Json]:
    """Every entry, page by page."""
    found: list[Json] = []
    url: str | None = f"{path}{'&' if '?' in path else '?'}page_size=3"
    count = 0
    while url is not None:
        page = await rest.get(url, who)
        found += page["results"]
        url, count = page["next"], page["count"]
    assert len(found) == count
    return found


async def test_life_of_a_poll_is_told_newest_first(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, anonymous=False)
    path = f"/polls/{poll['id']}/"
    await rest("PATCH", path, ann, json={"description": "More"})
    receipt = await rest.vote(bob, poll, 0)
    await rest("PATCH", f"/options/{poll['options'][1]['id']}/", ann, json={"option_text": "Never"})
    await rest("DELETE", f"{path}vote/", bob)
    await rest("POST", f"{path}close/", ann)
    await rest("POST", f"{path}open/", ann)
    await rest("POST", f"{path}reset/", ann)
    told = await history(rest, f"{path}audit/", ann)
    assert [(row["user"], row["action"], row["target_type"]) for row in told] == [
        (ann.voter, "reset", "poll"),
        (ann.voter, "open", "poll"),
        (ann.voter, "close", "poll"),
        (bob.voter, "retract", "poll"),
        (ann.voter, "update", "option"),
        (bob.voter, "vote", "poll"),
        (ann.voter, "update", "poll"),
        (ann.voter, "create", "poll"),
    ]
    assert all(
        row.keys() == {"id", "user", "action", "target_type", "target_id", "timestamp", "details"} for row in told
    )
    vote = told[5]
    assert vote["target_id"] == poll["id"]
    assert vote["details"] == {"outcome": "recorded", "epoch": 1, "version": 2, "op": receipt["op"]}
    assert told[4]["target_id"] == poll["options"][1]["id"]
    assert told[6]["details"] == {"description": ["", "More"]}
    times = [row["timestamp"] for row in told]
    assert times == sorted(times, reverse=True) and all(time.endswith("Z") for time in times)
    assert len({row["id"] for row in told}) == len(told)


async def test_refused_and_repeated_acts_leave_no_entry(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, anonymous=False, allow_change=False)
    receipt = await rest.vote(bob, poll, 0)
    await rest.vote(bob, poll, 0, op=receipt["op"])
    await rest("POST", f"/polls/{poll['id']}/vote/", bob, json={"option": poll["options"][1]["id"]})
    told = await history(rest, f"/polls/{poll['id']}/audit/?action=vote", ann)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("", ["vote", "vote", "create"]),
        ("?user={bob}", ["vote"]),
        ("?user={ann}", ["create"]),
        ("?action=vote", ["vote", "vote"]),
        ("?action=retract", []),
        ("?action=create", ["create"]),
        ("?action=vote&user={bob}", ["vote"]),
        ("?target_type=poll", ["vote", "vote", "create"]),
        ("?target_type=option", []),
        ("?target_id={poll}", ["vote", "vote", "create"]),
        ("?target_id=99999999999999999999", []),
        ("?action=nothing", []),
    ],
)
async def test_filters(rest: Rest, query: str, actions: list[str]) -> None:
    ann, bob, cid = [await rest.user() for _ in range(3)]
    admin = await rest.user(admin=True)
    await rest.poll(admin)
    poll = await rest.poll(ann, anonymous=False)
    for who in (bob, cid):
        await rest.vote(who, poll, 0)
    query = query.format(ann=ann.voter, bob=bob.voter, poll=poll["id"])
    told = await history(rest, f"/polls/{poll['id']}/audit/{query}", ann)
    assert [row["action"] for row in told] == actions
    everything = await history(rest, f"/audit/{query}", admin)
    assert {row["id"] for row in told} <= {row["id"] for row in everything}


async def test_whole_log_is_for_admins_and_outlives_what_it_tells_of(rest: Rest) -> None:
    ann, admin = await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(ann)
    await rest.vote(ann, poll, 0)
    await rest("DELETE", f"/polls/{poll['id']}/", ann)
    told = await history(rest, f"/audit/?target_type=poll&target_id={poll['id']}", admin)
    assert [(row["action"], row["user"]) for row in told] == [("delete", ann.voter), ("create", ann.voter)]
    assert refused(await rest("GET", "/audit/", ann)) == (403, "forbidden")
    assert refused(await rest("GET", f"/polls/{poll['id']}/audit/", ann)) == (404, "poll_not_found")
    users = await history(rest, "/audit/?target_type=user", admin)
    assert [row["action"] for row in users] == ["create", "create"]


async def test_history_of_a_poll_is_for_its_host(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll, private = await rest.poll(ann), await rest.poll(ann, is_public=False)
    for who in (bob, await rest.guest(poll), await rest.screen(poll, ann)):
        assert refused(await rest("GET", f"/polls/{poll['id']}/audit/", who)) == (403, "forbidden")
    assert refused(await rest("GET", f"/polls/{private['id']}/audit/", bob)) == (404, "poll_not_found")


async def test_clock_is_the_user_of_what_happens_on_time(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    async with rest.services.database.transaction() as connection:
        await connection.run("UPDATE polls SET expires_at = clock_timestamp() WHERE id = :id", id=poll["id"])
    await rest.get(f"/polls/{poll['id']}/results/", ann)
    (closed,) = await history(rest, f"/polls/{poll['id']}/audit/?action=close", ann)
    assert closed["user"] == "clock"


async def test_acts_of_an_anonymous_poll_tell_no_order_and_no_op(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    voters = [await rest.user() for _ in range(12)]
    for n, who in enumerate(voters):
        await rest.vote(who, poll, n % 2)
    told = [row for row in await history(rest, f"/polls/{poll['id']}/audit/", ann) if row["action"] == "vote"]
    assert {row["user"] for row in told} == {who.voter for who in voters}
    for row in told:
        assert row["details"] == {"outcome": "recorded", "epoch": 1}
        assert row["timestamp"].endswith(":00Z")
    # Twelve voters in two minutes at most: by chance they stand in order of time once in millions.
    order = [row["user"] for row in told]
    assert order != [who.voter for who in reversed(voters)]


async def test_pages_hold_still_while_votes_come(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, anonymous=False)
    voters = [await rest.user() for _ in range(10)]
    await asyncio.gather(*(rest.vote(who, poll, 0) for who in voters))
    first = await history(rest, f"/polls/{poll['id']}/audit/", ann)
    assert first == await history(rest, f"/polls/{poll['id']}/audit/", ann)
    assert len({row["id"] for row in first}) == 11
