"""Search over HTTP: what polls are found by, whatever is done to them, and only by those who may know of them."""

from urllib.parse import quote

import pytest

from nexus.domain.codes import CODE_LENGTH
from tests.support.ballots import unsearchable
from tests.support.rest import NOBODY, Person, Rest, refused
from tests.support.values import Json


async def found(rest: Rest, who: Person, search: str) -> list[int]:
    listed = await rest.get(f"/polls/?search={quote(search)}", who)
    assert listed["count"] == len(listed["results"])
    return [poll["id"] for poll in listed["results"]]


SEARCHES = [
    ("kaf", "Kaffee oder Tee?"),
    ("arger", "So ein Ärger!"),
    ("ＴＥＥ", "Kaffee oder Tee?"),
    ("κογχη", "Ποιά κόγχη;"),
    ("duong", "Đường nào?"),
    ("投票", "次の人気投票はいつ？"),
    ("กาแฟ", "คุณชอบกาแฟไหม"),
    ("회의", "다음 회의를 언제 할까요?"),
    ("don't", "Why don’t we?"),
    ("wi fi", "Is the Wi-Fi fine?"),
    ("c++", "C or C++?"),
    (".net", "Which .NET?"),
    ("50 %", "More than 50%?"),
    ("👍", "👍🏽 or 👎?"),
    ("we why", "Why don’t we?"),
]


async def test_polls_are_found_as_people_search(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    ids = {text: (await rest.poll(ann, question=text))["id"] for text in dict.fromkeys(text for _, text in SEARCHES)}
    for search, text in SEARCHES:
        assert await found(rest, bob, search) == [ids[text]], search


async def test_a_poll_is_found_by_all_that_it_says_now(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann, "Espresso", "Ristretto", question="Which?", description="In the kitchen")
    other = (await rest("POST", f"/polls/{poll['id']}/options/", ann, json={"option_text": "Lungo"})).json()
    for word in ("which", "kitch", "espr", "ristretto", "lungo", poll["code"]):
        assert await found(rest, bob, word) == [poll["id"]], word
    await rest.vote(bob, poll, 0)
    path = f"/options/{poll['options'][0]['id']}/"
    assert (await rest("PATCH", f"{path}?correction=true", ann, json={"option_text": "Macchiato"})).status_code == 200
    assert (await rest("PATCH", f"/polls/{poll['id']}/?correction=true", ann, json={"question": "What?"})).is_success
    assert (await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"description": "In the hall"})).is_success
    assert (await rest("PATCH", f"{path}?discard_votes=true", ann, json={"option_text": "Mocha"})).is_success
    assert (await rest("DELETE", f"/options/{other['id']}/", ann)).is_success
    copy = (await rest("POST", f"/polls/{poll['id']}/copy/", ann)).json()
    for word in ("which", "kitchen", "espresso", "macchiato", "lungo"):
        assert await found(rest, ann, word) == [], word
    for word in ("what", "hall", "mocha", "ristretto"):
        assert await found(rest, bob, word) == [poll["id"]], word
        assert await found(rest, ann, word) == [copy["id"], poll["id"]], word
    assert await unsearchable(rest.services.database) == []


async def test_a_code_leads_only_those_to_a_poll_who_may_see_it(rest: Rest) -> None:
    ann, bob, eve, admin = (await rest.user(), await rest.user(), await rest.user(), await rest.user(admin=True))
    public = await rest.poll(ann)
    private, draft = await rest.poll(ann, is_public=False), await rest.poll(ann, status="draft")
    assert (await rest("POST", "/polls/join/", bob, json={"code": private["code"]})).status_code == 200
    guest = await rest.guest(public)
    seen: list[tuple[Json, list[Person], list[Person]]] = [
        (public, [ann, bob, eve, admin, guest], []),
        (private, [ann, bob, admin], [eve, guest]),
        (draft, [ann, admin], [bob, eve, guest]),
    ]
    for poll, those, strangers in seen:
        code = poll["code"]
        ways = [code, code.lower(), f"{code[:3]}-{code[3:]}", f" {code[:4]} {code[4:]}", f"https://a.b/vote/{code}"]
        for way in [*ways, code[:5]]:
            for who in those:
                assert poll["id"] in await found(rest, who, way), (way, who)
            for who in strangers:
                assert poll["id"] not in await found(rest, who, way), (way, who)
    assert refused(await rest("GET", f"/polls/?search={public['code']}", NOBODY)) == (401, "unauthenticated")


async def test_the_code_a_poll_had_in_public_finds_it_no_more(rest: Rest) -> None:
    ann, bob = await rest.user(), await rest.user()
    poll = await rest.poll(ann)
    assert len(poll["code"]) == CODE_LENGTH
    hidden = (await rest("PATCH", f"/polls/{poll['id']}/", ann, json={"is_public": False})).json()
    assert await found(rest, ann, poll["code"]) == []
    assert await found(rest, ann, hidden["code"]) == [poll["id"]]
    assert await found(rest, bob, hidden["code"]) == await found(rest, bob, "well") == []
    assert await unsearchable(rest.services.database) == []


@pytest.mark.parametrize("search", ["???", "- -", "…", "\u200b", "':*&|!()\\", "'", "\\", "\U0010ffff", "\ufdfa" * 200])
async def test_what_cannot_be_searched_for_finds_nothing(rest: Rest, search: str) -> None:
    ann = await rest.user()
    await rest.poll(ann, question="??? - … ' \\ \U0010ffff")
    assert await found(rest, ann, search) == []


@pytest.mark.parametrize("search", ["a " * 99, "ab" * 100, "ẞ" * 200, "x-" * 100, "1." * 100, "投" * 200, "+" * 200])
async def test_a_search_of_any_text_is_answered(rest: Rest, search: str) -> None:
    ann = await rest.user()
    poll = await rest.poll(ann, question=search)
    assert await found(rest, ann, search) == [poll["id"]]


async def test_a_search_beyond_its_length_says_so(rest: Rest) -> None:
    ann = await rest.user()
    for search in ("x" * 201, "a " * 5_000):
        answer = await rest("GET", f"/polls/?search={quote(search)}", ann)
        assert answer.json()["errors"] == [{"field": "search", "message": "must have at most 200 characters"}]
