"""What an attacker is told: where the server is, and who to be."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Target:
    """A server, and what the attacker has there.

    `source` is the address that it comes from, `token` that of its guest in the poll `poll`, `user` that of an account,
    and `code` that of a poll for new guests whose first option is `option`. `strength` is the share of the sockets that
    the attack has in full, `niceness` how far its process stands back behind others.
    """

    host: str
    port: int
    source: str
    token: str
    user: str
    poll: int
    code: str
    option: int
    strength: float = 1.0
    niceness: int = 19

    def sockets(self, full: int) -> int:
        """How many sockets an attack of `full` has here: one at least."""
        return max(1, round(full * self.strength))

    def text(self) -> str:
        """As an argument of a command."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Target:
        """What `text` made."""
        return cls(**json.loads(text))
