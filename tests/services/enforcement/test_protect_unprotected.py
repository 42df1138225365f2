"""Where nothing can be undone: it is remembered, shown and told."""

from __future__ import annotations

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import Forbidden
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.reconciliation.reconcile import reconcile
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


def test_a_refused_restore_is_remembered_and_said(locked: Stage) -> None:
    """P-04, amendment 1: copy mode is off: recorded, shown, told."""
    locked.world.site().restore_refused = True
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"Bob's"
    assert locked.world.tables.states[ACME.id].restore_works is False
    assert locked.show().unprotected_reason == "restore_refused"
    assert (MailKind.UNPROTECTED, ALICE, "restore_refused") in locked.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "not_undone") in locked.mails()
    before = (locked.mails(), locked.audit())
    locked.sweep()
    locked.sweep()
    assert (locked.mails(), locked.audit()) == before


def test_an_app_that_may_not_edit_flags(locked: Stage) -> None:
    """L-49, E25, F52: within one sweep; protection returns by itself."""
    site = locked.world.site()
    site.viewers.add(site.app_account)
    locked.sweep()
    assert locked.show(BOB).unprotected_reason == "app_blocked"
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection == "app_blocked"
    assert (MailKind.UNPROTECTED, ALICE, "app_blocked") in locked.mails()
    locked.sweep()
    assert locked.audit().count(AuditKind.FLAGGED) == 1
    site.viewers.discard(site.app_account)
    locked.sweep()
    assert locked.show(BOB).protection == "protected"
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection == "protected"


def test_an_overwrite_where_the_app_may_not_edit_is_told(locked: Stage) -> None:
    """P-18: every list shows the reason; without permission nothing is undone."""
    site = locked.world.site()
    site.viewers |= {site.app_account, ALICE}
    locked.upload(BOB, b"Bob's")
    locked.sweep()
    assert locked.content == b"Bob's"
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in locked.mails()
    site.viewers.discard(site.app_account)
    locked.sweep()
    assert locked.content == b"first"


def test_a_file_that_is_extended_stays_as_unprotected_as_it_was(locked: Stage) -> None:
    """P-18: writing the record does not protect a file."""
    locked.world.site().restore_refused = True
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    locked.extend(locked.held.lock_id)
    assert locked.show().unprotected_reason == "restore_refused"


def test_a_permission_lost_in_the_middle_is_flagged(locked: Stage) -> None:
    """F08: unprotected."""

    def no() -> None:
        raise Forbidden("403")

    locked.upload(BOB, b"Bob's")
    locked.taps.before["attachments.restore", 1] = no
    reconcile(locked.world.services, ACME, locked.file.id)
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection == "app_blocked"


def test_everything_about_a_refused_restore_is_recorded_once(locked: Stage) -> None:
    """P-04: the whole row, the whole mail."""
    locked.world.site().restore_refused = True
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    lock_id, now = locked.held.lock_id, locked.world.clock.now()
    (flagged,) = (row for row in locked.world.tables.audit_of(ACME) if row.kind is AuditKind.FLAGGED)
    assert flagged == AuditEvent(
        at=now,
        kind=AuditKind.FLAGGED,
        attachment_id=locked.file.id,
        account=None,
        lock_id=lock_id,
        version=2,
        detail="restore_refused",
    )
    (told,) = (mail for mail in locked.world.tables.mails_of(ACME) if mail.kind is MailKind.UNPROTECTED)
    assert told == MailIntent(
        kind=MailKind.UNPROTECTED,
        recipient=ALICE,
        attachment_id=locked.file.id,
        event_key=f"{lock_id}/restore_refused",
        lock_id=lock_id,
        detail="restore_refused",
    )
