"""App lifecycle: install, enable, disable, uninstall, new secret, renamed or imported site.

Calls to the app run without the world's lock, as the app may call back.
"""

from __future__ import annotations

import itertools
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from simulator.model import tokens
from simulator.model.entities import App, Installation, Person
from simulator.model.errors import ApiError
from simulator.model.permissions import EDITOR
from simulator.model.site import Site
from simulator.world.world import World

TIMEOUT_SECONDS = 15
ACCEPTED = {200, 204}
_SERIAL = itertools.count()


@dataclass(frozen=True, slots=True)
class Tampering:
    """Deliberate errors in a lifecycle call."""

    payload: dict[str, object] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)
    secret: str | None = None
    kid: str | None = None


PLAIN = Tampering()


def register_app(world: World, descriptor: dict[str, object]) -> App:
    """400 for a descriptor without key, name, baseUrl or JWT authentication."""
    key, name, base = (descriptor.get(part) for part in ("key", "name", "baseUrl"))
    if not (isinstance(key, str) and isinstance(name, str) and isinstance(base, str)):
        raise ApiError(400, "The descriptor needs key, name and baseUrl")
    if descriptor.get("authentication") != {"type": "jwt"}:
        raise ApiError(400, "The descriptor must ask for JWT authentication")
    app = App(key, name, base.rstrip("/"), descriptor)
    world.apps[key] = app
    for site in world.sites.values():
        if key in site.installations:
            site.installations[key].app = app
    return app


def fetch_descriptor(url: str) -> dict[str, object]:
    """Raise 400 on failure."""
    try:
        answer = requests.get(url, timeout=TIMEOUT_SECONDS)
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ApiError(400, f"No descriptor at {url}") from error
    if not isinstance(found, dict):
        raise ApiError(400, f"No descriptor at {url}")
    return found


def app_user(site: Site, app: App) -> Person:
    """The app's account, made once and kept over uninstall; it edits every space."""
    for person in site.people.values():
        if person.account_type == "app" and person.name == app.key:
            break
    else:
        account = f"557058:{uuid.uuid5(uuid.NAMESPACE_URL, f'{site.cloud_id}/{app.key}')}"
        person = Person(account, app.key, app.name, "", account_type="app", role="app", time_zone=None)
        site.people[account] = person
        for space in site.spaces.values():
            space.permissions.setdefault(account, set(EDITOR))
    return person


def known_installation(site: Site, app_key: str) -> Installation:
    """404 when never installed."""
    found = site.installations.get(app_key)
    if found is None:
        raise ApiError(404, f"{app_key} was never installed on {site.key}")
    return found


def _payload(site: Site, installation: Installation, event: str) -> dict[str, object]:
    payload: dict[str, object] = {
        "key": installation.app.key,
        "clientKey": installation.client_key,
        "oauthClientId": installation.oauth_client_id,
        "serverVersion": "6452",
        "pluginsVersion": "1000.0.0",
        "baseUrl": site.base_url,
        "displayUrl": site.base_url,
        "productType": "confluence",
        "description": f"Confluence of {site.name}",
        "eventType": event,
    }
    if installation.licence_active:
        payload["entitlementId"] = "11111111-2222-4333-8444-555555555555"
        payload["entitlementNumber"] = "E-1"
    return payload


