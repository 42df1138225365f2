"""Until when the work in hand must be answered; every call to a neighbour and every wait obeys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Final

SHORTEST_WAIT: Final = 0.05

_UNTIL: ContextVar[float] = ContextVar("lockpoint_until", default=inf)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Bound what happens inside; an outer bound that ends sooner stays."""
    token = _UNTIL.set(min(_UNTIL.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left() -> float:
    """Infinite where nothing bounds the work, negative when it is late."""
    return _UNTIL.get() - time.monotonic()


def bounded(timeouts: tuple[float, float]) -> tuple[float, float]:
    """Return the time-outs of a call that must end while there is time."""
    left = max(SHORTEST_WAIT, seconds_left())
    return min(timeouts[0], left), min(timeouts[1], left)
