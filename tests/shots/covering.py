"""What lies over the stage, and the stage over other pictures: messages, overlays, and lobbies."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.shots.staging import show, stage
from tests.shots.stand import Visit, state

LOST_MS = 40_000
ALL = "show=question,results,turnout,join,qr"


@state("live", "voting was closed just now")
async def undo(visit: Visit) -> None:
    poll = await visit.poll("to be closed")
    await visit.stand.act(poll, "open")
    await visit.log_in()
    await stage(visit, poll, idle=False)
    await visit.page.mouse.move(200, 200)
    await expect(visit.page.locator("[data-act=close]").first).to_be_visible()
    await visit.page.keyboard.press("c")
    await expect(visit.page.locator("[data-act=undo]")).to_be_visible()


@state("live", "lobby, with a guest at the controls")
async def lobby_used(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.go(f"/live/{poll['code']}", "h1")
    await visit.page.mouse.move(200, 200)


@state("live", "lobby without a connection")
async def lobby_lost(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.enter(f"/live/{poll['code']}")
    await visit.visitor.context.set_offline(True)
    await expect(visit.page.locator("#link")).to_be_visible(timeout=LOST_MS)


async def over(visit: Visit, name: str, options: int = 5, query: str = "", **more: Any) -> None:
    await show(visit, name, options, query=f"?overlay=1&{query}", **more)


@state("live", "overlay with a picture")
async def with_picture(visit: Visit) -> None:
    await over(visit, "open", query=ALL, description=visit.texts.description)


@state("live", "overlay in a corner, large")
async def large(visit: Visit) -> None:
    await over(visit, "open", query="at=bottom-left&size=l&theme=light", description=visit.texts.description)


@state("live", "overlay, results hidden")
async def hidden(visit: Visit) -> None:
    await over(visit, "hidden", query="theme=light", results="host")


@state("live", "overlay while time runs")
async def time_runs(visit: Visit) -> None:
    poll = await visit.poll("time runs", 4)
    await visit.stand.act(poll, "open", {"seconds": 600})
    await stage(visit, poll, "?overlay=1&at=top")


@state("live", "overlay of a lobby in a corner")
async def lobby_corner(visit: Visit) -> None:
    poll = await visit.poll("draft", votes=(), status="draft")
    await visit.go(f"/live/{poll['code']}?overlay=1&at=top-right", "h1")
