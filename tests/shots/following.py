"""The audience's page of an event in its states."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from tests.shots.stand import Visit, state
from tests.shots.voting import choice
from tests.support.live_page import TOUCH_MS
from tests.support.values import Json
from tests.support.vote_page import Wire

TITLES = {"en": "An evening about travelling", "ar": "أمسية عن السفر"}
LONG_TITLES = {
    "en": "The annual general meeting of everybody who has ever travelled with us, wants to, or would rather stay at "
    "home and hear about it",
    "ar": "الاجتماع السنوي العام لكل من سافر معنا أو يرغب في ذلك أو يفضل البقاء في المنزل والاستماع إلى ما حدث",
}


async def show(visit: Visit, *fields: Json, **of_event: Any) -> Json:
    """A new event of four questions; `fields` are those of the first ones."""
    texts = visit.texts
    options = [{"option_text": text} for text in texts.some(4)]
    questions = (texts.questions[2], texts.question, texts.questions[3], texts.questions[0])
    polls = [{"question": question, "options": options} for question in questions]
    polls = [poll | extra for poll, extra in zip(polls, [*fields, {}, {}, {}, {}], strict=False)]
    body = {"title": TITLES[visit.language], "description": texts.description, "polls": polls, **of_event}
    answer = await visit.stand.host.post("/events/", json=body)
    assert answer.status_code == 201, answer.text
    event: Json = answer.json()
    return event


async def move(visit: Visit, event: Json, step: str = "next", **body: Any) -> None:
    answer = await visit.stand.host.post(f"/events/{event['id']}/{step}/", json=body)
    assert answer.is_success, answer.text


async def crowd(visit: Visit, event: Json, place: int, *votes: int) -> None:
    """Votes of others for the options of the poll at `place`."""
    poll = (await visit.stand.host.get(f"/polls/{event['polls'][place]['id']}/")).json()
    await visit.stand.cast(poll, votes)


async def follow(visit: Visit, event: Json) -> None:
    await visit.enter(f"/vote/{event['code']}")
    await expect(visit.page.locator("#said, .halo").first).to_be_visible()


async def committed(visit: Visit, event: Json) -> None:
    """The vote that the page is sending stands, and the page does not know yet."""
    path = f"/polls/{event['polls'][0]['id']}/results/"
    async with asyncio.timeout(TOUCH_MS / 1000):
        while not (await visit.stand.host.get(path)).json()["voters"]:  # noqa: ASYNC110 - the server is asked
            await asyncio.sleep(0.02)


async def asked(visit: Visit, place: int) -> None:
    """The question at `place` is there."""
    await expect(visit.page.locator("#step .number")).to_contain_text(str(place))
    await expect(visit.page.locator("[data-moved]")).to_have_count(0)


async def offline(visit: Visit, whether: bool) -> None:
    await visit.visitor.context.set_offline(whether)
    await expect(visit.page.locator(f"body[data-touch={'lost' if whether else 'good'}]")).to_be_attached(
        timeout=TOUCH_MS
    )


@state("vote", "event: before its first question")
async def before(visit: Visit) -> None:
    await follow(visit, await show(visit))


@state("vote", "event: a question")
async def question(visit: Visit) -> None:
    event = await show(visit)
    await move(visit, event)
    await move(visit, event)
    await crowd(visit, event, 1, 13, 8, 5, 3)
    await follow(visit, event)


@state("vote", "event: a vote is still being sent")
async def still(visit: Visit) -> None:
    event = await show(visit)
    await move(visit, event)
    wire = await Wire().on(visit.page)
    wire.holding = True
    await follow(visit, event)
    await choice(visit, 0).click()
    await committed(visit, event)
    await move(visit, event)
    await asked(visit, 2)


@state("vote", "event: a vote counts")
async def counts(visit: Visit) -> None:
    event = await show(visit)
    await move(visit, event)
    wire = await Wire().on(visit.page)
    wire.holding = True
    await follow(visit, event)
    await choice(visit, 0).click()
    await committed(visit, event)
    await move(visit, event)
    await asked(visit, 2)
    wire.let_go()
    await expect(visit.page.locator('#news [data-mood="good"]')).to_be_visible()


@state("vote", "event: a vote was too late", sample=True)
async def late(visit: Visit) -> None:
    event = await show(visit, {"question": visit.texts.long_question})
    await move(visit, event)
    await follow(visit, event)
    await expect(choice(visit, 0)).to_be_visible()
    await offline(visit, True)
    await choice(visit, 0).click()
    await expect(visit.page.locator('[data-state="kept"]')).to_be_visible()
    await move(visit, event)
    await offline(visit, False)
    await asked(visit, 2)
    await expect(visit.page.locator('#news [data-mood="bad"]')).to_be_visible(timeout=TOUCH_MS)


@state("vote", "event: a choice was not sent")
async def unsent(visit: Visit) -> None:
    event = await show(visit, {"max_choices": 2})
    await move(visit, event)
    await follow(visit, event)
    await choice(visit, 0).click()
    await move(visit, event)
    await asked(visit, 2)
    await expect(visit.page.locator("#news .note")).to_be_visible()


@state("vote", "event: a closed question")
async def closed(visit: Visit) -> None:
    event = await show(visit)
    await move(visit, event)
    await crowd(visit, event, 0, 13, 8, 5, 3)
    await follow(visit, event)
    await choice(visit, 0).click()
    await expect(visit.page.locator('[data-state="standing"]')).to_be_visible()
    await visit.stand.act(event["polls"][0], "close")
    await expect(visit.page.locator("#next")).to_be_visible()


@state("vote", "event: a question to read before it opens")
async def soon(visit: Visit) -> None:
    event = await show(visit)
    await move(visit, event, open=False)
    await follow(visit, event)


@state("vote", "event: between questions")
async def between(visit: Visit) -> None:
    event = await show(visit, description="")
    await move(visit, event)
    wire = await Wire().on(visit.page)
    wire.holding = True
    await follow(visit, event)
    await choice(visit, 0).click()
    await committed(visit, event)
    await move(visit, event, "show", poll=None)
    wire.let_go()
    await expect(visit.page.locator('.event #news [data-mood="good"]')).to_be_visible()
    await expect(visit.page.locator("[data-moved]")).to_have_count(0)


@state("vote", "event: long texts")
async def long_texts(visit: Visit) -> None:
    event = await show(visit, {"question": visit.texts.long_question}, title=LONG_TITLES[visit.language])
    await move(visit, event)
    await follow(visit, event)


@state("vote", "event: a long title")
async def long_title(visit: Visit) -> None:
    await follow(visit, await show(visit, title=LONG_TITLES[visit.language]))


@state("vote", "event: the end")
async def end(visit: Visit) -> None:
    event = await show(visit)
    for _ in range(4):
        await move(visit, event)
    await follow(visit, event)
    await move(visit, event)
    await expect(visit.page.locator("[data-over]")).to_be_visible()
    await expect(visit.page.locator("[data-moved]")).to_have_count(0)


@state("vote", "event: an account is needed")
async def members(visit: Visit) -> None:
    event = await show(visit, allow_guests=False)
    await visit.go(f"/vote/{event['code']}", "form")


@state("vote", "event: deleted")
async def deleted(visit: Visit) -> None:
    event = await show(visit)
    await follow(visit, event)
    await visit.stand.host.delete(f"/events/{event['id']}/")
    await expect(visit.page.locator("form")).to_be_visible(timeout=TOUCH_MS)


@state("vote", "event, all results")
async def all_results(visit: Visit) -> None:
    made = await show(visit, {}, {"results": "host"})
    for place in range(4):
        await move(visit, made)
        await crowd(visit, made, place, 41, 30, 12, 5)
    await move(visit, made)
    await follow(visit, made)
    await visit.page.locator(".to-results button").click()
    await visit.page.locator(".all-results").wait_for()
