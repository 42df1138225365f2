"""What Forge sends by itself: lifecycle events, ticks, goodbyes."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from simulator.forge import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.model.forge import ForgeInstallation
    from simulator.model.site import Site
    from simulator.world.world import World

EVENT_SECONDS = 5
GOODBYE_SECONDS = 55


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route of the remote, and its key in the manifest."""

    key: str
    path: str
    seconds: float = EVENT_SECONDS


LIFECYCLE = Endpoint("ep-lifecycle", "/forge/lifecycle")
TICK = Endpoint("ep-tick", "/forge/tick")
GOODBYE = Endpoint("ep-goodbye", "/forge/goodbye", GOODBYE_SECONDS)


def lifecycle_body(site: Site, installation: ForgeInstallation, event: str) -> dict[str, object]:
    return {
        "eventType": f"avi:forge:{event}:app",
        "id": installation.id,
        "installerAccountId": next((p.account_id for p in site.people.values() if p.site_admin), None),
        "context": f"ari:cloud:confluence::site/{site.cloud_id}",
        "app": {"id": installation.app.id, "version": installation.app.version, "name": installation.app.name},
        "environment": {"type": installation.app.environment},
    }


def post(
    world: World, site: Site, installation: ForgeInstallation, to: Endpoint, body: Mapping[str, Any] | None = None
) -> int:
    """Call without the world's lock, which the app needs to call back; 0 when unreachable."""
    with world.lock:
        headers = {
            "Authorization": f"Bearer {tokens.invocation_token(world, site, installation, to.key)}",
            "Content-Type": "application/json",
            "x-forge-oauth-system": tokens.system_token(world, site, installation.app.id),
            "x-b3-traceid": secrets.token_hex(16),
            "x-b3-spanid": secrets.token_hex(8),
        }
    url = installation.app.remote_url + to.path
    try:
        answer = requests.post(
            url, data=json.dumps(body or {}), headers=headers, timeout=to.seconds, allow_redirects=False
        )
    except requests.RequestException:
        return 0
    return answer.status_code


def tick_all(world: World) -> None:
    """The hourly schedule of every installation."""
    with world.lock:
        installed = [(site, one) for site in world.sites.values() for one in site.forge.values() if one.installed]
    for site, installation in installed:
        post(world, site, installation, TICK)
