"""Moving an event on: the poll before is closed, the new one opened, and nobody skips a poll."""

import asyncio
import itertools
from typing import Any

import pytest

from nexus.bus import PollNews, TotalsNews
from tests.rest.test_events import refusal
from tests.support.events import event_of, new_poll
from tests.support.rest import Person, Rest, refused
from tests.support.values import Json

INVALID = (422, "invalid")


class Show:
    """An event of `n` drafts, and its owner's hands."""

    def __init__(self, rest: Rest, ann: Person, event: Json) -> None:
        self.rest, self.ann = rest, ann
        self.path = f"/events/{event['id']}/"
        self.code = event["code"]
        self.polls = [poll["id"] for poll in event["polls"]]

    async def __call__(self, act: str, **body: Any) -> Json:
        """Make a move, which must be taken; returns the event."""
        sent = {"from" if name == "sees" else name: value for name, value in body.items()}
        answer = await self.rest("POST", f"{self.path}{act}/", self.ann, json=sent or None)
        assert answer.status_code == 200, answer.text
        event: Json = answer.json()
        assert event == await self.rest.get(self.path, self.ann)
        return event

    async def statuses(self) -> list[str]:
        return [poll["status"] for poll in (await self.rest.get(self.path, self.ann))["polls"]]

    async def poll(self, place: int) -> Json:
        return await self.rest.get(f"/polls/{self.polls[place]}/", self.ann)


async def show_of(rest: Rest, n: int = 3, **fields: object) -> Show:
    ann = await rest.user()
    return Show(rest, ann, await event_of(rest, ann, "Show", *(new_poll(f"{n}?") for n in range(n)), **fields))


async def test_next_goes_through_the_run_sheet(rest: Rest) -> None:
    show = await show_of(rest)
    seen = [(event["shown"], event["revision"]) for event in [await show("next") for _ in range(5)]]
    assert seen == [*((poll, n + 2) for n, poll in enumerate(show.polls)), (None, 5), (None, 5)]
    assert await show.statuses() == ["closed"] * 3
    # From its end back to what was shown last, which stays closed.
    back = [(await show("previous"))["shown"] for _ in range(5)]
    assert back == [*show.polls[::-1], None, None]
    assert await show.statuses() == ["closed"] * 3
    assert (await show("next"))["shown"] == show.polls[0]


async def test_nothing_shown_in_between_loses_no_place(rest: Rest) -> None:
    show = await show_of(rest)
    await show("next")
    assert (await show("show", poll=None))["shown"] is None
    assert await show.statuses() == ["closed", "draft", "draft"]
    assert (await show("next"))["shown"] == show.polls[1]
    await show("show", poll=None, keep_open=True)
    assert (await show("previous"))["shown"] == show.polls[1]
    assert await show.statuses() == ["closed", "open", "draft"]


async def test_move_closes_the_one_before_and_opens_a_draft(rest: Rest) -> None:
    show = await show_of(rest)
    await show("show", poll=show.polls[2])
    assert await show.statuses() == ["draft", "draft", "open"]
    await show("show", poll=show.polls[0], keep_open=True)
    assert await show.statuses() == ["open", "draft", "open"]
    await show("show", poll=show.polls[1], open=False)
    assert await show.statuses() == ["closed", "draft", "open"]
    await show("show", poll=show.polls[1])
    assert await show.statuses() == ["closed", "open", "open"]
    revision = (await show("show", poll=show.polls[1]))["revision"]
    assert (await show("show", poll=show.polls[1]))["revision"] == revision


async def test_final_totals_are_told_before_anything_else(rest: Rest) -> None:
    show = await show_of(rest)
    await show("next")
    voted = await show.poll(0)
    guest = await rest.guest({"code": show.code})
    await rest.vote(guest, voted)
    rest.told.clear()
    await show("next")
    first = rest.told[0]
    assert isinstance(first, TotalsNews) and first.totals.final and first.totals.poll == show.polls[0]
    assert first.totals.ballots == 1
    assert [news.poll for news in rest.told if isinstance(news, PollNews)] == show.polls[:2]


