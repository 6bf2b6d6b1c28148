"""The pages of an event's code: what a guest may see of it and of the poll that it shows, and nothing else
(docs/contract.md, "Pages")."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.pages.test_app import told
from tests.pages.test_brands import title
from tests.pages.test_pages import blocks, given, reading
from tests.rest.test_brands import INJECTIONS, png, put, put_logo
from tests.support.counts_told import tells_counts
from tests.support.events import event_of, new_poll
from tests.support.rest import Person, Rest
from tests.support.values import Json

PUBLIC = "https://vote.example.org/nexus"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PATHS = ("/{code}", "/vote/{code}", "/live/{code}")
NOTHING = {"poll": None, "totals": None}


@pytest.fixture
async def reader(rest: Rest) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(rest, PUBLIC) as opened:
        yield opened


async def move(rest: Rest, host: Person, event: Json, step: str = "next", **body: Any) -> Json:
    """Move the event on; returns it as its hosts see it."""
    answer = await rest("POST", f"/events/{event['id']}/{step}/", host, json=body)
    assert answer.status_code == 200, answer.text
    moved: Json = answer.json()
    return moved


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_of_an_event_begins_with_what_a_guest_sees(
    rest: Rest, reader: httpx.AsyncClient, path: str
) -> None:
    host = await rest.user()
    event = await event_of(
        rest, host, "Town hall", new_poll("First?"), new_poll("Secret draft?"), description="All of it"
    )
    address = path.format(code=event["code"].lower())
    guest = await rest.guest(event)
    before = await given(reader, address)
    assert before | {"server_now": ""} == {
        "code": event["code"],
        "server_now": "",
        "refused": None,
        "poll": None,
        "totals": None,
        "event": await rest.get(f"/events/{event['id']}/", guest),
    }
    assert (before["event"]["title"], before["event"]["shown"], before["event"]["polls"]) == ("Town hall", None, [])
    await move(rest, host, event)
    poll = await rest.get(f"/polls/{event['polls'][0]['id']}/", guest)
    await rest.vote(guest, poll, 1)
    found = await given(reader, address)
    assert found["event"] == await rest.get(f"/events/{event['id']}/", guest)
    assert found["poll"] == await rest.get(f"/polls/{poll['id']}/", guest)
    assert (found["event"]["shown"], found["poll"]["code"]) == (poll["id"], None)
    assert [one["votes_count"] for one in found["totals"]["options"]] == [0, 1]
    assert (found["refused"], "waiting" in found) == (None, False)
    assert "Secret draft?" not in (await reader.get(address)).text
    await move(rest, host, event, "show", poll=None)
    assert {name: (await given(reader, address))[name] for name in NOTHING} == NOTHING


@pytest.mark.parametrize("screen", ["vote", "live"])
@pytest.mark.parametrize("policy", ["live", "after_vote", "after_close", "host"])
async def test_a_page_holds_no_count_that_a_new_guest_may_not_see(
    rest: Rest, reader: httpx.AsyncClient, screen: str, policy: str
) -> None:
    host = await rest.user()
    event = await event_of(rest, host, "Show", new_poll("Well?", results=policy))
    await move(rest, host, event)
    poll = await rest.get(f"/polls/{event['polls'][0]['id']}/", host)
    for place in (0, 0, 1):
        await rest.vote(await rest.guest(event), poll, place)
    for close, shown in ((False, policy == "live"), (True, policy in ("live", "after_close"))):
        if close:
            await rest("POST", f"/polls/{poll['id']}/close/", host)
        found = await given(reader, f"/{screen}/{event['code']}")
        assert tells_counts(json.dumps(found)) is shown
        assert (found["totals"]["voters"], found["totals"]["visibility"]) == (3, "full" if shown else "turnout")


async def test_a_draft_that_is_shown_is_there_and_waits_for_its_opening(rest: Rest, reader: httpx.AsyncClient) -> None:
    host = await rest.user()
    event = await event_of(rest, host, "Show", new_poll("Read this first"))
    await move(rest, host, event, open=False)
    found = await given(reader, f"/vote/{event['code']}")
    assert (found["poll"]["question"], found["poll"]["status"], "waiting" in found) == (
        "Read this first",
        "draft",
        False,
    )
    assert [one["status"] for one in found["event"]["polls"]] == ["draft"]


@pytest.mark.parametrize("path", PATHS)
async def test_an_event_without_guests_says_so_and_nothing_else(
    rest: Rest, reader: httpx.AsyncClient, path: str
) -> None:
    host = await rest.user()
    await put(rest, host, name="Secret society")
    event = await event_of(rest, host, "Secret show", new_poll("Secret?"), allow_guests=False)
    await move(rest, host, event)
    answer = await reader.get(path.format(code=event["code"]), headers=BROWSER)
    found = blocks(answer)["given"]
    told = {"code": event["code"], "refused": "guests_not_allowed", "event": None, "poll": None, "totals": None}
    assert (answer.status_code, found) == (200, {**told, "server_now": found["server_now"]})
    assert "Secret" not in answer.text
    assert "brand" not in blocks(answer)


@pytest.mark.parametrize("path", PATHS)
async def test_codes_that_no_longer_lead_to_an_event_are_wrong_ones(
    rest: Rest, reader: httpx.AsyncClient, path: str
) -> None:
    host = await rest.user()
    gone, renamed = await event_of(rest, host, "Gone"), await event_of(rest, host, "Private from now on")
    await rest("DELETE", f"/events/{gone['id']}/", host)
    private = (await rest("PATCH", f"/events/{renamed['id']}/", host, json={"is_public": False})).json()
    for event in (gone, renamed):
        answer = await reader.get(path.format(code=event["code"]), headers=BROWSER)
        assert answer.status_code == 404
        assert (blocks(answer)["given"]["refused"], "event" in blocks(answer)["given"]) == ("poll_not_found", False)
        assert event["title"] not in answer.text
    assert (await given(reader, path.format(code=private["code"])))["event"]["title"] == renamed["title"]


async def test_a_poll_that_is_deleted_while_it_is_shown_leaves_nothing_shown(
    rest: Rest, reader: httpx.AsyncClient
) -> None:
    host = await rest.user()
    event = await event_of(rest, host, "Show", new_poll("Gone?"))
    await move(rest, host, event)
    await rest("DELETE", f"/polls/{event['polls'][0]['id']}/", host)
    found = await given(reader, f"/vote/{event['code']}")
    assert (found["event"]["shown"], found["event"]["polls"], found["poll"]) == (None, [], None)


@pytest.mark.parametrize("screen", ["vote", "live"])
async def test_a_link_to_a_public_event_shows_its_title_and_one_to_a_private_one_nothing(
    rest: Rest, reader: httpx.AsyncClient, screen: str
) -> None:
    host = await rest.user()
    await put(rest, host, name="Tea club")
    await put_logo(rest, host, png())
    fields = {"description": f"Doors open\n at {'eight ' * 60}"}
    event = await event_of(rest, host, "Our evening", new_poll("First?"), **fields)
    await move(rest, host, event)
    for path in (f"/{screen}/{event['code']}", *([f"/{event['code'].lower()}"] if screen == "vote" else [])):
        found = told(await reader.get(path, headers=BROWSER))
        assert (found["og:title"], found["og:site_name"]) == ("Our evening", "Tea club")
        assert found["canonical"] == found["og:url"] == f"{PUBLIC}/{screen}/{event['code']}"
        assert found["og:description"] == found["description"]
        assert found["description"].startswith("Doors open at eight eight")
        assert found["og:image"].startswith(f"{PUBLIC}/logos/")
    private = (await rest("PATCH", f"/events/{event['id']}/", host, json={"is_public": False})).json()
    answer = await reader.get(f"/{screen}/{private['code']}", headers=BROWSER)
    found = told(answer)
    assert (found["og:title"], found["og:site_name"], "description" in found) == ("Nexus", "Nexus", False)
    assert not [word for word in ("evening", "Doors", "First", "Tea", "logos") if word in repr(found)]
    assert blocks(answer)["given"]["event"]["title"] == "Our evening", "who has the code sees it"


@pytest.mark.parametrize("path", PATHS)
async def test_the_page_of_an_event_has_its_owner_s_brand(rest: Rest, reader: httpx.AsyncClient, path: str) -> None:
    admin, host = await rest.user(admin=True), await rest.user()
    event = await event_of(rest, host, "Show", new_poll())
    await put(rest, admin, "/brand/", name="Town hall", accent="#00a651")
    await put(rest, host, name="Tea club", accent="#e4002b")
    for step in (None, "next"):
        if step:
            await move(rest, host, event, step)
        answer = await reader.get(path.format(code=event["code"]))
        assert (blocks(answer)["brand"]["name"], blocks(answer)["brand"]["accent"]) == ("Tea club", "#e4002b")
        assert title(answer).endswith(" – Tea club")


@pytest.mark.parametrize(
    "text", [*INJECTIONS, "</script><script>alert(1)</script>", "<!-- blocks -->", "</head><body>"]
)
async def test_no_text_of_an_event_leaves_its_place(rest: Rest, reader: httpx.AsyncClient, text: str) -> None:
    host = await rest.user()
    event = await event_of(rest, host, text, new_poll(text, text, "other"), description=text)
    await move(rest, host, event)
    answer = await reader.get(f"/vote/{event['code']}", headers=BROWSER)
    found = blocks(answer)["given"]
    assert (found["event"]["title"], found["event"]["polls"][0]["question"], found["poll"]["question"]) == (text,) * 3
    assert "<" not in answer.text.split('id="given">')[1].split("</script>")[0]
    head = answer.text.partition("</head>")[0]
    assert not [tag for tag in ("<script>", "<body", "<!-- blocks") if tag in head]
    assert told(answer)["og:title"] == told(answer)["description"] == text


async def test_a_way_with_another_word_leads_to_an_event_too(rest: Rest, reader: httpx.AsyncClient) -> None:
    event = await event_of(rest, await rest.user(), "Show")
    for word in ("join", "v", "Vote"):
        answer = await reader.get(f"/{word}/{event['code']}")
        assert answer.status_code == 307
        assert answer.headers["location"].endswith(f"/vote/{event['code']}")
    drawn = await reader.get(f"/vote/{event['code']}/qr.svg")
    assert drawn.status_code == 200
