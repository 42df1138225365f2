# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Redis in memory: mutexes, and the points that all processes share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from lockpoint.services.quota_accounting import Counter as PointsCounter
from lockpoint.services.quota_accounting import SharedState, Spending


@dataclass
class FakeSharedPoints:
    """What the others have spent, and until when Confluence wants no calls: to a site, or 0 for all."""

    spent: dict[PointsCounter, int] = field(default_factory=dict)
    lines: list[tuple[datetime, Spending]] = field(default_factory=list)
    blocks: dict[int, datetime] = field(default_factory=dict)
    answers: bool = True

    def read(self, counters: Sequence[PointsCounter], tenant_id: int) -> SharedState:
        if not self.answers:
            return SharedState()
        ends = [self.blocks[whom] for whom in (0, tenant_id) if whom in self.blocks]
        spent = {counter: self.spent[counter] for counter in counters if counter in self.spent}
        return SharedState(spent, max(ends, default=None))

    def report(self, hour: datetime) -> Sequence[Spending] | None:
        return [line for at, line in self.lines if at == hour] if self.answers else None

    def add(self, counters: Sequence[PointsCounter], hour: datetime, spending: Spending) -> None:
        self.lines.append((hour, spending))
        for counter in counters:
            self.spent[counter] = self.spent.get(counter, 0) + spending.points

    def block(self, tenant_id: int | None, until: datetime) -> None:
        self.blocks[tenant_id or 0] = until


class FakeMutexes:
    """`away` simulates an unavailable Redis."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.away = False

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[bool]:
        if self.away or name in self.held:
            yield self.away
            return
        self.held.add(name)
        try:
            yield True
        finally:
            self.held.discard(name)
