"""Versions that were deleted: numbers are positions, and what to restore is known by its time."""

from __future__ import annotations

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import GoneOrInvisible
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.enforcement.told import BOTH_TOLD
from tests.services.stage import Stage


def test_a_deleted_middle_version_changes_nothing(stage: Stage) -> None:
    """E18, L-48, F20: createdAt identifies the base, also after an admin deleted a version."""
    for number in range(2, 4):
        stage.upload(ALICE, b"v%d" % number)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.site().delete_version(stage.file.id, 2)
    stage.reconcile()
    assert stage.content == b"v3"


def test_a_deleted_base_leaves_the_newest_authorised_version(stage: Stage) -> None:
    """E19, L-48: it becomes current again."""
    stage.upload(ALICE, b"second")
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.site().delete_version(stage.file.id, 2)
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.mails() == BOTH_TOLD


def test_where_no_authorised_version_is_left_it_is_said(locked: Stage) -> None:
    """L-48, L-49: nothing is restored; the list, the log and the holder say why."""
    locked.upload(BOB, b"Bob's")
    locked.world.site().delete_version(locked.file.id, 1)
    locked.reconcile()
    assert locked.content == b"Bob's"
    assert locked.show().unprotected_reason == "baseline_lost"
    assert (MailKind.UNPROTECTED, ALICE, "baseline_lost") in locked.mails()
    assert AuditKind.FLAGGED in locked.audit()


def test_the_holder_may_delete_their_newest_version(locked: Stage) -> None:
    """E20: the version before it stays, and nobody is told."""
    locked.upload(ALICE, b"Alice's second")
    locked.reconcile()
    locked.world.site().delete_version(locked.file.id, 2)
    locked.reconcile()
    assert locked.content == b"first"
    assert locked.mails() == []


def test_a_version_deleted_while_we_restore_brings_back_nothing_wrong(stage: Stage) -> None:
    """E18: version numbers are positions: when they move before the restore, the file is read again."""
    for number in range(2, 4):
        stage.upload(ALICE, b"v%d" % number)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.taps.after["witnesses.set_protection", 1] = lambda: stage.world.site().delete_version(stage.file.id, 1)
    stage.reconcile()
    assert stage.content == b"v3"
    assert b"v2" not in [v.content for v in stage.file.versions[3:]]


def test_a_version_that_is_gone_at_the_second_look_is_looked_for_again(locked: Stage) -> None:
    """E18: the history moved; the file is judged anew."""
    locked.upload(BOB, b"Bob's")

    def gone() -> None:
        raise GoneOrInvisible("no such version")

    def next_read_fails() -> None:
        locked.taps.before["attachments.version", locked.taps.calls["attachments.version"] + 1] = gone

    next_read_fails()  # so that the versions are listed
    locked.taps.after["witnesses.set_protection", 1] = next_read_fails
    locked.reconcile()
    assert locked.content == b"first"
    before = locked.taps.order[: locked.taps.order.index("attachments.restore")]
    assert before.count("attachments.version") == 4
    assert before.count("attachments.versions") == 1
    assert locked.mails() == BOTH_TOLD


def test_a_version_deleted_while_its_number_was_used_leaves_nothing_wrong(stage: Stage) -> None:
    """E18: what our number named then is not what our comment says: it stands for itself only."""
    for number in range(2, 4):
        stage.upload(ALICE, b"v%d" % number)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.taps.before["attachments.restore", 1] = lambda: stage.world.site().delete_version(stage.file.id, 1)
    for _ in range(2):
        stage.reconcile()
        assert stage.content == b"v3"
    known = stage.world.services.restorations.known(ACME, stage.file.id)
    assert [own.created == own.source_created for own in known].count(True) == 1
