"""Control API: apps, installations, test tokens, host-page frames."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request

from simulator.connect import lifecycle, surfaces
from simulator.connect.lifecycle import Tampering
from simulator.connect.oauth import issue
from simulator.control import views
from simulator.control.declare import Answer, Control, control
from simulator.http.auth import session_account
from simulator.model import tokens
from simulator.model.entities import App, Installation
from simulator.model.errors import ApiError, not_found
from simulator.rest.v1_files import other_host

blueprint = Blueprint("control_apps", __name__)


def _app(call: Control) -> App:
    key = str(call.data.get("appKey") or next(iter(call.world.apps), ""))
    if key not in call.world.apps:
        raise not_found(f"app {key}")
    return call.world.apps[key]


def _installation(call: Control) -> Installation:
    return lifecycle.known_installation(call.site, _app(call).key)


def _object(call: Control, name: str) -> dict[str, object]:
    value = call.data.get(name) or {}
    if not isinstance(value, dict):
        raise ApiError(400, f"{name} is an object")
    return value


@control(blueprint, "GET", "/apps")
def apps(call: Control) -> Answer:
    return {"apps": [views.app_json(app) for app in call.world.apps.values()]}


@control(blueprint, "POST", "/apps", locked=False)
def register(call: Control) -> Answer:
    """By descriptor or its address."""
    descriptor = _object(call, "descriptor") or lifecycle.fetch_descriptor(call.text("descriptorUrl"))
    with call.world.lock:
        return views.app_json(lifecycle.register_app(call.world, descriptor))


def _tampering(call: Control) -> Tampering:
    secret, kid = call.data.get("secret"), call.data.get("kid")
    return Tampering(
        payload=_object(call, "payload"),
        claims=_object(call, "claims"),
        secret=str(secret) if secret else None,
        kid=str(kid) if kid else None,
    )


@control(blueprint, "POST", "/sites/<site>/install", locked=False)
def install(call: Control) -> Answer:
    enable = call.flag("enable", default=True)
    return lifecycle.install(call.world, call.site, _app(call), _tampering(call), enable=enable)


@control(blueprint, "POST", "/sites/<site>/uninstall", locked=False)
def uninstall(call: Control) -> Answer:
    return lifecycle.uninstall(call.world, call.site, _app(call).key, _tampering(call))


@control(blueprint, "POST", "/sites/<site>/enable", locked=False)
def enable(call: Control) -> Answer:
    return lifecycle.switch(call.world, call.site, _app(call).key, "enabled")


@control(blueprint, "POST", "/sites/<site>/disable", locked=False)
def disable(call: Control) -> Answer:
    return lifecycle.switch(call.world, call.site, _app(call).key, "disabled")


@control(blueprint, "POST", "/sites/<site>/rename-site", locked=False)
def rename_site(call: Control) -> Answer:
    base_url = call.text("baseUrl", other_host(call.site.origin) + "/wiki")
    answer = lifecycle.rename_site(call.world, call.site, _app(call), base_url)
    return answer | {"baseUrl": call.site.base_url}


@control(blueprint, "POST", "/sites/<site>/import-site", locked=False)
def import_site(call: Control) -> Answer:
    return lifecycle.import_site(call.world, call.site, _app(call))


@control(blueprint, "POST", "/sites/<site>/licence")
def licence(call: Control) -> Answer:
    installation = _installation(call)
    installation.licence_active = call.flag("active")
    installation.licence_evaluation = call.flag("evaluation")
    return views.app_json(installation.app, call.site)


@control(blueprint, "POST", "/install-keys")
def install_key(call: Control) -> Answer:
    """Kinds: rsa, rsa1024, ec."""
    kid, kind = call.text("kid"), call.text("kind", "rsa")
    if kind not in {"rsa", "rsa1024", "ec"}:
        raise ApiError(400, "kind is rsa, rsa1024 or ec")
    return {"kid": kid, "publicKey": call.world.keys.make(kid, kind).public_pem}


@control(blueprint, "GET", "/resolve")
def resolve(call: Control) -> Answer:
    """A frame's address and options for the host library."""
    account = call.person().account_id if call.data.get("account") else session_account(call.site, request)
    known = {name: str(value) for name, value in call.data.items()}
    place = surfaces.place_of(call.site, known, account)
    custom = known.get("customData")
    return surfaces.resolve(call.world, call.site, call.text("module_key"), place, known.get("addon_key"), custom)


def _place(call: Control) -> surfaces.Place:
    account = call.person().account_id if call.data.get("account") else None
    context = {name: str(value) for name, value in _object(call, "context").items()}
    return surfaces.place_of(call.site, context, account)


def _plain_claims(call: Control, installation: Installation, method: str, path: str) -> dict[str, Any]:
    now = call.world.clock.token_now()
    base_path = urlsplit(installation.app.base_url).path.rstrip("/")
    return {
        "iss": installation.client_key,
        "iat": now,
        "exp": now + int(call.number("expiresIn", tokens.FRAME_SECONDS)),
        "qsh": tokens.qsh(method, path, base_path),
    }


def _context(call: Control, installation: Installation) -> dict[str, Any]:
    seconds = int(call.number("expiresIn", tokens.CONTEXT_SECONDS))
    claims = surfaces.token_claims(call.world, call.site, installation, _place(call), seconds)
    return claims | {"qsh": tokens.CONTEXT_QSH}


def _surface(call: Control, installation: Installation) -> dict[str, Any]:
    seconds = int(call.number("expiresIn", tokens.FRAME_SECONDS))
    place = _place(call)
    claims = surfaces.token_claims(call.world, call.site, installation, place, seconds)
    return claims | _plain_claims(call, installation, "GET", call.text("path"))


def _app_claims(call: Control, installation: Installation) -> dict[str, Any]:
    """`path` is relative to the base URL."""
    method = call.text("method", "GET")
    claims = _plain_claims(call, installation, method, call.text("path"))
    return claims | {"iss": installation.app.key, "qsh": tokens.qsh(method, call.text("path"))}


@control(blueprint, "POST", "/tokens")
def token(call: Control) -> Answer:
    """Any test token; `claims` overrides, `secret` signs with another secret."""
    kind = call.text("kind")
    installation = _installation(call)
    if kind == "surface" and call.data.get("moduleKey"):
        frame = surfaces.resolve(call.world, call.site, call.text("moduleKey"), _place(call))
        return {"token": str(frame["url"]).rpartition("jwt=")[2], "url": frame["url"]}
    if kind == "bearer":
        account = call.person().account_id
        return {"token": issue(call.world, call.site, installation, account, installation.app.scopes)["access_token"]}
    if kind == "install":
        url = installation.app.base_url + call.text("path")
        return {"token": lifecycle.lifecycle_token(call.world, installation, "installed", url, _tampering(call))}
    makers = {"context": _context, "surface": _surface, "webhook": _webhook, "app": _app_claims}
    if kind not in makers:
        raise ApiError(400, f"kind is bearer, install or one of {sorted(makers)}")
    claims = makers[kind](call, installation) | _object(call, "claims")
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"token": tokens.sign(kept, call.text("secret", installation.shared_secret))}


def _webhook(call: Control, installation: Installation) -> dict[str, Any]:
    return _plain_claims(call, installation, call.text("method", "POST"), call.text("path"))
