"""Brands on pages: whose is shown where, that a name is text, and that pages do without the database."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image

from nexus.branding.looks import FRESH_S, Looks, _keep
from nexus.domain.brand import NO_LOOK, SITE, Brand
from nexus.errors import Unavailable
from nexus.store import brands, departures
from nexus.store.database import Database
from tests.pages.test_pages import blocks, reading
from tests.rest.test_brands import INJECTIONS, png, put, put_logo
from tests.support.leaving import leave, made
from tests.support.rest import Person, Rest

PAGE = {"Accept": "text/html"}
PATHS = ("/", "/live", "/host", "/vote/{code}", "/{code}", "/live/{code}", "/live/{code}?overlay=1")
OF_THE_HOST = ("/vote/{code}", "/{code}", "/live/{code}", "/live/{code}?overlay=1")


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest) as opened:
        yield opened


@pytest.fixture
async def admin(rest: Rest) -> Person:
    return await rest.user(admin=True)


def title(answer: httpx.Response) -> str:
    (found,) = re.findall("<title>(.*?)</title>", answer.text)
    return str(found)


async def test_pages_without_a_brand_hold_nothing_of_one(rest: Rest, reader: httpx.AsyncClient) -> None:
    poll = await rest.poll(await rest.user())
    for path in PATHS:
        answer = await reader.get(path.format(code=poll["code"]))
        assert "brand" not in blocks(answer), path
        assert len(re.findall("<script [^>]*src=[^>]*>", answer.text)) == 1, path
        assert title(answer).endswith(" – Nexus"), path


async def test_a_poll_s_pages_have_its_host_s_brand_and_all_others_the_operator_s(
    rest: Rest, reader: httpx.AsyncClient, admin: Person
) -> None:
    host = await rest.user()
    poll = await rest.poll(host)
    await put(rest, admin, "/brand/", name="Town hall", accent="#00a651")
    await put(rest, host, name="Tea club", accent="#e4002b", stage="dark")
    for path in PATHS:
        answer = await reader.get(path.format(code=poll["code"]))
        own = path in OF_THE_HOST
        shown = blocks(answer)["brand"]
        assert (shown["name"], shown["accent"]) == (("Tea club", "#e4002b") if own else ("Town hall", "#00a651")), path
        assert title(answer).endswith(" – Tea club" if own else " – Town hall"), path
        assert 'screens/brand.js"' in re.findall("<script [^>]*src=[^>]*>", answer.text)[0], "it runs first"
        assert blocks(answer)["brand"] == await rest.get(f"/polls/{poll['id']}/brand/" if own else "/brand/", host)


async def test_a_poll_that_a_guest_may_not_know_shows_nothing_of_its_host(
    rest: Rest, reader: httpx.AsyncClient, admin: Person
) -> None:
    host = await rest.user()
    await put(rest, admin, "/brand/", name="Town hall")
    await put(rest, host, name="Secret society")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    hidden = [
        await rest.poll(host, status="draft"),
        await rest.poll(host, allow_guests=False),
        {"code": "ZZZZZZ"},
    ]
    for poll in hidden:
        for path in OF_THE_HOST:
            answer = await reader.get(path.format(code=poll["code"]), headers=PAGE)
            assert "Secret society" not in answer.text, path
            assert blocks(answer)["brand"]["name"] == "Town hall", path
    scheduled = await rest.poll(host, opens_at=later)
    assert (await reader.get(f"/vote/{scheduled['code']}")).status_code == 200


async def test_pages_of_errors_have_the_operator_s_brand(rest: Rest, reader: httpx.AsyncClient, admin: Person) -> None:
    await put(rest, admin, "/brand/", name="Town <b>hall</b>", accent="#00a651")
    answer = await reader.get("/nothing/here", headers=PAGE)
    assert answer.status_code == 404
    assert title(answer).endswith(" – Town &lt;b&gt;hall&lt;/b&gt;")
    assert ">Town &lt;b&gt;hall&lt;/b&gt;</p>" in answer.text
    assert blocks(answer)["brand"]["accent"] == "#00a651"


@pytest.mark.parametrize("name", INJECTIONS)
async def test_a_name_is_text_on_every_page(rest: Rest, reader: httpx.AsyncClient, admin: Person, name: str) -> None:
    await put(rest, admin, "/brand/", name=name)
    poll = await rest.poll(await rest.user())
    for path in (*PATHS, "/no/such/page"):
        answer = await reader.get(path.format(code=poll["code"]), headers=PAGE)
        assert blocks(answer)["brand"]["name"] == name, path
        assert answer.text.count("<script") == answer.text.count("</script>"), path
        assert "<img" not in answer.text, path
        assert "alert(1)</script>" not in answer.text, path


async def test_a_logo_is_a_picture_for_everybody(rest: Rest, reader: httpx.AsyncClient) -> None:
    host = await rest.user()
    poll = await rest.poll(host)
    url = await put_logo(rest, host, png("#102030"))
    shown = blocks(await reader.get(f"/vote/{poll['code']}"))["brand"]["logo"]
    assert url == f"http://nexus.test/{shown['url']}"
    answer = await reader.get(f"/{shown['url']}")
    assert answer.status_code == 200
    assert Image.open(BytesIO(answer.content)).size == (shown["width"], shown["height"])
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert (await reader.head(f"/{shown['url']}")).content == b""


@pytest.mark.parametrize("name", ["0" * 32 + ".png", "x.png", "0" * 32, "0" * 32 + ".svg", "..%2Fx.png", "%00.png"])
async def test_any_other_logo_is_not_found(reader: httpx.AsyncClient, name: str) -> None:
    assert (await reader.get(f"/logos/{name}")).status_code == 404


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_brand_is_read_once_a_second_at_most(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[list[str]]()

    async def of_owners(database: Database, owners: list[str]) -> dict[str, Brand]:
        asked.append(sorted(owners))
        return {}

    monkeypatch.setattr(brands, "of_owners", of_owners)
    clock = Clock()
    looks = Looks(rest.services.database, clock)
    for _ in range(3):
        await looks.of_host("user:1")
        await looks.of_site()
    assert asked == [[SITE, "user:1"]]
    clock.now += FRESH_S
    await looks.of_site()
    await looks.of_host("user:1")
    assert asked[1:] == [[SITE], ["user:1"]]
    looks.forget("user:1")
    await looks.of_host("user:1")
    assert asked[3:] == [["user:1"]]


async def test_pages_are_shown_with_the_last_brand_while_the_database_is_away(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()

    async def of_tea(database: Database, owners: list[str]) -> dict[str, Brand]:
        if told:
            raise Unavailable
        return dict.fromkeys(owners, Brand("Tea"))

    clock = Clock()
    monkeypatch.setattr(brands, "of_owners", of_tea)
    looks = Looks(rest.services.database, clock)
    assert (await looks.of_site()).name == "Tea"
    told.append("away")
    clock.now += FRESH_S
    assert (await looks.of_site()).name == "Tea"
    assert await Looks(rest.services.database, clock).of_host("user:1") == NO_LOOK


@pytest.mark.parametrize("end", ["another logo", "no logo", "no account", "deleted by others"])
async def test_a_logo_that_nobody_has_is_not_served_from_memory(
    rest: Rest, reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    user, host = await made(rest)
    other_worker = Looks(rest.services.database, clock := Clock())
    monkeypatch.setattr(rest.services.looks, "_clock", clock)
    path = httpx.URL(await put_logo(rest, host, png("#102030"))).path
    digest = path.removeprefix("/logos/").removesuffix(".png")
    assert (await reader.get(path)).status_code == 200
    assert await other_worker.logo(digest)
    if end == "another logo":
        await put_logo(rest, host, png("#302010"))
    elif end == "no logo":
        assert (await rest("DELETE", "/auth/me/brand/logo/", host)).status_code == 204
    elif end == "no account":
        assert await leave(rest, host) == (204, "")
    else:
        await departures.delete(rest.services.database, user.id, by="cli")
    clock.now += FRESH_S
    assert (await reader.get(path)).status_code == 404
    assert await other_worker.logo(digest) is None


async def test_a_logo_is_asked_for_once_a_second_at_most(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, checked = list[list[str]](), list[list[str]]()

    async def logos(database: Database, digests: list[str]) -> dict[str, bytes]:
        asked.append(digests)
        return dict.fromkeys(digests, b"png")

    async def logos_in_use(database: Database, digests: list[str]) -> dict[str, bool]:
        checked.append(digests)
        return dict.fromkeys(digests, True)

    monkeypatch.setattr(brands, "logos", logos)
    monkeypatch.setattr(brands, "logos_in_use", logos_in_use)
    looks = Looks(rest.services.database, clock := Clock())
    for second in range(3):
        assert await asyncio.gather(*(looks.logo("a") for _ in range(20))) == [b"png"] * 20
        assert (asked, checked) == ([["a"]], [["a"]] * second)
        clock.now += FRESH_S


async def test_a_logo_that_is_known_is_served_while_the_database_is_away(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(database: Database, digests: list[str]) -> dict[str, bool]:
        raise Unavailable

    host = await rest.user()
    digest = httpx.URL(await put_logo(rest, host, png("#112233"))).path[len("/logos/") : -len(".png")]
    monkeypatch.setattr(brands, "logos_in_use", away)
    looks = Looks(rest.services.database, clock := Clock())
    kept = await looks.logo(digest)
    clock.now += FRESH_S
    assert kept
    assert await looks.logo(digest) == kept


def test_a_worker_keeps_so_many_brands() -> None:
    kept = dict[str, int]()
    for number in range(5):
        _keep(kept, f"user:{number}", number, 3)
    _keep(kept, "user:2", 7, 3)
    assert kept == {"user:3": 3, "user:4": 4, "user:2": 7}
