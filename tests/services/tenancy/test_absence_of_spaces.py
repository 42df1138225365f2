"""Spaces that are switched off and on: nothing is enforced or swept; on the return locks count again (P-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.reconciliation.reconcile import confirm
from lockpoint.services.reconciliation.rediscover import rediscover
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage
from tests.services.tenancy.switches import (
    ELSEWHERE,
    Switch,
    by_space,
    conflicts,
    look_at_everything,
    site_rules,
    space_rules,
    under_an_inactive_site,
)


def absence(stage: Stage, switch: Switch, *, hours: float = 1) -> None:
    """Bob uploads while the space is off."""
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(hours=hours / 2)
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(hours=hours / 2)
    switch(stage, on=True)
    stage.world.clock.advance(minutes=1)


def test_an_inactive_space_is_left_alone(stage: Stage, switch: Switch) -> None:
    """P-15, L-71: no overwrite, rename or trash is undone, no record changes, and looks cost no point."""
    stage.lock()
    switch(stage, on=False)
    stage.run_jobs()
    before = stage.found
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.world.site().rename(stage.file.id, BOB, "other.txt")
    stage.world.site().trash(stage.file.id)
    stage.taps.clear()
    look_at_everything(stage)
    assert stage.taps.host_calls() == []
    assert (stage.found, stage.content, stage.file.title) == (before, b"Bob's", "other.txt")
    assert stage.file.status is FileStatus.TRASHED
    assert stage.mails() == []


WAKERS: dict[str, Callable[[Stage], object]] = {
    "a hint": Stage.reconcile,
    "a sweep": Stage.sweep,
    "a search": lambda stage: rediscover(stage.world.services, ACME),
    "its own job": lambda stage: stage.run_jobs(JobKind.SWITCHED),
    "all jobs": Stage.run_jobs,
}


@pytest.mark.parametrize("waker", WAKERS)
def test_whoever_looks_first_undoes_nothing_of_the_absence(stage: Stage, switch: Switch, waker: str) -> None:
    """L-71: what came between stands and is told; the next upload is undone. A lost job delays it only."""
    lock_id = stage.lock().lock.lock_id
    absence(stage, switch)
    for _ in range(2):
        WAKERS[waker](stage)
    assert stage.content == b"meanwhile"
    assert (stage.held.lock_id, stage.held.base.author) == (lock_id, BOB)
    assert stage.mails() == [(MailKind.OVERWRITE_ATTEMPT, ALICE, "while_away")]
    assert conflicts(stage) == [(BOB, "while_away")]
    stage.upload(CHARLIE, b"now it counts")
    stage.reconcile()
    assert stage.content == b"meanwhile"


def test_a_lock_that_was_forgotten_meanwhile_is_found_again(stage: Stage, switch: Switch) -> None:
    """Rows are kept for 30 days without a look: the return searches, and nothing of the absence is undone."""
    site_rules(stage, longest_days=90)
    stage.lock(life=timedelta(days=60))
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(days=31)
    stage.upload(BOB, b"meanwhile")
    stage.world.tables.witnesses.clear()
    switch(stage, on=True)
    stage.run_jobs()
    assert (stage.content, stage.held.base.author) == (b"meanwhile", BOB)
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == stage.world.site().space_id


def test_trash_and_names_of_the_absence_stay(stage: Stage, switch: Switch) -> None:
    """L-71: renamed and trashed in between; afterwards both are undone again."""
    other = stage.world.add_file()
    stage.lock()
    stage.lock(file=other)
    stage.run_jobs()
    switch(stage, on=False)
    stage.world.clock.advance(minutes=1)
    stage.world.site().rename(stage.file.id, BOB, "other.txt")
    stage.world.site().trash(other.id)
    stage.world.clock.advance(minutes=1)
    switch(stage, on=True)
    stage.run_jobs()
    for _ in range(3):
        stage.world.clock.advance(minutes=20)
        stage.sweep()
    assert (stage.file.title, other.status) == ("other.txt", FileStatus.TRASHED)
    stage.world.site().trash(stage.file.id)
    stage.reconcile()
    assert stage.file.status is FileStatus.CURRENT


def test_what_was_undone_before_the_absence_stays_undone(stage: Stage, switch: Switch) -> None:
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"refused")
    stage.reconcile()
    absence_without_upload(stage, switch)
    stage.reconcile()
    assert (stage.content, stage.held.base.author) == (b"first", ALICE)


def absence_without_upload(stage: Stage, switch: Switch) -> None:
    stage.world.clock.advance(minutes=1)
    switch(stage, on=False)
    stage.world.clock.advance(hours=1)
    switch(stage, on=True)
    stage.world.clock.advance(minutes=1)


@pytest.mark.parametrize("minutes", [10, 59, 90])
def test_a_lock_that_is_due_soon_gets_an_hour_more(stage: Stage, switch: Switch, minutes: int) -> None:
    """Lock-semantics §6: once, however often it is looked at."""
    stage.lock(life=timedelta(hours=3))
    due = stage.held.expires_at
    switch(stage, on=False)
    stage.world.clock.advance(minutes=180 - minutes)
    switch(stage, on=True)
    for _ in range(3):
        stage.world.clock.advance(minutes=1)
        stage.sweep()
    assert due is not None
    assert stage.held.expires_at == (due + timedelta(hours=1) if minutes < 60 else due)


def test_a_lock_that_was_extended_since_gets_nothing_more(stage: Stage) -> None:
    """Its holder has decided."""
    lock_id = stage.lock(life=timedelta(hours=2)).lock.lock_id or ""
    by_space(stage, on=False)
    stage.world.clock.advance(minutes=100)
    by_space(stage, on=True)
    stage.world.clock.advance(minutes=1)
    stage.extend(lock_id, hours=1)
    due = stage.held.expires_at
    stage.world.clock.advance(minutes=5)
    stage.sweep()
    assert stage.held.expires_at == due


def test_a_lock_that_expired_meanwhile_and_is_taken_by_another(stage: Stage, switch: Switch) -> None:
    """Overwritten, expired, then locked by Bob at once: nothing is undone, the holder is told of the end."""
    stage.lock(life=timedelta(hours=1))
    absence(stage, switch, hours=3)
    stage.lock(BOB)
    stage.run_jobs()
    assert (stage.content, stage.held.holder, stage.held.base.author) == (b"meanwhile", BOB, BOB)
    assert (MailKind.LOCK_ENDED, ALICE, "expired") in stage.mails()
    assert (MailKind.UPLOAD_UNDONE, BOB, "undone") not in stage.mails()


def test_a_lock_that_is_taken_over_after_the_return(stage: Stage, switch: Switch) -> None:
    lock_id = stage.lock().lock.lock_id or ""
    absence(stage, switch)
    stage.take_over(lock_id, DANA)
    stage.run_jobs()
    assert (stage.content, stage.held.holder) == (b"meanwhile", DANA)
    assert conflicts(stage) == [(BOB, "while_away")]


def test_two_switches_within_seconds(stage: Stage, switch: Switch) -> None:
    """One look waits; what was uploaded before them is accepted, what comes after is undone."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    for _ in range(2):
        switch(stage, on=False)
        stage.world.clock.advance(seconds=2)
        stage.upload(BOB, b"between")
        switch(stage, on=True)
    assert len(stage.jobs(JobKind.SWITCHED)) == len({job.subject for job in stage.jobs(JobKind.SWITCHED)})
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"after")
    stage.run_jobs()
    assert stage.content == b"between"


