"""What a room knows, whom it lets see what, and who has a right to more."""

import random
from typing import Any

import pytest

from nexus.domain.poll import Place, Policy, Status, Visibility
from nexus.domain.presence import Crowd
from nexus.domain.rights import Role
from nexus.rooms.room import Room
from nexus.rooms.viewer import Viewer
from tests.support.ballots import voter
from tests.support.rooms import RecordingSink, poll_at, seated, totals_at

ALICE = voter(1)
HIDDEN: dict[str, Any] = {"results": Policy.AFTER_VOTE}


def room_at(version: int = 1, **fields: Any) -> Room:
    room = Room(7)
    room.learn(poll_at(version, **fields))
    return room


def test_newest_totals_win_in_any_order() -> None:
    places = [(epoch, version) for epoch in (1, 2, 3) for version in range(epoch, epoch + 5)]
    for seed in range(20):
        random.Random(seed).shuffle(places)
        room, best = room_at(), Place(1, 1)
        for epoch, version in places + places:
            newer = Place(epoch, version) > best
            assert room.accept(totals_at(version, epoch=epoch)) == newer, seed
            best = max(best, Place(epoch, version))
            assert room.totals is not None
            assert room.totals.place == best


def test_right_of_a_newcomer_is_in_doubt_where_a_ballot_was_withdrawn_since_it_was_read() -> None:
    room, read = room_at(3, retractions=1, **HIDDEN), poll_at(2, **HIDDEN)
    assert not room.doubtful
    entered = room.admit(Viewer(RecordingSink(), ALICE), read, read.place, read.retractions, stands=True)
    assert (entered, room.doubtful) == (Visibility.FULL, True)
    late = room_at(3, retractions=1, **HIDDEN)
    late.admit(Viewer(RecordingSink(), ALICE), poll_at(3, **HIDDEN), Place(1, 3), 1, stands=True)
    assert not late.doubtful


def test_older_state_is_not_learned_over_a_newer_one() -> None:
    room = room_at(5, revision=3)
    room.learn(poll_at(4, revision=2, question="Old?"))
    assert room.poll is not None
    assert room.poll.revision == 3
    assert room.totals is not None
    assert room.totals.version == 5


def test_totals_of_a_newer_definition_make_the_room_outdated_until_it_is_read() -> None:
    room = room_at(revision=1)
    room.accept(totals_at(2, revision=2))
    was_outdated = room.outdated
    room.learn(poll_at(2, revision=2))
    assert [was_outdated, room.outdated] == [True, False]


def test_room_without_a_state_is_outdated() -> None:
    assert Room(7).outdated


@pytest.mark.parametrize(("policy", "shown"), [(Policy.AFTER_VOTE, True), (Policy.LIVE, False), (Policy.HOST, False)])
def test_retraction_makes_rights_doubtful_only_where_votes_give_them(policy: Policy, shown: bool) -> None:
    room = room_at(results=policy)
    room.accept(totals_at(2, results=policy, retractions=1))
    assert room.doubtful is shown
    room.verify(1, Place(1, 2), frozenset())
    assert not room.doubtful


def test_right_that_is_older_than_what_is_known_is_in_doubt() -> None:
    room = room_at(5, **HIDDEN)
    viewer, _ = seated(room)
    room.accept(totals_at(7, retractions=1, **HIDDEN))
    room.verify(1, Place(1, 7), frozenset())
    room.grant(viewer.identity.voter, Place(1, 6))
    assert room.doubtful, "the ballot that was withdrawn may be this one"


def test_verification_ends_the_rights_of_those_without_a_ballot_alone() -> None:
    room = room_at(5, **HIDDEN)
    (one, _), (two, _), (late, _) = seated(room, 1), seated(room, 2), seated(room, 3)
    one.right = two.right = Place(1, 3)
    late.right = Place(1, 9)  # voted after the question was asked
    room.verify(1, Place(1, 6), frozenset({two.identity.voter}))
    assert [viewer.right for viewer in (one, two, late)] == [None, Place(1, 3), Place(1, 9)]


def test_right_counts_in_its_own_round_alone() -> None:
    room = room_at(5, **HIDDEN)
    viewer, _ = seated(room)
    viewer.right = Place(1, 5)
    assert room.sees(viewer, totals_at(5, **HIDDEN)) is Visibility.FULL
    assert room.sees(viewer, totals_at(6, epoch=2, **HIDDEN)) is Visibility.TURNOUT


