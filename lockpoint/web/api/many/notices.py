"""`GET /api/v1/notices`: asked again and again by every open surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from lockpoint.services.errors import UseCaseError
from lockpoint.services.listing import notices
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.many import schemas as m
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.listing.notices import Notice


def notice_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("notices", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/notices")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        actor = current_actor()
        known = notices.owed(services, actor)
        tag = notices.tag_of(actor, known)
        if request.if_none_match.contains_weak(tag):
            return _tagged(Response(status=304), tag)
        found = notices.read(services, actor, known)
        answer = jsonify(
            dump(m.NoticesModel(items=[_item(one) for one in found.items], server_time=services.clock.now()))
        )
        return _tagged(answer, tag) if found.whole else answer

    return blueprint


def _tagged(answer: Response, tag: str) -> Response:
    """Weak, because the answer contains the time."""
    answer.set_etag(tag, weak=True)
    return answer


def _item(notice: Notice) -> m.NoticeModel:
    intent = notice.intent
    return m.NoticeModel(
        id=notice.id,
        kind=intent.kind,
        at=notice.at,
        attachment_id=intent.attachment_id,
        title=notice.title,
        open=notice.open_url,
        version=intent.version,
        lock_id=intent.lock_id,
        detail=intent.detail,
        person=s.PersonModel.model_validate(notice.by) if notice.by else None,
    )
