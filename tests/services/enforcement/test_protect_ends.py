"""Ends of a lock, by its holder's upload or by time: what is to be undone is undone first."""

from __future__ import annotations

from lockpoint.domain.events import MailKind
from tests.fakes.world import ALICE, BOB, CHARLIE
from tests.services.stage import Stage


def test_unlock_after_my_next_upload(stage: Stage) -> None:
    """L-24: ends at the first authorised version, after protection."""
    stage.lock(unlock_on_upload=True)
    stage.ask(CHARLIE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.held.holder == ALICE
    stage.upload(ALICE, b"done")
    stage.reconcile()
    assert stage.tombstone.ended.by == ALICE
    assert stage.content == b"done"
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()


def test_the_end_by_an_upload_names_what_stands(stage: Stage) -> None:
    """L-24, L-34: Bob's overwrite of Alice's last upload cannot be undone."""
    stage.lock(unlock_on_upload=True)
    stage.world.clock.advance(minutes=1)
    stage.upload(ALICE, b"done")
    stage.world.clock.advance(seconds=5)
    stage.upload(BOB, b"Bob's")
    stage.world.site().restore_refused = True
    stage.reconcile()
    assert stage.tombstone.ended.pending == (stage.file.versions[-1].created,)


def test_expiry_with_a_pending_restore_restores_first(locked: Stage) -> None:
    """L-34."""
    locked.upload(BOB, b"Bob's")
    locked.world.clock.advance(hours=49)
    locked.sweep()
    assert locked.content == b"first"
    assert locked.tombstone.ended.reason == "expired"
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in locked.mails()


def test_nobody_is_punished_in_the_grey_minute(locked: Stage) -> None:
    """I10: versions created from δ before expires_at on are not undone."""
    locked.world.clock.advance(hours=47, minutes=58, seconds=40)
    locked.upload(BOB, b"Bob's")
    locked.world.clock.advance(minutes=2)
    locked.sweep()
    assert locked.content == b"Bob's"


def test_an_extension_beats_the_clean_up(locked: Stage) -> None:
    """L-32: clean-up uses expires_at, with compare and set, one by one."""
    locked.world.clock.advance(hours=47)
    locked.extend(locked.held.lock_id)
    locked.world.clock.advance(hours=2)
    locked.sweep()
    assert locked.held.holder == ALICE
