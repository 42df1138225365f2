# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Properties of files, pages, spaces and of the app."""

from __future__ import annotations

from collections.abc import Mapping

from lockpoint.services.context import Door, Priority, Tenant
from lockpoint.services.errors import LostRace
from lockpoint.services.ports.confluence import FileProperties, PropertyHost, StoredProperty
from tests.fakes.confluence.host import FakeHost
from tests.fakes.confluence.site import LOCK_KEY, WAITLIST_KEY


class FakeLockProperties:
    """A write without the right to edit is answered 404, which reads as a lost race where a row is named."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def read(
        self, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
    ) -> FileProperties:
        site = self.host.site(tenant)
        site.file(attachment_id, person or site.app_account)
        rows = self.host.rows(tenant, PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        waitlist = self.host.rows(tenant, PropertyHost.ATTACHMENT, attachment_id, WAITLIST_KEY)
        return FileProperties(rows, waitlist[0] if waitlist else None)

    def create(
        self,
        tenant: Tenant,
        attachment_id: str,
        value: Mapping[str, object],
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        place = (PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        return self.host.create(tenant, *place, dict(value), person)

    def replace(
        self,
        tenant: Tenant,
        attachment_id: str,
        property_id: str,
        value: Mapping[str, object],
        version: int,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        place = (PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        return self.host.replace(tenant, *place, property_id, version, dict(value), person=person)

    def delete(
        self, tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority, person: str | None = None
    ) -> None:
        site = self.host.site(tenant)
        if site.may_write(PropertyHost.ATTACHMENT, attachment_id, person):
            site.put_lock_rows(attachment_id, *(row for row in site.lock_rows(attachment_id) if row.id != property_id))


class FakeProperties:
    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def read(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty | None:
        return next(iter(self.host.rows(tenant, host, host_id, key)), None)

    def create(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        value: object,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        return self.host.create(tenant, host, host_id, key, value, person)

    def replace(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        stored: StoredProperty,
        value: object,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        site, place = self.host.site(tenant), (host, host_id, stored.key)
        if site.may_write(host, host_id, person) and len(rows := site.rows.get(place, ())) > 1:
            site.put_rows(*place, rows[:1])
            raise LostRace(stored.key)
        return self.host.replace(tenant, *place, stored.id, stored.version + 1, value, person=person)

    def read_app(self, tenant: Tenant, key: str, *, priority: Priority) -> object | None:
        return self._of_app(tenant).get(key)

    def write_app(self, tenant: Tenant, key: str, value: object, *, priority: Priority) -> None:
        self._of_app(tenant)[key] = value

    def _of_app(self, tenant: Tenant) -> dict[str, object]:
        site = self.host.site(tenant)
        return site.forge_properties if tenant.door is Door.FORGE else site.app_properties
