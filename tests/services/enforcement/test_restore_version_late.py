"""Restores whose answer never came: they land seconds later, perhaps when their lock is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import Forbidden, HostUnavailable
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM
from tests.services.stage import Stage, untouched

Land = Callable[[], object]


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


def _lost(
    stage: Stage, act: Callable[[], object], trouble: BaseException | None = None, *, passes: bool = True
) -> Land:
    """Do something whose restore times out, or meets other trouble; return what makes it land."""
    port = stage.world.services.attachments._port
    original, late = port.restore, list[Land]()

    def restore(*place: object, **more: object) -> None:
        late.append(lambda: original(*place, **more))
        raise trouble or HostUnavailable("time-out")

    port.restore = restore
    try:
        with pytest.raises(type(trouble or HostUnavailable())) if passes else nullcontext():
            act()
    finally:
        port.restore = original
    return late[0]


def _buried(stage: Stage) -> list[tuple[str | None, str | None]]:
    return [(row.account, row.detail) for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.FLAGGED]


@pytest.fixture
def land(stage: Stage, lock_id: str) -> Land:
    """A restore that timed out; Alice released the lock before it lands, and Bob uploaded freely."""
    stage.upload(BOB, b"Bob's")
    late = _lost(stage, stage.reconcile)
    stage.release(lock_id)
    stage.upload(BOB, b"Bob's, free")
    return late


def test_a_late_restore_buries_no_free_upload(stage: Stage, land: Land) -> None:
    """G1: the host applies a restore seconds after it timed out; by then the lock is over and the file is used."""
    land()
    stage.run_jobs(also_later=True)
    stage.reconcile()
    assert stage.content == b"Bob's, free"
    assert _buried(stage) == []
    assert untouched(stage)
    count = len(stage.file.versions)
    stage.run_jobs(also_later=True)
    assert len(stage.file.versions) == count


def test_one_that_does_not_land_changes_nothing(stage: Stage, land: Land) -> None:
    assert land
    before = list(stage.file.versions)
    stage.run_jobs(also_later=True)
    assert stage.file.versions == before


def test_a_new_name_meanwhile_stays(stage: Stage, land: Land) -> None:
    """G1: whoever renames the file after the late restore did not choose its content."""
    land()
    stage.world.site().rename(stage.file.id, SAM, "final.txt")
    stage.run_jobs(also_later=True)
    assert (stage.content, stage.file.title) == (b"Bob's, free", "final.txt")


def test_an_upload_after_it_stays(stage: Stage, land: Land) -> None:
    land()
    stage.upload(DANA, b"Dana's")
    stage.run_jobs(also_later=True)
    assert stage.content == b"Dana's"


def test_what_slips_in_while_it_comes_back_is_not_buried(stage: Stage, land: Land) -> None:
    """G1: Dana uploads between our look and our version."""
    land()
    call = "attachments.restore"
    stage.taps.before[call, stage.taps.calls[call] + 1] = lambda: stage.upload(DANA, b"Dana's")
    stage.run_jobs(also_later=True)
    assert stage.content == b"Dana's"


def test_under_another_lock_nothing_comes_back(stage: Stage, land: Land) -> None:
    """L-40: Dana's lock protects what it found."""
    land()
    stage.lock(DANA)
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    stage.run_jobs(also_later=True)
    assert stage.content == b"first"


def test_a_lock_that_began_meanwhile_is_respected(stage: Stage, land: Land) -> None:
    land()
    call = "attachments.versions"
    stage.taps.after[call, stage.taps.calls[call] + 1] = lambda: stage.lock(DANA)
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    assert stage.content == b"first"


def test_the_overwrite_that_it_undid_does_not_come_back(stage: Stage, lock_id: str) -> None:
    """L-40: it lands after the lock's end, and does what the lock wanted."""
    stage.upload(BOB, b"Bob's")
    late = _lost(stage, lambda: stage.release(lock_id), passes=False)
    late()
    stage.run_jobs(also_later=True)
    assert stage.content == b"first"


def test_the_holder_s_own_upload_comes_back(stage: Stage, lock_id: str) -> None:
    """I12: made before the end, but after the restore was sent."""
    stage.upload(BOB, b"Bob's")
    late = _lost(stage, stage.reconcile)
    stage.upload(ALICE, b"second")
    stage.release(lock_id)
    late()
    stage.run_jobs(also_later=True)
    assert stage.content == b"second"


@pytest.mark.parametrize("how", ["refused", "blocked", "trashed"])
def test_where_nothing_can_be_restored_the_author_is_told(stage: Stage, land: Land, how: str) -> None:
    """G1: once, with the version that holds the work."""
    land()
    if how == "refused":
        stage.taps.before["attachments.restore", 0] = _forbid
    elif how == "blocked":
        site = stage.world.site()
        site.viewers.add(site.app_account)
    else:
        stage.world.site().trash(stage.file.id)
    free = [version for version in stage.file.versions if version.content == b"Bob's, free"]
    stage.run_jobs(also_later=True)
    assert stage.content == b"first"
    told = [
        (mail.recipient, mail.event_key)
        for mail in stage.world.tables.mails_of(ACME)
        if mail.kind is MailKind.UPLOAD_UNDONE and mail.event_key.endswith(free[0].created.isoformat())
    ]
    assert told == [(BOB, f"{stage.file.id}/{free[0].created.isoformat()}")]
    assert _buried(stage) == [(BOB, "buried")]


def _forbid() -> None:
    raise Forbidden("403")


def test_a_process_that_died_before_the_answer_is_covered(stage: Stage, lock_id: str) -> None:
    """F43: a request that died with its process comes back to nobody."""
    stage.upload(BOB, b"Bob's")
    late = _lost(stage, lambda: stage.release(lock_id), KeyboardInterrupt())
    stage.break_(lock_id, DANA)
    stage.upload(BOB, b"Bob's, free")
    late()
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    assert stage.content == b"Bob's, free"


def test_what_brings_it_back_may_be_late_itself(stage: Stage, land: Land) -> None:
    """G1: it lands over an upload that is newer still; the job that failed comes back, and no other with it."""
    land()
    job = stage.jobs(JobKind.CONFIRM)[0]
    stage.world.tables.jobs = [job]
    again = _lost(stage, lambda: stage.run_jobs(JobKind.CONFIRM, also_later=True))
    assert stage.jobs(JobKind.CONFIRM) == []
    stage.upload(DANA, b"Dana's")
    again()
    stage.world.tables.jobs = [job]
    stage.run_jobs(JobKind.CONFIRM, also_later=True)
    assert stage.content == b"Dana's"


def test_a_restore_of_other_bytes_than_meant_is_not_recorded_as_the_meant_one(stage: Stage, lock_id: str) -> None:
    """I12: an admin deleted a version before it landed, so that its number named Bob's overwrite."""
    stage.release(lock_id)
    stage.upload(ALICE, b"second")
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    late = _lost(stage, stage.reconcile)
    stage.world.site().delete_version(stage.file.id, 1)
    late()
    landed = stage.file.versions[-1]
    assert landed.content == b"Bob's"
    for again in (b"Dana's", b"Dana's again"):
        stage.reconcile()
        assert stage.content == b"second"
        stage.upload(DANA, again)
    stage.reconcile()
    known = stage.world.services.restorations.known(ACME, stage.file.id)
    assert landed.created not in {own.created for own in known}
