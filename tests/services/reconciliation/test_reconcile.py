"""Foreign values in our property are ignored, and live locks healed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Free, Held, Unreadable
from lockpoint.services import quota_accounting
from lockpoint.services.errors import AlreadyLockedError
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.give_access import give_access
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import trashed_by
from lockpoint.services.reconciliation.rediscover import rediscover
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, one_row_for_each_record, refusal_of

Damage = Callable[[Stage], None]


def _delete(stage: Stage) -> None:
    stage.world.site().put_lock_rows(stage.file.id)


def _garble(stage: Stage) -> None:
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(stage.file.id, replace(row, version=row.version + 1, value={"state": "free"}))


def _old_value_again(stage: Stage) -> None:
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(stage.file.id, replace(row, version=row.version + 1))


def _too_large(stage: Stage) -> None:
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(stage.file.id, replace(row, version=row.version + 1, value={"x": "y" * 40_000}))


def _not_json_of_ours(stage: Stage) -> None:
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(stage.file.id, replace(row, version=row.version + 1, value=["a", 1]))


DAMAGES = {
    "E27_deleted": _delete,
    "E30_garbled": _garble,
    "E26_old_signed_value": _old_value_again,
    "E30_too_large": _too_large,
    "E30_not_an_object": _not_json_of_ours,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_live_lock_is_healed_within_one_sweep(stage: Stage, damage: Damage) -> None:
    """L-06, L-05, E26, E27, E30, F28: and audited."""
    lock_id = stage.lock(note="kept in Confluence only").lock.lock_id
    damage(stage)
    stage.sweep()
    assert stage.held.lock_id == lock_id
    assert stage.held.holder == ALICE
    assert stage.held.epoch == 2
    healed = [r for r in stage.world.tables.audit_of(ACME) if r.kind is AuditKind.HEALED]
    assert [row.detail for row in healed] == ["removed_outside"]
    assert one_row_for_each_record(stage)
    assert stage.held.note is None


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_lets_nobody_take_the_file(stage: Stage, damage: Damage) -> None:
    """I9: no unsigned or misplaced value changes an answer."""
    lock_id = stage.lock().lock.lock_id
    damage(stage)
    assert isinstance(refusal_of(stage.lock, BOB), AlreadyLockedError)
    assert stage.held.lock_id == lock_id


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_people_see_agrees_with_what_the_calls_do(stage: Stage, damage: Damage) -> None:
    """I23: lists show the known lock as unreadable."""
    stage.lock()
    damage(stage)
    for view in (stage.show(BOB), stage.rows(BOB)[0].lock):
        assert (view.state, view.can.lock) == (ViewState.OTHER, False)
        assert (view.protection, view.unprotected_reason) == ("unprotected", "unreadable")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_holder_can_release_a_damaged_lock(stage: Stage, damage: Damage) -> None:
    """L-20: the record is healed first."""
    lock_id = stage.lock().lock.lock_id or ""
    damage(stage)
    assert stage.release(lock_id).status == 200
    assert isinstance(stage.found, Free)
    assert one_row_for_each_record(stage)


def test_an_old_record_posted_again_is_a_replay(stage: Stage) -> None:
    """E28, F28: the witness is newer."""
    old = stage.lock()
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.release(old.lock.lock_id or "")
    new = stage.lock(BOB).lock.lock_id
    stage.world.site().put_lock_rows(stage.file.id, StoredProperty("999999", 1, row.value, key=row.key))
    assert stage.show(ALICE).state is ViewState.OTHER
    stage.sweep()
    assert stage.held.lock_id == new
    assert stage.held.holder == BOB


def test_the_overwrite_that_came_with_the_damage_is_undone_too(stage: Stage) -> None:
    """L-06, L-40: in one sweep."""
    stage.lock()
    _delete(stage)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.content == b"first"


def test_a_lock_that_expired_while_damaged_ends_properly(stage: Stage) -> None:
    """L-30: the witness has the lock."""
    stage.lock()
    stage.ask(CHARLIE)
    _delete(stage)
    stage.world.clock.advance(hours=49)
    stage.sweep()
    assert stage.tombstone.ended.reason == "expired"
    assert stage.mails() == [(MailKind.FILE_AVAILABLE, CHARLIE, None), (MailKind.LOCK_ENDED, ALICE, "expired")]
    assert stage.sweep() == 0


def test_damage_to_a_tombstone_is_nobodys_loss(stage: Stage) -> None:
    """§3: replaced at the next acquire; epoch + 1 when the record is created."""
    stage.release(stage.lock().lock.lock_id or "")
    _delete(stage)
    stage.reconcile()
    assert stage.lock(BOB).status == 201
    assert (stage.held.epoch, stage.held.seq) == (2, 1)
    assert one_row_for_each_record(stage)


def test_a_copied_record_is_not_obeyed(stage: Stage) -> None:
    """L-07, E24, F28: page copied with attachments."""
    stage.lock()
    copy = stage.world.add_file(BOB)
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(copy.id, replace(row, id="888888"))
    assert isinstance(stage.world.found(copy.id), Unreadable)
    view = next(row.lock for row in stage.rows(BOB) if row.attachment.id == copy.id)
    assert (view.state, view.protection, view.can.lock) == (ViewState.FREE, "protected", True)
    assert stage.lock(BOB, file=copy).status == 201
    assert isinstance(stage.world.found(copy.id), Held)


def test_a_foreign_value_is_reported_once_a_day(stage: Stage) -> None:
    """L-05: forged, replayed or copied."""
    for day in range(2):
        for _ in range(2):
            stage.world.site().put_lock_rows(
                stage.file.id, StoredProperty(f"77777{day}", 1, {"state": "held"}, key="lockpointlock")
            )
            stage.reconcile()
        stage.world.clock.advance(days=1)
    rows = [r for r in stage.world.tables.audit_of(ACME) if r.kind is AuditKind.FLAGGED]
    assert [row.detail for row in rows] == ["unreadable_unsigned"] * 2


def test_of_two_rows_the_lowest_wins(stage: Stage) -> None:
    """E29: the other is removed, and audited."""
    stage.lock()
    row = stage.world.site().lock_rows(stage.file.id)[0]
    stage.world.site().put_lock_rows(stage.file.id, row, replace(row, id=str(int(row.id) + 7)))
    stage.sweep()
    assert stage.world.site().lock_rows(stage.file.id) == (row,)
    assert stage.audit() == [AuditKind.ACQUIRED, AuditKind.DUPLICATE_REMOVED]


def test_a_row_that_is_not_ours_is_left_alone(stage: Stage) -> None:
    """Creation guard, I6: delete the other only if its MAC is ours and its state equal or older."""
    stage.lock()
    row = stage.world.site().lock_rows(stage.file.id)[0]
    other = StoredProperty(str(int(row.id) + 7), 1, {"whose": "another app's"}, key=row.key)
    stage.world.site().put_lock_rows(stage.file.id, row, other)
    stage.sweep()
    assert stage.world.site().lock_rows(stage.file.id) == (row, other)


def test_a_second_row_made_by_the_host_is_seen_after_the_write(stage: Stage) -> None:
    """F06: one POST makes two rows."""
    site = stage.world.site()

    def double() -> None:
        row = site.lock_rows(stage.file.id)[0]
        site.put_lock_rows(stage.file.id, row, replace(row, id=str(int(row.id) + 1)))

    stage.taps.after["lock_properties.create", 1] = double
    assert stage.lock().status == 201
    assert len(site.lock_rows(stage.file.id)) == 1


def test_a_stale_read_right_after_the_write_is_no_damage(stage: Stage) -> None:
    """F05: no false yes, and no newer record is healed over."""
    stage.lock()
    stage.world.clock.advance(seconds=10)
    stage.extend(stage.held.lock_id)
    stage.world.host.lag = stage.world.clock.now() - stage.world.clock.now().replace(second=0)
    assert stage.show(BOB).state is ViewState.OTHER
    refusal = refusal_of(stage.lock, BOB)
    assert isinstance(refusal, AlreadyLockedError) or refusal.code == "busy"
    stage.world.host.lag *= 0
    assert stage.held.epoch == 1


def test_a_break_by_a_crashed_process_is_announced_by_whoever_writes_next(stage: Stage) -> None:
    """L-64, L-21: missing rows are written later as recovered."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    stage.taps.before["effects.record", stage.taps.calls["effects.record"] + 1] = _die
    with pytest.raises(KeyboardInterrupt):
        stage.break_(lock_id, DANA)
    assert stage.mails() == []
    assert stage.lock(BOB).status == 201
    assert (MailKind.LOCK_ENDED_BY_OTHER, ALICE, "broken") in stage.mails()
    assert (MailKind.FILE_AVAILABLE, CHARLIE, None) in stage.mails()
    assert one_row_for_each_record(stage)
    assert [r.recovered for r in stage.world.tables.audit_of(ACME)] == [False, True, False]


