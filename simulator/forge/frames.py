"""Surfaces of the Forge app: their files on an origin of their own, their context, and their calls.

How Atlassian's script in the frame talks to the page around it is not public; `host/` has our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from simulator.forge.invocations import BreakdownError, invoke_remote
from simulator.forge.modules import resource_folder, surface, surfaces
from simulator.http.auth import session_account
from simulator.http.operations import json_answer
from simulator.model.errors import ApiError, error_response
from simulator.world.bodies import macros

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.forge.modules import MacroSettings
    from simulator.model.entities import Content, Person
    from simulator.model.site import Site
    from simulator.world.world import World

blueprint = Blueprint("forge_frames", __name__)
HOST: Final = Path(__file__).parent / "host"
BRIDGE: Final = "/_sim/forge/host/frame_bridge.js"
POLICY: Final = (
    "default-src 'self'; frame-ancestors 'self' {parent}; frame-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'; script-src 'self'; "
    "style-src 'self'; form-action 'self'; sandbox allow-popups allow-popups-to-escape-sandbox allow-downloads "
    "allow-forms allow-modals allow-pointer-lock allow-same-origin allow-scripts"
)
"""What @forge/csp makes for Custom UI, with the hosts of Atlassian left out: none is reached from here."""


def shown_surfaces(site: Site) -> list[dict[str, Any]]:
    """Of the installed app, for the page of the local Confluence."""
    installed = any(one.installed for one in site.forge.values())
    return [
        {
            "kind": one.kind,
            "key": one.key,
            "title": one.title,
            "tooltip": one.tooltip,
            "size": one.size,
            "place": one.place,
            "inline": one.inline,
            "origin": resource_origin(site),
            "src": _address(site, one.resource),
            "settings": None if one.settings is None else _settings(site, one.settings),
        }
        for one in (surfaces() if installed else ())
    ]


def _settings(site: Site, settings: MacroSettings) -> dict[str, str]:
    return {"title": settings.title, "size": settings.size, "src": _address(site, settings.resource)}


def _address(site: Site, resource: str) -> str:
    return f"{resource_origin(site)}/_sim/forge/app/{resource}/index.html"


def resource_origin(site: Site) -> str:
    """The same server by its number: another origin, without the site's cookies."""
    port = urlsplit(site.origin).port
    return f"http://127.0.0.1:{port}"


@blueprint.get("/_sim/forge/app/<resource>/<path:name>")
def app_file(resource: str, name: str) -> Response:
    """Only on the origin of resources; a page gets Forge's script first, and its policy."""
    site = _site()
    if request.host != urlsplit(resource_origin(site)).netloc:
        raise NotFound
    folder = resource_folder(resource)
    answer = _page(folder / name, site) if name.endswith(".html") else send_from_directory(folder, name, max_age=0)
    answer.headers["Content-Security-Policy"] = POLICY.format(parent=site.origin)
    return answer


@blueprint.get("/_sim/forge/host/<path:name>")
def host_file(name: str) -> Response:
    return send_from_directory(HOST, name, max_age=0)


@blueprint.get("/_sim/forge/context/<module_key>")
def context(module_key: str) -> Response:
    """What `view.getContext` tells the chosen person's screen."""
    with _world().lock:
        return json_answer(_context(_site(), _person(), module_key, Spot.of(request.args)))


@blueprint.post("/_sim/forge/invoke/<module_key>")
def invoke(module_key: str) -> Response:
    """Body: the frame's place and the `request`. Answers `{answer}` or `{breakdown}`."""
    asked = request.get_json()
    with _world().lock:
        site, person = _site(), _person().account_id
        extension = _extension(site, module_key, Spot.of(asked))
    try:
        answer = invoke_remote(
            _world(), site, surface(module_key), person=person, extension=extension, asked=asked["request"]
        )
    except BreakdownError as breakdown:
        return json_answer({"breakdown": str(breakdown)})
    return json_answer({"answer": answer})


@blueprint.errorhandler(ApiError)
def refused(error: ApiError) -> Response:
    return error_response(error, request.path)


def _world() -> World:
    world: World = request.environ["sim.world"]
    return world


def _site() -> Site:
    return _world().sites[request.environ["sim.site"]]


def _person() -> Person:
    """403 for guests: the manifest lets no unlicensed person in."""
    site = _site()
    person = site.people.get(session_account(site, request) or "")
    if person is None or not person.active:
        raise ApiError(403, "The app is for people with an account")
    return person


def _page(path: Path, site: Site) -> Response:
    if not path.is_file():
        raise NotFound
    script = f'<script src="{BRIDGE}" data-parent-origin="{escape(site.origin)}"></script>'
    text = path.read_text(encoding="utf-8").replace("<head>", f"<head>{script}", 1)
    return Response(text, content_type="text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a frame is: on a page or in a space, or a macro with this `local_id` in a page's body, or its settings."""

    content_id: str = ""
    space_key: str = ""
    local_id: str = ""
    configuring: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Spot:
        return cls(*(str(told.get(name) or "") for name in ("contentId", "spaceKey", "localId", "configuring")))


def _extension(site: Site, module_key: str, spot: Spot) -> dict[str, Any]:
    found: dict[str, Any] = {"type": surface(module_key).kind}
    content = site.contents.get(int(spot.content_id)) if spot.content_id.isdigit() else None
    space = site.spaces[content.space_id] if content is not None else site.space_by_key(spot.space_key)
    if content is not None:
        found["content"] = {"id": str(content.id), "type": content.type}
        found |= _macro(content, spot)
    if space is not None:
        found["space"] = {"id": str(space.id), "key": space.key}
    return found


def _macro(content: Content, spot: Spot) -> dict[str, Any]:
    """What the page's author chose is on the page, not in the address. Only the editor tells more of the macro."""
    known = (one for one in macros(content.versions[-1].body) if spot.local_id and one.id == spot.local_id)
    found = next(known, None)
    if found is None:
        return {}
    editor = {"macro": {"isConfiguring": True, "isInserting": False}} if spot.configuring else {}
    return {"config": dict(found.parameters), "isEditing": bool(spot.configuring), **editor}


def _context(site: Site, person: Person, module_key: str, spot: Spot) -> dict[str, Any]:
    return {
        "accountId": person.account_id,
        "cloudId": site.cloud_id,
        "environmentId": "local",
        "environmentType": "PRODUCTION",
        "extension": _extension(site, module_key, spot),
        "localId": spot.local_id or f"local-{module_key}",
        "locale": (person.locale or "en_US").replace("_", "-"),
        "moduleKey": module_key,
        "siteUrl": site.origin,
        "timezone": person.time_zone or "Etc/UTC",
    }
