"""When protection begins and ends, and what came while nobody protected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.history.judge import FileStatus, Judgement, Nothing, Policy, Restore
from lockpoint.domain.lock import EndReason
from tests.domain.build import ALICE, BOB, DANA, at, ended, version
from tests.domain.history.judgements import EVE, LOCK, V7, judged, restored


def test_what_was_made_while_nobody_protected_stands() -> None:
    """L-70, P-16: uploads made while inactive are accepted; the newest is protected, the rest named."""
    v8, v9 = version(8, BOB), version(9, EVE)
    free = Policy(absence_until=v9.created)
    assert judged(v8, v9, policy=free) == Judgement(Nothing(), v9, uploaded=True, free=(v8, v9))


def test_what_came_after_the_return_is_undone() -> None:
    """The author of the newest accepted version is no offender."""
    v8, v9 = version(8, BOB), version(9, EVE)
    assert judged(v8, v9, policy=Policy(absence_until=v8.created)).verdict == Restore(v8, (v9,))


def test_the_holders_own_version_is_not_a_free_one() -> None:
    """It is not reported."""
    v8 = version(8, ALICE)
    assert judged(v8, policy=Policy(absence_until=v8.created)) == Judgement(
        Nothing(), v8, uploaded=True, by_holder=True
    )


def test_an_absence_before_the_base_changes_nothing() -> None:
    """The lock protects from its base."""
    v8 = version(8, BOB)
    assert judged(v8, policy=Policy(absence_until=V7.created)).verdict == Restore(V7, (v8,))


@pytest.mark.parametrize(("second", "undone"), [(-31, True), (-30, False), (0, False), (60, False)])
def test_end_of_protection(second: int, *, undone: bool) -> None:
    """I10, E42."""
    lock = replace(LOCK, expires_at=at(hours=5))
    v8 = version(8, BOB, created=at(hours=5, seconds=second))
    late = judged(v8, lock=lock)
    assert late == (Judgement(Restore(V7, (v8,)), V7) if undone else Judgement(Nothing(), v8))


def test_late_version_supersedes_the_overwrite() -> None:
    """Rule 7: reported; the file is unchanged."""
    lock = replace(LOCK, expires_at=at(hours=5))
    v8, v9 = version(8, BOB), version(9, EVE, created=at(hours=6))
    assert judged(v8, v9, lock=lock) == Judgement(Nothing(), v9, superseded=(v8,))


def test_ended_lock_never_touches_the_file() -> None:
    """Rule 7: record and report; its trash status is unchanged too."""
    v8, v9 = version(8, BOB), version(9, EVE)
    over = judged(v8, v9, until=v9.created)
    assert over == Judgement(Nothing(), v9, superseded=(v8,))
    assert judged(v8, until=at(hours=1)) == Judgement(Nothing(), V7, superseded=(v8,))
    assert judged(status=FileStatus.TRASHED, until=at(hours=1)).verdict == Nothing()


def test_the_earlier_end_counts() -> None:
    """A lock that expired before it was ended protected until its expiry."""
    lock = replace(LOCK, expires_at=at(minutes=8, seconds=30))
    assert judged(version(8, BOB), lock=lock, until=at(hours=1)).superseded == ()


@pytest.mark.parametrize(("minute", "stands"), [(7.9, True), (8, True), (8.1, False)])
def test_the_old_holders_upload_stands_until_the_take_over_began(minute: float, *, stands: bool) -> None:
    """G2: the moment itself included."""
    over = ended(EndReason.TAKEN_OVER, at=at(minutes=7.5), holder=EVE)
    lock = replace(LOCK, holder=DANA, acquired_at=at(minutes=7.5), ended=over, began=at(minutes=8))
    v8 = version(8, EVE, created=at(minutes=minute))
    assert lock.taken_from == EVE
    assert isinstance(judged(v8, lock=lock).verdict, Nothing) is stands


def test_what_was_uploaded_freely_and_restored_by_us_stays_free() -> None:
    """L-70: undoing what came after it is no reason to take it for an overwrite."""
    v8, v9 = version(8, BOB), version(9, EVE)
    v10, row = restored(10, v8)
    came = judged(v8, v9, v10, policy=Policy(absence_until=v8.created), restorations=(row,))
    assert (came.verdict, came.free, came.head) == (Nothing(), (v8,), v8)


def test_a_version_of_the_moment_in_which_the_lock_began_was_found_in_place() -> None:
    """G2: by the host's time, the moment itself included."""
    v8 = version(8, BOB)
    found = judged(v8, lock=replace(LOCK, began=v8.created))
    assert (found.verdict, found.head, found.uploaded) == (Nothing(), v8, True)
    later = judged(v8, lock=replace(LOCK, began=v8.created - timedelta(seconds=1)))
    assert isinstance(later.verdict, Restore)
