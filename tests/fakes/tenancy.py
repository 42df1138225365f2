# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Licences and usage counts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.tenancy import Licence, LicenceNote, UsageEvent, UsageRow
from lockpoint.services.tenancy.absence import look_after
from tests.fakes.storage import Tables


@dataclass
class FakeLicences:
    """Implements `site_ports.Licences`."""

    tables: Tables
    notes: dict[int, LicenceNote] = field(default_factory=dict)

    def get(self, tenant: Tenant) -> LicenceNote:
        self.tables.reachable()
        return self.notes.get(tenant.id, LicenceNote())

    def note(self, tenant: Tenant, *, active: bool, at: datetime) -> Licence:
        before = self.get(tenant).licence
        licence = Licence.ACTIVE if active else Licence.NONE
        self.notes[tenant.id] = LicenceNote(licence, at)
        if active and before is Licence.NONE:
            self._come_back(tenant.id)
        return licence

    def lift(self) -> None:
        for id_ in [id_ for id_, note in self.notes.items() if note.licence is Licence.NONE]:
            del self.notes[id_]
            self._come_back(id_)

    def _come_back(self, tenant_id: int) -> None:
        self.tables.come_back(tenant_id)
        self.tables.defer(look_after(tenant_id))


@dataclass
class FakeLicenceSource:
    """Implements `site_ports.LicenceSource`: counts its calls; `trouble` is raised by every one."""

    licensed: bool = True
    trouble: Exception | None = None
    asked: int = 0

    def active(self, tenant: Tenant, *, priority: Priority) -> bool:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.licensed


@dataclass
class FakeUsageCounts:
    """Implements `site_ports.UsageCounts`; locale and zone are never known here."""

    tables: Tables
    on: set[int] = field(default_factory=set)
    counts: dict[tuple[int, date, UsageEvent], int] = field(default_factory=dict)

    def counting(self, tenant: Tenant) -> bool:
        self.tables.reachable()
        return tenant.id in self.on

    def switch(self, tenant: Tenant, *, on: bool) -> None:
        self.tables.reachable()
        self.on = self.on | {tenant.id} if on else self.on - {tenant.id}
        if not on:
            self.counts = {key: count for key, count in self.counts.items() if key[0] != tenant.id}

    def count(self, tenant: Tenant, account: str, event: UsageEvent, day: date) -> None:
        self.tables.reachable()
        if tenant.id in self.on:
            key = (tenant.id, day, event)
            self.counts[key] = self.counts.get(key, 0) + 1

    def kept(self, tenant: Tenant, since: date) -> Sequence[UsageRow]:
        self.tables.reachable()
        rows = [(day, event, count) for (id_, day, event), count in self.counts.items() if id_ == tenant.id]
        return [
            UsageRow(day=day, event=event, locale="", zone="", count=count)
            for day, event, count in sorted(rows)
            if day >= since
        ]


def ports_about_sites(tables: Tables) -> dict[str, Any]:
    """The fakes by the names that the services have for them."""
    return {
        "licences": FakeLicences(tables),
        "licence_source": FakeLicenceSource(),
        "usage": FakeUsageCounts(tables),
    }
