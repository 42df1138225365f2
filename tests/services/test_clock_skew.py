"""A node with a wrong clock decides nothing about locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from lockpoint.domain.lock import MARGIN, Absent, Held
from lockpoint.services.clock_skew import (
    DECIDES,
    KEPT,
    MOST_SITES,
    REMEMBERED,
    ClockOffsets,
    ClockState,
    TimelyTokens,
    clock_state,
    node_state,
)
from lockpoint.services.errors import AlreadyLockedError, Busy, EndingError
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from tests.fakes.world import ACME, BOB, GLOBEX, START, FakeClock
from tests.services.stage import Stage, make_stage, refusal_of

HALF = timedelta(milliseconds=500)
RIGHT, OFF, UNKNOWN, DOUBTFUL, WRONG = ClockState


class WrongClock(FakeClock):
    """A clock off the host's."""

    def __init__(self, right: FakeClock, off: timedelta) -> None:
        super().__init__(right.at + off)


class OffClock(FakeClock):
    """Off the host's by so many seconds, also while that goes on."""

    def __init__(self, right: FakeClock, seconds: float) -> None:
        super().__init__()
        self._right, self._off = right, timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._right.at + self._off


class JumpingClock(FakeClock):
    """Off by turns: the strobe of F43."""

    def __init__(self, right: FakeClock, offs: Sequence[float], every: int) -> None:
        super().__init__(right.at)
        self.offs, self.every, self.turn = offs, every, 0

    def next_turn(self) -> None:
        self.turn += 1

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.offs[self.turn // self.every % len(self.offs)])


def _set_clock(stage: Stage, clock: FakeClock) -> None:
    object.__setattr__(stage.world.services, "clock", clock)


def _with_clock_off(seconds: float) -> Stage:
    stage = make_stage()
    _set_clock(stage, WrongClock(stage.world.clock, timedelta(seconds=seconds)))
    return stage


def _told(offsets: ClockOffsets, *differences: float, site: int = 1) -> ClockState:
    state = offsets.of(site)
    for seconds in differences:
        state = offsets.note(site, START, START, START - HALF - timedelta(seconds=seconds))
    return state


# Tokens


def _tokens(elapsed: FakeClock) -> TimelyTokens:
    return TimelyTokens(lambda: elapsed.now().timestamp())


def test_signed_tokens_that_are_refused_for_their_time_raise_an_alarm() -> None:
    """Five in a row within two minutes; one line and one more when it is over; metric; what to do."""
    clock = FakeClock()
    times = _tokens(clock)
    with capture_logs() as lines:
        for _ in range(4):
            times.heard(in_time=False)
        assert not times.doubtful()
        for _ in range(3):
            times.heard(in_time=False)
        assert times.doubtful()
        assert REGISTRY.get_sample_value("lockpoint_clock_doubted") == 1
        times.heard(in_time=True)
    assert [line["event"] for line in lines] == ["clock_doubted", "clock_doubted_no_more"]
    assert "lockpoint doctor" in lines[0]["remedy"]
    assert REGISTRY.get_sample_value("lockpoint_clock_doubted") == 0


def test_a_tab_that_was_open_for_long_raises_none() -> None:
    """While others get in, and when nobody else comes."""
    clock = FakeClock()
    times = _tokens(clock)
    for _ in range(20):
        times.heard(in_time=False)
        times.heard(in_time=True)
    for _ in range(4):
        times.heard(in_time=False)
    clock.advance(seconds=121)
    times.heard(in_time=False)
    assert not times.doubtful()
    for _ in range(4):
        times.heard(in_time=False)
    assert times.doubtful()
    clock.advance(seconds=121)
    assert not times.doubtful()


# The rule


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        ([], UNKNOWN),
        ([0], RIGHT),
        ([5, -5, 5], RIGHT),
        ([5.1], OFF),
        ([0] * 19 + [-5.1], OFF),
        ([-5.1] + [0] * 19, OFF),
        ([15], OFF),
        ([15.1], DOUBTFUL),
        ([3600], DOUBTFUL),
        ([0] * 19 + [20], DOUBTFUL),
        ([3600, 0], OFF),
        ([0, 3600, 0, 0], OFF),
        ([3600, 3600], WRONG),
        ([-300, -300, -300], WRONG),
        ([0] * 18 + [20, 20], WRONG),
        ([20, -20] * 10, WRONG),
        ([0, 0, 0, 20, 0, 0, -20, 0, 0], WRONG),
    ],
)
def test_what_answers_say(seconds: list[float], state: ClockState) -> None:
    """F43, F44: the alarm at 5 s, nothing decided beyond 15 s, one odd answer is outvoted, spread counts."""
    assert clock_state([timedelta(seconds=each) for each in seconds]) is state


@pytest.mark.parametrize(
    ("sites", "state"),
    [
        ([], UNKNOWN),
        ([RIGHT, RIGHT], RIGHT),
        ([RIGHT, OFF], OFF),
        ([RIGHT, WRONG], OFF),
        ([WRONG, WRONG, RIGHT], WRONG),
        ([WRONG], WRONG),
        ([DOUBTFUL], OFF),
    ],
)
def test_what_sites_say(sites: list[ClockState], state: ClockState) -> None:
    """One site whose clock is wrong makes no node unready."""
    assert node_state(sites) is state


