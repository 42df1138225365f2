"""The self-test: whether Confluence's own operation restores versions of attachments on this site."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.waiting_files import FOR_RESTORING, looks


def self_test(services: Services, tenant: Tenant) -> SiteState:
    """Try to restore the app's own scratch attachment, and store the result.

    True: equal content came back. False: refused. None: no place to try; the first real overwrite will tell.
    """
    state = services.site_states.get(tenant)
    if not is_active(services, tenant, priority=Priority.MAINTENANCE):
        return state
    with spending_on("self_test"):
        trial = services.scratch.try_restore(tenant, state.scratch_id, priority=Priority.MAINTENANCE)
    if trial.works is None:
        return state
    now = services.clock.now()
    services.site_states.note_test(tenant, works=trial.works, at=now, scratch_id=trial.scratch_id)
    if trial.works:
        services.jobs.defer(looks(services, tenant, FOR_RESTORING))
    return services.site_states.get(tenant)
