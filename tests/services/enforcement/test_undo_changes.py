"""Undo of renames and trash: within the restore budget, and reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Held
from lockpoint.services.errors import Forbidden, HostError, Rejected, TooLarge
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import AuditEvent, Protection
from tests.fakes.confluence.site import APP_ACCOUNT
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


def test_both_hear_of_a_rename_that_was_undone(locked: Stage) -> None:
    """L-47."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert locked.file.title == "plan.txt"
    assert locked.mails() == [
        (MailKind.OVERWRITE_ATTEMPT, ALICE, "renamed"),
        (MailKind.UPLOAD_UNDONE, BOB, "renamed"),
    ]


def test_a_war_of_names_is_paused(locked: Stage) -> None:
    """Restore budget: three per person in ten minutes; then the holder is told of the pause."""
    for number in range(12):
        locked.world.site().rename(locked.file.id, BOB, f"name-{number}.txt")
        locked.world.clock.advance(seconds=5)
        locked.reconcile()
    assert locked.audit().count(AuditKind.RENAMED_BACK) == 3
    assert (MailKind.PAUSED, ALICE, "paused") in locked.mails()
    assert locked.show().unprotected_reason == "paused"
    locked.world.clock.advance(minutes=10)
    locked.run_jobs(JobKind.RECONCILE, also_later=True)
    assert locked.file.title == "plan.txt"


def test_a_war_about_the_trash_is_paused(locked: Stage) -> None:
    """The history does not say who trashed a file: all who do count as one person."""
    for _ in range(4):
        locked.world.site().trash(locked.file.id)
        locked.world.clock.advance(minutes=1)
        locked.reconcile()
    assert locked.audit().count(AuditKind.UNDELETED) == 3
    assert locked.file.status is FileStatus.TRASHED
    assert (MailKind.PAUSED, ALICE, "paused") in locked.mails()
    assert locked.show().paused_until == locked.world.clock.now() + timedelta(minutes=9)
    locked.world.clock.advance(minutes=9)
    locked.run_jobs(JobKind.RECONCILE, also_later=True)
    assert locked.file.status is FileStatus.CURRENT
    assert locked.show().paused_until is None


def test_the_holder_hears_of_the_trash(locked: Stage) -> None:
    """L-46."""
    locked.world.site().trash(locked.file.id)
    locked.reconcile()
    assert locked.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "trashed")]


def test_the_holder_hears_of_the_new_name(locked: Stage) -> None:
    """E21: the file was trashed and its name taken."""
    site = locked.world.site()
    site.trash(locked.file.id)
    site.add_file(site.pages[locked.file.container.id], BOB, title="plan.txt")
    locked.reconcile()
    assert locked.file.title == "plan (restored).txt"
    assert locked.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "trashed_renamed")]
    locked.run_jobs(JobKind.SEND_MAIL)
    (_, facts, _) = locked.world.services.mailer.box[0]
    assert facts.file_name == "plan (restored).txt"


@pytest.mark.parametrize("away", [FileStatus.TRASHED, FileStatus.ARCHIVED, None])
def test_a_page_in_the_trash_suspends_its_locks(locked: Stage, away: FileStatus | None) -> None:
    """E23, F29, L-62: the locks stay live; nothing is tried or mailed."""
    site = locked.world.site()
    page = site.pages[locked.file.container.id]
    site.trash(locked.file.id)
    page.status = away or FileStatus.CURRENT
    if away is None:
        locked.taps.before["people.container", 0] = _closed
    locked.reconcile()
    locked.sweep()
    assert locked.taps.calls["attachments.undelete"] == 0
    assert isinstance(locked.found, Held)
    assert locked.mails() == []
    locked.taps.before.clear()
    assert (locked.show().protection, locked.show().unprotected_reason) == ("suspended", None)
    page.status = locked.file.status = FileStatus.CURRENT
    locked.sweep()
    assert locked.show().protection == "protected"


def _closed() -> None:
    raise Forbidden("the page")


