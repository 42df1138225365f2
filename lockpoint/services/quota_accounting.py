"""Charges quota points to the use case that spends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lockpoint.services.context import Priority


@dataclass(frozen=True, slots=True)
class Spending:
    """One line of the account: what a site's calls of one priority and use case cost in one UTC hour."""

    tenant_id: int
    priority: Priority
    use_case: str
    points: int


PointsArchive = Callable[[datetime, Spending], None]
"""Adds a spending to those of the UTC hour that begins then, for all processes; neither raises nor takes long."""

UNNAMED: Final = "unnamed"

_USE_CASE: ContextVar[str] = ContextVar("lockpoint_use_case", default=UNNAMED)


@contextmanager
def spending_on(use_case: str) -> Iterator[None]:
    """Count the calls inside the block under `use_case`, a short fixed word such as `acquire`."""
    token = _USE_CASE.set(use_case)
    try:
        yield
    finally:
        _USE_CASE.reset(token)


def current_use_case() -> str:
    """Return the word of the innermost block, or `unnamed`."""
    return _USE_CASE.get()
