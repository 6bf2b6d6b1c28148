"""Who is in a room, and how one gets out of it, end to end: real servers, real sockets."""

from __future__ import annotations

import pytest

from tests.support.audience import Audience, Audiences, arrive
from tests.support.audience_acts import vote
from tests.support.audience_socket import Socket
from tests.support.shared_servers import audience, audiences, shared, worker, workers

__all__ = ["audience", "audiences", "shared", "worker", "workers"]


async def test_leaving_stops_every_frame(audience: Audience) -> None:
    poll = await audience.host.poll()
    screen, other = await audience.voter(1).watch(poll), await audience.voter(2).watch(poll)
    screen.send(type="leave", poll=poll["id"])
    await screen.next("left", poll["id"])
    before = len(screen.frames)
    ack = await other.act(vote(poll, 0))
    await audience.host.call("PATCH", f"/polls/{poll['id']}/", {"description": "well"})
    await arrive(ack.place, poll, other)
    await screen.sync()
    assert [frame["type"] for frame in screen.frames[before:]] == ["pong"]


async def test_coming_back_with_the_newest_place_brings_no_totals(audience: Audience) -> None:
    poll = await audience.host.poll()
    screen = await audience.voter(1).watch(poll)
    ack = await screen.act(vote(poll, 0))
    known = {"epoch": ack.epoch, "version": ack.version}
    joined = await (await audience.voter(1).connect()).join(poll["id"], **known)
    assert joined["totals"] is None and [one["op"] for one in joined["me"]] == [ack.op]
    for stale in ({**known, "version": ack.version - 1}, {**known, "epoch": 0}, {"epoch": 1}):
        joined = await (await audience.voter(1).connect()).join(poll["id"], **stale)
        assert joined["totals"]["version"] == ack.version


async def test_deletion_reaches_every_screen_and_ends_the_room(audiences: Audiences) -> None:
    poll = await audiences[0].host.poll()
    screens = [await audience.voter(n).watch(poll) for n, audience in enumerate((*audiences, *audiences))]
    assert (await audiences[0].host.call("DELETE", f"/polls/{poll['id']}/")).status == 204
    for screen in screens:
        await screen.had("deleted")
        screen.send(type="join", poll=poll["id"])
        refused = await screen.next("error")
        assert (refused["code"], refused["of"]["poll"]) == ("poll_not_found", poll["id"])
        assert [frame["type"] for frame in screen.frames].count("deleted") == 1
    assert (await screens[0].act(vote(poll, 0))).status == "poll_not_found"


async def test_a_poll_made_private_is_gone_for_strangers_alone(audiences: Audiences) -> None:
    here, there = audiences
    host = here.host
    poll = await host.poll()
    strangers = [await audience.voter(1).watch(poll) for audience in audiences]
    member = await there.voter(2).connect()
    member.send(type="join", code=poll["code"])
    await member.next("joined", poll["id"])
    own = await there.host.watch(poll)
    (await host.call("PATCH", f"/polls/{poll['id']}/", {"is_public": False})).ok()
    for screen in strangers:
        await screen.had("deleted")
        assert (await screen.act(vote(poll, 0))).status == "poll_not_found"
    ack = await member.act(vote(poll, 0))
    assert ack.committed
    await arrive(ack.place, poll, member, own)
    for screen in strangers:
        await screen.sync()
        assert screen.frames[-1]["type"] == "pong" and poll["id"] not in screen.rooms


@pytest.mark.parametrize("gone", ["left", "closed", "cut off"])
async def test_presence_counts_the_voters_of_both_workers(audiences: Audiences, gone: str) -> None:
    poll = await audiences[0].host.poll()
    screens = [await audiences[n % 2].voter(n).watch(poll) for n in range(5)]
    doubled = [await audiences[(n + 1) % 2].voter(n).watch(poll) for n in (1, 2)]
    hosts = [await audience.host.watch(poll) for audience in audiences]
    for screen in (*screens, *doubled, *hosts):
        await _counts(screen, 5)
    match gone:
        case "left":
            screens[0].send(type="leave", poll=poll["id"])
        case "closed":
            await screens[0].close()
        case _:
            screens[0].abort()
    for screen in screens[1:]:
        await _counts(screen, 4)


async def _counts(socket: Socket, online: int) -> None:
    """The newest presence that a socket is told comes to be this."""
    await socket.until(lambda: _newest(socket) == online, f"{online} voters")


def _newest(socket: Socket) -> object:
    return next((frame["online"] for frame in reversed(socket.frames) if frame["type"] == "presence"), None)
