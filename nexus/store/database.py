"""The pool and its transactions, with every wait bounded and every failure told apart.

Of `databases`, public names alone: `DatabaseURL` reads the URL, `PostgresBackend` holds the pool, and its connections
run sqlalchemy's statements with named parameters. Two things of it are not used, on purpose:

- `databases.Database`: its connections belong to the task that asks, so two transactions of one task would be one, and
  a release that failed would leave the task with a dead connection.
- its transactions: they send BEGIN alone. Here BEGIN and the time-outs of the transaction are one round trip.

The statements of a batch of ballots go to the asyncpg connection underneath (`Connection.raw`): arrays by position, and
nothing to compile for each batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg
from databases import DatabaseURL
from databases.backends.postgres import PostgresBackend
from databases.interfaces import ConnectionBackend
from sqlalchemy import text

from nexus.errors import Busy, OutcomeUnknown, Unavailable

logger = logging.getLogger(__name__)

Row = Mapping[str, Any]
"""One row by column name: turned into a typed value by the store before anything else sees it."""

ACQUIRE_S = 5.0
"""For a connection from the pool, which by itself waits for ever when all are taken."""

QUEUE = 2_000
"""How many may wait for a connection of a pool; whoever comes then is told so at once."""

CONNECT_S = 5.0
"""For a new connection to the server."""

RELEASE_S = 2.0
"""For a rollback, and for handing a connection back; one that takes longer is cut."""

HELD_S = 20.0
"""For everything done on one connection. The server's own time-outs (`GUARDS`) are shorter, but a server that no longer
answers does not keep them."""

LONG_S = 3600.0
"""The same for what may touch every ballot of a poll or of the database."""

CLOSE_S = 5.0
"""For closing every connection."""

GUARDS = (
    "SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '10s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '10s'"
)
"""What keeps a frozen worker from holding a hot poll. SET LOCAL, since a pooler in between hands sessions round."""

LONG_GUARDS = (
    "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '10min'; "
    "SET LOCAL idle_in_transaction_session_timeout = '1min'"
)
"""The same for what may touch every ballot of a poll or of the database."""

_OUTAGES = (
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


def is_outage(error: BaseException) -> bool:
    """Whether `error` says that the database is out of reach or busy, not that the statement was wrong."""
    return isinstance(error, _OUTAGES) and not isinstance(error, asyncpg.DataError)


def _undone(error: BaseException) -> bool:
    """Whether the server says that the statement failed, and goes on: one that it ends a session with says nothing of
    the commit before."""
    return isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"


def _refused(error: BaseException) -> Unavailable:
    """What is raised for an outage that left nothing behind."""
    if isinstance(error, asyncpg.LockNotAvailableError):
        return Busy()
    return Unavailable("The database is out of reach or busy.")


class Raw(Protocol):
    """What of an asyncpg connection the store uses."""

    async def execute(self, query: str, *args: object) -> str:
        """Run statements."""

    async def fetch(self, query: str, *args: object) -> Sequence[Row]:
        """Run one statement; returns all its rows."""

    async def fetchval(self, query: str, *args: object) -> object:
        """Run one statement; returns the first value of its first row."""


class Connection:
    """One connection for the length of a `with`, one statement at a time: named parameters (`:name`) in, rows out."""

    def __init__(self, held: ConnectionBackend) -> None:
        self._held = held

    @property
    def raw(self) -> Raw:
        """The asyncpg connection underneath."""
        raw: Raw = self._held.raw_connection
        return raw

    async def all(self, sql: str, **values: object) -> list[Row]:
        """All rows of a statement."""
        return cast("list[Row]", await self._held.fetch_all(text(sql).bindparams(**values)))

    async def one(self, sql: str, **values: object) -> Row | None:
        """The first row of a statement, None without one."""
        return cast("Row | None", await self._held.fetch_one(text(sql).bindparams(**values)))

    async def run(self, sql: str, **values: object) -> None:
        """Run a statement for its effect; of a SELECT only the first row is read, and locked."""
        await self._held.execute(text(sql).bindparams(**values))


async def _keep(_: asyncpg.Connection) -> None:
    """Spare the round trip of asyncpg's reset: only SET LOCAL is ever used. Open transactions it undoes anyway."""


