"""`/api/v1`: locks and lists; views translate between HTTP and one use case."""

from __future__ import annotations

import gzip
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from lockpoint.services.edit_requests import ask as edit_requests
from lockpoint.services.edit_requests.decline import decline
from lockpoint.services.edit_requests.hand_over import hand_over
from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import once_set
from lockpoint.services.listing import page_files
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.break_lock import break_lock
from lockpoint.services.locks.extend import extend
from lockpoint.services.locks.give_access import give_access
from lockpoint.services.locks.lock_view import LockView
from lockpoint.services.locks.release import release
from lockpoint.services.locks.result import LockResult
from lockpoint.services.locks.show import show
from lockpoint.services.locks.take_over import take_over
from lockpoint.services.ports.confluence import Container, ContainerKind, UnreadableFile
from lockpoint.web.api import schemas as s
from lockpoint.web.api.openapi import document
from lockpoint.web.api.requests import bare_id, body_as, key_of, query_as
from lockpoint.web.errors import error_answer
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.services.container import Services
    from lockpoint.services.context import Actor
    from lockpoint.services.listing.page_files import FileRow, Listing
    from lockpoint.services.lock_record.waitlist import WaitlistPlace

PREFIX = "/api/v1"
WORTH_PACKING, PACKING = 2_000, 5  # bytes, and how hard to try


def api_routes(services: Services) -> Blueprint:
    """Includes the OpenAPI document."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)
    _reading_routes(blueprint, services)
    _locking_routes(blueprint, services)
    _managing_routes(blueprint, services)
    _request_routes(blueprint, services)
    _waitlist_routes(blueprint, services)
    _access_routes(blueprint, services)
    return blueprint


def refused(error: UseCaseError) -> Response:
    """The lock gets the API's shape."""
    details = dict(error.details)
    if isinstance(lock := details.get("lock"), LockView):
        details["lock"] = dump(s.LockModel.model_validate(lock))
    return error_answer(error.code, error.message, details)


def dump(model: s.Outgoing) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)


def _reading_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/openapi.json")
    @guarded_by(Guard.CONTEXT)
    def openapi() -> Response:
        return Response(document(), content_type="application/json")

    @blueprint.get("/pages/<page_id>/attachments")
    @guarded_by(Guard.CONTEXT)
    def page_attachments(page_id: str) -> Response:
        return _list(services, bare_id(page_id), query_as(s.ListQuery))

    @blueprint.get("/attachments/<attachment_id>/lock")
    @guarded_by(Guard.CONTEXT)
    def show_lock(attachment_id: str) -> Response:
        id_ = bare_id(attachment_id)
        view = show(services, current_actor(), id_)
        lock = s.LockModel.model_validate(view)
        return jsonify(dump(s.LockStateModel(id=id_, lock=lock, server_time=services.clock.now())))


def _locking_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/attachments/<attachment_id>/lock")
    @guarded_by(Guard.CONTEXT)
    def post_lock(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.AcquireBody)
        options = LockOptions(
            life=_life(body.hours),
            note=body.note or None,
            unlock_on_upload=body.unlock_on_upload,
            seen_version=body.seen_version,
            seen_created=body.seen_version_created,
        )
        return _answer(services, id_, acquire(services, current_actor(), id_, key_of(body), options))

    @blueprint.post("/attachments/<attachment_id>/lock/release")
    @guarded_by(Guard.CONTEXT)
    def post_release(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.ReleaseBody)
        return _answer(services, id_, release(services, current_actor(), id_, key_of(body), body.lock_id))

    @blueprint.post("/attachments/<attachment_id>/lock/extend")
    @guarded_by(Guard.CONTEXT)
    def post_extend(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.ExtendBody)
        wish = partial(extend, note=body.note, unlock_on_upload=body.unlock_on_upload)
        answer = wish(services, current_actor(), id_, key_of(body), body.lock_id, _life(body.hours))
        return _answer(services, id_, answer)


def _managing_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/attachments/<attachment_id>/lock/break")
    @guarded_by(Guard.CONTEXT)
    def post_break(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.BreakBody)
        answer = break_lock(services, current_actor(), id_, key_of(body), body.lock_id, body.reason)
        return _answer(services, id_, answer)

    @blueprint.post("/attachments/<attachment_id>/lock/take-over")
    @guarded_by(Guard.CONTEXT)
    def post_take_over(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.TakeOverBody)
        options = LockOptions(life=_life(body.hours), note=body.note or None, unlock_on_upload=body.unlock_on_upload)
        answer = take_over(services, current_actor(), id_, key_of(body), body.lock_id, body.reason, options)
        return _answer(services, id_, answer)


def _request_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/attachments/<attachment_id>/lock/request")
    @guarded_by(Guard.CONTEXT)
    def post_request(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.RequestBody)
        answer = edit_requests.ask(services, current_actor(), id_, key_of(body), body.lock_id, body.message or None)
        return _answer(services, id_, answer)

    @blueprint.post("/attachments/<attachment_id>/lock/cancel-request")
    @guarded_by(Guard.CONTEXT)
    def post_cancel_request(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.CancelRequestBody)
        return _answer(services, id_, edit_requests.cancel(services, current_actor(), id_, key_of(body), body.lock_id))

    @blueprint.post("/attachments/<attachment_id>/lock/decline")
    @guarded_by(Guard.CONTEXT)
    def post_decline(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.DeclineBody)
        who, note = body.account_id, body.note or None
        answer = decline(services, current_actor(), id_, key_of(body), body.lock_id, who, note)
        return _answer(services, id_, answer)

    @blueprint.post("/attachments/<attachment_id>/lock/hand-over")
    @guarded_by(Guard.CONTEXT)
    def post_hand_over(attachment_id: str) -> tuple[Response, int]:
        id_, body = bare_id(attachment_id), body_as(s.HandOverBody)
        answer = hand_over(services, current_actor(), id_, key_of(body), body.lock_id, body.account_id, body.reason)
        return _answer(services, id_, answer)


