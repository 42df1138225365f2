"""The app's licence on a site, by Connect's operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockpoint.confluence.http.calls import Caller, get
from lockpoint.services.context import Door

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant


@dataclass(frozen=True, slots=True)
class ConfluenceLicences:
    """1 point.

    `license.active` is true for subscriptions and evaluations, false for ended ones, missing for free apps
    (developer.atlassian.com, license API for cloud apps). Contacts are not read.
    """

    client: ConfluenceClient
    app_key: str

    def active(self, tenant: Tenant, *, priority: Priority) -> bool | None:
        """None on Forge, where every call to us tells the licence and nobody can be asked."""
        if tenant.door is Door.FORGE:
            return None
        call = get("addon.licence", f"/rest/atlassian-connect/1/addons/{self.app_key}")
        licence = self.client.ask(Caller(tenant, priority), call).answer.data.get("license")
        return isinstance(licence, dict) and licence.get("active") is True
