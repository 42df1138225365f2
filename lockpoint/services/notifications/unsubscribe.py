"""Links in mails that act without a sign-in: each is sealed for one person and one purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.notifications import preferences
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import require_active

_UNSUBSCRIBE: Final = "unsubscribe"
_WORDS: Final = {kind.value: kind for kind in OPTIONAL}


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """One person of a site wants no more mails of this kind."""

    tenant: Tenant
    account: str
    kind: MailKind


def unsubscribe_url(services: Services, tenant: Tenant, account: str, kind: MailKind) -> str | None:
    """Return the address that switches these mails off; None where that is impossible."""
    if kind not in OPTIONAL:
        return None
    token = services.tokens.seal_link(f"{tenant.id}\n{kind.value}\n{account}", _UNSUBSCRIBE)
    return f"{services.app_url}/mail/{token}"


def unsubscribe_link(services: Services, token: str) -> UnsubscribeLink | None:
    """Return what a link means; None for one that we did not seal, or for a site that is gone."""
    text = services.tokens.unseal_link(token, _UNSUBSCRIBE)
    if text is None:
        return None
    tenant_id, kind, account = text.split("\n", 2)
    tenant = services.tenants.by_id(int(tenant_id))
    if tenant is None or kind not in _WORDS:
        return None
    return UnsubscribeLink(tenant, account, _WORDS[kind])


def unsubscribe(services: Services, link: UnsubscribeLink) -> None:
    """`NotAllowed` on an inactive site."""
    tenant = require_active(services, link.tenant, licensed=False)
    with spending_on("unsubscribe"):
        preferences.switch_off(services, tenant, link.account, link.kind)
