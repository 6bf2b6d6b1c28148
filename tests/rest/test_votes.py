"""Votes over HTTP: each act once, each answer after its commit and with its op."""

import asyncio
import json
from uuid import UUID

import pytest

from nexus.http.api import votes
from nexus.store.database import Database
from tests.support.ballots import LOCK_WAITS
from tests.support.rest import Person, Rest, open_rest, refused
from tests.support.values import Json, new_op
from tests.support.waiting import eventually

OP = "018F2C5A-0000-7000-8000-00000000ABCD"


async def act(rest: Rest, poll: Json, who: Person, body: Json, op: str = "") -> tuple[int, str]:
    """The status and code of a refused ballot, whose answer must name its op."""
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", who, json=body, op=op)
    assert answer.json()["op"] == (op.lower() or str(UUID(answer.json()["op"])))
    return refused(answer)


async def retract(rest: Rest, poll: Json, who: Person, query: str = "", op: str = "") -> Json:
    answer = await rest("DELETE", f"/polls/{poll['id']}/vote/{query}", who, op=op)
    assert answer.status_code == 200, answer.text
    receipt: Json = answer.json()
    return receipt


def ids(poll: Json, *places: int) -> list[int]:
    return [poll["options"][place]["id"] for place in places]


async def test_ballot_is_recorded_changed_unchanged_and_retracted(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "A", "B", "C")
    path = f"/polls/{poll['id']}/vote/"
    answer = await rest("POST", path, ann, json={"options": ids(poll, 0)}, op=OP)
    assert answer.status_code == 201
    assert answer.json() == {
        "poll": poll["id"],
        "op": OP.lower(),
        "status": "recorded",
        "options": ids(poll, 0),
        "epoch": 1,
        "version": 2,
        "stands": True,
    }
    mine = await rest.get(path, ann)
    assert mine.keys() == {"poll", "votes"}
    assert mine["votes"] == [{"op": OP.lower(), "options": ids(poll, 0), "cast_at": mine["votes"][0]["cast_at"]}]
    answer = await rest("POST", path, ann, json={"option": ids(poll, 1)[0]})
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "changed", 3)
    again = await rest.vote(ann, poll, 1)
    assert (again["status"], again["version"]) == ("unchanged", 3)
    gone = await retract(rest, poll, ann)
    assert (gone["status"], gone["version"], gone["options"], gone["stands"]) == ("retracted", 4, [], False)
    assert (await retract(rest, poll, ann))["status"] == "unchanged"
    assert (await rest.get(path, ann))["votes"] == []


async def test_op_that_comes_again_is_replayed(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, "A", "B", "C", max_choices=2)
    first = await rest.vote(ann, poll, 0, 1, op=OP)
    before = await rest.dump()
    body = {"options": ids(poll, 1, 0)}
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, json=body, op=f'"{OP.lower()}"')
    assert (answer.status_code, answer.json()) == (200, first | {"status": "replayed"})
    for options in (ids(poll, 0), ids(poll, 2), [], [10**30], [1] * 5000):
        assert await act(rest, poll, ann, {"options": options}, OP) == (422, "op_reused")
    answer = await rest("DELETE", f"/polls/{poll['id']}/vote/", ann, op=OP)
    assert refused(answer) == (422, "op_reused")
    assert await rest.dump() == before
    out = await retract(rest, poll, ann, op=new_op())
    assert (await retract(rest, poll, ann, op=out["op"])) == out | {"status": "replayed"}
    late = await rest.vote(ann, poll, 0, 1, op=OP)
    assert (late["status"], late["version"], late["stands"]) == ("replayed", first["version"], False)


async def test_known_op_is_answered_before_any_other_refusal(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, allow_change=False)
    first = await rest.vote(ann, poll, op=OP)
    other = new_op()
    assert await act(rest, poll, ann, {"options": ids(poll, 1)}, other) == (409, "already_voted")
    assert (await rest.vote(ann, poll, op=OP)) == first | {"status": "replayed"}
    await rest("POST", f"/polls/{poll['id']}/close/", ann)
    assert (await rest.vote(ann, poll, op=OP)) == first | {"status": "replayed"}
    assert await act(rest, poll, ann, {"options": ids(poll, 1)}, OP) == (422, "op_reused")
    assert await act(rest, poll, ann, {"options": ids(poll, 0)}, other) == (409, "poll_closed")
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    assert (await rest.vote(ann, poll, op=OP)) == first | {"status": "replayed", "stands": False}


