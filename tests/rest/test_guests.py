"""Guests: in by a poll's code, and nowhere else."""

import time
import uuid
from collections.abc import Callable

import pytest

from nexus.access.tokens import Tokens
from nexus.store.database import Database
from tests.support.rest import NOBODY, Person, Rest, open_rest, refused

GONE = (404, "poll_not_found")
WIDE = {n: n + 0xFEE0 for n in range(33, 127)}
CYRILLIC = str.maketrans(
    "ABCEHJKMPSTYX", "\u0410\u0412\u0421\u0415\u041d\u0408\u041a\u041c\u0420\u0405\u0422\u0423\u0425"
)
ARABIC = {ord(str(n)): 0x660 + n for n in range(10)}


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: f"{code[:3]}\u3000{code[3:]}".lower().translate(WIDE),
        lambda code: f"{code[:3]}\u2013{code[3:]}",
        lambda code: f"\u201e{code}\u201c.",
        lambda code: f"[{code[:2]}\u00ad{code[2:4]}\u200b{code[4:]}]",
        lambda code: f"\u2067{code[:3]}\u058a\u00a0{code[3:]}\u2069",
        lambda code: code.translate(CYRILLIC),
        lambda code: code.translate(ARABIC),
    ],
    ids=["width", "dash", "quotes", "invisible", "isolates", "cyrillic", "digits"],
)
async def test_code_is_read_as_people_type_it(rest: Rest, typed: Callable[[str], str]) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    code = typed(poll["code"])
    entered = await rest("POST", "/auth/guest/", json={"code": code})
    joined = await rest("POST", "/polls/join/", bob, json={"code": code})
    assert (entered.json()["poll"], joined.json()["id"]) == (poll["id"], poll["id"])


@pytest.mark.parametrize("text", ["http://nexus.test/vote/{}", "nexus.test/{}", "Join with {}"])
async def test_an_address_is_no_code(rest: Rest, text: str) -> None:
    """A client that has an address knows which server is meant; only the fields of pages read one."""
    poll = await rest.poll(await rest.user())
    assert refused(await rest("POST", "/auth/guest/", json={"code": text.format(poll["code"])})) == GONE


async def test_code_makes_a_voter_of_this_poll_alone(rest: Rest) -> None:
    ann = await rest.user()
    poll, other = await rest.poll(ann), await rest.poll(ann)
    code = poll["code"].lower()
    answer = await rest("POST", "/auth/guest/", json={"code": f" {code[:3]}-{code[3:]} "})
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"access", "expires_in", "voter", "poll", "event"}
    assert (made["poll"], made["event"], made["expires_in"]) == (poll["id"], None, 43200)
    assert str(uuid.UUID(made["voter"].removeprefix("guest:"))) == made["voter"].removeprefix("guest:")
    guest = Person(made["voter"], made["access"])
    assert (await rest.get(f"/polls/{poll['id']}/", guest))["id"] == poll["id"]
    assert (await rest.vote(guest, poll))["status"] == "recorded"
    listed = await rest.get("/polls/", guest)
    assert (listed["count"], [one["id"] for one in listed["results"]]) == (1, [poll["id"]])
    calls = [("GET", ""), ("GET", "results/"), ("GET", "vote/"), ("POST", "vote/"), ("DELETE", "vote/")]
    calls += [("PATCH", ""), ("DELETE", ""), ("POST", "close/"), ("POST", "screen/"), ("POST", "options/")]
    bodies = {"vote/": {"option": other["options"][0]["id"]}, "options/": {"option_text": "x"}}
    before = await rest.dump()
    for method, path in calls:
        answer = await rest(method, f"/polls/{other['id']}/{path}", guest, json=bodies.get(path, {}))
        assert refused(answer) == GONE, (method, path)
    option = other["options"][0]["id"]
    assert refused(await rest("GET", f"/options/{option}/", guest)) == (404, "option_not_found")
    assert refused(await rest("DELETE", f"/options/{option}/", guest)) == (404, "option_not_found")
    assert refused(await rest("POST", "/polls/join/", guest, json={"code": other["code"]})) == GONE
    assert await rest.dump() == before


async def test_guest_may_not_host(rest: Rest) -> None:
    poll = await rest.poll(await rest.user())
    guest = await rest.guest(poll)
    body = {"question": "Mine?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for method, path, sent in (
        ("POST", "/polls/", body),
        ("PATCH", f"/polls/{poll['id']}/", {"question": "Mine?"}),
        ("POST", f"/polls/{poll['id']}/close/", None),
        ("POST", f"/polls/{poll['id']}/screen/", None),
        ("DELETE", f"/options/{poll['options'][0]['id']}/", None),
    ):
        assert refused(await rest(method, path, guest, json=sent)) == (403, "forbidden"), path


