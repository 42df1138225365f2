"""Switching off a kind of mail by the link in one."""

from __future__ import annotations

from lockpoint.domain.events import MailKind
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.errors import NotAllowed
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.notifications import LinkAnswer, PageKind
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import require_active


def offer(kind: MailKind) -> LinkAnswer:
    return LinkAnswer(PageKind.UNSUBSCRIBE, mail=kind)


def unsubscribe(services: Services, actor: Actor, kind: MailKind) -> LinkAnswer:
    """Can be repeated; an inactive site changes nothing. Raises the host's errors."""
    try:
        tenant = require_active(services, actor.tenant, licensed=False)
    except NotAllowed:
        return LinkAnswer(PageKind.INACTIVE)
    with spending_on("unsubscribe"):
        preferences.switch_off(services, tenant, actor.account_id, kind)
    return LinkAnswer(PageKind.UNSUBSCRIBED, mail=kind)
