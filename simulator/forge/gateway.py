"""`/ex/confluence/{cloudId}/wiki/…`: a bearer becomes the app or a person, and the site's own REST answers.

Also `/graphql`, which exchanges the app's token for a person's, and `/app/report-accounts/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from werkzeug.wrappers import Request, Response

from simulator.forge import scopes, tokens
from simulator.forge.modules import impersonated_scopes
from simulator.http.auth import Caller, widen
from simulator.http.gateway import raw_target
from simulator.http.operations import json_answer
from simulator.model.errors import ApiError, error_response
from simulator.rest.app_properties import report

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from simulator.model.forge import ForgeInstallation, ForgeToken
    from simulator.model.site import Site
    from simulator.world.world import World

blueprint = Blueprint("forge_gateway", __name__)
PLACE = re.compile(r"(/ex/confluence/(?P<cloud>[0-9a-f-]{36}))(?P<path>/wiki/.*)")
CONNECT_ONLY = "/wiki/rest/atlassian-connect/"
EVERY_CONNECT_SCOPE = widen(frozenset({"ADMIN", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"}))
"""Forge's own scopes are checked here, those of Connect do not apply."""
CONTEXT = "ari:cloud:confluence::site/"
OFFLINE_SECONDS = 3600
MINUTE_MS = 60_000


class ForgeGateway:
    """WSGI; `here` answers what is not for Forge, `sites` are the front doors by site key."""

    def __init__(self, here: WSGIApplication, sites: Mapping[str, WSGIApplication], world: World) -> None:
        self._here = here
        self._sites = sites
        self._world = world

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        place = PLACE.fullmatch(str(environ["PATH_INFO"]))
        if place is None:
            return self._here(environ, start_response)
        with self._world.lock:
            site = next((one for one in self._world.sites.values() if one.cloud_id == place["cloud"]), None)
            if site is None:
                return error_response(ApiError(404, "No such site"), place["path"])(environ, start_response)
            environ["sim.caller"] = _caller(self._world, site, Request(environ), place["path"])
        target = raw_target(environ).removeprefix(place[1])
        environ |= {"PATH_INFO": place["path"], "REQUEST_URI": target, "RAW_URI": target}
        return self._sites[site.key](environ, start_response)


def bearer(world: World, asked: Request, site: Site | None = None) -> tuple[Site, ForgeInstallation, ForgeToken]:
    """The token's site and installation; 401 for a token that is unknown, expired or for another site."""
    scheme, _, value = asked.headers.get("Authorization", "").partition(" ")
    token = world.forge.tokens.get(value.strip()) if scheme.lower() == "bearer" else None
    if token is None or token.expires_at <= world.clock.token_now() or (site and token.site != site.key):
        raise ApiError(401, "Unauthorized")
    home = world.sites[token.site]
    installation = next((one for one in home.forge.values() if one.id == token.installation and one.installed), None)
    if installation is None:
        raise ApiError(401, "Unauthorized")
    return home, installation, token


def _caller(world: World, site: Site, asked: Request, path: str) -> Caller | ApiError:
    try:
        _, installation, token = bearer(world, asked, site)
    except ApiError as error:
        return error
    person = site.people.get(token.account or installation.account_id)
    if person is None or not person.active:
        return ApiError(401, "Unauthorized")
    if path.startswith(CONNECT_ONLY):
        return ApiError(404, "No such operation for a Forge app")
    if not scopes.allowed(_scopes(installation, token), asked.method, path):
        return ApiError(401, "Unauthorized; scope does not match")
    kind = "app" if token.account is None else "user"
    return Caller(kind, person.account_id, installation.app.id, EVERY_CONNECT_SCOPE)


def _scopes(installation: ForgeInstallation, token: ForgeToken) -> frozenset[str] | None:
    own = installation.app.scopes
    if not token.bought:
        return own
    return impersonated_scopes() if own is None else own & impersonated_scopes()


@blueprint.post("/graphql")
def graphql() -> Response:
    """The mutation `offlineUserAuthToken` with its refusals."""
    world: World = request.environ["sim.world"]
    with world.lock:
        if world.forge.graphql_trouble == "down":
            return Response(status=503)
        if world.forge.graphql_trouble == "nonsense":
            return json_answer({"data": {"offlineUserAuthToken": None}})
        try:
            site, installation, token = bearer(world, request)
        except ApiError as error:
            return json_answer({"errors": [{"message": error.title}]}, error.status)
        return _impersonate(world, site, installation, token)


def _impersonate(world: World, site: Site, installation: ForgeInstallation, token: ForgeToken) -> Response:
    now = world.clock.now_ms()
    recent = world.forge.impersonated_at
    recent[:] = [at for at in recent if at > now - MINUTE_MS]
    if len(recent) >= world.forge.impersonations_per_minute:
        return json_answer({"errors": [{"message": "Rate limit"}]}, 429, {"Retry-After": "60"})
    recent.append(now)
    body = request.get_json(silent=True)
    asked = _input(body)
    refusal = _refusal(site, installation, token, asked)
    if refusal is not None:
        return _payload({"success": False, "errors": [{"message": refusal}], "authToken": None})
    value = tokens.new_token(world, site, installation, str(asked["userId"]), OFFLINE_SECONDS, bought=True)
    return _payload({"success": True, "errors": [], "authToken": {"token": value, "ttl": OFFLINE_SECONDS}})


def _input(body: object) -> dict[str, Any]:
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(query, str) or "offlineUserAuthToken" not in query:
        return {}
    variables = body.get("variables")
    found = variables.get("input") if isinstance(variables, dict) else None
    return found if isinstance(found, dict) else {}


def _refusal(site: Site, installation: ForgeInstallation, token: ForgeToken, asked: Mapping[str, Any]) -> str | None:
    """Deactivated people, other apps' users and other sites' people are not impersonated."""
    if token.account is not None:
        return "Only the app itself may ask"
    if asked.get("contextIds") != [CONTEXT + site.cloud_id]:
        return "The context is not one of the app's installations"
    person = site.people.get(str(asked.get("userId")))
    if person is None or not person.active:
        return "The user has no access"
    if person.account_type == "app" and person.account_id != installation.account_id:
        return "The user is another app's"
    return None


def _payload(answer: dict[str, object]) -> Response:
    return json_answer({"data": {"offlineUserAuthToken": answer}})


@blueprint.post("/app/report-accounts/")
def report_accounts() -> Response:
    """As Connect's, with the app's token."""
    world: World = request.environ["sim.world"]
    with world.lock:
        try:
            site, _, token = bearer(world, request)
        except ApiError as error:
            return json_answer({"code": error.status, "message": error.title}, error.status)
        if token.account is not None:
            return json_answer({"code": 403, "message": "Only the app itself may report"}, 403)
        return report(site, request.get_json(silent=True))
