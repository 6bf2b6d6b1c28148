"""What screens are shown, end to end: real servers, real sockets, one worker or two over Redis.

Every socket also checks each of its frames (`audience_socket`): never back, nothing of a room it is not in, counts
only where they may be seen, and the same state at the same place for everyone who looks.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.audience import Audience, Audiences, arrive, place, two_workers
from tests.support.audience_acts import retract, vote
from tests.support.audience_socket import Socket
from tests.support.promised import NEWEST_S
from tests.support.shared_servers import audience, audiences, shared, worker, workers
from tests.support.values import Json

__all__ = ["audience", "audiences", "shared", "worker", "workers"]


def finals(socket: Socket) -> list[Json]:
    return [frame for frame in socket.frames if frame["type"] == "totals" and frame["final"]]


def counts_in(shown: object) -> list[object]:
    """Every count that frames or bodies show, wherever it stands in them."""
    if isinstance(shown, list):
        return [count for part in shown for count in counts_in(part)]
    if not isinstance(shown, dict):
        return []
    own = [shown[name] for name in ("votes_count", "percentage") if shown.get(name) is not None]
    return own + [count for part in shown.values() for count in counts_in(part)]


# --- Who sees counts, and when -------------------------------------------------------------------------------------


async def test_close_reveals_counts_on_a_screen_that_shows_the_turnout(audience: Audience) -> None:
    poll = await audience.host.poll(results="after_close")
    screen = await audience.voter(1).watch(poll)
    ack = await (await audience.voter(2).connect()).act(vote(poll, 0))
    await arrive(ack.place, poll, screen)
    assert not counts_in(screen.frames)
    closed = await audience.host.post(f"/polls/{poll['id']}/close/")
    await arrive(place(closed), poll, screen)
    (final,) = finals(screen)
    assert (final["visibility"], place(final)) == ("full", place(closed))
    assert [one["votes_count"] for one in final["options"]] == [1, 0, 0]


@pytest.mark.parametrize("policy", ["after_close", "after_vote"])
async def test_counts_replace_the_turnout_of_the_version_a_screen_shows_already(
    audiences: Audiences, policy: str
) -> None:
    """A voter who comes back with the newest place, and has only its turnout, is given the counts."""
    here, there = audiences
    poll = await here.host.poll(results=policy)
    elsewhere = await there.voter(1).watch(poll)
    ack = await (await here.voter(1).connect()).act(vote(poll, 0))
    newest = ack.place
    if policy == "after_close":
        newest = place(await here.host.post(f"/polls/{poll['id']}/close/"))
    await arrive(newest, poll, elsewhere)
    joined = await elsewhere.join(poll["id"], epoch=newest[0], version=newest[1])
    assert joined["totals"] is not None
    assert (place(joined["totals"]), joined["totals"]["visibility"]) == (newest, "full")


async def test_counts_of_the_shown_version_follow_a_new_role(audience: Audience) -> None:
    """A token renewed as an admin's shows the counts of the very version whose turnout the screen has."""
    poll = await audience.host.poll(results="after_close")
    ack = await audience.voter(2).act(vote(poll, 0))
    screen = await audience.voter(1).watch(poll)
    assert screen.shown[poll["id"]] == (*ack.place, False)
    screen.send(type="hello", token=audience.device("user:1001", "user", "admin").token)
    await screen.had("totals", lambda frame: place(frame) == ack.place and frame["visibility"] == "full")


@pytest.mark.parametrize("closed", [False, True])
async def test_a_correction_reaches_every_screen_and_no_ballot(audiences: Audiences, closed: bool) -> None:
    here, there = audiences
    poll = await here.host.poll(results="after_vote")
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate((*audiences, *audiences))]
    cast = [await screen.act(vote(poll, n % 2)) for n, screen in enumerate(screens[:3])]
    if closed:
        await here.host.post(f"/polls/{poll['id']}/close/")
    await here.host.patch(f"/options/{poll['options'][1]['id']}/?correction=true", {"option_text": "Nope"})
    corrected = await here.host.patch(f"/polls/{poll['id']}/?correction=true", {"question": "Really?"})
    await arrive(place(corrected), poll, *screens)
    for screen in screens:
        shown = (await screen.had("poll", lambda frame: frame["poll"]["question"] == "Really?"))["poll"]
        assert shown["options"][1]["option_text"] == "Nope"
        assert shown["corrected_at"] == corrected["corrected_at"]
    joined = await (await there.voter(1).connect()).join(poll["id"])
    assert [(one["op"], one["options"]) for one in joined["me"]] == [(cast[1].op, [poll["options"][1]["id"]])]
    assert joined["poll"]["options"][1]["votes_count"] == 1
    assert not counts_in(screens[3].frames), "who has not voted sees no counts by a correction"


