"""Doubles for the client's time, randomness, credentials and site."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lockpoint.confluence.http.calls import Caller
from lockpoint.confluence.http.client import ConfluenceClient
from lockpoint.confluence.http.quota import PointsQuota
from lockpoint.confluence.http.retries import Pace
from lockpoint.confluence.http.sessions import Sessions
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden
from lockpoint.services.quota_accounting import Counter, SharedState, Spending

ALICE = "557058:11111111-1111-4111-8111-111111111111"


class FakePace:
    """Real time plus recorded, skipped sleeps."""

    def __init__(self, chance: float = 0.5) -> None:
        self.slept: list[float] = []
        self.fixed_chance = chance

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def pace(self) -> Pace:
        return Pace(self.monotonic, self.slept.append, lambda: self.fixed_chance)


@dataclass
class Signer:
    """Signs with its own arguments, for tests to read."""

    asked: list[tuple[int, str, str]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    spare: int = 0

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        self.asked.append((tenant.id, method, target))
        return f"JWT {len(self.asked)}:{method}:{target}"

    def refused(self, tenant: Tenant) -> bool:
        """Whether a call may be signed anew: `spare` times."""
        self.refusals.append(tenant.id)
        self.spare -= 1
        return self.spare >= 0


@dataclass
class Tokens:
    dropped: list[tuple[int, str]] = field(default_factory=list)
    refused: bool = False

    def token(self, tenant: Tenant, account_id: str) -> str:
        if self.refused:
            raise Forbidden("no token for this person")
        return f"of-{account_id}-on-{tenant.id}"

    def drop(self, tenant_id: int, account_id: str) -> None:
        self.dropped.append((tenant_id, account_id))


@dataclass
class Spendings:
    """Nobody else spends; `blocks` are those that all processes would hear of."""

    heard: list[Spending] = field(default_factory=list)
    blocks: list[tuple[int | None, datetime]] = field(default_factory=list)

    def read(self, _counters: Sequence[Counter], _tenant_id: int) -> SharedState:
        return SharedState()

    def report(self, _hour: datetime) -> None:
        """Nobody counts for all."""

    def add(self, _counters: Sequence[Counter], _hour: datetime, spending: Spending) -> None:
        self.heard.append(spending)

    def block(self, tenant_id: int | None, until: datetime) -> None:
        self.blocks.append((tenant_id, until))


class FakeNow:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@dataclass
class Kit:
    pace: FakePace = field(default_factory=FakePace)
    signer: Signer = field(default_factory=Signer)
    tokens: Tokens = field(default_factory=Tokens)
    now: FakeNow = field(default_factory=FakeNow)
    points: int = 65_000
    sessions: Sessions = field(default_factory=lambda: Sessions(private_files=True))

    def __post_init__(self) -> None:
        self.spent: list[Spending] = []
        self.budget = PointsQuota(points_per_hour=self.points, now=self.now, shared=Spendings(self.spent))
        self.client = ConfluenceClient(
            signer=self.signer,
            person_tokens=self.tokens,
            budget=self.budget,
            pace=self.pace.pace(),
            sessions=self.sessions,
        )


def site(base_url: str, tenant_id: int = 1) -> Tenant:
    return Tenant(tenant_id, f"client-{tenant_id}", base_url)


def as_app(base_url: str, priority: Priority = Priority.INTERACTIVE) -> Caller:
    return Caller(site(base_url), priority)


def as_alice(base_url: str, priority: Priority = Priority.INTERACTIVE) -> Caller:
    return Caller(site(base_url), priority, ALICE)
