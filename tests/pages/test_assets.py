"""What the screens load: addresses that caches may keep, files that belong together, and nothing else of the disk."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.framework.static import WEB, StaticResponse, takes_gzip
from nexus.http.pages.assets import Assets
from nexus.http.pages.minified import minified

SCREENS = ("enter", "vote", "live", "host")


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets(WEB)


@pytest.fixture
async def client(assets: Assets) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[assets.route()], exception_handlers=HANDLERS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as opened:
        yield opened


async def test_an_asset_named_with_its_version_is_kept_for_good(client: httpx.AsyncClient, assets: Assets) -> None:
    address = "/" + assets.address("screens/vote.js")
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.content == minified("vote.js", (WEB / "screens" / "vote.js").read_bytes())
    assert answer.headers["cache-control"] == "max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript"


async def test_what_is_kept_for_good_has_the_id_of_its_request_too(assets: Assets) -> None:
    app = Edge(Starlette(routes=[assets.route()], exception_handlers=HANDLERS))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as client:
        kept = await client.get("/" + assets.address("client.js"))
        asked = await client.get("/assets/client.js")
    assert kept.headers["x-request-id"] != asked.headers["x-request-id"]
    assert kept.headers["x-content-type-options"] == asked.headers["x-content-type-options"] == "nosniff"


async def test_an_asset_named_without_is_asked_about_each_time(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/client.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.content == (WEB / "client.js").read_bytes()  # with its comments, for those who read it
    again = await client.get("/assets/client.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


async def test_a_page_of_another_version_finds_its_files_and_keeps_none(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/v-0123456789ab/client/room.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def test_another_content_is_another_version(tmp_path: Path) -> None:
    for name in ("client.js", "client.d.ts", "screens/a.js", "client/b.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    before = Assets(tmp_path).address("screens/a.js")
    assert Assets(tmp_path).address("screens/a.js") == before
    (tmp_path / "client" / "b.js").write_text("changed")
    assert Assets(tmp_path).address("screens/a.js") != before
    with pytest.raises(KeyError):
        Assets(tmp_path).address("screens/none.js")


@pytest.mark.parametrize(
    "path",
    [
        "none.js",
        "screens",
        "screens/",
        "../schema.sql",
        "%2e%2e/http/pages.py",
        "package.json",
        "words/en.json",
        "v-1/client.js",
    ],
)
async def test_what_is_no_asset_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/assets/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/assets/client.js")).status_code == 405
    head = await client.head("/assets/client.js")
    assert (head.status_code, head.content) == (200, b"")


async def test_text_is_compressed_for_who_reads_that(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/assets/client.js", headers={"Accept-Encoding": "br, gzip"}) as packed:
        raw = b"".join([part async for part in packed.aiter_raw()])
    plain = await client.get("/assets/client.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzip-not", False),
        ("", False),
        ("identity", False),
    ],
)
def test_gzip_is_sent_only_to_who_takes_it(header: str, taken: bool) -> None:
    assert takes_gzip(header) is taken


async def test_what_compressing_makes_no_smaller_is_sent_as_it_is() -> None:
    app = Starlette()
    app.mount("/", StaticResponse(b"short", "text/plain"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as client:
        answer = await client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.text == "short"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("size", [2_000, 200_000])
async def test_what_is_compressed_is_the_same_for_all_who_ask_at_once(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed, compress = [], gzip.compress

    def counted(data: bytes, *, mtime: int) -> bytes:
        compressed.append(data)
        return compress(data, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", counted)
    app = Starlette()
    app.mount("/", StaticResponse(b"long " * (size // 5), "text/plain"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as client:
        get = partial(client.get, "/", headers={"Accept-Encoding": "gzip"})
        answers = [*await asyncio.gather(get(), get(), get()), await get()]
    assert {len(answer.content) for answer in answers} == {size}
    assert {answer.headers["content-encoding"] for answer in answers} == {"gzip"}
    (length,) = {answer.headers["content-length"] for answer in answers}
    assert int(length) < size / 10
    assert len(compressed) == 1


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_names_every_module_it_needs(assets: Assets, screen: str) -> None:
    """Found by another rule than the product's: whatever path stands in quotes."""
    named = assets.modules(f"screens/{screen}.js")
    assert named[0] == f"screens/{screen}.js"
    assert len(named) == len(set(named))
    needed, waiting = set[str](), [named[0]]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        for path in re.findall(r'["\'](\.{1,2}/[\w./-]+\.js)["\']', (WEB / name).read_text()):
            target = str((WEB / name).parent.joinpath(path).resolve().relative_to(WEB.resolve()))
            assert (WEB / target).is_file(), f"{name} imports {path}"
            if target not in needed:
                waiting.append(target)
    assert set(named) == needed


def test_what_paints_first_is_named_first(assets: Assets) -> None:
    """With the sheet no more than the six that a browser asks for at once."""
    for screen in ("vote", "live"):
        first = assets.modules(f"screens/{screen}.js")[:5]
        assert set(first[1:]) == {f"screens/{name}.js" for name in ("preview", "bar", "dom", "words")}


async def test_a_sheet_holds_what_it_imports(client: httpx.AsyncClient) -> None:
    for screen in SCREENS:
        text = (await client.get(f"/assets/screens/{screen}.css")).text
        assert "@import" not in text
        for imported in ("screens", "buttons" if screen == "live" else "forms"):
            own = (WEB / "screens" / f"{imported}.css").read_text().rpartition("@import")[2].partition("\n")[2]
            assert own in text


def test_every_file_of_the_screens_is_one_that_another_names() -> None:
    """By its path, or, where a view is loaded once it is needed, by its name alone."""
    texts = {path: path.read_text() for path in (WEB / "screens").rglob("*.js")}
    for path in texts:
        if path.stem not in SCREENS:
            named = re.compile(rf'(/{path.stem}\.js"|["/]{path.stem}"|\b{path.stem}: )')
            assert any(named.search(text) for other, text in texts.items() if other != path), path
