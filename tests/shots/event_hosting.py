"""The pages of events under `/host` in their states."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from playwright.async_api import expect

from tests.shots.hosting import newcomer, view
from tests.shots.stand import Visit, state
from tests.shots.texts import TEXTS, Texts
from tests.support.values import Json

VOTES = (5, 3, 2, 1)


async def event(visit: Visit, name: str, questions: Sequence[str], shown: int | None = None) -> Json:
    """An event with these questions, made once for a language; the one at `shown` is on screen, after those before."""
    stand, texts = visit.stand, visit.texts
    found = stand.polls.get((f"event {name}", visit.language))
    if found is None:
        options = [{"option_text": text} for text in texts.options[:4]]
        polls = [{"question": one, "options": options} for one in questions]
        body = {"title": title_of(texts), "description": texts.description, "polls": polls}
        answer = await stand.host.post("/events/", json=body)
        assert answer.status_code == 201, answer.text
        found = stand.polls[f"event {name}", visit.language] = answer.json()
        for poll in found["polls"][: 0 if shown is None else shown + 1]:
            moved = await stand.host.post(f"/events/{found['id']}/show/", json={"poll": poll["id"]})
            assert moved.is_success, moved.text
            asked = (await stand.host.get(f"/polls/{poll['id']}/")).json()
            await stand.cast(asked, VOTES)
    return found


def title_of(texts: Texts) -> str:
    """What an event is called in the language of `texts`."""
    return "All-hands 2026" if texts is TEXTS["en"] else "لقاء الفريق 2026"


def five(texts: Texts) -> list[str]:
    """The questions of a show."""
    return [texts.question, *texts.questions]


@state("host", "events of a newcomer")
async def no_events(visit: Visit) -> None:
    await newcomer(visit)
    await view_of_events(visit)


async def view_of_events(visit: Visit) -> None:
    await visit.go("/host#/events", "#screen h1")
    await visit.page.wait_for_load_state("networkidle")


@state("host", "events")
async def events(visit: Visit) -> None:
    await event(visit, "draft", five(visit.texts))
    await event(visit, "running", five(visit.texts), 2)
    await visit.log_in()
    await view_of_events(visit)


@state("host", "polls of an event in the list")
async def polls_of_event(visit: Visit) -> None:
    await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/?{urlencode({'search': visit.texts.questions[0]})}")  # only a search finds them there
    await expect(visit.page.locator(".of-event").first).to_be_visible()


@state("host", "polls and questions in events")
async def polls_and_events(visit: Visit) -> None:
    await event(visit, "running", five(visit.texts), 2)
    await visit.poll("open")
    await view(visit, "/")
    await expect(visit.page.locator(".unlisted")).to_be_visible()


@state("host", "event, question to edit")
async def question_to_edit(visit: Visit) -> None:
    made = await event(visit, "draft", five(visit.texts))
    await view(visit, f"/poll/{made['polls'][1]['id']}/edit?event={made['id']}")


@state("host", "new event")
async def new_event(visit: Visit) -> None:
    await view(visit, "/events/new")


@state("host", "event without questions")
async def empty_event(visit: Visit) -> None:
    made = await event(visit, "empty", [])
    await view(visit, f"/event/{made['id']}")


@state("host", "event that runs")
async def running(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/event/{made['id']}")


@state("host", "event with a long run sheet")
async def long_event(visit: Visit) -> None:
    texts = visit.texts
    made = await event(
        visit, "long", [texts.long_question, *(f"{one} {n}" for n in range(3) for one in five(texts))], 1
    )
    await view(visit, f"/event/{made['id']}")


@state("host", "event, the menu of a question")
async def question_menu(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/event/{made['id']}")
    await visit.page.locator(".sheet .acts .menu > button").nth(1).click()


@state("host", "event, a poll to copy")
async def picking(visit: Visit) -> None:
    made = await event(visit, "draft", five(visit.texts))
    await visit.poll("open")
    await view(visit, f"/event/{made['id']}")
    await visit.page.locator(".run > .buttons button").first.click()
    await expect(visit.page.locator(".picks li").first).to_be_visible()


@state("host", "event, an unknown co-host")
async def unknown_host(visit: Visit) -> None:
    made = await event(visit, "draft", five(visit.texts))
    await view(visit, f"/event/{made['id']}")
    await visit.page.locator("#co-host").fill("nobody-of-this-name")
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator("#co-host-fault")).to_be_visible()


@state("host", "event, to be handed over")
async def handing(visit: Visit) -> None:
    made = await event(visit, "draft", five(visit.texts))
    await view(visit, f"/event/{made['id']}")
    await visit.page.locator(".line .menu > button").first.click()
    await visit.page.locator(".line .menu-list button").nth(1).click()


@state("host", "new question")
async def new_question(visit: Visit) -> None:
    made = await event(visit, "draft", five(visit.texts))
    await view(visit, f"/event/{made['id']}/new")


@state("host", "history of an event")
async def event_history(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/event/{made['id']}/history")


@state("host", "question of an event")
async def question(visit: Visit) -> None:
    made = await event(visit, "running", five(visit.texts), 2)
    await view(visit, f"/poll/{made['polls'][0]['id']}")
