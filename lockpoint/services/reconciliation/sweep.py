"""The sweep re-reads every live lock of a site, so that correctness never depends on an event."""

from __future__ import annotations

from functools import partial

from lockpoint.domain.lock import Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, HostError, NoTokenYet, OperationRemoved, QuotaExceeded, Unauthorised
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.tenancy.activity import active_now

BATCH = 200


def sweep(services: Services, tenant: Tenant) -> int:
    """Reconcile the locked files of a site, some at a time; return how many were looked at.

    Ends that are not stored yet come first. A file's trouble gives it a job of its own; `Unauthorised`, `NoTokenYet`
    and a removed operation stop the sweep, `QuotaExceeded` leaves what has run out, which is ended all the same. An
    inactive or unlicensed site is not asked.
    """

    def unwritten(attachment_id: str) -> None:
        if active_now(services, tenant.id, priority=Priority.SWEEP):
            _one(services, tenant, attachment_id, Priority.SWEEP)

    services.parallel.each(unwritten, sorted(services.witnesses.marked(tenant, (Protection.END_UNWRITTEN,))))
    refused: list[QuotaExceeded] = []
    looked_at = 0
    after: str | None = None
    while active_now(services, tenant.id, priority=Priority.SWEEP):
        batch = services.witnesses.live(tenant, after=after, limit=BATCH)
        services.parallel.each(partial(_live, services, tenant, refused), batch)
        looked_at += len(batch)
        if len(batch) < BATCH:
            break
        after = batch[-1].attachment_id
    if refused:
        raise refused[0]
    return looked_at


def _live(services: Services, tenant: Tenant, refused: list[QuotaExceeded], witness: Witness) -> None:
    """After the first refusal of points only what has run out is looked at, from the points of enforcement."""
    over = phase(witness.record, services.clock.now()) is Phase.EXPIRED
    if refused and not over:
        return
    try:
        _one(services, tenant, witness.attachment_id, Priority.EVENT if over else Priority.SWEEP)
    except QuotaExceeded as no_points:
        if over:
            raise
        refused.append(no_points)


def _one(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> None:
    try:
        reconcile(services, tenant, attachment_id, priority=priority)
    except (QuotaExceeded, Unauthorised, OperationRemoved, NoTokenYet):
        raise
    except (HostError, Busy):
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, attachment_id),))
