"""Judgements on a file's history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.history.judge import (
    FileStatus,
    Flag,
    FlagReason,
    Judgement,
    KnownRestoration,
    Nothing,
    Policy,
    Restore,
    UndoRename,
    UndoTrash,
    Version,
    judge,
)
from lockpoint.domain.history.version_marker import marker
from lockpoint.domain.lock import Base, EndReason, Held
from tests.domain.build import ALICE, APP, BOB, DANA, L1, at, ended, held, history, version

V6 = version(6, DANA)
V7 = version(7, BOB)  # the base of every lock here
LOCK = held(base=Base(created=V7.created, author=BOB, size=None, number=7), expires_at=None)
EVE = "eve"


def judged(*versions: Version, lock: Held = LOCK, **more: Any) -> Judgement:
    values: dict[str, Any] = {"policy": Policy(), "own_accounts": frozenset({APP}), "restorations": ()}
    status = more.pop("status", FileStatus.CURRENT)
    complete = more.pop("complete", True)
    past = more.pop("past", (V6, V7))
    return judge(history(*past, *versions, status=status, complete=complete), lock, **(values | more))


def restored(number: int, source: Version, **more: Any) -> tuple[Version, KnownRestoration]:
    """Return our restoration of `source`, with its own media id, and its row."""
    made = version(number, APP, **more)
    return made, KnownRestoration(made.created, source.created)


# --- inactive site ----------------------------------------------------------------------------------------------


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


# --- nothing to do -------------------------------------------------------------------------------------------


def test_untouched_file() -> None:
    assert judged() == Judgement(Nothing(), V7)


def test_late_hint_accuses_nobody() -> None:
    """E8, L-44."""
    assert judged(past=(V6,), lock=replace(LOCK, base=replace(LOCK.base, created=V6.created))).superseded == ()


def test_holders_upload_is_followed() -> None:
    """L-42, owner_put_keeps_lock: the base moves to it."""
    v8 = version(8, ALICE)
    assert judged(v8) == Judgement(Nothing(), v8, uploaded=True, by_holder=True)


def test_late_event_about_a_superseded_version() -> None:
    """E9, E10."""
    v8, v9 = version(8, BOB), version(9, ALICE)
    assert judged(v8, v9) == Judgement(Nothing(), v9, uploaded=True, by_holder=True, superseded=(v8,))


def test_allowed_accounts_count_as_the_holder() -> None:
    v8 = version(8, BOB)
    assert judged(v8, policy=Policy(allowed=frozenset({BOB}))) == Judgement(Nothing(), v8, uploaded=True)


def test_same_bytes_by_another() -> None:
    """E16."""
    assert judged(version(8, BOB, file_id=V7.file_id)) == Judgement(Nothing(), V7)


def test_holder_deletes_own_newest() -> None:
    """E20: the lost base is reported."""
    lock = replace(LOCK, base=Base(created=at(minutes=8), author=ALICE, size=None, number=8))
    assert judged(lock=lock) == Judgement(Nothing(), V7)


# --- restoring -----------------------------------------------------------------------------------------------


def test_overwrite_is_undone() -> None:
    """L-40."""
    v8 = version(8, BOB)
    assert judged(v8) == Judgement(Restore(V7, (v8,)), V7)


def test_two_overwrites_one_restore() -> None:
    """L-45: both offenders are reported."""
    v8, v9 = version(8, BOB), version(9, EVE)
    assert judged(v8, v9).verdict == Restore(V7, (v8, v9))


def test_target_is_the_newest_authorised() -> None:
    """L-42: not the version at lock time, nor the previous one."""
    v8, v9, v10, v11 = version(8, ALICE), version(9, BOB), version(10, ALICE), version(11, BOB)
    assert judged(v8, v9, v10, v11) == Judgement(
        Restore(v10, (v11,)), v10, uploaded=True, by_holder=True, superseded=(v9,)
    )


@pytest.mark.parametrize("author", [None, "some bot", DANA])
def test_everybody_else_is_other(author: str | None) -> None:
    """E37, L-50: anonymous people, bots and admins."""
    v8 = version(8, author)
    assert judged(v8).verdict == Restore(V7, (v8,))


def test_unknown_contents_are_not_equal() -> None:
    """Amendment 1: contents without a file id."""
    base = replace(V7, file_id=None)
    v8 = version(8, BOB, file_id=None, size=base.size)
    assert judged(v8, past=(base,)).verdict == Restore(base, (v8,))


def test_base_is_known_by_time_not_number() -> None:
    """E18, F20: an admin deleted v6."""
    moved, v8 = replace(V7, number=6), replace(version(8, BOB), number=7)
    assert judged(v8, past=(moved,)).verdict == Restore(moved, (v8,))


def test_deleted_base() -> None:
    """E19, F20, L-48: the newest remaining authorised version is restored."""
    v8 = version(8, BOB)
    assert judged(v8, past=(V6,)) == Judgement(Restore(V6, (v8,)), V6)


# --- our own versions ----------------------------------------------------------------------------------------


def test_own_restoration_is_transparent() -> None:
    """E11, I14: the overwrite stays recorded."""
    v8 = version(8, BOB)
    v9, row = restored(9, V7)
    assert judged(v8, v9, restorations=(row,)) == Judgement(Nothing(), V7, superseded=(v8,))


def test_own_restoration_is_known_by_its_mark() -> None:
    """Without the Postgres row, the message's marker counts."""
    v8 = version(8, BOB)
    v9 = version(9, APP, message=marker(L1, V7.created))
    assert judged(v8, v9).verdict == Nothing()


