"""A locked file that is trashed or purged, by its holder or by another."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import trashed_by
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE
from tests.services.stage import Stage


def test_trash_by_another_is_undone(locked: Stage) -> None:
    """L-46, P-06: the lock stays."""
    locked.world.site().trash(locked.file.id)
    locked.reconcile()
    assert locked.file.status is FileStatus.CURRENT
    assert locked.held.holder == ALICE
    assert AuditKind.UNDELETED in locked.audit()
    assert locked.show().protection == "protected"


def test_a_name_taken_meanwhile(locked: Stage) -> None:
    """L-46, E21: restored under a suffixed name."""
    locked.world.site().trash(locked.file.id)
    locked.world.add_file(BOB)
    locked.reconcile()
    assert (locked.file.status, locked.file.title) == (FileStatus.CURRENT, "plan (restored).txt")
    assert locked.held.holder == ALICE
    locked.reconcile()
    assert locked.file.title == "plan (restored).txt"


def test_trash_by_the_holder_gives_the_lock_back(locked: Stage) -> None:
    """L-46, P-06: the file stays trashed."""
    locked.ask(CHARLIE)
    locked.world.site().trash(locked.file.id)
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.tombstone.ended.by == ALICE
    assert locked.file.status is FileStatus.TRASHED
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in locked.mails()


@pytest.mark.parametrize("who", [BOB, "nobody"])
def test_a_wrong_name_in_the_event_ends_nothing(locked: Stage, who: str) -> None:
    """§5: the webhook body is never input."""
    locked.world.site().trash(locked.file.id)
    trashed_by(locked.world.services, ACME, locked.file.id, who)
    assert locked.held.holder == ALICE
    assert locked.file.status is FileStatus.CURRENT


def test_an_event_about_a_file_that_is_not_in_the_trash_ends_nothing(locked: Stage) -> None:
    """§5: the file is read first."""
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.held.holder == ALICE


def test_a_purged_file_ends_its_lock(locked: Stage) -> None:
    """L-46, L-01, F29: two reads confirm the purge; the holder is told, the loss recorded."""
    locked.world.site().purge(locked.file.id)
    locked.sweep()
    assert locked.mails() == [(MailKind.LOCK_ENDED, ALICE, "file_gone")]
    assert locked.audit() == [AuditKind.ACQUIRED, AuditKind.FILE_GONE]
    assert locked.sweep() == 0
    assert locked.jobs(JobKind.PAGE_HINT)


def test_the_same_name_uploaded_again_is_another_file(locked: Stage) -> None:
    """L-01: the new file has a new, unlocked id."""
    locked.world.site().purge(locked.file.id)
    again = locked.world.add_file(BOB)
    locked.sweep()
    assert locked.lock(BOB, file=again).status == 201


def test_one_false_not_found_drops_nothing(locked: Stage) -> None:
    """F09, F29."""
    locked.world.site().pages[locked.file.container.id].restricted_to = {ALICE}
    locked.sweep()
    assert locked.sweep() == 1
    locked.world.site().pages[locked.file.container.id].restricted_to = None
    locked.sweep()
    assert locked.show().protection == "protected"


def test_a_trash_event_about_a_file_whose_lock_is_over_changes_nothing(locked: Stage) -> None:
    """The record is a tombstone, which has no holder."""
    locked.release(locked.held.lock_id)
    locked.world.site().trash(locked.file.id)
    before = locked.tombstone
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.tombstone == before
    assert locked.file.status is FileStatus.TRASHED


def test_a_release_by_the_trash_is_the_holders(locked: Stage) -> None:
    """L-46: the row names them."""
    locked.world.site().trash(locked.file.id)
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    (row,) = (row for row in locked.world.tables.audit_of(ACME) if row.kind is AuditKind.RELEASED)
    assert row.account == ALICE


def test_a_purged_file_leaves_nothing_to_be_stored(locked: Stage) -> None:
    """L-46: no sweep comes back to it."""
    locked.world.site().purge(locked.file.id)
    locked.sweep()
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection == "protected"
