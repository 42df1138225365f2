"""P-16: without a licence locks are shown and can be ended; no new lock, no undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.domain.permissions import Can
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostUnavailable, Unlicensed
from lockpoint.services.listing import page_files
from lockpoint.services.notifications.send_mail import send
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.tenancy import Licence, LicenceNote
from lockpoint.services.reconciliation.reconcile import trashed_by
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.services.tenancy import licence
from lockpoint.services.tenancy.licence import HeardLicences
from lockpoint.services.tenancy.restore_probe import self_test
from tests.fakes.tenancy import FakeLicences, FakeLicenceSource
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, make_stage, refusal_of, untouched
from tests.services.taps import HOST

RETURN = (JobKind.SWEEP, JobKind.REDISCOVER)


@pytest.fixture
def stage() -> Stage:
    """Licences count; the site has one."""
    return make_stage(licensing=True)


def source(stage: Stage) -> FakeLicenceSource:
    return cast("FakeLicenceSource", stage.world.services.licence_source)


def notes(stage: Stage) -> FakeLicences:
    return cast("FakeLicences", stage.world.services.licences)


def end_licence(stage: Stage) -> None:
    source(stage).licensed = False
    stage.world.clock.advance(hours=1)


def test_with_licensing_off_nobody_is_asked() -> None:
    """LOCKPOINT_LICENSING=off: no call to Confluence or the database."""
    stage = make_stage()
    source(stage).licensed = False
    HeardLicences(stage.world.services).hear(ACME, False)
    stage.lock()
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"first"
    assert source(stage).asked == 0
    assert notes(stage).notes == {}


def test_confluence_is_asked_once_an_hour(stage: Stage) -> None:
    stage.lock()
    for _ in range(3):
        stage.show()
    assert source(stage).asked == 1
    stage.world.clock.advance(minutes=59, seconds=59)
    stage.show()
    assert source(stage).asked == 1
    stage.world.clock.advance(seconds=1)
    stage.show()
    assert source(stage).asked == 2


def test_no_new_locks_without_a_licence(stage: Stage) -> None:
    """Acquire, extend and take over are refused; release and break work."""
    lock_id = stage.lock().lock.lock_id or ""
    end_licence(stage)
    other = stage.world.add_file()
    assert isinstance(refusal_of(stage.lock, BOB, file=other), Unlicensed)
    assert isinstance(refusal_of(stage.lock), Unlicensed)
    assert isinstance(refusal_of(stage.extend, lock_id), Unlicensed)
    assert isinstance(refusal_of(stage.take_over, lock_id, DANA), Unlicensed)
    assert stage.held.lock_id == lock_id
    stage.release(lock_id)
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert untouched(stage)


def test_others_locks_can_be_broken_without_a_licence(stage: Stage) -> None:
    """Nothing is undone."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.upload(BOB, b"Bob's")
    end_licence(stage)
    stage.break_(lock_id, DANA)
    assert stage.tombstone.ended.reason is EndReason.BROKEN
    assert stage.tombstone.ended.pending == ()
    assert stage.content == b"Bob's"


@pytest.mark.parametrize("who", [ALICE, BOB, CHARLIE, DANA])
def test_the_flags_say_the_same_as_the_calls(stage: Stage, who: str) -> None:
    """U-13: the lock is shown as unprotecting."""
    lock_id = stage.lock().lock.lock_id or ""
    with_licence = stage.show(who).can
    end_licence(stage)
    view = stage.show(who)
    assert view.lock_id == lock_id
    assert (view.protection, view.unprotected_reason) == ("unprotected", "unlicensed")
    kept = {"release": with_licence.release, "break_": with_licence.break_, "notify_me": with_licence.notify_me}
    assert view.can == Can(**kept)
    [row] = stage.rows(who)
    assert row.lock.can == view.can


def test_a_free_file_cannot_be_locked(stage: Stage) -> None:
    """It has no lock button."""
    end_licence(stage)
    view = stage.show(BOB)
    assert view.can == Can()
    assert view.unprotected_reason is None


def test_nothing_is_undone_and_confluence_is_not_asked(stage: Stage) -> None:
    """Event, sweep, confirm and trash read only the witness."""
    stage.lock()
    end_licence(stage)
    stage.upload(BOB, b"Bob's")
    licence.licensed(stage.world.services, ACME, priority=Priority.EVENT)
    stage.taps.clear()
    stage.reconcile()
    stage.sweep()
    trashed_by(stage.world.services, ACME, stage.file.id, ALICE)
    self_test(stage.world.services, ACME)
    assert [name for name in stage.taps.order if name.partition(".")[0] in HOST] == []
    assert stage.content == b"Bob's"
    assert stage.held.holder == ALICE


def test_a_search_without_a_licence_only_writes_down(stage: Stage) -> None:
    """It records locks for erasures."""
    stage.lock()
    stage.run_jobs()
    end_licence(stage)
    stage.upload(BOB, b"Bob's")
    stage.world.tables.witnesses.clear()
    rediscover(stage.world.services, ACME)
    assert stage.world.services.witnesses.count_held(ACME) == 1
    assert stage.content == b"Bob's"
    assert stage.mails() == []


