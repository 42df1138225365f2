"""Versions of ours in a history: restorations, renames, comments."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.history.judge import Flag, FlagReason, Judgement, KnownRestoration, Nothing, Restore
from lockpoint.domain.history.version_marker import marker
from lockpoint.domain.lock import Base
from tests.domain.build import ALICE, APP, BOB, L1, at, version
from tests.domain.history.judgements import EVE, LOCK, V6, V7, judged, restored


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


def test_our_row_counts_where_the_version_that_it_names_is_gone() -> None:
    """Whatever other version has the same bytes: the row was written after a look at the numbers."""
    v8 = version(8, BOB)
    v9, row = restored(9, V7, file_id=v8.file_id)
    assert judged(v8, v9, past=(V6,), restorations=(row,)).verdict == Nothing()


def test_our_comment_counts_where_the_version_that_it_names_is_gone() -> None:
    """Without a row and without equal bytes; the protected version was deleted."""
    v9 = version(9, APP, message=marker(L1, V7.created))
    assert judged(v9, past=(V6,)).verdict == Nothing()