def test_grant_reaches_every_socket_of_the_voter_where_votes_give_rights() -> None:
    room = room_at(5, **HIDDEN)
    (one, _), (two, _), (other, _) = seated(room, 1), seated(room, 1), seated(room, 2)
    assert set(room.grant(one.identity.voter, Place(1, 5))) == {one, two}
    assert other.right is None
    room.grant(one.identity.voter, Place(1, 4))
    assert one.right == Place(1, 5)
    live = room_at(5)
    viewer, _ = seated(live)
    assert live.grant(viewer.identity.voter, Place(1, 5)) == []
    assert viewer.right == Place(1, 5)


@pytest.mark.parametrize(
    ("policy", "status", "voted", "sees"),
    [
        (Policy.LIVE, Status.OPEN, False, Visibility.FULL),
        (Policy.AFTER_VOTE, Status.OPEN, False, Visibility.TURNOUT),
        (Policy.AFTER_VOTE, Status.OPEN, True, Visibility.FULL),
        (Policy.AFTER_VOTE, Status.CLOSED, False, Visibility.TURNOUT),
        (Policy.AFTER_CLOSE, Status.OPEN, True, Visibility.TURNOUT),
        (Policy.AFTER_CLOSE, Status.CLOSED, False, Visibility.FULL),
        (Policy.HOST, Status.CLOSED, True, Visibility.TURNOUT),
    ],
)
def test_policy_decides_what_a_voter_sees_and_host_and_screen_see_all(
    policy: Policy, status: Status, voted: bool, sees: Visibility
) -> None:
    room = room_at(results=policy, status=status)
    totals = totals_at(1, results=policy, status=status)
    viewer, _ = seated(room)
    viewer.right = Place(1, 1) if voted else None
    assert room.sees(viewer, totals) is sees
    for role in (Role.HOST, Role.SCREEN):
        viewer.role = role
        assert room.sees(viewer, totals) is Visibility.FULL


def test_leaving_twice_is_leaving_once() -> None:
    room = room_at()
    (one, _), (two, _) = seated(room, 1), seated(room, 1)
    room.discard(one)
    room.discard(one)
    assert room.of_voter(one.identity.voter) == [two]
    was_empty = room.empty
    room.discard(two)
    assert room.of_voter(one.identity.voter) == []
    assert [was_empty, room.empty] == [False, True]


def test_room_is_kept_for_those_on_their_way_in() -> None:
    room = room_at()
    room.entering = 1
    assert not room.empty


def test_presence_counts_voters_and_not_their_sockets() -> None:
    room = room_at()
    (one, _), (two, _), (_, _) = seated(room, 1), seated(room, 1), seated(room, 2)
    assert room.gathering.crowd.voters == 2
    room.discard(one)
    assert room.gathering.crowd.voters == 2
    room.discard(two)
    assert room.gathering.crowd.voters == 1


@pytest.mark.parametrize("role", [Role.HOST, Role.SCREEN])
def test_presence_counts_no_host_and_no_screen(role: Role) -> None:
    room = room_at()
    seated(room, 1, role=role)
    assert room.gathering.crowd.voters == 0
    viewer, _ = seated(room, 1)  # the same subject, as a voter: with a token that lacks the role
    assert room.gathering.crowd.voters == 1
    room.recast(viewer, role)
    assert room.gathering.crowd.voters == 0
    room.recast(viewer, Role.VOTER)
    room.discard(viewer)
    assert room.gathering.crowd.voters == 0
    room.recast(viewer, Role.VOTER)
    assert room.gathering.crowd.voters == 0, "whoever has left is not counted again"


def test_presence_counts_other_workers_while_they_are_heard_of() -> None:
    room = room_at()
    seated(room)
    room.gathering.elsewhere = {"a": (Crowd(10), 5.0), "b": (Crowd(100), 7.0), "c": (room.gathering.crowd, 7.0)}
    counted = []
    for now in (4.0, 5.0, 7.0):
        room.count(now)
        counted.append(room.gathering.online)
    assert counted == [111, 101, 1]


def test_count_is_news_where_it_changed_or_somebody_came() -> None:
    room = room_at()
    viewer, _ = seated(room, role=Role.HOST)
    assert room.count(1.0), "a host who opens a room alone learns that nobody is there"
    assert room.gathering.online == 0
    assert not room.count(2.0)
    seated(room, 2)
    assert room.count(3.0)
    room.discard(viewer)
    assert not room.count(4.0)
