"""Usage counts, on sites that switched them on; a failing count stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.tenancy import UsageEvent, UsageRow

SHOWN: Final = timedelta(days=30)
CREATED: Final = 201

_EVENTS: Final = {
    "extend": UsageEvent.EXTENDED,
    "release": UsageEvent.RELEASED,
    "break": UsageEvent.BROKEN,
    "take_over": UsageEvent.TAKEN_OVER,
    "request": UsageEvent.REQUESTED,
    "cancel_request": None,
    "decline": UsageEvent.DECLINED,
    "hand_over": UsageEvent.HANDED_OVER,
}


def count(services: Services, actor: Actor, event: UsageEvent) -> None:
    with suppress(StorageUnavailable):
        day = services.clock.now().astimezone(UTC).date()
        services.usage.count(actor.tenant, actor.account_id, event, day)


def count_call(services: Services, actor: Actor, use_case: str, status: int) -> None:
    """Count a call about a lock; locking one's own locked file is an extension."""
    taken = UsageEvent.LOCKED if status == CREATED else UsageEvent.EXTENDED
    event = _EVENTS.get(use_case, taken)
    if event is not None:
        count(services, actor, event)


def kept(services: Services, tenant: Tenant) -> Sequence[UsageRow]:
    since = (services.clock.now().astimezone(UTC) - SHOWN).date()
    return services.usage.kept(tenant, since)
