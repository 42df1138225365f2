"""People may have their data only kept, not used: no optional mail, and nothing of a profile."""

from __future__ import annotations

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.privacy import Origin, PrivacyRight


def change(services: Services, actor: Actor, wanted: Preferences, *, restricted: bool | None) -> Preferences:
    """Store the person's preferences; None leaves the restriction as it is. `Invalid`, and the host's errors."""
    done = preferences.change(services, actor, wanted, restricted=restricted)
    if done.before.restricted != done.after.restricted:
        _note(services, actor.tenant, Origin.PERSON)
    return done.after


def restrict(services: Services, tenant: Tenant, account: str, *, on: bool) -> bool:
    """As a person asked the operator; return whether that is a change. The host's errors pass through."""
    changed = preferences.restrict(services, tenant, account, on=on, priority=Priority.MAINTENANCE)
    _note(services, tenant, Origin.OPERATOR)
    return changed


def _note(services: Services, tenant: Tenant, origin: Origin) -> None:
    now = services.clock.now()
    request = services.person_store.note_request(tenant, PrivacyRight.RESTRICTION, origin, now)
    services.person_store.note_fulfilled(request, now)
