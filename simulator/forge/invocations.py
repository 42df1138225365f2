"""`invokeRemote`: what Forge does between a screen and the remote.

It adds proof of the person, follows no redirect, and hands over JSON alone: everything else is a breakdown, which
rejects the screen's promise. Source: developer.atlassian.com/platform/forge/apis-reference/ui-api-bridge/invokeRemote.
"""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import requests

from simulator.forge import tokens
from simulator.model.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.forge.modules import ForgeModule
    from simulator.model.site import Site
    from simulator.world.world import World

SECONDS: Final = 25
LARGEST_REQUEST: Final = 500_000
LARGEST_ANSWER: Final = 5_000_000
SUCCESSES: Final = range(200, 300)
REDIRECTS: Final = range(300, 400)
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_OURS: Final = ("authorization", "x-forge-", "x-b3-", "host", "content-length")
"""Headers that a screen cannot send."""


class BreakdownError(Exception):
    """The screen gets no answer; the message is what its promise is rejected with."""


def invoke_remote(
    world: World, site: Site, module: ForgeModule, *, person: str, extension: dict[str, Any], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `{status, headers, body}`; BreakdownError, or 400 for what the bridge would not send.

    Call without the world's lock, which the app needs to call back.
    """
    method, path = str(asked.get("method")), str(asked.get("path"))
    if method not in METHODS or not path.startswith("/"):
        raise ApiError(400, "invokeRemote takes a method and a path")
    body = None if asked.get("body") is None else json.dumps(asked["body"]).encode()
    if body is not None and len(body) > LARGEST_REQUEST:
        raise BreakdownError("Request body is larger than 500 KB")
    with world.lock:
        installation = tokens.installation_of(site)
        context = tokens.screen_context(site, module.key, extension)
        proof = tokens.invocation_token(world, site, installation, module.endpoint, person=person, context=context)
        headers = {"Authorization": f"Bearer {proof}", **_access(world, site, module, person)}
        url = installation.app.remote_url + path
    headers |= {"x-b3-traceid": secrets.token_hex(16), "x-b3-spanid": secrets.token_hex(8)}
    headers |= _allowed(asked.get("headers") or {})
    if body is not None:
        headers.setdefault("content-type", "application/json")
    return _judged(_called(method, url, headers, body))


def _access(world: World, site: Site, module: ForgeModule, person: str) -> dict[str, str]:
    found = {}
    if "appUserToken" in module.tokens:
        found["x-forge-oauth-user"] = tokens.user_token(world, site, person)
    if "appSystemToken" in module.tokens:
        found["x-forge-oauth-system"] = tokens.system_token(world, site)
    return found


def _allowed(given: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in given.items() if not name.lower().startswith(_OURS)}


def _called(method: str, url: str, headers: dict[str, str], body: bytes | None) -> requests.Response:
    try:
        return requests.request(method, url, headers=headers, data=body, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise BreakdownError("The remote did not answer") from error


def _judged(answer: requests.Response) -> dict[str, Any]:
    """401 is Forge's own; whatever else is no success must say why, in JSON."""
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    if status == HTTPStatus.UNAUTHORIZED:
        raise BreakdownError("Remote could not verify the Forge Invocation Token")
    if status in REDIRECTS or (status not in SUCCESSES and not kind.startswith("application/json")):
        raise BreakdownError(f"Invalid response from remote: content type {kind or 'missing'}, status {status}")
    if len(answer.content) > LARGEST_ANSWER:
        raise BreakdownError("Response body is larger than 5 MB")
    try:
        body = json.loads(answer.content) if answer.content or status not in SUCCESSES else None
    except ValueError as error:
        raise BreakdownError(f"Invalid response from remote: not JSON, status {status}") from error
    return {"status": status, "headers": {name.lower(): [v] for name, v in answer.headers.items()}, "body": body}
