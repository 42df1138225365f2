"""REST API v2: attachments, pages, blog posts."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, content_id, empty, operation, page_of, paged, visible_content, visible_file
from simulator.model.entities import Attachment, Content
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import content_operations, may_file, may_in_space
from simulator.rest import v2_shapes
from simulator.world import files

blueprint = Blueprint("rest_v2", __name__)
API = "/wiki/api/v2"
STATUSES = {"current", "archived", "trashed"}

_SORTS: dict[str, Callable[[Attachment], int]] = {
    "created-date": lambda attachment: attachment.versions[0].created_at,
    "modified-date": lambda attachment: attachment.head.created_at,
}


def _lag(call: Call) -> float:
    return max(call.stale_versions, call.site.behaviour.read_lag_seconds)


@operation(blueprint, "GET", f"{API}/attachments/<att_id>", "READ")
def attachment_by_id(call: Call, att_id: str) -> dict[str, object]:
    """Also trashed, with its `include-…` parts."""
    attachment = visible_file(call, att_id)
    call.charge.core += 1
    newest = len(attachment.visible(_lag(call)))
    shape = v2_shapes.file_shape(
        call.site,
        attachment,
        call.number("version", newest, 1, newest),
        newest=newest,
        with_version=call.flag("include-version", default=True),
    )
    base = f"/wiki/api/v2/attachments/att{attachment.id}"
    if call.flag("include-properties"):
        rows = [v2_shapes.property_shape(row) for row in attachment.bag.seen(call.stale)]
        shape["properties"] = v2_shapes.included(rows, f"{base}/properties")
    if call.flag("include-operations"):
        allowed = _file_operations(call, attachment)
        shape["operations"] = v2_shapes.included(allowed, f"{base}/operations")
    if call.flag("include-versions"):
        shape["versions"] = v2_shapes.included(_versions(call, attachment), f"{base}/versions")
    if call.flag("include-labels"):
        shape["labels"] = v2_shapes.included([], f"{base}/labels")
    links = shape["_links"]
    return shape | {"_links": {**links, "base": call.site.base_url} if isinstance(links, dict) else links}


def _versions(call: Call, attachment: Attachment) -> list[dict[str, object]]:
    visible = attachment.visible(_lag(call))
    return [v2_shapes.file_version(visible[n - 1], n) for n in range(len(visible), 0, -1)]


def _file_operations(call: Call, attachment: Attachment) -> list[dict[str, str]]:
    container = call.site.container(attachment)
    return content_operations(call.site, call.account, container, "attachment")


@operation(blueprint, "DELETE", f"{API}/attachments/<att_id>", "DELETE")
def attachment_delete(call: Call, att_id: str) -> Response:
    """Trash, or with `purge=true` delete for good (space admins)."""
    attachment = visible_file(call, att_id)
    right = "administer" if call.flag("purge") else "delete"
    space = call.site.spaces[call.site.container(attachment).space_id]
    allowed = may_in_space(call.site, call.account, right, space) and may_file(
        call.site, call.account, "delete", attachment
    )
    if not allowed:
        raise not_found("attachment")
    action = files.purge if call.flag("purge") else files.trash
    action(call.world, call.site, attachment, call.account)
    return empty()


@operation(blueprint, "GET", f"{API}/attachments/<att_id>/versions", "READ")
def attachment_versions(call: Call, att_id: str) -> Response:
    """By default newest first."""
    attachment = visible_file(call, att_id)
    numbers = list(range(len(attachment.visible(_lag(call))), 0, -1))
    numbers.sort(reverse=call.request.args.get("sort") != "modified-date")
    chosen, following = page_of(call, numbers, 25)
    call.charge.core += len(chosen)
    return paged(call, [v2_shapes.listed_file_version(attachment, number) for number in chosen], following)


@operation(blueprint, "GET", f"{API}/attachments/<att_id>/versions/<number>", "READ")
def attachment_version(call: Call, att_id: str, number: str) -> dict[str, object]:
    """404 for a missing number."""
    attachment = visible_file(call, att_id)
    wanted = content_id(number)
    if not 1 <= wanted <= len(attachment.visible(_lag(call))):
        raise not_found("version")
    call.charge.core += 1
    return v2_shapes.file_version_details(attachment, wanted)


@operation(blueprint, "GET", f"{API}/attachments/<att_id>/operations", "READ")
def attachment_operations(call: Call, att_id: str) -> dict[str, object]:
    return {"operations": _file_operations(call, visible_file(call, att_id))}


def _wanted_files(call: Call, candidates: list[Attachment]) -> list[Attachment]:
    arguments = call.request.args
    statuses = {part for value in arguments.getlist("status") for part in value.split(",")} or {"current", "archived"}
    if not statuses <= STATUSES:
        raise ApiError(400, "status is current, archived or trashed")
    sort = arguments.get("sort", "created-date")
    if sort.removeprefix("-") not in _SORTS:
        raise ApiError(400, "sort is created-date or modified-date")
    found = [
        a
        for a in candidates
        if a.status in statuses
        and arguments.get("filename", a.title) == a.title
        and arguments.get("mediaType", a.head.media_type) == a.head.media_type
    ]
    found.sort(key=lambda a: (_SORTS[sort.removeprefix("-")](a), a.id), reverse=sort.startswith("-"))
    return found


def _file_list(call: Call, candidates: list[Attachment]) -> Response:
    chosen, following = page_of(call, _wanted_files(call, candidates), 50)
    call.charge.core += len(chosen)
    lag = _lag(call)
    read = ((a, len(a.visible(lag))) for a in chosen)
    shapes = [v2_shapes.file_shape(call.site, a, newest, newest=newest) for a, newest in read]
    return paged(call, shapes, following)


@operation(blueprint, "GET", f"{API}/pages/<page_id>/attachments", "READ")
def page_attachments(call: Call, page_id: str) -> Response:
    return _file_list(call, call.site.attachments_of(visible_content(call, page_id, ["page"]).id))


@operation(blueprint, "GET", f"{API}/blogposts/<post_id>/attachments", "READ")
def blogpost_attachments(call: Call, post_id: str) -> Response:
    return _file_list(call, call.site.attachments_of(visible_content(call, post_id, ["blogpost"]).id))


@operation(blueprint, "GET", f"{API}/attachments", "READ")
def all_attachments(call: Call) -> Response:
    """Those the caller sees."""
    return _file_list(call, files.visible_files(call.site, call.account))


def _content(call: Call, content: Content, base: str) -> dict[str, object]:
    call.charge.core += 1
    shape = v2_shapes.content_shape(call.site, content)
    if call.flag("include-properties"):
        rows = [v2_shapes.property_shape(row) for row in content.bag.seen(call.stale)]
        shape["properties"] = v2_shapes.included(rows, f"{base}/properties")
    if call.flag("include-operations"):
        shape["operations"] = v2_shapes.operations_included(
            call.site, call.account, content, content.type, f"{base}/operations"
        )
    links = shape["_links"]
    return shape | {"_links": {**links, "base": call.site.base_url} if isinstance(links, dict) else links}


@operation(blueprint, "GET", f"{API}/pages/<page_id>", "READ")
def page_by_id(call: Call, page_id: str) -> dict[str, object]:
    return _content(call, visible_content(call, page_id, ["page"]), f"{API}/pages/{page_id}")


@operation(blueprint, "GET", f"{API}/blogposts/<post_id>", "READ")
def blogpost_by_id(call: Call, post_id: str) -> dict[str, object]:
    return _content(call, visible_content(call, post_id, ["blogpost"]), f"{API}/blogposts/{post_id}")


@operation(blueprint, "GET", f"{API}/pages/<page_id>/operations", "READ")
def page_operations(call: Call, page_id: str) -> dict[str, object]:
    content = visible_content(call, page_id, ["page"])
    return {"operations": content_operations(call.site, call.account, content, "page")}


@operation(blueprint, "GET", f"{API}/blogposts/<post_id>/operations", "READ")
def blogpost_operations(call: Call, post_id: str) -> dict[str, object]:
    content = visible_content(call, post_id, ["blogpost"])
    return {"operations": content_operations(call.site, call.account, content, "blogpost")}
