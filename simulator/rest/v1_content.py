"""REST API v1: permission check, restrictions, search, removed operations."""

from __future__ import annotations

import hashlib

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, empty, file_id, operation, visible_content
from simulator.model.clock import iso
from simulator.model.entities import Attachment, Content
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may, may_write
from simulator.rest import v1_shapes
from simulator.rest.v1_files import API, editable
from simulator.world import pages, search

blueprint = Blueprint("rest_v1_content", __name__)
OPERATIONS = {"read", "update", "delete"}
SEARCH_LIMIT = 250


def _checked_content(call: Call, text: str) -> Content:
    number = file_id(text)
    attachment = call.site.attachments.get(number)
    if attachment is not None and call.site.behaviour.permission_check_attachments:
        number = attachment.container_id
    content = call.site.contents.get(number)
    if content is None or not may(call.site, call.account, "read", content):
        raise not_found("content")
    return content


@operation(blueprint, "POST", f"{API}/content/<any_id>/permission/check", "READ")
def permission_check(call: Call, any_id: str) -> dict[str, object]:
    """A denial is 200 with false, an unknown account 404."""
    body = call.body()
    subject = body.get("subject")
    operation_name = body.get("operation")
    if (
        not isinstance(subject, dict)
        or subject.get("type") not in {"user", "group"}
        or operation_name not in OPERATIONS
    ):
        raise ApiError(400, "subject and operation are required")
    content = _checked_content(call, any_id)
    identifier = str(subject.get("identifier", ""))
    if subject["type"] == "group" or identifier == "anonymous":
        allowed = False
    elif identifier not in call.site.people:
        raise not_found("user")
    elif operation_name == "read":
        allowed = may(call.site, identifier, "read", content)
    else:
        right = may(call.site, identifier, str(operation_name), content)
        allowed = right and may_write(call.site, identifier, content)
    call.charge.identity += 1
    return {"hasPermission": allowed, "errors": [], "_links": v1_shapes.list_links(call.site)}


def _restricted(content: Content, operation_key: str) -> set[str]:
    if operation_key not in {"read", "update"}:
        raise not_found("operation")
    return content.read if operation_key == "read" else content.update


@operation(blueprint, "GET", f"{API}/content/<page_id>/restriction", "READ")
def restrictions(call: Call, page_id: str) -> dict[str, object]:
    content = visible_content(call, page_id)
    results = [_restriction(call, content, name) for name in ("read", "update")]
    call.charge.identity += len(content.read) + len(content.update)
    digest = hashlib.sha256(repr((sorted(content.read), sorted(content.update))).encode()).hexdigest()
    frame = {"start": 0, "limit": 100, "size": len(results), "restrictionsHash": digest}
    return {"results": results, **frame, "_links": v1_shapes.list_links(call.site)}


def _restriction(call: Call, content: Content, name: str) -> dict[str, object]:
    listed = [call.site.people[account] for account in sorted(_restricted(content, name))]
    people = [v1_shapes.person_shape(call.site, person, sees_email=False) for person in listed]
    count = len(people)
    users = {"results": people, "start": 0, "limit": 100, "size": count, "totalSize": count}
    groups: dict[str, object] = {"results": [], "start": 0, "limit": 100, "size": 0, "_links": {}}
    return {
        "operation": name,
        "restrictions": {"user": users | {"_links": {}}, "group": groups},
        "_expandable": {"content": ""},
        "_links": v1_shapes.list_links(call.site),
    }


def _person_asked(call: Call) -> str:
    account = call.request.args.get("accountId", "")
    if account not in call.site.people:
        raise not_found("user")
    return account


@operation(blueprint, "GET", f"{API}/content/<page_id>/restriction/byOperation/<key>/user", "READ")
def restriction_status(call: Call, page_id: str, key: str) -> Response:
    """200 for a listed person, else 404; says nothing about effective permissions."""
    if _person_asked(call) not in _restricted(visible_content(call, page_id), key):
        raise not_found("restriction")
    return empty(200)


@operation(blueprint, "PUT", f"{API}/content/<page_id>/restriction/byOperation/<key>/user", "WRITE")
def restriction_add(call: Call, page_id: str, key: str) -> Response:
    """The caller must be able to edit."""
    content = _restrictable(call, page_id)
    changed = _restricted(content, key) | {_person_asked(call)}
    _set(call, content, key, changed)
    return empty(200)


