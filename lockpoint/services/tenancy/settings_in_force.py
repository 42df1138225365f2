"""The settings that hold in a space, remembered by each process for seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lockpoint.domain.settings import InForce, SpaceSettings
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.settings_memory import RememberedSettings
from lockpoint.services.tenancy.site_settings import site_settings
from lockpoint.services.tenancy.space_settings import space_settings

UNASKED = timedelta(seconds=3)
"""A change that any process made counts everywhere after this time."""

READ_AGAIN = timedelta(hours=1)
"""How long Confluence is not asked what lies there while nobody changed anything through Lockpoint."""


def in_force(services: Services, tenant: Tenant, space_id: str | None, *, priority: Priority) -> InForce:
    """Return the settings of a space, or where it is not known those of the site. Raises the host's errors."""
    memory, now = services.settings_memory, services.clock.now()
    known = memory.get(tenant, space_id)
    if known is not None and now - known.checked < UNASKED:
        return known.settings
    revisions = services.site_states.revisions(tenant, space_id)
    if known is not None and known.revisions == revisions and now - known.read < READ_AGAIN:
        memory.keep(tenant, space_id, replace(known, checked=now))
        return known.settings
    settings = _read(services, tenant, space_id, priority)
    # What was read may be newer than the revisions, never older: then it is read once more.
    memory.keep(tenant, space_id, RememberedSettings(settings, revisions, now, now))
    return settings


def _read(services: Services, tenant: Tenant, space_id: str | None, priority: Priority) -> InForce:
    site = site_settings(services, tenant, priority=priority)
    space = SpaceSettings() if space_id is None else space_settings(services, tenant, space_id, priority=priority)
    return InForce(site, space)
