"""A circuit breaker per site."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES_TO_OPEN: Final = 5
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 60.0


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    pause: float = FIRST_PAUSE
    paused_until: float = 0.0

    @property
    def open(self) -> bool:
        return self.failures >= FAILURES_TO_OPEN


class CircuitBreaker:
    """Opens after failures in a row; then allows one probe after each pause, which doubles while no answer comes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._circuits: dict[int, _Circuit] = {}
        self._lock = threading.Lock()

    def admits(self, tenant_id: int) -> bool:
        """While the circuit is open, True makes the caller the probe."""
        with self._lock:
            circuit = self._circuits.get(tenant_id)
            if circuit is None or not circuit.open:
                return True
            now = self._monotonic()
            if now < circuit.paused_until:
                return False
            circuit.paused_until = now + circuit.pause
            circuit.pause = min(LONGEST_PAUSE, circuit.pause * 2)
            return True

    def not_asked(self, tenant_id: int) -> None:
        """The call that was admitted was not made: the next one may be the probe."""
        with self._lock:
            circuit = self._circuits.get(tenant_id)
            if circuit is not None and circuit.open:
                circuit.paused_until = self._monotonic()
                circuit.pause = max(FIRST_PAUSE, circuit.pause / 2)

    def answered(self, tenant_id: int) -> None:
        """Forget failures: the site answered, whatever it said."""
        with self._lock:
            self._circuits.pop(tenant_id, None)

    def answered_slowly(self, tenant_id: int) -> None:
        """A failure, since callers wait in vain, but the site is there: the next probe is soon."""
        self.failed(tenant_id)
        with self._lock:
            self._circuits[tenant_id].pause = FIRST_PAUSE

    def failed(self, tenant_id: int) -> None:
        """No answer, or 5xx."""
        with self._lock:
            circuit = self._circuits.setdefault(tenant_id, _Circuit())
            circuit.failures += 1
            if circuit.failures == FAILURES_TO_OPEN:
                circuit.paused_until = self._monotonic() + circuit.pause
