"""When a mail leaves: at once, with a digest, or with the hour's last."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.events import MailKind
from lockpoint.domain.mails.mail_budget import AN_HOUR, AT_ONCE, BURST, HOUR, takes_last_place, wait_until
from tests.domain.build import NOW, at

FULL = [at(seconds=second) for second in range(AN_HOUR)]


@pytest.mark.parametrize(
    ("kind", "topic_told", "told", "until"),
    [
        (MailKind.OVERWRITE_ATTEMPT, [], [], None),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=25)], [NOW], at(minutes=35)),
        (MailKind.UPLOAD_UNDONE, [at(minutes=25)], [NOW], at(minutes=35)),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=20)], [], None),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=-10), NOW], [NOW], NOW + HOUR),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=-89), at(minutes=-29)], [], at(minutes=31)),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=-40), at(minutes=-30)], [], None),
        (MailKind.OVERWRITE_ATTEMPT, [at(minutes=-90), at(minutes=25)], [], at(minutes=35)),
        (MailKind.FILE_AVAILABLE, [NOW], [NOW], None),
        (MailKind.FILE_AVAILABLE, [], FULL[1:], None),
        (MailKind.FILE_AVAILABLE, [], FULL, NOW + HOUR),
        (MailKind.FILE_AVAILABLE, [], [*FULL, at(seconds=20)], at(seconds=1) + HOUR),
        (MailKind.OVERWRITE_ATTEMPT, [NOW, at(minutes=5)], FULL, at(minutes=65)),
        (MailKind.LOCK_ENDED_BY_OTHER, [], FULL, None),
        (MailKind.PAUSED, [NOW], FULL, None),
    ],
)
def test_when_a_mail_may_leave(
    kind: MailKind, topic_told: list[datetime], told: list[datetime], until: datetime | None
) -> None:
    """Half an hour after NOW."""
    assert wait_until(kind, topic_told, told, at(minutes=30)) == until


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=300))
def test_what_goes_on_is_told_at_once_then_in_ten_minutes_then_hourly(pauses: list[int]) -> None:
    """Ten overwrites in ten minutes are one mail at once and one with the rest; two an hour at most in any rhythm."""
    now, told = NOW, list[datetime]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        if wait_until(MailKind.OVERWRITE_ATTEMPT, told, [], now) is None:
            told.append(now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(told)]
    assert told[0] == NOW + timedelta(seconds=pauses[0])
    assert all(gap >= BURST for gap in gaps)
    assert all(third - first >= HOUR for first, third in zip(told, told[2:], strict=False))


def test_the_last_place_of_the_hour_tells_everything() -> None:
    told = FULL[: AN_HOUR - 1]
    assert not takes_last_place(MailKind.FILE_AVAILABLE, told[1:], NOW)
    assert takes_last_place(MailKind.FILE_AVAILABLE, told, at(minutes=30))
    assert not takes_last_place(MailKind.FILE_AVAILABLE, told, at(minutes=61))
    assert not takes_last_place(MailKind.PAUSED, told, at(minutes=30))


@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from(MailKind), st.integers(0, 40)), max_size=200),
)
def test_never_more_than_twenty_an_hour(events: list[tuple[int, MailKind, int]]) -> None:
    """Whatever happens, and what has to wait may leave at the time that is named."""
    now, told, topics = NOW, list[datetime](), dict[tuple[MailKind, int], list[datetime]]()
    for pause, kind, topic in events:
        now += timedelta(seconds=pause)
        until = wait_until(kind, topics.get((kind, topic), []), told, now)
        if until is not None:
            assert kind not in AT_ONCE
            assert now < until <= now + HOUR
            assert wait_until(kind, topics.get((kind, topic), []), told, until) is None
        elif kind not in AT_ONCE:
            told.append(now)
            topics.setdefault((kind, topic), []).append(now)
    assert all(sum(begin <= moment < begin + HOUR for moment in told) <= AN_HOUR for begin in told)


def test_an_hour_ago_is_not_lately() -> None:
    """Of nineteen mails the first is an hour old to the moment: there is room for two more."""
    assert not takes_last_place(MailKind.FILE_AVAILABLE, FULL[:-1], NOW + HOUR)
    assert takes_last_place(MailKind.FILE_AVAILABLE, FULL, NOW + HOUR)
