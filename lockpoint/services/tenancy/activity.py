"""Whether the app may act on a site, installed, enabled and, where that matters, licensed; and in which spaces.

`priority` pays for asking Confluence about a licence whose last answer is too old (1 point).
"""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import NotAllowed, Unlicensed
from lockpoint.services.tenancy import licence
from lockpoint.services.tenancy.settings_in_force import in_force


def is_active(
    services: Services, tenant: Tenant, *, licensed: bool = True, priority: Priority = Priority.EVENT
) -> bool:
    """Answer for the site as `tenant` was read; that may be out of date."""
    return tenant.active and (not licensed or licence.licensed(services, tenant, priority=priority))


def active_now(
    services: Services, tenant_id: int, *, licensed: bool = True, priority: Priority = Priority.EVENT
) -> Tenant | None:
    """Return the site as the database has it now, None when the app may not act on it."""
    tenant = services.tenants.by_id(tenant_id)
    if tenant is None or not is_active(services, tenant, licensed=licensed, priority=priority):
        return None
    return tenant


def require_active(
    services: Services, tenant: Tenant, *, licensed: bool = True, priority: Priority = Priority.EVENT
) -> Tenant:
    """Return `tenant`; raises `NotAllowed` when the site is inactive, `Unlicensed` when it has no licence."""
    if not is_active(services, tenant, licensed=False):
        raise NotAllowed("Lockpoint is not active on this site: it locks nothing there and sends no mails.")
    if licensed and not is_active(services, tenant, priority=priority):
        raise Unlicensed("Lockpoint has no licence on this site. Locks can be ended, but not created or extended.")
    return tenant


def is_on(services: Services, tenant: Tenant, space_id: str | None, *, priority: Priority) -> bool:
    """Return whether admins have Lockpoint switched on in the space, or where it is not known on the site.

    Remembered, so it costs nothing on most calls; raises the host's errors.
    """
    return in_force(services, tenant, space_id, priority=priority).rules.active


def protects(services: Services, tenant: Tenant, space_id: str | None, *, priority: Priority) -> bool:
    """Return whether locks in this space are enforced."""
    return is_active(services, tenant, priority=priority) and is_on(services, tenant, space_id, priority=priority)
