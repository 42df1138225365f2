"""The index of locks on Postgres, where there are many."""

from __future__ import annotations

import time

import pytest

from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import LockOrder, LockPlace, LockQuery
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.lock_index import PostgresLockIndex
from lockpoint.storage.tables import LOCK_WITNESS
from tests.fakes.world import ALICE, START, FakeClock
from tests.storage.builders import held, witness

MANY, LENGTH = 10_000, 250
_COPIES = f"""
    INSERT INTO lock_witness ({", ".join(LOCK_WITNESS.c.keys())})
    SELECT tenant_id, n::text, container_kind, (n %% 800)::text, space_id, epoch, seq, holder,
        record || jsonb_build_object('expires_at', %s::timestamptz + n %% 700 * interval '1 minute'),
        protection, version, seen_at, returned_at
    FROM lock_witness, generate_series(1000, {999 + MANY}) AS n
"""  # noqa: S608 - ours


@pytest.fixture
def index(database: Database, acme: Tenant) -> PostgresLockIndex:
    PostgresEffects(database, FakeClock()).record(acme, Effects(witness=witness("1", record=held())))
    with database.driver() as driver:
        driver.execute(_COPIES, [START])
        driver.execute("DELETE FROM lock_witness WHERE attachment_id = '1'")
        driver.execute("ANALYZE lock_witness")
    return PostgresLockIndex(database)


@pytest.mark.parametrize("order", [LockOrder.EXPIRES, LockOrder.EXPIRES_DOWN])
def test_ten_thousand_locks_in_parts(index: PostgresLockIndex, acme: Tenant, order: LockOrder) -> None:
    """L-60, I22: fifteen end at the same minute; each is there once, and a part takes a fraction of a second."""
    found: list[str] = []
    after: LockPlace | None = None
    longest = 0.0
    while True:
        began = time.monotonic()
        part = index.page(acme, LockQuery(viewer=ALICE, now=START, order=order, after=after, limit=LENGTH))
        longest = max(longest, time.monotonic() - began)
        found += [one.attachment_id for one in part]
        if len(part) < LENGTH:
            break
        last = part[-1]
        after = (getattr(last.record, "expires_at", None), last.attachment_id)
    assert len(found) == len(set(found)) == MANY
    assert longest < 2