class Database:
    """A pool of connections to one PostgreSQL. Raises `Unavailable` where it is out of reach or busy."""

    def __init__(self, url: str, *, size: int = 10, queue: int = QUEUE) -> None:
        """`size` connections, for which at most `queue` may wait."""
        # `databases` ignores ?host= and ?port= of a URL that names a socket's folder.
        options: dict[str, str] = DatabaseURL(url).options
        extra: Any = {"host": options["host"]} if "host" in options else {}
        if "port" in options:
            extra["port"] = int(options["port"])
        if "sslmode" in options:
            extra["ssl"] = options["sslmode"]  # libpq's name for it; `databases` knows `ssl` alone
        self._backend = PostgresBackend(
            url.partition("?")[0] if extra else url,
            min_size=0,
            max_size=size,
            timeout=CONNECT_S,
            reset=_keep,
            server_settings={"application_name": "nexus", "timezone": "UTC"},
            **extra,
        )
        self._is_open = False
        self.size = size
        """Connections, at most."""
        self._longest_queue = queue
        self.used = 0
        """Connections in use."""
        self.waiting = 0
        """How many wait for a connection."""

    async def connect(self) -> None:
        """Make the pool; connections are opened when first used, so this succeeds with the database down."""
        if not self._is_open:
            await self._backend.connect()
            self._is_open = True

    async def close(self) -> None:
        """Close every connection; bounded, then by force."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._backend.disconnect()
        except TimeoutError:
            logger.warning("connections to the database not closed within %.0f s: cut", CLOSE_S)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection without a transaction, for statements that only read."""
        try:
            async with self._acquired(HELD_S) as connection:
                yield connection
        except Exception as error:
            if is_outage(error):
                raise Unavailable("The database is out of reach.") from error
            raise

    async def call(self, function: str, *values: object, within_s: float) -> str:
        """One statement that is a transaction of its own and returns a text: no round trip but its own.

        Raises as `transaction` does; `OutcomeUnknown` is any failure after the statement was sent which the server has
        not told of as an error of the statement. The server's time-outs are the function's own.
        """
        sent = False
        try:
            async with self._acquired(within_s) as connection:
                sent = True
                return str(await connection.raw.fetchval(function, *values))
        except Exception as error:
            if not is_outage(error):
                raise
            if sent and not _undone(error):
                raise OutcomeUnknown from error
            raise _refused(error) from error

    @asynccontextmanager
    async def transaction(self, guards: str = GUARDS, *, within_s: float = HELD_S) -> AsyncIterator[Connection]:
        """A READ COMMITTED transaction, committed at the end of the `with`, undone by any exception.

        Raises `Busy` where a lock was not free in time, `Unavailable` where the database is out of reach,
        `OutcomeUnknown` where the connection was lost around the commit.
        """
        committing = False
        try:
            async with self._acquired(within_s) as connection:
                try:
                    await connection.raw.execute("BEGIN; " + guards)
                    yield connection
                    committing = True
                    await connection.raw.execute("COMMIT")
                except BaseException:
                    await _undo(connection)
                    raise
        except Exception as error:
            if not is_outage(error):
                raise
            if committing:
                raise OutcomeUnknown from error
            raise _refused(error) from error

    def long_transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction for what may touch every ballot of a poll."""
        return self.transaction(LONG_GUARDS, within_s=LONG_S)

    def snapshot(self) -> AbstractAsyncContextManager[Connection]:
        """A REPEATABLE READ, READ ONLY transaction with time for long statements: all see one moment."""
        mode = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
        return self.transaction(mode + LONG_GUARDS, within_s=LONG_S)

    @asynccontextmanager
    async def _acquired(self, within_s: float) -> AsyncIterator[Connection]:
        held = await self._acquire()
        self.used += 1
        try:
            async with asyncio.timeout(within_s):
                yield Connection(held)
        finally:
            try:
                await _release(held)
            finally:
                self.used -= 1

    async def _acquire(self) -> ConnectionBackend:
        if self.waiting >= self._longest_queue + self.size - self.used:
            raise Unavailable("Too many requests are waiting for the database.")
        held = self._backend.connection()
        self.waiting += 1
        try:
            async with asyncio.timeout(ACQUIRE_S):
                await held.acquire()
        finally:
            self.waiting -= 1
        return held


async def _release(held: ConnectionBackend) -> None:
    """Hand the connection back; one whose server no longer answers a cancellation is cut."""
    raw = held.raw_connection
    try:
        async with asyncio.timeout(RELEASE_S):
            await held.release()
    except TimeoutError:
        logger.warning("a connection to the database does not answer: cut")
        raw.terminate()


async def _undo(connection: Connection) -> None:
    try:
        async with asyncio.timeout(RELEASE_S):
            await connection.raw.execute("ROLLBACK")
    except Exception as error:
        if not is_outage(error):
            raise
        logger.info("rollback on a lost connection: %s", error)
