"""Results over HTTP, and who sees counts on which path."""

import asyncio

import pytest

from nexus.domain.poll import Poll
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json


async def test_results_have_the_contracts_shape(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "A", "B", "C", max_choices=2, expires_at="2099-01-01T00:00:00Z")
    empty = await rest.get(f"/polls/{poll['id']}/results/", bob)
    assert [one["percentage"] for one in empty["options"]] == [0.0, 0.0, 0.0]
    for who, places in ((ann, (0, 1)), (bob, (0,)), (await rest.guest(poll), (1,))):
        await rest.vote(who, poll, *places)
    results = await rest.get(f"/polls/{poll['id']}/results/", bob)
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


async def sees(rest: Rest, poll: Json, who: Person) -> bool:
    """Whether somebody sees the counts: on every path, or on none."""
    results = await rest.get(f"/polls/{poll['id']}/results/", who)
    read = await rest.get(f"/polls/{poll['id']}/", who)
    joined = (await rest("POST", "/polls/join/", who, json={"code": poll["code"]})).json()
    listed = next(one for one in (await rest.get("/polls/", who))["results"] if one["id"] == poll["id"])
    option = await rest.get(f"/options/{poll['options'][0]['id']}/", who)
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
    rest: Rest, policy: str, open_: bool, voted: bool, closed: bool, is_public: bool
) -> None:
    ann, bob, eve, admin = [await rest.user() for _ in range(3)] + [await rest.user(admin=True)]
    poll = await rest.poll(ann, results=policy, is_public=is_public)
    await rest("POST", "/polls/join/", bob, json={"code": poll["code"]})
    await rest("POST", "/polls/join/", eve, json={"code": poll["code"]})
    await rest.vote(bob, poll)
    guest, screen = await rest.guest(poll), await rest.screen(poll, ann)
    assert [await sees(rest, poll, who) for who in (eve, guest, bob)] == [open_, open_, voted]
    await rest("POST", f"/polls/{poll['id']}/close/", ann)
    after_close = closed or voted
    assert [await sees(rest, poll, who) for who in (eve, guest)] == [closed, closed]
    assert await sees(rest, poll, bob) == (after_close if policy == "after_vote" else closed)
    for who in (ann, admin, screen):
        assert await sees(rest, poll, who)


async def test_right_to_see_ends_with_the_ballot_and_the_round(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, results="after_vote")
    path = f"/polls/{poll['id']}/"
    for end in (("DELETE", f"{path}vote/", bob), ("POST", f"{path}reset/", ann)):
        await rest.vote(bob, poll)
        assert (await rest.get(f"{path}results/", bob))["visibility"] == "full"
        await rest(*end)
        assert (await rest.get(f"{path}results/", bob))["visibility"] == "turnout"


async def test_ballot_of_the_next_round_opens_nothing_of_this_one(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, eve = [await rest.user() for _ in range(3)]
    poll = await rest.poll(ann, results="after_vote")
    await rest.vote(eve, poll)
    read = rest.services.tallies.poll

    async def read_just_before_a_reset(id_: int) -> Poll | None:
        found = await read(id_)
        monkeypatch.undo()
        await rest("POST", f"/polls/{poll['id']}/reset/", ann)
        await rest.vote(bob, poll)
        return found

    monkeypatch.setattr(rest.services.tallies, "poll", read_just_before_a_reset)
    results = await rest.get(f"/polls/{poll['id']}/results/", bob)
    assert (results["epoch"], results["visibility"]) == (1, "turnout")


async def test_etag_holds_until_something_shows(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, results="after_vote")
    path = f"/polls/{poll['id']}/results/"
    seen = set()

    async def fresh(who: Person) -> str:
        first = await rest("GET", path, who)
        tag: str = first.headers["etag"]
        assert tag.startswith('W/"')
        assert "no-cache" in first.headers["cache-control"]
        for given in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
            answer = await rest("GET", path, who, headers={"If-None-Match": given})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), given
        for given in ('"x"', "", tag.replace(".", ".9")):
            assert (await rest("GET", path, who, headers={"If-None-Match": given})).status_code == 200, given
        assert tag not in seen
        seen.add(tag)
        return tag

    hidden, shown = await fresh(bob), await fresh(ann)
    assert hidden != shown
    await rest.vote(bob, poll)
    await fresh(bob)
    await rest("PATCH", f"/options/{poll['options'][1]['id']}/", ann, json={"option_text": "Never"})
    await fresh(bob)
    await rest("POST", f"/polls/{poll['id']}/close/", ann)
    await fresh(bob)
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    await fresh(bob)


async def test_text_that_changes_without_a_version_changes_the_etag(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    path = f"/polls/{poll['id']}/results/"
    tag = (await rest("GET", path, ann)).headers["etag"]
    changed = await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"question": "Really?"})
    assert changed.json()["version"] == poll["version"]
    answer = await rest("GET", path, ann, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json()["question"]) == (200, "Really?")


async def test_no_read_shows_less_than_an_answered_vote(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    voters = [await rest.user() for _ in range(20)]

    async def vote_and_look(who: Person) -> None:
        version = (await rest.vote(who, poll))["version"]
        for path in ("", "results/"):
            assert (await rest.get(f"/polls/{poll['id']}/{path}", who))["version"] >= version

    await asyncio.gather(*(vote_and_look(who) for who in voters))
    results = await rest.get(f"/polls/{poll['id']}/results/", ann)
    assert (results["version"], results["voters"]) == (21, 20) or results["version"] < 21


async def test_unknown_poll_has_no_results(rest: Rest) -> None:
    ann = await rest.user()
    for id_ in ("1", "0", "-1", "x", "1.5", str(2**63), str(10**30), "%00", "9" * 5000):
        assert refused(await rest("GET", f"/polls/{id_}/results/", ann)) == (404, "poll_not_found"), id_
