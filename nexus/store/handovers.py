"""Logins of an OpenID provider's accounts: from the proof to the page that begins them.

A login is kept with the digest of a code that stands for it, for a minute; the page that has the code exchanges it for
the first refresh token. From then on it is a login as any other (`nexus.store.sessions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from nexus.store.database import GUARDS, Database
from nexus.store.sessions import END, LEFT_S, Login, login_of

# A power cut costs a person one more login, as it does elsewhere.
_QUICK = f"{GUARDS}; SET LOCAL synchronous_commit = off"


async def hand_over(
    database: Database, subject: str, roles: Iterable[str], code: bytes, *, within_s: int, login_s: int
) -> None:
    """Keep a login of `subject` for whoever has the code of this digest, for `within_s`; it ends after `login_s`."""
    async with database.transaction(_QUICK) as connection:
        await connection.run(
            "INSERT INTO refresh_tokens (digest, family, subject, roles, expires_at, ends_at) VALUES "
            f"(:code, :family, :subject, :roles, {END}, clock_timestamp() + make_interval(secs => :login))",
            code=code,
            family=uuid4(),
            subject=subject,
            roles=sorted(roles),
            ttl=float(within_s),
            login=float(login_s),
        )


async def take_over(database: Database, code: bytes, digest: bytes, ttl_s: int) -> Login | None:
    """Exchange a code for the first refresh token of its login, once; None where it is unknown, used or too old."""
    async with database.transaction(_QUICK) as connection:
        row = await connection.one(
            "WITH handed AS (DELETE FROM refresh_tokens WHERE digest = :code AND expires_at > clock_timestamp() "
            "RETURNING family, subject, roles, ends_at) "
            "INSERT INTO refresh_tokens (digest, family, subject, roles, ends_at, expires_at) "
            f"SELECT :digest, family, subject, roles, ends_at, least({END}, ends_at) FROM handed "
            f"RETURNING family, subject, roles, {LEFT_S}",
            code=code,
            digest=digest,
            ttl=float(ttl_s),
        )
    return None if row is None else login_of(row)
