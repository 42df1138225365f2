from __future__ import annotations

import time
from typing import Final

import psycopg

from devstack.confluence import SITES
from devstack.stack import Stack

PATIENCE_SECONDS: Final = 150.0
_SITES: Final = "SELECT count(*) FROM installation JOIN site_state ON tenant_id = id AND tested_at IS NOT NULL"
_UNDER_WAY: Final = "SELECT count(*) FROM procrastinate_jobs WHERE task_name IN ('self_test', 'rediscover')"
_STATES: Final = (
    "SELECT now()::text, tenant_id, tested_at::text FROM site_state",
    "SELECT task_name, status::text, attempts, scheduled_at::text, args ->> 'cause' FROM procrastinate_jobs",
)


def wait_for_installs(stack: Stack) -> None:
    """Wait for self-test and search for locks on every site; then nothing changes by itself."""
    until = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as database:
        while not _over(database):
            assert time.monotonic() < until, f"waited in vain for the work after the install: {_states(database)}"
            time.sleep(0.1)


def _over(database: psycopg.Connection) -> bool:
    tested, waiting = (database.execute(question).fetchone() for question in (_SITES, _UNDER_WAY))
    return (tested, waiting) == ((len(SITES),), (0,))


def _states(database: psycopg.Connection) -> list[list[tuple[object, ...]]]:
    return [database.execute(question).fetchall() for question in _STATES]
