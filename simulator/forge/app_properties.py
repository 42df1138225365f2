"""App properties of Forge apps, `/wiki/api/v2/app/properties`: for the app itself, never for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, empty, operation, page_of, paged
from simulator.model.errors import ApiError, not_found

if TYPE_CHECKING:
    from simulator.model.entities import Json
    from simulator.model.forge import ForgeInstallation

blueprint = Blueprint("forge_app_properties", __name__)
API = "/wiki/api/v2/app/properties"
LONGEST_KEY = 127


def _installation(call: Call, key: str = "") -> ForgeInstallation:
    installation = call.site.forge.get(call.caller.app_key or "")
    if installation is None:
        raise ApiError(401, "The request did not originate from the Forge app")
    if call.caller.kind != "app":
        raise ApiError(403, "The request attempts impersonation")
    if len(key) > LONGEST_KEY:
        raise ApiError(400, "The key is longer than 127 characters")
    return installation


@operation(blueprint, "GET", API, None)
def properties(call: Call) -> Response:
    found = [{"key": key, "value": value} for key, value in sorted(_installation(call).properties.items())]
    return paged(call, *page_of(call, found, 50))


@operation(blueprint, "GET", f"{API}/<key>", None)
def read(call: Call, key: str) -> dict[str, object]:
    stored = _installation(call, key).properties
    if key not in stored:
        raise not_found("property")
    return {"key": key, "value": stored[key]}


@operation(blueprint, "PUT", f"{API}/<key>", None)
def write(call: Call, key: str) -> Response:
    """The last write wins."""
    stored = _installation(call, key).properties
    data = call.request.get_data()
    if len(data) > call.site.behaviour.max_property_bytes:
        raise ApiError(400, "The value is too long")
    try:
        value: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The value is not JSON") from error
    created = key not in stored
    stored[key] = value
    return empty(201 if created else 200)


@operation(blueprint, "DELETE", f"{API}/<key>", None)
def delete(call: Call, key: str) -> Response:
    if _installation(call, key).properties.pop(key, None) is None:
        raise not_found("property")
    return empty()
