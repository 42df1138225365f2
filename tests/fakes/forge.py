"""Sites behind the Forge door and their tokens, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.services.context import Door, Priority, Tenant
from lockpoint.services.ports.forge import AccessToken, ForgeRegistration, ForgeSite, Sign
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.tenancy import InstallationEvent
from tests.fakes.storage.tables import Tables


@dataclass
class FakeForgeSites:
    """`rows` by cloud id; `changes` and `sights` count the writes."""

    tables: Tables
    rows: dict[str, ForgeSite] = field(default_factory=dict)
    events: list[tuple[int, InstallationEvent]] = field(default_factory=list)
    changes: int = 0
    sights: int = 0

    def find(self, cloud_id: str) -> ForgeSite | None:
        self.tables.reachable()
        return self.rows.get(cloud_id)

    def note_seen(self, tenant: Tenant, at: datetime, sign: Sign | None) -> None:
        self.tables.reachable()
        self.sights += 1
        row = self.rows[tenant.cloud_id or ""]
        heard = dict(row.heard) if sign is None else {**row.heard, sign: at}
        self.rows[tenant.cloud_id or ""] = replace(row, seen_at=at, heard=heard)

    def silent(self, before: datetime, now: datetime) -> Sequence[ForgeSite]:
        self.tables.reachable()
        live = {number for number, token in self.tables.tokens.items() if token.expires_at > now}
        return [
            row
            for row in self.rows.values()
            if row.tenant.installed and row.tenant.door is Door.FORGE
            if row.tenant.id not in live and row.seen_at is not None and row.seen_at < before
        ]

    def former(self, tenant: Tenant) -> Tenant | None:
        self.tables.reachable()
        there = [one for one in self.tables.tenants.values() if one.base_url == tenant.display_url]
        left = (one for one in there if one.door is Door.CONNECT and one.id != tenant.id and not one.installed)
        return next(left, None)

    def note_account(self, tenant: Tenant, account: str) -> None:
        self.tables.reachable()
        known = self.tables.tenants[tenant.id]
        self._store(replace(known, app_accounts=known.app_accounts | {account}))

    def note_address(self, tenant: Tenant, display_url: str) -> None:
        self.tables.reachable()
        self._store(replace(self.tables.tenants[tenant.id], display_url=display_url))

    def _store(self, tenant: Tenant) -> None:
        self.tables.tenants[tenant.id] = tenant
        row = self.rows.get(tenant.cloud_id or "")
        if row is not None:
            self.rows[tenant.cloud_id or ""] = replace(row, tenant=tenant, display_url=tenant.display_url)

    @contextmanager
    def change(self, cloud_id: str) -> Iterator[FakeForgeSiteChange]:
        self.tables.reachable()
        self.changes += 1
        yield FakeForgeSiteChange(self, cloud_id)

    def put(self, tenant: Tenant, registration: ForgeRegistration | None, **other: Any) -> ForgeSite:
        """Store a site as it is."""
        assert tenant.cloud_id is not None
        given = {"display_url": None, "seen_at": None, "connected": False, **other}
        self.rows[tenant.cloud_id] = ForgeSite(tenant=tenant, registration=registration, **given)
        self.tables.tenants[tenant.id] = tenant
        return self.rows[tenant.cloud_id]


@dataclass
class FakeForgeSiteChange:
    sites: FakeForgeSites
    cloud_id: str

    def find(self) -> ForgeSite | None:
        return self.sites.rows.get(self.cloud_id)

    def open(self, registration: ForgeRegistration, display_url: str | None, at: datetime) -> Tenant:
        known = self.find()
        number = max(self.sites.tables.tenants, default=0) + 1
        before = Tenant(number, f"cloud/{self.cloud_id}", "") if known is None else known.tenant
        if known is not None and known.registration != registration:
            self.sites.tables.tokens.pop(before.id, None)
        shown = display_url or before.display_url
        tenant = replace(
            before, base_url=registration.url, display_url=shown, door=Door.FORGE, cloud_id=self.cloud_id,
            installed=True, enabled=True,
        )  # fmt: skip
        self.sites.put(tenant, registration, display_url=shown, seen_at=at, connected=bool(known and known.connected))
        return tenant

    def close(self, at: datetime) -> Tenant:
        assert at
        row = self.sites.rows[self.cloud_id]
        self.sites.tables.tokens.pop(row.tenant.id, None)
        door = Door.CONNECT if row.connected else row.tenant.door
        tenant = replace(row.tenant, door=door, installed=row.connected, enabled=row.connected)
        self.sites.put(tenant, row.registration, seen_at=row.seen_at, connected=row.connected)
        return tenant

    def name(self, tenant: Tenant) -> None:
        holder = self.sites.rows.pop(self.cloud_id, None)
        if holder is not None:
            left = replace(self.sites.tables.tenants[holder.tenant.id], cloud_id=None)
            self.sites.tables.tenants[left.id] = left
        known = self.sites.tables.tenants[tenant.id]
        self.sites.put(replace(known, cloud_id=self.cloud_id), None, connected=True)

    def adopt(self, former_key: str) -> None:
        row = self.sites.rows[self.cloud_id]
        tenant = replace(row.tenant, former_key=former_key)
        self.sites.rows[self.cloud_id] = replace(row, tenant=tenant)
        self.sites.tables.tenants[tenant.id] = tenant

    def log(self, tenant_id: int, event: InstallationEvent, at: datetime) -> None:
        assert at
        self.sites.events.append((tenant_id, event))

    def come_back(self, tenant_id: int) -> None:
        self.sites.tables.come_back(tenant_id)

    def defer(self, jobs: Sequence[Job]) -> None:
        self.sites.tables.defer(jobs)


@dataclass
class FakeSystemTokens:
    tables: Tables

    def find(self, tenant: Tenant, now: datetime) -> AccessToken | None:
        self.tables.reachable()
        known, site = self.tables.tokens.get(tenant.id), self.tables.tenants.get(tenant.id)
        active = site is not None and site.active and site.door is Door.FORGE
        return known if known is not None and active and known.expires_at > now else None

    def keep(self, tenant: Tenant, token: AccessToken, now: datetime, catch_up: Sequence[Job]) -> bool:
        self.tables.reachable()
        known = self.tables.tokens.get(tenant.id)
        if known is None or known.expires_at < token.expires_at - timedelta(minutes=10):
            self.tables.tokens[tenant.id] = token
        missed = known is None or known.expires_at <= now
        if missed:
            self.tables.defer(catch_up)
        return missed

    def drop(self, tenant: Tenant, token: AccessToken) -> None:
        self.tables.reachable()
        stored = self.tables.tokens.get(tenant.id)
        if stored is not None and stored.value == token.value:
            del self.tables.tokens[tenant.id]


@dataclass
class FakeSiteFacts:
    """By tenant id; counts the questions, and fails with `trouble`."""

    cloud_ids: dict[int, str] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)
    asked: int = 0
    trouble: Exception | None = None

    def cloud_id(self, tenant: Tenant, *, priority: Priority) -> str | None:
        assert priority
        self.asked += 1
        return self.cloud_ids.get(tenant.id)

    def address(self, tenant: Tenant, *, priority: Priority) -> str | None:
        assert priority
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.addresses.get(tenant.id)


def ports_about_forge(tables: Tables) -> dict[str, Any]:
    return {
        "forge_sites": FakeForgeSites(tables),
        "system_tokens": FakeSystemTokens(tables),
        "site_facts": FakeSiteFacts(),
    }
