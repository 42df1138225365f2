"""Uploads made while the app was inactive are accepted, and live locks protect from the return on.

The last return of site, space or file decides: versions made until then are no offence. The trash has no time, so each
lock is `Protection.UNCHECKED` until it is read. No job has to run before another.
"""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.lock import Held
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Witness


def jobs_after_return(tenant_id: int) -> tuple[Job, ...]:
    """Read every known lock, and search for unknown ones."""
    return Job(JobKind.SWEEP, tenant_id), Job(JobKind.REDISCOVER, tenant_id)


def jobs_after_switch(tenant_id: int, space_id: str | None, *, returns: bool) -> tuple[Job, ...]:
    """Look at the locks of a space, or of all, and their bylines; search for those that were forgotten meanwhile."""
    look = Job(JobKind.SWITCHED, tenant_id, space_id or "")
    return (look, Job(JobKind.REDISCOVER, tenant_id)) if returns else (look,)


def absence_until(services: Services, tenant: Tenant, held: Held, witness: Witness | None) -> datetime | None:
    """Return until when this file could be changed in spite of the lock; None: protected since it began.

    Versions carry the host's time and the return ours: uploads seconds later are accepted too.
    """
    back = return_under(services, tenant, held, witness)
    return None if back is None else back + TOLERATED


def return_under(services: Services, tenant: Tenant, held: Held, witness: Witness | None) -> datetime | None:
    """Return when site, space or file came back last, if this lock existed then."""
    moments = (last_return(services, tenant, witness.space_id if witness else None), _own(witness))
    back = max((moment for moment in moments if moment), default=None)
    return None if back is None or held.acquired_at > back else back


def last_return(services: Services, tenant: Tenant, space_id: str | None) -> datetime | None:
    """Return when files in this space were protected again last."""
    present = services.tenants.by_id(tenant.id)
    moments = (present.returned_at if present else None, services.site_states.switches(tenant, space_id).returned_at)
    return max((moment for moment in moments if moment), default=None)


def _own(witness: Witness | None) -> datetime | None:
    return witness.returned_at if witness else None
