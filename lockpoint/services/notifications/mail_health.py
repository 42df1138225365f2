"""How the mails of a site fare, for its admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.notifications import MailHealth

LATELY: Final = timedelta(days=7)


def mail_health(services: Services, tenant: Tenant) -> MailHealth:
    """Return the numbers of the last week; whoever shows them checks who asks. `StorageUnavailable`."""
    return services.mail_figures.read(tenant, services.clock.now() - LATELY)