async def test_host_policy_reveals_nothing_until_the_host_does(audience: Audience) -> None:
    host = audience.host
    poll = await host.poll(results="host")
    screen, voter = await audience.voter(1).watch(poll), await audience.voter(2).watch(poll)
    own = await host.watch(poll)
    await voter.act(vote(poll, 0))
    closed = await host.post(f"/polls/{poll['id']}/close/")
    await arrive(place(closed), poll, screen, voter, own)
    for socket in (screen, voter):
        assert not counts_in(socket.frames)
        assert socket.totals[poll["id"]]["visibility"] == "turnout"
    assert own.totals[poll["id"]]["visibility"] == "full"
    shown = await host.call("PATCH", f"/polls/{poll['id']}/", {"results": "live"})
    await arrive(place(shown.ok()), poll, screen, voter)
    assert screen.totals[poll["id"]]["options"][0]["votes_count"] == 1


async def test_hidden_counts_are_on_no_path(database_url: str, tmp_path: Path) -> None:
    async with two_workers(tmp_path, database_url) as audiences:  # of its own: lists show the polls of all tests
        for policy in ("after_vote", "after_close", "host"):
            await check_that_counts_are_on_no_path(audiences, policy)


async def check_that_counts_are_on_no_path(audiences: Audiences, policy: str) -> None:
    poll = await audiences[0].host.poll(results=policy)
    option = poll["options"][0]["id"]
    screens = [await audience.voter(1).watch(poll) for audience in audiences]
    acks = [await audiences[n % 2].voter(n).act(vote(poll, n % 3)) for n in range(2, 12)]
    await audiences[0].host.call("PATCH", f"/polls/{poll['id']}/", {"description": "well"})
    await audiences[0].host.call("PATCH", f"/options/{option}/?discard_votes=true", {"option_text": "Aye"})
    await arrive(acks[-1].place, poll, *screens)
    for there, screen in zip(audiences, screens, strict=True):
        await screen.had("poll", lambda frame: frame["poll"]["description"] == "well")
        paths = (f"/polls/{poll['id']}/", f"/polls/{poll['id']}/results/", "/polls/", f"/options/{option}/")
        bodies = [await there.voter(1).get(path) for path in paths]
        assert counts_in([screen.frames, bodies]) == []


async def test_vote_opens_the_counts_on_both_sockets_of_its_voter_at_once(audience: Audience) -> None:
    poll = await audience.host.poll(results="after_vote")
    sockets = [await audience.voter(1).watch(poll) for _ in range(2)]
    stranger = await audience.voter(2).watch(poll)
    ack = await sockets[0].act(vote(poll, 0))
    for socket in sockets:
        await socket.sync()  # what was sent before this pong was sent right after the ack
        assert socket.shown[poll["id"]].full and socket.shown[poll["id"]].place >= ack.place
    again = await sockets[1].act(retract(poll))
    await arrive(again.place, poll, *sockets, stranger)
    assert [socket.totals[poll["id"]]["visibility"] for socket in sockets] == ["turnout"] * 2
    assert not counts_in(stranger.frames)


async def test_reset_ends_the_right_to_see(audience: Audience) -> None:
    poll = await audience.host.poll(results="after_vote")
    screen = await audience.voter(1).watch(poll)
    await screen.act(vote(poll, 0))
    reset = await audience.host.post(f"/polls/{poll['id']}/reset/")
    await arrive(place(reset), poll, screen)
    assert place(screen.totals[poll["id"]])[0] == 2
    assert screen.totals[poll["id"]]["visibility"] == "turnout"


async def test_retractions_of_others_do_not_blind_a_voter(audiences: Audiences) -> None:
    """While others vote and retract without a pause, one who may see is shown what is new all the time."""
    here, there = audiences
    poll = await here.host.poll(results="after_vote")
    steady = [await audience.voter(n).watch(poll) for n, audience in enumerate(audiences, 1)]
    for socket in steady:
        await socket.act(vote(poll, 0))
        await socket.sync()
    ended = asyncio.Event()

    async def waver(n: int) -> None:
        socket = await audiences[n % 2].voter(n).connect()
        while not ended.is_set():
            await socket.act(vote(poll, 1))
            await socket.act(retract(poll))
            await asyncio.sleep(0.2)  # the rate of votes, not a wait for anything

    starts = [len(socket.frames) for socket in steady]
    crowd = [asyncio.create_task(waver(n)) for n in range(10, 40)]
    try:
        for _ in range(20):
            newest = await there.host.get(f"/polls/{poll['id']}/results/")
            await arrive(place(newest), poll, *steady)
    finally:
        ended.set()
        await asyncio.gather(*crowd)
    for socket, start in zip(steady, starts, strict=True):
        assert {one["visibility"] for one in socket.frames[start:] if one["type"] == "totals"} == {"full"}


