"""Procrastinate on the pool of the process: only LISTEN needs a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException, NoResult
from procrastinate.sync_psycopg_connector import wrap_exceptions
from psycopg.rows import DictRow, dict_row

from lockpoint.services.errors import StorageUnavailable
from lockpoint.storage.engine import KEEPALIVE, Database, libpq_url

LISTENING: Final = 1
"""Connections beside the pool."""

_THREADS: Final = 2
_ANSWER_SECONDS: Final = 10.0

Result = TypeVar("Result")


class _Listening(psycopg.AsyncConnection[Any]):
    """Procrastinate asks it from time to time whether it lives."""

    async def execute(self, *values: Any, **named: Any) -> psycopg.AsyncCursor[Any]:
        try:
            return await asyncio.wait_for(super().execute(*values, **named), _ANSWER_SECONDS)
        except TimeoutError:
            raise psycopg.OperationalError("no answer") from None


class PooledConnector(PsycopgConnector):
    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._threads = ThreadPoolExecutor(_THREADS, "queue")

    def get_sync_connector(self) -> PooledConnector:
        return self

    async def open_async(self, pool: object = None) -> None:
        del pool
        await self._in_thread(self._database.ping)

    async def close_async(self) -> None:
        self._threads.shutdown(wait=False)

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        await self._in_thread(lambda: self._execute(query, arguments, lambda _: None))

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        row = await self._in_thread(lambda: self._execute(query, arguments, lambda cursor: cursor.fetchone()))
        if row is None:
            raise NoResult
        return row

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        return await self._in_thread(lambda: self._execute(query, arguments, lambda cursor: cursor.fetchall()))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except StorageUnavailable as error:
            raise ConnectorException from error

    def _execute(
        self, query: str, arguments: dict[str, Any], read: Callable[[psycopg.Cursor[DictRow]], Result]
    ) -> Result:
        with wrap_exceptions(), self._database.driver() as driver, driver.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, self._wrap_json(arguments))
            return read(cursor)

    @asynccontextmanager
    async def _get_standalone_connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        options: dict[str, Any] = {
            "connect_timeout": 5,
            "application_name": "lockpoint queue",
            "autocommit": True,
            **KEEPALIVE,
        }
        async with await _Listening.connect(libpq_url(self._database.url), **options) as connection:
            yield connection
