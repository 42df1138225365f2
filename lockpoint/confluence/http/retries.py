"""Waits between tries: bounded in tries, time and share of traffic."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TRIES: Final = 4
LONGEST_RETRY_AFTER: Final = 5.0
"""Seconds of `Retry-After` that are waited out in place; anything longer is the caller's business."""

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 4.0
_DEPOSIT: Final = 0.2
_RESERVE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Time and chance of the client; `chance` gives a number in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class RetryBudget:
    """Limits repetitions to a fifth of the traffic, to relieve a struggling host.

    Every first try earns a fifth of a repetition; a reserve of 20 covers quiet times. Shared by all threads.
    """

    def __init__(self) -> None:
        self._tokens = _RESERVE
        self._lock = threading.Lock()

    def earn(self) -> None:
        with self._lock:
            self._tokens = min(_RESERVE, self._tokens + _DEPOSIT)

    def take(self) -> bool:
        """Take one repetition; False when none is left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def jittered_wait(tries: int, chance: float) -> float:
    """Return seconds to wait after `tries` failures: full jitter below an exponential bound."""
    return chance * min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**tries)