def test_the_mark_of_another_author_is_worth_nothing() -> None:
    """Only our own account's marker counts."""
    forged = version(8, BOB, message=marker(L1, V7.created))
    row = KnownRestoration(forged.created, V7.created)
    assert judged(forged, restorations=(row,)).verdict == Restore(V7, (forged,))


def test_a_restoration_in_the_holders_name_is_ours() -> None:
    """By its row; without one by its mark, where the bytes are those of the version that it names."""
    v8, v9 = version(8, BOB), version(9, ALICE, message=marker(L1, V7.created), file_id=V7.file_id)
    row = KnownRestoration(v9.created, V7.created)
    whole = Judgement(Nothing(), V7, superseded=(v8,))
    assert judged(v8, v9, restorations=(row,)) == whole
    assert judged(v8, v9) == whole
    copied = replace(v9, file_id="media-9", message="")
    assert judged(v8, copied, restorations=(row,)).by_holder is False


def test_the_holder_cannot_be_made_to_restore() -> None:
    """A copied mark on other bytes is an upload of theirs, whose content is protected."""
    v8, v9 = version(8, BOB), version(9, ALICE, message=marker(L1, V7.created))
    found = judged(v8, v9)
    assert (found.head, found.uploaded, found.by_holder) == (v9, True, True)


def test_overwrite_after_a_restoration() -> None:
    """Only the next offender is named."""
    v8, (v9, row), v10 = version(8, BOB), restored(9, V7), version(10, EVE)
    assert judged(v8, v9, v10, restorations=(row,)) == Judgement(Restore(V7, (v10,)), V7, superseded=(v8,))


def test_stale_restore_over_the_holders_upload() -> None:
    """E13: Alice uploads during our restore."""
    v8, v9 = version(8, BOB), version(9, ALICE)
    v10, row = restored(10, V7)
    expected = Judgement(Restore(v9, ()), v9, uploaded=True, by_holder=True, superseded=(v8,))
    assert judged(v8, v9, v10, restorations=(row,)) == expected


def test_restoration_stands_in_for_its_deleted_source() -> None:
    """E19."""
    v8, (v9, row), v10 = version(8, BOB), restored(9, V7, message=marker(L1, V7.created)), version(10, EVE)
    kept = judged(v8, v9, past=(V6,), restorations=(row,))
    assert kept == Judgement(Nothing(), v9, superseded=(v8,))
    assert judged(v8, v9, v10, past=(V6,), restorations=(row,)).verdict == Restore(v9, (v10,))