@pytest.mark.parametrize("taken", [0, 1])
def test_a_long_name_that_is_taken_is_cut(locked: Stage, taken: int) -> None:
    """E21: no name of ours is above 255 characters, whatever is taken already."""
    site = locked.world.site()
    page, name = site.pages[locked.file.container.id], "y" * 251 + ".pdf"
    site.rename(locked.file.id, ALICE, name)
    locked.reconcile()
    site.trash(locked.file.id)
    for title in (name, "y" * 240 + " (restored).pdf")[: taken + 1]:
        site.add_file(page, BOB, title=title)
    locked.reconcile()
    mark = " (restored 2).pdf" if taken else " (restored).pdf"
    assert locked.file.status is FileStatus.CURRENT
    assert locked.file.title == "y" * (255 - len(mark)) + mark
    assert locked.show().protection == "protected"


def _upload_behind_our_change(locked: Stage, who: str, *, later: timedelta) -> None:
    """Have this person upload before we read what our return from the trash made, some time before our row."""

    def upload() -> None:
        locked.world.clock.advance(seconds=1)
        locked.upload(who, b"new")
        locked.world.clock.advance(seconds=later.total_seconds())

    def await_read() -> None:
        locked.taps.before["attachments.get", locked.taps.calls["attachments.get"] + 1] = upload

    locked.world.site().trash(locked.file.id)
    locked.taps.before["attachments.undo_trash", locked.taps.calls["attachments.undo_trash"] + 1] = await_read
    locked.reconcile()


def test_an_upload_just_behind_our_change_is_undone(locked: Stage) -> None:
    """L-40: what counts for the budget only is no version of ours that Confluence does not show yet."""
    _upload_behind_our_change(locked, BOB, later=timedelta(seconds=1))
    assert locked.content == b"first"


def test_an_upload_at_the_time_of_our_row_is_not_ours(locked: Stage) -> None:
    """L-40: what counts for the budget only names no version of the holder."""
    _upload_behind_our_change(locked, ALICE, later=timedelta())
    locked.reconcile()
    assert locked.held.base.created == locked.file.versions[-1].created
    assert locked.show().protection == "protected"


def test_another_name_that_came_right_after_ours_is_not_ours(locked: Stage) -> None:
    """The same look gives the name back once more."""
    site = locked.world.site()
    site.rename(locked.file.id, BOB, "other.txt")
    locked.taps.after["attachments.rename", 1] = lambda: site.rename(locked.file.id, BOB, "again.txt")
    locked.reconcile()
    assert locked.file.title == "plan.txt"


def test_other_bytes_that_came_right_after_our_name_are_not_believed_to_be_a_name(locked: Stage) -> None:
    """A version in the app's name with other content restores nothing, so it is no work of this look."""
    site = locked.world.site()
    site.rename(locked.file.id, BOB, "other.txt")
    locked.taps.after["attachments.rename", 1] = lambda: site.add_version(
        locked.file, site.app_account, content=b"of another"
    )
    locked.reconcile()
    known = locked.world.services.restorations.known(ACME, locked.file.id)
    assert locked.file.versions[-1].created not in {own.created for own in known}


def test_a_name_that_came_back_after_a_pause_is_protected_at_once(locked: Stage) -> None:
    """Lists do not go on saying that the file is left alone."""
    for number in range(4):
        locked.world.site().rename(locked.file.id, BOB, f"name-{number}.txt")
        locked.reconcile()
    assert locked.show().unprotected_reason == "paused"
    locked.world.clock.advance(minutes=11)
    locked.reconcile()
    assert locked.file.title == "plan.txt"
    witness = locked.world.services.witnesses.get(ACME, locked.file.id)
    assert witness is not None
    assert (witness.protection, witness.version) == (Protection.PROTECTED, len(locked.file.versions))


def test_mails_about_names_and_the_trash_name_the_version(locked: Stage) -> None:
    """M-05: the one that the file has now, or the one that was undone."""
    site = locked.world.site()
    site.trash(locked.file.id)
    locked.reconcile()
    assert [mail.version for mail in locked.world.tables.mails_of(ACME)] == [len(locked.file.versions)]
    locked.world.tables.intents.clear()
    renamed = site.rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert {mail.version for mail in locked.world.tables.mails_of(ACME)} == {locked.file.versions.index(renamed) + 1}


