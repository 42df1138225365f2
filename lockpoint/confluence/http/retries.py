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
"""Seconds of `Retry-After` waited here; the caller handles longer ones."""

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 4.0
_DEPOSIT: Final = 0.2
_RESERVE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`chance` gives a number in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class RetryBudget:
    """Limits repetitions to a fifth of the traffic, to relieve a struggling host.

    Each first try earns a fifth; a reserve of 20 covers quiet times. Thread-safe.
    """

    def __init__(self) -> None:
        self._tokens = _RESERVE
        self._lock = threading.Lock()

    def earn(self) -> None:
        with self._lock:
            self._tokens = min(_RESERVE, self._tokens + _DEPOSIT)

    def take(self) -> bool:
        """False when none is left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def jittered_wait(tries: int, chance: float) -> float:
    """Return seconds: full jitter below an exponential bound."""
    return chance * min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**tries)
