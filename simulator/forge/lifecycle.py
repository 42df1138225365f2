"""Install, upgrade and uninstalling Forge apps."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from simulator.forge import deliveries
from simulator.model.entities import Person
from simulator.model.forge import ForgeApp, ForgeInstallation
from simulator.model.permissions import EDITOR

if TYPE_CHECKING:
    from simulator.model.site import Site
    from simulator.world.world import World


def app_user(site: Site, app: ForgeApp) -> Person:
    """The app's account, made once and kept over reinstallation; another one than a Connect app's of the same name."""
    account = f"712020:{uuid.uuid5(uuid.NAMESPACE_URL, f'{site.cloud_id}/{app.id}')}"
    if account not in site.people:
        site.people[account] = Person(account, app.id, app.name, "", account_type="app", role="app", time_zone=None)
        for space in site.spaces.values():
            space.permissions.setdefault(account, set(EDITOR))
    return site.people[account]


def install(world: World, site: Site, app: ForgeApp, *, announce: bool = True) -> dict[str, object]:
    """Install or reinstall under a new installation id; properties of the app are gone with the old one."""
    with world.lock:
        known = site.forge.get(app.id)
        if known is not None:
            world.forge.forget_tokens(known.id)
        site.forge[app.id] = installation = ForgeInstallation(app, app_user(site, app).account_id)
        body = deliveries.lifecycle_body(site, installation, "installed")
    status = deliveries.post(world, site, installation, deliveries.LIFECYCLE, body) if announce else None
    return facts(site, installation) | {"appStatus": status}


def upgrade(world: World, site: Site, installation: ForgeInstallation, version: str) -> dict[str, object]:
    """A major version."""
    with world.lock:
        installation.app.version = version
        body = deliveries.lifecycle_body(site, installation, "upgraded")
    return {"appStatus": deliveries.post(world, site, installation, deliveries.LIFECYCLE, body)}


def uninstall(world: World, site: Site, installation: ForgeInstallation, *, goodbye: bool = True) -> dict[str, object]:
    """Say goodbye first, where it works; the tokens die with the installation."""
    status = deliveries.post(world, site, installation, deliveries.GOODBYE) if goodbye else None
    with world.lock:
        installation.installed = False
        world.forge.forget_tokens(installation.id)
    return {"appStatus": status}


def facts(site: Site, installation: ForgeInstallation) -> dict[str, object]:
    return {
        "appId": installation.app.id,
        "installationId": installation.id,
        "cloudId": site.cloud_id,
        "accountId": installation.account_id,
        "installed": installation.installed,
    }
