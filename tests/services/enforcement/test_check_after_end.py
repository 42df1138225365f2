"""After a lock ended, overwrites made before its end are recorded and reported, not undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, one_row_for_each_record
from tests.services.taps import ProcessDied

HOLDER_TOLD = (MailKind.OVERWRITE_ATTEMPT, ALICE, "not_undone")
AUTHOR_TOLD = (MailKind.UPLOAD_UNDONE, BOB, "not_undone")


def _release(stage: Stage, lock_id: str) -> None:
    stage.release(lock_id)


def _break(stage: Stage, lock_id: str) -> None:
    stage.break_(lock_id, DANA)


ENDS = {"release": _release, "break": _break}
End = Callable[[Stage, str], None]


def _locked(stage: Stage) -> str:
    lock_id = stage.lock().lock.lock_id
    assert lock_id is not None
    stage.world.clock.advance(minutes=1)
    return lock_id


def _just_before_the_tombstone(stage: Stage, act: Callable[[], None]) -> None:
    stage.taps.before["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = act


def _conflicts(stage: Stage) -> list[str | None]:
    return [row.detail for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.CONFLICT]


def _die() -> NoReturn:
    raise ProcessDied("after the tombstone")


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_slips_in_before_the_tombstone_is_told(stage: Stage, end: End) -> None:
    """Enforcement 7."""
    lock_id = _locked(stage)
    _just_before_the_tombstone(stage, lambda: stage.upload(BOB, b"Bob's"))
    end(stage, lock_id)
    assert stage.content == b"Bob's"
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    assert _conflicts(stage) == ["ended"]
    stage.reconcile()
    stage.sweep()
    assert _conflicts(stage) == ["ended"]
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_is_told_after_a_crash_too(stage: Stage, end: End) -> None:
    """F38."""
    lock_id = _locked(stage)
    _just_before_the_tombstone(stage, lambda: stage.upload(BOB, b"Bob's"))
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    with pytest.raises(ProcessDied):
        end(stage, lock_id)
    stage.world.clock.advance(minutes=3)
    stage.sweep()
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    assert _conflicts(stage) == ["ended"]
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize(
    "end", [lambda s, lock, key: s.release(lock, key=key), lambda s, lock, key: s.break_(lock, DANA, key=key)]
)
def test_the_retry_of_a_call_that_died_tells_it(stage: Stage, end: Callable[[Stage, str, RequestKey], object]) -> None:
    """L-12: the repeated request finds its own tombstone and checks again."""
    lock_id, key = _locked(stage), stage.key("the-same-request")
    _just_before_the_tombstone(stage, lambda: stage.upload(BOB, b"Bob's"))
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    with pytest.raises(ProcessDied):
        end(stage, lock_id, key)
    stage.world.clock.advance(minutes=3)
    end(stage, lock_id, key)
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    assert _conflicts(stage) == ["ended"]
    assert one_row_for_each_record(stage)


def test_a_host_that_is_silent_after_the_tombstone_hides_nothing(stage: Stage) -> None:
    """The job checks what could not be checked now."""
    lock_id = _locked(stage)

    def away() -> NoReturn:
        raise HostUnavailable("503")

    def upload_then_silence() -> None:
        stage.upload(BOB, b"Bob's")
        stage.taps.before["attachments.get", stage.taps.calls["attachments.get"] + 1] = away

    _just_before_the_tombstone(stage, upload_then_silence)
    assert stage.release(lock_id).status == 200
    stage.run_jobs()
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    assert one_row_for_each_record(stage)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_stale_read_after_the_tombstone_hides_nothing(stage: Stage, end: End) -> None:
    """L-41, F15: the first read afterwards comes from a replica that does not have the tombstone yet."""
    lock_id = _locked(stage)
    reads = stage.taps.calls

    def upload_and_lag() -> None:
        stage.upload(BOB, b"Bob's")
        host, next_read = stage.world.host, reads["attachments.get"] + 1
        stage.taps.before["attachments.get", next_read] = lambda: setattr(host, "lag", timedelta(seconds=1))
        stage.taps.after["attachments.get", next_read] = lambda: setattr(host, "lag", timedelta())

    _just_before_the_tombstone(stage, upload_and_lag)
    end(stage, lock_id)
    assert _conflicts(stage) == ["ended"]
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())


def test_an_upload_after_the_tombstone_is_authorised(stage: Stage) -> None:
    """Enforcement 2."""
    lock_id = _locked(stage)
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = lambda: (
        stage.world.clock.advance(seconds=1),
        stage.upload(BOB, b"Bob's"),
    )
    stage.release(lock_id)
    stage.run_jobs()
    assert stage.mails() == []
    assert _conflicts(stage) == []


def test_an_upload_that_the_holder_replaced_is_only_written_down(stage: Stage) -> None:
    """Recorded without mail."""
    lock_id = _locked(stage)

    def both() -> None:
        stage.upload(BOB, b"Bob's")
        stage.upload(ALICE, b"Alice's")

    _just_before_the_tombstone(stage, both)
    stage.release(lock_id)
    assert _conflicts(stage) == ["overruled"]
    assert stage.mails() == []


def test_a_lost_race_protects_again(stage: Stage) -> None:
    """The file is protected before each write, also after a lost race."""
    lock_id = _locked(stage)

    def race() -> None:
        stage.extend(lock_id, hours=72)
        stage.upload(BOB, b"Bob's")

    _just_before_the_tombstone(stage, race)
    stage.take_over(lock_id, DANA)
    assert stage.content == b"first"
    assert (MailKind.OVERWRITE_ATTEMPT, ALICE, "undone") in stage.mails()


def test_what_a_lock_over_a_run_out_one_did_not_see_is_told(stage: Stage) -> None:
    """L-34, L-41: Dana's call read the file early in Alice's lock, and writes when that has run out."""
    _locked(stage)

    def pause() -> None:
        stage.upload(BOB, b"Bob's")
        stage.world.clock.advance(days=3)

    stage.taps.before["witnesses.count_held", stage.taps.calls["witnesses.count_held"] + 1] = pause
    stage.lock(DANA)
    assert stage.held.holder == DANA
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    stage.reconcile()
    assert _conflicts(stage) == ["ended"]
    assert stage.content == b"Bob's"


def test_what_slips_into_a_take_over_is_undone_under_the_new_lock(stage: Stage) -> None:
    """P-01: the new lock protects the checked version, and is checked before the next sweep."""
    lock_id = _locked(stage)
    _just_before_the_tombstone(stage, lambda: stage.upload(BOB, b"Bob's"))
    stage.take_over(lock_id, DANA)
    stage.run_jobs()
    assert stage.content == b"first"
    assert stage.held.holder == DANA


def test_whoever_asks_while_the_lock_ends_is_told(stage: Stage) -> None:
    """L-50."""
    lock_id = _locked(stage)
    _just_before_the_tombstone(stage, lambda: stage.ask(CHARLIE) and None)
    stage.release(lock_id)
    stage.run_jobs(JobKind.RECONCILE)
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()


def test_whoever_asks_just_after_the_end_is_told(stage: Stage) -> None:
    """L-50: Charlie read "held" and joined the waitlist after the tombstone."""
    lock_id = _locked(stage)
    stage.taps.before["properties.create", stage.taps.calls["properties.create"] + 1] = lambda: (
        stage.release(lock_id) and None
    )
    stage.ask(CHARLIE)
    stage.run_jobs(JobKind.RECONCILE)
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()


def test_renewing_an_expiring_lock_protects_it_first(stage: Stage) -> None:
    """The same person's new lock does not adopt pending overwrites."""
    stage.lock()
    stage.world.clock.advance(hours=47, minutes=59)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(minutes=1, seconds=5)
    assert stage.lock().status == 201
    stage.run_jobs()
    stage.sweep()
    assert stage.content == b"first"
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "undone"), (MailKind.UPLOAD_UNDONE, BOB, "undone")]


