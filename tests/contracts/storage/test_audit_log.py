"""The audit log: one row for each event, read in parts, by filter and by space."""

from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.ports.locks import AuditEvent, AuditQuery, Effects
from tests.contracts.storage.stores import Store
from tests.fakes.world import ALICE, BOB, DANA, START
from tests.storage.builders import audit_event, witness


def test_one_audit_row_per_event(store: Store) -> None:
    """One for each write of a record; else unique by tenant, attachment, kind and time, also without a file."""
    settings = audit_event(attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0, seq=0)
    conflict = audit_event(kind=AuditKind.CONFLICT, epoch=0, seq=0)
    rows = (audit_event(), audit_event(seq=2), audit_event(epoch=2), conflict)
    again = audit_event(kind=AuditKind.EXTENDED)
    for _ in range(2):
        store.effects.record(store.acme, Effects(audit=(*rows, settings, again)))
    store.effects.record(store.globex, Effects(audit=rows[:1]))
    assert store.audit_rows() == 6


@pytest.mark.parametrize("later", [{"kind": AuditKind.EXTENDED}, {"at": START - timedelta(days=2)}])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_record_write_has_one_row(store: Store, later: dict[str, Any], turn: int) -> None:
    """L-64: the first stays, whatever the second says about kind and time, and whether one was recovered."""
    second = audit_event(recovered=True, **later)
    for row in (audit_event(), second)[::turn]:
        store.effects.record(store.acme, Effects(audit=(row,)))
    assert store.audit_rows() == 1
    store.effects.record(store.acme, Effects(audit=(audit_event(attachment_id="124"), second)))
    assert store.audit_rows() == 2


@pytest.fixture
def rows(store: Store) -> list[AuditEvent]:
    """Newest first: some at one moment, one without a file, one of somebody else."""
    rows = [
        audit_event(at=START + timedelta(hours=2), attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0),
        audit_event(at=START + timedelta(hours=1), attachment_id="9", account=BOB, version=3, detail="undone"),
        *(audit_event(attachment_id="10", seq=seq) for seq in (3, 2, 1)),
        audit_event(at=START - timedelta(hours=1), attachment_id="10", seq=0, kind=AuditKind.EXTENDED),
    ]
    store.effects.record(store.acme, Effects(audit=tuple(reversed(rows))))
    store.effects.record(store.globex, Effects(audit=(audit_event(),)))
    return rows


def test_rows_come_newest_first_in_parts(store: Store, rows: list[AuditEvent]) -> None:
    """Each row once, wherever a part ends."""
    for size in range(1, len(rows) + 1):
        found: list[AuditEvent] = []
        while True:
            after = found[-1] if found else None
            part = store.audit_log.read(store.acme, AuditQuery(limit=size, after=after))
            found += part
            if len(part) < size:
                break
        assert found == rows, size


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (AuditQuery(account=BOB), [1]),
        (AuditQuery(attachment_id="10"), [2, 3, 4, 5]),
        (AuditQuery(kind=AuditKind.SETTINGS_CHANGED), [0]),
        (AuditQuery(since=START), [0, 1, 2, 3, 4]),
        (AuditQuery(until=START), [5]),
        (AuditQuery(since=START, until=START + timedelta(hours=1), account=ALICE, limit=2), [2, 3]),
        (AuditQuery(account=DANA), []),
    ],
)
def test_rows_are_chosen(store: Store, rows: list[AuditEvent], query: AuditQuery, wanted: list[int]) -> None:
    assert list(store.audit_log.read(store.acme, query)) == [rows[number] for number in wanted]


def test_a_space_has_the_rows_of_its_files_and_of_its_settings(store: Store, rows: list[AuditEvent]) -> None:
    """Files of another space, or of the other site with the same id, are not among them."""
    settings = audit_event(attachment_id=None, kind=AuditKind.SETTINGS_CHANGED, epoch=0, detail="space/7")
    here, there = witness(attachment_id="9", space_id="7"), witness(attachment_id="10", space_id="8")
    for site, effects in (
        (store.acme, Effects(witness=here, audit=(settings,))),
        (store.acme, Effects(witness=there)),
        (store.globex, Effects(witness=witness(attachment_id="10", space_id="7"))),
    ):
        store.effects.record(site, effects)
    assert list(store.audit_log.read(store.acme, AuditQuery(space_id="7"))) == [rows[1], settings]
    assert list(store.audit_log.read(store.acme, AuditQuery(space_id="9"))) == []
