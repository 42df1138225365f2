"""The line of those who asked to be told when a file is free: a signed property on the file, in the order of asking."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.domain import signed_json
from lockpoint.services.container import Services
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty

KEY = "lockpointwatch"


@dataclass(frozen=True, slots=True)
class Asking:
    """How one person stands in the line: position counts from 1, None when they did not ask."""

    asked: bool
    count: int
    position: int | None


NOBODY = Asking(asked=False, count=0, position=None)


def asking(askers: tuple[str, ...], account: str) -> Asking:
    """Where `account` stands among those who asked."""
    position = askers.index(account) + 1 if account in askers else None
    return Asking(position is not None, len(askers), position)


def askers_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> tuple[str, ...]:
    """The accounts that asked, first come first; anything not signed by us for this file counts as nobody."""
    fields = signed_json.verified(row.value, _place(tenant, attachment_id), services.mac_keys) if row else None
    askers = fields.get("askers") if fields else None
    return tuple(str(account) for account in askers) if isinstance(askers, list) else ()


def read_line(services: Services, tenant: Tenant, attachment_id: str, *, lane: Lane) -> StoredProperty | None:
    """The stored line as it is now."""
    return services.properties.read(tenant, PropertyHost.ATTACHMENT, attachment_id, KEY, lane=lane)


def store_line(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    row: StoredProperty | None,
    askers: tuple[str, ...],
    *,
    lane: Lane,
) -> None:
    """Store the line on condition that it is still `row`; `LostRace` otherwise."""
    fields: dict[str, object] = {"schema": 1, "askers": list(askers)}
    value = signed_json.sign(fields, _place(tenant, attachment_id), services.mac_keys)
    if row is None:
        services.properties.create(tenant, PropertyHost.ATTACHMENT, attachment_id, KEY, value, lane=lane)
    else:
        services.properties.replace(tenant, PropertyHost.ATTACHMENT, attachment_id, row, value, lane=lane)


def _place(tenant: Tenant, attachment_id: str) -> str:
    return f"{KEY}/{tenant.client_key}/{attachment_id}"
