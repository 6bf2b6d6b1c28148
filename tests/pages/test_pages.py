"""The pages: what a reader gets before any script runs, and that it holds nothing a guest with the code may not see."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import segno
from starlette.applications import Starlette
from starlette.middleware import Middleware

from nexus.access.forwarded import TrustedHops
from nexus.access.public_address import read_address
from nexus.http.framework.arrival import Arrival, first_segments
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS
from nexus.http.pages.qr import LEAST_WIDTH_PX, qr_png, qr_svg
from nexus.http.pages.screens import Pages
from nexus.http.pages.site import Site
from nexus.store.database import Database
from tests.support.counts_told import tells_counts
from tests.support.postgres_server import PostgresServer
from tests.support.rest import Rest, open_rest
from tests.support.values import Json

BLOCK = re.compile(r'<script type="application/json" id="(\w+)">(.*?)</script>', re.DOTALL)
REFERENCE = re.compile(r'(?<!rel="canonical" )(?<!rel="manifest" )(?:src|href)="([^"]+)"')
"""What a page loads; of the manifest, tests/pages/test_app.py."""
NOWHERE = Site()
"""A site whose pages nobody may frame."""
PATHS = ("/", "/host", "/vote/{code}", "/live/{code}")


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest) as opened:
        yield opened


def reading(rest: Rest, public: str = "", site: Site = NOWHERE) -> httpx.AsyncClient:
    pages = Pages(rest.services.codes, rest.services.tallies, site, rest.services.looks, rest.services.words)
    routes = pages.routes()
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(
                Arrival,
                public=read_address(public) if public else None,
                trusted=TrustedHops("127.0.0.1"),
                names=first_segments(routes),
            ),
            Middleware(Edge, error_page=pages.refusals),
        ],
        exception_handlers=HANDLERS,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test")


def blocks(answer: httpx.Response) -> Json:
    return {name: json.loads(text) for name, text in BLOCK.findall(answer.text)}


async def given(reader: httpx.AsyncClient, path: str, status: int = 200) -> Json:
    answer = await reader.get(path)
    assert answer.status_code == status, answer.text
    found: Json = blocks(answer)["given"]
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_loads_from_here_alone_and_runs_nothing_of_its_own(
    rest: Rest, reader: httpx.AsyncClient, path: str
) -> None:
    poll = await rest.poll(await rest.user())
    answer = await reader.get(path.format(code=poll["code"]))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "Accept-Language" in answer.headers["vary"]
    for source in REFERENCE.findall(answer.text):
        assert re.match(r"(\./|\.\./)+assets/v-", source), source
        assert (await reader.get(urljoin(str(answer.url), source))).status_code == 200, source
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)
    scripts = re.findall(r"<script ([^>]*)>", answer.text)
    assert all("src=" in one or "application/json" in one for one in scripts)


@pytest.mark.parametrize("path", [*PATHS, "/host/", "/vote/{code}/", "/live/{code}/"])
@pytest.mark.parametrize("public", ["", "https://example.org/nexus", "https://example.org/a/b"])
async def test_a_page_finds_its_files_below_any_path(rest: Rest, path: str, public: str) -> None:
    """A proxy may have removed the path before the service, or have left it there where the setting says it."""
    code = (await rest.poll(await rest.user()))["code"]
    asked = path.format(code=code)
    async with reading(rest, public) as reader:
        for prefix in ("", urlsplit(public).path):
            answer = await reader.get(prefix + asked)
            assert answer.status_code == 200, prefix
            found = {urljoin(f"https://example.org/below{asked}", one) for one in REFERENCE.findall(answer.text)}
            if prefix:
                found = {urljoin(f"https://example.org{prefix}{asked}", one) for one in REFERENCE.findall(answer.text)}
            assert all(one.startswith(f"https://example.org{prefix or '/below'}/assets/v-") for one in found), found
            assert (await reader.get(f"{prefix}/host")).status_code == 200


async def test_the_root_without_its_slash_finds_its_files_too(rest: Rest) -> None:
    async with reading(rest, "https://example.org/a/nexus") as reader:
        answer = await reader.get("/a/nexus")
        for one in REFERENCE.findall(answer.text):
            assert urljoin("https://example.org/a/nexus", one).startswith("https://example.org/a/nexus/assets/v-")


@pytest.mark.parametrize("prefix", ["", "/nexus", "/events/vote.d"])
async def test_what_people_type_leads_below_any_path(rest: Rest, prefix: str) -> None:
    poll = await rest.poll(await rest.user())
    code = poll["code"]
    leads = {f"/join/{code}/": f"/vote/{code}", "/login": "/host", "/Live/": "/live", f"/v/{code[:3]}-{code[3:]}": ""}
    async with reading(rest, f"http://nexus.test{prefix}") as reader:
        for typed, target in leads.items():
            answer = await reader.get(f"{prefix}{typed}")
            assert answer.status_code == 307
            assert answer.url.join(answer.headers["location"]).path == f"{prefix}{target or f'/vote/{code}'}"
        assert (await reader.get(f"{prefix}/{code.lower()}")).status_code == 200
        lost = await reader.get(f"{prefix}/a/b/", headers={"Accept": "text/html"})
        ways = [lost.url.join(href).path for href in re.findall(r'<a href="([^"]+)"', lost.text)]
        assert ways == [f"{prefix}/", f"{prefix}/host"]


async def test_only_pages_of_a_poll_may_be_framed_and_only_by_those_named(rest: Rest) -> None:
    poll = await rest.poll(await rest.user())
    framed = ("/{code}", "/vote/{code}", "/live/{code}?overlay=1", "/vote/ZZZZZZ")
    never = ("/", "/host", "/vote", "/live", "/nothing/")
    async with reading(rest, site=Site(("https://a.example", "https://*.b.example:8443"))) as reader:
        for path in (*framed, *never):
            answer = await reader.get(path.format(code=poll["code"]), headers={"Accept": "text/html"})
            policy = answer.headers["content-security-policy"].split("; ")
            ancestors = "https://a.example https://*.b.example:8443" if path in framed else "'none'"
            assert [one for one in policy if one.startswith("frame-ancestors")] == [f"frame-ancestors {ancestors}"], (
                path
            )
            assert ("x-frame-options" in answer.headers) == (path in never), path
    async with reading(rest) as reader:
        for path in (*framed, *never):
            answer = await reader.get(path.format(code=poll["code"]), headers={"Accept": "text/html"})
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["x-frame-options"] == "DENY", path


async def test_the_hosts_page_knows_whether_other_sites_may_frame_polls(rest: Rest) -> None:
    for site, embeds in ((NOWHERE, False), (Site(("https://a.example",)), True)):
        async with reading(rest, site=site) as reader:
            assert blocks(await reader.get("/host"))["site"] == {"embeds": embeds}


async def test_a_page_that_names_its_address_is_kept_for_that_address_alone(
    rest: Rest, reader: httpx.AsyncClient
) -> None:
    poll = await rest.poll(await rest.user())
    for path in PATHS:
        answer = await reader.get(path.format(code=poll["code"]), headers={"Host": "vote.example"})
        named = "http://vote.example/" in answer.text
        assert named or path in ("/", "/vote", "/live"), path
        if named:
            assert "Host" in answer.headers["vary"].split(", "), path


async def test_a_page_comes_in_the_readers_language(rest: Rest, reader: httpx.AsyncClient) -> None:
    poll = await rest.poll(await rest.user())
    for path in PATHS:
        german = await reader.get(
            path.format(code=poll["code"]), headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
        )
        assert '<html lang="de" dir="ltr">' in german.text
        assert "Diese Seite braucht JavaScript." in german.text
        english = await reader.get(path.format(code=poll["code"]))
        assert '<html lang="en" dir="ltr">' in english.text
        assert set(blocks(german)["words"]) == set(blocks(english)["words"])


@pytest.mark.parametrize("screen", ["vote", "live"])
async def test_a_page_of_a_poll_begins_with_what_a_guest_sees(
    rest: Rest, reader: httpx.AsyncClient, screen: str
) -> None:
    poll = await rest.poll(await rest.user())
    guest = await rest.guest(poll)
    await rest.vote(guest, poll, 1)
    found = await given(reader, f"/{screen}/{poll['code']}")
    assert found["refused"] is None
    assert found["code"] == poll["code"]
    assert found["poll"] == await rest.get(f"/polls/{poll['id']}/", guest)
    assert [one["votes_count"] for one in found["totals"]["options"]] == [0, 1]
    assert (found["totals"]["voters"], found["totals"]["visibility"]) == (1, "full")


@pytest.mark.parametrize(
    "typed", ["{0}-{1}%20", "%22{0}%E2%80%94{1}%22.", "Code:%20{0}{1}", "{0}%C2%AD{1})", "%EF%BB%BF{0}%C2%A0{1}"]
)
async def test_a_code_is_found_as_people_type_it(rest: Rest, reader: httpx.AsyncClient, typed: str) -> None:
    poll = await rest.poll(await rest.user())
    code = poll["code"].lower()
    assert (await given(reader, f"/vote/{typed.format(code[:3], code[3:])}"))["poll"]["id"] == poll["id"]


@pytest.mark.parametrize("policy", ["live", "after_vote", "after_close", "host"])
@pytest.mark.parametrize("screen", ["vote", "live"])
async def test_a_page_holds_no_count_that_a_new_guest_may_not_see(
    rest: Rest, reader: httpx.AsyncClient, policy: str, screen: str
) -> None:
    host = await rest.user()
    poll = await rest.poll(host, results=policy)
    for place in (0, 0, 1):
        await rest.vote(await rest.guest(poll), poll, place)
    for close, shown in ((False, policy == "live"), (True, policy in ("live", "after_close"))):
        if close:
            await rest("POST", f"/polls/{poll['id']}/close/", host)
        answer = await reader.get(f"/{screen}/{poll['code']}")
        found = blocks(answer)["given"]
        assert tells_counts(json.dumps(found)) is shown
        assert found["totals"]["voters"] == 3
        assert found["totals"]["visibility"] == ("full" if shown else "turnout")


async def test_a_draft_is_no_poll_to_a_page(rest: Rest, reader: httpx.AsyncClient) -> None:
    draft = await rest.poll(await rest.user(), status="draft")
    answers = [await given(reader, f"/vote/{code}", 404) for code in (draft["code"], "ZZZZZZ")]
    for answer, code in zip(answers, (draft["code"], "ZZZZZZ"), strict=True):
        assert answer | {"server_now": ""} == {
            "code": code,
            "server_now": "",
            "poll": None,
            "totals": None,
            "refused": "poll_not_found",
        }


async def test_a_poll_without_guests_says_so_and_nothing_else(rest: Rest, reader: httpx.AsyncClient) -> None:
    poll = await rest.poll(await rest.user(), allow_guests=False)
    found = await given(reader, f"/live/{poll['code']}")
    assert (found["refused"], found["poll"], found["totals"]) == ("guests_not_allowed", None, None)


async def test_wrong_codes_are_limited_on_pages_too(database: Database) -> None:
    async with open_rest(database, NEXUS_WRONG_CODES_PER_ADDRESS="3") as rest, reading(rest) as reader:
        poll = await rest.poll(await rest.user())
        statuses = [(await reader.get(f"/vote/WRONG{n}")).status_code for n in range(5)]
        assert statuses == [404, 404, 404, 429, 429]
        answer = await reader.get("/live/WRONG9")
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert blocks(answer)["given"]["refused"] == "too_many_requests"
        for accept, kind in (("text/html", "text/html"), ("application/json", "application/problem+json")):
            answer = await reader.get("/ZZZZ29", headers={"accept": accept})
            assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (429, kind)
            assert int(answer.headers["retry-after"]) >= 1
        for path in ("/", "/vote/"):
            assert (await reader.get(f"{path}{poll['code']}")).status_code == 200  # a right one still passes


async def test_a_page_comes_without_a_database_too(postgres: PostgresServer) -> None:
    gone = Database(postgres.url_of("no_such_database"))
    await gone.connect()
    async with open_rest(gone) as rest, reading(rest) as reader:
        answer = await reader.get("/vote/ABCDEF")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert blocks(answer)["given"]["refused"] == "unavailable"
    await gone.close()


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "<!-- <script>", "a \u2028 & <b>", "<!-- given -->", '"\\'],
)
async def test_texts_of_a_poll_end_no_block(rest: Rest, reader: httpx.AsyncClient, text: str) -> None:
    poll = await rest.poll(await rest.user(), text, "other", question=text, description=text)
    answer = await reader.get(f"/vote/{poll['code']}")
    found = blocks(answer)["given"]["poll"]
    assert (found["question"], found["description"], found["options"][0]["option_text"]) == (text, text, text)
    told = answer.text.split('id="given">')[1].split("</script>")[0]
    assert "<" not in told


async def test_a_typed_code_ends_no_block(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/vote/%3C%2Fscript%3E%3Cscript%3Ealert(1)")
    assert answer.status_code == 404
    assert "<SCRIPT>ALERT" not in answer.text.upper()


async def test_pages_are_compressed_for_who_reads_that(rest: Rest, reader: httpx.AsyncClient) -> None:
    poll = await rest.poll(await rest.user())
    for path in PATHS:
        packed = await reader.get(path.format(code=poll["code"]), headers={"Accept-Encoding": "gzip"})
        plain = await reader.get(path.format(code=poll["code"]), headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert int(packed.headers["content-length"]) < len(plain.content) / 2
        assert blocks(packed)["words"] == blocks(plain)["words"]


async def test_only_reading_is_allowed(reader: httpx.AsyncClient) -> None:
    for path in PATHS:
        answer = await reader.post(path.format(code="ABCDEF"))
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


async def test_the_code_as_a_picture_leads_to_the_poll(reader: httpx.AsyncClient) -> None:
    address = "http://nexus.test/vote/K7M2QP"
    answer = await reader.get("/vote/k7m-2qp/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    drawn = segno.make_qr(address, error="m", boost_error=True).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True
    )
    assert re.findall(r' d="([^"]+)"', answer.text) == re.findall(r' d="([^"]+)"', drawn)


async def test_the_code_as_a_picture_of_pixels_is_the_same(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/vote/k7m-2qp/qr.png")
    assert answer.headers["content-type"] == "image/png"
    assert "content-encoding" not in answer.headers
    assert answer.content == qr_png("http://nexus.test/vote/K7M2QP")
    width, height = struct.unpack(">II", answer.content[16:24])
    assert width == height >= LEAST_WIDTH_PX
    assert (
        width % segno.make_qr("http://nexus.test/vote/K7M2QP", error="m", boost_error=True).symbol_size(border=4)[0]
        == 0
    )


@pytest.mark.parametrize("path", ["..%2F..%2Fx/qr.svg", "%3Cb%3E/qr.png", "A" * 41 + "/qr.svg", "%3Cb%3E/qr.svg"])
async def test_a_picture_of_anything_else_is_not_drawn(reader: httpx.AsyncClient, path: str) -> None:
    assert (await reader.get(f"/vote/{path}")).status_code == 404


async def test_a_picture_of_a_host_that_is_none_leads_to_the_server(reader: httpx.AsyncClient) -> None:
    for host in ("x" * 4000, "a b", "evil.example/x"):
        answer = await reader.get("/vote/K7M2QP/qr.svg", headers={"Host": host})
        assert answer.content == qr_svg("http://nexus.test/vote/K7M2QP")
