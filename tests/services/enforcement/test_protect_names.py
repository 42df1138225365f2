"""A locked file that gets another name or page."""

from __future__ import annotations

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


def test_a_rename_by_another_is_undone_without_an_upload(locked: Stage) -> None:
    """L-47, E17: compare and set; no mail about an upload."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert locked.file.title == "plan.txt"
    assert AuditKind.RENAMED_BACK in locked.audit()
    assert len(locked.file.uploaded) == 1
    versions = len(locked.file.versions)
    locked.reconcile()
    assert len(locked.file.versions) == versions
    assert locked.show(BOB).protection == "protected"


def test_a_new_name_over_an_overwrite_adopts_no_bytes(locked: Stage) -> None:
    """G3: the rename came before any check; both are told."""
    before = locked.content
    locked.upload(BOB, b"Bob's")
    locked.world.site().rename(locked.file.id, ALICE, "mine.txt")
    locked.reconcile()
    assert locked.content == before
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") in locked.mails()
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "undone") in locked.mails()
    locked.reconcile()
    assert locked.content == before


def test_a_new_name_is_no_upload(stage: Stage) -> None:
    """G9: a rename does not end a lock until the next upload."""
    stage.lock(unlock_on_upload=True)
    stage.world.site().rename(stage.file.id, ALICE, "mine.txt")
    stage.reconcile()
    assert stage.held.holder == ALICE
    stage.upload(ALICE, b"new")
    stage.reconcile()
    assert stage.tombstone.ended.holder == ALICE


def test_a_rename_by_the_holder_stands(locked: Stage) -> None:
    """L-01: the lock stays."""
    locked.world.site().rename(locked.file.id, ALICE, "mine.txt")
    locked.reconcile()
    assert locked.file.title == "mine.txt"


def test_a_move_keeps_the_lock(locked: Stage) -> None:
    """L-47, F29: both pages' hints are refreshed."""
    page = locked.world.site().add_page()
    old, locked.file.container = locked.file.container, page.container
    locked.world.tables.jobs.clear()
    locked.sweep()
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].container == page.container
    assert {job.subject for job in locked.jobs(JobKind.PAGE_HINT)} == {f"page:{old.id}", f"page:{page.container.id}"}
