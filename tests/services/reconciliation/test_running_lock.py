"""What time brings to running locks: warnings, reminders, earlier ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Held
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.enforcement import protect
from lockpoint.services.errors import GoneOrInvisible
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.tenancy import site_settings, space_settings
from lockpoint.services.tenancy.site_settings import KNOWN_EVERYWHERE
from tests.fakes.confluence.site import Page
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM, START
from tests.services.stage import Stage, one_row_for_each_record
from tests.services.taps import ProcessDied


def pass_hours(stage: Stage, hours: float, *, step: float = 0.25) -> None:
    """Let time pass, with a sweep every quarter of an hour."""
    for _ in range(round(hours / step)):
        stage.world.clock.advance(hours=step)
        stage.sweep()


def change(stage: Stage, **changes: Any) -> None:
    services, sam = stage.world.services, stage.world.actor(SAM)
    revision = site_settings.overview(services, sam).settings.revision
    site_settings.change(services, sam, revision=revision, changes=changes)


def warnings(stage: Stage) -> list[tuple[str, str]]:
    """To whom, about which end."""
    mails = [mail for mail in stage.world.tables.mails_of(ACME) if mail.kind is MailKind.LOCK_WILL_END]
    return [(mail.recipient, mail.event_key.partition("/")[2]) for mail in mails]


def hour(number: float) -> str:
    return (START + timedelta(hours=number)).isoformat()


def end(stage: Stage) -> datetime | None:
    return stage.held.expires_at


# --- warnings ---------------------------------------------------------------------------------------------------


def test_the_holder_is_warned_once_at_the_threshold(stage: Stage) -> None:
    """L-33, M-01, P-14: after 24 hours, and never again for this end."""
    stage.lock()
    pass_hours(stage, 23.75)
    assert warnings(stage) == []
    pass_hours(stage, 0.25)
    assert warnings(stage) == [(ALICE, hour(48))]
    pass_hours(stage, 23)
    assert warnings(stage) == [(ALICE, hour(48))]


def test_extending_asks_for_another_warning(stage: Stage) -> None:
    """L-33: each end has its own."""
    lock_id = stage.lock().lock.lock_id or ""
    pass_hours(stage, 25)
    stage.extend(lock_id)
    pass_hours(stage, 23)
    assert warnings(stage) == [(ALICE, hour(48))]
    pass_hours(stage, 2)
    assert warnings(stage) == [(ALICE, hour(48)), (ALICE, hour(73))]


def test_an_upload_of_the_holder_asks_for_no_other(stage: Stage) -> None:
    """L-33, L-42: the record is written again, its end is not."""
    stage.lock()
    pass_hours(stage, 25)
    stage.upload(ALICE, b"mine")
    pass_hours(stage, 1)
    assert stage.held.kind is AuditKind.REBASED
    assert warnings(stage) == [(ALICE, hour(48))]


def test_other_hours_of_the_warning_count_for_running_locks(stage: Stage) -> None:
    """P-14: changed, switched off, and on again."""
    stage.lock()
    change(stage, warn_after_hours=None)
    pass_hours(stage, 30)
    assert warnings(stage) == []
    change(stage, warn_after_hours=40)
    pass_hours(stage, 9)
    assert warnings(stage) == []
    pass_hours(stage, 1)
    assert warnings(stage) == [(ALICE, hour(48))]


def test_a_space_warns_by_its_own_hours(stage: Stage) -> None:
    """P-14: overridden per space."""
    stage.lock()
    own = SpaceSettings(own={"warn_after_hours": 2})
    space_settings.change(stage.world.services, stage.world.actor(DANA), space_of(stage), own)
    pass_hours(stage, 2)
    assert warnings(stage) == [(ALICE, hour(48))]


def test_a_lock_whose_end_has_passed_is_not_warned_of(stage: Stage) -> None:
    """L-33, L-30: after 60 hours without a sweep it has ended, and that is told."""
    stage.lock()
    pass_hours(stage, 60, step=60)
    assert warnings(stage) == []
    assert [(kind, who) for kind, who, _ in stage.mails()] == [(MailKind.LOCK_ENDED, ALICE)]


def test_after_a_crash_the_warning_is_recorded_by_the_next_look(stage: Stage) -> None:
    """L-65: nothing is lost, nothing is doubled."""
    stage.lock()
    stage.world.clock.advance(hours=24)

    def dies() -> None:
        raise ProcessDied

    stage.taps.before["effects.record", stage.taps.calls["effects.record"] + 1] = dies
    with pytest.raises(ProcessDied):
        stage.sweep()
    assert warnings(stage) == []
    pass_hours(stage, 1)
    assert warnings(stage) == [(ALICE, hour(48))]


# --- shorter settings ---------------------------------------------------------------------------------------------


def test_a_shorter_unlock_counts_for_running_locks(stage: Stage) -> None:
    """P-14, L-30: from the lock on; every reader sees the same end, since it is in the record."""
    stage.lock()
    pass_hours(stage, 2)
    change(stage, warn_after_hours=10, unlock_after_hours=20)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=20) == stage.show(BOB).expires_at == stage.rows()[0].lock.expires_at
    assert stage.held.kind is AuditKind.SHORTENED
    assert one_row_for_each_record(stage)
    pass_hours(stage, 7.5)
    assert warnings(stage) == []
    pass_hours(stage, 0.25)
    assert warnings(stage) == [(ALICE, hour(20))]


def test_who_would_be_overdue_has_an_hour_and_is_warned(stage: Stage) -> None:
    """P-14: never retroactive; the next person locks when all readers say so."""
    stage.lock()
    pass_hours(stage, 30)
    change(stage, warn_after_hours=2, unlock_after_hours=4)
    pass_hours(stage, 0.25)
    ends = START + timedelta(hours=31, minutes=15)
    assert end(stage) == ends
    assert warnings(stage) == [(ALICE, hour(48)), (ALICE, ends.isoformat())]
    pass_hours(stage, 0.75)
    assert end(stage) == ends
    pass_hours(stage, 0.5)
    assert stage.tombstone.ended.at == ends
    assert [(kind, who) for kind, who, _ in stage.mails()].count((MailKind.LOCK_ENDED, ALICE)) == 1


def test_settings_that_change_twice(stage: Stage) -> None:
    """P-14: longer ones give nothing back; the holder extends."""
    lock_id = stage.lock().lock.lock_id or ""
    change(stage, warn_after_hours=10, unlock_after_hours=20)
    change(stage, unlock_after_hours=96)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=48)
    change(stage, unlock_after_hours=20)
    pass_hours(stage, 0.25)
    change(stage, unlock_after_hours=96)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=20)
    stage.extend(lock_id)
    assert end(stage) == START + timedelta(hours=96.75)


def test_only_settings_that_may_shorten_have_locks_looked_at(stage: Stage) -> None:
    """P-14: at once, when every process knows them."""
    stage.lock()
    stage.run_jobs()
    change(stage, unlock_after_hours=60, copy_mode=True)
    assert stage.jobs(JobKind.SWEEP) == []
    change(stage, unlock_after_hours=50)
    (job,) = stage.jobs(JobKind.SWEEP)
    assert job.delay == KNOWN_EVERYWHERE
    stage.world.tables.jobs.clear()
    own = SpaceSettings(own={"unlock_after_hours": 30})
    space_settings.change(stage.world.services, stage.world.actor(DANA), space_of(stage), own)
    stage.world.clock.advance(seconds=5)
    stage.run_jobs(JobKind.SWEEP, also_later=True)
    assert end(stage) == START + timedelta(hours=30)


def test_an_extension_between_read_and_write_wins(stage: Stage) -> None:
    """L-32, E5: the shorter end is decided again on what is there then."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(hours=20)
    change(stage, warn_after_hours=10, unlock_after_hours=21)
    key = "lock_properties.replace"
    stage.taps.before[key, stage.taps.calls[key] + 1] = lambda: stage.extend(lock_id, hours=100)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=120.25)
    assert one_row_for_each_record(stage)


