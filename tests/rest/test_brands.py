"""Brands over REST: what can be set, by whom it is seen, and what becomes of logos."""

from io import BytesIO

import pytest
from PIL import Image

from nexus.domain.brand import NAME_MAX
from nexus.http.framework.problem import UPLOAD_BYTES
from tests.branding.test_picture import REFUSED, SVG
from tests.support.leaving import leave, made
from tests.support.rest import NOBODY, Person, Rest, refused
from tests.support.values import Json

PLAIN = {"name": "", "accent": None, "stage": "auto", "logo": None, "light": None, "dark": None}
INJECTIONS = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{brand}",
    "{n}",
    "שלום",
)


def png(colour: str = "red") -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 20), colour).save(file, "PNG")
    return file.getvalue()


async def put(rest: Rest, who: Person, path: str = "/auth/me/brand/", **fields: object) -> Json:
    answer = await rest("PUT", path, who, json=fields)
    assert answer.status_code == 200, answer.text
    kept: Json = answer.json()
    return kept


async def put_logo(rest: Rest, who: Person, picture: bytes, path: str = "/auth/me/brand/logo/") -> str:
    answer = await rest("PUT", path, who, content=picture)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["logo"]["url"])


async def logos(rest: Rest) -> int:
    async with rest.services.database.read() as connection:
        row = await connection.one("SELECT count(*) AS n FROM logos")
    return 0 if row is None else int(row["n"])


async def test_nothing_is_set_at_first(rest: Rest) -> None:
    host = await rest.user()
    poll = await rest.poll(host)
    for path, who in (("/brand/", NOBODY), ("/auth/me/brand/", host), (f"/polls/{poll['id']}/brand/", host)):
        assert await rest.get(path, who) == PLAIN


async def test_what_is_set_is_read_again(rest: Rest) -> None:
    host = await rest.user()
    kept = await put(rest, host, name="  Tea & Co.  ", accent="#FFD400", stage="dark")
    assert kept == await rest.get("/auth/me/brand/", host)
    assert kept["name"] == "Tea & Co."
    assert kept["accent"] == "#ffd400"
    assert kept["dark"]["accent"] == "#ffd400"
    assert kept["light"]["accent"] != "#ffd400"  # nobody could read it on white
    assert await put(rest, host) == PLAIN


async def test_a_host_s_brand_goes_before_the_operator_s(rest: Rest) -> None:
    admin, host = await rest.user(admin=True), await rest.user()
    poll = await rest.poll(host)
    guest = await rest.guest(poll)
    shown = f"/polls/{poll['id']}/brand/"
    await put(rest, admin, "/brand/", name="Town hall", accent="#00a651", stage="light")
    logo = await put_logo(rest, admin, png(), "/brand/logo/")
    whole = await rest.get(shown, guest)
    assert (whole["name"], whole["accent"], whole["stage"], whole["logo"]["url"]) == (
        "Town hall",
        "#00a651",
        "light",
        logo,
    )
    assert whole == await rest.get("/brand/")
    await put(rest, host, name="Tea club")
    half = await rest.get(shown, guest)
    # Never the name of one beside the logo of another.
    assert (half["name"], half["accent"], half["stage"], half["logo"]) == ("Tea club", "#00a651", "light", None)
    await put(rest, host, accent="#e4002b", stage="dark")
    own = await rest.get(shown, guest)
    assert (own["name"], own["accent"], own["stage"], own["logo"]["url"]) == ("Town hall", "#e4002b", "dark", logo)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"name": "a" * (NAME_MAX + 1)}, {"name"}),
        ({"name": "a\0b"}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "\u202eNexus nimda"}, {"name"}),
        *(
            ({"name": f"a{mark}b"}, {"name"})
            for mark in "\n\r\t\x7f\u0085\u2028\u200b\u200c\u200d\u202a\u202d\u2066\u2069"
        ),
        ({"name": "a" * 99, "accent": "red"}, {"name", "accent"}),
        ({"accent": "#fff"}, {"accent"}),
        ({"accent": "#ffffff;color:red"}, {"accent"}),
        ({"accent": "url(x)"}, {"accent"}),
        ({"accent": ""}, {"accent"}),
        ({"stage": "pink"}, {"stage"}),
        ({"stage": None}, {"stage"}),
        ({"logo": None}, {"logo"}),
        ({"light": {}}, {"light"}),
    ],
)
async def test_what_breaks_a_rule_changes_nothing(rest: Rest, fields: dict[str, object], broken: set[str]) -> None:
    host = await rest.user()
    await put(rest, host, name="Kept")
    before = await rest.dump()
    answer = await rest("PUT", "/auth/me/brand/", host, json=fields)
    assert refused(answer) == (422, "invalid")
    assert {one["field"] for one in answer.json()["errors"]} == broken
    assert await rest.dump() == before


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u202e\u2066", " \u2800\u00ad ", "\u3164"])
async def test_a_name_that_nobody_can_see_is_none(rest: Rest, name: str) -> None:
    host = await rest.user()
    await put(rest, host, name="Tea")
    assert (await put(rest, host, name=name))["name"] == ""


