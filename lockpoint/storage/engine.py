"""The pool of Postgres connections, with failures as `StorageUnavailable`."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import psycopg
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable

_Row = TypeVar("_Row")
Driver = psycopg.Connection[tuple[Any, ...]]

_MOST_PARAMETERS: Final = 65_535
"""Of one statement, in Postgres's protocol."""

READ_ONLY: Final = "25006"
"""SQLSTATE of a write on a read-only server, as during a fail-over."""

_BEYOND_A_LIMIT: Final = "54"
"""Class of the SQLSTATEs of statements that are too large."""

STATEMENT_SECONDS: Final = 8
"""The server ends a statement after so long. Two seconds later we take the connection for dead."""

# A session that its process has lost must not keep locks or a place.
SESSION: Final = (
    "-c timezone=UTC -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c idle_session_timeout=60000"
)
KEEPALIVE: Final[dict[str, Any]] = {
    "keepalives": 1, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 10_000,
}  # fmt: skip


def answering(seconds: float) -> type[psycopg.Connection[Any]]:
    """Return a class of connections that close when an answer takes longer: a proxy in between can be half dead.

    What the network calls alive, time-outs of the server and of TCP do not end.
    """

    class Answering(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, seconds if timeout is None else timeout)
            except psycopg.errors._WaitTimeout:  # noqa: SLF001 - it has no other name
                self.close()
                raise

    return Answering


class Database:
    """Up to `size` connections; a caller waits `wait` seconds for one. Raises `StorageUnavailable`."""

    def __init__(
        self, url: str, *, size: int = 4, wait: float = 5, statement_seconds: float = STATEMENT_SECONDS
    ) -> None:
        self.url = url
        self.size = size
        options = f"{SESSION} -c statement_timeout={int(statement_seconds * 1000)}"
        connection_class = answering(statement_seconds + 2)
        self._engine = create_engine(
            url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=wait,
            pool_recycle=300,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            creator=lambda: connection_class.connect(
                libpq_url(url), connect_timeout=5, options=options, application_name="lockpoint", **KEEPALIVE
            ),
        )
        self._transactions = self._engine.execution_options(isolation_level="READ COMMITTED")
        event.listen(self._engine, "checkout", _leave_dead_ones)
        event.listen(self._engine, "reset", _end_what_was_left)

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """Autocommit: one round trip for each statement."""
        with _named_failures(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Committed unless the block raises."""
        with _named_failures(), self._transactions.begin() as connection:
            yield connection

    @contextmanager
    def driver(self) -> Iterator[Driver]:
        """A connection of the pool without SQLAlchemy, in autocommit, for the constant statements of the hot path."""
        with _named_failures():
            pooled = self._engine.raw_connection()
            driver = cast("Driver", pooled.driver_connection)
            try:
                yield driver
            finally:
                self._take_back(pooled, driver)

    def _take_back(self, pooled: PoolProxiedConnection, driver: Driver) -> None:
        if driver.closed:
            # Whatever cut this one may have cut all.
            self._engine.dispose()
        pooled.close()

    def ping(self) -> None:
        with self.single() as connection:
            connection.execute(text("SELECT 1"))

    def forget(self, tenant: Tenant) -> None:  # noqa: ARG002 - the statements of all sites go together
        """Forget the compiled statements: each keeps the values of its first execution."""
        self._engine.clear_compiled_cache()

    def close(self) -> None:
        """It stays usable."""
        self._engine.dispose()


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError) as error:
        if _is_ours(error):
            raise
        raise StorageUnavailable(_cause(error)) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != READ_ONLY:
            raise
        raise StorageUnavailable(_cause(error)) from error


def _is_ours(error: Exception) -> bool:
    """Whether a statement was refused as such, by the driver on a connection that works, or as beyond a limit."""
    if not isinstance(error, DBAPIError) or error.statement is None or error.connection_invalidated:
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(_BEYOND_A_LIMIT)


def _cause(error: Exception) -> str:
    """Name the failure without the server's text, which may quote values."""
    return type(getattr(error, "orig", None) or error).__name__


def _end_what_was_left(driver: Driver, *_: object) -> None:
    """Roll back where a transaction is open as a connection returns: nearly all are in autocommit, and need no call."""
    if not driver.closed and driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        driver.rollback()


def _leave_dead_ones(connection: psycopg.Connection, _record: object, _proxy: PoolProxiedConnection) -> None:
    """Make the pool replace a connection that the server has closed; an idle one has nothing to read.

    A ping would cost every webhook a second round trip.
    """
    if connection.closed or select.select([connection], [], [], 0)[0]:
        raise DisconnectionError("the server closed an idle connection")


def in_batches(rows: Sequence[_Row], width: int) -> Iterator[Sequence[_Row]]:
    """Yield rows of `width` parameters in parts that a statement may have."""
    size = _MOST_PARAMETERS // width
    return (rows[first : first + size] for first in range(0, len(rows), size))


def libpq_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