def test_a_moved_page_has_the_settings_of_its_new_space(stage: Stage) -> None:
    """P-14: before a lock is shortened its space is asked for, so that another's settings never end it."""
    stage.lock()
    own = SpaceSettings(own={"warn_after_hours": 1, "unlock_after_hours": 3})
    space_settings.change(stage.world.services, stage.world.actor(DANA), space_of(stage), own)
    page(stage).space_id = "another"
    pass_hours(stage, 2)
    assert end(stage) == START + timedelta(hours=48)


def test_a_lock_that_was_found_again_has_the_settings_of_its_space(stage: Stage) -> None:
    """P-14, E31: Postgres lost it; the space is asked for once."""
    stage.lock()
    own = SpaceSettings(own={"warn_after_hours": 2})
    space_settings.change(stage.world.services, stage.world.actor(DANA), space_of(stage), own)
    stage.world.tables.witnesses.clear()
    stage.reconcile()
    witness = stage.world.tables.witnesses[ACME.id, stage.file.id]
    assert witness.space_id == space_of(stage)
    stage.taps.clear()
    pass_hours(stage, 2)
    assert warnings(stage) == [(ALICE, hour(48))]
    assert stage.taps.calls["people.container"] == 0


def test_a_lock_whose_page_is_not_shown_keeps_its_end(stage: Stage) -> None:
    """P-14: nobody knows its space, so no setting ends it sooner; the sweep goes on."""
    stage.lock()
    change(stage, warn_after_hours=10, unlock_after_hours=20)

    def hidden() -> None:
        raise GoneOrInvisible("404")

    key = "people.container"
    stage.taps.before[key, stage.taps.calls[key] + 1] = hidden
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=48)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=20)


