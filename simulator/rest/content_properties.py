"""REST API v2: properties of attachments, pages, blog posts and spaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import (
    Call,
    content_id,
    empty,
    json_answer,
    operation,
    page_of,
    paged,
    visible_content,
    visible_file,
)
from simulator.model import properties
from simulator.model.entities import Attachment, Content, Json, PropertyBag, PropertyRow, Space
from simulator.model.errors import not_found
from simulator.model.permissions import may_in_space, may_write
from simulator.rest.v2_content import API
from simulator.rest.v2_shapes import property_shape, space_property_shape
from simulator.rest.v2_spaces import visible_space
from simulator.world.files import announce
from simulator.world.pages import announce as announce_content

blueprint = Blueprint("rest_properties", __name__)
Owner = Attachment | Content | Space


@dataclass(frozen=True, slots=True)
class Kind:
    """Kind of owner: path, look-up (404), status of a creation."""

    path: str
    find: Callable[[Call, str], Owner]
    shape: Callable[[PropertyRow], dict[str, object]]
    created: int


def _may_change(call: Call, owner: Owner) -> bool:
    if isinstance(owner, Space):
        return may_in_space(call.site, call.account, "administer", owner)
    content = call.site.container(owner) if isinstance(owner, Attachment) else owner
    return may_write(call.site, call.account, content)


def _changeable(call: Call, kind: Kind, owner_id: str) -> Owner:
    """404 for an owner that the caller may not change, as v2 says."""
    owner = kind.find(call, owner_id)
    if not _may_change(call, owner):
        raise not_found("content")
    return owner


def announce_property(call: Call, owner: Owner, change: str) -> None:
    """Raise the webhook this site sends for property writes: none by default."""
    events = call.site.behaviour.property_events
    if events == "attachment_updated" and isinstance(owner, Attachment):
        announce(call.world, call.site, "attachment_updated", [owner], call.account)
    elif events == "content" and not isinstance(owner, Space):
        content = call.site.container(owner) if isinstance(owner, Attachment) else owner
        call.world.webhooks.raise_event(call.site, f"content_{change}", {"content": {"id": str(content.id)}}, content)
    elif events == "page_updated" and isinstance(owner, Content):
        announce_content(call.world, call.site, "updated", owner, call.account)


def _bag(call: Call, kind: Kind, owner_id: str) -> PropertyBag:
    return kind.find(call, owner_id).bag


def _list(call: Call, kind: Kind, owner_id: str) -> Response:
    """All, or those of one key; an unknown key gives none."""
    rows = list(_bag(call, kind, owner_id).seen(call.stale))
    if "key" in call.request.args:
        rows = [row for row in rows if row.key == call.request.args["key"]]
    descending = call.request.args.get("sort") == "-key"
    rows.sort(key=lambda row: row.id)
    rows.sort(key=lambda row: row.key, reverse=descending)
    chosen, following = page_of(call, rows, 25)
    return paged(call, [kind.shape(row) for row in chosen], following)


def _create(call: Call, kind: Kind, owner_id: str) -> Response:
    owner = _changeable(call, kind, owner_id)
    body = call.body()
    value: Json = body.get("value")
    row = properties.create(
        call.site, call.world.clock, owner.bag, body.get("key"), value, call.account, twice=call.twice
    )
    announce_property(call, owner, "created")
    path = f"{API}/{kind.path}/{owner_id}/properties/{row.id}"
    return json_answer(kind.shape(row), kind.created, {"location": path} if kind.created == 201 else None)  # noqa: PLR2004


def _read(call: Call, kind: Kind, owner_id: str, property_id: str) -> Response:
    row = properties.find(_bag(call, kind, owner_id), content_id(property_id), call.stale)
    return json_answer(kind.shape(row))


def _update(call: Call, kind: Kind, owner_id: str, property_id: str) -> Response:
    owner = _changeable(call, kind, owner_id)
    row = properties.update(call.site, call.world.clock, owner.bag, content_id(property_id), call.body(), call.account)
    announce_property(call, owner, "updated")
    return json_answer(kind.shape(row))


def _delete(call: Call, kind: Kind, owner_id: str, property_id: str) -> Response:
    owner = _changeable(call, kind, owner_id)
    properties.delete(owner.bag, content_id(property_id))
    announce_property(call, owner, "removed")
    return empty()


def _register(kind: Kind) -> None:
    collection = f"{API}/{kind.path}/<owner_id>/properties"
    one = f"{collection}/<property_id>"

    def on_all(handler: Callable[[Call, Kind, str], Response]) -> Callable[..., Response]:
        def bound(call: Call, owner_id: str) -> Response:
            return handler(call, kind, owner_id)

        return bound

    def on_one(handler: Callable[[Call, Kind, str, str], Response]) -> Callable[..., Response]:
        def bound(call: Call, owner_id: str, property_id: str) -> Response:
            return handler(call, kind, owner_id, property_id)

        return bound

    operation(blueprint, "GET", collection, "READ")(on_all(_list))
    operation(blueprint, "POST", collection, "WRITE")(on_all(_create))
    operation(blueprint, "GET", one, "READ")(on_one(_read))
    operation(blueprint, "PUT", one, "WRITE")(on_one(_update))
    operation(blueprint, "DELETE", one, "WRITE")(on_one(_delete))


def _page(call: Call, text: str) -> Content:
    return visible_content(call, text, ["page"])


def _blogpost(call: Call, text: str) -> Content:
    return visible_content(call, text, ["blogpost"])


for _kind in (
    Kind("attachments", visible_file, property_shape, 200),
    Kind("pages", _page, property_shape, 200),
    Kind("blogposts", _blogpost, property_shape, 200),
    Kind("spaces", visible_space, space_property_shape, 201),
):
    _register(_kind)
