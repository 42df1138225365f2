from __future__ import annotations

import time
from typing import Final

import psycopg

from devstack.confluence import SITES
from devstack.stack import Stack

PATIENCE_SECONDS: Final = 60.0
_SITES: Final = "SELECT count(*) FROM installation JOIN site_state ON tenant_id = id AND tested_at IS NOT NULL"
_UNDER_WAY: Final = "SELECT count(*) FROM procrastinate_jobs WHERE task_name IN ('self_test', 'rediscover')"


def wait_for_installs(stack: Stack) -> None:
    """Wait for self-test and search for locks on every site; then nothing changes by itself."""
    until = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as database:
        while not _over(database):
            assert time.monotonic() < until, "waited in vain for the work after the install"
            time.sleep(0.1)


def _over(database: psycopg.Connection) -> bool:
    tested, waiting = (database.execute(question).fetchone() for question in (_SITES, _UNDER_WAY))
    return (tested, waiting) == ((len(SITES),), (0,))
