"""The self-test: whether Confluence's own operation restores versions of attachments on this site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.site_settings import must_administer
from lockpoint.services.tenancy.waiting_files import FOR_RESTORING, looks

NOT_AGAIN: Final = timedelta(minutes=1)
"""How long the last result is the answer to an admin who asks for another test."""


def rests_for(state: SiteState, now: datetime) -> timedelta:
    """Return how long an admin who asks for another test still gets this result."""
    return timedelta() if state.tested_at is None else max(timedelta(), state.tested_at + NOT_AGAIN - now)


def known_to(services: Services, actor: Actor) -> SiteState:
    """Return the last result, for a site admin."""
    must_administer(services, actor)
    return services.site_states.get(actor.tenant)


def self_test_for(services: Services, actor: Actor) -> SiteState:
    """Run it for a site admin, one at a time."""
    must_administer(services, actor)
    with services.site_states.exclusive(actor.tenant):
        state = services.site_states.get(actor.tenant)
        if rests_for(state, services.clock.now()):
            return state
        return self_test(services, actor.tenant, priority=Priority.INTERACTIVE)


def self_test(services: Services, tenant: Tenant, *, priority: Priority = Priority.MAINTENANCE) -> SiteState:
    """Try to restore the app's own scratch attachment, and store the result.

    True: equal content came back. False: refused. None: no place to try; the first real overwrite will tell.
    """
    state = services.site_states.get(tenant)
    if not is_active(services, tenant, priority=priority):
        return state
    with spending_on("self_test"):
        trial = services.scratch.try_restore(tenant, state.scratch_id, priority=priority)
    if trial.works is None:
        return state
    now = services.clock.now()
    services.site_states.note_test(tenant, works=trial.works, at=now, scratch_id=trial.scratch_id)
    if trial.works:
        services.jobs.defer(looks(services, tenant, FOR_RESTORING))
    return services.site_states.get(tenant)
