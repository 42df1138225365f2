"""`POST /api/v1/locks/bulk`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify

from lockpoint.services.bulk import BulkItem, act
from lockpoint.services.errors import HostError, UseCaseError
from lockpoint.services.lock_record.waitlist import WaitlistPlace
from lockpoint.services.locks.action import LockOptions
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, lock_answer, refused
from lockpoint.web.api.many import schemas as m
from lockpoint.web.api.requests import body_as, key_of
from lockpoint.web.errors import RETRY_SECONDS, host_failed
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockpoint.services.bulk import ItemResult
    from lockpoint.services.container import Services

OK, MULTI_STATUS = 200, 207


def bulk_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("bulk", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.post("/locks/bulk")
    @guarded_by(Guard.CONTEXT)
    def bulk() -> Response:
        actor, body = current_actor(), body_as(m.BulkBody)
        items = [_item(body, one) for one in body.items]
        return _answer(services, act(services, actor, key_of(body), body.action, items, body.reason or ""))

    return blueprint


def _item(body: m.BulkBody, one: m.BulkItemBody) -> BulkItem:
    options = LockOptions(
        life=None if body.hours is None else timedelta(hours=body.hours),
        note=body.note or None,
        unlock_on_upload=body.unlock_on_upload,
        seen_version=one.seen_version,
        seen_created=one.seen_version_created,
    )
    return BulkItem(attachment_id=one.id, lock_id=one.lock_id or "", options=options)


def _answer(services: Services, results: Iterable[ItemResult]) -> Response:
    shown = [_result(services, one) for one in results]
    waits = [one.body for one in shown if one.outcome == "retry"]
    longest = max(waits, key=_seconds, default=None)
    model = m.BulkModel(
        items=shown,
        retry_after=None if longest is None else _seconds(longest),
        until=_extra(longest).get("until") if longest else None,
        server_time=services.clock.now(),
    )
    answer = jsonify(model.model_dump(mode="json", by_alias=True))
    answer.status_code = MULTI_STATUS
    if model.retry_after is not None:
        answer.headers["Retry-After"] = str(model.retry_after)
    return answer


def _result(services: Services, one: ItemResult) -> m.BulkResultModel:
    outcome = one.outcome
    if isinstance(outcome, UseCaseError | HostError):
        error = refused(outcome) if isinstance(outcome, UseCaseError) else host_failed(outcome)
        body = s.ErrorModel.model_validate(error.get_json())
        word = "refused" if one.final else "retry"
        return m.BulkResultModel(id=one.attachment_id, outcome=word, status=error.status_code, body=body)
    if isinstance(outcome, WaitlistPlace):
        place = s.NotifyModel(notify_me=s.AskingModel.model_validate(outcome))
        return m.BulkResultModel(id=one.attachment_id, outcome="done", status=OK, body=place)
    lock = lock_answer(services, one.attachment_id, outcome)
    return m.BulkResultModel(id=one.attachment_id, outcome="done", status=outcome.status, body=lock)


def _seconds(body: object) -> int:
    """An error that passes without a time of its own has the usual one, as in the header of a single call."""
    seconds = _extra(body).get("retryAfter")
    return seconds if isinstance(seconds, int) else RETRY_SECONDS


def _extra(body: object) -> dict[str, Any]:
    return (body.model_extra or {}) if isinstance(body, s.ErrorModel) else {}
