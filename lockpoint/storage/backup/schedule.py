"""Which backups are kept: the newest of each of the last days, weeks and months."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many days, ISO weeks and months (UTC) keep one backup each; the newest backup's is the last."""

    daily: int = 7
    weekly: int = 8
    monthly: int = 12


_WEEK_DAYS: Final = 7


def kept(moments: Iterable[datetime], schedule: Schedule = Schedule()) -> frozenset[datetime]:
    """Return the times of the backups that stay.

    Counted back from the newest backup: when backups stop, nothing more is deleted, and none that stays is 12 months
    older than the newest. Pruning daily leaves the same as pruning once.
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
    """Number the ISO weeks: day 1 was a Monday."""
    return (moment.toordinal() - 1) // _WEEK_DAYS


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month
