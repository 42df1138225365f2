"""A look that outlives its lock undoes nothing that came after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Held
from lockpoint.services.context import Priority
from lockpoint.services.errors import Rejected
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.locks import end_lock
from lockpoint.services.ports.locks import Effects, Restoration
from tests.fakes.confluence.site import APP_ACCOUNT
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.services.stage import Stage


def _free_upload_by_bob(locked: Stage) -> Callable[[], None]:
    """Return an action: Alice releases, then Bob uploads with permission; once."""

    def act() -> None:
        if isinstance(locked.found, Held):
            release = locked.held.lock_id
            locked.release(release)
            locked.world.clock.advance(seconds=1)
            locked.upload(BOB, b"Bob's own")

    return act


@pytest.mark.parametrize("port", ["tenants.by_id", "site_states.get", "attachments.version", "people.own_account"])
def test_a_look_that_outlives_its_lock_undoes_nothing(locked: Stage, port: str) -> None:
    """G1: the lock ends between read and restore; Bob is not accused."""
    locked.upload(BOB, b"Bob's overwrite")
    locked.taps.before[port, locked.taps.calls[port] + 1] = _free_upload_by_bob(locked)
    locked.reconcile()
    locked.reconcile()
    assert locked.content == b"Bob's own"


def test_what_a_late_restore_buried_comes_back(locked: Stage) -> None:
    """G1: the lock ends between the second read and the restore."""
    locked.upload(BOB, b"Bob's overwrite")
    port = "attachments.restore"
    locked.taps.before[port, locked.taps.calls[port] + 1] = _free_upload_by_bob(locked)
    locked.reconcile()
    assert locked.content == b"Bob's own"
    locked.reconcile()
    assert locked.content == b"Bob's own"


def test_what_cannot_come_back_is_told(locked: Stage) -> None:
    """G1: the host refuses to restore the buried upload."""
    locked.upload(BOB, b"Bob's overwrite")
    port = "attachments.restore"
    count = locked.taps.calls[port]

    def refuse() -> None:
        raise Rejected("not now")

    locked.taps.before[port, count + 1] = _free_upload_by_bob(locked)
    locked.taps.before[port, count + 3] = refuse  # the release has restored in between
    before = len(locked.mails())
    locked.reconcile()
    assert [r.detail for r in locked.world.tables.audit_of(ACME) if r.kind is AuditKind.FLAGGED] == ["buried"]
    assert len([m for m in locked.mails() if m[:2] == (MailKind.UPLOAD_UNDONE, BOB)]) == 2
    assert len(locked.mails()) > before


def test_a_restoration_of_another_lock_spares_no_look(locked: Stage) -> None:
    """G1: our version for an earlier lock, with the base's content, covers the new holder's upload."""
    lock_id, first = locked.held.lock_id, locked.file.versions[0]
    locked.take_over(lock_id, DANA)
    locked.world.clock.advance(seconds=5)
    locked.upload(DANA, b"Dana's")
    locked.world.clock.advance(seconds=5)
    ours = locked.world.site().add_version(locked.file, APP_ACCOUNT, content=first.content, file_id=first.file_id)
    stale = Restoration(
        attachment_id=locked.file.id,
        lock_id=lock_id,
        created=ours.created,
        source_created=first.created,
        at=locked.world.clock.now(),
    )
    locked.world.services.effects.record(ACME, Effects(restorations=(stale,)))
    locked.reconcile()
    assert locked.content == b"Dana's"


def test_a_name_is_not_given_back_after_the_lock(locked: Stage) -> None:
    """G1: the lock ends between read and rename."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")

    def release() -> None:
        if isinstance(locked.found, Held):
            locked.release(locked.held.lock_id)
            locked.world.site().rename(locked.file.id, BOB, "free.txt")

    locked.taps.before["attachments.version", locked.taps.calls["attachments.version"] + 1] = release
    locked.reconcile()
    assert locked.file.title == "free.txt"


def test_the_trash_is_not_undone_after_the_lock(locked: Stage) -> None:
    """G1: the lock ends between read and undo."""
    locked.world.site().trash(locked.file.id)
    port = "people.container"

    def release() -> None:
        if isinstance(locked.found, Held):
            tables = locked.world.tables
            end_lock.release_for_holder(
                locked.world.services,
                tables.tenants[ACME.id],
                read_state(locked.world.services, ACME, locked.file.id, priority=Priority.EVENT),
                locked.held,
                priority=Priority.EVENT,
            )

    locked.taps.before[port, locked.taps.calls[port] + 1] = release
    locked.reconcile()
    assert locked.file.status is FileStatus.TRASHED


def test_nothing_is_restored_over_what_came_after_the_decision(locked: Stage) -> None:
    """G1: after seconds a second look spares the version that would have to be buried and brought back."""
    locked.upload(BOB, b"Bob's")

    def slowly() -> None:
        locked.world.clock.advance(seconds=3)
        locked.upload(ALICE, b"second")

    locked.taps.after["witnesses.set_protection", 1] = slowly
    locked.reconcile()
    assert locked.taps.calls["attachments.restore"] == 0
    assert [v.content for v in locked.file.versions] == [b"first", b"Bob's", b"second"]


def test_the_lock_of_another_ends_what_was_decided_for_the_first(locked: Stage) -> None:
    """G1: Bob holds the file when the look of Alice's lock acts: his own version stays."""
    locked.upload(BOB, b"Bob's")

    def bob_locks() -> None:
        _release_untouched(locked)
        locked.lock(BOB)

    locked.taps.after["witnesses.set_protection", 1] = bob_locks
    locked.reconcile()
    assert locked.held.holder == BOB
    assert locked.content == b"Bob's"
    assert locked.taps.calls["attachments.restore"] == 0


def _release_untouched(stage: Stage) -> None:
    services, held = stage.world.services, stage.held
    state = read_state(services, ACME, stage.file.id, priority=Priority.EVENT)
    end_lock.release_for_holder(services, ACME, state, held, priority=Priority.EVENT)


def test_a_name_stays_that_outlived_the_lock(locked: Stage) -> None:
    """G1: the second look before a name is given back."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    port = "attachments.version"
    locked.taps.after[port, locked.taps.calls[port] + 1] = lambda: _release_untouched(locked)
    locked.reconcile()
    assert locked.file.title == "other.txt"
    assert locked.taps.calls["attachments.rename"] == 0


def test_what_was_uploaded_freely_while_a_look_went_on_is_nobodys_overwrite(locked: Stage) -> None:
    """G1: a look ends with its lock, so that it does not judge what came later."""
    locked.upload(BOB, b"Bob's overwrite")

    def both_upload_freely() -> None:
        _free_upload_by_bob(locked)()
        locked.world.clock.advance(seconds=1)
        locked.upload(ALICE, b"Alice's, later")

    locked.taps.before["site_states.get", locked.taps.calls["site_states.get"] + 1] = both_upload_freely
    locked.reconcile()
    blamed = {row.version for row in locked.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT}
    assert blamed == {2}
    assert locked.content == b"Alice's, later"


def test_what_a_late_restore_undid_is_recorded_though_it_gave_way(locked: Stage) -> None:
    """G1: our version was there for a moment."""
    locked.upload(BOB, b"Bob's overwrite")

    def over() -> None:
        _release_untouched(locked)
        locked.upload(BOB, b"Bob's own")

    locked.taps.before["attachments.restore", 1] = over
    locked.reconcile()
    assert locked.content == b"Bob's own"
    assert locked.audit().count(AuditKind.RESTORED) == 1
