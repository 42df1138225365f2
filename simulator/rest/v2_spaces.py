"""REST API v2: spaces and people."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, content_id, operation, page_of, paged
from simulator.model.entities import Space
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may, may_in_space, space_operations
from simulator.rest import v2_shapes
from simulator.rest.v2_content import API

blueprint = Blueprint("rest_v2_spaces", __name__)
MAX_ACCOUNTS = 250


def visible_space(call: Call, text: str) -> Space:
    """404 unless visible. App-access rules hide no space."""
    space = call.site.spaces.get(content_id(text))
    if space is None or not may_in_space(call.site, call.account, "read", space):
        raise not_found("space")
    return space


@operation(blueprint, "GET", f"{API}/spaces", "READ")
def spaces(call: Call) -> Response:
    """By keys, ids, status or type."""
    arguments = call.request.args
    keys = {part for value in arguments.getlist("keys") for part in value.split(",")}
    ids = {part for value in arguments.getlist("ids") for part in value.split(",")}
    found = [
        space
        for space in sorted(call.site.spaces.values(), key=lambda space: space.id)
        if may_in_space(call.site, call.account, "read", space)
        and (not keys or space.key in keys)
        and (not ids or str(space.id) in ids)
        and arguments.get("status", space.status) == space.status
        and arguments.get("type", "global") == "global"
    ]
    chosen, following = page_of(call, found, 25)
    call.charge.core += len(chosen)
    return paged(call, [v2_shapes.space_shape(space) for space in chosen], following)


@operation(blueprint, "GET", f"{API}/spaces/<space_id>", "READ")
def space_by_id(call: Call, space_id: str) -> dict[str, object]:
    space = visible_space(call, space_id)
    call.charge.core += 1
    shape = v2_shapes.space_shape(space)
    if call.flag("include-operations"):
        allowed = space_operations(call.site, call.account, space)
        shape["operations"] = v2_shapes.included(allowed, f"{API}/spaces/{space_id}/operations")
    if call.flag("include-properties"):
        rows = [v2_shapes.space_property_shape(row) for row in space.bag.seen(call.stale)]
        shape["properties"] = v2_shapes.included(rows, f"{API}/spaces/{space_id}/properties")
    links = shape["_links"]
    return shape | {"_links": {**links, "base": call.site.base_url} if isinstance(links, dict) else links}


@operation(blueprint, "GET", f"{API}/spaces/<space_id>/operations", "READ")
def operations_of_space(call: Call, space_id: str) -> dict[str, object]:
    return {"operations": space_operations(call.site, call.account, visible_space(call, space_id))}


@operation(blueprint, "GET", f"{API}/spaces/<space_id>/permissions", "READ")
def permissions_of_space(call: Call, space_id: str) -> Response:
    """By person; the simulator has no groups."""
    space = visible_space(call, space_id)
    rows = [(account, name) for account in sorted(space.permissions) for name in sorted(space.permissions[account])]
    shapes = [
        {
            "id": str(number),
            "principal": {"type": "user", "id": account},
            "operation": {"key": name, "targetType": "page" if name == "update" else "space"},
        }
        for number, (account, name) in enumerate(rows, start=1)
    ]
    chosen, following = page_of(call, shapes, 25)
    return paged(call, chosen, following)


@operation(blueprint, "GET", f"{API}/spaces/<space_id>/pages", "READ")
def pages_of_space(call: Call, space_id: str) -> Response:
    return _contents_of_space(call, space_id, "page")


@operation(blueprint, "GET", f"{API}/spaces/<space_id>/blogposts", "READ")
def blogposts_of_space(call: Call, space_id: str) -> Response:
    return _contents_of_space(call, space_id, "blogpost")


def _contents_of_space(call: Call, space_id: str, kind: str) -> Response:
    space = visible_space(call, space_id)
    found = [
        content
        for content in sorted(call.site.contents.values(), key=lambda content: content.id)
        if content.space_id == space.id
        and content.type == kind
        and content.status in {"current", "archived"}
        and may(call.site, call.account, "read", content)
    ]
    chosen, following = page_of(call, found, 25)
    call.charge.core += len(chosen)
    return paged(call, [v2_shapes.content_shape(call.site, content) for content in chosen], following)


@operation(blueprint, "POST", f"{API}/users-bulk", "READ")
def users_bulk(call: Call) -> Response:
    """Unknown account ids are omitted."""
    ids = call.body().get("accountIds")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_ACCOUNTS:
        raise ApiError(400, "accountIds must have 1 to 250 entries")
    people = [call.site.people[account] for account in dict.fromkeys(map(str, ids)) if account in call.site.people]
    call.charge.identity += len(people)
    return paged(call, [v2_shapes.person_shape(person, sees_email=not person.email_hidden) for person in people], None)