@pytest.mark.parametrize("name", INJECTIONS)
async def test_a_name_is_text(rest: Rest, name: str) -> None:
    host = await rest.user()
    await put(rest, host, name=name)
    assert (await rest.get("/auth/me/brand/", host))["name"] == name


async def test_colours_of_an_accent_can_be_asked_for(rest: Rest) -> None:
    found = await rest.get("/brand/colours/?accent=%23FFD400")
    host = await rest.user()
    kept = await put(rest, host, accent="#ffd400")
    assert found == {"light": kept["light"], "dark": kept["dark"]}
    for query in ("", "?accent=", "?accent=yellow", "?accent=%23ffd40"):
        assert refused(await rest("GET", f"/brand/colours/{query}")) == (422, "invalid")


@pytest.mark.parametrize("what", ["nothing", "text", "an SVG", "a PNG of a thousand million pixels", "half a JPEG"])
async def test_what_is_no_picture_changes_nothing(rest: Rest, what: str) -> None:
    host = await rest.user()
    kept = await put_logo(rest, host, png())
    answer = await rest(
        "PUT", "/auth/me/brand/logo/", host, content=REFUSED[what], headers={"content-type": "image/png"}
    )
    assert refused(answer) == (422, "bad_logo")
    assert (await rest.get("/auth/me/brand/", host))["logo"]["url"] == kept


async def test_a_picture_is_what_its_content_says(rest: Rest) -> None:
    host = await rest.user()
    for kind in ("image/svg+xml", "text/html", "application/json", ""):
        answer = await rest("PUT", "/auth/me/brand/logo/", host, content=png(), headers={"content-type": kind})
        assert answer.status_code == 200, kind
    answer = await rest("PUT", "/auth/me/brand/logo/", host, content=SVG, headers={"content-type": "image/png"})
    assert refused(answer) == (422, "bad_logo")


async def test_a_file_has_a_largest_size(rest: Rest) -> None:
    host = await rest.user()
    answer = await rest("PUT", "/auth/me/brand/logo/", host, content=bytes(UPLOAD_BYTES + 1))
    assert refused(answer) == (413, "body_too_large")
    assert refused(await rest("PUT", "/auth/me/brand/logo/", host, content=bytes(UPLOAD_BYTES))) == (422, "bad_logo")


async def test_one_logo_at_a_time_is_written(rest: Rest) -> None:
    host, other = await rest.user(), await rest.user()
    assert rest.services.logos.acquire(host.voter)
    assert refused(await rest("PUT", "/auth/me/brand/logo/", host, content=png())) == (429, "too_many_requests")
    assert (await rest("PUT", "/auth/me/brand/logo/", other, content=png())).status_code == 200
    rest.services.logos.release(host.voter)
    assert (await rest("PUT", "/auth/me/brand/logo/", host, content=png())).status_code == 200


async def test_a_logo_goes_when_nobody_has_it(rest: Rest) -> None:
    host, other = await rest.user(), await rest.user()
    before = await logos(rest)
    first = await put_logo(rest, host, png("#123456"))
    assert await put_logo(rest, other, png("#123456")) == first
    assert await logos(rest) == before + 1
    second = await put_logo(rest, host, png("#654321"))
    assert second != first
    assert await logos(rest) == before + 2
    for _ in range(2):
        assert (await rest("DELETE", "/auth/me/brand/logo/", other)).status_code == 204
        assert await logos(rest) == before + 1
    assert (await rest.get("/auth/me/brand/", other))["logo"] is None
    assert (await rest.get("/auth/me/brand/", host))["logo"] == {"url": second, "width": 40, "height": 20}


async def test_an_account_that_goes_takes_its_brand(rest: Rest) -> None:
    _, host = await made(rest)
    before = await logos(rest)
    await put(rest, host, name="Ann's very own")
    await put_logo(rest, host, png("#010203"))
    assert await leave(rest, host) == (204, "")
    assert await logos(rest) == before
    dump = await rest.dump()
    assert not any(row.startswith(f"({host.voter},") for row in dump["brands"])
    assert "very own" not in str(dump)


async def test_the_history_says_what_changed_and_not_into_what(rest: Rest) -> None:
    admin, host = await rest.user(admin=True), await rest.user()
    await put(rest, host, name="Secret name", accent="#123456")
    await put(rest, host, name="Secret name", accent="#123456")  # changes nothing
    await put_logo(rest, host, png())
    await put(rest, admin, "/brand/", stage="dark")
    entries = (await rest.get("/audit/?target_type=brand&page_size=3", admin))["results"]
    told = [(one["user"], one["action"], one["target_id"], one["details"]) for one in entries]
    number = int(host.voter.removeprefix("user:"))
    assert told == [
        (admin.voter, "update", 0, {"site": True, "parts": ["stage"]}),
        (host.voter, "update", number, {"site": False, "parts": ["logo"]}),
        (host.voter, "update", number, {"site": False, "parts": ["name", "accent"]}),
    ]
