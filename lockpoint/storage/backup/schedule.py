"""Which backups are kept: the newest of each of the last days, weeks and months, counted back from the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """Of how many days, ISO weeks and months, all in UTC, one backup is kept; that of the newest is the last."""

    daily: int = 7
    weekly: int = 8
    monthly: int = 12


_WEEK_DAYS: Final = 7


def kept(moments: Iterable[datetime], schedule: Schedule = Schedule()) -> frozenset[datetime]:
    """Give those of the backups' times that stay.

    Time is counted back from the newest backup, not from now: when backups stop being made, nothing is deleted any
    more, and none that stays is 12 months older than the newest. Pruning every day leaves the same as pruning once at
    the end.
    """
    latest_first = sorted(set(moments), reverse=True)
    return frozenset(
        moment
        for period, count in ((_day, schedule.daily), (_week, schedule.weekly), (_month, schedule.monthly))
        for moment in _newest_of_each(latest_first, period, count)
    )


def _newest_of_each(latest_first: list[datetime], period: Callable[[datetime], int], count: int) -> list[datetime]:
    newest: dict[int, datetime] = {}
    for moment in latest_first:
        newest.setdefault(period(moment.astimezone(UTC)), moment)
    last = max(newest, default=0)
    return [moment for number, moment in newest.items() if last - number < count]


def _day(moment: datetime) -> int:
    return moment.toordinal()


def _week(moment: datetime) -> int:
    """Number the ISO weeks: the first day of time was a Monday."""
    return (moment.toordinal() - 1) // _WEEK_DAYS


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month
