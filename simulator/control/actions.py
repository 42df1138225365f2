"""Control API: changes to files, pages and spaces."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from flask import Blueprint, request

from simulator.control import views
from simulator.control.declare import Answer, Control, control
from simulator.model import properties
from simulator.model.clock import parse_moment
from simulator.model.entities import Attachment, Content, ContentVersion, Json, PropertyBag
from simulator.model.errors import ApiError
from simulator.model.permissions import may, may_in_space, may_write
from simulator.world import files, pages

blueprint = Blueprint("control_actions", __name__)


def _check(call: Control, content: Content, operation: str) -> str | None:
    """Return the actor; None (anonymous) simulates a site that allows anonymous uploads."""
    actor = call.actor()
    if call.flag("force") or actor is None:
        return actor
    allowed = may(call.site, actor, operation, content)
    if operation in {"update", "delete"}:
        allowed = allowed and may_write(call.site, actor, content)
    if not allowed:
        raise ApiError(403, f"{call.site.people[actor].display_name} may not {operation} here")
    return actor


def _check_file(call: Control, operation: str = "update") -> tuple[Attachment, str | None]:
    attachment = call.attachment()
    return attachment, _check(call, call.site.container(attachment), operation)


def _bytes(call: Control) -> tuple[bytes, str | None]:
    part = request.files.get("file")
    if part is not None:
        return part.read(), part.filename
    if "base64" in call.data:
        try:
            return base64.b64decode(call.text("base64"), validate=True), None
        except binascii.Error as error:
            raise ApiError(400, "base64 is not base64") from error
    return call.text("text").encode(), None


def _upload(call: Control, default_name: str | None) -> files.Upload:
    data, part_name = _bytes(call)
    at = call.data.get("at")
    return files.Upload(
        title=call.text("fileName", part_name if default_name is None else default_name),
        data=data,
        comment=call.text("comment", ""),
        minor_edit=call.flag("minorEdit"),
        media_type=str(call.data["mediaType"]) if call.data.get("mediaType") else None,
        at=None if at is None else parse_moment(at),
    )


@control(blueprint, "POST", "/sites/<site>/upload")
def upload(call: Control) -> Answer:
    """A version (by id, or by name on a page) or a new file."""
    if call.data.get("attachmentId"):
        attachment, actor = _check_file(call)
        made = files.add_version(call.world, call.site, attachment, _upload(call, attachment.title), actor)
        return views.file_json(call.site, made)
    content = call.content()
    actor = _check(call, content, "update")
    upload_ = _upload(call, None)
    known = files.named(call.site, content.id, upload_.title)
    if known:
        made = files.add_version(call.world, call.site, known, upload_, actor)
    else:
        made = files.create(call.world, call.site, content.id, upload_, actor)
    return views.file_json(call.site, made)


@control(blueprint, "POST", "/sites/<site>/rename")
def rename(call: Control) -> Answer:
    attachment, actor = _check_file(call)
    title = call.text("title")
    if files.named(call.site, attachment.container_id, title):
        raise ApiError(409, "A file of this name is there already")
    return views.file_json(call.site, files.describe(call.world, call.site, attachment, actor, title=title))


@control(blueprint, "POST", "/sites/<site>/trash")
def trash(call: Control) -> Answer:
    attachment, actor = _check_file(call, "delete")
    return views.file_json(call.site, files.trash(call.world, call.site, attachment, actor))


@control(blueprint, "POST", "/sites/<site>/untrash")
def untrash(call: Control) -> Answer:
    attachment, actor = _check_file(call)
    return views.file_json(call.site, files.untrash(call.world, call.site, attachment, actor))


@control(blueprint, "POST", "/sites/<site>/purge")
def purge(call: Control) -> Answer:
    """For space admins."""
    attachment, actor = _check_file(call, "delete")
    space = call.site.spaces[call.site.container(attachment).space_id]
    if not (call.flag("force") or may_in_space(call.site, actor, "administer", space)):
        raise ApiError(403, "Only space admins may purge")
    shape = views.file_json(call.site, attachment)
    files.purge(call.world, call.site, attachment, actor)
    return shape | {"status": "purged"}


@control(blueprint, "POST", "/sites/<site>/delete-version")
def delete_version(call: Control) -> Answer:
    attachment, _ = _check_file(call, "delete")
    return views.file_json(call.site, files.delete_version(attachment, int(call.number("version"))))


@control(blueprint, "POST", "/sites/<site>/restore-version")
def restore_version(call: Control) -> Answer:
    attachment, actor = _check_file(call)
    number, message = int(call.number("version")), call.text("message", "")
    files.restore(call.world, call.site, attachment, number, actor, message=message, title=False)
    return views.file_json(call.site, attachment)


@control(blueprint, "POST", "/sites/<site>/move")
def move(call: Control) -> Answer:
    attachment, actor = _check_file(call)
    target = call.content()
    _check(call, target, "update")
    return views.file_json(call.site, files.move(call.world, call.site, attachment, target.id, actor))


@control(blueprint, "POST", "/sites/<site>/page")
def page(call: Control) -> Answer:
    actor, space = call.actor(), call.space()
    if not (call.flag("force") or may_in_space(call.site, actor, "update", space)):
        raise ApiError(403, "You may not create pages here")
    body = call.text("body", "")
    version = ContentVersion(call.world.clock.now_ms(), actor, "", call.text("title"), body)
    kind = call.text("type", "page")
    if kind not in {"page", "blogpost"}:
        raise ApiError(400, "type is page or blogpost")
    return views.content_json(call.site, pages.create(call.world, call.site, space, version, kind))


@control(blueprint, "POST", "/sites/<site>/page-edit")
def page_edit(call: Control) -> Answer:
    content = call.content()
    actor = _check(call, content, "update")
    head = content.versions[-1]
    title, body = call.text("title", head.title), call.text("body", head.body)
    version = replace(head, created_at=call.world.clock.now_ms(), author_id=actor, title=title, body=body, message="")
    return views.content_json(call.site, pages.update(call.world, call.site, content, version))


@control(blueprint, "POST", "/sites/<site>/page-status")
def page_status(call: Control) -> Answer:
    """Archive, trash, restore or purge a page with its files."""
    content, status = call.content(), call.text("status")
    actor = call.actor()
    if not (call.flag("force") or may(call.site, actor, "delete", content)):
        raise ApiError(403, "You may not do this here")
    shape = views.content_json(call.site, pages.set_status(call.world, call.site, content, status, actor))
    return shape | {"status": status}


@control(blueprint, "POST", "/sites/<site>/page-move")
def page_move(call: Control) -> Answer:
    content = call.content()
    actor = _check(call, content, "update")
    return views.content_json(call.site, pages.move(call.world, call.site, content, call.space(), actor))


@control(blueprint, "POST", "/sites/<site>/page-copy")
def page_copy(call: Control) -> Answer:
    content = call.content()
    actor = _check(call, content, "read")
    return views.content_json(call.site, pages.copy(call.world, call.site, content, call.text("title"), actor))


@control(blueprint, "POST", "/sites/<site>/restrict")
def restrict(call: Control) -> Answer:
    content = call.content()
    actor = _check(call, content, "update")
    read, update = call.accounts("read"), call.accounts("update")
    pages.restrict(call.world, call.site, content, actor, read=read, update=update)
    return views.content_json(call.site, content)


@control(blueprint, "POST", "/sites/<site>/property")
def property_(call: Control) -> Answer:
    """Write or delete a property as somebody else than the app, without version checks."""
    bag = _bag(call)
    key = call.text("key")
    row = bag.by_key(key)
    if call.flag("delete"):
        if row:
            properties.delete(bag, row.id)
        return {"key": key, "deleted": row is not None}
    value: Json = call.data.get("value")
    actor, twice = call.actor(), call.flag("duplicate")
    number = row.number + 1 if row else 1
    if row is None or twice:
        row, number = properties.create(call.site, call.world.clock, bag, key, value, actor, twice=twice), 1
    raw = call.data.get("raw")
    number = int(str(raw["version"])) if isinstance(raw, dict) and "version" in raw else number
    fresh = replace(row, value=value, number=number, author_id=actor, created_at=call.world.clock.now_ms())
    bag.replace(tuple(fresh if other.id == row.id else other for other in bag.rows))
    return {"key": key, "id": str(fresh.id), "value": value, "version": fresh.number}


def _bag(call: Control) -> PropertyBag:
    if call.data.get("attachmentId"):
        return call.attachment().bag
    if call.data.get("pageId"):
        return call.content().bag
    return call.space().bag
