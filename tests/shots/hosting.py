"""The host's page in its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.shots.stand import Visit, state
from tests.support.browser import WITHIN_S
from tests.support.live_page import PASSWORD
from tests.support.values import Json

HEADING = "#screen h1"
MORE_THAN_A_PAGE = 23
"""Polls: a page of the list has 20."""


async def view(visit: Visit, route: str, *, admin: bool = False) -> None:
    """A view of somebody who is logged in."""
    await visit.log_in(visit.stand.admin if admin else None)
    await visit.go(f"/host#{route}", HEADING)
    await expect(visit.page.locator("#screen")).not_to_have_attribute("aria-busy", "true")
    await visit.page.wait_for_load_state("networkidle", timeout=WITHIN_S * 1000)


async def of_poll(visit: Visit, poll: Json, more: str = "") -> None:
    await view(visit, f"/poll/{poll['id']}{more}")


async def fill_list(visit: Visit) -> None:
    """Polls in all states, so that the list has something to show."""
    opens = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    await visit.poll("open", description=visit.texts.description)
    short, long, next_, last = visit.texts.questions
    await visit.poll("listed hidden", results="host", question=short)
    await visit.poll("listed scheduled", votes=(), opens_at=opens, question=long)
    await visit.poll("listed draft", votes=(), status="draft", question=next_)
    await visit.stand.act(await visit.poll("listed closed", question=last), "close")


@state("host", "login")
async def login(visit: Visit) -> None:
    await visit.go("/host", "input[name=username]")


@state("host", "login refused")
async def login_refused(visit: Visit) -> None:
    await visit.go("/host", "input[name=username]")
    await visit.page.locator("[name=username]").fill("mara")
    await visit.page.locator("[name=password]").fill("not the one")
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.get_by_role("alert").first).to_be_visible()


@state("host", "new account")
async def register(visit: Visit) -> None:
    await visit.go("/host#/register/ABCDEF", "input[name=username]")


async def newcomer(visit: Visit) -> Json:
    """The tokens of a new account, who is logged in from the next page on."""
    name = f"new{abs(hash((visit.language, id(visit)))) % 10**8}"
    server = visit.stand.host
    await server.post("/auth/register/", json={"username": name, "password": PASSWORD})
    pair: Json = (await server.post("/auth/token/", json={"username": name, "password": PASSWORD})).json()
    await visit.log_in(pair)
    return pair


@state("host", "empty list")
async def empty_list(visit: Visit) -> None:
    await newcomer(visit)
    await visit.go("/host", HEADING)
    await visit.page.wait_for_load_state("networkidle")


@state("host", "list")
async def list_(visit: Visit) -> None:
    await fill_list(visit)
    await view(visit, "/")


@state("host", "list where nothing is found")
async def nothing_found(visit: Visit) -> None:
    await fill_list(visit)
    await view(visit, "/?search=no-such-poll")
    await expect(visit.page.locator(".found.card")).to_be_visible()


@state("host", "list of several pages")
async def pages(visit: Visit) -> None:
    headers = {"Authorization": f"Bearer {(await newcomer(visit))['access']}"}
    texts = visit.texts
    for n in range(MORE_THAN_A_PAGE):
        asked = texts.long_question if n % 3 == 0 else texts.options[n % 7]
        body = {"question": asked, "options": [{"option_text": text} for text in texts.options[:3]]}
        assert (await visit.stand.host.post("/polls/", json=body, headers=headers)).is_success
    await visit.go("/host#/?page=2", ".pages button")


@state("host", "page that can't be shown")
async def trouble(visit: Visit) -> None:
    await view(visit, "/poll/999999999")


@state("host", "new poll")
async def form(visit: Visit) -> None:
    await view(visit, "/new")


@state("host", "list with a menu open")
async def list_menu(visit: Visit) -> None:
    await fill_list(visit)
    await view(visit, "/")
    await visit.page.locator(".poll .menu button").first.click()


@state("host", "several polls selected")
async def list_selected(visit: Visit) -> None:
    await fill_list(visit)
    await view(visit, "/")
    await visit.page.locator(".head button:visible").click()
    await visit.page.locator(".pick input").first.check()


@state("host", "new poll from a template, settings open")
async def form_open(visit: Visit) -> None:
    await view(visit, "/new?template=agree")
    # But the schedule: a browser's fields for times have more stops for the keyboard than the page knows of.
    for summary in await visit.page.locator("details:not(:nth-of-type(4)) > summary").all():
        await summary.click()
    await visit.page.evaluate("scrollTo(0, 0)")


@state("host", "new poll, the preview in its place")
async def previewed(visit: Visit) -> None:
    await visit.page.set_viewport_size({"width": 360, "height": 740})
    await view(visit, "/new?template=agree")
    await visit.page.locator(".turns button").last.click()
    await expect(visit.page.locator(".looks")).to_be_visible()


@state("host", "new poll, its preview as columns")
async def columns(visit: Visit) -> None:
    await sampled(visit, "columns")


@state("host", "new poll, its preview as a donut")
async def donut(visit: Visit) -> None:
    await sampled(visit, "donut")


async def sampled(visit: Visit, chart: str) -> None:
    """The form with its preview, where it has another chart."""
    await view(visit, "/new?template=agree")
    await visit.page.locator("[name=question]").fill(visit.texts.question)
    chosen = visit.page.locator("[name=chart]")
    await visit.page.locator("details", has=chosen).locator("summary").click()
    await chosen.select_option(chart)
    await visit.page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    turns = visit.page.locator(".turns button").last
    if await turns.is_visible():
        await turns.click()
    await expect(visit.page.locator(f".looks ul.{chart}")).to_be_visible()


@state("host", "categories")
async def categories(visit: Visit) -> None:
    names = enumerate(visit.texts.options[:3])
    found = {"count": 3, "results": [{"id": n, "name": name} for n, name in names]}
    await visit.page.route("**/categories/?*", lambda route: route.fulfill(json=found))  # no other list has them
    await view(visit, "/categories", admin=True)


@state("host", "new poll with faults")
async def form_faults(visit: Visit) -> None:
    await view(visit, "/new")
    await visit.page.locator("form button[value]").first.click()
    await expect(visit.page.locator("[aria-invalid=true]").first).to_be_visible()


@state("host", "poll edited")
async def edited(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("three of seven", 7, max_choices=3), "/edit")


@state("host", "draft")
async def draft(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("draft", votes=(), status="draft"))


@state("host", "open poll")
async def open_(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("open", description=visit.texts.description))


@state("host", "open poll, the menu of what is saved")
async def saving(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("open"))
    await visit.page.locator(".picturing .menu button").first.click()


@state("host", "another screen")
async def elsewhere(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("open"))
    await visit.page.locator(".next button:has-text('…')").click()
    await expect(visit.page.locator(".pairing")).not_to_be_empty()


@state("host", "poll just closed, to be undone")
async def undone(visit: Visit) -> None:
    await of_poll(visit, await visit.poll(f"undone {id(visit)}"))  # of its own: another visit must find it open
    await visit.page.locator(".next > .buttons > button:visible").nth(1).click()
    await expect(visit.page.locator(".said button")).to_be_visible()


@state("host", "overlay for streams")
async def overlay(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("open", description=visit.texts.description))
    await visit.page.locator(".sharing > div > .buttons button").click()
    await expect(visit.page.locator("dialog .sketch")).to_be_visible()


@state("host", "poll with hidden results")
async def hidden(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("hidden", results="host"))


@state("host", "closed poll")
async def closed(visit: Visit) -> None:
    poll = await visit.poll("closed")
    await visit.stand.act(poll, "close")
    await of_poll(visit, poll)


@state("host", "poll with 30 options")
async def thirty(visit: Visit) -> None:
    await of_poll(visit, await visit.poll("thirty", 30))


@state("host", "poll with long texts")
async def long_texts(visit: Visit) -> None:
    texts = visit.texts
    poll = await visit.stand.poll(
        "long", visit.language, texts.long_options, (5, 3, 2, 1, 1), question=texts.long_question
    )
    await of_poll(visit, poll)


@state("host", "history")
async def history(visit: Visit) -> None:
    poll = await visit.poll("closed")
    await visit.stand.act(poll, "close")
    await of_poll(visit, poll, "/history")


@state("host", "account")
async def account(visit: Visit) -> None:
    await view(visit, "/account")


@state("host", "accounts")
async def accounts(visit: Visit) -> None:
    await view(visit, "/accounts", admin=True)


@state("host", "link for somebody who is invited")
async def invited(visit: Visit) -> None:
    await view(visit, "/accounts", admin=True)
    await visit.page.locator("#screen .head button").click()
    name = f"guest{abs(hash((visit.language, id(visit)))) % 10**8}"
    await visit.page.locator("[name=username]").fill(name)
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator(".address")).to_be_visible()


@state("host", "invitation")
async def invitation(visit: Visit) -> None:
    headers = {"Authorization": f"Bearer {visit.stand.admin['access']}"}
    body = {"username": f"guest{abs(hash((visit.language, id(visit)))) % 10**8}"}
    link = (await visit.stand.host.post("/users/", json=body, headers=headers)).json()["url"]
    await visit.go(f"/host#{link.partition('#')[2]}", "[name=password], [type=password]")


@state("host", "account with a brand")
async def branded(visit: Visit) -> None:
    headers = {"Authorization": f"Bearer {(await newcomer(visit))['access']}"}
    brand = {"name": "Accessibility Conference 2026", "accent": "#ffd400", "stage": "dark"}
    assert (await visit.stand.host.put("/auth/me/brand/", json=brand, headers=headers)).is_success
    await visit.go("/host#/account", ".mini .brand")


@state("host", "account of an administrator")
async def account_of_admin(visit: Visit) -> None:
    await view(visit, "/account", admin=True)
