"""An overwrite is undone with its name and media type."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import Forbidden, HostError, HostUnavailable, LostRace, Rejected
from lockpoint.services.tenancy.site_settings import change
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, SAM
from tests.services.enforcement.told import BOTH_TOLD
from tests.services.stage import Stage, untouched

PDF = "application/pdf"


@pytest.fixture(params=["with the type", "bytes only", "copy mode"])
def locked(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """A locked file on a site of each kind."""
    site = stage.world.site()
    site.restore_leaves_type = request.param == "bytes only"
    if request.param == "copy mode":
        site.restore_refused = True
        change(
            stage.world.services, stage.world.actor(SAM), revision=0, changes={"copy_mode": True, "usage_counts": False}
        )
    stage.lock()
    stage.world.clock.advance(minutes=1)
    return stage


def test_name_and_type_come_back_with_the_bytes(locked: Stage) -> None:
    """B1: one undoing, one mail to each."""
    locked.world.site().upload(locked.file.id, BOB, b"Bob's", title="plan.pdf", media_type=PDF)
    locked.reconcile()
    assert (locked.content, locked.file.title, locked.file.media_type) == (b"first", "plan.txt", "text/plain")
    assert locked.mails() == BOTH_TOLD
    about_the_file = [kind for kind in locked.audit() if kind is not AuditKind.SETTINGS_CHANGED]
    assert about_the_file == [AuditKind.ACQUIRED, AuditKind.CONFLICT, AuditKind.RESTORED]
    versions = len(locked.file.versions)
    locked.sweep()
    assert len(locked.file.versions) == versions
    assert locked.show().protection == "protected"
    assert untouched(locked)


def test_the_name_that_the_holder_gave_comes_back(locked: Stage) -> None:
    """Over an overwrite that was not seen yet."""
    site = locked.world.site()
    site.upload(locked.file.id, BOB, b"Bob's", title="plan.pdf", media_type=PDF)
    site.rename(locked.file.id, ALICE, "Alice's name.txt", "text/markdown")
    locked.reconcile()
    assert (locked.content, locked.file.title, locked.file.media_type) == (
        b"first",
        "Alice's name.txt",
        "text/markdown",
    )


def test_a_changed_type_alone_is_undone(locked: Stage) -> None:
    """P-06, L-47."""
    locked.world.site().rename(locked.file.id, BOB, "plan.txt", PDF)
    locked.reconcile()
    assert locked.file.media_type == "text/plain"
    assert [m[2] for m in locked.mails()] == ["renamed", "renamed"]


def test_a_name_that_is_taken_meanwhile(locked: Stage) -> None:
    """The file gets a name that says so, and keeps it."""
    site = locked.world.site()
    site.upload(locked.file.id, BOB, b"Bob's", title="other.txt")
    site.add_file(site.pages[locked.file.container.id], BOB, b"taken", title="plan.txt")
    for _ in range(3):
        locked.reconcile()
    assert (locked.content, locked.file.title) == (b"first", "plan (restored).txt")
    versions = len(locked.file.versions)
    locked.sweep()
    assert len(locked.file.versions) == versions


def test_a_host_that_fails_between_bytes_and_name(locked: Stage) -> None:
    """The name comes back with the next look."""
    site = locked.world.site()
    site.upload(locked.file.id, BOB, b"Bob's", title="plan.pdf", media_type=PDF)

    def away() -> None:
        raise HostUnavailable("503")

    locked.taps.before["attachments.rename", 1] = away
    try:
        locked.reconcile()
    except HostUnavailable:
        locked.reconcile()
    assert (locked.content, locked.file.title) == (b"first", "plan.txt")


def test_overwritten_renamed_and_trashed(locked: Stage) -> None:
    """G4, E21: everything comes back in one look."""
    site = locked.world.site()
    site.upload(locked.file.id, BOB, b"Bob's", title="plan.pdf", media_type=PDF)
    site.trash(locked.file.id)
    site.add_file(site.pages[locked.file.container.id], CHARLIE, b"Charlie's", title="plan.pdf")
    locked.reconcile()
    assert (locked.content, locked.file.title, locked.file.status) == (b"first", "plan.txt", FileStatus.CURRENT)
    undeleted = [row for row in locked.world.tables.audit_of(ACME) if row.kind is AuditKind.UNDELETED]
    assert [row.account for row in undeleted] == [site.app_account]


def test_a_name_that_slipped_in_is_undone_after_the_trash(locked: Stage) -> None:
    """L-47: a new name comes in just before our version, and then the file is trashed."""
    site, way = locked.world.site(), "copy" if locked.world.site().restore_refused else "restore"

    def rename() -> None:
        locked.world.clock.advance(seconds=1)
        site.rename(locked.file.id, CHARLIE, "other.txt")

    locked.taps.before[f"attachments.{way}", locked.taps.calls[f"attachments.{way}"] + 1] = rename
    locked.taps.after[f"attachments.{way}", locked.taps.calls[f"attachments.{way}"] + 1] = lambda: site.trash(
        locked.file.id
    )
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    locked.reconcile()
    assert (locked.content, locked.file.title) == (b"first", "plan.txt")
    assert locked.file.status is FileStatus.CURRENT


@pytest.mark.parametrize(
    ("error", "flagged"), [(LostRace, None), (Rejected, "restore_refused"), (Forbidden, "app_blocked")]
)
def test_a_name_that_cannot_come_back_now_comes_with_a_later_look(
    locked: Stage, error: type[HostError], flagged: str | None
) -> None:
    """The bytes are back and told; a refusal is told, too; the name follows."""
    locked.world.site().upload(locked.file.id, BOB, b"Bob's", title="plan.pdf")

    def refuse() -> None:
        raise error("not now")

    locked.taps.before["attachments.rename", 0] = refuse
    locked.reconcile()
    assert (locked.content, locked.file.title) == (b"first", "plan.pdf")
    unprotected = [(MailKind.UNPROTECTED, ALICE, flagged)] if flagged else []
    assert locked.mails() == sorted([*BOTH_TOLD, *unprotected])
    locked.taps.before.clear()
    locked.reconcile()
    assert (locked.content, locked.file.title) == (b"first", "plan.txt")
