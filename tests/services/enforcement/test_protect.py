"""Overwrites, trash, renames: what is undone, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Held
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostUnavailable, LostRace, Rejected, Unauthorised
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.locks import end_lock
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import AuditEvent, Effects, Restoration
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.reconciliation.reconcile import reconcile, trashed_by
from tests.fakes.confluence import APP_ACCOUNT
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, make_stage, one_row_for_each_record, refusal_of
from tests.services.taps import ProcessDied

BOTH_TOLD = [(MailKind.OVERWRITE_ATTEMPT, ALICE, "undone"), (MailKind.UPLOAD_UNDONE, BOB, "undone")]


@pytest.fixture
def locked(stage: Stage) -> Stage:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    return stage


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


def test_a_fight_is_given_up(locked: Stage) -> None:
    """L-49, P-20, E14, F27: after 3 restores per person and lock in 10 minutes, protection pauses."""
    for number in range(4):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
        locked.world.clock.advance(minutes=1)
    assert locked.content == b"again 3"
    assert (MailKind.PAUSED, ALICE, "paused") in locked.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "not_undone") in locked.mails()
    view = locked.show(BOB)
    assert (view.protection, view.unprotected_reason) == ("unprotected", "paused")
    locked.world.clock.advance(minutes=10)
    locked.sweep()
    assert locked.content == b"first"
    assert locked.show().protection == "protected"


def test_no_number_of_uploads_ends_protection(locked: Stage) -> None:
    """P-20: after every pause the protected version is current again, without another upload."""
    for number in range(25):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
        locked.world.clock.advance(minutes=1)
        if locked.content != b"first":
            until = locked.show().paused_until
            assert until is not None
            locked.world.clock.at = until
            locked.run_jobs(JobKind.RECONCILE, also_later=True)
        assert (locked.content, locked.show().protection) == (b"first", "protected")
    assert locked.audit().count(AuditKind.RESTORED) == 25


def test_a_pause_wakes_the_file_when_it_ends(locked: Stage) -> None:
    """One job, due at the end of the pause; a look before the end defers it again."""
    for number in range(4):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
    due = timedelta(minutes=10)
    assert locked.jobs(JobKind.RECONCILE) == [Job(JobKind.RECONCILE, ACME.id, locked.file.id, due)]
    assert locked.show().paused_until == locked.world.clock.now() + due
    locked.world.clock.advance(minutes=4)
    locked.run_jobs(JobKind.RECONCILE, also_later=False)
    locked.world.tables.jobs.clear()
    locked.sweep()
    assert locked.jobs(JobKind.RECONCILE) == [Job(JobKind.RECONCILE, ACME.id, locked.file.id, timedelta(minutes=6))]


def test_a_pause_is_one_persons(locked: Stage) -> None:
    """During Bob's pause Charlie's and an anonymous overwrite are undone; Bob's next one stands till his end."""
    for number in range(4):
        locked.upload(BOB, b"Bob's %d" % number)
        locked.reconcile()
    until = locked.show().paused_until
    for who in (CHARLIE, None):
        locked.world.clock.advance(minutes=1)
        locked.upload(who, b"by %s" % (who or "nobody").encode())
        locked.reconcile()
        assert locked.content == b"first"
    locked.upload(BOB, b"Bob's again")
    locked.reconcile()
    assert locked.content == b"Bob's again"
    assert locked.show().paused_until == until
    assert len([mail for mail in locked.mails() if mail[0] is MailKind.PAUSED]) == 1


def test_each_pause_is_told(locked: Stage) -> None:
    """M-09: the next pause is longer, and has a mail of its own."""
    for _ in range(2):
        for number in range(4):
            locked.world.clock.advance(seconds=10)
            locked.upload(BOB, b"%d" % number)
            locked.reconcile()
        locked.world.clock.at = locked.show().paused_until or locked.world.clock.at
        locked.world.tables.jobs.clear()
    assert len([mail for mail in locked.mails() if mail[0] is MailKind.PAUSED]) == 2


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


