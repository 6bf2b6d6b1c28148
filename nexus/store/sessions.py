"""Logins: each is a family of refresh tokens, of which the newest renews it.

A lock on the account's row comes before any change of a family, so that no token is added to one that has ended. The
login of an OpenID provider's account, which has no row, is locked by its id.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from nexus.domain.identity import Identity
from nexus.errors import InvalidCredentials, Unauthenticated
from nexus.store import audit
from nexus.store.accounts import COLUMNS, User, family_of, user_of
from nexus.store.database import GUARDS, Connection, Database, Row

MOST_SUCCESSORS = 100
"""How many unused successors a spent token may have; with another one the oldest is forgotten."""

END = "clock_timestamp() + make_interval(secs => :ttl)"
"""When a token that is kept now expires."""

LEFT_S = "CAST(extract(epoch FROM ends_at - clock_timestamp()) AS float) AS left_s"
"""What `login_of` reads of a login's own end."""


class Login(msgspec.Struct, frozen=True):
    """A login that has not ended: whose it is, with which roles, and its id, the `sid` of its access tokens.

    `left_s` are the seconds until it ends however often it is renewed, None where it has no such end.
    """

    subject: str
    roles: list[str]
    id: str
    left_s: float | None = None


async def begin(database: Database, user: User, digest: bytes, ttl_s: int) -> Login:
    """Keep the first refresh token of a login. Its commit does not wait for the disk: after a power cut a user logs in
    again, and fifty logins a second must not slow down the votes' commits.

    Its roles are those that the account has by now. Raises `InvalidCredentials` where the account was disabled or got
    another password since `user` was read.
    """
    family = uuid4()
    async with database.transaction(f"{GUARDS}; SET LOCAL synchronous_commit = off") as connection:
        row = await connection.one(
            f"SELECT {COLUMNS} FROM users u "
            "WHERE u.id = :user AND u.password_hash = :hash AND u.disabled_at IS NULL FOR SHARE",
            user=user.id,
            hash=user.password_hash,
        )
        if row is None:
            raise InvalidCredentials
        await _keep(connection, user.id, family, digest, ttl_s)
    return Login(user.subject, user_of(row).roles, str(family))


async def _keep(connection: Connection, user: int, family: UUID, digest: bytes, ttl_s: int) -> None:
    await connection.run(
        f"INSERT INTO refresh_tokens (digest, family, user_id, expires_at) VALUES (:digest, :family, :user, {END})",
        digest=digest,
        family=family,
        user=user,
        ttl=float(ttl_s),
    )


async def rotate(database: Database, old: bytes, new: bytes, ttl_s: int) -> Login | None:
    """Spend the token `old` and keep `new` as a successor of it; returns None where `old` is not valid.

    A spent token may be used again until a successor of it is used, and has another successor each time. From then on
    a use of it revokes its whole family: somebody else has a copy of it (docs/contract.md, "Tokens").
    """
    async with database.transaction() as connection:
        await _lock_owner(connection, old)
        row = await _token(connection, old)
        if row is None or not row["alive"]:
            return None
        if row["spent"] and not row["reusable"]:
            await _revoke(connection, row)
            return None
        await _succeed(connection, row, new, ttl_s)
        if row["spent"]:
            await _drop_oldest(connection, row["family"], old)
        return login_of(row)


def login_of(row: Row) -> Login:
    """The login of a row that has `family`, `left_s`, and `subject` and `roles` or an account's `COLUMNS`."""
    if row["subject"] is None:
        user = user_of(row)
        return Login(user.subject, user.roles, str(row["family"]))
    return Login(row["subject"], list(row["roles"]), str(row["family"]), row["left_s"])


async def _lock_owner(connection: Connection, digest: bytes) -> None:
    """One change of an account's logins at a time: tabs may use a token and its successor at the same instant."""
    account = await connection.one(
        "SELECT 1 FROM users u WHERE u.id = (SELECT user_id FROM refresh_tokens WHERE digest = :digest) "
        "FOR NO KEY UPDATE",
        digest=digest,
    )
    if account is None:
        await connection.run(
            "SELECT pg_advisory_xact_lock(hashtextextended('login ' || family, 0)) FROM refresh_tokens "
            "WHERE digest = :digest AND user_id IS NULL",
            digest=digest,
        )


async def _token(connection: Connection, digest: bytes) -> Row | None:
    return await connection.one(
        f"SELECT {COLUMNS}, t.digest, t.family, t.predecessor, t.reusable, t.spent_at IS NOT NULL AS spent, "
        f"t.subject, t.roles, {LEFT_S}, "
        "t.revoked_at IS NULL AND t.expires_at > clock_timestamp() AND u.disabled_at IS NULL AS alive "
        "FROM refresh_tokens t LEFT JOIN users u ON u.id = t.user_id WHERE t.digest = :digest FOR UPDATE OF t",
        digest=digest,
    )


