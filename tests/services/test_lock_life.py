"""A lock from its beginning to its end: warned, extended, warned again, unlocked, and everybody told once.

Whatever the sweeps did meanwhile: they came on time, not for 31 hours, or twice at once.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ALICE, BOB, CHARLIE
from tests.services.stage import Stage, make_stage, one_row_for_each_record, untouched

TICK = timedelta(minutes=15)
TO_ALICE, TO_CHARLIE = "alice@example.com", "charlie@example.com"


def sent(stage: Stage) -> Counter[tuple[str, MailKind]]:
    box = stage.world.services.mailer.box
    return Counter((address, facts.kind) for address, facts, _ in box)


def live(stage: Stage, until: float, *, sweeps: int = 1, dead: range = range(0)) -> None:
    """Let the clock run to this hour; `sweeps` clock processes ask for each sweep, none does in the hours `dead`."""
    start = stage.world.clock.now()
    while stage.world.clock.now() < start + timedelta(hours=until):
        stage.world.clock.at += TICK
        if (stage.world.clock.now() - start) // timedelta(hours=1) not in dead:
            for _ in range(sweeps):
                stage.sweep()
            stage.run_jobs(*(kind for kind in JobKind))


@pytest.mark.parametrize("sweeps", [1, 2], ids=["one clock", "two clocks"])
def test_everybody_hears_everything_once(sweeps: int) -> None:
    """P-14, L-33, L-65, L-26: lock, warning, extension, warning again, unlock after 48 hours."""
    stage = make_stage()
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    live(stage, 24, sweeps=sweeps)
    assert sent(stage) == {(TO_ALICE, MailKind.LOCK_WILL_END): 1}
    stage.extend(lock_id)
    live(stage, 24, sweeps=sweeps)
    assert sent(stage) == {(TO_ALICE, MailKind.LOCK_WILL_END): 2}
    live(stage, 25, sweeps=sweeps)
    ends = {(TO_ALICE, MailKind.LOCK_ENDED): 1, (TO_CHARLIE, MailKind.FILE_AVAILABLE): 1}
    assert sent(stage) == {(TO_ALICE, MailKind.LOCK_WILL_END): 2} | ends
    live(stage, 100, sweeps=sweeps)
    assert sum(sent(stage).values()) == 4
    assert one_row_for_each_record(stage)
    assert untouched(stage)


@pytest.mark.parametrize(
    ("dead", "expected"),
    [
        (range(10, 41), {(TO_ALICE, MailKind.LOCK_WILL_END): 1, (TO_ALICE, MailKind.LOCK_ENDED): 1}),
        (range(20, 51), {(TO_ALICE, MailKind.LOCK_ENDED): 1}),
        (range(30, 61), {(TO_ALICE, MailKind.LOCK_WILL_END): 1, (TO_ALICE, MailKind.LOCK_ENDED): 1}),
    ],
    ids=["over the warning", "over warning and end", "over the end"],
)
@pytest.mark.parametrize("sweeps", [1, 2], ids=["one clock", "two clocks"])
def test_a_clock_process_that_was_dead_for_31_hours(
    dead: range, expected: dict[tuple[str, MailKind], int], sweeps: int
) -> None:
    """F41, L-33, L-65: nothing is doubled, nobody is warned of an end that has passed, all the rest is told late."""
    stage = make_stage()
    stage.lock()
    stage.ask(CHARLIE)
    live(stage, 120, sweeps=sweeps, dead=dead)
    assert sent(stage) == expected | {(TO_CHARLIE, MailKind.FILE_AVAILABLE): 1}
    assert stage.tombstone.ended.at == stage.world.clock.now() - timedelta(hours=72)


HOUR = st.integers(0, 100)


@given(extended=st.lists(HOUR, max_size=3), first=HOUR, length=st.integers(0, 40), sweeps=st.integers(1, 2))
@settings(max_examples=25, deadline=None)
def test_any_extension_and_any_outage(extended: list[int], first: int, length: int, sweeps: int) -> None:
    """L-33, L-65, I17: one warning at most for each end, told while it is true; one end, told once."""
    stage = make_stage()
    lock_id = stage.lock().lock.lock_id or ""
    stage.ask(CHARLIE)
    ends, dead = 1, range(first, first + length)
    for hour in range(101):
        if hour in extended and stage.show().can.extend:
            stage.extend(lock_id)
            ends += 1
        live(stage, 1, sweeps=sweeps, dead=range(1) if hour in dead else range(0))
    live(stage, 60)
    told = sent(stage)
    assert told[TO_ALICE, MailKind.LOCK_WILL_END] <= ends
    assert told[TO_ALICE, MailKind.LOCK_ENDED] == told[TO_CHARLIE, MailKind.FILE_AVAILABLE] == 1
    assert stage.audit().count(AuditKind.EXPIRED) == 1
    if not length:
        assert told[TO_ALICE, MailKind.LOCK_WILL_END] >= 1
    assert one_row_for_each_record(stage)


def test_the_next_person_is_never_warned_of_the_lock_before() -> None:
    """L-33: a take-over between the warning and its mail."""
    stage = make_stage()
    lock_id = stage.lock().lock.lock_id or ""
    stage.world.clock.advance(hours=24)
    stage.sweep()
    stage.break_(lock_id, "557058:da4a0000-0000-4000-8000-000000000004")
    stage.lock(BOB)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert sent(stage) == {(TO_ALICE, MailKind.LOCK_ENDED_BY_OTHER): 1}
    assert stage.held.holder == BOB != ALICE
