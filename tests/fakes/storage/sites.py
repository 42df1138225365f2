# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Sites, their state, settings and health, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import SiteReadings, TokenTimes
from lockpoint.services.ports.tenancy import SettingsNote, SiteState, Switches
from tests.fakes.storage.tables import Tables


class FakeSiteHealth:
    """Results are not kept here, and no job is parked."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self, tenant: Tenant, since: datetime) -> SiteReadings:
        self.tables.reachable()
        token = self.tables.tokens.get(tenant.id)
        times = None if token is None else TokenTimes(self.tables.clock.now(), token.expires_at)
        return SiteReadings(mails={}, parked={}, token=times)


class FakeTenants:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def by_id(self, tenant_id: int) -> Tenant | None:
        self.tables.reachable()
        return self.tables.tenants.get(tenant_id)

    def active(self) -> Sequence[Tenant]:
        self.tables.reachable()
        return [tenant for tenant in self.tables.tenants.values() if tenant.active]

    def active_ids(self) -> Sequence[int]:
        return [tenant.id for tenant in self.active()]

    def installed(self) -> Sequence[Tenant]:
        self.tables.reachable()
        return [tenant for tenant in self.tables.tenants.values() if tenant.installed]


class FakeSiteStates:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def get(self, tenant: Tenant) -> SiteState:
        self.tables.reachable()
        return self.tables.states.get(tenant.id, SiteState())

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        state = self.get(tenant)
        kept = scratch_id if scratch_id is not None else state.scratch_id
        self.tables.states[tenant.id] = replace(state, restore_works=works, tested_at=at, scratch_id=kept)

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        self.tables.states[tenant.id] = replace(self.get(tenant), cursor=cursor)

    def space_settings(self, tenant: Tenant, space_id: str) -> SettingsNote | None:
        self.tables.reachable()
        note = self.tables.space_settings.get((tenant.id, space_id))
        noted_at = self.tables.begun.get((tenant.id, space_id, "noted"))
        return None if note is None else replace(note, noted_at=noted_at)

    def revisions(self, tenant: Tenant, space_id: str | None) -> tuple[int | None, int | None]:
        site, space = self.get(tenant).settings, self.tables.space_settings.get((tenant.id, space_id or ""))
        return (site.revision if site else None), (space.revision if space else None)

    def switches(self, tenant: Tenant, space_id: str | None) -> Switches:
        self.tables.reachable()
        return Switches(
            returned_at=self.tables.switched_at(tenant.id, space_id, "active"),
            strict_at=self.tables.switched_at(tenant.id, space_id, "strict"),
            spaces_decide=any(
                self.tables.decides(tenant.id, space, "active")
                for tenant_id, space in self.tables.space_settings
                if tenant_id == tenant.id
            ),
            spaces_differ=any(
                self.tables.decides(tenant.id, space, rule)
                for tenant_id, space in self.tables.space_settings
                for rule in ("active", "unlock_after_hours", "warn_after_hours")
                if tenant_id == tenant.id
            ),
            strict_somewhere=self.tables.strict(tenant.id),
        )

    @contextmanager
    def exclusive(self, tenant: Tenant) -> Iterator[None]:
        self.tables.reachable()
        yield
