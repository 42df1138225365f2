"""REST API v2: creation of draft pages, the only kind the app makes."""

from __future__ import annotations

from flask import Blueprint

from simulator.http.operations import Call, operation
from simulator.model.entities import Content, ContentVersion
from simulator.model.errors import ApiError
from simulator.model.permissions import may_in_space
from simulator.rest.v2_content import API
from simulator.rest.v2_shapes import content_shape
from simulator.rest.v2_spaces import visible_space

blueprint = Blueprint("rest_drafts", __name__)


@operation(blueprint, "POST", f"{API}/pages", "WRITE")
def page_create(call: Call) -> dict[str, object]:
    """A draft visible to its author, without webhook. 400 for anything else, 404 without permission."""
    body = call.body()
    space = visible_space(call, str(body.get("spaceId", "")))
    if body.get("status") != "draft":
        raise ApiError(400, "Only drafts are made here")
    if not may_in_space(call.site, call.account, "update", space) or call.account in space.blocked_apps:
        raise ApiError(404, "Cannot find the space, or no permission to create a page in it")
    content = body.get("body")
    text = str(content.get("value", "")) if isinstance(content, dict) else ""
    version = ContentVersion(call.world.clock.now_ms(), call.account, "", str(body.get("title", "")), text)
    draft = Content(call.site.next_id(), "page", space.id, [version])
    draft.status, draft.read = "draft", {call.account}
    call.site.contents[draft.id] = draft
    return content_shape(call.site, draft)
