"""Uploads made while the app was inactive are accepted, and live locks protect from the return on.

`Tenant.returned_at` decides: versions made until then are no offence. The trash has no time, so each lock is
`Protection.UNCHECKED` until it is read. No job has to run before another.
"""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.lock import Held
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind


def jobs_after_return(tenant_id: int) -> tuple[Job, ...]:
    """Read every known lock, and search for unknown ones."""
    return Job(JobKind.SWEEP, tenant_id), Job(JobKind.REDISCOVER, tenant_id)


def absence_until(services: Services, tenant: Tenant, held: Held) -> datetime | None:
    """Return until when this file could be changed in spite of the lock; None: protected since it began.

    Versions carry the host's time and the return ours: uploads seconds later are accepted too.
    """
    back = return_under(services.tenants.by_id(tenant.id), held)
    return None if back is None else back + TOLERATED


def return_under(tenant: Tenant | None, held: Held) -> datetime | None:
    """Return when the site came back, if this lock existed then."""
    back = None if tenant is None else tenant.returned_at
    return None if back is None or held.acquired_at > back else back
