"""Browser routes: pages, files, downloads, signed media, install keys."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from simulator.http.auth import session_account
from simulator.model.permissions import may
from simulator.rest.v1_files import media_signature
from simulator.rest.v2_shapes import content_path

if TYPE_CHECKING:
    from simulator.model.entities import FileVersion
    from simulator.model.site import Site
    from simulator.world.world import World

blueprint = Blueprint("human", __name__)
SIMULATOR = Path(__file__).parents[1]
HOST = SIMULATOR / "host"
NODE_MODULES = SIMULATOR.parent / "frontend" / "node_modules"
LIBRARIES = {"atlassian-connect-js", "jquery"}


def _world() -> World:
    world: World = request.environ["sim.world"]
    return world


def _site() -> Site:
    return _world().sites[request.environ["sim.site"]]


def _page() -> Response:
    return send_from_directory(HOST, "page.html", max_age=0)


@blueprint.get("/")
def root() -> Response:
    return redirect("/wiki/", 302)


@blueprint.get("/wiki/")
@blueprint.get("/wiki")
@blueprint.get("/wiki/home")
def home() -> Response:
    return _page()


@blueprint.get("/wiki/spaces/<key>")
@blueprint.get("/wiki/spaces/<key>/<kind>/<number>")
@blueprint.get("/wiki/spaces/<key>/<kind>/<number>/<path:slug>")
@blueprint.get("/wiki/spaces/<key>/apps/<module_key>")
@blueprint.get("/wiki/apps/<module_key>")
@blueprint.get("/wiki/admin")
@blueprint.get("/wiki/admin/apps/<module_key>")
@blueprint.get("/wiki/plugins/servlet/ac/<app_key>/<module_key>")
def page(**_arguments: str) -> Response:
    """A page, blog post, space or an app's full page, from one file that reads its address."""
    return _page()


@blueprint.get("/wiki/pages/viewpageattachments.action")
@blueprint.get("/wiki/pages/viewpage.action")
def old_address() -> Response:
    """Redirect page ids to their pages."""
    number = request.args.get("pageId", "")
    with _world().lock:
        content = _site().contents.get(int(number)) if number.isdigit() else None
        if content is None:
            raise NotFound
        return redirect("/wiki" + content_path(_site(), content), 302)


@blueprint.get("/_sim/host/<path:name>")
def host_file(name: str) -> Response:
    return send_from_directory(HOST, name, max_age=0)


@blueprint.get("/_sim/nm/<package>/<path:name>")
def library_file(package: str, name: str) -> Response:
    if package not in LIBRARIES:
        raise NotFound
    return send_from_directory(NODE_MODULES / package, name)


@blueprint.get("/_sim/install-keys/<kid>")
def install_key(kid: str) -> Response:
    """A public install key as PEM; 404."""
    pair = _world().keys.pair(kid)
    if pair is None:
        return Response("key not found", status=404, content_type="text/plain")
    return Response(pair.public_pem, content_type="application/x-pem-file")


def _bytes(version: FileVersion) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(version.title)}"}
    kind = version.media_type if version.media_type.isprintable() else "application/octet-stream"
    return Response(version.data, headers=headers, content_type=kind)


@blueprint.get("/wiki/download/attachments/<int:content_id>/<path:name>")
def download(content_id: int, name: str) -> Response:
    with _world().lock:
        site = _site()
        content = site.contents.get(content_id)
        if content is None or not may(site, session_account(site, request), "read", content):
            raise NotFound
        asked = request.args.get("version", "")
        for attachment in site.attachments_of(content_id):
            number = int(asked) if asked.isdigit() else attachment.number
            known = attachment.versions[number - 1] if 1 <= number <= attachment.number else None
            if known and known.title == name:
                return _bytes(known)
    raise NotFound


@blueprint.get("/_media/<int:attachment_id>/<int:number>")
def media(attachment_id: int, number: int) -> Response:
    """The bytes of a signed address; refuses requests with credentials: those leaked."""
    if request.headers.get("Authorization"):
        return Response("credentials must not be sent to the media host", status=400)
    with _world().lock:
        site = _site()
        attachment = site.attachments.get(attachment_id)
        expires = request.args.get("expires", "0")
        if attachment is None or not 1 <= number <= attachment.number or not expires.isdigit():
            raise NotFound
        proof = media_signature(_world(), site, attachment, number, int(expires))
        fresh = int(expires) >= _world().clock.token_now()
        if not (fresh and hmac.compare_digest(proof, request.args.get("signature", ""))):
            return Response("the address is expired or not signed", status=403)
        return _bytes(attachment.versions[number - 1])
