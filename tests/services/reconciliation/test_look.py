"""Restricted pages: who stands in for the app, what a sweep costs, and how locks end there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason, Free, Held
from lockpoint.services.errors import Forbidden, LostRace, NotFound, Unauthorised
from lockpoint.services.lock_record.waitlist import KEY, Waitlist, waitlist_of
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.tenancy.site_settings import change
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, one_row_for_each_record, refusal_of, untouched
from tests.services.taps import ProcessDied

TOLD = (MailKind.UNPROTECTED, ALICE, "app_blocked")
Shut = Callable[..., None]


def _restrict(stage: Stage, *people: str) -> None:
    """Only these see and edit the page."""
    stage.world.site().pages[stage.file.container.id].restricted_to = set(people)


def _read_only(stage: Stage, *people: str) -> None:
    """Everybody sees the page, only these edit it."""
    site = stage.world.site()
    site.viewers = {*site.people, site.app_account} - set(people)


def _open(stage: Stage) -> None:
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = None
    site.viewers = {CHARLIE}


SHUT = pytest.mark.parametrize("shut", [_restrict, _read_only], ids=["unseen", "read only"])


def _turn(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, holders: bool) -> None:
    monkeypatch.setattr(stage.world.services.ids, "fraction", lambda: 0.0 if holders else 0.9)


@SHUT
@pytest.mark.parametrize("holders", [True, False], ids=["as the holder", "as the app"])
@pytest.mark.parametrize("impersonation", [True, False], ids=["with", "without"])
def test_a_sweep_over_a_closed_file_is_cheap_and_silent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, shut: Shut, *, holders: bool, impersonation: bool
) -> None:
    """L-49, E25: at most 2 points, no job, no error, and the holder is told once."""
    lock_id = stage.lock().lock.lock_id or ""
    shut(stage, ALICE, BOB)
    stage.run_jobs()
    if not impersonation:
        monkeypatch.setattr(stage.world.host.attachments, "get", _without_tokens(stage))
    stage.sweep()
    stage.world.tables.jobs.clear()
    _turn(stage, monkeypatch, holders=holders)
    for _ in range(4):
        stage.taps.clear()
        stage.sweep()
        assert stage.taps.points() <= 2
    assert stage.world.tables.jobs == []
    assert stage.mails().count(TOLD) == 1
    assert stage.audit().count(AuditKind.FLAGGED) == 1
    monkeypatch.undo()
    view = stage.show()
    assert (view.lock_id, view.protection, view.unprotected_reason) == (lock_id, "unprotected", "app_blocked")
    assert view.can.give_access
    assert untouched(stage)


def _without_tokens(stage: Stage) -> Callable[..., object]:
    """The app may act as nobody."""
    asked = stage.world.host.attachments.get

    def refused(*args: object, person: str | None = None, **options: object) -> object:
        if person is not None:
            raise Unauthorised("no token")
        return asked(*args, **options)

    return refused


@SHUT
def test_an_overwrite_on_a_closed_page_is_undone_as_the_holder(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, shut: Shut
) -> None:
    """P-17: with the holder's own right; the version counts as ours, and costs no second look."""
    stage.lock(unlock_on_upload=True)
    shut(stage, ALICE, BOB)
    stage.sweep()
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.file.versions[-1].author == ALICE
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") in stage.mails()
    assert stage.held.base.number == 1
    rows = [row for row in stage.world.tables.audit_of(ACME) if row.kind is AuditKind.RESTORED]
    assert [(row.account, row.detail) for row in rows] == [(None, "as_holder")]
    _turn(stage, monkeypatch, holders=True)
    stage.taps.clear()
    stage.sweep()
    assert stage.taps.points() == 2
    stage.upload(BOB, b"again")
    stage.reconcile()
    assert stage.content == b"first"
    assert isinstance(stage.found, Held)
    assert "overruled" not in {row.detail for row in stage.world.tables.audit_of(ACME)}
    assert untouched(stage)


def test_a_crash_after_undoing_as_the_holder_ends_no_lock(stage: Stage) -> None:
    """The marked version is no upload of the holder, though its row was lost."""
    stage.lock(unlock_on_upload=True)
    _restrict(stage, ALICE, BOB)
    stage.sweep()
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.world.tables.restorations.clear()
    stage.reconcile()
    assert isinstance(stage.found, Held)
    assert stage.held.base.number == 1
    assert stage.content == b"first"


def test_the_holders_own_upload_is_followed_as_the_holder(stage: Stage) -> None:
    """L-42: the base moves, and nobody waits for a write that the app may not make."""
    stage.lock()
    _read_only(stage, ALICE, BOB)
    stage.upload(ALICE, b"second")
    stage.sweep()
    assert stage.held.base.number == 2
    assert stage.jobs(JobKind.RECONCILE) == []


