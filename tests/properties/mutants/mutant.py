"""Deliberately broken designs, each replacing the right one for one schedule.

The machine of its module must catch each design: a checker that catches no bug proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.properties.oracle import Violation

Run = Callable[[int], Any]


@dataclass(frozen=True)
class Mutant:
    """Its run for one seed, expected violation, budget in schedules."""

    name: str
    run: Run
    found: tuple[str, ...]
    schedules: int


def hunt(mutant: Mutant) -> str | None:
    """Return the first violation within the budget, or None."""
    for seed in range(mutant.schedules):
        try:
            mutant.run(seed)
        except Violation as violation:
            return str(violation)
    return None


@contextmanager
def replaced(place: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(place, name) for name in values}
    for name, value in values.items():
        setattr(place, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(place, name, value)