async def test_earlier_token_keeps_the_voter(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    guest = await rest.guest(poll)
    again = await rest("POST", "/auth/guest/", guest, json={"code": poll["code"]})
    assert again.json()["voter"] == guest.voter


@pytest.mark.parametrize("days", [1 / 24, 8, 60, 400])
async def test_a_guest_whose_token_ended_long_ago_is_the_same_voter(rest: Rest, days: float) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, is_public=False)
    guest = await rest.guest(poll)
    await rest.vote(guest, poll, 1)
    rest.services.tokens._clock = lambda: time.time() + days * 86400
    tokens = guest.token
    for _ in range(2):  # and again with the renewed one
        again = await rest("POST", "/auth/guest/", Person(token=tokens), json={"code": poll["code"]})
        assert (again.status_code, again.json()["voter"]) == (201, guest.voter)
        tokens = again.json()["access"]
    mine = await rest.get(f"/polls/{poll['id']}/vote/", Person(token=tokens))
    assert [vote["options"] for vote in mine["votes"]] == [[poll["options"][1]["id"]]]


async def test_a_guest_of_old_is_refused_as_a_new_one_is(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    guest = await rest.guest(poll)
    old = Person(token=rest.services.tokens.access(guest.voter, ["guest"], 1, polls=[poll["id"]]))
    rest.services.tokens._clock = lambda: time.time() + 9 * 86400
    host = Person(ann.voter, rest.services.tokens.access(ann.voter, ["user"]))

    async def entry() -> int:
        return (await rest("POST", "/auth/guest/", old, json={"code": poll["code"]})).status_code

    await rest("PATCH", f"/polls/{poll['id']}/", host, json={"allow_guests": False})
    assert await entry() == 403
    await rest("PATCH", f"/polls/{poll['id']}/", host, json={"allow_guests": True})
    await rest("POST", f"/polls/{poll['id']}/close/", host)
    assert await entry() == 201  # to see the results, and its vote
    await rest("DELETE", f"/polls/{poll['id']}/", host)
    assert await entry() == 404


async def test_other_tokens_make_a_new_voter(rest: Rest) -> None:
    ann = await rest.user()
    poll, other = await rest.poll(ann), await rest.poll(ann)
    tokens = rest.services.tokens
    voter = f"guest:{uuid.uuid4()}"
    for token in (
        ann.token,
        tokens.access(voter, ["guest"], polls=[other["id"]]),
        tokens.access(voter, ["guest"], polls=[other["id"], poll["id"]]),
        tokens.access(voter, ["guest"]),
        tokens.access(voter, ["screen"], polls=[poll["id"]]),
        tokens.access(ann.voter, ["screen"], polls=[poll["id"]]),
        tokens.access("ext:ann", ["host"]),
        Tokens(b"another key of another server....").access(voter, ["guest"], polls=[poll["id"]]),
        "nonsense",
    ):
        answer = await rest("POST", "/auth/guest/", Person(token=token), json={"code": poll["code"]})
        assert answer.status_code == 201
        assert answer.json()["voter"] not in (ann.voter, voter)
        assert answer.json()["voter"].startswith("guest:")


async def test_some_polls_admit_no_guests(rest: Rest) -> None:
    ann = await rest.user()
    closed_to_them = await rest.poll(ann, allow_guests=False)
    draft = await rest.poll(ann, status="draft")
    for code, expected in (
        (closed_to_them["code"], (403, "guests_not_allowed")),
        (draft["code"], GONE),
        ("NOSUCH", GONE),
        ("é" * 20, GONE),
    ):
        assert refused(await rest("POST", "/auth/guest/", json={"code": code})) == expected


async def test_guests_vote_only_where_they_are_admitted(rest: Rest) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann)
    guest = await rest.guest(poll)
    await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"allow_guests": False})
    body = {"option": poll["options"][0]["id"]}
    assert refused(await rest("POST", f"/polls/{poll['id']}/vote/", guest, json=body)) == (403, "forbidden")


async def test_text_that_is_no_code_is_invalid(rest: Rest) -> None:
    ann = await rest.user()
    for code in ["", "   ", "x" * 41, "AB\u0000CD"]:
        for who, path in ((NOBODY, "/auth/guest/"), (ann, "/polls/join/")):
            answer = await rest("POST", path, who, json={"code": code})
            assert refused(answer) == (422, "invalid"), code
            assert answer.json()["errors"][0]["field"] == "code"


async def test_wrong_codes_are_limited_and_right_ones_are_not(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_CODES_PER_ADDRESS="2") as rest:
        poll = await rest.poll(await rest.user())
        for _ in range(5):
            await rest.guest(poll)
        for _ in range(2):
            assert refused(await rest("POST", "/auth/guest/", json={"code": "NOSUCH"})) == GONE
        answer = await rest("POST", "/auth/guest/", json={"code": "NOSUCH"})
        assert refused(answer) == (429, "too_many_requests")
        await rest.guest(poll)  # a hall shares an address: nobody in it may lock the others out


async def test_guest_tokens_are_limited_by_address(database: Database) -> None:
    async with open_rest(database, NEXUS_GUESTS_PER_MINUTE="2") as rest:
        poll = await rest.poll(await rest.user())
        for _ in range(2):
            await rest.guest(poll)
        answer = await rest("POST", "/auth/guest/", json={"code": poll["code"]})
        assert refused(answer) == (429, "too_many_requests")