@SHUT
def test_nothing_is_done_for_a_holder_who_lost_the_right(stage: Stage, shut: Shut) -> None:
    """E36: neither as them nor as anybody else; both sides are told."""
    stage.lock()
    shut(stage, BOB, DANA)
    stage.sweep()
    stage.upload(BOB, b"Bob's")
    for _ in range(3):
        stage.sweep()
        stage.reconcile()
    assert stage.content == b"Bob's"
    assert {row.author for row in stage.file.versions} == {ALICE, BOB}
    assert stage.jobs(JobKind.RECONCILE) == []
    assert stage.mails().count(TOLD) == 1


@SHUT
def test_the_holder_releases_on_a_closed_page(stage: Stage, shut: Shut) -> None:
    """B2: the tombstone is written as the holder; its signature is ours."""
    lock_id = stage.lock().lock.lock_id or ""
    shut(stage, ALICE, BOB)
    assert stage.show().can.release
    assert stage.release(lock_id).status == 200
    assert stage.tombstone.ended.reason is EndReason.RELEASED
    assert stage.release(lock_id).status == 200
    assert one_row_for_each_record(stage)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.content == b"Bob's"


@SHUT
def test_a_manager_ends_a_lock_on_a_closed_page(stage: Stage, shut: Shut) -> None:
    """B2: as the manager; an overwrite is named, but not undone in the name of who only ends the lock."""
    lock_id = stage.lock().lock.lock_id or ""
    shut(stage, ALICE, BOB, DANA)
    stage.upload(BOB, b"Bob's")
    assert stage.show(DANA).can.break_
    assert stage.break_(lock_id, DANA).status == 200
    assert stage.tombstone.ended.by == DANA
    assert stage.tombstone.ended.pending == (stage.file.versions[1].created,)
    assert stage.content == b"Bob's"
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "broken") in stage.mails()


def _release(stage: Stage, lock_id: str) -> None:
    stage.release(lock_id)


def _break(stage: Stage, lock_id: str) -> None:
    stage.break_(lock_id, DANA)


def _expire(stage: Stage, lock_id: str) -> None:
    del lock_id
    stage.world.clock.advance(hours=49)
    stage.sweep()


