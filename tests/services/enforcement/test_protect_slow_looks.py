"""What a slow look believes, acts on and says: nothing that came after the lock it read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.enforcement import protect
from lockpoint.services.locks.release import release
from lockpoint.services.reconciliation.reconcile import trashed_by
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM, FakeClock
from tests.services.stage import Stage


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


def _before(stage: Stage, call: str, *acts: Callable[[], object]) -> None:
    stage.taps.before[call, stage.taps.calls[call] + 1] = lambda: _all(acts)


def _after(stage: Stage, call: str, *acts: Callable[[], object]) -> None:
    stage.taps.after[call, stage.taps.calls[call] + 1] = lambda: _all(acts)


def _all(acts: tuple[Callable[[], object], ...]) -> None:
    for act in acts:
        act()


def _conflicts(stage: Stage) -> list[tuple[str | None, str | None]]:
    return [(row.account, row.detail) for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def _told(stage: Stage, who: str) -> list[str | None]:
    return [detail for kind, recipient, detail in stage.mails() if recipient == who and kind is not MailKind.LOCK_ENDED]


def test_it_accuses_nobody_of_what_came_after_its_lock(stage: Stage, lock_id: str) -> None:
    """G1, L-44: it read the lock, and the versions only when the lock was over."""
    stage.upload(BOB, b"Bob's")
    _before(
        stage,
        "attachments.version",
        lambda: stage.release(lock_id),
        lambda: stage.upload(DANA, b"Dana's, free"),
        lambda: stage.upload(ALICE, b"Alice's, free"),
    )
    stage.reconcile()
    assert stage.content == b"Alice's, free"
    assert _conflicts(stage) == [(BOB, "undone")]


def test_it_takes_no_end_for_unseen_that_was_recorded_meanwhile(stage: Stage, lock_id: str) -> None:
    """G1, L-44: it read the witness before the end, and the record of the next lock after it."""
    _before(
        stage,
        "attachments.get",
        lambda: stage.release(lock_id),
        lambda: stage.upload(BOB, b"Bob's, free"),
        lambda: stage.lock(DANA),
    )
    stage.reconcile()
    assert stage.content == b"Bob's, free"
    assert _conflicts(stage) == []


def test_giving_way_buries_nothing_newer(stage: Stage, lock_id: str) -> None:
    """G1, I12: the holder went on before what we had buried came back."""
    stage.upload(BOB, b"Bob's")
    _before(stage, "attachments.restore", lambda: stage.upload(ALICE, b"second"))
    _after(stage, "attachments.restore", lambda: stage.upload(ALICE, b"third"), lambda: stage.release(lock_id))
    stage.reconcile()
    assert stage.content == b"third"


def test_giving_way_looks_again_after_its_own_version(stage: Stage, lock_id: str) -> None:
    """G1, I12: the same, while it comes back."""
    stage.upload(BOB, b"Bob's")
    _before(stage, "attachments.restore", lambda: stage.release(lock_id), lambda: stage.upload(ALICE, b"second"))
    stage.taps.before["attachments.restore", 3] = lambda: stage.upload(ALICE, b"third")
    stage.reconcile()
    assert stage.content == b"third"


def test_giving_way_brings_our_own_work_back(stage: Stage, lock_id: str) -> None:
    """G1, I12: of two looks at once, one restored the holder's upload that the other then buried."""
    stage.upload(BOB, b"Bob's")
    _before(
        stage,
        "attachments.restore",
        lambda: stage.upload(ALICE, b"second"),
        lambda: stage.upload(BOB, b"Bob's again"),
        lambda: stage.release(lock_id),
    )
    stage.reconcile()
    assert stage.content == b"second"


def test_giving_way_brings_no_overwrite_back(stage: Stage, lock_id: str) -> None:
    """G1: what we buried was made under the lock, and its author was told that it was undone."""
    stage.upload(BOB, b"Bob's")
    _before(stage, "attachments.restore", lambda: stage.upload(DANA, b"Dana's"))
    _after(stage, "attachments.restore", lambda: stage.release(lock_id))
    stage.reconcile()
    assert stage.content == b"first"
    assert sorted(_conflicts(stage), key=str) == sorted([(BOB, "undone"), (DANA, "undone")], key=str)


def test_under_another_lock_its_own_look_decides(stage: Stage, lock_id: str) -> None:
    """G1, L-44: our late version buried an overwrite that was made under Dana's lock, whose look undoes both."""
    stage.upload(BOB, b"Bob's")
    _before(
        stage,
        "attachments.restore",
        lambda: stage.release(lock_id),
        lambda: stage.upload(SAM, b"Sam's, free"),
        lambda: stage.lock(DANA),
        lambda: stage.world.clock.advance(seconds=5),
        lambda: stage.upload(BOB, b"Bob's again"),
    )
    stage.reconcile()
    stage.run_jobs()
    assert stage.content == b"Sam's, free"
    assert [v.author for v in stage.file.versions if v.content == b"Bob's again"] == [BOB]


