"""The room of an event: its newest state, and who follows it. Pure bookkeeping, no I/O and no clock."""

from __future__ import annotations

from nexus.bus import EventPresenceNews
from nexus.domain.event import Event
from nexus.domain.presence import Crowd
from nexus.domain.rights import AccessRules, Role, event_rules, role_in
from nexus.rooms.follower import Follower
from nexus.rooms.gathering import Gathering


class EventRoom:
    """The newest known state of an event, and its followers on this worker."""

    def __init__(self, event: int) -> None:
        self.id = event
        self.event: Event | None = None
        self.stale = False
        """Whether news has come that may say more than `event`: it is read again before anything is sent."""
        self.followers: dict[Follower, None] = {}
        self.entering = 0
        """Followers about to enter: the room is kept for them."""
        self.waiting: dict[Follower, None] = {}
        """Those who may lack something and can take it; who has waited longest comes first."""
        self.failed: list[Follower] = []
        """Those to whom something could not be written: tried again with the next comparison."""
        self.barred: list[Follower] = []
        """Screens whose maker is no longer a host: to be removed."""
        self.gathering = Gathering()
        """Those who follow as voters: hosts and screens do not count."""
        self.counted = 0
        """How often they have been counted."""
        self._sockets: dict[str, int] = {}
        self._newcomers: list[Follower] = []

    @property
    def empty(self) -> bool:
        """Whether nobody needs the room."""
        return not (self.followers or self.entering)

    @property
    def unfinished(self) -> bool:
        """Whether somebody may have to be told something."""
        return bool(self.followers) and (self.stale or bool(self.waiting))

    def holds(self, event: Event) -> bool:
        """Whether this is the event's newest state, as far as is known."""
        return self.event is event and not self.stale

    def hear(self, revision: int | None) -> bool:
        """Take news of the event. False if it says nothing that is not known."""
        if self.event is not None and revision is not None and revision <= self.event.revision:
            return False
        self.stale = True
        return True

    def learn(self, event: Event) -> bool:
        """Take the event's whole state. False if it is not newer: then all followers have it, or wait for it."""
        before = self.event
        if before is not None and event.revision <= before.revision:
            return False
        self.event = event
        rules = event_rules(event)
        if before is not None and event_rules(before) != rules:
            for follower in self.followers:
                self._recast(follower, rules)
        self.waiting.update(self.followers)
        return True

    def admit(self, follower: Follower, event: Event, *, member: bool) -> None:
        """Let in a follower that is shown this state of the event; what is newer waits for it."""
        follower.member = member
        follower.revision = event.revision
        follower.role = role_in(follower.identity, event_rules(event))
        follower.counted = self.counted
        self.learn(event)
        self.followers[follower] = None
        self._note(follower, 1)
        self._newcomers.append(follower)
        if self.event is not None and self.event.revision > event.revision:
            self._recast(follower, event_rules(self.event))
            self.waiting[follower] = None

    def discard(self, follower: Follower) -> bool:
        """Let a follower out; returns whether it was in."""
        if follower not in self.followers:
            return False
        del self.followers[follower]
        self.waiting.pop(follower, None)
        self._note(follower, -1)
        return True

    def renew(self, follower: Follower) -> None:
        """A follower has another token, which may give it another role."""
        if self.event is not None and follower in self.followers:
            self._recast(follower, event_rules(self.event))
            # What its new role sees is in no frame that it was sent.
            follower.revision = min(follower.revision, self.event.revision - 1)
            self.waiting[follower] = None

    def _recast(self, follower: Follower, rules: AccessRules) -> None:
        role = role_in(follower.identity, rules)
        if role is follower.role:
            return
        inside = follower in self.followers
        if inside:
            self._note(follower, -1)
        follower.role = role
        if inside:
            self._note(follower, 1)
        if role is Role.VOTER and follower.identity.is_screen:
            self.barred.append(follower)

    def _note(self, follower: Follower, sockets: int) -> None:
        """Keep how many sockets a voter follows with."""
        if follower.role is not Role.VOTER or not follower.counts:
            return
        voter = follower.voter
        left = self._sockets.get(voter, 0) + sockets
        if left:
            self._sockets[voter] = left
        else:
            del self._sockets[voter]
        self.gathering.note(voter, here=left > 0)

    def presence_news(self, worker: str, here: Crowd) -> EventPresenceNews:
        """What `worker` tells the others of its voters here."""
        return EventPresenceNews(self.id, worker, here.voters, here.sample)

    def count(self, now: float) -> bool:
        """Count the voters over all workers, as far as known at the monotonic second `now`. Returns whether somebody
        here has to be told."""
        changed, newcomers = self.gathering.count(now), self._newcomers
        self.counted += 1
        self._newcomers = []
        told = self.followers if changed else [one for one in newcomers if one in self.followers]
        self.waiting.update(dict.fromkeys(told))
        return bool(told)