def test_background_work_rests_without_a_licence(stage: Stage) -> None:
    """P-16: ends and notices follow when the licence returns."""
    stage.lock(life=timedelta(hours=2))
    stage.ask(CHARLIE)
    end_licence(stage)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(hours=3)
    stage.sweep()
    assert stage.held.holder == ALICE
    assert stage.mails() == []
    HeardLicences(stage.world.services).hear(ACME, True)
    stage.run_jobs()
    assert stage.tombstone.ended.reason is EndReason.EXPIRED
    assert stage.content == b"Bob's"
    assert {(kind, who) for kind, who, _ in stage.mails()} >= {
        (MailKind.LOCK_ENDED, ALICE),
        (MailKind.FILE_AVAILABLE, CHARLIE),
    }


def test_mails_wait_for_the_licence(stage: Stage) -> None:
    """No mail is lost."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    end_licence(stage)
    stage.release(lock_id)
    tables = stage.world.tables
    [stored] = tables.intents.values()
    tables.jobs.clear()
    for _ in range(50):
        send(stage.world.services, stored.id)
    assert tables.sent == []
    assert [(job.kind, job.delay) for job in tables.jobs] == [(JobKind.SEND_MAIL, timedelta(hours=1))]
    HeardLicences(stage.world.services).hear(ACME, True)
    send(stage.world.services, stored.id)
    assert [result for _, result in tables.sent] == ["sent"]


def test_a_licence_that_comes_back_leaves_what_was_uploaded(stage: Stage) -> None:
    """Live locks count at once, from the current version; the holder is told once."""
    stage.lock()
    end_licence(stage)
    stage.show()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(minutes=1)
    HeardLicences(stage.world.services).hear(ACME, True)
    assert [job.kind for job in stage.world.tables.jobs if job.kind in RETURN] == list(RETURN)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"again")
    stage.run_jobs()
    assert stage.content == b"meanwhile"
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away") in stage.mails()
    assert stage.mails().count((MailKind.UPLOAD_UNDONE, BOB, "undone")) == 1


def test_when_licences_stop_to_count_nothing_is_undone(stage: Stage) -> None:
    """Switching LOCKPOINT_LICENSING off reactivates an unlicensed site at that moment."""
    stage.lock()
    end_licence(stage)
    stage.show()
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(minutes=1)
    free = replace(stage.world.services, licensing=False)
    free.licences.lift()
    stage.world.services = free
    stage.reconcile()
    assert stage.content == b"meanwhile"
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away")]


def test_while_confluence_is_away_the_last_answer_holds(stage: Stage) -> None:
    """Without any answer, the site is licensed."""
    source(stage).trouble = HostUnavailable("away")
    stage.lock()
    source(stage).trouble = None
    stage.world.clock.advance(hours=1)
    stage.show()
    end_licence(stage)
    stage.show()
    source(stage).trouble = HostUnavailable("away")
    stage.world.clock.advance(days=2)
    assert licence.standing(stage.world.services, ACME, priority=Priority.INTERACTIVE) is Licence.NONE


def test_an_answer_from_the_future_is_not_believed(stage: Stage) -> None:
    """A clock once wrong cannot keep an answer valid."""
    notes(stage).notes[ACME.id] = LicenceNote(Licence.NONE, stage.world.clock.now() + timedelta(days=1))
    stage.lock()


def test_the_same_word_is_written_once_a_minute(stage: Stage) -> None:
    """Webhooks cost no extra: an answer is written when new, and after a minute."""
    heard, clock = HeardLicences(stage.world.services), stage.world.clock
    heard.hear(ACME, True)
    notes(stage).notes.clear()
    clock.advance(seconds=59)
    heard.hear(ACME, True)
    assert notes(stage).notes == {}
    clock.advance(seconds=1)
    heard.hear(ACME, True)
    assert notes(stage).get(ACME) == LicenceNote(Licence.ACTIVE, clock.now())
    heard.hear(ACME, False)
    assert notes(stage).get(ACME).licence is Licence.NONE


def test_a_word_is_lost_with_the_database(stage: Stage) -> None:
    """Recording never fails a call; the next call repeats it."""
    heard = HeardLicences(stage.world.services)
    stage.world.tables.down = True
    heard.hear(ACME, False)
    stage.world.tables.down = False
    assert notes(stage).notes == {}
    heard.hear(ACME, False)
    assert notes(stage).get(ACME).licence is Licence.NONE


def test_an_open_list_learns_of_the_licence(stage: Stage) -> None:
    """The list's tag ends with its licence."""
    actor, page = stage.world.actor(ALICE), stage.file.container
    stage.lock()
    tag = page_files.of_container(stage.world.services, actor, page, page_files.Query()).etag
    assert page_files.unchanged(stage.world.services, actor, page, tag)
    HeardLicences(stage.world.services).hear(ACME, False)
    assert not page_files.unchanged(stage.world.services, actor, page, tag)


def test_a_licence_that_ends_during_an_undoing_does_not_stop_it(stage: Stage) -> None:
    """P-16: what was begun is finished; only an uninstall stops the hand."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.taps.after["witnesses.set_protection", 1] = lambda: end_licence(stage)
    stage.reconcile()
    assert stage.content == b"first"