@pytest.mark.parametrize(
    ("shut", "end", "reason"),
    [
        (_restrict, _release, EndReason.RELEASED),
        (_read_only, _release, EndReason.RELEASED),
        (_read_only, _break, EndReason.BROKEN),
        (_restrict, _expire, EndReason.EXPIRED),
        (_read_only, _expire, EndReason.EXPIRED),
    ],
)
def test_an_end_that_nobody_may_write_counts_at_once(
    stage: Stage, shut: Shut, end: Callable[[Stage, str], None], reason: EndReason
) -> None:
    """It is recorded, announced once, and stored in Confluence when the page opens."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    shut(stage, BOB)
    stage.sweep()
    end(stage, lock_id)
    witness = stage.world.services.witnesses.get(ACME, stage.file.id)
    assert witness is not None
    assert isinstance(witness.record, Free)
    assert (witness.record.ended.reason, witness.protection) == (reason, Protection.END_UNWRITTEN)
    assert stage.world.services.witnesses.count_held(ACME) == 0
    assert stage.show(BOB).state.value == "free"
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.content == b"Bob's"
    assert isinstance(stage.found, Held)
    _open(stage)
    stage.sweep()
    assert stage.tombstone == witness.record
    settled = stage.world.services.witnesses.get(ACME, stage.file.id)
    assert settled is not None
    assert settled.protection is Protection.PROTECTED
    assert one_row_for_each_record(stage)
    assert AuditKind.FLAGGED not in stage.audit()[-1:]
    assert [mail for mail in stage.mails() if mail[0] is MailKind.FILE_AVAILABLE] == [
        (MailKind.FILE_AVAILABLE, CHARLIE, None)
    ]
    stage.taps.clear()
    stage.sweep()
    assert stage.taps.host_calls() == []
    assert untouched(stage)


def test_a_stranger_ends_nothing_by_a_closed_page(stage: Stage) -> None:
    """What the witness knows is for the holder alone."""
    lock_id = stage.lock().lock.lock_id or ""
    _restrict(stage, DANA)
    assert isinstance(refusal_of(stage.release, lock_id, BOB), NotFound)
    assert stage.release(lock_id).status == 200
    assert isinstance(refusal_of(stage.release, lock_id, BOB), NotFound)


def test_a_foreign_write_in_between_does_not_stop_the_settling(stage: Stage) -> None:
    """The end takes the next place then."""
    lock_id = stage.lock().lock.lock_id or ""
    _read_only(stage, BOB)
    stage.release(lock_id)
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.host.replace(
        ACME, PropertyHost.ATTACHMENT, stage.file.id, row.key, row.id, row.version + 1, {"garbled": True}, person=BOB
    )
    _open(stage)
    stage.sweep()
    assert stage.tombstone.ended.lock_id == lock_id
    assert stage.audit().count(AuditKind.RELEASED) == 1


@pytest.mark.parametrize("everybody", [False, True], ids=["the app", "everybody"])
def test_a_403_on_a_look_is_a_closed_page(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, everybody: bool) -> None:
    """As a 404 is: flagged, told once, no job of its own."""
    stage.lock()
    asked = stage.world.host.attachments.get

    def forbidden(*args: object, person: str | None = None, **options: object) -> object:
        if person is None or everybody:
            raise Forbidden("403")
        return asked(*args, person=person, **options)

    monkeypatch.setattr(stage.world.host.attachments, "get", forbidden)
    for _ in range(3):
        stage.sweep()
    assert stage.mails() == [TOLD]
    assert stage.jobs(JobKind.RECONCILE) == []
    stage.world.clock.advance(hours=49)
    stage.sweep()
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in stage.mails()


def test_a_page_that_hides_and_then_only_shows_itself_is_told_once(stage: Stage) -> None:
    """One mail for one lock and reason, whichever way the app was shut out."""
    stage.lock()
    _restrict(stage, BOB)
    stage.sweep()
    assert stage.mails().count(TOLD) == 1
    _open(stage)
    stage.sweep()
    assert stage.show().protection == "protected"
    stage.world.clock.advance(minutes=1)
    _read_only(stage, BOB)
    stage.sweep()
    assert stage.audit().count(AuditKind.FLAGGED) == 2
    assert stage.mails().count(TOLD) == 1


@SHUT
def test_a_record_that_is_removed_on_a_closed_page_is_healed_as_the_holder(stage: Stage, shut: Shut) -> None:
    """L-20: the release first writes it again, with the right of the person who asks."""
    lock_id = stage.lock().lock.lock_id or ""
    shut(stage, ALICE, BOB)
    stage.world.site().put_lock_rows(stage.file.id)
    assert stage.release(lock_id).status == 200
    assert stage.tombstone.ended.by == ALICE
    assert one_row_for_each_record(stage)


def test_a_lost_round_is_repeated_as_the_same_person(stage: Stage) -> None:
    """The app could not even read what it has to write."""
    lock_id = stage.lock().lock.lock_id or ""
    _read_only(stage, ALICE, BOB)

    def lost() -> None:
        raise LostRace("409")

    stage.taps.before["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = lost
    assert stage.release(lock_id).status == 200
    assert stage.tombstone.ended.by == ALICE


def test_a_record_that_was_removed_on_a_closed_page_is_mended_as_the_holder(stage: Stage) -> None:
    """L-06: and read again as them, so that the look goes on."""
    lock_id = stage.lock().lock.lock_id
    _restrict(stage, ALICE, BOB)
    stage.sweep()
    stage.world.site().put_lock_rows(stage.file.id)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.held.lock_id == lock_id
    assert stage.content == b"first"


def test_an_end_on_a_closed_page_that_a_crash_left_unrecorded_is_found(stage: Stage) -> None:
    """The last holder still stands in for the app."""
    lock_id = stage.lock().lock.lock_id or ""
    _restrict(stage, ALICE, BOB)
    stage.sweep()
    stage.taps.after["lock_properties.replace", stage.taps.calls["lock_properties.replace"] + 1] = _die
    with pytest.raises(ProcessDied):
        stage.release(lock_id)
    stage.reconcile()
    witness = stage.world.services.witnesses.get(ACME, stage.file.id)
    assert witness is not None
    assert isinstance(witness.record, Free)
    assert one_row_for_each_record(stage)


def _die() -> None:
    raise ProcessDied("after the tombstone")


def test_a_waitlist_on_a_closed_page_is_emptied_as_the_holder(stage: Stage) -> None:
    """L-26: also after a lost race."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    _restrict(stage, ALICE, BOB)

    def lost() -> None:
        raise LostRace("409")

    stage.taps.before["properties.replace", stage.taps.calls["properties.replace"] + 1] = lost
    stage.release(lock_id)
    _open(stage)
    assert stage.show(CHARLIE).notify_me.count == 0
    (row,) = stage.world.site().rows[PropertyHost.ATTACHMENT, stage.file.id, KEY]
    assert waitlist_of(stage.world.services, ACME, stage.file.id, row) == Waitlist()


def test_a_deleted_base_on_a_closed_page_is_looked_for_as_the_holder(stage: Stage) -> None:
    """L-48: older versions count then; the app could not list them."""
    stage.upload(ALICE, b"second")
    stage.lock()
    _restrict(stage, ALICE, BOB)
    stage.sweep()
    stage.upload(BOB, b"Bob's")
    stage.world.site().delete_version(stage.file.id, 2)
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.file.versions[-1].author == ALICE


def test_copying_on_a_closed_page_is_done_as_the_holder(stage: Stage) -> None:
    """P-17, P-04: where Confluence's own operation is refused."""
    stage.world.site().restore_refused = True
    change(stage.world.services, stage.world.actor(SAM), revision=0, changes={"copy_mode": True, "usage_counts": False})
    stage.lock()
    _restrict(stage, ALICE, BOB)
    stage.sweep()
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.file.versions[-1].author == ALICE
