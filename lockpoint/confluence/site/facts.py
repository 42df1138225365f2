"""What a site says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Caller, Objects, get

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant

_CLOUD_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:-]{1,253}(/[A-Za-z0-9_-]{1,64})?")


@dataclass(frozen=True, slots=True)
class ConfluenceSiteFacts:
    """1 point, and 1 for a space."""

    client: ConfluenceClient

    def cloud_id(self, tenant: Tenant, *, priority: Priority) -> str | None:
        """On Forge this operation would need a scope of its own; invocations tell the cloud id there."""
        call = get("settings.system_info", "/rest/api/settings/systemInfo")
        found = self.client.ask(Caller(tenant, priority), call).answer.data.get("cloudId")
        return found if isinstance(found, str) and _CLOUD_ID.fullmatch(found) else None

    def address(self, tenant: Tenant, *, priority: Priority) -> str | None:
        """Lists of v2 name the site's own address, with its context path."""
        call = get("spaces.address", "/api/v2/spaces", query=(("limit", "1"),), objects=Objects.CORE, listing=True)
        found = self.client.ask(Caller(tenant, priority), call).answer.part_or_empty("_links").data.get("base")
        return found if isinstance(found, str) and _ADDRESS.fullmatch(found) else None
