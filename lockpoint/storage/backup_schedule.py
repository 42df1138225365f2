"""Which backups are kept: the newest of each of the latest days, weeks and months that have one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many days, ISO weeks and months, all in UTC, keep one backup each."""

    daily: int = 7
    weekly: int = 8
    monthly: int = 12


def kept(moments: Iterable[datetime], schedule: Schedule = Schedule()) -> frozenset[datetime]:
    """Give those of the backups' times that stay.

    Periods without a backup do not count: when backups stop being made, nothing is deleted any more. Pruning every day
    leaves the same as pruning once at the end.
    """
    latest_first = sorted(set(moments), reverse=True)
    return frozenset(
        moment
        for period, count in ((_day, schedule.daily), (_week, schedule.weekly), (_month, schedule.monthly))
        for moment in _newest_of_each(latest_first, period, count)
    )


def _newest_of_each(
    latest_first: Iterable[datetime], period: Callable[[datetime], Hashable], count: int
) -> list[datetime]:
    newest: dict[Hashable, datetime] = {}
    for moment in latest_first:
        newest.setdefault(period(moment.astimezone(UTC)), moment)
    return list(newest.values())[:count]


def _day(moment: datetime) -> Hashable:
    return moment.date()


def _week(moment: datetime) -> Hashable:
    return moment.isocalendar()[:2]


def _month(moment: datetime) -> Hashable:
    return moment.year, moment.month
