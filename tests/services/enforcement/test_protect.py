"""Overwrites: what is undone, what is not, and who is told."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import LostRace
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM
from tests.services.enforcement.told import BOTH_TOLD
from tests.services.stage import Stage, one_row_for_each_record


def test_an_overwrite_is_undone_and_both_are_told(locked: Stage) -> None:
    """L-40, L-41, P-04: the rejected version stays in the history."""
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"first"
    assert [v.content for v in locked.file.versions] == [b"first", b"Bob's", b"first"]
    assert locked.mails() == BOTH_TOLD
    assert locked.audit() == [AuditKind.ACQUIRED, AuditKind.CONFLICT, AuditKind.RESTORED]
    assert {m.version for m in locked.world.tables.mails_of(ACME)} == {2}
    assert locked.show().protection == "protected"


def test_undoing_costs_what_is_published(locked: Stage) -> None:
    locked.upload(BOB, b"Bob's")
    locked.taps.clear()
    locked.reconcile()
    assert locked.taps.points() <= 9


def test_the_sweep_finds_what_no_event_told(locked: Stage) -> None:
    """L-40, P-19."""
    locked.upload(BOB, b"Bob's")
    assert locked.sweep() == 1
    assert locked.content == b"first"


@pytest.mark.parametrize("who", [DANA, SAM])
def test_admins_are_treated_like_anyone(locked: Stage, who: str) -> None:
    """L-50, P-07: admins must break the lock first."""
    locked.upload(who, b"admin's")
    locked.reconcile()
    assert locked.content == b"first"


def test_nothing_follows_from_our_own_restoration(locked: Stage) -> None:
    """L-43, E11, F26: v2's event and v3's echo change nothing."""
    locked.upload(BOB, b"Bob's")
    for _ in range(4):
        locked.reconcile()
    assert len(locked.file.versions) == 3
    assert locked.mails() == BOTH_TOLD
    assert one_row_for_each_record(locked)


@pytest.mark.parametrize("redis", [True, False])
def test_our_own_event_may_come_before_the_answer(locked: Stage, redis: bool) -> None:
    """F26: another worker looks when our version is there and not yet written down."""
    locked.world.services.mutexes._port.away = not redis
    locked.upload(BOB, b"Bob's")
    locked.taps.after["attachments.restore", 1] = locked.reconcile
    locked.reconcile()
    locked.run_jobs(also_later=True)
    assert [v.content for v in locked.file.versions] == [b"first", b"Bob's", b"first"]
    assert locked.mails() == BOTH_TOLD


def test_the_holders_upload_becomes_the_protected_version(locked: Stage) -> None:
    """L-42, P-05, E9."""
    locked.upload(ALICE, b"second")
    locked.reconcile()
    assert locked.held.base.created == locked.file.versions[1].created
    locked.world.clock.advance(minutes=1)
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"second"
    assert AuditKind.REBASED in locked.audit()


def test_an_overwrite_that_the_holder_replaced_is_noted_only(locked: Stage) -> None:
    """E10: the audit says that v2 is superseded."""
    locked.upload(BOB, b"Bob's")
    locked.upload(ALICE, b"second")
    locked.reconcile()
    assert locked.content == b"second"
    assert locked.mails() == []
    rows = [(r.kind, r.detail, r.account) for r in locked.world.tables.audit_of(ACME) if r.kind is AuditKind.CONFLICT]
    assert rows == [(AuditKind.CONFLICT, "overruled", BOB)]


def test_two_overwrites_are_one_restore(locked: Stage) -> None:
    """L-45: both offenders are told."""
    locked.upload(BOB, b"Bob's")
    locked.upload(DANA, b"Dana's")
    locked.reconcile()
    assert locked.content == b"first"
    assert len(locked.file.versions) == 4
    assert [m[1] for m in locked.mails() if m[0] is MailKind.UPLOAD_UNDONE] == sorted([BOB, DANA])
    assert len([m for m in locked.mails() if m[0] is MailKind.OVERWRITE_ATTEMPT]) == 2


def test_an_upload_from_before_the_lock_accuses_nobody(stage: Stage) -> None:
    """L-44, E8."""
    stage.upload(BOB, b"before")
    stage.lock()
    stage.reconcile()
    assert stage.content == b"before"
    assert stage.mails() == []


def test_equal_bytes_are_no_overwrite(locked: Stage) -> None:
    """E16."""
    first = locked.file.versions[0]
    locked.world.site().add_version(locked.file, BOB, content=first.content, file_id=first.file_id)
    locked.reconcile()
    assert len(locked.file.versions) == 2
    assert locked.mails() == []


def test_an_anonymous_overwrite_is_undone(locked: Stage) -> None:
    """E37, F25: only the holder is told."""
    locked.upload(None, b"nobody's")
    locked.reconcile()
    assert locked.content == b"first"
    assert locked.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "undone")]


def test_the_second_read_finds_a_faster_holder(locked: Stage) -> None:
    """E13: Alice's upload stays."""
    locked.upload(BOB, b"Bob's")
    locked.taps.after["witnesses.set_protection", 1] = lambda: locked.upload(ALICE, b"second")
    locked.reconcile()
    assert locked.content == b"second"
    assert locked.held.base.author == ALICE


def test_a_file_that_keeps_changing_is_left_unsettled(locked: Stage) -> None:
    """The tombstone names an overwrite still pending after three reads."""
    locked.upload(BOB, b"Bob's")
    locked.taps.after["witnesses.set_protection", 0] = lambda: locked.upload(BOB, b"again")
    locked.release(locked.held.lock_id)
    assert locked.tombstone.ended.pending


def test_a_restore_that_lost_its_race_reads_again(locked: Stage) -> None:
    """I11."""

    def lost() -> None:
        raise LostRace("409")

    locked.upload(BOB, b"Bob's")
    locked.taps.before["attachments.restore", 1] = lost
    locked.reconcile()
    assert locked.content == b"first"


def test_who_has_no_account_is_no_named_offender(locked: Stage) -> None:
    """E37: the row of a restoration names people only."""
    locked.upload(None, b"nobody's")
    locked.reconcile()
    (done,) = locked.world.services.restorations.recent(ACME, locked.held.lock_id)
    assert done.offenders == ()