SECONDS = st.floats(-4000, 4000)
WELL = st.floats(-15, 15)


@given(before=st.lists(WELL, min_size=1, max_size=25), odd=SECONDS, after=st.lists(WELL, min_size=1, max_size=25))
def test_no_single_answer_stops_a_right_clock(before: list[float], odd: float, after: list[float]) -> None:
    """F44, whenever the odd one comes, also as the very first."""
    for first in (before, []):
        offsets = ClockOffsets()
        _told(offsets, *first, odd)
        for each in after:
            assert _told(offsets, each) in DECIDES


@given(before=st.lists(SECONDS, max_size=25), now=SECONDS.filter(lambda seconds: abs(seconds) > 15.001))
def test_nothing_is_decided_on_a_wrong_reading(before: list[float], now: float) -> None:
    """E33: from the first answer that contradicts our clock, whatever was heard before."""
    assert _told(ClockOffsets(), *before, now) not in DECIDES


@given(odd=st.lists(SECONDS.filter(lambda seconds: abs(seconds) > 15.001), min_size=2, max_size=10), rest=st.data())
def test_a_clock_that_jumps_is_wrong(odd: list[float], rest: st.DataObject) -> None:
    """F43, strobe: two odd answers among the last twenty, in any order, whatever their median."""
    good = rest.draw(st.lists(WELL, max_size=KEPT - len(odd)))
    mixed = rest.draw(st.permutations(odd + good))
    assert _told(ClockOffsets(), *mixed) is WRONG


# What is remembered


def test_half_the_round_trip_is_taken_off() -> None:
    """§6; an answer of more than ten seconds tells no time."""
    offsets = ClockOffsets()
    midway = START + timedelta(seconds=4) - HALF
    assert offsets.note(1, START, START + timedelta(seconds=8), midway) is RIGHT
    assert ClockOffsets().note(1, START, START + timedelta(seconds=11), midway) is UNKNOWN
    assert ClockOffsets().note(1, START, START, None) is UNKNOWN


def test_answers_count_for_two_minutes() -> None:
    """A clock that was set right is believed again, also without traffic; old praise does not count either."""
    elapsed = [0.0]
    offsets = ClockOffsets(lambda: elapsed[0])
    assert _told(offsets, 20, 20) is WRONG
    elapsed[0] = REMEMBERED + 1
    assert (offsets.of(1), offsets.of_node()) == (UNKNOWN, UNKNOWN)
    assert _told(offsets, 0) is RIGHT


def test_praise_of_before_does_not_count_for_the_node() -> None:
    """A clock that jumps is seen by the next site that is asked; those asked before it jumped have no say."""
    elapsed = [0.0]
    offsets = ClockOffsets(lambda: elapsed[0])
    for site in (2, 3, 4):
        _told(offsets, 0, site=site)
    elapsed[0] = 1
    assert _told(offsets, 300, 300, site=1) is WRONG
    assert offsets.of_node() is WRONG
    elapsed[0] = 2
    _told(offsets, 0, site=2)
    assert offsets.of_node() is OFF


def test_a_site_with_a_wrong_clock_stops_only_itself() -> None:
    """F44: not one answer but all of one site."""
    offsets = ClockOffsets()
    assert _told(offsets, 3600, 3600, 3600, site=1) is WRONG
    _told(offsets, 0, site=2)
    _told(offsets, 0, site=3)
    assert (offsets.of(2), offsets.of(3), offsets.of_node()) == (RIGHT, RIGHT, OFF)


def test_only_sites_heard_of_late_are_remembered() -> None:
    offsets = ClockOffsets()
    for site in range(MOST_SITES + 10):
        _told(offsets, 0, site=site)
    assert len(offsets._sites) == MOST_SITES
    assert (offsets.of(0), offsets.of(MOST_SITES + 9)) == (UNKNOWN, RIGHT)


# The alarm


def test_each_change_is_one_line() -> None:
    """G11, F43: alarm at 5 s, again beyond 15 s, and when it is over; the metric follows."""
    elapsed = [0.0]
    offsets = ClockOffsets(lambda: elapsed[0])
    with capture_logs() as lines:
        _told(offsets, 0, 4.9, 5.5, -6, 0)
        assert REGISTRY.get_sample_value("lockpoint_clock_offset_seconds") == -6
        _told(offsets, 20, 20, 20)
        elapsed[0] += REMEMBERED + 1
        _told(offsets, 0, 0)
    said = [(line["event"], line["log_level"], line["seconds_ahead"]) for line in lines]
    assert said == [("clock_off", "warning", 5.5), ("clock_wrong", "error", 20), ("clock_right", "info", 0)]
    assert REGISTRY.get_sample_value("lockpoint_clock_offset_seconds") == 0


# Locks


