"""Letting a viewer into the room of a poll, with a snapshot that was read for it."""

from __future__ import annotations

from nexus.domain.poll import Poll, Visibility
from nexus.domain.rights import role_in, rules_of
from nexus.rooms.room import Room, RoomSnapshot
from nexus.rooms.viewer import LOOK_CLOSELY, LastSent, Viewer
from nexus.voting.tallies import PollEntry


def meet(room: Room, state: Poll) -> None:
    """Take what was read for somebody who enters."""
    if room.poll is None or state.revision <= room.poll.revision:
        room.learn(state)
    else:  # that is for the hub, which first removes those who may no longer know of the poll
        room.revision = max(room.revision, state.revision)


def let_in(room: Room, viewer: Viewer, entry: PollEntry) -> RoomSnapshot:
    """Let `viewer` into a room that has met the poll's state; what it is shown. Where the room knows more than that,
    the viewer's edition is not the room's, and it is to be sent the newest."""
    state, held = entry.poll, entry.held
    inside = viewer in room.viewers
    if state.is_public:
        room.public_at = max(room.public_at, state.revision)
    viewer.role = role_in(viewer.identity, rules_of(state))
    sees = room.admit(viewer, state, held.watch.place, held.retractions, stands=bool(held.votes))
    if inside:  # it has been sent what the room knew
        viewer.edition = LOOK_CLOSELY
    else:
        viewer.revision = state.revision
        viewer.shown = LastSent(state.place, sees is Visibility.FULL)
        if room.is_newest(state):
            viewer.full, viewer.edition = viewer.shown.full, room.edition
    return RoomSnapshot(state, viewer.role, sees, held.votes)