def test_longest_life_and_no_end(stage: Stage) -> None:
    """P-14, M-10: locks without an end get one when the site allows none any more."""
    change(stage, unlock_after_hours=None, endless=True)
    stage.lock()
    pass_hours(stage, 24 * 3, step=6)
    assert end(stage) is None
    change(stage, endless=False, longest_days=2)
    pass_hours(stage, 0.25)
    assert end(stage) == START + timedelta(hours=73.25)


def test_a_look_that_shortens_nothing_costs_no_more(stage: Stage) -> None:
    """P-19: two points for each lock, once settings are known."""
    stage.lock()
    stage.sweep()
    stage.taps.clear()
    stage.world.clock.advance(hours=24)
    memory = stage.world.services.settings_memory
    memory.keep(ACME, space_of(stage), _fresh(stage), memory.forgotten())
    stage.sweep()
    assert warnings(stage) == [(ALICE, hour(48))]
    assert stage.taps.host_calls() == ["attachments.get"]


# --- locks without an end -------------------------------------------------------------------------------------------


def reminders(stage: Stage) -> list[str]:
    return [mail.recipient for mail in stage.world.tables.mails_of(ACME) if mail.kind is MailKind.ENDLESS_LOCKS]


def test_one_reminder_for_person_and_week(stage: Stage) -> None:
    """M-10, L-65: however many locks, and however often they are looked at."""
    change(stage, unlock_after_hours=None, endless=True)
    stage.lock()
    for number in range(3):
        stage.lock(file=stage.world.add_file(title=f"{number}.txt"))
    stage.lock(BOB, file=stage.world.add_file(title="bob.txt"))
    pass_hours(stage, 24 * 15, step=3)
    assert sorted(reminders(stage)) == [ALICE, ALICE, BOB, BOB]


def test_a_sweep_that_slept_reminds_of_the_present_week_alone(stage: Stage) -> None:
    """M-10: nobody gets what was missed."""
    change(stage, unlock_after_hours=None, endless=True)
    stage.lock()
    stage.world.clock.advance(days=40)
    pass_hours(stage, 24 * 7, step=12)
    assert reminders(stage) == [ALICE]


def test_locks_with_an_end_are_not_reminded_of(stage: Stage) -> None:
    """M-10."""
    stage.lock(life=timedelta(days=20))
    pass_hours(stage, 24 * 15, step=6)
    assert reminders(stage) == []


def page(stage: Stage) -> Page:
    return stage.world.site().pages[stage.file.container.id]


def space_of(stage: Stage) -> str:
    return page(stage).space_id


def _fresh(stage: Stage) -> Any:
    known = stage.world.services.settings_memory.get(ACME, space_of(stage))
    assert known is not None
    now = stage.world.clock.now()
    return replace(known, read=now, checked=now)


def test_a_file_that_is_also_overwritten_is_protected_first(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """L-34: shortening undoes nothing and skips nothing."""
    stage.lock()
    change(stage, warn_after_hours=1, unlock_after_hours=2)
    stage.world.clock.advance(minutes=5)
    stage.upload(BOB, b"Bob's")
    seen: list[Held] = []
    real = protect.protect
    monkeypatch.setattr(
        "lockpoint.services.reconciliation.reconcile.protect",
        lambda *args, **more: (seen.append(stage.held), real(*args, **more))[1],
    )
    stage.sweep()
    assert stage.content == b"first"
    assert [held.kind for held in seen] == [AuditKind.ACQUIRED]
    assert end(stage) == START + timedelta(hours=2)
