"""What the sockets of a worker share: everything that a session is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from nexus.access.code_entry import CodeEntry
from nexus.access.gate import Gate
from nexus.access.limits import Caps, Rate
from nexus.access.origins import Origins
from nexus.access.work import WorkBudget
from nexus.rooms.following import Following
from nexus.rooms.hub import Hub
from nexus.rooms.lobby import Lobby
from nexus.voting.ballot_box import BallotBox
from nexus.ws.event_frames import EncodedEvents
from nexus.ws.message_rate import MessageRate
from nexus.ws.session_registry import SessionRegistry
from nexus.ws.snapshots import Snapshots


@dataclass(frozen=True)
class SocketServices:
    """Everything a session needs of its worker.

    `vote_rate` limits each voter, `message_rate` each socket, `open_sockets` each address and the worker, `work` what
    all sockets of an address send.
    `now` is the wall clock of `server_now`, in UTC; a socket has `hello_s` seconds for its hello.
    """

    gate: Gate
    ballots: BallotBox
    hub: Hub
    following: Following
    lobby: Lobby
    vote_rate: Rate
    codes: CodeEntry
    open_sockets: Caps
    work: WorkBudget
    origins: Origins
    rooms_per_socket: int
    sockets_per_voter: int
    message_rate: MessageRate
    now: Callable[[], datetime]
    event_frames: EncodedEvents
    sessions: SessionRegistry = field(default_factory=SessionRegistry)
    snapshots: Snapshots = field(default_factory=Snapshots)
    hello_s: float = 10.0
