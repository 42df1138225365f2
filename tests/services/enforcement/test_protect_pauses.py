"""Who overwrites again and again: undoing pauses for this person, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.ports.jobs import Job, JobKind
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE
from tests.services.stage import Stage


def test_a_fight_is_given_up(locked: Stage) -> None:
    """L-49, P-20, E14, F27: after 3 restores per person and lock in 10 minutes, protection pauses."""
    for number in range(4):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
        locked.world.clock.advance(minutes=1)
    assert locked.content == b"again 3"
    assert (MailKind.PAUSED, ALICE, "paused") in locked.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "not_undone") in locked.mails()
    view = locked.show(BOB)
    assert (view.protection, view.unprotected_reason) == ("unprotected", "paused")
    locked.world.clock.advance(minutes=10)
    locked.sweep()
    assert locked.content == b"first"
    assert locked.show().protection == "protected"


def test_no_number_of_uploads_ends_protection(locked: Stage) -> None:
    """P-20: after every pause the protected version is current again, without another upload."""
    for number in range(25):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
        locked.world.clock.advance(minutes=1)
        if locked.content != b"first":
            until = locked.show().paused_until
            assert until is not None
            locked.world.clock.at = until
            locked.run_jobs(JobKind.RECONCILE, also_later=True)
        assert (locked.content, locked.show().protection) == (b"first", "protected")
    assert locked.audit().count(AuditKind.RESTORED) == 25


def test_a_pause_wakes_the_file_when_it_ends(locked: Stage) -> None:
    """One job, due at the end of the pause; a look before the end defers it again."""
    for number in range(4):
        locked.upload(BOB, b"again %d" % number)
        locked.reconcile()
    due = timedelta(minutes=10)
    assert locked.jobs(JobKind.RECONCILE) == [Job(JobKind.RECONCILE, ACME.id, locked.file.id, due)]
    assert locked.show().paused_until == locked.world.clock.now() + due
    locked.world.clock.advance(minutes=4)
    locked.run_jobs(JobKind.RECONCILE, also_later=False)
    locked.world.tables.jobs.clear()
    locked.sweep()
    assert locked.jobs(JobKind.RECONCILE) == [Job(JobKind.RECONCILE, ACME.id, locked.file.id, timedelta(minutes=6))]


def test_a_pause_is_one_persons(locked: Stage) -> None:
    """During Bob's pause Charlie's and an anonymous overwrite are undone; Bob's next one stands till his end."""
    for number in range(4):
        locked.upload(BOB, b"Bob's %d" % number)
        locked.reconcile()
    until = locked.show().paused_until
    for who in (CHARLIE, None):
        locked.world.clock.advance(minutes=1)
        locked.upload(who, b"by %s" % (who or "nobody").encode())
        locked.reconcile()
        assert locked.content == b"first"
    locked.upload(BOB, b"Bob's again")
    locked.reconcile()
    assert locked.content == b"Bob's again"
    assert locked.show().paused_until == until
    assert len([mail for mail in locked.mails() if mail[0] is MailKind.PAUSED]) == 1


def test_each_pause_is_told(locked: Stage) -> None:
    """M-09: the next pause is longer, and has a mail of its own."""
    for _ in range(2):
        for number in range(4):
            locked.world.clock.advance(seconds=10)
            locked.upload(BOB, b"%d" % number)
            locked.reconcile()
        locked.world.clock.at = locked.show().paused_until or locked.world.clock.at
        locked.world.tables.jobs.clear()
    assert len([mail for mail in locked.mails() if mail[0] is MailKind.PAUSED]) == 2


def test_a_look_during_a_pause_judges_once(locked: Stage) -> None:
    """The file is left alone at once: for uploads as for names."""
    for number in range(4):
        locked.upload(BOB, b"%d" % number)
        locked.reconcile()
    for act in (lambda: locked.upload(BOB, b"5"), lambda: locked.world.site().rename(locked.file.id, BOB, "n.txt")):
        act()
        locked.taps.clear()
        locked.reconcile()
        assert locked.taps.calls["attachments.get"] == 1
        assert locked.show().unprotected_reason == "paused"
