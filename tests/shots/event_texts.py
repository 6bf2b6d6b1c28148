"""Run sheets from texts and files under `/host`, and the results of all questions of an event."""

from __future__ import annotations

import json

from playwright.async_api import FilePayload

from tests.shots.event_hosting import event, five
from tests.shots.hosting import view
from tests.shots.stand import Visit, state
from tests.shots.texts import Texts
from tests.support.values import Json


def sheet_of(texts: Texts) -> list[str]:
    """Questions with their options, as somebody pastes them."""
    options = "\n".join(f"- {option}" for option in texts.options[:4])
    return [f"{question}\n{options}" for question in five(texts)]


async def typed(visit: Visit, text: str) -> None:
    await visit.page.locator('textarea[name="text"]').fill(text)
    await visit.page.locator(".sheet-preview > li").first.wait_for()


@state("host", "new event from text")
async def from_text(visit: Visit) -> None:
    await view(visit, "/events/text")


@state("host", "new event from text with faults")
async def from_wrong_text(visit: Visit) -> None:
    await view(visit, "/events/text")
    asked = sheet_of(visit.texts)
    lines = asked[2].splitlines()
    await typed(visit, "\n\n".join([asked[0], f"{asked[1]}\n- {visit.texts.options[0]}", lines[0], *asked[3:]]))


@state("host", "questions from text")
async def more_from_text(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/event/{made['id']}/text")
    await typed(visit, "\n\n".join(sheet_of(visit.texts)[:2]))


@state("host", "event from a file with faults")
async def from_file(visit: Visit) -> None:
    await view(visit, "/events/file")
    options = [{"option_text": option} for option in visit.texts.options[:3]]
    polls: list[Json] = [{"question": question, "options": options} for question in five(visit.texts)]
    polls[1]["options"] = [*options, options[0]]
    polls[3] |= {"options": options[:1], "max_choices": 0}
    body = json.dumps({"title": visit.texts.question, "polls": polls}).encode()
    file: FilePayload = {"name": "event.json", "mimeType": "application/json", "buffer": body}
    await visit.page.locator('input[type="file"]').set_input_files(files=[file])
    await visit.page.locator("section button.main").click()
    await visit.page.locator(".faults:focus").wait_for()


@state("host", "results of an event")
async def all_results(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/event/{made['id']}/results")
