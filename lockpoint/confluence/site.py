"""What a site says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockpoint.confluence.http.calls import Caller, get

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """The site's cloud id, and the defaults for people whose own locale and time zone are not known."""

    cloud_id: str
    default_locale: str | None
    default_time_zone: str | None


@dataclass(frozen=True, slots=True)
class ConfluenceSites:
    """Reads the site's description, as the app."""

    client: ConfluenceClient

    def info(self, tenant: Tenant, *, priority: Priority) -> SiteInfo:
        """Give the description; 1 point. `Forbidden` on sites that keep it from apps."""
        call = get("settings.system_info", "/rest/api/settings/systemInfo")
        answer = self.client.ask(Caller(tenant, priority), call).answer
        return SiteInfo(
            cloud_id=answer.text("cloudId"),
            default_locale=answer.text_or_none("defaultLocale"),
            default_time_zone=answer.text_or_none("defaultTimeZone"),
        )