def _take_over(stage: Stage, lock_id: str) -> None:
    stage.take_over(lock_id, DANA)


def _expire(stage: Stage, _lock_id: str) -> None:
    stage.world.clock.advance(hours=49)
    stage.sweep()


def _lock_after_expiry(stage: Stage, _lock_id: str) -> None:
    stage.world.clock.advance(hours=49)
    stage.lock(DANA)


@pytest.mark.parametrize("garbled", [False, True])
@pytest.mark.parametrize("end", [_release, _break, _take_over, _expire, _lock_after_expiry])
def test_damage_to_the_record_does_not_hide_an_overwrite(stage: Stage, end: End, *, garbled: bool) -> None:
    """Pending overwrites of the known lock are undone first."""
    lock_id = _locked(stage)
    row = stage.world.site().lock_rows(stage.file.id)[0]
    rows = [replace(row, version=row.version + 1, value={"state": "free"})] if garbled else []
    stage.world.site().put_lock_rows(stage.file.id, *rows)
    stage.upload(BOB, b"Bob's")
    end(stage, lock_id)
    assert stage.content == b"first"
    assert {(MailKind.OVERWRITE_ATTEMPT, ALICE, "undone"), (MailKind.UPLOAD_UNDONE, BOB, "undone")} <= set(
        stage.mails()
    )


def test_an_overwrite_that_could_not_be_read_is_told(stage: Stage) -> None:
    """Both sides are told the version."""
    lock_id = _locked(stage)
    stage.upload(BOB, b"Bob's")

    def away() -> NoReturn:
        raise HostUnavailable("503")

    stage.taps.before["attachments.version", 1] = away
    stage.release(lock_id)
    assert stage.tombstone.ended.pending == (stage.file.versions[1].created,)
    assert {HOLDER_TOLD, AUTHOR_TOLD} <= set(stage.mails())
    assert {mail.version for mail in stage.world.tables.mails_of(ACME)} == {2}
    assert _conflicts(stage) == ["not_undone"]
