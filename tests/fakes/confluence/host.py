"""The sites of several tenants."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lockpoint.services.context import Tenant
from lockpoint.services.errors import GoneOrInvisible, LostRace
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.ports.runtime import Clock
from tests.fakes.confluence.site import FakeSite


class FakeHost:
    """The sites of several tenants, and the properties that are stored there."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sites: dict[int, FakeSite] = {}
        self.lag = timedelta()  # age of the properties that reads return

    def site(self, tenant: Tenant) -> FakeSite:
        if tenant.id not in self.sites:
            self.sites[tenant.id] = FakeSite(self.clock)
        return self.sites[tenant.id]

    def rows(self, tenant: Tenant, host: PropertyHost, host_id: str, key: str) -> tuple[StoredProperty, ...]:
        site, place = self.site(tenant), (host, host_id, key)
        return site.rows_as_of(place, site.clock.now() - self.lag) if self.lag else site.rows.get(place, ())

    def create(
        self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, value: object, person: str | None
    ) -> StoredProperty:
        site = self.site(tenant)
        if not site.may_write(host, host_id, person):
            raise GoneOrInvisible(host_id)
        if site.rows.get((host, host_id, key)):
            raise LostRace(key)
        row = site.new_row(key, value)
        site.put_rows(host, host_id, key, (row,))
        return row

    def replace(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        row_id: str,
        version: int,
        value: object,
        *,
        person: str | None,
    ) -> StoredProperty:
        site = self.site(tenant)
        if not site.may_write(host, host_id, person):
            raise LostRace(key)
        rows = site.rows.get((host, host_id, key), ())
        present = next((row for row in rows if row.id == row_id), None)
        if present is None or present.version + 1 != version:
            raise LostRace(key)
        new = replace(present, version=version, value=value, created=site.moment())
        site.put_rows(host, host_id, key, [new if row is present else row for row in rows])
        return new
