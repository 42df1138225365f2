"""`requestConfluence`: a screen's call to Confluence's REST API, made as the person with the app's scopes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

import requests
from flask import Blueprint, request

from simulator.forge import tokens
from simulator.http.auth import session_account
from simulator.http.operations import json_answer
from simulator.model.errors import ApiError, error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from simulator.world.world import World

blueprint = Blueprint("forge_product_calls", __name__)
SECONDS: Final = 30
FILE: Final = "file"
"""The one part of a form that the bridge takes for a file."""
_NOT_PASSED_ON: Final = frozenset({"authorization", "cookie", "host", "content-length"})


@blueprint.post("/_sim/forge/product")
def product() -> Response:
    """The bridge's `fetchProduct`; answers `{body, headers, status, statusText, isAttachment}`."""
    asked = request.get_json()
    world: World = request.environ["sim.world"]
    try:
        url, bearer = _target(world, str(asked.get("restPath", "")))
    except ApiError as error:
        return error_response(error, request.path)
    init = asked.get("fetchRequestInit") or {}
    sent = _sent(init, multipart=bool(asked.get("isMultipartFormData")))
    answer = requests.request(str(init.get("method", "GET")), url, timeout=SECONDS, auth=_Bearer(bearer), **sent)
    return json_answer(
        {
            "body": answer.text,
            "headers": {name.lower(): value for name, value in answer.headers.items()},
            "status": answer.status_code,
            "statusText": answer.reason,
            "isAttachment": False,
        }
    )


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, sent: requests.PreparedRequest) -> requests.PreparedRequest:
        sent.headers["Authorization"] = f"Bearer {self._token}"
        return sent


def _target(world: World, path: str) -> tuple[str, str]:
    """400 for a path that is not Confluence's, 403 for guests, 404 where the app is not installed."""
    if not path.startswith("/wiki/"):
        raise ApiError(400, "requestConfluence takes a path below /wiki")
    with world.lock:
        site = world.sites[request.environ["sim.site"]]
        person = site.people.get(session_account(site, request) or "")
        if person is None or not person.active:
            raise ApiError(403, "The app is for people with an account")
        return tokens.api_base_url(world, site) + path, tokens.user_token(world, site, person.account_id)


def _sent(init: Mapping[str, Any], *, multipart: bool) -> dict[str, Any]:
    headers = {name: value for name, value in init.get("headers", ()) if name.lower() not in _NOT_PASSED_ON}
    if not multipart:
        return {"headers": headers, "data": init.get("body")}
    # The bridge's own type, of the form as JSON, is replaced by that of the form.
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return {"headers": headers, "files": _form(json.loads(init["body"]))}


def _form(parts: Mapping[str, str]) -> dict[str, tuple[str | None, Any] | tuple[str | None, Any, str]]:
    """The parts of a form; the file comes as a data address beside `__fileName` and `__fileType`."""
    form: dict[str, Any] = {name: (None, value) for name, value in parts.items() if not name.startswith("__")}
    if FILE in parts:
        content = base64.b64decode(parts[FILE].partition(";base64,")[2])
        kind = parts.get("__fileType") or "application/octet-stream"
        form[FILE] = (parts.get("__fileName", FILE), content, kind)
    return form
