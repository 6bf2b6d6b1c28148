"""Who sees counts of a poll that an event shows: every result policy and role, on entering and on being moved
(docs/contract.md, "Who sees results").

What is expected is written out from the contract's text, and taken from no code of the product.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Policy, Poll
from nexus.store import events, rounds
from tests.support.ballots import ADMIN, HOST, cast_one, vote, voter
from tests.support.grid import grid
from tests.support.shows import make_event, poll_of, show
from tests.support.sockets import SocketClient, SocketServer, counts, open_socket_server
from tests.support.values import Json

VOTES, MORE_VOTES = [2, 1, 0], [3, 1, 0]

# `full`: counts; `turn`: turnout alone. For an outsider to a private event nothing of it exists.
SEES = grid("""
                   | host admin screen | voted guest_voted | silent guest_silent

live        open   | full full  full   | full  full        | full   full
live        closed | full full  full   | full  full        | full   full
after_vote  open   | full full  full   | full  full        | turn   turn
after_vote  closed | full full  full   | full  full        | turn   turn
after_close open   | full full  full   | turn  turn        | turn   turn
after_close closed | full full  full   | full  full        | full   full
host        open   | full full  full   | turn  turn        | turn   turn
host        closed | full full  full   | turn  turn        | turn   turn
""")
VOTED = ("voted", "guest_voted")


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


def people(event: Event) -> dict[str, Identity]:
    """Who looks at an event, by role."""
    bound = frozenset({event.id})
    guests = [Identity(f"guest:{UUID(int=n)}", frozenset({"guest"}), None, 4e9, events=bound) for n in (1, 2)]
    screen = Identity(HOST.voter, frozenset({"screen"}), None, 4e9, events=bound)
    return {
        "host": HOST,
        "admin": ADMIN,
        "screen": screen,
        "voted": voter(1),
        "silent": voter(2),
        "guest_voted": guests[0],
        "guest_silent": guests[1],
    }


def token(ws: SocketServer, by: Identity) -> str:
    return ws.worker.tokens.access(by.voter, by.roles, 900, event=min(by.events) if by.events else None)


async def prepare(ws: SocketServer, policy: str, phase: str, *, public: bool) -> tuple[Event, Poll]:
    """An event whose second poll has votes, and is not shown yet; a third is a draft."""
    event = await make_event(ws.database, "First?", "Second?", "Secret?", results=Policy(policy), is_public=public)
    await show(ws.database, event, 0)
    by = people(event)
    await events.join(ws.database, [(event.id, by[role].voter) for role in ("voted", "silent")])
    poll = await rounds.open_poll(ws.database, event.polls[1].id, HOST)
    for who, choice in ((by["voted"], 0), (by["guest_voted"], 0), (HOST, 1)):
        await cast_one(ws.database, vote(poll, who, choice))
    if phase == "closed":
        await rounds.close_poll(ws.database, poll.id, HOST)
    return event, await poll_of(ws.database, event, 1)


def check(shown: Json, role: str, sees: str, votes: list[int]) -> None:
    """A poll and its totals as they should be shown, and no draft beside them for voters."""
    expected = votes if sees == "full" else [None] * 3
    assert (counts(shown["poll"]), counts(shown["totals"])) == (expected, expected), role
    assert shown["totals"]["visibility"] == ("full" if sees == "full" else "turnout")
    assert len(shown["me"]) == (role in VOTED or role in ("host", "screen")), role
    runs = role in ("host", "admin", "screen")
    assert [one["question"] for one in shown["event"]["polls"]] == ["First?", "Second?", *(["Secret?"] if runs else [])]


@pytest.mark.parametrize(("policy", "phase"), SEES)
async def test_followers_see_counts_as_the_matrix_says(ws: SocketServer, policy: str, phase: str) -> None:
    for public in (True, False):
        event, poll = await prepare(ws, policy, phase, public=public)
        async with AsyncExitStack() as stack:
            clients: dict[str, SocketClient] = {}
            for role, by in people(event).items():
                client = clients[role] = await stack.enter_async_context(ws.socket())
                await client.hello(token(ws, by))
                await client.send("join", event=event.id)
                await client.expect("entered")
            change = await show(ws.database, event, 1)
            ws.worker.tallies.event_changed(change)
            for role, client in clients.items():
                moved = await client.expect("shown")
                while "poll" not in moved:
                    moved = await client.expect("shown")
                check(moved, role, SEES[policy, phase][role], VOTES)
                await client.send("join", event=event.id)
                check(await client.expect("entered"), role, SEES[policy, phase][role], VOTES)
            if phase == "open":
                await follow_a_vote(ws, poll, clients, policy)
            for role, client in clients.items():
                if role not in ("host", "admin", "screen"):
                    assert "Secret?" not in json.dumps(client.frames)
        if not public:
            async with ws.client(voter(9)) as outsider:
                await outsider.send("join", event=event.id)
                assert (await outsider.expect("error"))["code"] == "event_not_found"


async def follow_a_vote(ws: SocketServer, poll: Poll, clients: dict[str, SocketClient], policy: str) -> None:
    """The totals that come after one more vote."""
    late = people_late(poll)
    cast = await cast_one(ws.database, vote(poll, late, 0))
    state = await ws.worker.tallies.poll(poll.id)
    assert state is not None
    ws.worker.tallies.totals_committed(state.totals())
    for role, client in clients.items():
        totals = await client.totals(cast.version, poll=poll.id)
        assert counts(totals) == (MORE_VOTES if SEES[policy, "open"][role] == "full" else [None] * 3), role


def people_late(poll: Poll) -> Identity:
    """A guest who comes late."""
    assert poll.event is not None
    bound = frozenset({poll.event})
    return Identity(f"guest:{UUID(int=3)}", frozenset({"guest"}), None, 4e9, events=bound)
