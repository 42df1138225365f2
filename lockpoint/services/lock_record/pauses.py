"""Pauses in undoing, from the restorations of a lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lockpoint.domain.history.restore_budget import Offender, paused_until
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.tenancy.settings_in_force import in_force


def pause_end(services: Services, tenant: Tenant, lock_id: str, offenders: Iterable[Offender]) -> datetime | None:
    """Return until when changes of these people to the locked file are not undone; None: they are."""
    history = [(done.at, done.offenders) for done in services.restorations.recent(tenant, lock_id)]
    most = in_force(services, tenant, None, priority=Priority.EVENT).site.restores
    return paused_until(history, offenders, services.clock.now(), most)
