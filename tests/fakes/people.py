# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Fakes of the ports for people's own data; ports that depend on SQL are tested on Postgres only."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Rejected
from lockpoint.services.ports.confluence import StoredProperty
from lockpoint.services.ports.notifications import Profile
from lockpoint.services.ports.privacy import MOST_REPORTED, ReportAnswer, Reported
from lockpoint.services.ports.runtime import Clock
from tests.fakes.storage.tables import Tables


@dataclass
class FakeUserProperties:
    """`trouble` is raised by every call; without a clock the host tells no times."""

    stored: dict[tuple[int, str, str], object] = field(default_factory=dict)
    trouble: Exception | None = None
    clock: Clock | None = None
    written: dict[tuple[int, str, str], datetime] = field(default_factory=dict)

    def read(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> StoredProperty | None:
        self._reachable()
        place = (tenant.id, account, key)
        if place not in self.stored:
            return None
        return StoredProperty("1", 0, self.stored[place], self.written.get(place), key)

    def write(self, tenant: Tenant, account: str, key: str, value: Mapping[str, object], *, priority: Priority) -> None:
        self._reachable()
        self.put(tenant, account, key, dict(value))

    def put(self, tenant: Tenant, account: str, key: str, value: object) -> None:
        """Store what anybody may store."""
        self.stored[tenant.id, account, key] = value
        if self.clock is not None:
            self.written[tenant.id, account, key] = self.clock.now()

    def delete(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> None:
        self._reachable()
        self.stored.pop((tenant.id, account, key), None)

    def _reachable(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@dataclass
class FakePersonalDataReports:
    closed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    cycle_days: int | None = 7
    trouble: list[Exception] = field(default_factory=list)
    batches: list[tuple[int, tuple[Reported, ...]]] = field(default_factory=list)
    calls: int = 0

    def report(self, tenant: Tenant, accounts: Sequence[Reported], *, priority: Priority) -> ReportAnswer:
        assert 1 <= len(accounts) <= MOST_REPORTED
        assert priority is Priority.MAINTENANCE
        self.calls += 1
        if self.trouble:
            raise self.trouble.pop(0)
        if not self.refused.isdisjoint(one.account for one in accounts):
            raise Rejected("an account is not to our liking")
        self.batches.append((tenant.id, tuple(accounts)))
        asked = [one.account for one in accounts]
        return ReportAnswer(
            closed=tuple(a for a in asked if a in self.closed),
            updated=tuple(a for a in asked if a in self.updated and a not in self.closed),
            cycle_days=self.cycle_days,
        )

    def accounts(self) -> list[str]:
        return [one.account for _, batch in self.batches for one in batch]


@dataclass
class FakeProfiles:
    tables: Tables
    rows: dict[tuple[int, str], Profile] = field(default_factory=dict)

    def get(self, tenant: Tenant, account: str) -> Profile | None:
        self.tables.reachable()
        return self.rows.get((tenant.id, account))

    def put(self, tenant: Tenant, account: str, profile: Profile) -> None:
        self.tables.reachable()
        self.rows[tenant.id, account] = profile


class FakeTokens:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._texts: dict[str, tuple[str, str]] = {}

    def seal_link(self, text: str, purpose: str) -> str:
        token = f"token-{next(self._numbers)}"
        self._texts[token] = (purpose, text)
        return token

    def unseal_link(self, token: str, purpose: str) -> str | None:
        found = self._texts.get(token)
        return found[1] if found and found[0] == purpose else None


class OnPostgresOnly:
    """A port that a test must bring itself."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name}: this port has no fake; use the one on Postgres")


def ports_about_people(tables: Tables) -> dict[str, Any]:
    return {
        "user_properties": FakeUserProperties(clock=tables.clock),
        "personal_data_reports": FakePersonalDataReports(),
        "profiles": FakeProfiles(tables),
        "person_store": OnPostgresOnly(),
        "tokens": FakeTokens(),
        "app_url": "https://lockpoint.example.com",
    }