@operation(blueprint, "DELETE", f"{API}/content/<page_id>/restriction/byOperation/<key>/user", "WRITE")
def restriction_remove(call: Call, page_id: str, key: str) -> Response:
    content = _restrictable(call, page_id)
    account = _person_asked(call)
    if account not in _restricted(content, key):
        raise not_found("restriction")
    _set(call, content, key, _restricted(content, key) - {account})
    return empty(200)


def _restrictable(call: Call, page_id: str) -> Content:
    try:
        return editable(call, page_id)
    except ApiError as error:
        # The document lists no 403.
        raise not_found("content") from error


def _set(call: Call, content: Content, key: str, people: set[str]) -> None:
    read = people if key == "read" else None
    update = people if key == "update" else None
    pages.restrict(call.world, call.site, content, call.account, read=read, update=update)


def _search(call: Call) -> tuple[list[Content | Attachment], int, int, dict[str, object]]:
    found = search.run(call.world, call.site, call.account, call.request.args.get("cql", ""))
    limit = min(call.number("limit", 25, 0, 10_000), SEARCH_LIMIT)
    start = search.offset(call.request.args.get("cursor")) or call.number("start", 0, 0, 1_000_000)
    chosen = found[start : start + limit]
    call.charge.core += len(chosen)
    links = v1_shapes.list_links(call.site)
    if start + limit < len(found):
        # v1: relative to _links.base, without /wiki.
        links["next"] = search.next_link(
            call.request.path.removeprefix("/wiki"), call.request.args, start + limit, limit
        )
    return chosen, start, limit, links


def _hit(call: Call, found: Content | Attachment) -> dict[str, object]:
    if isinstance(found, Attachment):
        return v1_shapes.file_shape(call.site, found)
    return v1_shapes.content_shape(call.site, found)


@operation(blueprint, "GET", f"{API}/content/search", "READ")
def content_search(call: Call) -> dict[str, object]:
    chosen, start, limit, links = _search(call)
    results = [_hit(call, found) for found in chosen]
    return {"results": results, "start": start, "limit": limit, "size": len(results), "_links": links}


@operation(blueprint, "GET", f"{API}/search", "READ")
def site_search(call: Call) -> dict[str, object]:
    """As enveloped contents."""
    chosen, start, limit, links = _search(call)
    total = len(search.run(call.world, call.site, call.account, call.request.args.get("cql", "")))
    results = [
        {
            "content": _hit(call, found),
            "title": found.title,
            "excerpt": "",
            "url": "/x",
            "breadcrumbs": [],
            "entityType": "content",
            "iconCssClass": "content",
            "lastModified": iso(call.world.clock.now_ms()),
            "score": 1,
        }
        for found in chosen
    ]
    return {
        "results": results,
        "start": start,
        "limit": limit,
        "size": len(results),
        "totalSize": total,
        "cqlQuery": call.request.args.get("cql", ""),
        "searchDuration": 1,
        "_links": links,
    }


REMOVED = (
    ("GET", "/content/<any_id>"),
    ("PUT", "/content/<any_id>"),
    ("GET", "/content/<any_id>/child/attachment"),
    ("GET", "/content/<any_id>/property"),
    ("POST", "/content/<any_id>/property"),
    ("GET", "/content/<any_id>/property/<key>"),
    ("PUT", "/content/<any_id>/property/<key>"),
    ("DELETE", "/content/<any_id>/property/<key>"),
    ("GET", "/content/<any_id>/version"),
    ("GET", "/space"),
    ("GET", "/space/<key>"),
    ("GET", "/space/<key>/property"),
    ("GET", "/space/<key>/property/<name>"),
    ("GET", "/group/<name>"),
)


def _gone(call: Call, **_arguments: str) -> Response:
    """Removed in 2025 (CHANGE-2520)."""
    raise ApiError(
        410, "This deprecated endpoint has been removed.", headers={"Deprecation": call.world.clock.http_date()}
    )


for _method, _rule in REMOVED:
    operation(blueprint, _method, API + _rule, None)(_gone)