@pytest.mark.parametrize("seconds", [-300, -16, 17, 300])
def test_it_refuses_lock_writes_and_still_reads(seconds: float) -> None:
    """E33, F43: more than 15 s off: 503; other nodes are unaffected."""
    stage = _with_clock_off(seconds)
    refusal = refusal_of(stage.lock)
    assert isinstance(refusal, Busy)
    assert refusal.details["retryAfter"]
    assert isinstance(stage.found, Absent)
    assert stage.show(BOB).state.value == "free"


@pytest.mark.parametrize("seconds", [-14, -5, 5, 14])
def test_within_the_margin_it_works(seconds: float) -> None:
    """F43."""
    assert _with_clock_off(seconds).lock().status == 201


@pytest.mark.parametrize(("first", "then"), [(4, -4), (14, -14)])
def test_a_clock_that_steps_back_during_a_lock_ends_it_in_its_time(first: int, then: int) -> None:
    """E34: records go on in order; nobody gets the file before its end, or waits longer than the margin for it."""
    stage = _with_clock_off(first)
    lock_id = stage.lock().lock.lock_id or ""
    _set_clock(stage, OffClock(stage.world.clock, then))
    assert stage.extend(lock_id, hours=48).status == 200
    assert [(record.epoch, record.seq) for record in stage.stored_records()] == [(1, 1), (1, 2)]
    end = stage.held.expires_at
    assert end is not None
    for off in (then, first, then):
        _set_clock(stage, OffClock(stage.world.clock, off))
        stage.world.clock.at = end - timedelta(seconds=15)
        assert stage.show(BOB).state.value in {"other", "ending"}
        assert isinstance(refusal_of(stage.lock, BOB), AlreadyLockedError | EndingError)
    stage.world.clock.at = end + MARGIN + timedelta(seconds=15)
    assert stage.lock(BOB).status == 201


@pytest.mark.parametrize("seconds", [-300, -20, 20, 300])
def test_a_clock_that_went_wrong_decides_nothing_more(seconds: float) -> None:
    """G11: not one answer, however many were right before."""
    stage = make_stage()
    for _ in range(30):
        stage.show(BOB)
    _set_clock(stage, WrongClock(stage.world.clock, timedelta(seconds=seconds)))
    assert isinstance(refusal_of(stage.lock), Busy)
    assert isinstance(stage.found, Absent)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_clock_that_strobes_decides_nothing(every: int) -> None:
    """G11, F43: ±20 s, whose median is 0."""
    stage = make_stage()
    clock = JumpingClock(stage.world.clock, (20, -20), every)
    _set_clock(stage, clock)
    for _ in range(KEPT):
        stage.show(BOB)
        clock.next_turn()
        assert isinstance(refusal_of(stage.lock), Busy)
        clock.next_turn()
    assert isinstance(stage.found, Absent)


@pytest.mark.parametrize("answers_before", [0, 1, 30])
def test_one_odd_date_changes_no_decision(answers_before: int) -> None:
    """F44: one host Date header is wrong by 1 h, also the first after a start; it costs one more read."""
    stage = make_stage()
    for _ in range(answers_before):
        stage.show(BOB)
    stage.taps.clear()
    _one_odd_date(stage, timedelta(hours=1))
    assert stage.lock().status == 201
    assert isinstance(stage.found, Held)
    assert stage.world.services.clock_offsets.of(GLOBEX.id) is UNKNOWN


@pytest.mark.parametrize("seconds", [-300, 300])
def test_overwrites_are_still_undone(seconds: float) -> None:
    """Whether a version counts is decided by Confluence's times alone."""
    stage = make_stage()
    stage.lock()
    stage.upload(BOB, b"Bob's")
    _set_clock(stage, WrongClock(stage.world.clock, timedelta(seconds=seconds)))
    before = stage.content
    reconcile(stage.world.services, ACME, stage.file.id)
    assert before == b"Bob's" != stage.content


def test_without_a_date_nothing_is_decided() -> None:
    """Fail closed: nothing says that our clock is right."""
    stage = make_stage()
    _dates(stage, lambda _: None)
    assert isinstance(refusal_of(stage.lock), Busy)


def _one_odd_date(stage: Stage, off: timedelta) -> None:
    odd = iter([off])
    _dates(stage, lambda time: time + next(odd, timedelta()))


def _dates(stage: Stage, change: Callable[[datetime], datetime | None]) -> None:
    """Have the host's answers carry other dates."""
    attachments: Any = stage.world.services.attachments
    get = attachments.get

    def dated(*place: Any, **values: Any) -> Any:
        found = get(*place, **values)
        return replace(found, host_time=change(found.host_time))

    attachments.get = dated


def test_a_hint_about_an_unlocked_file_costs_nothing(stage: Stage) -> None:
    """P: zero Confluence calls; one database round trip."""
    stage.lock()
    other = stage.world.add_file()
    stage.world.tables.jobs.clear()
    stage.taps.clear()
    assert take_hint(stage.world.services, ACME, Hint(attachment_ids=(other.id,))) == 0
    assert stage.taps.order == ["held_file_jobs.defer"]
    assert take_hint(stage.world.services, ACME, Hint(attachment_ids=(stage.file.id, other.id))) == 1