async def test_same_op_of_others_is_another(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll, other = await rest.poll(ann), await rest.poll(ann)
    for who, where in ((ann, poll), (bob, poll), (ann, other)):
        assert (await rest.vote(who, where, op=OP))["status"] == "recorded"


async def test_same_op_at_once_takes_effect_once(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    receipts = await asyncio.gather(*(rest.vote(ann, poll, op=OP) for _ in range(10)))
    assert sorted(receipt["status"] for receipt in receipts) == ["recorded"] + ["replayed"] * 9
    assert len({str(receipt | {"status": ""}) for receipt in receipts}) == 1


BAD_BALLOTS: list[tuple[object, str, str]] = [
    ({}, "invalid", "options"),
    ({"option": 1, "options": [1]}, "invalid", "options"),
    ({"options": [1], "extra": 1}, "invalid", "extra"),
    ({"options": 1}, "invalid", "options"),
    ({"options": ["1"]}, "invalid", "options[0]"),
    ({"options": None}, "invalid", "options"),
    ({"option": "1"}, "invalid", "option"),
    ({"option": 1.0}, "invalid", "option"),
    ({"option": True}, "invalid", "option"),
    ({"options": [1], "epoch": "1"}, "invalid", "epoch"),
    ([], "invalid", "body"),
    ("options", "invalid", "body"),
    (None, "invalid", "body"),
    ({"options": []}, "no_choice", ""),
    ({"option": 0}, "unknown_option", ""),
    ({"option": -1}, "unknown_option", ""),
    ({"option": 2**63}, "unknown_option", ""),
    ({"option": 10**300}, "unknown_option", ""),
    ({"options": [999_999]}, "unknown_option", ""),
    ({"options": "foreign"}, "unknown_option", ""),
    ({"options": "twice"}, "duplicate_choice", ""),
    ({"options": "both"}, "too_many_choices", ""),
    ({"options": list(range(1000, 6000))}, "unknown_option", ""),
]


async def test_bad_ballot_leaves_no_trace(rest: Rest) -> None:
    ann = await rest.user()
    poll, other = await rest.poll(ann), await rest.poll(ann)
    named = {"foreign": ids(other, 0), "twice": ids(poll, 0, 0), "both": ids(poll, 0, 1)}
    before = await rest.dump()
    for body, code, field in BAD_BALLOTS:
        word = body.get("options") if isinstance(body, dict) else None
        content = json.dumps({"options": named[word]} if isinstance(word, str) else body).encode()
        headers = {"Content-Type": "application/json"}
        answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, op=OP, content=content, headers=headers)
        assert refused(answer) == (422, code), body
        assert answer.json()["op"] == OP.lower()
        assert [error["field"] for error in answer.json().get("errors", ())] == ([field] if field else []), body
    assert await rest.dump() == before


def test_ballot_of_any_length_takes_little_room() -> None:
    assert votes.VoteBody(options=list(range(10_000))).choices() == tuple(range(101))


async def test_refused_op_may_be_used_again(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    assert await act(rest, poll, ann, {"option": 0}, OP) == (422, "unknown_option")
    assert (await rest.vote(ann, poll, op=OP))["status"] == "recorded"


async def test_op_is_a_uuid(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    for op in ["1", "not-a-uuid", "{018f2c5a-0000-7000-8000-00000000abcd}", "018f2c5a00007000800000000000abcd"]:
        for method in ("POST", "DELETE"):
            answer = await rest(method, f"/polls/{poll['id']}/vote/", ann, json={"options": ids(poll, 0)}, op=op)
            assert refused(answer) == (422, "invalid"), op
            assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_every_refusal_of_an_act_names_its_op(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    path = f"/polls/{poll['id']}/vote/"
    json_type = {"Content-Type": "application/json"}
    for answer, expected in (
        (await rest("POST", path, op=OP, json={}), (401, "unauthenticated")),
        (await rest("POST", path, ann, op=OP, content=b"{", headers=json_type), (400, "malformed_json")),
        (await rest("POST", path, ann, op=OP, content=b"{}"), (415, "unsupported_media_type")),
        (await rest("POST", "/polls/99999/vote/", ann, op=OP, json={"option": 1}), (404, "poll_not_found")),
        (await rest("POST", "/polls/x/vote/", ann, op=OP, json={"option": 1}), (404, "poll_not_found")),
        (await rest("DELETE", "/polls/99999/vote/", ann, op=OP), (404, "poll_not_found")),
        (await rest("DELETE", f"{path}?ballot=x", ann, op=OP), (422, "invalid")),
    ):
        assert refused(answer) == expected
        assert answer.json()["op"] == OP.lower()
    made = await rest("POST", path, ann, json={"option": 0})
    assert made.json()["op"] == str(UUID(made.json()["op"]))


async def test_poll_that_is_not_open_takes_no_ballot(rest: Rest) -> None:
    ann = await rest.user()
    draft = await rest.poll(ann, status="draft")
    scheduled = await rest.poll(ann, opens_at="2099-01-01T00:00:00Z")
    closed = await rest.poll(ann)
    await rest("POST", f"/polls/{closed['id']}/close/", ann)
    before = await rest.dump()
    for poll, code in ((draft, "poll_not_open"), (scheduled, "poll_not_open"), (closed, "poll_closed")):
        assert await act(rest, poll, ann, {"options": ids(poll, 0)}) == (409, code)
        assert refused(await rest("DELETE", f"/polls/{poll['id']}/vote/", ann)) == (409, code)
    assert await rest.dump() == before


async def test_ballot_for_another_round_is_refused(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await rest("POST", f"/polls/{poll['id']}/reset/", ann)
    for epoch in (1, 3, 0, -1, 10**30):
        assert await act(rest, poll, ann, {"options": ids(poll, 0), "epoch": epoch}) == (409, "poll_reset")
    answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, json={"options": ids(poll, 0), "epoch": 2})
    assert (answer.status_code, answer.json()["epoch"]) == (201, 2)


async def test_several_ballots_up_to_the_limit(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, votes_per_user=3)
    ops = [new_op() for _ in range(3)]
    for op in ops:
        assert (await rest.vote(ann, poll, op=op))["status"] == "recorded"
    assert await act(rest, poll, ann, {"options": ids(poll, 0)}) == (409, "vote_limit_reached")
    out = await retract(rest, poll, ann, f"?ballot={ops[1].upper()}")
    assert (out["status"], out["version"]) == ("retracted", 5)
    assert (await retract(rest, poll, ann, f"?ballot={new_op()}"))["status"] == "unchanged"
    mine = (await rest.get(f"/polls/{poll['id']}/vote/", ann))["votes"]
    assert [vote["op"] for vote in mine] == [ops[0], ops[2]]
    assert (await retract(rest, poll, ann))["status"] == "retracted"
    assert (await rest.get(f"/polls/{poll['id']}/results/", ann))["voters"] == 0


async def test_limit_holds_for_many_ballots_at_once(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, votes_per_user=3)
    path = f"/polls/{poll['id']}/vote/"
    answers = await asyncio.gather(*(rest("POST", path, ann, json={"options": ids(poll, 0)}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    assert (await rest.get(f"/polls/{poll['id']}/results/", ann))["total_votes"] == 3


async def test_final_ballots_are_not_taken_back(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, allow_change=False)
    await rest.vote(ann, poll)
    answer = await rest("DELETE", f"/polls/{poll['id']}/vote/", ann)
    assert refused(answer) == (409, "change_not_allowed")


async def test_votes_are_limited_by_voter(database: Database) -> None:
    async with open_rest(database, NEXUS_VOTES_BURST="2", NEXUS_VOTES_PER_SECOND="1") as rest:
        ann, bob = await rest.user(), await rest.user()
        poll = await rest.poll(ann)
        await rest.vote(ann, poll)
        await rest.vote(ann, poll)
        before = await rest.dump()
        answer = await rest("POST", f"/polls/{poll['id']}/vote/", ann, json={"options": ids(poll, 1)}, op=OP)
        assert refused(answer) == (429, "too_many_requests")
        assert answer.json()["op"] == OP.lower()
        assert await rest.dump() == before
        await rest.vote(bob, poll)


async def test_slow_commit_is_an_unknown_outcome_and_the_ballot_stands(
    rest: Rest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "ANSWER_S", 0.05)
    ann = await rest.user()
    poll = await rest.poll(ann)
    async with database.transaction() as connection:
        await connection.run("SELECT id FROM polls FOR UPDATE")
        assert await act(rest, poll, ann, {"options": ids(poll, 0)}, OP) == (503, "outcome_unknown")
    monkeypatch.undo()
    assert (await rest.vote(ann, poll, op=OP))["status"] == "replayed"


async def test_client_that_leaves_does_not_take_its_ballot_along(rest: Rest, database: Database) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    async with database.transaction() as connection:
        await connection.run("SELECT id FROM polls FOR UPDATE")
        vote = asyncio.create_task(rest.vote(ann, poll, op=OP))
        await eventually(lambda: connection.all(LOCK_WAITS))
        vote.cancel()
        await asyncio.wait([vote])
    assert (await rest.vote(ann, poll, op=OP))["status"] == "replayed"


async def test_stopping_server_says_retry_with_the_op(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    await rest.services.ballots.stop(1)
    assert await act(rest, poll, ann, {"options": ids(poll, 0)}, OP) == (503, "unavailable")
