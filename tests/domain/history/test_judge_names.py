"""Names and types in a history, and the trash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain.history.judge import (
    FileStatus,
    Judgement,
    Nothing,
    Policy,
    Restore,
    UndoRename,
    UndoTrash,
    Version,
)
from tests.domain.build import ALICE, APP, BOB, at, version
from tests.domain.history.judgements import EVE, LOCK, V6, V7, judged, restored


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


def test_a_free_upload_below_another_name_stays_free() -> None:
    """L-70: what we restored is newer, and has another name."""
    v8, v9, v10 = named(8, BOB, "a.docx"), named(9, ALICE, "b.docx"), named(10, EVE, "b.docx")
    v11, row = restored(11, v9, title="b.docx")
    came = judged(v8, v9, v10, v11, policy=Policy(absence_until=v8.created), restorations=(row,))
    assert (came.verdict, came.free) == (Nothing(), (v8,))