def test_what_another_lock_found_covered_is_told(stage: Stage, lock_id: str) -> None:
    """G1: Dana locked the file after our late version had buried what Sam uploaded freely."""
    stage.upload(BOB, b"Bob's")
    _before(
        stage,
        "attachments.restore",
        lambda: stage.release(lock_id),
        lambda: stage.upload(SAM, b"Sam's, free"),
        lambda: _before(stage, "attachments.versions", lambda: stage.lock(DANA)),
    )
    stage.reconcile()
    stage.run_jobs()
    assert stage.held.base.created == stage.file.versions[-1].created
    assert _told(stage, SAM) == ["undone"]


def test_a_fast_clock_makes_no_lock_longer(stage: Stage, lock_id: str) -> None:
    """L-44: when the end is looked back at, the file is locked by another, whose own upload is newer than the end."""
    fast = FakeClock(stage.world.clock.now() + TOLERATED)
    _after(stage, "lock_properties.replace", lambda: stage.lock(BOB), lambda: stage.upload(BOB, b"Bob's own"))
    release(replace(stage.world.services, clock=fast), stage.world.actor(ALICE), stage.file.id, stage.key(), lock_id)
    assert stage.content == b"Bob's own"
    assert _conflicts(stage) == []


@pytest.mark.usefixtures("lock_id")
def test_a_new_name_overrules_nothing(stage: Stage) -> None:
    """G3, L-41: the holder renames and trashes a file that another person has overwritten."""
    stage.upload(BOB, b"Bob's")
    stage.world.site().rename(stage.file.id, ALICE, "alices.txt")
    stage.world.site().trash(stage.file.id)
    trashed_by(stage.world.services, ACME, stage.file.id, ALICE)
    assert _conflicts(stage) == [(BOB, "ended")]
    assert (_told(stage, ALICE), _told(stage, BOB)) == (["not_undone"], ["not_undone"])


@pytest.mark.usefixtures("lock_id")
def test_an_upload_after_the_protection_overrules_nothing_in_silence(stage: Stage) -> None:
    """L-41: in the last seconds of a lock anybody may upload, and what stands below it is told all the same."""
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(hours=47, minutes=58, seconds=45)
    stage.upload(DANA, b"Dana's, late")
    stage.world.clock.advance(minutes=5)
    stage.sweep()
    assert stage.content == b"Dana's, late"
    assert _conflicts(stage) == [(BOB, "ended")]
    assert (_told(stage, ALICE), _told(stage, BOB)) == (["not_undone"], ["not_undone"])


def test_the_former_holder_overrules_nothing(stage: Stage, lock_id: str) -> None:
    """L-41: an overwrite slips in before the end, and whoever held the file uploads after it."""
    _before(stage, "lock_properties.replace", lambda: stage.upload(BOB, b"Bob's"))
    _after(stage, "lock_properties.replace", lambda: stage.upload(ALICE, b"Alice's, free"))
    stage.release(lock_id)
    assert stage.content == b"Alice's, free"
    assert _conflicts(stage) == [(BOB, "ended")]
    assert (_told(stage, ALICE), _told(stage, BOB)) == (["not_undone"], ["not_undone"])


@pytest.mark.usefixtures("lock_id")
def test_a_mail_about_the_trash_hides_none_about_an_overwrite(stage: Stage) -> None:
    """I17, L-41: somebody overwrites the file as it comes back."""
    stage.world.site().trash(stage.file.id)
    _after(stage, "attachments.undo_trash", lambda: stage.upload(BOB, b"Bob's"))
    stage.reconcile()
    assert (stage.file.status, stage.content) == (FileStatus.CURRENT, b"first")
    assert sorted(_told(stage, ALICE), key=str) == ["trashed", "undone"]
    assert _told(stage, BOB) == ["undone"]


@pytest.mark.parametrize("renamed", ["renamed", "overwritten under a new name"])
def test_an_overwrite_seen_while_a_name_comes_back_is_undone(stage: Stage, lock_id: str, renamed: str) -> None:
    """G4: the lock does not end over it."""
    if renamed == "renamed":
        stage.world.site().rename(stage.file.id, SAM, "sams.txt")
        _after(stage, "attachments.rename", lambda: stage.upload(BOB, b"Bob's"))
    else:
        stage.world.site().upload(stage.file.id, SAM, b"Sam's", title="sams.txt")
        stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 3] = lambda: stage.upload(
            BOB, b"Bob's"
        )
    stage.release(lock_id)
    assert (stage.content, stage.file.title) == (b"first", "plan.txt")
    assert (BOB, "undone") in _conflicts(stage)


def test_a_file_that_never_rests_hides_no_overwrite(
    stage: Stage, lock_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G4: it was taken out of the trash, and there was no look left for what lay below."""
    monkeypatch.setattr(protect, "LOOKS", 1)
    overwrite = stage.world.site().upload(stage.file.id, BOB, b"Bob's")
    stage.world.site().trash(stage.file.id)
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == (overwrite.created,)


def test_our_own_change_of_a_name_accuses_nobody(stage: Stage) -> None:
    """L-44: a lock moves its base to a new name that we have just undone."""
    _after(stage, "lock_properties.create", lambda: stage.world.site().rename(stage.file.id, SAM, "sams.txt"))
    stage.taps.after["attachments.get", 2] = stage.reconcile
    stage.lock()
    stage.reconcile()
    app = stage.world.site().app_account
    assert app not in {account for account, _ in _conflicts(stage)}
    assert _told(stage, app) == []
