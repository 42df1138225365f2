"""What is noted of a site once: its cloud id, its own address, and who the app is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockpoint.services.context import Door, Priority
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.forge_sites import take_over

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.confluence import People


def note_facts(services: Services, tenant: Tenant) -> bool:
    """Ask for what is not known yet; return whether the site is still there. Raises the host's errors.

    A Connect site whose cloud id a site on Forge has is the same site: it ends, since one door is open at a time, and
    its locks count there.
    """
    with spending_on("site_facts"):
        account = services.people.own_account(tenant, priority=Priority.MAINTENANCE)
        if account not in tenant.app_accounts:
            services.forge_sites.note_account(tenant, account)
        if tenant.door is Door.FORGE:
            _note_address(services, tenant)
            return True
        return tenant.cloud_id is not None or _note_cloud(services, tenant)


def app_accounts(people: People, tenant: Tenant, *, priority: Priority) -> frozenset[str]:
    """Return every account that the app has had here, by any door: what they restored was restored by us.

    Raises the host's errors; 3 points the first time.
    """
    return tenant.app_accounts | {people.own_account(tenant, priority=priority)}


def facts_missing(tenant: Tenant) -> bool:
    """Whether a look costs something and helps."""
    place = tenant.display_url if tenant.door is Door.FORGE else tenant.cloud_id
    return place is None or not tenant.app_accounts


def _note_address(services: Services, tenant: Tenant) -> None:
    if tenant.display_url is None:
        address = services.site_facts.address(tenant, priority=Priority.MAINTENANCE)
        if address is not None:
            services.forge_sites.note_address(tenant, address)


def _note_cloud(services: Services, tenant: Tenant) -> bool:
    cloud_id = services.site_facts.cloud_id(tenant, priority=Priority.MAINTENANCE)
    if cloud_id is None:
        return True
    with services.forge_sites.change(cloud_id) as change:
        holder = change.find()
        if holder is None or not holder.tenant.installed:
            change.name(tenant)
            return True
    if holder.tenant.door is not Door.FORGE or holder.tenant.id == tenant.id:
        return True
    take_over(services, holder.tenant, tenant)
    return False
