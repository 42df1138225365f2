"""The settings that hold in a space, remembered by each process for seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lockpoint.domain.settings import InForce
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.settings_memory import RememberedSettings
from lockpoint.services.tenancy.site_settings import site_settings
from lockpoint.services.tenancy.space_settings import Doubt, space_settings

UNASKED = timedelta(seconds=3)
"""A change that any process made counts everywhere after this time."""

READ_AGAIN = timedelta(hours=1)
"""How long Confluence is not asked what lies there while nobody changed anything through Lockpoint."""

IN_DOUBT = {Doubt.NOT_SHOWN_YET: timedelta(), Doubt.HIDDEN_OR_ALTERED: timedelta(minutes=5)}
"""The same where it did not show what was stored last: nobody is a lock manager meanwhile."""


def in_force(services: Services, tenant: Tenant, space_id: str | None, *, priority: Priority) -> InForce:
    """Return the settings of a space, or where it is not known those of the site. Raises the host's errors."""
    memory, now = services.settings_memory, services.clock.now()
    forgotten = memory.forgotten()
    known = memory.get(tenant, space_id)
    if known is not None and now - known.checked < UNASKED:
        return known.settings
    revisions = services.site_states.revisions(tenant, space_id)
    if known is not None and known.revisions == revisions and now - known.read < known.good_for:
        memory.keep(tenant, space_id, replace(known, checked=now), forgotten)
        return known.settings
    settings, doubt = _read(services, tenant, space_id, priority)
    # What was read may be newer than the revisions, never older: then it is read once more.
    good_for = READ_AGAIN if doubt is None else IN_DOUBT[doubt]
    memory.keep(tenant, space_id, RememberedSettings(settings, revisions, now, now, good_for), forgotten)
    return settings


def _read(services: Services, tenant: Tenant, space_id: str | None, priority: Priority) -> tuple[InForce, Doubt | None]:
    site = site_settings(services, tenant, priority=priority)
    if space_id is None:
        return InForce(site), None
    space, doubt = space_settings(services, tenant, space_id, priority=priority)
    return InForce(site, space), doubt