def _waitlist_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.put("/attachments/<attachment_id>/notify-me")
    @guarded_by(Guard.CONTEXT)
    def ask(attachment_id: str) -> Response:
        return _change_waitlist(services, bare_id(attachment_id), notify_me.ask)

    @blueprint.delete("/attachments/<attachment_id>/notify-me")
    @guarded_by(Guard.CONTEXT)
    def cancel(attachment_id: str) -> Response:
        return _change_waitlist(services, bare_id(attachment_id), notify_me.cancel)


def _access_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/pages/<page_id>/access")
    @guarded_by(Guard.CONTEXT)
    def post_access(page_id: str) -> Response:
        id_, actor, key = bare_id(page_id), current_actor(), key_of(body_as(s.AccessBody))

        def give() -> int:
            return give_access(services, actor, id_)

        return jsonify(dump(s.AccessModel(id=id_, files=once_set(services, actor, key, give, give))))


def _change_waitlist(services: Services, id_: str, change: Callable[[Services, Actor, str], WaitlistPlace]) -> Response:
    actor, key = current_actor(), key_of(body_as(s.NotifyBody))
    asking = once_set(
        services,
        actor,
        key,
        lambda: change(services, actor, id_),
        lambda: notify_me.present(services, actor, id_),
    )
    return jsonify(dump(s.NotifyModel(notify_me=s.AskingModel.model_validate(asking))))


def _list(services: Services, content_id: str, asked: s.ListQuery) -> Response:
    """Return the list, or 304 while the caller's copy has the right locks."""
    actor = current_actor()
    page = Container(ContainerKind.PAGE, content_id)
    mark = _mark(services, asked)
    for tag in filter(None, request.if_none_match.as_set(include_weak=True)):  # `""` is parsed as None
        etag, _, its_mark = tag.rpartition(".")
        if its_mark == mark and page_files.unchanged(services, actor, page, etag):
            return _tagged(Response(status=304), tag)
    query = page_files.Query(text=asked.q, state=asked.state, sort=asked.sort, cursor=asked.cursor, limit=asked.limit)
    found = page_files.of_content(services, actor, content_id, query)
    answer = jsonify(dump(_list_model(services, actor.account_id, found)))
    return _tagged(_packed(answer), f"{found.etag}.{mark}")


def _packed(answer: Response) -> Response:
    """A list of 250 files is 150 KB, and 10 KB as gzip."""
    answer.vary.add("Accept-Encoding")
    if len(answer.get_data()) >= WORTH_PACKING and request.accept_encodings["gzip"]:
        answer.set_data(gzip.compress(answer.get_data(), PACKING))
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _tagged(answer: Response, tag: str) -> Response:
    """Weak, because the list contains the time."""
    answer.set_etag(tag, weak=True)
    return answer


def _mark(services: Services, asked: s.ListQuery) -> str:
    """A tag counts for this part of the list only. Keyed: what somebody searches for is not to be guessed from it."""
    keys = services.tag_keys
    return keys.digests(f"list-part/{asked.model_dump_json()}".encode())[keys.newest][:12]


def _list_model(services: Services, account: str, found: Listing) -> s.ListModel:
    return s.ListModel(
        title=found.title,
        total=found.total,
        items=[_row(row) for row in found.rows],
        next_cursor=found.next_cursor,
        server_time=services.clock.now(),
        viewer=s.ViewerModel(account_id=account, may_edit=found.may_edit, may_break=found.may_break),
        active=not found.switched_off,
    )


def _row(row: FileRow) -> s.AttachmentModel:
    file, lock = row.attachment, s.LockModel.model_validate(row.lock)
    if isinstance(file, UnreadableFile):
        return s.AttachmentModel(
            id=file.id,
            title=file.title or "",
            media_type=None,
            file_size=None,
            version=None,
            version_created=None,
            links=None,
            lock=lock,
        )
    return s.AttachmentModel(
        id=file.id,
        title=file.title,
        media_type=file.media_type,
        file_size=file.size,
        version=file.head.number,
        version_created=file.head.created,
        links=s.LinksModel(open=file.open_url, download=file.download_url),
        lock=lock,
    )


def _answer(services: Services, attachment_id: str, answer: LockResult) -> tuple[Response, int]:
    return jsonify(dump(lock_answer(services, attachment_id, answer))), answer.status


def lock_answer(services: Services, attachment_id: str, answer: LockResult) -> s.LockAnswerModel:
    return s.LockAnswerModel(
        id=attachment_id,
        lock=s.LockModel.model_validate(answer.lock),
        warning=_warning(answer),
        server_time=services.clock.now(),
    )


def _warning(answer: LockResult) -> s.WarningModel | None:
    moved = answer.warning
    if moved is None:
        return None
    text = f"Version {moved.version} was uploaded while you locked the file; your lock protects that version."
    return s.WarningModel(code="head_moved", message=text, author=moved.author, version=moved.version)


def _life(hours: int | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)
