"""L-24, P-05: unlock after my next upload, wished for at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason, Free, Held
from lockpoint.services.tenancy import site_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, one_row_for_each_record


@pytest.fixture
def lock_id(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(minutes=1)
    return lock_id


def test_it_can_be_wished_for_later_and_taken_back(stage: Stage, lock_id: str) -> None:
    """L-24: with an extension; without a word it stays as it is."""
    assert stage.extend(lock_id, unlock_on_upload=True).lock.unlock_on_upload
    assert stage.extend(lock_id, hours=60).lock.unlock_on_upload
    assert not stage.extend(lock_id, unlock_on_upload=False).lock.unlock_on_upload
    stage.upload(ALICE, b"second")
    stage.reconcile()
    assert isinstance(stage.found, Held)
    assert stage.held.base.number == 2


def test_it_can_be_wished_for_where_no_time_is_left(stage: Stage) -> None:
    """L-31: only a wish for more time is refused."""
    lock_id = stage.lock(life=timedelta(days=30)).lock.lock_id or ""
    stage.world.clock.advance(minutes=1)
    before = stage.held.expires_at
    assert stage.extend(lock_id, unlock_on_upload=True).lock.unlock_on_upload
    assert stage.held.expires_at == before


def test_an_upload_before_the_wish_is_no_next_upload(stage: Stage, lock_id: str) -> None:
    """L-24: also where its hint was lost and nobody has looked yet."""
    stage.upload(ALICE, b"before the wish")
    stage.world.clock.advance(seconds=5)
    stage.extend(lock_id, unlock_on_upload=True)
    stage.sweep()
    assert isinstance(stage.found, Held)
    stage.world.clock.advance(seconds=5)
    stage.upload(ALICE, b"the next")
    stage.sweep()
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert stage.content == b"the next"
    assert one_row_for_each_record(stage)


def test_an_overwrite_before_the_wish_is_undone_before_it(stage: Stage, lock_id: str) -> None:
    """L-24, L-40: Alice's upload below it is protected."""
    stage.upload(ALICE, b"Alice's")
    stage.world.clock.advance(seconds=5)
    stage.upload(BOB, b"Bob's")
    stage.extend(lock_id, unlock_on_upload=True)
    assert stage.content == b"Alice's"
    stage.sweep()
    assert isinstance(stage.found, Held)


def _waiting(stage: Stage, lock_id: str) -> None:
    stage.extend(lock_id, unlock_on_upload=True)
    stage.ask(CHARLIE)
    stage.request(lock_id, SAM)
    stage.world.clock.advance(minutes=1)


def _ended_once(stage: Stage) -> None:
    assert isinstance(stage.found, Free)
    assert stage.content == b"done"
    assert stage.audit().count(AuditKind.RELEASED) == 1
    available = [m[1] for m in stage.mails() if m[0] is MailKind.FILE_AVAILABLE]
    assert available == sorted([CHARLIE, SAM])


def test_another_uploads_within_seconds(stage: Stage, lock_id: str) -> None:
    """L-24: settle first: Alice's version is current again, then the lock ends, and each who waits is told once."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    stage.world.clock.advance(seconds=2)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.run_jobs()
    stage.sweep()
    _ended_once(stage)
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") in stage.mails()


def test_another_uploads_while_the_lock_ends(stage: Stage, lock_id: str) -> None:
    """L-24, L-34: between the look and the end: it came under the lock, so it is recorded, told, and never silent."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.run_jobs()
    assert isinstance(stage.found, Free)
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone") in stage.mails()


def test_a_lost_hint(stage: Stage, lock_id: str) -> None:
    """P-19: the sweep sees it."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    stage.sweep()
    stage.sweep()
    _ended_once(stage)


def test_doubled_hints(stage: Stage, lock_id: str) -> None:
    """L-43: one end."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    for _ in range(3):
        stage.reconcile()
    stage.run_jobs()
    _ended_once(stage)


def test_a_late_hint_about_the_last_lock_ends_no_new_one(stage: Stage, lock_id: str) -> None:
    """L-44: the upload that ended a lock ends no second one."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    stage.reconcile()
    stage.world.clock.advance(minutes=1)
    stage.lock(unlock_on_upload=True)
    stage.reconcile()
    stage.sweep()
    assert stage.held.holder == ALICE


def test_a_rename_is_no_upload(stage: Stage, lock_id: str) -> None:
    """G9: nor is a name and then an overwrite that is undone."""
    _waiting(stage, lock_id)
    stage.world.site().rename(stage.file.id, ALICE, "mine.txt")
    stage.sweep()
    stage.world.clock.advance(seconds=5)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.held.holder == ALICE


def test_the_save_of_an_allowed_app_is_protected_and_ends_nothing(stage: Stage, lock_id: str) -> None:
    """P-08, L-24: it saves while the person still types; their own upload is the one that they mean."""
    services = stage.world.services
    site_settings.change(services, stage.world.actor(SAM), revision=0, changes={"allowed_apps": [DANA]})
    _waiting(stage, lock_id)
    stage.upload(DANA, b"saved by the app")
    stage.sweep()
    assert stage.held.base.number == 2
    assert stage.content == b"saved by the app"
    stage.world.clock.advance(seconds=5)
    stage.upload(ALICE, b"done")
    stage.sweep()
    _ended_once(stage)


def test_a_wish_that_is_taken_back_while_the_look_works(stage: Stage, lock_id: str) -> None:
    """ADR 29: the lock goes on; the upload is protected all the same."""
    _waiting(stage, lock_id)
    stage.upload(ALICE, b"done")
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.extend(lock_id, unlock_on_upload=False)
    stage.reconcile()
    assert stage.held.lock_id == lock_id
    stage.world.clock.advance(seconds=5)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.content == b"done"
    assert stage.held.base.number == 2


def test_after_a_hand_over_it_is_the_new_holders_choice(stage: Stage, lock_id: str) -> None:
    """P-11, L-24: the wish goes with the lock that ended."""
    _waiting(stage, lock_id)
    stage.hand_over(lock_id, SAM)
    stage.world.clock.advance(seconds=5)
    stage.upload(SAM, b"Sam's")
    stage.sweep()
    assert stage.held.holder == SAM


def test_the_upload_that_was_to_end_the_lock_while_it_is_handed_over(stage: Stage, lock_id: str) -> None:
    """P-11, L-24: whichever comes first in the record; the content is kept either way."""
    _waiting(stage, lock_id)
    number = stage.taps.calls["lock_properties.replace"] + 1
    stage.taps.before["lock_properties.replace", number] = lambda: stage.upload(ALICE, b"done")
    stage.hand_over(lock_id, SAM)
    stage.run_jobs()
    stage.sweep()
    assert (stage.held.holder, stage.content) == (SAM, b"done")


def test_the_wish_is_another_sites_own(stage: Stage, lock_id: str) -> None:
    """I18: the record of acme alone; the fixture looks at the other site."""
    stage.extend(lock_id, unlock_on_upload=True)
    witness = stage.world.tables.witnesses[ACME.id, stage.file.id].record
    assert isinstance(witness, Held)
    assert replace(witness, note=stage.held.note) == stage.held
