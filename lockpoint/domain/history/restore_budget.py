"""How often one person's changes to a locked file are undone.

Programs that undo each other would never stop, so undoing pauses; people could use an end of protection, so it only
pauses. At most 3 undoings in 10 minutes and 27 in a day follow for one person and lock, whatever is uploaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

AT_ONCE: Final = timedelta(minutes=10)
USUALLY_AT_ONCE: Final = 3
A_DAY: Final = timedelta(days=1)
PAUSES_A_DAY: Final = 4
"""So many undoings in ten minutes begin a pause, and four times as many in a day."""

FIRST_PAUSE: Final = timedelta(minutes=10)
LONGEST_PAUSE: Final = timedelta(hours=2)
"""Each pause is twice as long as the one before it in the same day."""

Offender = str | None
"""None is everybody whom the history does not name: together they count as one."""

Undoing = tuple[datetime, Collection[str]]
"""When something was undone, and whose it was."""


def paused_until(
    history: Iterable[Undoing], offenders: Iterable[Offender], now: datetime, most: int = USUALLY_AT_ONCE
) -> datetime | None:
    """Return until when the changes of these people are left alone; None when they are to be undone now.

    The pause is a person's own: one offender who has none is enough to undo all of them. `most` undoings in ten minutes
    begin one.
    """
    budgets = _budgets(history, most)
    ends = [budgets[person].pause_at(now) for person in set(offenders) or {None}]
    return None if None in ends else min(end for end in ends if end)


def _budgets(history: Iterable[Undoing], most: int) -> defaultdict[Offender, _Budget]:
    """Spend each undoing on those who were not paused: during a pause only others cause one, if unnamed ones."""
    budgets: defaultdict[Offender, _Budget] = defaultdict(partial(_Budget, most))
    for at, named in sorted(history, key=lambda undoing: undoing[0]):
        spenders: list[Offender] = [one for one in named if not budgets[one].pause_at(at)]
        for person in spenders or [None]:
            budgets[person].spend(at)
    return budgets


@dataclass(slots=True)
class _Budget:
    """One person's undoings and pauses of the last day."""

    most: int
    spent: list[datetime] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)

    def pause_at(self, moment: datetime) -> datetime | None:
        """Return the end of the pause at this moment."""
        return self.pauses[-1][1] if self.pauses and moment < self.pauses[-1][1] else None

    def spend(self, at: datetime) -> None:
        if self.pause_at(at):
            return
        self.spent = [*(one for one in self.spent if one > at - A_DAY), at]
        if self._since_the_pause(at) >= self.most or len(self.spent) >= PAUSES_A_DAY * self.most:
            repeated = sum(begin > at - A_DAY for begin, _ in self.pauses)
            self.pauses.append((at, at + min(FIRST_PAUSE * 2**repeated, LONGEST_PAUSE)))

    def _since_the_pause(self, at: datetime) -> int:
        last_end = self.pauses[-1][1] if self.pauses else at - A_DAY
        return sum(one > at - AT_ONCE and one >= last_end for one in self.spent)
