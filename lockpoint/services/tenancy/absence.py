"""A site where the app is at work again: what was uploaded meanwhile stands, and live locks count from there on.

That follows from one moment, `Tenant.returned_at`: versions made until then are nobody's fault. What has no time, the
trash, is told by a mark on each hold, `Protection.UNCHECKED`, until somebody looks. So no job has to come before
another, and nothing is lost when one fails.
"""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.lock import Held
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind


def look_after(tenant_id: int) -> tuple[Job, ...]:
    """What is to be done soon after a return: look at every known lock, and search for those that are not known."""
    return Job(JobKind.SWEEP, tenant_id), Job(JobKind.REDISCOVER, tenant_id)


def absence_until(services: Services, tenant: Tenant, held: Held) -> datetime | None:
    """Until when everybody was free to change this file in spite of the hold, on any clock; None: never since it began.

    Versions carry the host's time and the return carries ours, so what was uploaded seconds later is not undone either.
    """
    back = return_under(services.tenants.by_id(tenant.id), held)
    return None if back is None else back + TOLERATED


def return_under(tenant: Tenant | None, held: Held) -> datetime | None:
    """When the site came back while this hold was there already."""
    back = None if tenant is None else tenant.returned_at
    return None if back is None or held.acquired_at > back else back
