"""What the matrix of who sees what of an event's polls uses: an event at a phase of its second poll, and everybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support.events import event_of, new_poll
from tests.support.leak_scene import LeakScene
from tests.support.rest import Person
from tests.support.values import Json

RUNS = ("owner", "cohost", "admin")
"""Who may do what hosts do."""
SCREENS = ("screen", "presenter")
VOTED, SILENT = ("voted", "guest_voted"), ("silent", "guest_silent")
PUBLIC = ("stranger", "ext", "removed")
"""Those for whom the event exists while it is public: `removed` was a co-host once, `ext` is another issuer's."""
ELSEWHERE = ("guest2", "screen2", "screen_left", "presenter_left")
"""A guest and a screen of another event of the same owner, and screens that one made who was a co-host once."""
ROLES = (*RUNS, *SCREENS, *VOTED, *SILENT, *PUBLIC, *ELSEWHERE)


@dataclass(frozen=True)
class WatchedEvent:
    """An event whose first poll is shown, whose second, `poll`, is looked at, and whose third is a draft; `word` is in
    the texts of the second, `secret` in those of the third."""

    event: Json
    poll: Json
    phase: str
    people: dict[str, Person]
    word: str
    secret: str

    @property
    def path(self) -> str:
        """The event's."""
        return f"/events/{self.event['id']}/"

    @property
    def poll_path(self) -> str:
        """The second poll's."""
        return f"/polls/{self.poll['id']}/"

    def place(self, option: int) -> int:
        """The id of the option at a place."""
        return int(self.poll["options"][option]["id"])


async def reach_event(scene: LeakScene, policy: str, phase: str, *, public: bool) -> WatchedEvent:
    """An event at a phase of its second poll."""
    rest, owner = scene.rest, scene.users["host"]
    word, secret = f"word{uuid4().hex}", f"secret{uuid4().hex}"
    polls = [
        new_poll("First?"),
        new_poll(f"Which {word}?", "Yes", "No", f"Maybe {word}", results=policy),
        new_poll(f"Well {secret}?", f"Yes {secret}", "No"),
    ]
    event = await event_of(rest, owner, "Show", *polls, is_public=public)
    other = await event_of(rest, owner, "Another", new_poll())
    poll = await rest.get(f"/polls/{event['polls'][1]['id']}/", owner)
    watched = WatchedEvent(event, poll, phase, people_of(scene, event, other), word, secret)
    await come(scene, watched)
    await do(scene, watched, "show/", poll=event["polls"][0]["id"])
    await PHASES[phase](scene, watched)
    return watched


def people_of(scene: LeakScene, event: Json, other: Json) -> dict[str, Person]:
    """Everybody, as they stand to the event."""
    users, tokens = scene.users, scene.rest.services.tokens
    people = {
        "owner": users["host"],
        "admin": users["admin"],
        "cohost": users["retracted"],
        "removed": scene.late,
        "voted": users["voted"],
        "silent": users["silent"],
        "stranger": users["stranger"],
        "ext": Person("ext:ada", tokens.access("ext:ada")),
    }
    for name, at in (("guest_voted", event), ("guest_silent", event), ("guest2", other)):
        guest = f"guest:{uuid4()}"
        people[name] = Person(guest, tokens.access(guest, ["guest"], event=at["id"]))
    host = users["host"].voter
    for name, role, at in (
        ("screen", "screen", event),
        ("presenter", "presenter", event),
        ("screen2", "screen", other),
    ):
        people[name] = Person(host, tokens.access(host, [role], event=at["id"], delegated=True))
    gone = scene.late.voter
    for role in SCREENS:
        people[f"{role}_left"] = Person(gone, tokens.access(gone, [role], event=event["id"], delegated=True))
    return people


async def do(scene: LeakScene, watched: WatchedEvent, call: str, who: Person | None = None, **body: Any) -> Json:
    """A call of the owner's on the event, or of `who`."""
    answer = await scene.rest("POST", f"{watched.path}{call}", who or watched.people["owner"], json=body or None)
    assert answer.status_code in (200, 201), answer.text
    found: Json = answer.json()
    return found


async def come(scene: LeakScene, watched: WatchedEvent) -> None:
    """Co-hosts come and go, and who has the code enters it."""
    people, rest = watched.people, scene.rest
    for name in ("cohost", "removed"):
        await do(scene, watched, "hosts/", username=people[name].name)
    removed = people["removed"].voter.removeprefix("user:")
    assert (await rest("DELETE", f"{watched.path}hosts/{removed}/", people["owner"])).status_code == 204
    code = {"code": watched.event["code"]}
    enter = [people[name] for name in ("voted", "silent")] + scene.fillers
    answers = await asyncio.gather(*(rest("POST", "/events/join/", who, json=code) for who in enter))
    assert all(answer.status_code == 200 for answer in answers)


async def turn(scene: LeakScene, watched: WatchedEvent, how: str) -> None:
    """The host opens, closes or resets the second poll."""
    answer = await scene.rest("POST", f"{watched.poll_path}{how}/", watched.people["owner"])
    assert answer.status_code == 200, answer.text


async def draft(scene: LeakScene, watched: WatchedEvent) -> None:
    """Nobody has been shown it."""


async def shown(scene: LeakScene, watched: WatchedEvent) -> None:
    """It has been shown as a draft, and the first is shown again."""
    for poll in (watched.poll["id"], watched.event["polls"][0]["id"]):
        await do(scene, watched, "show/", poll=poll, open=False)


async def scheduled(scene: LeakScene, watched: WatchedEvent) -> None:
    """As where somebody has written it into the database: there is no call for it."""
    async with scene.ws.database.read() as connection:
        await connection.run(
            "UPDATE polls SET status = 'scheduled', opens_at = '2099-01-01Z', revision = revision + 1 WHERE id = :poll",
            poll=watched.poll["id"],
        )


async def opened(scene: LeakScene, watched: WatchedEvent) -> None:
    """It is open, with four and three votes."""
    await turn(scene, watched, "open")
    for name, place in (("voted", 0), ("guest_voted", 1)):
        await scene.rest.vote(watched.people[name], watched.poll, place)
    await vote_as_fillers(scene, watched, 0, 0, 0, 1, 1)


async def vote_as_fillers(scene: LeakScene, watched: WatchedEvent, *places: int) -> None:
    """One ballot of each filler, for the option at its place."""
    cast = (scene.rest.vote(who, watched.poll, place) for who, place in zip(scene.fillers, places, strict=False))
    await asyncio.gather(*cast)


async def closed(scene: LeakScene, watched: WatchedEvent) -> None:
    """It is closed with these votes."""
    await opened(scene, watched)
    await turn(scene, watched, "close")


async def reset(scene: LeakScene, watched: WatchedEvent) -> None:
    """It is in its second round, in which others alone have voted."""
    await opened(scene, watched)
    await turn(scene, watched, "reset")
    await vote_as_fillers(scene, watched, 0, 0, 0, 0, 1, 1, 1)


PHASES = {
    "draft": draft,
    "shown": shown,
    "scheduled": scheduled,
    "open": opened,
    "closed": closed,
    "reset": reset,
}
STATUS = {"shown": "draft", "reset": "open"}
"""The status of a phase, where it has another name."""
