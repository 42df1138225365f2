"""Whether a site has a licence: asked of Confluence hourly, and heard with every call that it makes.

Without one, locks are shown and can be ended; nothing is locked or undone. Uploads made until its return are accepted,
as after any absence.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from lockpoint.services.errors import HostError, StorageUnavailable
from lockpoint.services.ports.tenancy import LICENCE_FRESH, Licence

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Priority, Tenant
    from lockpoint.services.ports.tenancy import LicenceNote

HEARD_AGAIN: Final = timedelta(minutes=1)
"""How often a process stores that it heard the same: another process may have heard something else."""


def licensed(services: Services, tenant: Tenant, *, priority: Priority) -> bool:
    """Whether locks protect and can be begun and extended; 1 point when the last answer is an hour old."""
    return standing(services, tenant, priority=priority) is not Licence.NONE


def last_known(services: Services, tenant: Tenant) -> Licence:
    return (services.licences.get(tenant).licence or Licence.ACTIVE) if services.licensing else Licence.ACTIVE


def standing(services: Services, tenant: Tenant, *, priority: Priority) -> Licence:
    """Return what counts now: while Confluence does not answer, the last answer, or licensed if there was none."""
    if not services.licensing:
        return Licence.ACTIVE
    known, now = services.licences.get(tenant), services.clock.now()
    if known.licence is not None and _fresh(known, now):
        return known.licence
    try:
        active = services.licence_source.active(tenant, priority=priority)
    except HostError:
        active = None
    if active is None:
        return known.licence or Licence.ACTIVE
    return services.licences.note(tenant, active=active, at=now)


def _fresh(known: LicenceNote, now: datetime) -> bool:
    return known.checked_at is not None and timedelta() <= now - known.checked_at < LICENCE_FRESH


class HeardLicences:
    """Records the word `lic` of verified calls; one per process, thread-safe.

    The same word is written once a minute at most, so that webhooks cost nothing more.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._heard: dict[int, tuple[bool, datetime]] = {}

    def hear(self, tenant: Tenant, active: bool) -> None:  # noqa: FBT001 - what was heard
        """A database that does not answer loses the word."""
        if not self._services.licensing or not tenant.installed:
            return
        now = self._services.clock.now()
        with self._lock:
            before = self._heard.get(tenant.id)
            if before is not None and before[0] is active and now - before[1] < HEARD_AGAIN:
                return
            self._heard[tenant.id] = (active, now)
        try:
            self._services.licences.note(tenant, active=active, at=now)
        except StorageUnavailable:
            with self._lock:
                self._heard.pop(tenant.id, None)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._heard.pop(tenant.id, None)
