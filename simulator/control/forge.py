"""Control API: Forge apps, their deliveries, tokens and troubles."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from simulator.control.declare import Answer, Control, control
from simulator.forge import deliveries, keys, lifecycle, tokens
from simulator.forge.tokens import Spoiling
from simulator.model.errors import ApiError
from simulator.model.forge import ForgeApp, ForgeCloud, ForgeInstallation

blueprint = Blueprint("control_forge", __name__)
TROUBLES = {"", "down", "nonsense"}


def _installation(call: Control) -> ForgeInstallation:
    app = call.data.get("appId")
    return tokens.installation_of(call.site, str(app) if app else None)


def _app(call: Control) -> ForgeApp:
    scopes = call.data.get("scopes")
    if scopes is not None and not isinstance(scopes, list):
        raise ApiError(400, "scopes is a list")
    return ForgeApp(
        id=call.text("appId"),
        name=call.text("name", "Lockpoint"),
        remote_url=call.text("remoteUrl").rstrip("/"),
        scopes=None if scopes is None else frozenset(map(str, scopes)),
        environment=call.text("environment", "PRODUCTION"),
        version=call.text("version", "1.0.0"),
    )


@control(blueprint, "POST", "/forge/install", locked=False)
def install(call: Control) -> Answer:
    """`announce` false: no event arrives."""
    return lifecycle.install(call.world, call.site, _app(call), announce=call.flag("announce", default=True))


@control(blueprint, "POST", "/forge/upgrade", locked=False)
def upgrade(call: Control) -> Answer:
    return lifecycle.upgrade(call.world, call.site, _installation(call), call.text("version"))


@control(blueprint, "POST", "/forge/uninstall", locked=False)
def uninstall(call: Control) -> Answer:
    goodbye = call.flag("goodbye", default=True)
    return lifecycle.uninstall(call.world, call.site, _installation(call), goodbye=goodbye)


@control(blueprint, "POST", "/forge/tick", locked=False)
def tick(call: Control) -> Answer:
    """The hourly schedule, now."""
    return {"appStatus": deliveries.post(call.world, call.site, _installation(call), deliveries.TICK)}


@control(blueprint, "POST", "/forge/licence")
def licence(call: Control) -> Answer:
    installation = _installation(call)
    installation.licence = call.flag("active") if "active" in call.data else None
    return lifecycle.facts(call.site, installation)


@control(blueprint, "POST", "/forge/token")
def token(call: Control) -> Answer:
    """Any test token: `kind` system, user (`account`), or invocation (`module`, `account`, `extension`, spoilings)."""
    kind, installation = call.text("kind", "invocation"), _installation(call)
    if kind == "system":
        return {"token": tokens.system_token(call.world, call.site, installation.app.id)}
    if kind == "user":
        return {"token": tokens.user_token(call.world, call.site, call.person().account_id, installation.app.id)}
    if kind != "invocation":
        raise ApiError(400, "kind is invocation, system or user")
    return {"token": _invocation(call, installation)}


def _invocation(call: Control, installation: ForgeInstallation) -> str:
    module = call.text("module")
    person = call.person().account_id if call.data.get("account") else None
    extension = call.data.get("extension")
    context = tokens.screen_context(call.site, module, extension) if isinstance(extension, dict) else None
    return tokens.invocation_token(
        call.world,
        call.site,
        installation,
        module,
        kind=call.text("moduleType", tokens.ENDPOINT),
        person=person,
        context=context,
        spoiling=_spoiling(call),
    )


def _spoiling(call: Control) -> Spoiling:
    """`otherKey` signs with a pair that the key set does not have, under the known id."""
    parts: dict[str, Any] = {name: call.data.get(name) or {} for name in ("claims", "app", "header")}
    pair = keys.current_pair(ForgeCloud())[1] if call.flag("otherKey") else None
    return Spoiling(algorithm=call.text("algorithm", "RS256"), key=pair, **parts)


@control(blueprint, "POST", "/forge/keys")
def key_set(call: Control) -> Answer:
    """`rotate` signs with a new pair, without `keepOld` only; `trouble` is "", down or nonsense."""
    cloud = call.world.forge
    if call.flag("rotate"):
        keys.rotate(cloud, keep_old=call.flag("keepOld"))
    cloud.keys_trouble = _trouble(call, cloud.keys_trouble)
    return {"kid": keys.current_pair(cloud)[0], "trouble": cloud.keys_trouble, "fetched": cloud.keys_fetched}


@control(blueprint, "POST", "/forge/outage")
def outage(call: Control) -> Answer:
    """Of impersonation: `trouble` "", down or nonsense, `perMinute`; of access tokens: `tokenSeconds`, `dropTokens`."""
    cloud = call.world.forge
    cloud.graphql_trouble = _trouble(call, cloud.graphql_trouble)
    cloud.impersonations_per_minute = int(call.number("perMinute", cloud.impersonations_per_minute))
    cloud.token_seconds = int(call.number("tokenSeconds", cloud.token_seconds))
    if call.flag("dropTokens"):
        cloud.forget_tokens(_installation(call).id)
    return {"trouble": cloud.graphql_trouble, "perMinute": cloud.impersonations_per_minute}


def _trouble(call: Control, present: str) -> str:
    found = call.text("trouble", present)
    if found not in TROUBLES:
        raise ApiError(400, f"trouble is one of {sorted(TROUBLES)}")
    return found