async def _succeed(connection: Connection, row: Row, new: bytes, ttl_s: int) -> None:
    """Spend the token of `row`, keep its successor, and spend the one before it for good, all in one statement."""
    await connection.run(
        "WITH spent AS (UPDATE refresh_tokens SET spent_at = coalesce(spent_at, clock_timestamp()), reusable = true "
        "WHERE digest = :old), "
        "before AS (UPDATE refresh_tokens SET reusable = false WHERE digest = :before AND reusable) "
        "INSERT INTO refresh_tokens (digest, family, user_id, subject, roles, ends_at, predecessor, expires_at) "
        f"SELECT :new, family, user_id, subject, roles, ends_at, digest, least({END}, ends_at) "
        "FROM refresh_tokens WHERE digest = :old",
        old=row["digest"],
        before=row["predecessor"],
        new=new,
        ttl=float(ttl_s),
    )


async def _drop_oldest(connection: Connection, family: UUID, predecessor: bytes) -> None:
    await connection.run(
        "DELETE FROM refresh_tokens WHERE digest IN (SELECT digest FROM refresh_tokens "
        "WHERE family = :family AND predecessor = :predecessor ORDER BY created_at DESC OFFSET :most)",
        family=family,
        predecessor=predecessor,
        most=MOST_SUCCESSORS,
    )


async def _revoke(connection: Connection, row: Row) -> None:
    await connection.run(
        "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE family = :family AND revoked_at IS NULL",
        family=row["family"],
    )
    target = ("user", row["id"]) if row["subject"] is None else ("login", 0)  # an account elsewhere has no id here
    await audit.append(connection, login_of(row).subject, "revoke_session", *target, reason="refresh token reused")


async def end(database: Database, digest: bytes, subject: str) -> None:
    """Revoke the family of a refresh token of this subject; nothing where it is unknown or somebody else's."""
    async with database.transaction() as connection:
        await _lock_owner(connection, digest)
        await connection.run(
            "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL "
            "AND family = (SELECT family FROM refresh_tokens WHERE digest = :digest "
            "AND coalesce(subject, 'user:' || user_id) = :subject)",
            digest=digest,
            subject=subject,
        )


async def begin_screen(database: Database, target: int, by: Identity, ttl_s: int, *, thing: str = "poll") -> str:
    """Note that `by` makes a screen link of a poll, or another `thing`; returns the id of a login that ends with the
    account's others,
    "" for a host without an account. It has no refresh token: a screen's access token lasts as long as the link.

    Raises `Unauthenticated` where the account or the login of `by` has ended: its access token may live on for seconds,
    and a link made in them would outlive it by hours.
    """
    async with database.transaction() as connection:
        login = await begin_without_renewal(connection, by, ttl_s)
        await audit.append(connection, by.voter, "make_screen", thing, target, seconds=ttl_s)
    return login


async def begin_without_renewal(connection: Connection, by: Identity, ttl_s: int) -> str:
    """A login of the account of `by` that nothing renews, kept for `ttl_s` seconds: its id; "" without an account.
    Raises `Unauthenticated` where the account or the login of `by` has ended."""
    # A token minted by the operator may name an account that does not exist, or no longer.
    account = await connection.one(
        "SELECT id, disabled_at IS NOT NULL AS disabled FROM users WHERE id = :user FOR SHARE", user=by.user_id
    )
    if (account is not None and account["disabled"]) or await has_ended(connection, by.login):
        raise Unauthenticated("This login has ended.")
    if account is None:
        return ""
    family = uuid4()
    await _keep(connection, account["id"], family, secrets.token_bytes(32), ttl_s)
    return str(family)


async def goes_on(connection: Connection, login: str) -> bool:
    """Whether a login has not ended; the "" of a token without one never does."""
    row = await connection.one(
        "SELECT 1 FROM refresh_tokens WHERE family = :login AND revoked_at IS NULL "
        "AND expires_at > clock_timestamp() LIMIT 1",
        login=family_of(login),
    )
    return not login or row is not None


async def has_ended(connection: Connection, login: str) -> bool:
    """Whether somebody or something has ended a login before its time; the "" of a token without one never does."""
    row = await connection.one(
        "SELECT 1 FROM refresh_tokens WHERE family = :login AND revoked_at IS NOT NULL LIMIT 1", login=family_of(login)
    )
    return row is not None


async def ended(database: Database, *, after: datetime | None, within_s: float) -> dict[str, datetime]:
    """The logins that were ended in the last `within_s` seconds, and after `after` if given, each with its time."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT family, max(revoked_at) AS at FROM refresh_tokens WHERE revoked_at > greatest("
            "clock_timestamp() - make_interval(secs => :within), CAST(:after AS timestamptz)) GROUP BY family",
            within=float(within_s),
            after=after,
        )
    return {str(row["family"]): row["at"] for row in rows}
