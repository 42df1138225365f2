"""How far this node's clock is from the host's; a node that is too far off decides nothing about locks."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from statistics import median

from lockpoint.domain.lock import MARGIN

TOLERATED = MARGIN / 2
"""Two nodes that are each this far off still agree within the margin at the end of a lock."""

KEPT = 20
HALF_A_SECOND = timedelta(milliseconds=500)  # the host tells whole seconds, cut off


class ClockOffsets:
    """The last few differences between our clock and the host's; one odd answer changes nothing."""

    def __init__(self) -> None:
        self._last: deque[timedelta] = deque(maxlen=KEPT)

    def note(self, asked: datetime, answered: datetime, host: datetime | None) -> None:
        """Keep one difference, taken in the middle of the call; answers without a date are ignored."""
        if host is not None:
            self._last.append(asked + (answered - asked) / 2 - host - HALF_A_SECOND)

    def typical(self) -> timedelta:
        """Return the median of late; zero without any."""
        seconds = [difference.total_seconds() for difference in tuple(self._last)]
        return timedelta(seconds=median(seconds)) if seconds else timedelta()

    def trustworthy(self) -> bool:
        """Return whether our clock may decide when locks begin and end."""
        return abs(self.typical()) <= TOLERATED