@pytest.mark.parametrize("call", ["attachments.version", "attachments.restore"])
def test_switched_off_between_read_and_write_of_an_undo(stage: Stage, call: str) -> None:
    """Before the restore is sent, what was decided is asked again; one that was sent stands."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.taps.before[call, 1] = lambda: by_space(stage, on=False)
    stage.reconcile()
    assert stage.content == (b"first" if call == "attachments.restore" else b"Bob's")
    assert [mail for mail in stage.mails() if call != "attachments.restore"] == []


def test_spaces_that_decide_themselves_do_not_return_with_their_site(stage: Stage) -> None:
    """P-15: an overwrite that waits there is undone, as the space was active all the time."""
    space_rules(stage, active=True)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    site_rules(stage, active=False)
    stage.upload(BOB, b"Bob's")
    stage.world.clock.advance(minutes=1)
    site_rules(stage, active=True)
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].protection is not Protection.UNCHECKED


def test_only_the_spaces_own_locks_are_looked_at(stage: Stage) -> None:
    """No storm: the locks of other spaces are not read for it, and hints of their pages not written."""
    stage.lock()
    page = stage.world.site().add_page(space_id=ELSEWHERE)
    other = stage.world.site().add_file(page, ALICE)
    stage.lock(file=other)
    stage.run_jobs()
    space_rules(stage, ELSEWHERE, active=False)
    space_rules(stage, ELSEWHERE, active=True)
    assert stage.jobs(JobKind.SWITCHED) == [Job(JobKind.SWITCHED, ACME.id, ELSEWHERE)]
    stage.taps.clear()
    stage.run_jobs(JobKind.SWITCHED)
    assert stage.taps.calls["attachments.get"] == 1
    assert [job.subject for job in stage.jobs(JobKind.PAGE_HINT)] == [f"page:{page.container.id}"]


def test_a_lock_whose_row_is_lost_is_found_where_spaces_decide(stage: Stage) -> None:
    """E2b: on a site that is off but for this space."""
    under_an_inactive_site(stage, on=True)
    stage.lock()
    stage.world.tables.witnesses.clear()
    confirm(stage.world.services, ACME, stage.file.id)
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == stage.world.site().space_id


def test_a_returned_lock_is_warned_of_once(stage: Stage) -> None:
    """L-33: the hour more is nobody's choice; before it the holder is told when the lock ends."""
    stage.lock()
    stage.world.clock.advance(hours=1)
    by_space(stage, on=False)
    stage.world.clock.advance(hours=46.5)
    by_space(stage, on=True)
    stage.world.clock.advance(seconds=10)
    stage.run_jobs()
    for _ in range(3):
        stage.sweep()
    warnings = [mail for mail in stage.mails() if mail[0] is MailKind.LOCK_WILL_END]
    assert (len(warnings), stage.held.chosen) == (1, False)