def test_own_change_of_name_does_not_stand_in() -> None:
    """A version that we only renamed may be an overwrite."""
    v8, v9 = version(8, BOB), version(9, APP)
    row = KnownRestoration(v9.created, v8.created)
    assert judged(v9, restorations=(row,)).verdict == Restore(V7, ())
    v10, kept = restored(10, V7)
    assert judged(v8, v10, past=(V6,), restorations=(kept,)) == Judgement(Nothing(), v10, superseded=(v8,))


def test_own_upload_without_source() -> None:
    """L-49: flag, never restore."""
    v8, v9 = version(8, BOB), version(9, APP)
    assert judged(v8, v9).verdict == Flag(FlagReason.OWN_UPLOAD_WITHOUT_SOURCE, (v8,))


def test_own_upload_without_source_that_is_superseded() -> None:
    """It is ignored."""
    v8, v9 = version(8, APP), version(9, ALICE)
    assert judged(v8, v9) == Judgement(Nothing(), v9, uploaded=True, by_holder=True)


def test_stale_restoration_is_no_past_content() -> None:
    """E13 and E19: our stale restoration predates a deleted base; the holder's version before it counts."""
    v8, v9 = version(8, ALICE), version(9, APP, message=marker(L1, V7.created))
    lock = replace(LOCK, base=Base(created=at(minutes=10), author=ALICE, size=None, number=10))
    assert judged(v8, v9, lock=lock) == Judgement(Restore(v8, ()), v8)
    protected = replace(LOCK, base=Base(created=v9.created, author=APP, size=None, number=9))
    assert judged(v8, v9, lock=protected) == Judgement(Nothing(), v9)


def test_restoration_of_the_wrong_version_is_undone() -> None:
    """E18: a version is deleted while we restore by number."""
    v8, v9 = version(8, BOB), version(9, APP, file_id="media-8", message=marker(L1, V7.created))
    assert judged(v8, v9).verdict == Restore(V7, (v8,))
    source, other = replace(V7, size=10), version(9, APP, size=11, message=marker(L1, V7.created))
    assert judged(v8, other, past=(V6, source)).verdict == Restore(source, (v8,))
    assert judged(v8, replace(other, size=10), past=(V6, source)).verdict == Nothing()


def test_own_change_of_name_keeps_the_content() -> None:
    """A version of ours with another's bytes counts as that content."""
    v8, v9 = version(8, BOB), version(9, APP, file_id="media-8")
    assert judged(v8, v9).verdict == Restore(V7, (v8,))
    alike = (version(8, ALICE, file_id=V7.file_id), version(9, APP, file_id=V7.file_id, message=marker(L1, V7.created)))
    assert judged(*alike).verdict == Nothing()


def test_own_account_unknown() -> None:
    """F25: flag, never restore; recorded restorations still count."""
    v8, (v9, row) = version(8, BOB), restored(9, V7)
    assert judged(v8, own_accounts=frozenset()).verdict == Flag(FlagReason.OWN_ACCOUNT_UNKNOWN, (v8,))
    assert judged(v8, v9, own_accounts=frozenset(), restorations=(row,)).verdict == Nothing()
    assert judged(own_accounts=frozenset()).verdict == Nothing()


def test_what_the_app_s_former_account_restored_is_ours() -> None:
    """A site moved to the other door: a restoration by the account of before is no overwrite."""
    v8, v9 = version(8, BOB), version(9, "former-app", message=marker(L1, V7.created))
    ours = frozenset({APP, "former-app"})
    assert judged(v8, v9, own_accounts=ours).verdict == Nothing()
    assert isinstance(judged(v8, v9).verdict, Restore)


# --- doubt ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "clear"), [(1.999, False), (2, True)])
def test_order_unclear(seconds: float, *, clear: bool) -> None:
    """Within 2 s of the base: flag, never restore."""
    v8 = version(8, EVE, created=V7.created + timedelta(seconds=seconds))
    expected = Restore(V7, (v8,)) if clear else Flag(FlagReason.ORDER_UNCLEAR, (v8,))
    assert judged(v8).verdict == expected


