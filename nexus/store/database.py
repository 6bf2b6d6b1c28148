"""The pool and its transactions, with every wait bounded and every failure told apart.

`databases` gives the pool and the transactions; the batch of `voting` speaks to its asyncpg connection directly.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg
import databases
from databases import core

from nexus.errors import Busy, OutcomeUnknown, Unavailable

log = logging.getLogger("nexus.store")

Row = Mapping[str, Any]
"""One row by column name: turned into a typed value by the store before anything else sees it."""

ACQUIRE_S = 5.0
CONNECT_S = 5.0
RELEASE_S = 2.0
CONNECTION_S = 20.0
"""Beyond the server's own time-outs in GUARDS: for a server that no longer answers at all."""
LONG_S = 3600.0

GUARDS = (
    "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '10s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '10s'"
)
"""What keeps a frozen worker from holding a hot poll. SET LOCAL, since a pooler between hands sessions round."""

LONG_GUARDS = (
    "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '10min'; "
    "SET LOCAL idle_in_transaction_session_timeout = '1min'"
)
"""For what may touch every ballot of a poll or of the database."""

_GONE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a query right after the server has said that it ends this session
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


def is_weather(error: BaseException) -> bool:
    """Whether `error` says that the database is out of reach or busy, not that the statement was wrong."""
    return isinstance(error, _GONE) and not isinstance(error, asyncpg.DataError)


class Raw(Protocol):
    """What of an asyncpg connection the batch uses."""

    async def execute(self, query: str, *args: object) -> str:
        """Run statements."""

    async def fetch(self, query: str, *args: object) -> Sequence[Row]:
        """Run one statement, all rows."""


class Connection:
    """One connection for the length of a `with`: named parameters (`:name`) in, rows out."""

    def __init__(self, connection: core.Connection) -> None:
        self._connection = connection

    @property
    def raw(self) -> Raw:
        """The asyncpg connection underneath."""
        raw: Raw = self._connection.raw_connection
        return raw

    async def all(self, sql: str, **values: object) -> list[Row]:
        """All rows of a statement."""
        return cast("list[Row]", await self._connection.fetch_all(sql, values))

    async def one(self, sql: str, **values: object) -> Row | None:
        """The first row of a statement, None without one."""
        return cast("Row | None", await self._connection.fetch_one(sql, values))

    async def run(self, sql: str, **values: object) -> None:
        """Run a statement for its effect."""
        await self._connection.execute(sql, values)


class _Dirty(Exception):
    """A connection came back inside a transaction."""


async def _keep(raw: asyncpg.Connection) -> None:
    """Spare the round trip of asyncpg's reset: sessions only ever use SET LOCAL. An error cuts the connection."""
    if raw.is_in_transaction():
        raise _Dirty


class Database:
    """A pool of connections to one PostgreSQL. Raises `Unavailable` where it is out of reach or busy."""

    def __init__(self, url: str, *, size: int = 10) -> None:
        # `databases` drops ?host= and ?port= of a URL that names a socket's folder.
        options: dict[str, str] = databases.DatabaseURL(url).options
        extra: Any = {"host": options["host"]} if "host" in options else {}
        if "port" in options:
            extra["port"] = int(options["port"])
        if "sslmode" in options:
            extra["ssl"] = options["sslmode"]  # libpq's name for it; `databases` knows `ssl` alone
        self._database = databases.Database(
            url.partition("?")[0] if extra else url,
            min_size=0,
            max_size=size,
            timeout=CONNECT_S,
            reset=_keep,
            server_settings={"application_name": "nexus", "timezone": "UTC"},
            **extra,
        )

    async def connect(self) -> None:
        """Make the pool; connections are opened when first used, so this succeeds with the database down."""
        await self._database.connect()

    async def close(self) -> None:
        """Close every connection; bounded, then by force."""
        try:
            async with asyncio.timeout(5):
                await self._database.disconnect()
        except TimeoutError:
            log.warning("connections to the database did not close in 5 s; left to the operating system")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection without a transaction, for statements that only read."""
        try:
            async with self._acquired(CONNECTION_S) as connection:
                yield connection
        except Exception as error:
            if is_weather(error):
                raise Unavailable("The database is out of reach.") from error
            raise

    @asynccontextmanager
    async def transaction(self, guards: str = GUARDS, *, within_s: float = CONNECTION_S) -> AsyncIterator[Connection]:
        """A READ COMMITTED transaction, committed at the end of the `with`, undone by any exception.

        Raises `Busy` where a lock was not to be had, `Unavailable` where the database is out of reach,
        `OutcomeUnknown` where the connection was lost around the commit.
        """
        committing = False
        try:
            async with self._acquired(within_s) as connection:
                await connection.raw.execute("BEGIN; " + guards)
                try:
                    yield connection
                    committing = True
                    await connection.raw.execute("COMMIT")
                except BaseException:
                    await _undo(connection)
                    raise
        except Exception as error:
            if not is_weather(error):
                raise
            if committing:
                raise OutcomeUnknown from error
            if isinstance(error, asyncpg.LockNotAvailableError):
                raise Busy from error
            raise Unavailable("The database is out of reach or busy.") from error

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction for what may touch every ballot of a poll."""
        return self.transaction(LONG_GUARDS, within_s=LONG_S)

    def snapshot(self) -> AbstractAsyncContextManager[Connection]:
        """A REPEATABLE READ, READ ONLY transaction with time for long statements: all see one moment."""
        mode = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
        return self.transaction(mode + LONG_GUARDS, within_s=LONG_S)

    @asynccontextmanager
    async def _acquired(self, within_s: float) -> AsyncIterator[Connection]:
        # Not `database.connection()`: that one belongs to the task, and outlives a release that went wrong.
        connection = core.Connection(self._database, self._database._backend)
        # The pool itself waits for ever when it is exhausted.
        async with asyncio.timeout(ACQUIRE_S):
            await connection.__aenter__()
        try:
            async with asyncio.timeout(within_s):
                yield Connection(connection)
        finally:
            await _release(connection)


async def _release(connection: core.Connection) -> None:
    """Give the connection back; one whose server no longer answers a cancellation is cut."""
    raw = connection.raw_connection
    try:
        async with asyncio.timeout(RELEASE_S):
            await connection.__aexit__(None, None, None)
    except TimeoutError:
        log.warning("a connection to the database does not answer: cut")
        raw.terminate()


async def _undo(connection: Connection) -> None:
    try:
        async with asyncio.timeout(RELEASE_S):
            await connection.raw.execute("ROLLBACK")
    except Exception as error:
        if not is_weather(error):
            raise
        log.info("rollback on a lost connection: %s", error)
