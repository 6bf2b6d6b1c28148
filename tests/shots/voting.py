"""The audience's page in its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, expect

from tests.shots.stand import Visit, state
from tests.support.live_page import TOUCH_MS
from tests.support.values import Json
from tests.support.vote_page import Wire

CHOICE = "#results button.choice"
NO_ROOM = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
"""As in a private window of some browsers, whose storages have no room at all."""


async def paper(visit: Visit, poll: Json) -> None:
    await visit.enter(f"/vote/{poll['code']}")


def choice(visit: Visit, place: int) -> Locator:
    return visit.page.locator(CHOICE).nth(place)


async def standing(visit: Visit) -> None:
    await expect(visit.page.locator('[data-state="standing"]').first).to_be_visible()


@state("vote", "waiting for a draft")
async def draft(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.go(f"/vote/{poll['code']}", "h1")


@state("vote", "waiting for its time")
async def scheduled(visit: Visit) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    poll = await visit.poll("scheduled", votes=(), opens_at=opens)
    await visit.go(f"/vote/{poll['code']}", "h1")


@state("vote", "open")
async def open_(visit: Visit) -> None:
    await paper(visit, await visit.poll("open", description=visit.texts.description))


@state("vote", "several to choose, some picked")
async def picked(visit: Visit) -> None:
    await paper(visit, await visit.poll("three of seven", 7, max_choices=3))
    for place in (0, 2):
        await choice(visit, place).click()


@state("vote", "several ballots, one cast")
async def several(visit: Visit) -> None:
    await paper(visit, await visit.poll("three each", 4, votes_per_user=3))
    await choice(visit, 1).click()
    await standing(visit)


@state("vote", "sending")
async def sending(visit: Visit) -> None:
    poll = await visit.poll("open", description=visit.texts.description)
    wire = await Wire().on(visit.page)
    wire.holding = True
    await paper(visit, poll)
    await choice(visit, 1).click()
    await expect(visit.page.locator('[data-state="sending"]')).to_be_visible()


@state("vote", "recorded", sample=True)
async def recorded(visit: Visit) -> None:
    await paper(visit, await visit.poll("open", description=visit.texts.description))
    await choice(visit, 1).click()
    await standing(visit)


@state("vote", "recorded for good, results after the end")
async def for_good(visit: Visit) -> None:
    await paper(visit, await visit.poll("for good", results="after_close", allow_change=False))
    await choice(visit, 2).click()
    await standing(visit)


@state("vote", "kept without a connection")
async def kept(visit: Visit) -> None:
    await paper(visit, await visit.poll("open", description=visit.texts.description))
    await expect(choice(visit, 0)).to_be_visible()  # in the room, and not only connected
    await visit.visitor.context.set_offline(True)
    await expect(visit.page.locator("body[data-touch=lost]")).to_be_attached(timeout=TOUCH_MS)
    await choice(visit, 0).click()
    await expect(visit.page.locator('[data-state="kept"]')).to_be_visible()


@state("vote", "hidden results")
async def hidden(visit: Visit) -> None:
    await paper(visit, await visit.poll("hidden", results="host"))


@state("vote", "closed with results")
async def closed(visit: Visit) -> None:
    poll = await visit.poll("closed")
    await visit.stand.act(poll, "close")
    await paper(visit, poll)


@state("vote", "closed while one had voted")
async def closed_voted(visit: Visit) -> None:
    poll = await visit.poll(f"closing {id(visit)}")
    await paper(visit, poll)
    await choice(visit, 0).click()
    await standing(visit)
    await visit.stand.act(poll, "close")
    await expect(visit.page.locator(CHOICE)).to_have_count(0)


@state("vote", "closed, results hidden")
async def closed_hidden(visit: Visit) -> None:
    poll = await visit.poll("closed, hidden", results="host")
    await visit.stand.act(poll, "close")
    await paper(visit, poll)


@state("vote", "last seconds")
async def last_seconds(visit: Visit) -> None:
    poll = await visit.poll(f"soon over {id(visit)}", 3)
    await visit.stand.act(poll, "open", {"seconds": 600})
    await paper(visit, poll)
    await visit.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(seconds=592))
    await expect(visit.page.locator("#left[data-soon]")).to_be_visible()


@state("vote", "30 options")
async def thirty(visit: Visit) -> None:
    await paper(visit, await visit.poll("thirty", 30))


@state("vote", "long texts")
async def long_texts(visit: Visit) -> None:
    texts = visit.texts
    poll = await visit.stand.poll(
        "long", visit.language, texts.long_options, (5, 3, 2, 1, 1), question=texts.long_question
    )
    await paper(visit, poll)


@state("vote", "an account is needed")
async def members(visit: Visit) -> None:
    poll = await visit.poll("members", allow_guests=False)
    await visit.go(f"/vote/{poll['code']}", "form")


@state("vote", "deleted")
async def deleted(visit: Visit) -> None:
    poll = await visit.poll(f"deleted {id(visit)}")
    await paper(visit, poll)
    await visit.stand.host.delete(f"/polls/{poll['id']}/")
    await expect(visit.page.locator(CHOICE)).to_have_count(0)


@state("vote", "two options, nobody has voted")
async def no_votes(visit: Visit) -> None:
    await paper(visit, await visit.poll("no votes", 2, votes=()))


@state("vote", "one more than can be picked")
async def too_many(visit: Visit) -> None:
    await paper(visit, await visit.poll("two of five", max_choices=2))
    for place in (0, 1, 2):
        await choice(visit, place).click()
    await expect(visit.page.locator("[data-answer]")).to_be_visible()


@state("vote", "another choice picked and not sent")
async def unsent(visit: Visit) -> None:
    await paper(visit, await visit.poll(f"changing {id(visit)}", max_choices=2))
    await choice(visit, 1).click()
    await visit.page.locator("#send").click()
    await standing(visit)
    await choice(visit, 2).click()
    await expect(visit.page.locator("[data-unsent]")).to_be_visible()


@state("vote", "not counted")
async def not_counted(visit: Visit) -> None:
    poll = await visit.poll(f"too late {id(visit)}")
    await paper(visit, poll)
    await expect(choice(visit, 0)).to_be_visible()
    await visit.visitor.context.set_offline(True)
    await expect(visit.page.locator("body[data-touch=lost]")).to_be_attached(timeout=TOUCH_MS)
    await choice(visit, 0).click()
    await expect(visit.page.locator('[data-state="kept"]')).to_be_visible()
    await visit.stand.act(poll, "close")
    await visit.visitor.context.set_offline(False)
    await expect(visit.page.locator('[data-state="lost"]')).to_be_visible(timeout=TOUCH_MS)


@state("vote", "closed while one had voted for another")
async def closed_lost(visit: Visit) -> None:
    poll = await visit.poll(f"losing {id(visit)}")
    await paper(visit, poll)
    await choice(visit, 2).click()
    await standing(visit)
    await visit.stand.act(poll, "close")
    await expect(visit.page.locator(CHOICE)).to_have_count(0)


@state("vote", "closed with a tie")
async def tie(visit: Visit) -> None:
    poll = await visit.poll("tie", 4, votes=(12, 12, 5, 1))
    await visit.stand.act(poll, "close")
    await paper(visit, poll)


@state("vote", "browser that stores nothing")
async def fleeting(visit: Visit) -> None:
    await visit.page.add_init_script(NO_ROOM)
    await paper(visit, await visit.poll("open", description=visit.texts.description))


@state("vote", "wrong password")
async def wrong_password(visit: Visit) -> None:
    poll = await visit.poll("members", allow_guests=False)
    await visit.go(f"/vote/{poll['code']}", "form")
    await visit.page.fill("[name=username]", "nobody")
    await visit.page.fill("[name=password]", "not this one")
    await visit.page.click("form .main")
    await expect(visit.page.locator("[aria-invalid=true]").first).to_be_visible(timeout=TOUCH_MS)
