"""Sites that Forge calls for, remembered for seconds: an invocation costs no read of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lockpoint.connect.site_memory import SiteMemory

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.forge import ForgeSite, ForgeSites, Sign
    from lockpoint.services.ports.tenancy import Installations


class ForgeSiteDirectory:
    """By cloud id. What another process changed counts within seconds, as at Connect's door."""

    def __init__(
        self, sites: ForgeSites, installations: Installations, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sites = sites
        self._memory: SiteMemory[ForgeSite] = SiteMemory(
            sites.find, installations.changed, lambda site: site.tenant.site_key, clock
        )

    def find(self, cloud_id: str) -> ForgeSite | None:
        """Departed ones, too; StorageUnavailable when the database cannot tell."""
        return self._memory.find(cloud_id)

    def note_seen(self, tenant: Tenant, at: datetime, sign: Sign | None) -> None:
        """StorageUnavailable."""
        self._sites.note_seen(tenant, at, sign)
        self.forget(tenant)

    def forget(self, tenant: Tenant) -> None:
        if tenant.cloud_id is not None:
            self._memory.forget(tenant.cloud_id)
