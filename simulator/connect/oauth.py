"""Authorisation server for impersonation (`ACT_AS_USER`, JWT bearer grant)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.wrappers import Response

from simulator.http.auth import widen
from simulator.http.operations import json_answer
from simulator.model import tokens
from simulator.world.world import BearerToken

if TYPE_CHECKING:
    from simulator.model.entities import Installation
    from simulator.model.site import Site
    from simulator.world.world import World

blueprint = Blueprint("oauth", __name__)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ISSUER = "urn:atlassian:connect:clientid:"
SUBJECT = "urn:atlassian:connect:useraccountid:"
MAX_AHEAD = 120
EXPIRES_IN = 900


class GrantError(Exception):
    """OAuth error word and sentence."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text)
        self.word = word
        self.text = text


@blueprint.post("/_sim/oauth/oauth2/token")
def token() -> Response:
    """Exchange an assertion, signed with the installation's secret, for one person's token."""
    world: World = request.environ["sim.world"]
    try:
        with world.lock:
            return json_answer(_grant(world), headers={"Cache-Control": "no-store"})
    except GrantError as error:
        return json_answer({"error": error.word, "error_description": error.text}, 400)


def _grant(world: World) -> dict[str, object]:
    if request.mimetype != "application/x-www-form-urlencoded" or request.form.get("grant_type") != GRANT:
        raise GrantError("unsupported_grant_type", "grant_type must be the JWT bearer grant, form-encoded")
    assertion = request.form.get("assertion", "")
    site, installation = _installation(world, assertion)
    claims = _claims(world, installation, assertion)
    if claims.get("aud") != world.oauth_url or claims.get("tnt") != site.base_url:
        raise GrantError("invalid_grant", "aud or tnt is not as expected")
    account = str(claims.get("sub", "")).removeprefix(SUBJECT)
    person = site.people.get(account)
    if not str(claims.get("sub", "")).startswith(SUBJECT) or person is None or not person.active:
        raise GrantError("invalid_grant", "the user is unknown or not active")
    scopes = _scopes(installation, request.form.get("scope"))
    return issue(world, site, installation, account, scopes)


def issue(
    world: World, site: Site, installation: Installation, account: str, scopes: frozenset[str]
) -> dict[str, object]:
    value = secrets.token_urlsafe(32)
    expires = world.clock.token_now() + EXPIRES_IN
    world.bearers[value] = BearerToken(site.key, installation.app.key, account, scopes, expires)
    return {"access_token": value, "expires_in": EXPIRES_IN, "token_type": "Bearer"}


def _installation(world: World, assertion: str) -> tuple[Site, Installation]:
    try:
        client = tokens.issuer(assertion).removeprefix(ISSUER)
    except tokens.TokenError as error:
        raise GrantError("invalid_request", str(error)) from error
    for site in world.sites.values():
        for installation in site.installations.values():
            if installation.oauth_client_id == client and installation.state == "enabled":
                return site, installation
    raise GrantError("invalid_client", "the client is unknown")


def _claims(world: World, installation: Installation, assertion: str) -> dict[str, object]:
    now = world.clock.token_now()
    try:
        claims = tokens.verify(assertion, installation.shared_secret, now)
    except tokens.TokenError as error:
        raise GrantError("invalid_grant", f"the assertion is refused: {error}") from error
    if claims["exp"] > now + MAX_AHEAD:
        raise GrantError("invalid_grant", "the assertion lives too long")
    return claims


def _scopes(installation: Installation, asked: str | None) -> frozenset[str]:
    own = installation.app.scopes
    if "ACT_AS_USER" not in own:
        raise GrantError("unauthorized_client", "the app does not have the scope ACT_AS_USER")
    wanted = frozenset(asked.split()) if asked else own
    if not wanted <= widen(own):
        raise GrantError("invalid_scope", "more than the app's scopes was asked for")
    return wanted
