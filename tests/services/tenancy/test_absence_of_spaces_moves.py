"""Pages that move between a space that is switched off and others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage, refusal_of
from tests.services.tenancy.switches import ELSEWHERE, byline, conflicts, listing, look_at_everything, space_rules


def move(stage: Stage, space: str, *, told: bool = True) -> None:
    """Move the page of the file; `told`: its webhook arrives."""
    page = stage.file.container.id
    stage.world.site().pages[page].space_id = space
    if told:
        take_hint(stage.world.services, ACME, Hint(container_ids=(page,), moved=True))
        stage.run_jobs()


def test_a_page_that_moves_into_an_inactive_space_and_back(stage: Stage) -> None:
    """E22: suspended; moved back, the lock is active, and what came between stands and is told."""
    lock_id = stage.lock().lock.lock_id
    space_rules(stage, ELSEWHERE, active=False)
    move(stage, ELSEWHERE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"meanwhile")
    look_at_everything(stage)
    assert (stage.content, stage.show().protection) == (b"meanwhile", "suspended")
    stage.world.clock.advance(minutes=1)
    move(stage, stage.world.site().space_id)
    assert (stage.held.lock_id, stage.held.base.author, stage.show().protection) == (lock_id, BOB, "protected")
    assert conflicts(stage) == [(BOB, "while_away")]
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"meanwhile"


def test_a_move_into_an_inactive_space_that_nobody_told_of(stage: Stage) -> None:
    """E22: before anything is undone the page is asked where it is."""
    stage.lock()
    space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    stage.world.clock.advance(minutes=1)
    move(stage, ELSEWHERE, told=False)
    stage.upload(BOB, b"meanwhile")
    stage.reconcile()
    stage.sweep()
    assert (stage.content, stage.mails()) == (b"meanwhile", [])


def test_a_sweep_finds_a_silent_move_into_an_inactive_space(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """E22: the lock's space is what Confluence says now; from then on nothing is shown, warned of or ended there."""
    stage.lock(life=timedelta(hours=3))
    space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    move(stage, ELSEWHERE, told=False)
    monkeypatch.setattr(stage.world.services.ids, "fraction", lambda: 0.1)
    stage.taps.clear()
    stage.sweep()
    assert (stage.taps.calls["people.container"], stage.taps.calls["attachments.get"]) == (1, 0)
    stage.run_jobs()
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == ELSEWHERE
    assert byline(stage) == ({"value": "File locks"}, 1)
    stage.world.clock.advance(hours=4)
    stage.sweep()
    assert (stage.held.holder, stage.mails()) == (ALICE, [])


@pytest.mark.parametrize(("elsewhere", "share"), [(False, 0), (True, 1 / 8)])
def test_what_finding_silent_moves_costs_a_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, elsewhere: bool, share: float
) -> None:
    """P-19: a site whose spaces are all on or off together pays nothing; elsewhere it is 2 points and a quarter."""
    stage.lock()
    if elsewhere:
        space_rules(stage, ELSEWHERE, active=False)
    stage.run_jobs()
    stage.taps.clear()
    for number in range(16):
        monkeypatch.setattr(stage.world.services.ids, "fraction", lambda number=number: number / 16)
        stage.sweep()
    assert stage.taps.calls["attachments.get"] == 16
    assert stage.taps.calls["people.container"] == 16 * share


def test_a_silent_move_is_followed_though_another_is_at_the_file(stage: Stage) -> None:
    """E22: whoever waits for the file still asks where its page is."""
    stage.lock()
    stage.run_jobs()
    with stage.world.services.mutexes.hold(f"reconcile:{ACME.id}:{stage.file.id}", 60):
        take_hint(stage.world.services, ACME, Hint(container_ids=(stage.file.container.id,), moved=True))
        stage.run_jobs()
    assert [job.subject for job in stage.jobs(JobKind.MOVED)] == [stage.file.id]


@pytest.mark.parametrize("who", ["a sweep, by chance", "somebody who opens the page"])
def test_a_move_back_that_nobody_told_of(stage: Stage, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """E22, P-19: no lost webhook leaves a lock suspended for ever."""
    stage.lock()
    space_rules(stage, ELSEWHERE, active=False)
    move(stage, ELSEWHERE)
    move(stage, stage.world.site().space_id, told=False)
    stage.sweep()
    assert stage.world.tables.witnesses[ACME.id, stage.file.id].space_id == ELSEWHERE
    if who == "a sweep, by chance":
        monkeypatch.setattr(stage.world.services.ids, "fraction", lambda: 0.1)
        stage.sweep()
    else:
        listing(stage)
        stage.run_jobs()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"against the lock")
    stage.reconcile()
    assert stage.content == b"first"


def test_an_extension_does_not_bring_a_lock_back_to_where_its_page_was(stage: Stage) -> None:
    """E22: the page is read anew where spaces differ; what came meanwhile stands."""
    home = stage.world.site().space_id
    space_rules(stage, ELSEWHERE, active=False)
    lock_id = stage.lock().lock.lock_id or ""
    stage.run_jobs()
    move(stage, ELSEWHERE)
    stage.world.clock.advance(minutes=1)
    assert refusal_of(lambda: stage.extend(lock_id)).code == "inactive"
    stage.upload(BOB, b"meanwhile")
    stage.world.clock.advance(minutes=1)
    move(stage, home)
    stage.reconcile()
    stage.sweep()
    assert stage.content == b"meanwhile"


def test_a_new_lock_lives_as_the_space_wants_where_its_page_is_now(stage: Stage) -> None:
    """L-30: also within minutes of a move."""
    space_rules(stage, ELSEWHERE, unlock_after_hours=2, warn_after_hours=1)
    stage.release(stage.lock().lock.lock_id or "")
    move(stage, ELSEWHERE)
    stage.world.clock.advance(seconds=30)
    stage.lock()
    assert stage.held.expires_at == stage.held.acquired_at + timedelta(hours=2)
