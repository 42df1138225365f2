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
from lockpoint.services.tenancy.whereabouts import is_on_for

BATCH = 200
FOLLOWED = 0.25
"""Share of the looks at a lock in an inactive space that ask where its page is now: its move may have gone unheard."""

FOLLOWED_AWAKE = 0.125
"""The same in an active space, where the file is read as well: 2 points and a quarter on average."""


def sweep(services: Services, tenant: Tenant, space_id: str | None = None) -> int:
    """Reconcile the locked files of a site, some at a time; return how many were looked at.

    Ends that are not stored yet come first. A file's trouble gives it a job of its own; `Unauthorised`, `NoTokenYet`
    and a removed operation stop the sweep, `QuotaExceeded` leaves what has run out, which is ended all the same. An
    inactive or unlicensed site is not asked, nor are files in inactive spaces. Pages that moved unheard are found by
    chance, in hours. With a space, only its locks are looked at.
    """

    def unwritten(attachment_id: str) -> None:
        if active_now(services, tenant.id, priority=Priority.SWEEP):
            _one(services, tenant, attachment_id, Priority.SWEEP)

    if space_id is None:
        services.parallel.each(unwritten, sorted(services.witnesses.marked(tenant, (Protection.END_UNWRITTEN,))))
    refused: list[QuotaExceeded] = []
    looked_at = 0
    after: str | None = None
    while active_now(services, tenant.id, priority=Priority.SWEEP):
        batch = services.witnesses.live(tenant, after=after, limit=BATCH, space_id=space_id)
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
        asleep = not is_on_for(services, tenant, witness, priority=Priority.SWEEP)
        moved = _may_have_moved(services, tenant, FOLLOWED if asleep else FOLLOWED_AWAKE)
        if asleep and not moved:
            return
        spends = Priority.EVENT if over and not asleep else Priority.SWEEP
        _one(services, tenant, witness.attachment_id, spends, moved=moved)
    except QuotaExceeded as no_points:
        if over:
            raise
        refused.append(no_points)


def _may_have_moved(services: Services, tenant: Tenant, share: float) -> bool:
    """By chance, and only where spaces differ: else Lockpoint would be on or off elsewhere, too."""
    return services.ids.fraction() < share and services.site_states.switches(tenant, None).spaces_decide


def _one(services: Services, tenant: Tenant, attachment_id: str, priority: Priority, *, moved: bool = False) -> None:
    try:
        reconcile(services, tenant, attachment_id, priority=priority, moved=moved)
    except (QuotaExceeded, Unauthorised, OperationRemoved, NoTokenYet):
        raise
    except (HostError, Busy):
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, attachment_id),))