async def test_one_move_counts_once(rest: Rest) -> None:
    show = await show_of(rest)
    revisions = [(await show("next"))["revision"] for _ in range(3)]
    assert revisions == [2, 3, 4]


async def test_seconds_are_those_of_the_new_poll(rest: Rest) -> None:
    show = await show_of(rest)
    await show("next", seconds=30)
    one = await show.poll(0)
    assert one["expires_at"] is not None
    await show("show", poll=show.polls[0], seconds=3600)
    assert (await show.poll(0))["expires_at"] > one["expires_at"]
    await show("next")
    assert (await show.poll(1))["expires_at"] is None
    closed = await show("previous", seconds=30)
    assert closed["shown"] == show.polls[0] and (await show.poll(0))["status"] == "closed"


async def test_shown_draft_can_be_read_and_not_voted_in(rest: Rest) -> None:
    show = await show_of(rest, is_public=False)
    guest = await rest.guest({"code": show.code})
    path = f"/polls/{show.polls[0]}/"
    assert await refusal(rest, "GET", path, guest) == (404, "poll_not_found")
    await show("next", open=False)
    seen = await rest.get(path, guest)
    assert seen["status"] == "draft"
    assert [poll["id"] for poll in (await rest.get(show.path, guest))["polls"]] == show.polls[:1]
    assert (await rest.get("/polls/", guest))["count"] == 0
    option = seen["options"][0]["id"]
    assert await refusal(rest, "POST", f"{path}vote/", guest, option=option) == (409, "poll_not_open")
    await show("show", poll=None)
    assert (await rest.get(path, guest))["status"] == "draft"
    assert (await rest("POST", f"{path}open/", show.ann)).status_code == 200
    assert (await rest.vote(guest, seen))["status"] == "recorded"


async def test_doubled_press_skips_nothing(rest: Rest) -> None:
    show = await show_of(rest)
    await show("next", sees=None)
    assert await refusal(rest, "POST", f"{show.path}next/", show.ann, **{"from": None}) == (409, "event_moved")
    await show("next", sees=show.polls[0])
    moved = (409, "event_moved")
    assert await refusal(rest, "POST", f"{show.path}next/", show.ann, **{"from": show.polls[0]}) == moved
    assert await refusal(rest, "POST", f"{show.path}previous/", show.ann, **{"from": None}) == moved
    body = {"from": show.polls[0], "poll": show.polls[2]}
    assert await refusal(rest, "POST", f"{show.path}show/", show.ann, **body) == moved


async def test_of_two_hosts_who_press_at_once_one_moves(rest: Rest) -> None:
    show = await show_of(rest, 4)
    shown = None
    for n in range(4):
        answers = await asyncio.gather(
            *(rest("POST", f"{show.path}next/", show.ann, json={"from": shown}) for _ in range(5))
        )
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 4]
        shown = (await rest.get(show.path, show.ann))["shown"]
        assert shown == show.polls[n]


async def test_votes_beside_moves_stand_or_are_refused(rest: Rest) -> None:
    show = await show_of(rest, 8)
    guests = [await rest.guest({"code": show.code}) for _ in range(12)]
    taken: dict[int, int] = {}
    for place, number in enumerate(show.polls):
        await show("next")
        options = (await show.poll(place))["options"]

        async def vote(guest: Person, number: int = number, option: int = options[0]["id"]) -> None:
            answer = await rest("POST", f"/polls/{number}/vote/", guest, json={"option": option})
            assert answer.status_code in (201, 409), answer.text
            taken[number] = taken.get(number, 0) + (answer.status_code == 201)

        moves = [rest("POST", f"{show.path}next/", show.ann)] if place % 2 else []
        await asyncio.gather(*(vote(guest) for guest in guests[:6]), *moves, *(vote(guest) for guest in guests[6:]))
        if moves:
            await show("previous")
    for number, votes in taken.items():
        results = await rest.get(f"/polls/{number}/results/", show.ann)
        assert (results["total_votes"], results["options"][0]["votes_count"]) == (votes, votes)


