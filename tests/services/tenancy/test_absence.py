"""Reactivated sites: live locks count, expired ones end, and holders are told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import EndReason, Held
from lockpoint.services.clock_skew import ALARM, TOLERATED
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.services.tenancy import site_settings
from lockpoint.services.tenancy.absence import jobs_after_return
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, make_stage, untouched
from tests.support.checkout import ROOT


def leave(stage: Stage) -> None:
    gone = Tenant(ACME.id, ACME.site_key, ACME.base_url, installed=False, enabled=False)
    stage.world.tables.tenants[ACME.id] = gone


def come_back(stage: Stage, *, erased: bool = False) -> None:
    """Reinstall; no file is read yet."""
    tables = stage.world.tables
    if erased:
        for table in (tables.witnesses, tables.audit, tables.intents, tables.restorations, tables.claims):
            table.clear()
    tables.jobs.clear()
    tables.tenants[ACME.id] = ACME
    tables.come_back(ACME.id)
    tables.defer(jobs_after_return(ACME.id))


def absence(stage: Stage, *, hours: float = 1, erased: bool = False) -> None:
    """Bob uploads during the absence."""
    stage.run_jobs(JobKind.PAGE_HINT)
    leave(stage)
    stage.world.clock.advance(hours=hours / 2)
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(hours=hours / 2)
    come_back(stage, erased=erased)
    stage.world.clock.advance(minutes=1)


WAKERS: dict[str, Callable[[Stage], None]] = {
    "a_hint": Stage.reconcile,
    "a_sweep": Stage.sweep,
    "a_search": lambda stage: rediscover(stage.world.services, stage.world.tables.tenants[ACME.id]),
    "all_jobs": Stage.run_jobs,
}


UNKNOWN = ("a_sweep", True)  # a sweep reads known locks only


@pytest.mark.parametrize("erased", [False, True], ids=["within_30_days", "after_30_days"])
def test_live_and_expired_locks(erased: bool) -> None:
    """L-70, P-16: the live lock protects the current version; each holder is told once."""
    stage = make_stage()
    sam = stage.world.actor(SAM)
    site_settings.change(stage.world.services, sam, revision=0, changes={"longest_days": 90})
    long = stage.world.add_file(BOB)
    stage.lock(life=timedelta(hours=2))
    stage.lock(BOB, file=long, life=timedelta(days=60))
    stage.run_jobs(JobKind.PAGE_HINT)
    leave(stage)
    stage.world.clock.advance(days=31 if erased else 3)
    stage.world.site().upload(long.id, ALICE, b"meanwhile")
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert long.content == b"meanwhile"
    come_back(stage, erased=erased)
    stage.run_jobs()
    assert stage.tombstone.ended.reason is EndReason.EXPIRED
    assert stage.content == b"Bob's"
    found = stage.world.found(long.id)
    assert isinstance(found, Held)
    assert found.base.created == long.versions[-1].created
    told = [(MailKind.LOCK_ENDED, ALICE, "expired"), (MailKind.OVERWRITE_ATTEMPT, BOB, "while_away")]
    assert stage.mails() == told
    come_back(stage)
    stage.run_jobs()
    assert stage.mails() == told
    stage.world.clock.advance(minutes=1)
    stage.world.site().upload(long.id, ALICE, b"against the lock")
    stage.sweep()
    assert long.content == b"meanwhile"
    assert untouched(stage)


@pytest.mark.parametrize(
    ("waker", "erased"), [(waker, erased) for waker in WAKERS for erased in (False, True) if (waker, erased) != UNKNOWN]
)
def test_whoever_reads_first_undoes_nothing_of_the_absence(stage: Stage, waker: str, erased: bool) -> None:
    """L-70: whichever job is first, even if others fail."""
    lock_id = stage.lock().lock.lock_id
    absence(stage, erased=erased)
    for _ in range(2):
        WAKERS[waker](stage)
    assert stage.content == b"meanwhile"
    assert (stage.held.lock_id, stage.held.base.author) == (lock_id, BOB)
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away")]
    rows = [row for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]
    assert [(row.account, row.detail) for row in rows] == [(BOB, "while_away")]
    stage.upload(CHARLIE, b"now it counts")
    stage.reconcile()
    assert stage.content == b"meanwhile"
    assert untouched(stage)


def test_what_came_after_the_reactivation_is_undone_in_the_first_read(stage: Stage) -> None:
    """Protection starts at the reactivation, not at the first read."""
    stage.lock()
    absence(stage)
    stage.upload(CHARLIE, b"after the return")
    stage.reconcile()
    assert stage.content == b"meanwhile"
    assert (MailKind.UPLOAD_UNDONE, CHARLIE, "undone") in stage.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") not in stage.mails()


@pytest.mark.parametrize("how", ["release", "break", "expire"])
def test_a_lock_that_ends_before_the_first_read_undoes_nothing(stage: Stage, how: str) -> None:
    lock_id = stage.lock(life=timedelta(hours=2)).lock.lock_id or ""
    absence(stage, hours=3 if how == "expire" else 1)
    if how == "release":
        stage.release(lock_id)
    elif how == "break":
        stage.break_(lock_id, DANA)
    else:
        stage.reconcile()
    assert stage.content == b"meanwhile"
    assert stage.tombstone.ended.pending == ()
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") not in stage.mails()


def test_the_holder_is_told_of_the_newest_version_only(stage: Stage) -> None:
    """The log has all."""
    stage.lock()
    leave(stage)
    for number in range(3):
        stage.world.clock.advance(minutes=1)
        stage.upload(BOB, b"meanwhile" * (number + 1))
    come_back(stage)
    stage.reconcile()
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away")]
    rows = [row.detail for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]
    assert rows == ["while_away"] * 3


def test_the_holders_own_upload_in_the_absence_is_protected(stage: Stage) -> None:
    """Nothing is reported."""
    stage.lock()
    leave(stage)
    stage.world.clock.advance(minutes=1)
    stage.upload(ALICE, b"Alice's second")
    come_back(stage)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"Alice's second"
    assert [kind for kind, _, detail in stage.mails() if detail == "while_away"] == []


MEANWHILE: dict[str, Callable[[Stage], object]] = {
    "nothing": lambda _stage: None,
    "the_record_is_removed": lambda stage: stage.world.site().put_lock_rows(stage.file.id),
    "the_holder_extends": lambda stage: stage.extend(stage.held.lock_id),
    "the_database_is_erased": lambda stage: stage.world.tables.witnesses.clear(),
}


@pytest.mark.parametrize("event", MEANWHILE)
def test_a_file_that_was_trashed_in_the_absence_stays_there(stage: Stage, event: str) -> None:
    """Trash during the lock is undone."""
    stage.lock()
    other = stage.world.add_file()
    stage.lock(file=other)
    leave(stage)
    stage.world.clock.advance(minutes=1)
    stage.world.site().trash(stage.file.id)
    come_back(stage)
    MEANWHILE[event](stage)
    stage.reconcile()
    reconcile(stage.world.services, ACME, other.id)
    for _ in range(3):
        stage.world.clock.advance(hours=13)
        stage.sweep()
    assert stage.file.status is FileStatus.TRASHED
    stage.world.site().trash(other.id)
    stage.sweep()
    assert other.status is FileStatus.CURRENT


def test_a_rename_in_the_absence_stays(stage: Stage) -> None:
    """A later one is undone."""
    stage.lock()
    leave(stage)
    stage.world.clock.advance(minutes=1)
    stage.world.site().rename(stage.file.id, BOB, "new name.docx")
    come_back(stage)
    stage.reconcile()
    stage.world.clock.advance(minutes=1)
    stage.world.site().rename(stage.file.id, BOB, "newest name.docx")
    stage.reconcile()
    assert stage.file.title == "new name.docx"


def test_a_lock_that_begins_after_the_reactivation_protects_at_once(stage: Stage) -> None:
    """However recent the reactivation is."""
    come_back(stage)
    stage.world.clock.advance(seconds=3)
    stage.lock()
    stage.world.clock.advance(seconds=1)
    stage.upload(ALICE, b"Alice's second")
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"Alice's second"


def test_a_file_that_comes_back_from_the_trash_is_protected_there(stage: Stage) -> None:
    stage.lock()
    leave(stage)
    stage.world.site().trash(stage.file.id)
    come_back(stage)
    stage.reconcile()
    stage.file.status = FileStatus.CURRENT
    stage.reconcile()
    stage.world.site().trash(stage.file.id)
    stage.reconcile()
    assert stage.file.status is FileStatus.CURRENT


def refused(stage: Stage) -> None:
    """Bob's upload during the lock is undone; then the app is inactive for an hour."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"refused")
    stage.reconcile()
    assert stage.content == b"first"
    stage.run_jobs()
    stage.world.clock.advance(minutes=1)
    leave(stage)
    stage.world.clock.advance(hours=1)