def test_order_is_clear_after_the_holders_own_version() -> None:
    """I15: whether or not the base has moved."""
    v8 = version(8, ALICE, created=V7.created + timedelta(seconds=1))
    v9 = version(9, EVE, created=v8.created + timedelta(milliseconds=500))
    assert judged(v8, v9).verdict == Restore(v8, (v9,))
    moved = replace(LOCK, base=Base(created=v8.created, author=ALICE, size=None, number=8))
    assert judged(v8, v9, lock=moved).verdict == Restore(v8, (v9,))


@pytest.mark.parametrize(
    ("complete", "reason"), [(True, FlagReason.BASELINE_LOST), (False, FlagReason.HISTORY_INCOMPLETE)]
)
def test_nothing_authorised_left(*, complete: bool, reason: FlagReason) -> None:
    """L-48."""
    v8 = version(8, BOB)
    assert judged(v8, past=(), complete=complete) == Judgement(Flag(reason, (v8,)), None)
    assert judged(past=(), complete=complete).verdict == Flag(reason)


def test_incomplete_history_is_enough_when_it_shows_an_authorised_version() -> None:
    """E43: the versions back to the newest authorised one are enough."""
    v9, v10 = version(9, ALICE), version(10, BOB)
    assert judged(v9, v10, past=(), complete=False) == Judgement(Restore(v9, (v10,)), v9, uploaded=True, by_holder=True)


# --- time ----------------------------------------------------------------------------------------------------


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


# --- name and trash ------------------------------------------------------------------------------------------


def named(number: int, author: str, title: str, **more: Any) -> Version:
    return version(number, author, title=title, **more)


PLAN = replace(V7, title="plan.docx")


def test_rename_by_another() -> None:
    """E17: version + 1, same bytes: no upload."""
    v8 = named(8, BOB, "other.docx", file_id=V7.file_id)
    assert judged(v8, past=(PLAN,)) == Judgement(UndoRename(PLAN, v8, PLAN), PLAN)
    assert judged(v8, past=(PLAN,), policy=Policy(undo_rename=False)).verdict == Nothing()


def test_rename_by_the_holder() -> None:
    v8 = named(8, ALICE, "other.docx", file_id=V7.file_id)
    assert judged(v8, past=(PLAN,)) == Judgement(Nothing(), v8, uploaded=True)


def test_own_rename_back_is_transparent() -> None:
    v8 = named(8, BOB, "other.docx", file_id=V7.file_id)
    v9 = named(9, APP, "plan.docx", file_id=V7.file_id)
    assert judged(v8, v9, past=(PLAN,)) == Judgement(Nothing(), PLAN)


def test_a_new_name_over_an_overwrite_adopts_no_bytes() -> None:
    """G3: Bob overwrites, then Alice renames: her name stays."""
    v8 = version(8, BOB, title=PLAN.title)
    v9 = version(9, ALICE, file_id=v8.file_id, title="Alice's name.docx")
    found = judged(v8, v9, past=(PLAN,))
    assert found.verdict == Restore(PLAN, (v8,), renamed=v9)
    assert not found.uploaded
    ours, row = restored(10, PLAN, title="Alice's name.docx")
    after = judged(v8, v9, ours, past=(PLAN,), restorations=(row,))
    assert (after.verdict, after.superseded) == (Nothing(), (v8,))


def test_a_new_name_by_the_holder_moves_the_base_and_is_no_upload() -> None:
    """G9: the content is the same."""
    renamed = version(8, ALICE, file_id=PLAN.file_id, title="other.docx")
    found = judged(renamed, past=(PLAN,))
    assert (found.verdict, found.head, found.uploaded, found.by_holder) == (Nothing(), renamed, True, False)


