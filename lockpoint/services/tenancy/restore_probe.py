"""The self-test: whether this site's Confluence restores versions of attachments by its own operation."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.waiting_files import FOR_RESTORING, looks


def self_test(services: Services, tenant: Tenant) -> SiteState:
    """Try the restore operation on a scratch attachment of the app's own, and remember the result.

    True: equal content came back. False: refused. None: there was nowhere to try; the first real overwrite will tell.
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
