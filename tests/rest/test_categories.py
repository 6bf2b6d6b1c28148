"""Categories: everybody reads them, admins write them."""

import asyncio

import pytest

from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

GONE = (404, "category_not_found")


async def category(rest: Rest, admin: Person, name: str = "Sport", **fields: object) -> Json:
    answer = await rest("POST", "/categories/", admin, json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def actions(rest: Rest, admin: Person) -> list[tuple[str, Json]]:
    page = await rest.get("/audit/?target_type=category", admin)
    return [(row["action"], row["details"]) for row in page["results"]]


async def test_life_of_a_category(rest: Rest) -> None:
    admin, ann = await rest.user(admin=True), await rest.user()
    made = await category(rest, admin, " Sport ", description="Balls")
    assert made == {"id": made["id"], "name": "Sport", "description": "Balls"}
    path = f"/categories/{made['id']}/"
    assert await rest.get(path, ann) == made
    answer = await rest("PATCH", path, admin, json={"name": "Sports"})
    assert (answer.status_code, answer.json()) == (200, {**made, "name": "Sports"})
    assert (await rest("PATCH", path, admin, json={})).json()["name"] == "Sports"
    assert (await rest("DELETE", path, admin)).status_code == 204
    assert refused(await rest("GET", path, ann)) == GONE
    assert await actions(rest, admin) == [
        ("delete", {"name": "Sports"}),
        ("update", {"name": ["Sport", "Sports"]}),
        ("create", {"name": "Sport", "description": "Balls"}),
    ]


async def test_list_is_paged_and_by_name(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    for name in ("beta", "Gamma", "alpha"):
        await category(rest, admin, name)
    page = await rest.get("/categories/?page_size=2", await rest.user())
    assert [one["name"] for one in page["results"]] == ["alpha", "beta"]
    assert page["count"] == 3 and page["next"].endswith("/categories/?page_size=2&page=2")


async def test_names_are_taken_in_any_case(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    await category(rest, admin, "Sport")
    other = await category(rest, admin, "Music")
    before = await rest.dump()
    for answer in (
        await rest("POST", "/categories/", admin, json={"name": "SPORT"}),
        await rest("PATCH", f"/categories/{other['id']}/", admin, json={"name": "sport"}),
        await rest("POST", "/categories/", admin, json={"name": "Ｓpo\u00adrt"}),
    ):
        assert refused(answer) == (409, "category_taken")
    assert await rest.dump() == before
    assert (await rest("PATCH", f"/categories/{other['id']}/", admin, json={"name": "MUSIC"})).status_code == 200


async def test_category_with_polls_stays(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    made = await category(rest, admin)
    poll = await rest.poll(admin, category=made["id"])
    path = f"/categories/{made['id']}/"
    assert refused(await rest("DELETE", path, admin)) == (409, "category_in_use")
    assert (await rest("PATCH", f"/polls/{poll['id']}/", admin, json={"category": None})).status_code == 200
    assert (await rest("DELETE", path, admin)).status_code == 204


async def test_deletion_and_use_at_once_end_in_one_or_the_other(rest: Rest) -> None:
    admin = await rest.user(admin=True)
    body = {"question": "Well?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for n in range(10):
        made = await category(rest, admin, f"C{n}")
        deleted, *created = await asyncio.gather(
            rest("DELETE", f"/categories/{made['id']}/", admin),
            *(rest("POST", "/polls/", admin, json={**body, "category": made["id"]}) for _ in range(3)),
        )
        assert {answer.status_code for answer in created} <= {201, 422}
        assert (deleted.status_code == 204) == all(answer.status_code == 422 for answer in created)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "ok", "description": "x" * 10_001}, "description"),
        ({"description": "x"}, "name"),
        ({"name": 7}, "name"),
        ({"name": "ok", "colour": "red"}, "colour"),
    ],
)
async def test_bad_categories_are_refused(rest: Rest, body: Json, field: str) -> None:
    admin = await rest.user(admin=True)
    answer = await rest("POST", "/categories/", admin, json=body)
    assert refused(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await rest.get("/categories/", admin))["count"] == 0


async def test_only_admins_write(rest: Rest) -> None:
    admin, ann = await rest.user(admin=True), await rest.user()
    made = await category(rest, admin)
    before = await rest.dump()
    for method, path in (("POST", ""), ("PATCH", f"{made['id']}/"), ("DELETE", f"{made['id']}/")):
        answer = await rest(method, f"/categories/{path}", ann, json={"name": "Mine"})
        assert refused(answer) == (403, "forbidden")
    assert await rest.dump() == before
    for unknown in ("0", "999", "99999999999999999999", "x"):
        assert refused(await rest("GET", f"/categories/{unknown}/", ann)) == GONE
