"""Events of Confluence in Forge's bodies, to `/forge/events` of every Forge app of a site.

They come from restricted pages, too, and say which are the app's own doing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from simulator.forge import deliveries, tokens

if TYPE_CHECKING:
    from simulator.model.entities import Content
    from simulator.model.site import Site
    from simulator.webhooks.deliveries import Delivery
    from simulator.world.world import World

EVENTS: Final = deliveries.Endpoint("ep-events", "/forge/events")
LARGEST_BODY: Final = 200_000

_DEEDS: Final = {"removed": "deleted"}
_KNOWN: Final = {
    "attachment": {"created", "updated", "trashed", "restored", "deleted", "archived", "unarchived"},
    "page": {"moved", "trashed", "restored", "deleted", "permissions_updated"},
    "blogpost": {"trashed", "restored", "deleted", "permissions_updated"},
    "space:V2": {"deleted", "permissions_updated"},
}
"""What the manifest subscribes to."""


class ForgeEvents:
    """What `Webhooks` asks beside Connect's descriptors."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(
        self, site: Site, event: str, body: dict[str, Any], content: Content | None
    ) -> Iterator[tuple[str, str, str, bytes]]:
        """App, event, path and body of each delivery."""
        for installation in site.forge.values():
            if not installation.installed:
                continue
            for name, fields in _events(event, body, content):
                if not _subscribed(name):
                    continue
                own = body.get("userAccountId") == installation.account_id
                common = {"eventType": name, "atlassianId": body.get("userAccountId"), "selfGenerated": own}
                data = json.dumps({**common, "suppressNotifications": False, **fields}).encode()
                if len(data) <= LARGEST_BODY:
                    yield installation.app.id, name, EVENTS.path, data

    def post(self, site: Site, delivery: Delivery) -> int:
        """Return the app's status, 0 when unreachable; a repeated one says so in its body."""
        body = json.loads(delivery.body)
        if delivery.tries:
            body["retryContext"] = {
                "retryCount": delivery.tries,
                "retryReason": "INVALID_REMOTE_INVOCATION_ERROR",
                "retryData": None,
            }
        installation = tokens.installation_of(site, delivery.app_key)
        return deliveries.post(self._world, site, installation, EVENTS, body)


def _events(event: str, body: dict[str, Any], content: Content | None) -> Iterator[tuple[str, dict[str, Any]]]:
    family, _, deed = event.partition("_")
    deed = _DEEDS.get(deed, deed)
    if family == "attachment":
        yield from ((_name("attachment", deed), {"attachment": _file(one)}) for one in body["attachments"])
    elif family == "space":
        yield _name("space:V2", deed), {"space": {"key": body.get("space", {}).get("key")}}
    elif content is not None:
        yield _name(content.type, deed), {"content": {"id": str(content.id), "type": content.type}}


def _name(kind: str, deed: str) -> str:
    return f"avi:confluence:{deed}:{kind}"


def _subscribed(name: str) -> bool:
    _, _, deed, kind = name.split(":", 3)
    return deed in _KNOWN.get(kind, ())


def _file(one: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(one["idAsString"]).removeprefix("att"), "type": "attachment", "title": one["fileName"]}
