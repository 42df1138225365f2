"""The number of a page's locked files, for the byline and for finding locks again."""

from __future__ import annotations

from collections.abc import Sequence

from lockpoint.domain import signed_json
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace
from lockpoint.services.ports.confluence import Container, ContainerKind, PropertyHost
from lockpoint.services.ports.locks import Witness
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active, is_on

KEY = "lockpointpage"
_HOSTS = {ContainerKind.PAGE: PropertyHost.PAGE, ContainerKind.BLOGPOST: PropertyHost.BLOGPOST}


def refresh(services: Services, tenant: Tenant, container: Container) -> None:
    """Write the page property when the count changed; pages without locks never get one.

    The byline reads `name`, which tells nothing in an inactive space; `lockedCount` is extracted for CQL, and finds the
    locks again. Nothing is decided by it, so a lost race is repeated once. The host's passing errors pass through.
    """
    host = _HOSTS.get(container.kind)
    if host is None or not is_active(services, tenant, licensed=False):
        return
    with spending_on("page_hint"):
        for _ in range(2):
            try:
                _write(services, tenant, host, container.id)
            except LostRace:
                continue
            except (GoneOrInvisible, Forbidden):
                pass  # the page is gone or closed to the app
            return


def _write(services: Services, tenant: Tenant, host: PropertyHost, container_id: str) -> None:
    known = services.witnesses.of_container(tenant, container_id)
    count = sum(isinstance(one.record, Held) for one in known)
    shown = is_on(services, tenant, _space_of(known), priority=Priority.EVENT)
    stored = services.properties.read(tenant, host, container_id, KEY, priority=Priority.EVENT)
    place = f"{KEY}/{tenant.site_key}/{container_id}"
    value = signed_json.sign(_value(count, shown=shown), place, services.mac_keys)
    if stored is None and count > 0:
        services.properties.create(tenant, host, container_id, KEY, value, priority=Priority.EVENT)
    elif stored is not None and (stored.value != value or signed_json.flaw_of(stored.value, place, services.mac_keys)):
        services.properties.replace(tenant, host, container_id, stored, value, priority=Priority.EVENT)


def _space_of(known: Sequence[Witness]) -> str | None:
    """Return where the page is, as its locks tell; an ended one may tell of a place before a move."""
    placed = [one for one in known if one.space_id]
    newest = max(placed, key=lambda one: (isinstance(one.record, Held), one.seen_at), default=None)
    return newest.space_id if newest else None


def _value(count: int, *, shown: bool) -> dict[str, object]:
    locked = "No files locked" if count == 0 else f"{count} file locked" if count == 1 else f"{count} files locked"
    text = locked if shown else "File locks"
    return {"schema": 1, "lockedCount": count, "name": {"value": text}, "tooltip": {"value": f"Lockpoint: {text}"}}
