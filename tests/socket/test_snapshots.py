"""The answer to a join: encoded once for all who are shown the same, and byte for byte the documented message."""

from datetime import timedelta
from uuid import UUID

import pytest

from nexus.domain.ballot import CastVote
from nexus.domain.poll import Visibility
from nexus.domain.rights import Role
from nexus.domain.views import ballot_views, poll_view, totals_view
from nexus.rooms.room import RoomSnapshot
from nexus.ws import messages
from nexus.ws.snapshots import FRESH, POLLS, Snapshots
from tests.support.rooms import NOON, poll_at

VOTES = (CastVote(UUID(int=7), (12,), NOON),)


@pytest.mark.parametrize("sees", Visibility)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("votes", [(), VOTES])
def test_snapshot_is_the_joined_message(sees: Visibility, known: bool, votes: tuple[CastVote, ...]) -> None:
    snapshots, poll = Snapshots(), poll_at(3)
    totals = None if known else totals_view(poll.totals(), sees, NOON)
    for role in (Role.VOTER, Role.HOST, Role.VOTER):
        expected = messages.encode(messages.Joined(poll_view(poll, sees), totals, ballot_views(votes), role))
        frame = snapshots.joined(RoomSnapshot(poll, role, sees, votes), NOON, known=known)
        assert (frame.text, frame.wire) == (expected.text, expected.wire)


def test_those_without_ballots_share_one_frame_of_their_audience() -> None:
    snapshots, poll = Snapshots(), poll_at(3)
    empty = RoomSnapshot(poll, Role.VOTER, Visibility.FULL, ())
    frames = [snapshots.joined(empty, NOON, known=False) for _ in range(3)]
    assert frames[0] is frames[1] is frames[2]
    others = (
        RoomSnapshot(poll, Role.VOTER, Visibility.TURNOUT, ()),
        RoomSnapshot(poll, Role.HOST, Visibility.FULL, ()),
        RoomSnapshot(poll_at(4), Role.VOTER, Visibility.FULL, ()),
        RoomSnapshot(poll, Role.VOTER, Visibility.FULL, VOTES),
    )
    texts = {snapshots.joined(one, NOON, known=False).text for one in others}
    assert len(texts | {frames[0].text}) == 5


@pytest.mark.parametrize("late", [FRESH * 2, -timedelta(hours=1)])
def test_server_now_is_never_old(late: timedelta) -> None:
    snapshots, snapshot = Snapshots(), RoomSnapshot(poll_at(3), Role.VOTER, Visibility.FULL, ())
    first = snapshots.joined(snapshot, NOON, known=False)
    assert snapshots.joined(snapshot, NOON + FRESH, known=False) is first
    assert snapshots.joined(snapshot, NOON + late, known=False).text != first.text


def test_kept_snapshots_are_bounded() -> None:
    snapshots = Snapshots()
    for n in range(POLLS * 2):
        snapshots.joined(RoomSnapshot(poll_at(1, id=n + 1), Role.VOTER, Visibility.FULL, ()), NOON, known=False)
    assert len(snapshots._of_poll) == POLLS