def test_an_upload_under_a_wrong_name_does_not_choose_it() -> None:
    """G3: Bob renames, and Alice uploads before a look: her content stays, his name goes, and he is named, not she."""
    v8 = named(8, BOB, "other.docx", file_id=PLAN.file_id)
    v9 = named(9, ALICE, "other.docx")
    found = judged(v8, v9, past=(PLAN,))
    assert found.verdict == UndoRename(replace(v9, title="plan.docx"), v8, v9)
    assert (found.head, found.uploaded, found.name_waits, found.by_holder) == (v9, True, True, True)
    v10 = named(10, APP, "plan.docx", file_id=v9.file_id)
    after = judged(v8, v9, v10, past=(PLAN,))
    assert (after.verdict, after.head, after.uploaded, after.name_waits) == (Nothing(), v9, True, False)
    assert judged(v8, named(9, ALICE, "mine.docx"), past=(PLAN,)).verdict == Nothing()


def test_the_name_that_we_gave_back_is_right() -> None:
    """The base is the holder's upload under a wrong name, which is not that of the file for that."""
    v9 = named(7, ALICE, "other.docx")
    v10 = named(8, APP, "plan.docx", file_id=v9.file_id)
    v11 = named(9, BOB, "third.docx", file_id=v9.file_id)
    base_ = replace(LOCK, base=replace(LOCK.base, created=v9.created, author=ALICE))
    verdict = judged(v10, v11, past=(v9,), lock=base_).verdict
    assert verdict == UndoRename(replace(v9, title="plan.docx"), v11, v9)


def test_a_wrong_name_is_not_protected_while_it_waits() -> None:
    """Bob overwrites what Alice uploaded under his name: the base moves when both are undone."""
    v8 = named(8, BOB, "other.docx", file_id=PLAN.file_id)
    v9, v10 = named(9, ALICE, "other.docx"), named(10, BOB, "other.docx")
    found = judged(v8, v9, v10, past=(PLAN,))
    assert found.verdict == Restore(v9, (v10,), renamed=replace(v9, title="plan.docx"))
    assert (found.head, found.uploaded, found.name_waits) == (v9, True, True)


def test_new_content_brings_its_own_type() -> None:
    """A comment on a version keeps the type that somebody else had changed from being adopted."""
    v8 = named(8, BOB, "plan.docx", file_id=PLAN.file_id, media_type="text/html")
    plan = replace(PLAN, media_type="application/msword")
    note = replace(v8, number=9, created=at(minutes=9), author=ALICE)
    right = replace(note, media_type="application/msword")
    found = judged(v8, note, past=(plan,)).verdict
    assert isinstance(found, UndoRename)
    assert (found.named, found.offender) == (right, v8)
    upload = named(9, ALICE, "plan.docx", media_type="text/html")
    assert judged(v8, upload, past=(plan,)).verdict == Nothing()


def test_an_upload_under_a_name_of_ours_leaves_it() -> None:
    """E21: the file's own name is still taken."""
    v8 = named(8, BOB, "other.docx", file_id=PLAN.file_id)
    v9 = named(9, APP, "plan (restored).docx", file_id=PLAN.file_id)
    v10 = named(10, ALICE, "plan (restored).docx")
    assert judged(v8, v9, v10, past=(PLAN,)).verdict == Nothing()


def test_overwrite_and_rename() -> None:
    """Content first, then the name; the offender is the last other, never ourselves."""
    v8, v9 = version(8, BOB, title="plan.docx"), named(9, EVE, "other.docx", file_id="media-8")
    assert judged(v8, v9, past=(PLAN,)).verdict == Restore(PLAN, (v8,))
    v10, row = restored(10, V7, title="other.docx")
    assert judged(v8, v9, v10, past=(PLAN,), restorations=(row,)).verdict == UndoRename(PLAN, v9, PLAN)
    assert judged(v10, past=(PLAN,), restorations=(row,)).verdict == UndoRename(PLAN, None, PLAN)