def _die() -> None:
    raise KeyboardInterrupt


def test_what_calls_cost_is_counted_under_their_cause(stage: Stage) -> None:
    """The account of points tells people's calls from sweeps and events."""
    counted: list[str] = []
    for port in ("attachments.get", "people.container"):
        stage.taps.before[port, 0] = lambda: counted.append(quota_accounting._USE_CASE.get())
    lock_id, services, bob = stage.lock().lock.lock_id or "", stage.world.services, stage.world.actor(BOB)
    stage.run_jobs(JobKind.PAGE_HINT)
    calls: dict[str, list[Callable[[], object]]] = {
        "sweep": [stage.sweep],
        "reconcile": [
            stage.reconcile,
            lambda: trashed_by(services, ACME, stage.file.id, BOB),
        ],
        "rediscover": [lambda: rediscover(services, ACME)],
        "notify_me": [
            lambda: stage.ask(BOB),
            lambda: notify_me.present(services, bob, stage.file.id),
            lambda: notify_me.cancel(services, bob, stage.file.id),
        ],
        "show": [stage.show],
        "give_access": [lambda: give_access(services, bob, stage.file.container.id)],
        "extend": [lambda: stage.extend(lock_id)],
        "release": [lambda: stage.release(lock_id)],
    }
    for use_case, each in calls.items():
        for call in each:
            counted.clear()
            call()
            assert use_case in counted
            assert set(counted) <= {use_case, "reconcile"}