def test_unlock_after_my_next_upload(stage: Stage) -> None:
    """L-24: ends at the first authorised version, after protection."""
    stage.lock(unlock_on_upload=True)
    stage.ask(CHARLIE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.held.holder == ALICE
    stage.upload(ALICE, b"done")
    stage.reconcile()
    assert stage.tombstone.ended.by == ALICE
    assert stage.content == b"done"
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()


def test_the_end_by_an_upload_names_what_stands(stage: Stage) -> None:
    """L-24, L-34: Bob's overwrite of Alice's last upload cannot be undone."""
    stage.lock(unlock_on_upload=True)
    stage.world.clock.advance(minutes=1)
    stage.upload(ALICE, b"done")
    stage.world.clock.advance(seconds=5)
    stage.upload(BOB, b"Bob's")
    stage.world.site().restore_refused = True
    stage.reconcile()
    assert stage.tombstone.ended.pending == (stage.file.versions[-1].created,)


def test_expiry_with_a_pending_restore_restores_first(locked: Stage) -> None:
    """L-34."""
    locked.upload(BOB, b"Bob's")
    locked.world.clock.advance(hours=49)
    locked.sweep()
    assert locked.content == b"first"
    assert locked.tombstone.ended.reason == "expired"
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in locked.mails()


def test_nobody_is_punished_in_the_grey_minute(locked: Stage) -> None:
    """I10: versions created from δ before expires_at on are not undone."""
    locked.world.clock.advance(hours=47, minutes=58, seconds=40)
    locked.upload(BOB, b"Bob's")
    locked.world.clock.advance(minutes=2)
    locked.sweep()
    assert locked.content == b"Bob's"


def test_an_extension_beats_the_clean_up(locked: Stage) -> None:
    """L-32: clean-up uses expires_at, with compare and set, one by one."""
    locked.world.clock.advance(hours=47)
    locked.extend(locked.held.lock_id)
    locked.world.clock.advance(hours=2)
    locked.sweep()
    assert locked.held.holder == ALICE


def test_two_workers_make_one_version(locked: Stage) -> None:
    """E12: at most one extra identical version, no alternation."""
    locked.upload(BOB, b"Bob's")
    locked.world.services.mutexes._port.away = True
    locked.taps.before["attachments.restore", 1] = locked.reconcile
    locked.reconcile()
    for _ in range(3):
        locked.sweep()
    assert locked.content == b"first"
    assert len(locked.file.versions) <= 4
    assert locked.mails() == BOTH_TOLD


def test_a_file_of_another_worker_is_read_again(locked: Stage) -> None:
    """L-43: an event during another worker's work is not lost."""
    locked.upload(BOB, b"Bob's")
    with locked.world.services.mutexes.hold(f"reconcile:{ACME.id}:{locked.file.id}", 60):
        locked.reconcile()
        assert locked.content == b"Bob's"
    assert [job.subject for job in locked.jobs(JobKind.RECONCILE)] == [locked.file.id]
    locked.run_jobs(also_later=True)
    assert locked.content == b"first"


def test_without_redis_everything_is_the_same() -> None:
    """E32: every answer, the undoing, the log and the mails."""
    assert _day_without_redis(away=True) == _day_without_redis(away=False)


def _day_without_redis(*, away: bool) -> list[object]:
    stage = make_stage()
    stage.world.services.mutexes._port.away = away
    lock_id = stage.lock().lock.lock_id or ""
    said: list[object] = [refusal_of(stage.lock, BOB).code, stage.ask(BOB), stage.show(BOB).state]
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    said += [stage.content, stage.extend(lock_id, hours=72).status, [row.lock.state for row in stage.rows()]]
    said += [stage.take_over(lock_id, DANA).status, refusal_of(stage.release, lock_id).code]
    said.append(stage.break_(stage.held.lock_id, SAM).status)
    stage.run_jobs()
    return [*said, stage.content, stage.audit(), stage.mails()]


@pytest.mark.parametrize("state", ["installed", "enabled"])
def test_silence_after_the_site_has_left(locked: Stage, state: str) -> None:
    """I20, L-70: no host call after uninstall or disable."""
    locked.upload(BOB, b"Bob's")
    off = {"installed": True, "enabled": True, state: False}
    locked.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.site_key, ACME.base_url, **off)
    locked.taps.clear()
    locked.reconcile()
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.sweep() == 0
    assert locked.taps.host_calls() == []


def test_an_uninstall_in_the_middle_of_a_restore_stops_it(locked: Stage) -> None:
    """E40, F32: no later call."""
    locked.upload(BOB, b"Bob's")

    def gone() -> None:
        del locked.world.tables.tenants[ACME.id]
        locked.taps.clear()

    locked.taps.after["witnesses.set_protection", 1] = gone
    with pytest.raises(Unauthorised):
        locked.reconcile()
    assert locked.taps.host_calls() == []


def test_trouble_with_one_file_does_not_stop_the_sweep(locked: Stage) -> None:
    """P-19: the failing file gets its own job."""
    second = locked.world.add_file()
    locked.lock(file=second)
    locked.world.site().upload(second.id, BOB, b"Bob's")

    def away() -> None:
        raise HostUnavailable("time-out")

    locked.taps.clear()
    locked.taps.before["attachments.get", 1] = away
    assert locked.sweep() == 2
    assert second.content == b"first"
    assert [job.subject for job in locked.jobs(JobKind.RECONCILE)] == [locked.file.id]


