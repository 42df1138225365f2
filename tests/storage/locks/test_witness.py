"""The JSON of witnesses stays the same across versions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from lockpoint.domain.lock import Ended, EndReason, Free, Held
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.locks.witness import PostgresWitnesses
from lockpoint.storage.tables import LOCK_WITNESS
from tests.fakes.world import ALICE, BOB, START, FakeClock
from tests.storage.builders import free, held, witness

BROKEN = Ended(EndReason.BROKEN, BOB, START, "1" * 32, ALICE, pending=(START,))
FULL = held(ended=BROKEN, expires_at=None, unlock_on_upload=True, at=START + timedelta(microseconds=123456))
STORED_FULL = """
{"epoch": 1, "seq": 1, "op_id": "00000000000000000000000000000000", "at": "2026-03-02T09:00:00.123456+00:00",
 "ended": {"reason": "broken", "by": "557058:b0b00000-0000-4000-8000-000000000002",
           "at": "2026-03-02T09:00:00+00:00", "lock_id": "11111111111111111111111111111111",
           "holder": "557058:a11ce000-0000-4000-8000-000000000001", "unsettled": ["2026-03-02T09:00:00+00:00"]},
 "lock_id": "11111111111111111111111111111111", "holder": "557058:a11ce000-0000-4000-8000-000000000001",
 "acquired_at": "2026-03-02T09:00:00+00:00", "expires_at": null,
 "base": {"created": "2026-03-01T09:00:00+00:00", "author": "557058:b0b00000-0000-4000-8000-000000000002",
          "size": 1234, "number": 3},
 "unlock_on_upload": true, "signed_by": "k1"}
"""
STORED_HELD = """
{"epoch": 1, "seq": 1, "op_id": "00000000000000000000000000000000", "at": "2026-03-02T09:00:00+00:00", "ended": null,
 "lock_id": "11111111111111111111111111111111", "holder": "557058:a11ce000-0000-4000-8000-000000000001",
 "acquired_at": "2026-03-02T09:00:00+00:00", "expires_at": "2026-03-04T09:00:00+00:00",
 "base": {"created": "2026-03-01T09:00:00+00:00", "author": "557058:b0b00000-0000-4000-8000-000000000002",
          "size": 1234, "number": 3},
 "unlock_on_upload": false, "signed_by": "k1"}
"""
STORED_FREE = """
{"epoch": 1, "seq": 2, "op_id": "22222222222222222222222222222222", "at": "2026-03-02T09:00:00+00:00",
 "ended": {"reason": "broken", "by": "557058:b0b00000-0000-4000-8000-000000000002",
           "at": "2026-03-02T09:00:00+00:00", "lock_id": "11111111111111111111111111111111",
           "holder": "557058:a11ce000-0000-4000-8000-000000000001", "unsettled": ["2026-03-02T09:00:00+00:00"]},
 "signed_by": "k1"}
"""
ROWS = [(STORED_FULL, replace(FULL, kind=None)), (STORED_HELD, held(kind=None)), (STORED_FREE, free(kind=None))]


@pytest.mark.parametrize(("stored", "record"), ROWS)
def test_a_row_that_is_there_already_is_read(
    database: Database, acme: Tenant, stored: str, record: Held | Free
) -> None:
    """F39: as if its holder had chosen how long the lock lives."""
    record = replace(record, chosen=True) if isinstance(record, Held) else record
    with database.single() as connection:
        connection.execute(
            text(
                "INSERT INTO lock_witness (tenant_id, attachment_id, epoch, seq, record, protection, seen_at)"
                " VALUES (:tenant, '123', 1, 1, cast(:record AS jsonb), 'protected', :at)"
            ),
            {"tenant": acme.id, "record": stored, "at": START},
        )
    found = PostgresWitnesses(database).get(acme, "123")
    assert found == witness(record=record, container=None, space_id=None, signed_by="k1")


@pytest.mark.parametrize(("stored", "record"), ROWS)
def test_a_row_is_written_as_ever(
    database: Database, clock: FakeClock, acme: Tenant, stored: str, record: Held | Free
) -> None:
    """F39: an older process reads what a newer one writes: it ignores the members that came later."""
    PostgresEffects(database, clock).record(acme, Effects(witness=witness(record=record, signed_by="k1")))
    with database.single() as connection:
        written = connection.execute(select(LOCK_WITNESS.c.record)).scalar_one()
    later = {"began", "kind", "extended_at", "chosen"} & written.keys()
    assert {name: value for name, value in written.items() if name not in later} == json.loads(stored)


def test_nobodys_own_words_are_stored(database: Database, clock: FakeClock, acme: Tenant) -> None:
    said = held(note="until Monday", ended=Ended(EndReason.BROKEN, BOB, START, "1" * 32, ALICE, why="away"))
    PostgresEffects(database, clock).record(acme, Effects(witness=witness(record=said)))
    with database.single() as connection:
        stored = str(connection.execute(select(LOCK_WITNESS.c.record)).scalar_one())
    assert "until Monday" not in stored
    assert "away" not in stored