def test_the_key_that_signed_a_record_is_noted_once(stage: Stage) -> None:
    """A look finds a record that another key signed than the witness says."""
    stage.lock()
    place = ACME.id, stage.file.id
    stage.world.tables.witnesses[place] = replace(stage.world.tables.witnesses[place], signed_by="k0")
    stage.reconcile()
    assert stage.world.tables.witnesses[place].signed_by == "k1"
    assert stage.audit() == [AuditKind.ACQUIRED]


@pytest.mark.parametrize(("hours", "noted"), [(23, 0), (24, 1)])
def test_a_record_that_still_stands_is_noted_daily(stage: Stage, hours: int, noted: int) -> None:
    """Amendment 3: a row that Confluence does not confirm for 30 days goes."""
    stage.lock(life=timedelta(days=3))
    stage.world.clock.advance(hours=hours)
    stage.reconcile()
    assert stage.taps.calls["witnesses.still_there"] == noted


def test_a_busy_file_is_looked_at_again_in_five_seconds(stage: Stage) -> None:
    """Whoever is at it may have read before the change; nobody holds a file for more than a minute."""
    stage.lock()
    stage.world.tables.jobs.clear()
    mutexes = stage.world.services.mutexes
    with mutexes.hold(f"reconcile:{ACME.id}:{stage.file.id}", 60):
        stage.reconcile()
    assert [job.delay for job in stage.jobs(JobKind.RECONCILE)] == [timedelta(seconds=5)]
