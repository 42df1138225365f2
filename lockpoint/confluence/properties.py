"""Our properties in Confluence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller, get
from lockpoint.confluence.http.json_reader import loads
from lockpoint.confluence.property_rows import PropertyRows
from lockpoint.services.context import Door
from lockpoint.services.errors import GoneOrInvisible, LostRace
from lockpoint.services.ports.confluence import FileProperties, PropertyHost, StoredProperty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant

LOCK_KEY: Final = "lockpointlock"
WAITLIST_KEY: Final = "lockpointwatch"

_APP_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_AS_JSON: Final = {Door.CONNECT: (("jsonValue", "true"),), Door.FORGE: ()}
_PROPERTY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ConfluenceLockProperties:
    """1 point per operation."""

    client: ConfluenceClient

    def read(
        self, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
    ) -> FileProperties:
        """1 point, 3 where others have stored many properties."""
        caller, host = Caller(tenant, priority, person), PropertyHost.ATTACHMENT
        locks, waitlist = self._rows.under_both(caller, host, attachment_id, (LOCK_KEY, WAITLIST_KEY))
        return FileProperties(locks, waitlist[0] if waitlist else None)

    def create(
        self,
        tenant: Tenant,
        attachment_id: str,
        value: Mapping[str, object],
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        host = PropertyHost.ATTACHMENT
        return self._rows.create(Caller(tenant, priority, person), host, attachment_id, LOCK_KEY, dict(value))

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
        caller, row = Caller(tenant, priority, person), (property_id, version)
        return self._rows.replace(caller, PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY, row, dict(value))

    def delete(
        self, tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority, person: str | None = None
    ) -> None:
        self._rows.delete(Caller(tenant, priority, person), PropertyHost.ATTACHMENT, attachment_id, property_id)

    @property
    def _rows(self) -> PropertyRows:
        return PropertyRows(self.client)


@dataclass(frozen=True, slots=True)
class ConfluenceProperties:
    """1 point per operation; `app_key` selects the app properties."""

    client: ConfluenceClient
    app_key: str

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
        rows = PropertyRows(self.client).under(Caller(tenant, priority, person), host, host_id, key)
        return rows[0] if rows else None

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
        return PropertyRows(self.client).create(Caller(tenant, priority, person), host, host_id, key, value)

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
        rows, caller = PropertyRows(self.client), Caller(tenant, priority, person)
        try:
            return rows.replace(caller, host, host_id, stored.key, (stored.id, stored.version + 1), value)
        except LostRace:
            for duplicate in rows.under(caller, host, host_id, stored.key)[1:]:
                rows.delete(caller, host, host_id, duplicate.id)
            raise

    def read_app(self, tenant: Tenant, key: str, *, priority: Priority) -> object | None:
        call = get("app_properties.get", self._app_path(tenant, key), query=_AS_JSON[tenant.door])
        try:
            answer = self.client.ask(Caller(tenant, priority), call).answer
        except GoneOrInvisible:
            return None
        return _app_value(answer.data.get("value"))

    def write_app(self, tenant: Tenant, key: str, value: object, *, priority: Priority) -> None:
        call = Call(name="app_properties.put", method="PUT", path=self._app_path(tenant, key), body=value)
        self.client.tell(Caller(tenant, priority), call)

    def _app_path(self, tenant: Tenant, key: str) -> str:
        """By Connect's key of the app; on Forge, of the app that calls: a stored token counts as such (F3)."""
        if not _APP_KEY.fullmatch(self.app_key) or not _PROPERTY_KEY.fullmatch(key):
            raise ValueError("not a property key")
        if tenant.door is Door.FORGE:
            return f"/api/v2/app/properties/{key}"
        return f"/rest/atlassian-connect/1/addons/{self.app_key}/properties/{key}"


def _app_value(value: object) -> object:
    # Only an old document describes `jsonValue`; where ignored, the JSON comes as text. Anybody may store other text.
    try:
        return loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
