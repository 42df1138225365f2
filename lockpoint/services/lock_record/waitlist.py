"""The waitlist of a file: a signed, dated property with the accounts that asked to be notified, in order of asking."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.domain import signed_json
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty

KEY = "lockpointwatch"


@dataclass(frozen=True, slots=True)
class WaitlistPlace:
    """`position` counts from 1, None when they did not ask."""

    asked: bool
    count: int
    position: int | None


NOT_WAITING = WaitlistPlace(asked=False, count=0, position=None)


def place_of(waitlist: tuple[str, ...], account: str) -> WaitlistPlace:
    position = waitlist.index(account) + 1 if account in waitlist else None
    return WaitlistPlace(position is not None, len(waitlist), position)


def waitlist_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> tuple[str, ...]:
    """Return the accounts, first come first; anything that we did not write there and then counts as empty."""
    fields = _fields(services, tenant, attachment_id, row)
    waitlist = fields.get("askers") if fields else None
    return tuple(str(account) for account in waitlist) if isinstance(waitlist, list) else ()


def foreign(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> bool:
    """Return whether something lies there that is not obeyed; it may name people all the same."""
    return row is not None and _fields(services, tenant, attachment_id, row) is None


def read_waitlist(
    services: Services, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
) -> StoredProperty | None:
    host = PropertyHost.ATTACHMENT
    return services.properties.read(tenant, host, attachment_id, KEY, priority=priority, person=person)


def store_waitlist(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    row: StoredProperty | None,
    waitlist: tuple[str, ...],
    *,
    priority: Priority,
    person: str | None = None,
) -> None:
    """Store the waitlist on condition that it is still `row`; `LostRace` otherwise."""
    fields: dict[str, object] = {"schema": 1, "askers": list(waitlist)}
    place, version = _place(tenant, attachment_id), row.version + 1 if row else 1
    value = signed_json.sign_dated(fields, place, version, services.clock.now(), services.mac_keys)
    host = PropertyHost.ATTACHMENT
    if row is None:
        services.properties.create(tenant, host, attachment_id, KEY, value, priority=priority, person=person)
    else:
        services.properties.replace(tenant, host, attachment_id, row, value, priority=priority, person=person)


def _fields(
    services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None
) -> dict[str, object] | None:
    if row is None:
        return None
    place = _place(tenant, attachment_id)
    return signed_json.verify_dated(row.value, place, row.version, row.created, services.mac_keys)


def _place(tenant: Tenant, attachment_id: str) -> str:
    return f"{KEY}/{tenant.client_key}/{attachment_id}"