@pytest.mark.parametrize("erased", [False, True], ids=["known", "forgotten"])
def test_what_was_undone_before_the_absence_stays_undone(stage: Stage, erased: bool) -> None:
    refused(stage)
    mails = stage.mails()
    come_back(stage, erased=erased)
    stage.world.clock.advance(minutes=1)
    stage.upload(CHARLIE, b"after the return")
    stage.run_jobs()
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.held.base.author == ALICE
    assert [detail for _, _, detail in stage.mails() if detail == "while_away"] == []
    assert stage.mails() != mails


def test_a_name_that_was_given_back_before_the_absence_stays(stage: Stage) -> None:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    name = stage.file.title
    stage.world.site().rename(stage.file.id, BOB, "Bob's name.docx")
    stage.reconcile()
    stage.run_jobs()
    leave(stage)
    stage.world.clock.advance(hours=1)
    come_back(stage, erased=True)
    stage.world.clock.advance(minutes=1)
    stage.run_jobs()
    stage.reconcile()
    assert stage.file.title == name
    assert stage.mails() == []


def test_what_came_after_the_undoing_and_in_the_absence_stands(stage: Stage) -> None:
    """The second upload is accepted."""
    refused(stage)
    stage.upload(BOB, b"free now")
    come_back(stage)
    stage.reconcile()
    assert stage.content == b"free now"
    assert stage.held.base.author == BOB


def test_a_lock_until_the_next_upload_ends_with_the_holders_own(stage: Stage) -> None:
    """L-24: though Bob's upload came later."""
    stage.lock(unlock_on_upload=True)
    leave(stage)
    for who in (ALICE, BOB):
        stage.world.clock.advance(minutes=1)
        stage.upload(who, b"by " + who.encode())
    come_back(stage)
    stage.reconcile()
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert stage.content == b"by " + BOB.encode()


def test_what_was_uploaded_during_an_absence_is_told_when_the_lock_is_released_unseen(stage: Stage) -> None:
    """L-70: no look came between the return and the release."""
    lock_id = stage.lock().lock.lock_id or ""
    absence(stage)
    stage.release(lock_id)
    rows = [(row.account, row.detail) for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]
    assert rows == [(BOB, "while_away")]
    assert stage.content == b"meanwhile"


def test_the_documents_say_how_much_later_an_upload_is_accepted() -> None:
    """C8: one constant; the operators' page quotes it."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    words = " ".join(page.split())
    assert f"uploads up to {TOLERATED.seconds} seconds after the return are accepted" in words
    assert f"more than {ALARM.seconds} s, or one odd answer" in words
    assert f"twice more than {TOLERATED.seconds} s" in words
