"""The stage of an event in its states."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.shots.stand import Visit, state
from tests.support.audience_acts import vote
from tests.support.live_page import TOUCH_MS
from tests.support.values import Json

TITLES = {"en": "Spring conference 2027", "ar": "مؤتمر الربيع 2027"}
SHARES = (13, 8, 5, 3)
CHARTS = ("bars", "donut", "columns")


async def event(visit: Visit, moves: int, **fields: Any) -> Json:
    """An event of three questions, moved on so many times; people have voted in the one that is shown."""
    stand, texts = visit.stand, visit.texts
    options = [{"option_text": text} for text in texts.some(4)]
    polls = [{"question": texts.question, "options": options, "chart": chart, **fields} for chart in CHARTS]
    title = TITLES.get(visit.language, TITLES["en"])
    made: Json = (await stand.host.post("/events/", json={"title": title, "polls": polls})).raise_for_status().json()
    for move in range(moves):
        made = (await stand.host.post(f"/events/{made['id']}/next/")).raise_for_status().json()
        if made["shown"] and move < 2:
            poll = (await stand.host.get(f"/polls/{made['shown']}/")).raise_for_status().json()
            places = [place for place, count in enumerate(SHARES) for _ in range(count)]
            for n, place in enumerate(places):
                await stand.audience.voter(n).act(vote(poll, place))
    return made


async def stage(visit: Visit, moves: int, query: str = "", *, idle: bool = True, **fields: Any) -> Json:
    made = await event(visit, moves, **fields)
    await visit.enter(f"/live/{made['code']}{query}")
    if idle:  # as the room sees it: nobody is at the controls
        await visit.page.evaluate("document.body.classList.add('idle')")
    return made


@state("live", "event that has not begun")
async def not_begun(visit: Visit) -> None:
    await stage(visit, 0)


@state("live", "event, a question")
async def question(visit: Visit) -> None:
    await stage(visit, 1)


@state("live", "event, results hidden")
async def hidden(visit: Visit) -> None:
    await stage(visit, 2, results="host")


@state("live", "event, the last seconds")
async def last_seconds(visit: Visit) -> None:
    made = await stage(visit, 1)
    await visit.stand.act({"id": made["shown"]}, "open", {"seconds": 100})
    await expect(visit.page.locator("#left")).to_be_visible()


@state("live", "event, between questions")
async def between(visit: Visit) -> None:
    made = await stage(visit, 1)
    (await visit.stand.host.post(f"/events/{made['id']}/show/", json={"poll": None})).raise_for_status()
    await expect(visit.page.locator(".stage[data-state=rest]")).to_be_visible(timeout=TOUCH_MS)


@state("live", "event that is over")
async def over(visit: Visit) -> None:
    await stage(visit, 4)


@state("live", "event with the controls")
async def controls(visit: Visit) -> None:
    await visit.log_in()
    await stage(visit, 1, idle=False)
    await expect(visit.page.locator("[data-act=next]")).to_be_attached()
    await visit.page.mouse.move(200, 200)


@state("live", "event between questions, with the controls")
async def controls_between(visit: Visit) -> None:
    await visit.log_in()
    await stage(visit, 0, idle=False)
    await expect(visit.page.locator("[data-act=next]")).to_be_attached()
    await visit.page.mouse.move(200, 200)


@state("live", "event, how to join on the whole screen")
async def join_cover(visit: Visit) -> None:
    await stage(visit, 1, idle=False)
    await visit.page.keyboard.press("j")
    await expect(visit.page.locator(".cover img")).to_be_visible()


@state("live", "event as an overlay")
async def overlay(visit: Visit) -> None:
    await stage(visit, 1, "?overlay=1")


@state("live", "event between questions, as an overlay")
async def overlay_between(visit: Visit) -> None:
    await stage(visit, 0, "?overlay=1")