def call_app(
    world: World, site: Site, installation: Installation, event: str, extra: dict[str, object], tampering: Tampering
) -> int | None:
    """Return the app's status, None without an address, 0 when unreachable."""
    lifecycle = installation.app.descriptor.get("lifecycle")
    path = lifecycle.get(event) if isinstance(lifecycle, dict) else None
    if not path:
        return None
    url = installation.app.base_url + str(path)
    payload = _payload(site, installation, event) | extra | tampering.payload
    token = lifecycle_token(world, installation, event, url, tampering)
    headers = {"Authorization": f"JWT {token}", "Content-Type": "application/json"}
    try:
        answer = requests.post(
            url, data=json.dumps(payload), headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException:
        return 0
    return answer.status_code


def lifecycle_token(world: World, installation: Installation, event: str, url: str, tampering: Tampering) -> str:
    """Sign installed and uninstalled with the install key (RS256), enabled and disabled with the secret."""
    base = installation.app.base_url
    now = world.clock.token_now()
    target = url.removeprefix(f"{urlsplit(base).scheme}://{urlsplit(base).netloc}")
    claims: dict[str, Any] = {
        "iss": installation.client_key,
        "iat": now,
        "exp": now + tokens.FRAME_SECONDS + next(_SERIAL) % 30,  # no two tokens of one second are alike
        "qsh": tokens.qsh("POST", target, urlsplit(base).path),
    }
    if event in {"enabled", "disabled"}:
        return tokens.sign(claims | tampering.claims, tampering.secret or installation.shared_secret)
    claims["aud"] = [base]
    kid = tampering.kid or world.keys.default_kid
    return tokens.sign_install(claims | tampering.claims, world.keys.signing_pair(kid), kid)


def install(
    world: World, site: Site, app: App, tampering: Tampering = PLAIN, *, enable: bool = True
) -> dict[str, object]:
    """Install, or reinstall with a new secret; the old state stays when the app refuses."""
    with world.lock:
        person = app_user(site, app)
        known = site.installations.get(app.key)
        installation = known or Installation(
            app, secrets.token_hex(16), "", secrets.token_urlsafe(18), person.account_id, state="uninstalled"
        )
        site.installations.setdefault(app.key, installation)
        secret = tampering.secret or secrets.token_urlsafe(48)
        installation.pending_secret = secret
        extra: dict[str, object] = {"sharedSecret": secret, "accountId": person.account_id}
    status = call_app(world, site, installation, "installed", extra, tampering)
    return _settle(world, site, installation, secret, status, enable=enable)


def _settle(
    world: World, site: Site, installation: Installation, secret: str, status: int | None, *, enable: bool
) -> dict[str, object]:
    done = status in ACCEPTED
    with world.lock:
        installation.pending_secret = None
        if not (done or installation.shared_secret):
            site.installations.pop(installation.app.key, None)
        if done:
            installation.shared_secret = secret
            installation.state = "enabled" if enable else "disabled"
    enabled = call_app(world, site, installation, "enabled", {}, PLAIN) if done and enable else None
    return {
        "installed": done,
        "appStatus": status,
        "clientKey": installation.client_key,
        "accountId": installation.account_id,
        "enabledStatus": enabled,
    }


def switch(world: World, site: Site, app_key: str, event: str) -> dict[str, object]:
    """The app's answer is ignored, as by Confluence."""
    with world.lock:
        installation = known_installation(site, app_key)
        if installation.state == "uninstalled":
            raise ApiError(409, "The app is not installed")
        installation.state = "enabled" if event == "enabled" else "disabled"
    return {"appStatus": call_app(world, site, installation, event, {}, PLAIN)}


def uninstall(world: World, site: Site, app_key: str, tampering: Tampering = PLAIN) -> dict[str, object]:
    """Disable, then uninstall. A repeated call sends the second event again, as Confluence may."""
    with world.lock:
        installation = known_installation(site, app_key)
        was = installation.state
        installation.state = "uninstalled"
        _forget_tokens(world, site, app_key)
    disabled = call_app(world, site, installation, "disabled", {}, PLAIN) if was == "enabled" else None
    status = call_app(world, site, installation, "uninstalled", {}, tampering)
    return {"appStatus": status, "disabledStatus": disabled}


def _forget_tokens(world: World, site: Site, app_key: str) -> None:
    kept = {v: t for v, t in world.bearers.items() if (t.site, t.app_key) != (site.key, app_key)}
    world.bearers.clear()
    world.bearers.update(kept)


def rename_site(world: World, site: Site, app: App, base_url: str) -> dict[str, object]:
    """`installed` keeps the clientKey and brings a new secret."""
    with world.lock:
        known_installation(site, app.key)
        site.base_url = base_url.rstrip("/")
        site.renamed = True
    return install(world, site, app)


def import_site(world: World, site: Site, app: App) -> dict[str, object]:
    """New clientKey, same base URL, no uninstalled for the old one."""
    with world.lock:
        known_installation(site, app.key)
        del site.installations[app.key]
        _forget_tokens(world, site, app.key)
    return install(world, site, app)
