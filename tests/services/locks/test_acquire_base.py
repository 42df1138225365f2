"""Which version a new lock protects."""

from __future__ import annotations

from lockpoint.services.errors import HostUnavailable, OutOfDateError
from tests.fakes.world import BOB
from tests.services.stage import Stage, refusal_of


def test_a_copy_that_is_not_the_newest_is_told(stage: Stage) -> None:
    """L-13: out_of_date names author and date of the newer version."""
    stage.upload(BOB, b"newer")
    refusal = refusal_of(stage.lock, seen_version=1)
    assert isinstance(refusal, OutOfDateError)
    assert (refusal.details["version"], refusal.details["author"]) == (2, BOB)
    assert refusal.details["created"] == stage.file.versions[1].created.isoformat()
    assert stage.lock(seen_version=2).status == 201


def test_a_version_is_known_by_the_time_of_its_making(stage: Stage) -> None:
    """L-13: deleting a version gives the later ones other numbers."""
    for content in (b"second", b"third"):
        stage.world.clock.advance(minutes=1)
        stage.upload(BOB, content)
    seen = stage.file.versions[-1].created
    stage.world.site().delete_version(stage.file.id, 2)
    stage.world.clock.advance(minutes=1)
    stage.release(stage.lock(seen_version=3, seen_created=seen).lock.lock_id or "")
    stage.upload(BOB, b"fourth, and the third in number")
    refusal = refusal_of(stage.lock, seen_version=3, seen_created=seen)
    assert isinstance(refusal, OutOfDateError)


def test_an_upload_between_read_and_write_becomes_the_base(stage: Stage) -> None:
    """L-14, E6: the lock stands; a warning names the author."""
    stage.taps.before["lock_properties.create", 1] = lambda: stage.upload(BOB, b"Bob's")
    answer = stage.lock()
    assert answer.status == 201
    assert answer.warning is not None
    assert (answer.warning.author, answer.warning.version) == (BOB, 2)
    assert stage.held.base.created == stage.file.versions[1].created
    stage.sweep()
    assert stage.content == b"Bob's"
    assert stage.mails() == []


def test_an_upload_just_after_the_write_counts_as_before_it(stage: Stage) -> None:
    """E7: before the re-read; as E6."""
    stage.taps.after["lock_properties.create", 1] = lambda: stage.upload(BOB, b"Bob's")
    answer = stage.lock()
    assert answer.warning is not None
    assert stage.held.base.author == BOB


def test_our_own_undoing_of_a_late_upload_is_no_warning(stage: Stage) -> None:
    """E7: the app is not named as the author."""

    def upload_and_undo() -> None:
        stage.upload(BOB, b"Bob's")
        stage.reconcile()

    stage.taps.after["lock_properties.create", 1] = upload_and_undo
    assert stage.lock().warning is None
    assert stage.content == b"first"


def test_the_last_read_may_fail_and_the_lock_stands(stage: Stage) -> None:
    """L-11: after a successful write, the answer is yes."""

    def away() -> None:
        raise HostUnavailable("time-out")

    stage.taps.before["attachments.get", 2] = away
    lock = stage.lock()
    assert lock.status == 201
    stage.release(lock.lock.lock_id or "")
    stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 2] = away
    assert stage.lock().status == 201


def test_the_base_is_the_newest_version_and_its_author(stage: Stage) -> None:
    """L-42."""
    stage.upload(BOB, b"second")
    stage.lock()
    base = stage.held.base
    assert (base.author, base.number, base.size) == (BOB, 2, 6)
