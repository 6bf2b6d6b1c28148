"""What the REST door needs: made once by the composition root, handed to `routes`, and from there to every handler."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from nexus.access.code_entry import CodeEntry
from nexus.access.gate import Gate
from nexus.access.limits import Caps, Rate, by_minute
from nexus.access.oidc.logins import OidcLogins
from nexus.access.origins import Origins
from nexus.access.passwords import Passwords
from nexus.access.tokens import Tokens
from nexus.branding.looks import Looks
from nexus.bus import Bus
from nexus.domain.pseudonyms import Pseudonyms
from nexus.http.framework.call import Call
from nexus.http.framework.words import Words
from nexus.runtime.metrics import Metrics
from nexus.settings import Lifetimes, Limits
from nexus.store.database import Database
from nexus.store.listing_counts import Counts
from nexus.voting.ballot_box import BallotBox
from nexus.voting.estates import Estates
from nexus.voting.tallies import Tallies

MOVES_BURST = 10
"""Seconds whose moves may come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often something may be done, and by what key it is counted."""

    guests: Rate
    """Guest tokens, by address."""
    logins: Rate
    """Logins, by address."""
    failed_returns: Rate
    """Logins that come back from the OpenID provider in vain, by address."""
    registrations: Rate
    """Registrations, by address."""
    wrong_passwords: Rate
    """Failed logins, by account and address."""
    votes: Rate
    """Votes and retractions, by voter; the WebSocket door takes from the same rate."""
    moves: Rate
    """Moves of events, by event and host: one who presses without end keeps no other from moving on."""

    @classmethod
    def from_limits(cls, limits: Limits, clock: Callable[[], float] = time.monotonic) -> Rates:
        """The rates that the settings allow; `clock` returns monotonic seconds."""
        return cls(
            guests=by_minute(limits.guests_per_minute, clock=clock),
            logins=by_minute(limits.logins_per_minute, clock=clock),
            failed_returns=by_minute(limits.logins_per_minute, clock=clock),
            registrations=by_minute(limits.registrations_per_minute, clock=clock),
            wrong_passwords=by_minute(limits.wrong_passwords_per_minute, clock=clock),
            votes=Rate(limits.votes_per_second, limits.votes_burst, clock=clock),
            moves=Rate(limits.moves_per_second, MOVES_BURST * limits.moves_per_second, clock=clock),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestServices:
    """Everything that the handlers of the REST interface use."""

    database: Database
    bus: Bus
    ballots: BallotBox
    tallies: Tallies
    gate: Gate
    codes: CodeEntry
    tokens: Tokens
    passwords: Passwords
    lifetimes: Lifetimes
    rates: Rates
    registration_open: bool
    """Whether strangers may create accounts."""
    estates: Estates
    counts: Counts
    metrics: Metrics
    pseudonyms: Pseudonyms
    words: Words
    origins: Origins
    exports: Caps
    """Exports under way, by who asked for them."""
    export_reads: asyncio.Semaphore
    """Exports that may read the database at once."""
    lists: Caps
    """Pages of lists, other than searches, being read or waiting for it, by address."""
    list_reads: asyncio.Semaphore
    """Pages of lists that may read the database at once."""
    searches: Caps
    """Searches under way or waiting, by who asked for them."""
    search_reads: asyncio.Semaphore
    """Searches that may read the database at once."""
    large_bodies: Caps
    """Large bodies that are being read or acted upon, by who sent them."""
    looks: Looks
    logos: Caps
    """Logos being written or waiting for it, by who sent them."""
    logo_writes: asyncio.Semaphore
    """Logos that may be written at once, each by a process."""
    workbooks: asyncio.Semaphore
    """Workbooks that may be written at once, each by a process."""
    oidc: OidcLogins | None = None
    """Logins with an OpenID provider, where one is set."""


RestCall = Call[RestServices]
"""A call of the REST interface: an entry of `nexus.http.api.routes.CALLS`."""
