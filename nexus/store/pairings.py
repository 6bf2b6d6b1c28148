"""Pairings: a code with which another device becomes a screen of a poll or presents it, once.

Only a digest of the code is kept. What its token will descend from is a login that begins with the code, so that
whatever ends the host's other logins ends the code as well; and so does the end of the login in which it was made
(docs/contract.md, "Pairing").
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from nexus.domain.identity import Identity
from nexus.domain.rights import Role, require_host, rules_of
from nexus.errors import PairingNotFound, PollInEvent, PollNotFound
from nexus.store import audit
from nexus.store.database import Connection, Database
from nexus.store.rows import load
from nexus.store.sessions import begin_without_renewal, goes_on, has_ended

MOST_WAITING = 20
"""Codes of one poll that can wait to be used; with another one the oldest is forgotten."""


class Pairing(msgspec.Struct, frozen=True):
    """What a code was worth: a token of `voter` in the role `role` for the poll `poll`, whose code is `code`.

    `login` is what the token descends from; it `is_delegated` where the maker is the poll's owner."""

    voter: str
    login: str
    role: Role
    is_delegated: bool
    poll: int
    code: str


async def make(
    database: Database, digest: bytes, poll: int, role: Role, by: Identity, *, within_s: int, ttl_s: int
) -> datetime:
    """Keep a code that holds for `within_s` seconds, for a token of `ttl_s` seconds; returns when the code expires.

    Raises `PollNotFound`, `Forbidden` for anybody but a host, and `Unauthenticated` where the account or the login of
    `by` has ended.
    """
    async with database.transaction() as connection:
        # The account's row first, as everywhere. An account elsewhere has no row: its own login ends the token.
        login = await begin_without_renewal(connection, by, within_s + ttl_s) or by.login
        await connection.run("SELECT 1 FROM polls WHERE id = :poll FOR KEY SHARE", poll=poll)
        found = (await load(connection, [poll])).get(poll)
        if found is None:
            raise PollNotFound
        require_host(by, rules_of(found))
        if found.event is not None:
            raise PollInEvent
        await _make_room(connection, poll)
        row = await connection.one(
            "INSERT INTO pairings (digest, poll_id, voter, login, made_in, role, expires_at) VALUES (:digest, :poll, "
            ":voter, :login, :made_in, :role, clock_timestamp() + make_interval(secs => :within)) RETURNING expires_at",
            digest=digest,
            poll=poll,
            voter=by.voter,
            login=login,
            made_in=by.login,
            role=role.value,
            within=float(within_s),
        )
        assert row is not None
        expires_at: datetime = row["expires_at"]
        return expires_at


async def _make_room(connection: Connection, poll: int) -> None:
    """Of codes made at the same instant a few too many may wait for a while."""
    await connection.run(
        "DELETE FROM pairings WHERE digest IN (SELECT digest FROM pairings WHERE poll_id = :poll "
        "ORDER BY expires_at DESC OFFSET :most FOR UPDATE SKIP LOCKED)",
        poll=poll,
        most=MOST_WAITING - 1,
    )


async def redeem(database: Database, digest: bytes, *, ttl_s: int) -> Pairing:
    """Use a code up, for a token of `ttl_s` seconds. Of two who use it at once, one is refused.

    Raises `PairingNotFound` for a code that is wrong, used or expired, or whose login has ended, or that in which it
    was made.
    """
    async with database.transaction() as connection:
        await _lock_account(connection, digest)
        row = await connection.one(
            "DELETE FROM pairings p USING polls q WHERE p.digest = :digest AND q.id = p.poll_id "
            "AND p.expires_at > clock_timestamp() RETURNING p.voter, p.login, p.made_in, p.role, p.poll_id, q.code, "
            "q.created_by = p.voter AS own",
            digest=digest,
        )
        if row is None or not await goes_on(connection, row["login"]) or await has_ended(connection, row["made_in"]):
            raise PairingNotFound
        # A poll with a code is nobody's but its owner's, whose logins end when it is handed to somebody else.
        pairing = Pairing(row["voter"], row["login"], Role(row["role"]), row["own"], row["poll_id"], row["code"])
        details = {"role": pairing.role, "seconds": ttl_s}
        await audit.append(connection, pairing.voter, "pair_screen", "poll", pairing.poll, **details)
        return pairing


async def _lock_account(connection: Connection, digest: bytes) -> None:
    """Before the code itself: whatever ends the logins of its account comes before this, or after."""
    row = await connection.one("SELECT voter FROM pairings WHERE digest = :digest", digest=digest)
    if row is not None and row["voter"].startswith("user:"):
        user = int(row["voter"].removeprefix("user:"))
        await connection.run("SELECT 1 FROM users WHERE id = :user FOR SHARE", user=user)
