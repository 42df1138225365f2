"""Pauses in undoing, from the restorations of a lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from lockpoint.domain.restore_budget import Offender, paused_until
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant


def pause_end(services: Services, tenant: Tenant, lock_id: str, offenders: Iterable[Offender]) -> datetime | None:
    """Return until when changes of these people to the locked file are not undone; None: they are.

    One undoing may have made two versions, at one time.
    """
    history: defaultdict[datetime, set[str]] = defaultdict(set)
    for done in services.restorations.recent(tenant, lock_id):
        history[done.at].update(done.offenders)
    return paused_until(history.items(), offenders, services.clock.now())
