"""Who may do what with a poll over HTTP, and for whom it does not exist."""

import pytest

from nexus.store.watch import VoterState
from tests.support.rest import House, Json, Person, refused

GONE = (404, "poll_not_found")
FORBIDDEN = (403, "forbidden")

WRITES: list[tuple[str, str, Json | None]] = [
    ("PATCH", "", {"description": "mine"}),
    ("DELETE", "", None),
    ("POST", "open/", None),
    ("POST", "close/", None),
    ("POST", "reset/", None),
    ("POST", "screen/", None),
    ("POST", "options/", {"option_text": "mine"}),
]


async def test_only_host_and_admin_may_run_a_poll(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann)
    bound = Person(ann.voter, house.parts.tokens.access(ann.voter, ["user"], polls=[poll["id"]]))
    strangers = (bob, await house.guest(poll), await house.screen(poll, ann), bound)
    before = await house.dump()
    for who in strangers:
        for method, path, body in WRITES:
            answer = await house(method, f"/polls/{poll['id']}/{path}", who, json=body)
            assert refused(answer) == FORBIDDEN, (who.voter, method, path)
    assert await house.dump() == before


@pytest.mark.parametrize("hidden", [{"is_public": False}, {"status": "draft"}])
async def test_hidden_poll_does_not_exist_for_others(house: House, hidden: Json) -> None:
    ann, bob, admin = await house.user(), await house.user(), await house.user(admin=True)
    poll = await house.poll(ann, **hidden)
    option = poll["options"][0]["id"]
    before = await house.dump()
    reads = [("GET", "", None), ("GET", "results/", None), ("GET", "vote/", None), ("DELETE", "vote/", None)]
    for method, path, body in [*reads, ("POST", "vote/", {"option": option}), *WRITES]:
        assert refused(await house(method, f"/polls/{poll['id']}/{path}", bob, json=body)) == GONE, (method, path)
    for method in ("GET", "PATCH", "DELETE"):
        answer = await house(method, f"/options/{option}/", bob, json={"option_text": "x"})
        assert refused(answer) == (404, "option_not_found"), method
    assert (await house.get("/polls/", bob))["count"] == 0
    assert await house.dump() == before
    for who in (ann, admin):
        assert (await house.get(f"/polls/{poll['id']}/", who))["id"] == poll["id"]
        assert (await house.get("/polls/", who))["count"] == 1


async def test_strangers_of_another_issuer_host_only_by_their_role(house: House) -> None:
    tokens = house.parts.tokens
    host = Person("ext:ann", tokens.access("ext:ann", ["host"]))
    poll = await house.poll(host)
    assert poll["created_by"] == "ext:ann"
    assert (await house("POST", f"/polls/{poll['id']}/close/", host)).status_code == 200
    body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    answer = await house("POST", "/polls/", Person("ext:bob", tokens.access("ext:bob")), json=body)
    assert refused(answer) == FORBIDDEN


async def test_code_opens_a_private_poll_for_good(house: House) -> None:
    ann, bob, eve = await house.user(), await house.user(), await house.user()
    poll = await house.poll(ann, is_public=False)
    code = poll["code"]
    answer = await house("POST", "/polls/join/", bob, json={"code": f"{code[:5]} {code[5:]}".lower()})
    assert answer.status_code == 200
    assert answer.json() == poll
    assert await house.get(f"/polls/{poll['id']}/", bob) == poll
    assert (await house.get("/polls/", bob))["results"] == [poll]
    assert (await house.get(f"/options/{poll['options'][0]['id']}/", bob)) == poll["options"][0]
    assert (await house.vote(bob, poll))["version"] == 2
    assert refused(await house("GET", f"/polls/{poll['id']}/", eve)) == GONE
    assert refused(await house("PATCH", f"/polls/{poll['id']}/", bob, json={})) == FORBIDDEN


async def test_code_of_a_draft_opens_nothing(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    draft = await house.poll(ann, status="draft")
    for who, code, expected in ((bob, draft["code"], 404), (bob, "NOSUCH", 404), (ann, draft["code"], 200)):
        assert (await house("POST", "/polls/join/", who, json={"code": code})).status_code == expected


async def test_screen_sees_what_the_host_sees_and_does_nothing(house: House) -> None:
    ann, bob = await house.user(), await house.user()
    poll, other = await house.poll(ann, results="host", is_public=False), await house.poll(ann)
    await house.vote(ann, poll)
    answer = await house("POST", f"/polls/{poll['id']}/screen/", ann)
    assert answer.status_code == 201
    access = answer.json()["access"]
    assert answer.json() == {"access": access, "url": f"/live/{poll['code']}#token={access}"}
    screen = Person(ann.voter, access)
    assert (await house.get(f"/polls/{poll['id']}/", screen))["options"][0]["votes_count"] == 1
    assert (await house.get(f"/polls/{poll['id']}/results/", screen))["visibility"] == "full"
    assert (await house.get("/polls/", screen))["count"] == 1
    before = await house.dump()
    option = poll["options"][0]["id"]
    body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for method, path, sent in (
        ("POST", f"/polls/{poll['id']}/vote/", {"option": option}),
        ("GET", f"/polls/{poll['id']}/vote/", None),
        ("DELETE", f"/polls/{poll['id']}/vote/", None),
        ("POST", "/polls/", body),
        ("PATCH", f"/options/{option}/", {"option_text": "x"}),
    ):
        assert refused(await house(method, path, screen, json=sent)) == FORBIDDEN, (method, path)
    assert refused(await house("GET", f"/polls/{other['id']}/", screen)) == GONE
    assert refused(await house("POST", "/polls/join/", screen, json={"code": other["code"]})) == GONE
    assert await house.dump() == before
    assert refused(await house("POST", f"/polls/{poll['id']}/screen/", bob)) == GONE


@pytest.mark.parametrize("hidden", [{"is_public": False}, {"status": "draft"}])
async def test_missing_poll_costs_as_much_as_a_hidden_one(
    house: House, hidden: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await house.user(), await house.user()
    poll = await house.poll(ann, **hidden)
    asked: list[int] = []
    voter_state = house.parts.tallies.voter_state

    async def counted(poll: int, voter: str) -> VoterState:
        asked.append(poll)
        return await voter_state(poll, voter)

    monkeypatch.setattr(house.parts.tallies, "voter_state", counted)
    for id in (poll["id"], poll["id"] + 1):  # the time of an answer would tell which ids are polls
        assert refused(await house("GET", f"/polls/{id}/results/", bob)) == GONE
    assert asked == [poll["id"], poll["id"] + 1]
