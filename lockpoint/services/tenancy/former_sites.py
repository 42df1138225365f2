"""An earlier installation by Connect whose locks do not count, since nobody knew that it was this site (ADR 57)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockpoint.services.context import Door
from lockpoint.services.tenancy.forge_sites import take_over
from lockpoint.services.tenancy.site_settings import must_administer

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Actor, Tenant


def former_site(services: Services, tenant: Tenant) -> Tenant | None:
    """Return the installation at the same address whose locks do not count; None for a site by Connect."""
    found = services.forge_sites.former(tenant) if tenant.door is Door.FORGE else None
    return None if found is None or found.client_key in tenant.signed_names else found


def adopt_former(services: Services, actor: Actor) -> None:
    """Let its locks count, if there is one, for a site admin: who cannot say which, since the address does."""
    must_administer(services, actor)
    found = former_site(services, actor.tenant)
    if found is not None:
        take_over(services, actor.tenant, found)
