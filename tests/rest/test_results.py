"""Results over HTTP, and who sees counts on which path."""

import asyncio

import pytest

from nexus.domain.poll import Poll
from tests.support.rest import House, Json, Person, refused


async def test_results_have_the_contracts_shape(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, "A", "B", "C", max_choices=2, expires_at="2099-01-01T00:00:00Z")
    empty = await house.get(f"/polls/{poll['id']}/results/", bob)
    assert [one["percentage"] for one in empty["options"]] == [0.0, 0.0, 0.0]
    for who, places in ((ann, (0, 1)), (bob, (0,)), (await house.guest(poll), (1,))):
        await house.vote(who, poll, *places)
    results = await house.get(f"/polls/{poll['id']}/results/", bob)
    assert results.pop("server_now").endswith("Z")
    shares = [(2, 66.67), (2, 66.67), (0, 0.0)]
    assert results == {
        "poll": poll["id"],
        "question": "Well?",
        "status": "open",
        "epoch": 1,
        "version": 4,
        "visibility": "full",
        "final": False,
        "voters": 3,
        "total_votes": 3,
        "options": [
            {"id": one["id"], "option_text": one["option_text"], "votes_count": count, "percentage": share}
            for one, (count, share) in zip(poll["options"], shares, strict=True)
        ],
        "expires_at": "2099-01-01T00:00:00Z",
    }


async def sees(house: House, poll: Json, who: Person) -> bool:
    """Whether somebody sees the counts: on every path, or on none."""
    results = await house.get(f"/polls/{poll['id']}/results/", who)
    read = await house.get(f"/polls/{poll['id']}/", who)
    joined = (await house("POST", "/polls/join/", who, json={"code": poll["code"]})).json()
    listed = next(one for one in (await house.get("/polls/", who))["results"] if one["id"] == poll["id"])
    option = await house.get(f"/options/{poll['options'][0]['id']}/", who)
    counts = [one["votes_count"] for view in (results, read, joined, listed) for one in view["options"]]
    counts += [one["percentage"] for one in results["options"]] + [option["votes_count"]]
    assert results["voters"] == 1
    full: bool = results["visibility"] == "full"
    assert all((count is not None) == full for count in counts), counts
    return full


@pytest.mark.parametrize("is_public", [True, False])
@pytest.mark.parametrize(
    ("policy", "open_", "voted", "closed"),
    [
        ("live", True, True, True),
        ("after_vote", False, True, False),
        ("after_close", False, False, True),
        ("host", False, False, False),
    ],
)
async def test_counts_are_seen_by_whom_the_policy_lets(
    house: House, policy: str, open_: bool, voted: bool, closed: bool, is_public: bool
) -> None:
    ann, bob, eve, admin = [await house.user() for _ in range(3)] + [await house.user(admin=True)]
    poll = await house.poll(ann, results=policy, is_public=is_public)
    await house("POST", "/polls/join/", bob, json={"code": poll["code"]})
    await house("POST", "/polls/join/", eve, json={"code": poll["code"]})
    await house.vote(bob, poll)
    guest, screen = await house.guest(poll), await house.screen(poll, ann)
    assert [await sees(house, poll, who) for who in (eve, guest, bob)] == [open_, open_, voted]
    await house("POST", f"/polls/{poll['id']}/close/", ann)
    after_close = closed or voted
    assert [await sees(house, poll, who) for who in (eve, guest)] == [closed, closed]
    assert await sees(house, poll, bob) == (after_close if policy == "after_vote" else closed)
    for who in (ann, admin, screen):
        assert await sees(house, poll, who)


async def test_right_to_see_ends_with_the_ballot_and_the_round(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, results="after_vote")
    path = f"/polls/{poll['id']}/"
    for end in (("DELETE", f"{path}vote/", bob), ("POST", f"{path}reset/", ann)):
        await house.vote(bob, poll)
        assert (await house.get(f"{path}results/", bob))["visibility"] == "full"
        await house(*end)
        assert (await house.get(f"{path}results/", bob))["visibility"] == "turnout"


async def test_ballot_of_the_next_round_opens_nothing_of_this_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, eve = [await house.user() for _ in range(3)]
    poll = await house.poll(ann, results="after_vote")
    await house.vote(eve, poll)
    read = house.parts.tallies.poll

    async def read_just_before_a_reset(id_: int) -> Poll | None:
        found = await read(id_)
        monkeypatch.undo()
        await house("POST", f"/polls/{poll['id']}/reset/", ann)
        await house.vote(bob, poll)
        return found

    monkeypatch.setattr(house.parts.tallies, "poll", read_just_before_a_reset)
    results = await house.get(f"/polls/{poll['id']}/results/", bob)
    assert (results["epoch"], results["visibility"]) == (1, "turnout")


async def test_etag_holds_until_something_shows(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, results="after_vote")
    path = f"/polls/{poll['id']}/results/"
    seen = set()

    async def fresh(who: Person) -> str:
        first = await house("GET", path, who)
        tag: str = first.headers["etag"]
        assert tag.startswith('W/"')
        assert "no-cache" in first.headers["cache-control"]
        for given in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
            answer = await house("GET", path, who, headers={"If-None-Match": given})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), given
        for given in ('"x"', "", tag.replace(".", ".9")):
            assert (await house("GET", path, who, headers={"If-None-Match": given})).status_code == 200, given
        assert tag not in seen
        seen.add(tag)
        return tag

    hidden, shown = await fresh(bob), await fresh(ann)
    assert hidden != shown
    await house.vote(bob, poll)
    await fresh(bob)
    await house("PATCH", f"/options/{poll['options'][1]['id']}/", ann, json={"option_text": "Never"})
    await fresh(bob)
    await house("POST", f"/polls/{poll['id']}/close/", ann)
    await fresh(bob)
    await house("POST", f"/polls/{poll['id']}/reset/", ann)
    await fresh(bob)


async def test_text_that_changes_without_a_version_changes_the_etag(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann)
    path = f"/polls/{poll['id']}/results/"
    tag = (await house("GET", path, ann)).headers["etag"]
    changed = await house("PATCH", f"/polls/{poll['id']}/", ann, json={"question": "Really?"})
    assert changed.json()["version"] == poll["version"]
    answer = await house("GET", path, ann, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["question"]) == (200, "Really?")


async def test_no_read_shows_less_than_an_answered_vote(house: House) -> None:
    ann = await house.user()
    poll = await house.poll(ann)
    voters = [await house.user() for _ in range(20)]

    async def vote_and_look(who: Person) -> None:
        version = (await house.vote(who, poll))["version"]
        for path in ("", "results/"):
            assert (await house.get(f"/polls/{poll['id']}/{path}", who))["version"] >= version

    await asyncio.gather(*(vote_and_look(who) for who in voters))
    results = await house.get(f"/polls/{poll['id']}/results/", ann)
    assert (results["version"], results["voters"]) == (21, 20) or results["version"] < 21


async def test_unknown_poll_has_no_results(house: House) -> None:
    ann = await house.user()
    for id_ in ("1", "0", "-1", "x", "1.5", str(2**63), str(10**30), "%00", "9" * 5000):
        assert refused(await house("GET", f"/polls/{id_}/results/", ann)) == (404, "poll_not_found"), id_