# --- What arrives, and what does not -------------------------------------------------------------------------------


async def test_results_on_another_worker_are_never_older_than_an_ack(audiences: Audiences) -> None:
    here, there = audiences
    poll = await here.host.poll()
    path = f"/polls/{poll['id']}/"

    async def life(n: int) -> None:
        socket, device, reader = await here.voter(n).connect(), here.voter(n), there.voter(n)
        screen = await reader.connect()
        for turn in range(12):
            ack = await (socket if turn % 2 else device).act(vote(poll, turn % 3))
            results, whole = await asyncio.gather(reader.get(f"{path}results/"), reader.get(path))
            joined = await screen.join(poll["id"])
            assert min(place(results), place(whole), place(joined["totals"])) >= ack.place
            assert joined["me"][0]["op"] == ack.op

    await asyncio.gather(*(life(n) for n in range(12)))


async def test_final_totals_come_once_and_nothing_after_them(audiences: Audiences) -> None:
    here, there = audiences
    poll = await here.host.poll()
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate((*audiences, *audiences))]
    halfway = asyncio.Event()

    async def life(n: int) -> list[tuple[int, int]]:
        places, socket = [], await audiences[n % 2].voter(n).connect()
        for turn in range(15):
            answer = await socket.act(vote(poll, turn % 3))
            if answer.committed:
                places.append(answer.place)
            else:
                assert answer.status == "poll_closed"
            if turn == 7:
                halfway.set()
        return places

    crowd = [asyncio.create_task(life(n)) for n in range(10, 40)]
    await asyncio.wait_for(halfway.wait(), 30)
    closed = await there.host.post(f"/polls/{poll['id']}/close/")
    await arrive(place(closed), poll, *screens)
    acked = [one for places in await asyncio.gather(*crowd) for one in places]
    assert max(acked) < place(closed)
    await here.host.call("PATCH", f"/polls/{poll['id']}/", {"description": "over"})
    for screen in screens:
        await screen.had("poll", lambda frame: frame["poll"]["description"] == "over")
        (final,) = finals(screen)
        assert place(final) == place(closed)
        assert sum(one["votes_count"] for one in final["options"]) == final["total_votes"] == 30


async def test_poll_frames_never_take_a_screen_back(audiences: Audiences) -> None:
    """The host changes words while votes pour in: whatever carries a place is no older than the frame before."""
    poll = await audiences[0].host.poll()
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate((*audiences, *audiences))]

    async def life(n: int) -> None:
        socket = await audiences[n % 2].voter(n).connect()
        for turn in range(20):
            await socket.act(vote(poll, turn % 3))

    async def change() -> None:
        for n in range(20):
            audience = audiences[n % 2]
            (await audience.host.call("PATCH", f"/polls/{poll['id']}/", {"description": f"{n}"})).ok()

    await asyncio.gather(change(), *(life(n) for n in range(10, 50)))
    for screen in screens:
        await screen.had("poll", lambda frame: frame["poll"]["description"] == "19")


async def test_reset_begins_a_new_epoch_on_every_screen(audiences: Audiences) -> None:
    poll = await audiences[0].host.poll()
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate(audiences)]
    ack = await screens[0].act(vote(poll, 0))
    await arrive(ack.place, poll, *screens)
    reset = await audiences[1].host.post(f"/polls/{poll['id']}/reset/")
    await arrive(place(reset), poll, *screens)
    for screen in screens:
        totals = screen.totals[poll["id"]]
        assert (totals["epoch"], totals["voters"], totals["total_votes"]) == (2, 0, 0)
        assert {one["votes_count"] for one in totals["options"]} == {0}
    assert (await screens[1].act(vote(poll, 1, epoch=1))).status == "poll_reset"


async def test_expiry_is_final_on_time_on_both_workers(audiences: Audiences) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=3)
    poll = await audiences[0].host.poll(expires_at=ends.isoformat())
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate(audiences)]
    for screen in screens:
        await screen.had("totals", lambda frame: bool(frame["final"]))
        (final,) = finals(screen)
        assert ends <= datetime.fromisoformat(final["server_now"]) < ends + timedelta(seconds=NEWEST_S)
    whole = await audiences[1].host.get(f"/polls/{poll['id']}/")
    assert whole["closed_at"] == whole["expires_at"] and whole["status"] == "closed"
