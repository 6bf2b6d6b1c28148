"""Categories: everybody reads them, admins write them."""

import asyncio

import pytest

from tests.support.rest import House, Json, Person, refused

GONE = (404, "category_not_found")


async def category(house: House, admin: Person, name: str = "Sport", **fields: object) -> Json:
    answer = await house("POST", "/categories/", admin, json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def actions(house: House, admin: Person) -> list[tuple[str, Json]]:
    page = await house.get("/audit/?target_type=category", admin)
    return [(row["action"], row["details"]) for row in page["results"]]


async def test_life_of_a_category(house: House) -> None:
    admin, ann = await house.user(admin=True), await house.user()
    made = await category(house, admin, " Sport ", description="Balls")
    assert made == {"id": made["id"], "name": "Sport", "description": "Balls"}
    path = f"/categories/{made['id']}/"
    assert await house.get(path, ann) == made
    answer = await house("PATCH", path, admin, json={"name": "Sports"})
    assert (answer.status_code, answer.json()) == (200, {**made, "name": "Sports"})
    assert (await house("PATCH", path, admin, json={})).json()["name"] == "Sports"
    assert (await house("DELETE", path, admin)).status_code == 204
    assert refused(await house("GET", path, ann)) == GONE
    assert await actions(house, admin) == [
        ("delete", {"name": "Sports"}),
        ("update", {"name": ["Sport", "Sports"]}),
        ("create", {"name": "Sport", "description": "Balls"}),
    ]


async def test_list_is_paged_and_by_name(house: House) -> None:
    admin = await house.user(admin=True)
    for name in ("beta", "Gamma", "alpha"):
        await category(house, admin, name)
    page = await house.get("/categories/?page_size=2", await house.user())
    assert [one["name"] for one in page["results"]] == ["alpha", "beta"]
    assert page["count"] == 3 and page["next"].endswith("/categories/?page_size=2&page=2")


async def test_names_are_taken_in_any_case(house: House) -> None:
    admin = await house.user(admin=True)
    await category(house, admin, "Sport")
    other = await category(house, admin, "Music")
    before = await house.dump()
    for answer in (
        await house("POST", "/categories/", admin, json={"name": "SPORT"}),
        await house("PATCH", f"/categories/{other['id']}/", admin, json={"name": "sport"}),
    ):
        assert refused(answer) == (409, "category_taken")
    assert await house.dump() == before
    assert (await house("PATCH", f"/categories/{other['id']}/", admin, json={"name": "MUSIC"})).status_code == 200


async def test_category_with_polls_stays(house: House) -> None:
    admin = await house.user(admin=True)
    made = await category(house, admin)
    poll = await house.poll(admin, category=made["id"])
    path = f"/categories/{made['id']}/"
    assert refused(await house("DELETE", path, admin)) == (409, "category_in_use")
    assert (await house("PATCH", f"/polls/{poll['id']}/", admin, json={"category": None})).status_code == 200
    assert (await house("DELETE", path, admin)).status_code == 204


async def test_deletion_and_use_at_once_end_in_one_or_the_other(house: House) -> None:
    admin = await house.user(admin=True)
    body = {"question": "Well?", "options": [{"option_text": "a"}, {"option_text": "b"}]}
    for n in range(10):
        made = await category(house, admin, f"C{n}")
        deleted, *created = await asyncio.gather(
            house("DELETE", f"/categories/{made['id']}/", admin),
            *(house("POST", "/polls/", admin, json={**body, "category": made["id"]}) for _ in range(3)),
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
async def test_bad_categories_are_refused(house: House, body: Json, field: str) -> None:
    admin = await house.user(admin=True)
    answer = await house("POST", "/categories/", admin, json=body)
    assert refused(answer) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await house.get("/categories/", admin))["count"] == 0


async def test_only_admins_write(house: House) -> None:
    admin, ann = await house.user(admin=True), await house.user()
    made = await category(house, admin)
    before = await house.dump()
    for method, path in (("POST", ""), ("PATCH", f"{made['id']}/"), ("DELETE", f"{made['id']}/")):
        answer = await house(method, f"/categories/{path}", ann, json={"name": "Mine"})
        assert refused(answer) == (403, "forbidden")
    assert await house.dump() == before
    for id in ("0", "999", "99999999999999999999", "x"):
        assert refused(await house("GET", f"/categories/{id}/", ann)) == GONE
