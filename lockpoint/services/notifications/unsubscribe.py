"""Switching off a kind of mail by the link in one, and on again."""

from __future__ import annotations

from collections.abc import Callable

from lockpoint.domain.events import MailKind
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.errors import NotAllowed
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.notifications import LinkAnswer, PageKind
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import require_active


def offer(kind: MailKind) -> LinkAnswer:
    return LinkAnswer(PageKind.UNSUBSCRIBE, mail=kind)


def unsubscribe(services: Services, actor: Actor, kind: MailKind) -> LinkAnswer:
    """Can be repeated; an inactive site changes nothing. Raises the host's errors."""

    def off(tenant: Tenant) -> PageKind:
        preferences.switch_off(services, tenant, actor.account_id, kind)
        return PageKind.UNSUBSCRIBED

    return _changed(services, actor, kind, off)


def undo(services: Services, actor: Actor, kind: MailKind) -> LinkAnswer:
    """Switch the kind on again; as `unsubscribe`. Whose data are only kept still gets none."""

    def on(tenant: Tenant) -> PageKind:
        wanted = preferences.switch_on(services, tenant, actor.account_id, kind)
        return PageKind.SUBSCRIBED_AGAIN if wanted else PageKind.ONLY_KEPT

    return _changed(services, actor, kind, on)


def _changed(services: Services, actor: Actor, kind: MailKind, change: Callable[[Tenant], PageKind]) -> LinkAnswer:
    try:
        tenant = require_active(services, actor.tenant, licensed=False)
    except NotAllowed:
        return LinkAnswer(PageKind.INACTIVE)
    with spending_on("unsubscribe"):
        return LinkAnswer(change(tenant), mail=kind)
