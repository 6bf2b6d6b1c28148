"""A room: one watched poll, its newest state, and who watches it. Pure bookkeeping, no I/O and no clock."""

from __future__ import annotations

import msgspec

from nexus.bus import PresenceNews
from nexus.domain.ballot import CastVote
from nexus.domain.poll import Place, Policy, Poll, Totals, Visibility
from nexus.domain.presence import Crowd
from nexus.domain.rights import Role, visibility
from nexus.rooms.gathering import Gathering
from nexus.rooms.viewer import LOOK_CLOSELY, NEVER, Viewer


class RoomSnapshot(msgspec.Struct, frozen=True):
    """What a viewer is shown on entering a room; `votes` are its voter's own ballots that stand."""

    poll: Poll
    role: Role
    sees: Visibility
    votes: tuple[CastVote, ...]


class Room:
    """The newest known state of a poll, and its viewers on this worker."""

    def __init__(self, poll: int) -> None:
        self.id = poll
        self.poll: Poll | None = None
        self.totals: Totals | None = None
        self.revision = 0
        """The newest revision that this worker knows of; `poll` may be older."""
        self.public_at = self.evicted_at = 0
        """The newest revisions at which somebody came in while the poll was public, and at which strangers had to leave
        since it was not."""
        self.edition = LOOK_CLOSELY + 1
        """Grows with everything that viewers are to be sent."""
        self.plain_since = self.edition
        """From this edition on nothing but totals has changed, and for each audience alike."""
        self.viewers: dict[Viewer, None] = {}
        self._of_voter: dict[str, list[Viewer]] = {}
        self.entering = 0
        """Viewers about to enter: the room is kept for them, and they are sent nothing yet."""
        self.holders = 0
        """Those who keep the room without watching: they wait until the poll may be seen, or move in."""
        self._granted: dict[str, Place] = {}
        """While somebody keeps the room: where ballots have come to stand meanwhile, by voter."""
        self.verified = 0
        """The count of retractions up to which the viewers' rights are known to hold."""
        self.gathering = Gathering()
        """Those who watch as voters: hosts and screens do not count."""
        self.counted = 0
        """How often they have been counted."""
        self._newcomers: list[Viewer] = []

    @property
    def empty(self) -> bool:
        """Whether nobody needs the room."""
        return not (self.viewers or self.entering or self.holders)

    @property
    def outdated(self) -> bool:
        """Whether the definition must be read again before anything is shown."""
        return self.poll is None or self.poll.revision < self.revision

    @property
    def doubtful(self) -> bool:
        """Whether rights must be read again before counts are shown: a ballot has been withdrawn."""
        totals = self.totals
        return totals is not None and totals.policy is Policy.AFTER_VOTE and totals.retractions > self.verified

    def is_newest(self, poll: Poll) -> bool:
        """Whether the room knows this state of its poll and nothing newer, and of no right that is in doubt."""
        newest = self.totals is not None and self.totals.place == poll.place and self.revision == poll.revision
        return newest and not self.outdated and not self.doubtful

    def learn(self, poll: Poll) -> None:
        """Take a poll's whole state, as far as it is newer."""
        if self.poll is None:
            self.verified = poll.retractions
        if self.poll is None or self.poll.revision < poll.revision:
            self._advance(plain=False)
        if self.poll is None or self.poll.revision <= poll.revision:
            self.poll = poll
        self.revision = max(self.revision, poll.revision)
        self.accept(poll.totals())

    def accept(self, totals: Totals) -> bool:
        """Take totals. False if they are not newer than those the room has."""
        before = self.totals
        if before is not None and totals.place <= before.place:
            return False
        self.totals = totals
        self.revision = max(self.revision, totals.revision)
        self._advance(plain=before is not None and _same_audiences(before, totals))
        return True

    def _advance(self, *, plain: bool) -> None:
        self.edition += 1
        if not plain:
            self.plain_since = self.edition

    def sees(self, viewer: Viewer, totals: Totals) -> Visibility:
        """What `viewer` may be shown of `totals`."""
        has_vote = viewer.right is not None and viewer.right.epoch == totals.epoch
        return visibility(totals.policy, totals.status, viewer.role, has_vote=has_vote)

    def expect(self, viewer: Viewer) -> None:
        """A viewer is about to enter: what becomes of its voter's ballots meanwhile is noted. `add` or `give_up` ends
        that."""
        self.entering += 1
        self._of_voter.setdefault(viewer.identity.voter, []).append(viewer)

    def give_up(self, viewer: Viewer) -> None:
        """A viewer that was expected has entered, or does not."""
        self.entering -= 1
        if viewer not in self.viewers:
            self._forget(viewer)

    def admit(self, viewer: Viewer, state: Poll, read: Place, retractions: int, *, stands: bool) -> Visibility:
        """Let in a viewer that is shown `state`; at `read`, no earlier and after so many `retractions` of the poll, a
        ballot of its voter stood or not. Returns what it may be shown."""
        if viewer.right is None or viewer.right <= read:  # a ballot that was cast later stands, as far as is known
            viewer.right = read if stands else None
        if viewer.right is not None:
            # What has been withdrawn since then may be its ballot.
            self.verified = min(self.verified, retractions)
        self.add(viewer)
        return self.sees(viewer, state.totals())

    def add(self, viewer: Viewer) -> None:
        """Let a viewer in."""
        self.viewers[viewer] = None
        sockets = self._of_voter.setdefault(viewer.identity.voter, [])
        if viewer not in sockets:
            sockets.append(viewer)
        self._note(viewer.identity.voter)
        if viewer.counted != NEVER:
            viewer.counted = self.counted
            self._newcomers.append(viewer)

    def discard(self, viewer: Viewer) -> None:
        """Let a viewer out, if it is in."""
        if viewer not in self.viewers:
            return
        del self.viewers[viewer]
        viewer.edition = LOOK_CLOSELY  # a pass that is under way looks whether it is still in
        self._forget(viewer)
        self._note(viewer.identity.voter)

    def _forget(self, viewer: Viewer) -> None:
        sockets = self._of_voter[viewer.identity.voter]
        sockets.remove(viewer)
        if not sockets:
            del self._of_voter[viewer.identity.voter]

    def recast(self, viewer: Viewer, role: Role) -> None:
        """A viewer has another role from now on."""
        viewer.role = role
        viewer.edition = LOOK_CLOSELY
        if viewer in self.viewers:
            self._note(viewer.identity.voter)

    def _note(self, voter: str) -> None:
        """Keep whether `voter` watches as a voter, with any of their sockets."""
        here = (viewer for viewer in self.of_voter(voter) if viewer in self.viewers)
        self.gathering.note(voter, here=any(viewer.role is Role.VOTER and viewer.counts for viewer in here))

    def of_voter(self, voter: str) -> list[Viewer]:
        """A voter's sockets that are in this room, or about to enter it."""
        return self._of_voter.get(voter, [])

    def grant(self, voter: str, place: Place) -> list[Viewer]:
        """A ballot of `voter` stands since `place`. Returns the viewers that may see more because of it."""
        gained = []
        if self.holders:
            self._granted[voter] = max(place, self._granted.get(voter, place))
        for viewer in self.of_voter(voter):
            had = viewer.right
            viewer.right = place if had is None else max(had, place)
            if self.totals is not None and self.totals.policy is Policy.AFTER_VOTE:
                viewer.edition = LOOK_CLOSELY
                if viewer in self.viewers:
                    gained.append(viewer)
        if gained and self.totals is not None and self.totals.place > place:
            # Another worker's news was quicker, and may say that this very ballot has been withdrawn.
            self.verified = min(self.verified, self.totals.retractions - 1)
        return gained

    def hold(self) -> None:
        """Keep the room without watching, until `let_go`."""
        self.holders += 1

    def let_go(self, times: int) -> None:
        """End so many `hold`s."""
        self.holders -= times
        if not self.holders:
            self._granted.clear()

    def newest_right(self, viewer: Viewer) -> Place | None:
        """The viewer's right, or that of a ballot which has come to stand since the room is held."""
        right, granted = viewer.right, self._granted.get(viewer.identity.voter)
        return right if granted is None or (right is not None and right >= granted) else granted

    def entitled(self, until: Place | None = None) -> set[str]:
        """The voters here with a right; with `until` those whose right is not newer than that."""
        holders = ((viewer.identity.voter, viewer.right) for viewer in self.viewers)
        return {voter for voter, right in holders if right is not None and (until is None or right <= until)}

    def verify(self, retractions: int, place: Place, standing: frozenset[str]) -> None:
        """Of all viewers only the voters `standing` had a ballot at `place`: the others' older rights end."""
        for viewer in self.viewers:
            if viewer.right is not None and viewer.right <= place and viewer.identity.voter not in standing:
                viewer.right = None
                viewer.edition = LOOK_CLOSELY
        self.verified = max(self.verified, retractions)

    def presence_news(self, worker: str, here: Crowd) -> PresenceNews:
        """What `worker` tells the others of its voters here."""
        return PresenceNews(self.id, worker, here.voters, here.sample)

    def count(self, now: float) -> bool:
        """Count the voters over all workers, as far as known at the monotonic second `now`. Returns whether somebody
        here has to be told."""
        changed, newcomers = self.gathering.count(now), self._newcomers
        self.counted += 1
        self._newcomers = []
        if changed:
            self._advance(plain=False)
        for viewer in newcomers:
            viewer.edition = LOOK_CLOSELY
        return changed or bool(newcomers)


def _same_audiences(before: Totals, after: Totals) -> bool:
    """Whether everybody sees of `after` what they saw of `before`, as far as their own rights stay the same."""
    return (before.epoch, before.revision, before.status, before.policy) == (
        *(after.epoch, after.revision, after.status, after.policy),
    )
