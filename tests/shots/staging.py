"""The stage in its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from tests.shots.stand import Visit, state
from tests.support.live_page import TOUCH_MS
from tests.support.values import Json


async def stage(visit: Visit, poll: Json, query: str = "", *, idle: bool = True) -> None:
    await visit.enter(f"/live/{poll['code']}{query}")
    if idle:  # as the room sees it: nobody is at the controls
        await visit.page.evaluate("document.body.classList.add('idle')")


async def show(visit: Visit, name: str, options: int = 5, *, close: bool = False, query: str = "", **more: Any) -> None:
    poll = await visit.poll(name, options, **more)
    if close:
        await visit.stand.act(poll, "close")
    await stage(visit, poll, query)


@state("live", "waiting for a draft")
async def draft(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.go(f"/live/{poll['code']}", "h1")


@state("live", "waiting for its time")
async def scheduled(visit: Visit) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    poll = await visit.poll("scheduled", votes=(), opens_at=opens)
    await visit.go(f"/live/{poll['code']}", "h1")


@state("live", "open")
async def open_(visit: Visit) -> None:
    await show(visit, "open", description=visit.texts.description)


@state("live", "nobody has voted")
async def no_votes(visit: Visit) -> None:
    await show(visit, "no votes", votes=())


@state("live", "results hidden")
async def hidden(visit: Visit) -> None:
    await show(visit, "hidden", results="host")


@state("live", "closed with a result")
async def closed(visit: Visit) -> None:
    await show(visit, "closed", close=True)


@state("live", "closed with a tie")
async def tie(visit: Visit) -> None:
    await show(visit, "tie", 4, votes=(12, 12, 5, 1), close=True)


@state("live", "closed, results hidden")
async def closed_hidden(visit: Visit) -> None:
    await show(visit, "closed, hidden", results="host", close=True)


@state("live", "time runs")
async def time_runs(visit: Visit) -> None:
    poll = await visit.poll("time runs", 4)
    await visit.stand.act(poll, "open", {"seconds": 600})
    await stage(visit, poll)


@state("live", "2 options")
async def two(visit: Visit) -> None:
    await show(visit, "two", 2)


@state("live", "7 options")
async def seven(visit: Visit) -> None:
    await show(visit, "seven", 7)


@state("live", "30 options")
async def thirty(visit: Visit) -> None:
    await show(visit, "thirty", 30)


@state("live", "100 options")
async def hundred(visit: Visit) -> None:
    await show(visit, "hundred", 100)


@state("live", "columns")
async def columns(visit: Visit) -> None:
    await show(visit, "columns", chart="columns")


@state("live", "donut")
async def donut(visit: Visit) -> None:
    await show(visit, "donut", chart="donut")


@state("live", "columns, closed")
async def columns_closed(visit: Visit) -> None:
    await show(visit, "columns, closed", 7, chart="columns", close=True)


@state("live", "donut, closed")
async def donut_closed(visit: Visit) -> None:
    await show(visit, "donut, closed", 7, chart="donut", close=True)


@state("live", "in order of votes")
async def by_votes(visit: Visit) -> None:
    await show(visit, "by votes", 7, votes=(3, 8, 2, 21, 5, 13, 1), option_order="votes")


@state("live", "long texts")
async def long_texts(visit: Visit) -> None:
    texts = visit.texts
    poll = await visit.stand.poll(
        "long", visit.language, texts.long_options, (5, 3, 2, 1, 1), question=texts.long_question
    )
    await stage(visit, poll)


@state("live", "overlay, closed")
async def overlay_closed(visit: Visit) -> None:
    await show(visit, "closed", close=True, query="?overlay=1")


@state("live", "overlay in a corner")
async def overlay_in_a_corner(visit: Visit) -> None:
    await show(visit, "open", query="?overlay=1&at=top-right&theme=light&show=question,results,qr")


@state("live", "overlay that waits")
async def overlay_that_waits(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.go(f"/live/{poll['code']}?overlay=1", ".lobby h1")


@state("live", "overlay")
async def overlay(visit: Visit) -> None:
    await show(visit, "open", description=visit.texts.description, query="?overlay=1")


@state("live", "with the controls")
async def controls(visit: Visit) -> None:
    poll = await visit.poll("open", description=visit.texts.description)
    await visit.log_in()
    await stage(visit, poll, idle=False)
    await expect(visit.page.locator("[data-act=close]")).to_be_attached()
    await visit.page.mouse.move(200, 200)


@state("live", "list of shortcuts")
async def shortcuts(visit: Visit) -> None:
    poll = await visit.poll("open", description=visit.texts.description)
    await visit.log_in()
    await stage(visit, poll, idle=False)
    await visit.page.keyboard.press("?")
    await expect(visit.page.locator("dialog[open]")).to_be_visible()


async def pressed(visit: Visit, key: str, shown: str) -> None:
    """The host's stage after a key, once what it brings is there to see."""
    poll = await visit.poll("open", description=visit.texts.description)
    await visit.log_in()
    await stage(visit, poll, idle=False)
    await visit.page.keyboard.press(key)
    await expect(visit.page.locator(shown)).to_be_visible()


@state("live", "how to join, on the whole screen")
async def join_cover(visit: Visit) -> None:
    await pressed(visit, "j", ".cover img")


@state("live", "blank")
async def blank(visit: Visit) -> None:
    await pressed(visit, "b", ".cover-blank")


@state("live", "choice of a countdown")
async def timer(visit: Visit) -> None:
    await pressed(visit, "t", "#timer-dialog")


@state("live", "the last seconds")
async def last_seconds(visit: Visit) -> None:
    """As they look: a picture that stands still, in the place of the figure that runs."""
    poll = await visit.poll("last seconds", 4)
    await visit.stand.act(poll, "open", {"seconds": 3000})
    await stage(visit, poll)
    await expect(visit.page.locator("#left")).to_be_visible()
    await visit.page.evaluate("""() => {
      const [left, drawn] = [document.querySelector("#left"), document.querySelector("#left").cloneNode(true)];
      drawn.dataset.last = "";
      drawn.querySelector("span").textContent = "0:07";
      drawn.querySelector(".arc").style.strokeDashoffset = 88;
      left.replaceWith(drawn);
    }""")


@state("live", "pairing code that is gone")
async def pairing_gone(visit: Visit) -> None:
    poll = await visit.poll("open", description=visit.texts.description)
    await visit.go(f"/live/{poll['code']}#pair=ABCD2345")
    await expect(visit.page.locator("#trouble")).to_be_visible(timeout=TOUCH_MS)


@state("live", "login of the host")
async def login(visit: Visit) -> None:
    poll = await visit.poll("open", description=visit.texts.description)
    await stage(visit, poll, idle=False)
    await visit.page.keyboard.press("l")
    await expect(visit.page.locator("dialog[open] input").first).to_be_visible()


@state("live", "without a connection")
async def lost(visit: Visit) -> None:
    await show(visit, "open", description=visit.texts.description)
    await visit.visitor.context.set_offline(True)
    await expect(visit.page.locator("body[data-touch=lost]")).to_be_attached(timeout=TOUCH_MS)
    await visit.page.evaluate("document.body.classList.add('idle')")


@state("live", "code that is none")
async def unknown(visit: Visit) -> None:
    await visit.go("/live/ZZZZZZ", "input")
