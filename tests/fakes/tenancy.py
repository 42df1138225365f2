# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Installations, licences and usage counts in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import (
    Installation,
    InstallationEvent,
    Licence,
    LicenceNote,
    Registration,
    UsageEvent,
    UsageRow,
)
from lockpoint.services.tenancy.absence import jobs_after_return
from tests.fakes.storage.tables import Tables


@dataclass
class FakeLicences:
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
        self.tables.defer(jobs_after_return(tenant_id))


@dataclass
class FakeLicenceSource:
    """Counts its calls; every call raises `trouble`."""

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
    """Locale and zone are never known."""

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


@dataclass
class FakeInstallations:
    """`down` makes every call fail, `finds` and `looks` count the questions, `stored` is what was stored in order."""

    rows: dict[str, Installation] = field(default_factory=dict)
    events: list[tuple[int, InstallationEvent, datetime]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    stored: list[tuple[str, Installation]] = field(default_factory=list)
    finds: int = 0
    looks: int = 0
    down: bool = False

    def find(self, site_key: str) -> Installation | None:
        self._require()
        self.finds += 1
        return self.rows.get(site_key)

    def changed(self, since: str | None) -> tuple[str, frozenset[str] | None]:
        self._require()
        self.looks += 1
        lost = since is None or not {key for key, _ in self.stored} <= set(self.rows)
        return str(len(self.stored)), None if lost else frozenset(key for key, _ in self.stored[int(since or 0) :])

    @contextmanager
    def change(self, site_key: str, base_url: str | None = None) -> Iterator[FakeInstallationChange]:
        assert site_key, base_url
        self._require()
        change = FakeInstallationChange(dict(self.rows), list(self.events), list(self.jobs))
        yield change
        self.stored += [(key, row) for key, row in change.rows.items() if self.rows.get(key) is not row]
        self.rows, self.events, self.jobs = change.rows, change.events, change.jobs

    def _require(self) -> None:
        if self.down:
            raise StorageUnavailable


@dataclass
class FakeInstallationChange:
    rows: dict[str, Installation]
    events: list[tuple[int, InstallationEvent, datetime]]
    jobs: list[Job]
    returned: list[int] = field(default_factory=list)

    def find(self, site_key: str) -> Installation | None:
        return self.rows.get(site_key)

    find_replaced = find

    def sharing(self, base_url: str, *, other_than: str) -> Sequence[Installation]:
        return [
            row
            for row in self.rows.values()
            if row.tenant.base_url == base_url and row.tenant.site_key != other_than and row.tenant.installed
        ]

    def store(self, registration: Registration) -> Tenant:
        known = self.rows.get(registration.site_key)
        tenant = Tenant(
            id=known.tenant.id if known else len(self.rows) + 1,
            site_key=registration.site_key,
            base_url=registration.base_url,
            display_url=registration.display_url,
            oauth_client_id=registration.oauth_client_id,
            installed=registration.installed,
            enabled=registration.enabled,
            door=registration.door,
            cloud_id=known.tenant.cloud_id if known else None,
        )
        self.rows[registration.site_key] = Installation(tenant, registration)
        return tenant

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        self.events.append((tenant_id, event, at))

    def come_back(self, tenant_id: int) -> None:
        self.returned.append(tenant_id)

    def defer(self, jobs: Sequence[Job]) -> None:
        self.jobs.extend(job for job in jobs if job not in self.jobs)


def ports_about_sites(tables: Tables) -> dict[str, Any]:
    return {
        "installations": FakeInstallations(),
        "licences": FakeLicences(tables),
        "licence_source": FakeLicenceSource(),
        "usage": FakeUsageCounts(tables),
    }
