"""Two workers at once, one without Redis, one that dies: what is undone and told stays the same."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.confluence.site import APP_ACCOUNT
from tests.fakes.world import ACME, BOB, DANA, SAM
from tests.services.enforcement.told import BOTH_TOLD
from tests.services.stage import Stage, make_stage, refusal_of
from tests.services.taps import ProcessDied


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
