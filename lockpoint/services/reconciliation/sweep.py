"""The sweep re-reads every live lock of a site, so that correctness never depends on an event."""

from __future__ import annotations

from functools import partial

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, HostError, OperationRemoved, QuotaExceeded, Unauthorised
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.tenancy.activity import active_now

BATCH = 200


def sweep(services: Services, tenant: Tenant) -> int:
    """Reconcile the locked files of a site, some at a time; return how many were looked at.

    Ends that are not stored yet come first. A file's trouble gives it a job of its own; `QuotaExceeded`, `Unauthorised`
    and a removed operation stop the sweep. An inactive or unlicensed site is not asked.
    """

    def one(attachment_id: str) -> None:
        if active_now(services, tenant.id, priority=Priority.SWEEP):
            _one(services, tenant, attachment_id)

    services.parallel.each(one, sorted(services.witnesses.marked(tenant, (Protection.END_UNWRITTEN,))))
    looked_at = 0
    after: str | None = None
    while active_now(services, tenant.id, priority=Priority.SWEEP):
        batch = [witness.attachment_id for witness in services.witnesses.live(tenant, after=after, limit=BATCH)]
        services.parallel.each(partial(_one, services, tenant), batch)
        looked_at += len(batch)
        if len(batch) < BATCH:
            break
        after = batch[-1]
    return looked_at


def _one(services: Services, tenant: Tenant, attachment_id: str) -> None:
    try:
        reconcile(services, tenant, attachment_id, priority=Priority.SWEEP)
    except (QuotaExceeded, Unauthorised, OperationRemoved):
        raise
    except (HostError, Busy):
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, attachment_id),))