def test_the_holder_is_not_blamed_for_a_name_that_a_deletion_made_wrong() -> None:
    """L-44: the base and its name are gone, ours has them still, and Alice uploads under it."""
    ours, row = restored(8, V7, title="new name.docx")
    mine = named(9, ALICE, "new name.docx")
    found = judged(ours, mine, past=(replace(V6, title="plan.docx"),), restorations=(row,)).verdict
    assert found == UndoRename(replace(mine, title="plan.docx"), None, mine)


def test_unknown_names_are_left_alone() -> None:
    """An unread title is not compared."""
    v8 = version(8, BOB, file_id=V7.file_id)
    assert judged(v8, past=(PLAN,)).verdict == Nothing()
    assert judged(replace(v8, title="other.docx"), past=(V7,)).verdict == Nothing()


def test_trashed_file_comes_back() -> None:
    """L-46: not when switched off."""
    assert judged(status=FileStatus.TRASHED).verdict == UndoTrash()
    assert judged(status=FileStatus.TRASHED, policy=Policy(undo_trash=False)).verdict == Nothing()


@pytest.mark.parametrize("status", [FileStatus.ARCHIVED, FileStatus.DRAFT])
def test_inert_files_are_left_alone(status: FileStatus) -> None:
    """Archived files and drafts are suspended."""
    assert judged(version(8, BOB), status=status).verdict == Nothing()


def test_a_name_of_ours_for_one_that_is_taken_stands() -> None:
    """E21: it says so itself; the same name by anybody else is undone."""
    v8 = named(8, BOB, "other.docx", file_id=PLAN.file_id)
    v9 = named(9, APP, "plan (restored).docx", file_id=PLAN.file_id)
    assert judged(v8, v9, past=(PLAN,)).verdict == Nothing()
    assert judged(v8, replace(v9, author=EVE), past=(PLAN,)).verdict == UndoRename(PLAN, replace(v9, author=EVE), PLAN)


def test_who_gave_the_wrong_name_is_blamed_below_a_version_of_ours() -> None:
    """Our comment on it changed nothing."""
    v8 = named(8, BOB, "other.docx", file_id=PLAN.file_id)
    v9 = named(9, APP, "other.docx", file_id=PLAN.file_id)
    assert judged(v8, v9, past=(PLAN,)).verdict == UndoRename(PLAN, v8, PLAN)


@pytest.mark.parametrize(("minute", "stands"), [(7.9, True), (8, True), (8.1, False)])
def test_the_old_holders_upload_stands_until_the_take_over_began(minute: float, *, stands: bool) -> None:
    """G2: the moment itself included."""
    over = ended(EndReason.TAKEN_OVER, at=at(minutes=7.5), holder=EVE)
    lock = replace(LOCK, holder=DANA, acquired_at=at(minutes=7.5), ended=over, began=at(minutes=8))
    v8 = version(8, EVE, created=at(minutes=minute))
    assert lock.taken_from == EVE
    assert isinstance(judged(v8, lock=lock).verdict, Nothing) is stands


def test_our_row_counts_where_the_version_that_it_names_is_gone() -> None:
    """Whatever other version has the same bytes: the row was written after a look at the numbers."""
    v8 = version(8, BOB)
    v9, row = restored(9, V7, file_id=v8.file_id)
    assert judged(v8, v9, past=(V6,), restorations=(row,)).verdict == Nothing()


def test_our_comment_counts_where_the_version_that_it_names_is_gone() -> None:
    """Without a row and without equal bytes; the protected version was deleted."""
    v9 = version(9, APP, message=marker(L1, V7.created))
    assert judged(v9, past=(V6,)).verdict == Nothing()


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


def test_a_free_upload_below_another_name_stays_free() -> None:
    """L-70: what we restored is newer, and has another name."""
    v8, v9, v10 = named(8, BOB, "a.docx"), named(9, ALICE, "b.docx"), named(10, EVE, "b.docx")
    v11, row = restored(11, v9, title="b.docx")
    came = judged(v8, v9, v10, v11, policy=Policy(absence_until=v8.created), restorations=(row,))
    assert (came.verdict, came.free) == (Nothing(), (v8,))