def test_trouble_with_the_site_stops_the_sweep(locked: Stage) -> None:
    """A site that refuses our credentials is not called repeatedly."""

    def refused() -> None:
        raise Unauthorised("401")

    locked.taps.before["attachments.get", 0] = refused
    with pytest.raises(Unauthorised):
        locked.sweep()


def test_an_untouched_lock_costs_two_points_a_sweep(locked: Stage) -> None:
    """Also after a restore."""
    locked.taps.clear()
    locked.sweep()
    assert locked.taps.points() == 2
    locked.upload(BOB, b"Bob's")
    locked.sweep()
    locked.taps.clear()
    locked.sweep()
    assert locked.taps.points() == 2


def test_a_live_lock_never_loses_its_row(locked: Stage) -> None:
    """Amendment 3: a row not confirmed in Confluence for 30 days is purged; the sweep confirms it daily."""
    locked.extend(locked.held.lock_id, hours=700)
    for day in range(1, 4):
        locked.world.clock.advance(days=1, minutes=1)
        locked.taps.clear()
        locked.sweep()
        locked.sweep()
        assert locked.taps.calls["witnesses.still_there"] == 1, day
        seen_at = locked.world.tables.witnesses[ACME.id, locked.file.id].seen_at
        assert locked.world.clock.now() == seen_at


def test_a_restore_that_lost_its_race_reads_again(locked: Stage) -> None:
    """I11."""

    def lost() -> None:
        raise LostRace("409")

    locked.upload(BOB, b"Bob's")
    locked.taps.before["attachments.restore", 1] = lost
    locked.reconcile()
    assert locked.content == b"first"


def test_a_permission_lost_in_the_middle_is_flagged(locked: Stage) -> None:
    """F08: unprotected."""

    def no() -> None:
        raise Forbidden("403")

    locked.upload(BOB, b"Bob's")
    locked.taps.before["attachments.restore", 1] = no
    reconcile(locked.world.services, ACME, locked.file.id)
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection == "app_blocked"


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


def test_a_trash_event_about_a_file_whose_lock_is_over_changes_nothing(locked: Stage) -> None:
    """The record is a tombstone, which has no holder."""
    locked.release(locked.held.lock_id)
    locked.world.site().trash(locked.file.id)
    before = locked.tombstone
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.tombstone == before
    assert locked.file.status is FileStatus.TRASHED


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


def test_a_crash_right_after_a_restore_loses_nothing_of_it(locked: Stage) -> None:
    """I11, I16: the next look records what was undone, whose it was, and tells both."""
    locked.upload(BOB, b"Bob's")
    locked.upload(None, b"nobody's")
    locked.taps.after["attachments.restore", 1] = _die
    with pytest.raises(ProcessDied):
        locked.reconcile()
    locked.reconcile()
    rows = [(r.kind, r.account, r.version, r.detail) for r in locked.world.tables.audit_of(ACME)][1:]
    assert sorted(rows, key=str) == sorted(
        [
            (AuditKind.CONFLICT, BOB, 2, "undone"),
            (AuditKind.CONFLICT, None, 3, "undone"),
            (AuditKind.RESTORED, APP_ACCOUNT, 4, None),
        ],
        key=str,
    )
    assert locked.mails() == sorted([*BOTH_TOLD, BOTH_TOLD[0]])
    (done,) = locked.world.services.restorations.recent(ACME, locked.held.lock_id)
    assert done.offenders == (BOB,)


def _die() -> None:
    raise ProcessDied("after the restore")


def test_who_has_no_account_is_no_named_offender(locked: Stage) -> None:
    """E37: the row of a restoration names people only."""
    locked.upload(None, b"nobody's")
    locked.reconcile()
    (done,) = locked.world.services.restorations.recent(ACME, locked.held.lock_id)
    assert done.offenders == ()


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


def test_a_look_during_a_pause_judges_once(locked: Stage) -> None:
    """The file is left alone at once: for uploads as for names."""
    for number in range(4):
        locked.upload(BOB, b"%d" % number)
        locked.reconcile()
    for act in (lambda: locked.upload(BOB, b"5"), lambda: locked.world.site().rename(locked.file.id, BOB, "n.txt")):
        act()
        locked.taps.clear()
        locked.reconcile()
        assert locked.taps.calls["attachments.get"] == 1
        assert locked.show().unprotected_reason == "paused"


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
