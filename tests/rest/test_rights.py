"""Who may do what with a poll over HTTP, and for whom it does not exist."""

import pytest

from nexus.store.watch import VoterState
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

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


async def test_only_host_and_admin_may_run_a_poll(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    bound = Person(ann.voter, rest.services.tokens.access(ann.voter, ["user"], polls=[poll["id"]]))
    strangers = (bob, await rest.guest(poll), await rest.screen(poll, ann), bound)
    before = await rest.dump()
    for who in strangers:
        for method, path, body in WRITES:
            answer = await rest(method, f"/polls/{poll['id']}/{path}", who, json=body)
            assert refused(answer) == FORBIDDEN, (who.voter, method, path)
    assert await rest.dump() == before


@pytest.mark.parametrize("hidden", [{"is_public": False}, {"status": "draft"}])
async def test_hidden_poll_does_not_exist_for_others(rest: Rest, hidden: Json) -> None:
    ann, bob, admin = await rest.user(), await rest.user(), await rest.user(admin=True)
    poll = await rest.poll(ann, **hidden)
    option = poll["options"][0]["id"]
    before = await rest.dump()
    reads = [("GET", "", None), ("GET", "results/", None), ("GET", "vote/", None), ("DELETE", "vote/", None)]
    for method, path, body in [*reads, ("POST", "vote/", {"option": option}), *WRITES]:
        assert refused(await rest(method, f"/polls/{poll['id']}/{path}", bob, json=body)) == GONE, (method, path)
    for method in ("GET", "PATCH", "DELETE"):
        answer = await rest(method, f"/options/{option}/", bob, json={"option_text": "x"})
        assert refused(answer) == (404, "option_not_found"), method
    assert (await rest.get("/polls/", bob))["count"] == 0
    assert await rest.dump() == before
    for who in (ann, admin):
        assert (await rest.get(f"/polls/{poll['id']}/", who))["id"] == poll["id"]
        assert (await rest.get("/polls/", who))["count"] == 1


async def test_strangers_of_another_issuer_host_only_by_their_role(rest: Rest) -> None:
    tokens = rest.services.tokens
    host = Person("ext:ann", tokens.access("ext:ann", ["host"]))
    poll = await rest.poll(host)
    assert poll["created_by"] == "ext:ann"
    assert (await rest("POST", f"/polls/{poll['id']}/close/", host)).status_code == 200
    body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    answer = await rest("POST", "/polls/", Person("ext:bob", tokens.access("ext:bob")), json=body)
    assert refused(answer) == FORBIDDEN


async def test_code_opens_a_private_poll_for_good(rest: Rest) -> None:
    ann, bob, eve = await rest.user(), await rest.user(), await rest.user()
    poll = await rest.poll(ann, is_public=False)
    code = poll["code"]
    answer = await rest("POST", "/polls/join/", bob, json={"code": f"{code[:5]} {code[5:]}".lower()})
    assert answer.status_code == 200
    assert answer.json() == poll
    assert await rest.get(f"/polls/{poll['id']}/", bob) == poll
    assert (await rest.get("/polls/", bob))["results"] == [poll]
    assert (await rest.get(f"/options/{poll['options'][0]['id']}/", bob)) == poll["options"][0]
    assert (await rest.vote(bob, poll))["version"] == 2
    assert refused(await rest("GET", f"/polls/{poll['id']}/", eve)) == GONE
    assert refused(await rest("PATCH", f"/polls/{poll['id']}/", bob, json={})) == FORBIDDEN


async def test_code_of_a_draft_opens_nothing(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    draft = await rest.poll(ann, status="draft")
    for who, code, expected in ((bob, draft["code"], 404), (bob, "NOSUCH", 404), (ann, draft["code"], 200)):
        assert (await rest("POST", "/polls/join/", who, json={"code": code})).status_code == expected


async def test_screen_sees_what_the_host_sees_and_does_nothing(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll, other = await rest.poll(ann, results="host", is_public=False), await rest.poll(ann)
    await rest.vote(ann, poll)
    answer = await rest("POST", f"/polls/{poll['id']}/screen/", ann)
    assert answer.status_code == 201
    access = answer.json()["access"]
    assert answer.json() == {"access": access, "url": f"http://nexus.test/live/{poll['code']}#token={access}"}
    screen = Person(ann.voter, access)
    assert (await rest.get(f"/polls/{poll['id']}/", screen))["options"][0]["votes_count"] == 1
    assert (await rest.get(f"/polls/{poll['id']}/results/", screen))["visibility"] == "full"
    assert (await rest.get("/polls/", screen))["count"] == 1
    before = await rest.dump()
    option = poll["options"][0]["id"]
    body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for method, path, sent in (
        ("POST", f"/polls/{poll['id']}/vote/", {"option": option}),
        ("GET", f"/polls/{poll['id']}/vote/", None),
        ("DELETE", f"/polls/{poll['id']}/vote/", None),
        ("POST", "/polls/", body),
        ("PATCH", f"/options/{option}/", {"option_text": "x"}),
    ):
        assert refused(await rest(method, path, screen, json=sent)) == FORBIDDEN, (method, path)
    assert refused(await rest("GET", f"/polls/{other['id']}/", screen)) == GONE
    assert refused(await rest("POST", "/polls/join/", screen, json={"code": other["code"]})) == GONE
    assert await rest.dump() == before
    assert refused(await rest("POST", f"/polls/{poll['id']}/screen/", bob)) == GONE


@pytest.mark.parametrize("hidden", [{"is_public": False}, {"status": "draft"}])
async def test_missing_poll_costs_as_much_as_a_hidden_one(
    rest: Rest, hidden: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, **hidden)
    asked: list[int] = []
    voter_state = rest.services.tallies.voter_state

    async def counted(poll: int, voter: str) -> VoterState:
        asked.append(poll)
        return await voter_state(poll, voter)

    monkeypatch.setattr(rest.services.tallies, "voter_state", counted)
    for poll_id in (poll["id"], poll["id"] + 1):  # the time of an answer would tell which ids are polls
        assert refused(await rest("GET", f"/polls/{poll_id}/results/", bob)) == GONE
    assert asked == [poll["id"], poll["id"] + 1]


async def test_host_whose_token_names_no_account_makes_a_screen_too(rest: Rest) -> None:
    minted = Person("user:4711", rest.services.tokens.access("user:4711", ["user"]))
    poll = await rest.poll(minted)
    screen = await rest.screen(poll, minted)
    assert (await rest.get(f"/polls/{poll['id']}/", screen))["id"] == poll["id"]
