"""`/connect/installed|uninstalled|enabled|disabled`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from lockpoint.connect.tokens import SigningKey
from lockpoint.services.errors import Invalid
from lockpoint.services.tenancy import lifecycle
from lockpoint.services.tenancy.lifecycle import InstallRequest
from lockpoint.web.guards import Guard, current_tenant, guarded_by, signed_body
from lockpoint.web.headers import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.services.container import Services

LONGEST_TEXT: Final = 1024

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._:=/+-]{1,255}")


def lifecycle_routes(services: Services) -> Blueprint:
    """Each answers 204."""
    blueprint = Blueprint("lifecycle", __name__)

    @blueprint.post("/connect/installed")
    @guarded_by(Guard.SIGNED_INSTALL)
    def installed() -> Response:
        lifecycle.install(services, read_install(signed_body()))
        return Response(status=204)

    @blueprint.post("/connect/uninstalled")
    @guarded_by(Guard.SIGNED_INSTALL)
    def uninstalled() -> Response:
        lifecycle.uninstall(services, _required(signed_body(), "clientKey"))
        return Response(status=204)

    @blueprint.post("/connect/enabled")
    @guarded_by(Guard.SERVER)
    def enabled() -> Response:
        lifecycle.enable(services, current_tenant())
        return Response(status=204)

    @blueprint.post("/connect/disabled")
    @guarded_by(Guard.SERVER)
    def disabled() -> Response:
        lifecycle.disable(services, current_tenant())
        return Response(status=204)

    return blueprint


def read_install(body: Mapping[str, object]) -> InstallRequest:
    """Return the used fields; Invalid names the field, never its value.

    Omits an invalid display URL or OAuth client id: links and acting as a person are optional. Raises Invalid with the
    field's name, never its value.
    """
    display_url, client_id = body.get("displayUrl"), body.get("oauthClientId")
    return InstallRequest(
        site_key=_required(body, "clientKey"),
        base_url=_required(body, "baseUrl"),
        secret=_secret(body),
        display_url=display_url if isinstance(display_url, str) and _linkable(display_url) else None,
        oauth_client_id=client_id if isinstance(client_id, str) and _CLIENT_ID.fullmatch(client_id) else None,
    )


def _secret(body: Mapping[str, object]) -> str:
    secret = _required(body, "sharedSecret")
    if not SigningKey(secret).can_sign():
        raise Invalid("sharedSecret is invalid: it looks like a key of another kind.")
    return secret


def _required(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise Invalid(f"{name} is missing or invalid.")
    return value


def _linkable(url: str) -> bool:
    try:
        return len(url) <= LONGEST_TEXT and url.isprintable() and origin_of(url) is not None
    except ValueError:
        return False
