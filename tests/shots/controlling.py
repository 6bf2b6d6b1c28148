"""Live control under `/host` in its states."""

from __future__ import annotations

from playwright.async_api import expect

from tests.shots.event_hosting import event, five
from tests.shots.hosting import view
from tests.shots.stand import Visit, state
from tests.support.values import Json


async def control(visit: Visit, made: Json) -> None:
    await view(visit, f"/event/{made['id']}/control")
    await expect(visit.page.locator(".thumb button.main")).to_be_visible()


@state("host", "live control", sample=True)
async def running(visit: Visit) -> None:
    await control(visit, await event(visit, "running", five(visit.texts), 2))


@state("host", "live control before the start")
async def before(visit: Visit) -> None:
    await control(visit, await event(visit, "draft", five(visit.texts)))


@state("host", "live control after the last question, results hidden, with a countdown")
async def last(visit: Visit) -> None:
    texts = visit.texts
    made = await event(visit, "timed", [texts.question, texts.long_question], 1)
    poll = made["polls"][1]["id"]
    await visit.stand.host.post(f"/polls/{poll}/open/", json={"seconds": 86_000})
    await visit.stand.host.patch(f"/polls/{poll}/", json={"results": "host"})
    await control(visit, made)


@state("host", "live control, moved by somebody else")
async def moved(visit: Visit) -> None:
    made = await event(visit, "elsewhere", five(visit.texts), 1)
    await control(visit, made)
    shown = (await visit.stand.host.get(f"/events/{made['id']}/")).json()["shown"]
    ids = [poll["id"] for poll in made["polls"]]
    await visit.stand.host.post(f"/events/{made['id']}/show/", json={"poll": ids[(ids.index(shown) + 1) % len(ids)]})
    await expect(visit.page.locator(".thumb .said")).not_to_be_empty()


@state("host", "live control without a connection")
async def lost(visit: Visit) -> None:
    await control(visit, await event(visit, "running", five(visit.texts), 2))
    await visit.page.context.set_offline(True)
    await expect(visit.page.locator(".thumb .note")).to_be_visible()
