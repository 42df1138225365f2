"""REST API v2: footer comments of pages and blog posts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, content_id, json_answer, operation, page_of, paged, visible_content
from simulator.model.clock import iso
from simulator.model.entities import Comment, Content
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may_in_space
from simulator.rest.v2_content import API

blueprint = Blueprint("rest_v2_comments", __name__)
PLACES = {"pageId": "page", "blogPostId": "blogpost"}
ELSEWHERE = {"parentCommentId", "attachmentId", "customContentId"}
SORTS = {"created-date", "-created-date", "modified-date", "-modified-date"}


@operation(blueprint, "POST", f"{API}/footer-comments", "WRITE")
def footer_comment_create(call: Call) -> Response:
    """At the top level only. 400 for no place or several, or a body that is not well-formed; 404 without permission."""
    body = call.body()
    named = [name for name in (*PLACES, *ELSEWHERE) if name in body]
    if len(named) != 1:
        raise ApiError(400, "Exactly one place of the comment must be given")
    if named[0] not in PLACES:
        raise ApiError(400, "Only comments on pages and blog posts are made here")
    content = visible_content(call, str(body[named[0]]), [PLACES[named[0]]])
    if not may_in_space(call.site, call.account, "update", call.site.spaces[content.space_id]):
        raise not_found("content")
    comment = Comment(call.site.next_id(), content.id, call.account, call.world.clock.now_ms(), _storage(body))
    call.site.comments[comment.id] = comment
    shape = _shape(content, comment) | {"_links": {"webui": _web(comment), "base": call.site.base_url}}
    return json_answer(shape, 201, {"Location": f"{call.site.base_url}/api/v2/footer-comments/{comment.id}"})


@operation(blueprint, "GET", f"{API}/pages/<page_id>/footer-comments", "READ")
def page_footer_comments(call: Call, page_id: str) -> Response:
    return _listed(call, visible_content(call, page_id, ["page"]))


@operation(blueprint, "GET", f"{API}/blogposts/<post_id>/footer-comments", "READ")
def blogpost_footer_comments(call: Call, post_id: str) -> Response:
    return _listed(call, visible_content(call, post_id, ["blogpost"]))


@operation(blueprint, "GET", f"{API}/footer-comments/<comment_id>", "READ")
def footer_comment(call: Call, comment_id: str) -> dict[str, object]:
    comment = call.site.comments.get(content_id(comment_id))
    if comment is None:
        raise not_found("comment")
    content = visible_content(call, str(comment.content_id))
    return _shape(content, comment) | {"_links": {"webui": _web(comment), "base": call.site.base_url}}


def _listed(call: Call, content: Content) -> Response:
    sort = call.request.args.get("sort", "created-date")
    if sort not in SORTS:
        raise ApiError(400, "sort is created-date or modified-date")
    found = sorted(
        (one for one in call.site.comments.values() if one.content_id == content.id),
        key=lambda one: (one.created_at, one.id),
        reverse=sort.startswith("-"),
    )
    chosen, following = page_of(call, found, 25)
    with_body = call.request.args.get("body-format") == "storage"
    return paged(call, [_shape(content, one, with_body=with_body) for one in chosen], following)


def _storage(body: dict[str, object]) -> str:
    given = body.get("body")
    if not isinstance(given, dict) or given.get("representation") != "storage":
        raise ApiError(400, "The body of a comment is in storage format here")
    value = str(given.get("value", ""))
    try:
        ET.fromstring(f'<b xmlns:ac="ac" xmlns:ri="ri">{value}</b>')  # noqa: S314 - what the app under test sent
    except ET.ParseError as error:
        raise ApiError(400, "The body is not well-formed") from error
    return value


def _web(comment: Comment) -> str:
    return f"/pages/viewpage.action?pageId={comment.content_id}&focusedCommentId={comment.id}"


def _shape(content: Content, comment: Comment, *, with_body: bool = True) -> dict[str, object]:
    shape: dict[str, object] = {
        "id": str(comment.id),
        "status": "current",
        "title": f"Re: {content.title}",
        "pageId" if content.type == "page" else "blogPostId": str(content.id),
        "version": {
            "number": 1,
            "createdAt": iso(comment.created_at),
            "message": "",
            "minorEdit": False,
            "authorId": comment.author_id,
        },
        "_links": {"webui": _web(comment)},
    }
    return shape | {"body": {"storage": {"representation": "storage", "value": comment.body}} if with_body else {}}
