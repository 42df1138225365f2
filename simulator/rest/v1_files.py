"""REST API v1: files."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Blueprint
from werkzeug.datastructures import FileStorage
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from simulator.http.operations import (
    Call,
    content_id,
    empty,
    file_id,
    json_answer,
    operation,
    visible_content,
    visible_file,
)
from simulator.model.entities import Attachment, Content
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may, may_in_space, may_write
from simulator.model.site import Site
from simulator.rest import v1_shapes
from simulator.world import files, pages
from simulator.world.world import World

blueprint = Blueprint("rest_v1_files", __name__)
API = "/wiki/rest/api"
MEDIA_SECONDS = 300


def editable(call: Call, text: str) -> Content:
    """v1 says 404 for invisible, 403 for view-only."""
    content = visible_content(call, text)
    if not may_write(call.site, call.account, content):
        raise ApiError(403, "You do not have permission to edit this content")
    return content


def _file_on(call: Call, page: Content, text: str) -> Attachment:
    attachment = visible_file(call, text)
    if attachment.container_id != page.id:
        raise not_found("attachment")
    return attachment


def _text(call: Call, name: str) -> str:
    part = call.request.files.get(name)
    return part.read().decode() if part else call.request.form.get(name, "")


def _upload(call: Call, part: FileStorage) -> files.Upload:
    return files.Upload(
        title=part.filename or "file",
        data=part.read(),
        comment=_text(call, "comment"),
        minor_edit=_text(call, "minorEdit") == "true",
        media_type=part.mimetype or None,
    )


def _parts(call: Call) -> list[FileStorage]:
    if call.request.headers.get("X-Atlassian-Token") not in {"no-check", "nocheck"}:
        raise ApiError(403, "XSRF check failed")
    parts = call.request.files.getlist("file")
    if not parts:
        raise ApiError(400, "At least one part named file is required")
    return parts


@operation(blueprint, "POST", f"{API}/content/<page_id>/child/attachment", "WRITE")
def attachment_create(call: Call, page_id: str) -> dict[str, object]:
    """400 when a name exists."""
    page = editable(call, page_id)
    made = [files.create(call.world, call.site, page.id, _upload(call, part), call.account) for part in _parts(call)]
    return _array(call, made)


@operation(blueprint, "PUT", f"{API}/content/<page_id>/child/attachment", "WRITE")
def attachment_create_or_update(call: Call, page_id: str) -> dict[str, object]:
    """Create files, or versions of existing names."""
    page = editable(call, page_id)
    return _array(call, [_by_name(call, page, _upload(call, part)) for part in _parts(call)])


def _by_name(call: Call, page: Content, upload: files.Upload) -> Attachment:
    known = files.named(call.site, page.id, upload.title)
    if known:
        return files.add_version(call.world, call.site, known, upload, call.account)
    return files.create(call.world, call.site, page.id, upload, call.account)


def _array(call: Call, made: list[Attachment]) -> dict[str, object]:
    results = [v1_shapes.file_shape(call.site, attachment) for attachment in made]
    return {"results": results, "size": len(results), "_links": v1_shapes.list_links(call.site)}


@operation(blueprint, "POST", f"{API}/content/<page_id>/child/attachment/<att_id>/data", "WRITE")
def attachment_data(call: Call, page_id: str, att_id: str) -> dict[str, object]:
    """A version without precondition: the last upload wins."""
    page = editable(call, page_id)
    attachment = _file_on(call, page, att_id)
    if attachment.status == "trashed":
        raise not_found("attachment")
    upload = _upload(call, _parts(call)[0])
    return v1_shapes.file_shape(call.site, files.add_version(call.world, call.site, attachment, upload, call.account))


@operation(blueprint, "PUT", f"{API}/content/<page_id>/child/attachment/<att_id>", "WRITE")
def attachment_metadata(call: Call, page_id: str, att_id: str) -> dict[str, object]:
    """Rename, retype, move or restore from trash; 409 unless the version is current plus one."""
    page = editable(call, page_id)
    attachment = _file_on(call, page, att_id)
    body = call.body()
    version = body.get("version")
    number = version.get("number") if isinstance(version, dict) else None
    if body.get("type") != "attachment" or not isinstance(number, int):
        raise ApiError(400, "id, type and version.number are required")
    if file_id(str(body.get("id", ""))) != attachment.id:
        raise ApiError(400, "The id of the body is not the id of the path")
    if number != attachment.number + 1:
        raise ApiError(409, f"Version must be incremented on update. Current version is: {attachment.number}")
    message = str(version.get("message") or "") if isinstance(version, dict) else ""
    _apply_metadata(call, attachment, body, message)
    return v1_shapes.file_shape(call.site, attachment)


def _apply_metadata(call: Call, attachment: Attachment, body: dict[str, object], message: str) -> None:
    title = str(body["title"]) if body.get("title") else attachment.title
    staying = body.get("status", "current") if attachment.status == "trashed" else attachment.status
    taken = files.named(call.site, attachment.container_id, title)
    if staying == "current" and taken is not None and taken.id != attachment.id:
        raise ApiError(409, "newer Content exists with this title")
    container = body.get("container")
    target = str(container.get("id", "")) if isinstance(container, dict) else ""
    if target and content_id(target) != attachment.container_id:
        files.move(call.world, call.site, attachment, editable(call, target).id, call.account)
        return
    restoring = attachment.status == "trashed" and staying == "current"
    metadata = body.get("metadata")
    media = metadata.get("mediaType") if isinstance(metadata, dict) else None
    minor = isinstance(body["version"], dict) and body["version"].get("minorEdit") is True
    files.describe(
        call.world,
        call.site,
        attachment,
        call.account,
        title=title,
        media_type=str(media) if media else None,
        message=message,
        minor_edit=minor,
    )
    if restoring:
        files.untrash(call.world, call.site, attachment, call.account)


def media_signature(world: World, site: Site, attachment: Attachment, number: int, expires: int) -> str:
    text = f"{site.key}/{attachment.id}/{number}/{expires}".encode()
    return hmac.new(world.media_secret, text, hashlib.sha256).hexdigest()


def other_host(origin: str) -> str:
    """The port under another host name, where signed downloads live."""
    parts = urlsplit(origin)
    host = "127.0.0.1" if parts.hostname == "localhost" else "localhost"
    return f"{parts.scheme}://{host}:{parts.port}"


@operation(blueprint, "GET", f"{API}/content/<page_id>/child/attachment/<att_id>/download", "READ")
def attachment_download(call: Call, page_id: str, att_id: str) -> Response:
    """Redirect to a signed address on another host; 400 for a version above the newest."""
    attachment = _file_on(call, visible_content(call, page_id), att_id)
    number = call.number("version", attachment.number, 1, attachment.number)
    expires = call.world.clock.token_now() + MEDIA_SECONDS
    signature = media_signature(call.world, call.site, attachment, number, expires)
    path = f"/_media/{attachment.id}/{number}?expires={expires}&signature={signature}"
    return redirect(other_host(call.site.origin) + path, 302)


@operation(blueprint, "POST", f"{API}/content/<any_id>/version", "WRITE")
def version_restore(call: Call, any_id: str) -> Response:
    """Of a page, or of an attachment where the site allows it."""
    body = call.body()
    params = body.get("params")
    number = params.get("versionNumber") if isinstance(params, dict) else None
    valid = body.get("operationKey") == "restore" and isinstance(number, int)
    if not valid or not isinstance(params, dict) or not isinstance(params.get("message"), str):
        raise ApiError(400, "operationKey restore, params.versionNumber and params.message are required")
    message, title = params["message"], params.get("restoreTitle") is True
    attachment = call.site.attachments.get(file_id(any_id))
    if attachment is not None:
        return _restore_file(call, attachment, int(str(number)), message, title=title)
    content = _restorable(call, call.site.contents.get(file_id(any_id)))
    pages.restore(call.world, call.site, content, int(str(number)), call.account, message=message, title=title)
    return json_answer(v1_shapes.content_version_shape(call.site, content))


def _restorable(call: Call, content: Content | None) -> Content:
    # The document gives 400 for unknown content, 403 without permission, and no 404.
    if content is None or not may(call.site, call.account, "read", content):
        raise ApiError(400, "No content found with this id")
    if not may_write(call.site, call.account, content):
        raise ApiError(403, "You do not have permission to edit this content")
    return content


def _restore_file(call: Call, attachment: Attachment, number: int, message: str, *, title: bool) -> Response:
    _restorable(call, call.site.container(attachment))
    if call.site.behaviour.restore_attachments == "refused":
        raise ApiError(400, "Restoring a version is not supported for content of type attachment")
    if attachment.status != "current":
        raise ApiError(400, "The attachment is not current")
    files.restore(call.world, call.site, attachment, number, call.account, message=message, title=title)
    return json_answer(v1_shapes.file_version_shape(call.site, attachment))


@operation(blueprint, "DELETE", f"{API}/content/<any_id>/version/<number>", "DELETE")
def version_delete(call: Call, any_id: str, number: str) -> Response:
    """Those above move down."""
    attachment = call.site.attachments.get(file_id(any_id))
    if attachment is None:
        raise ApiError(400, "No content found with this id")
    container = _restorable(call, call.site.container(attachment))
    if not may_in_space(call.site, call.account, "administer", call.site.spaces[container.space_id]):
        raise ApiError(403, "You do not have permission to delete versions")
    files.delete_version(attachment, content_id(number))
    return empty()