@pytest.mark.parametrize(
    ("error", "reason"), [(Rejected, "restore_refused"), (Forbidden, "app_blocked"), (TooLarge, "too_large")]
)
def test_a_name_that_confluence_does_not_take_back_is_flagged(
    locked: Stage, error: type[HostError], reason: str
) -> None:
    """P-18: as every undoing that is refused; both hear that it stands."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")

    def refuse() -> None:
        raise error("no")

    locked.taps.before["attachments.rename", 0] = refuse
    locked.reconcile()
    assert locked.taps.calls["attachments.rename"] == 1
    witness = locked.world.services.witnesses.get(ACME, locked.file.id)
    assert witness is not None
    assert witness.protection.value == reason
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in locked.mails()
    assert (MailKind.UNPROTECTED, ALICE, reason) in locked.mails()


def test_a_trash_that_cannot_be_undone_is_tried_once_a_look(locked: Stage) -> None:
    locked.world.site().trash(locked.file.id)

    def refuse() -> None:
        raise Rejected("no")

    locked.taps.before["attachments.undo_trash", 0] = refuse
    locked.reconcile()
    assert locked.taps.calls["attachments.undo_trash"] == 1
    assert (MailKind.UNPROTECTED, ALICE, "restore_refused") in locked.mails()


def _row(locked: Stage, kind: AuditKind) -> AuditEvent:
    (row,) = (row for row in locked.world.tables.audit_of(ACME) if row.kind is kind)
    return row


def test_everything_about_a_name_that_came_back_is_recorded(locked: Stage) -> None:
    """L-47, I16: whose change it was, that the app undid it, and the version of ours that did."""
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert _row(locked, AuditKind.RENAMED_BACK).account == APP_ACCOUNT
    conflict = _row(locked, AuditKind.CONFLICT)
    assert (conflict.account, conflict.detail, conflict.version) == (BOB, "renamed", 2)
    (ours,) = locked.world.services.restorations.known(ACME, locked.file.id)
    assert (ours.created, ours.source_created) == (locked.file.versions[-1].created, locked.file.versions[0].created)
    (done,) = locked.world.services.restorations.recent(ACME, locked.held.lock_id)
    assert done.offenders == (BOB,)


def test_what_the_holders_right_brought_back_is_nobodys_deed(locked: Stage) -> None:
    """P-17: done as the holder, so the app's account is not named."""
    locked.world.site().pages[locked.file.container.id].restricted_to = {ALICE, BOB}
    locked.sweep()
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert locked.file.title == "plan.txt"
    assert _row(locked, AuditKind.RENAMED_BACK).account is None


def test_the_mail_about_the_trash_is_one_of_its_lock(locked: Stage) -> None:
    """G6: told once while the lock lives, for each time that the file was trashed."""
    trashed = locked.file.versions[-1].created
    locked.world.site().trash(locked.file.id)
    locked.reconcile()
    (mail,) = locked.world.tables.mails_of(ACME)
    assert mail.event_key == f"{locked.file.id}/{trashed.isoformat()}/trashed"
    assert (mail.lock_id, mail.recipient) == (locked.held.lock_id, ALICE)


def test_a_file_without_a_page_stays_in_the_trash(locked: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could work on it; its lock is shown as suspended."""
    locked.world.site().trash(locked.file.id)
    get = locked.world.host.attachments.get

    def homeless(*given: Any, **named: Any) -> Attachment:
        return replace(get(*given, **named), container=None)

    monkeypatch.setattr(locked.world.host.attachments, "get", homeless)
    locked.reconcile()
    assert locked.file.status is FileStatus.TRASHED
    assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection is Protection.SUSPENDED


def test_a_file_left_in_the_trash_stays_marked(locked: Stage) -> None:
    """P-16: what was trashed during an absence is left there, at every look."""
    locked.world.services.witnesses.set_protection(ACME, locked.file.id, Protection.UNCHECKED)
    locked.world.site().trash(locked.file.id)
    for _ in range(2):
        locked.reconcile()
        assert locked.file.status is FileStatus.TRASHED
        assert locked.world.tables.witnesses[ACME.id, locked.file.id].protection is Protection.UNCHECKED


def test_a_release_during_a_pause_names_what_stands(locked: Stage) -> None:
    """L-34: in the trash, too, with its overwrites."""
    for _ in range(3):
        locked.world.site().trash(locked.file.id)
        locked.reconcile()
    locked.upload(BOB, b"Bob's")
    locked.world.site().trash(locked.file.id)
    locked.reconcile()
    assert locked.file.status is FileStatus.TRASHED
    overwrite = locked.file.versions[-1].created
    locked.release(locked.held.lock_id)
    assert overwrite in locked.tombstone.ended.pending