async def test_poll_deleted_while_shown_leaves_nothing_shown(rest: Rest) -> None:
    show = await show_of(rest)
    await show("show", poll=show.polls[1])
    assert (await rest("DELETE", f"/polls/{show.polls[1]}/", show.ann)).status_code == 204
    event = await rest.get(show.path, show.ann)
    assert event["shown"] is None
    assert (await show("next"))["shown"] == show.polls[2]


BAD: list[tuple[str, Json]] = [
    ("show", {}),
    ("show", {"poll": "7"}),
    ("show", {"poll": 10**20}),
    ("show", {"poll": None, "from": "x"}),
    ("show", {"poll": None, "seconds": 0}),
    ("next", {"seconds": 31_536_001}),
    ("next", {"seconds": 30, "open": False}),
    ("previous", {"seconds": 30, "open": False}),
    ("show", {"poll": None, "seconds": 30}),
    ("next", {"open": None}),
    ("next", {"poll": 1}),
    ("previous", {"keep_open": 1}),
    ("previous", {"sees": None}),
]


@pytest.mark.parametrize(("act", "body"), BAD)
async def test_bad_move_is_refused(rest: Rest, act: str, body: Json) -> None:
    show = await show_of(rest)
    await show("next")
    answer = await rest("POST", f"{show.path}{act}/", show.ann, json=body)
    assert (answer.status_code, answer.json()["code"]) == INVALID
    assert (await rest.get(show.path, show.ann))["shown"] == show.polls[0]


async def test_seconds_without_a_poll_to_open_are_named(rest: Rest) -> None:
    show = await show_of(rest)
    for body in ({"poll": None, "seconds": 30}, {"poll": show.polls[0], "seconds": 30, "open": False}):
        answer = await rest("POST", f"{show.path}show/", show.ann, json=body)
        assert (answer.status_code, [fault["field"] for fault in answer.json()["errors"]]) == (422, ["seconds"])
    assert (await rest.get(show.path, show.ann))["revision"] == 1


async def test_host_who_moves_without_end_is_refused_and_keeps_nobody_else_from_moving(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.chain([100.0] * 43, itertools.repeat(101.0))
    monkeypatch.setattr(rest.services.rates.moves, "_clock", lambda: next(clock))
    show, bob, eve = await show_of(rest), await rest.user(), await rest.user()
    await rest("POST", f"{show.path}hosts/", show.ann, json={"username": bob.name})
    for _ in range(10):  # as fast as they can be pressed
        await show("next")
        await show("previous")
    before = await rest.get(show.path, show.ann)
    for act, body in (("next", {}), ("show", {"poll": None})):
        answer = await rest("POST", f"{show.path}{act}/", show.ann, json=body)
        assert refused(answer) == (429, "too_many_requests") and answer.headers["retry-after"] == "1"
    assert await rest.get(show.path, show.ann) == before
    # Neither a stranger nor the owner takes from what a co-host has.
    for _ in range(20):
        assert await refusal(rest, "POST", f"{show.path}next/", eve) == (403, "forbidden")
    assert (await rest("POST", f"{show.path}next/", bob)).status_code == 200
    assert (await show("previous"))["shown"] == before["shown"]


async def test_poll_of_another_event_cannot_be_shown(rest: Rest) -> None:
    show = await show_of(rest)
    alone, other = await rest.poll(show.ann), await event_of(rest, show.ann, "Other", new_poll())
    for number in (alone["id"], other["polls"][0]["id"], 2**40):
        assert await refusal(rest, "POST", f"{show.path}show/", show.ann, poll=number) == INVALID


async def test_history_tells_who_moved(rest: Rest) -> None:
    show, admin = await show_of(rest), await rest.user(admin=True)
    await show("next")
    await show("next")
    told = (await rest.get("/audit/?page_size=3", admin))["results"]
    assert [(one["action"], one["target_id"]) for one in told] == [
        ("show", int(show.path.split("/")[2])),
        ("open", show.polls[1]),
        ("close", show.polls[0]),
    ]
    assert told[0]["details"] == {"shown": show.polls[:2], "revision": 3}
