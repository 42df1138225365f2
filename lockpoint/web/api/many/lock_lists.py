"""`GET /api/v1/locks` and `/spaces/<key>/locks`, as JSON or CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from lockpoint.services.errors import UseCaseError
from lockpoint.services.listing import lock_list
from lockpoint.services.listing.lock_list import LockListQuery, LockScope
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.many import schemas as m
from lockpoint.web.api.many.csv_file import as_file, line, wants_csv
from lockpoint.web.api.requests import query_as, space_key
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockpoint.services.container import Services
    from lockpoint.services.listing.lock_list import LockPart, LockRow

COLUMNS: Final = (
    *("file", "file id", "page", "page id", "owner", "account", "since", "ends"),
    *("state", "protection", "why unprotected", "note"),
)


def lock_list_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("lock_lists", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/locks")
    @guarded_by(Guard.CONTEXT)
    def locks() -> Response:
        asked = query_as(m.LocksQuery)
        return _answer(services, _query(asked, LockScope(asked.scope), None))

    @blueprint.get("/spaces/<key>/locks")
    @guarded_by(Guard.CONTEXT)
    def locks_of_space(key: str) -> Response:
        return _answer(services, _query(query_as(m.SpaceLocksQuery), LockScope.SPACE, space_key(key)))

    return blueprint


def _query(asked: m.SpaceLocksQuery, scope: LockScope, key: str | None) -> LockListQuery:
    """A file has as many rows as it may, if nobody asks for fewer."""
    usual = m.MOST_LISTED if wants_csv() and "limit" not in asked.model_fields_set else asked.limit
    return LockListQuery(
        scope=scope,
        space_key=key,
        text=asked.q,
        state=asked.state,
        holder=asked.holder,
        page_id=asked.page,
        order=asked.sort,
        cursor=asked.cursor,
        limit=usual,
    )


def _answer(services: Services, query: LockListQuery) -> Response:
    actor = current_actor()
    part = lock_list.read(services, actor, query)
    if wants_csv():
        return _file(part)
    model = m.LocksModel(
        items=[_item(row) for row in part.rows],
        viewer_account_id=actor.account_id,
        next_cursor=part.next_cursor,
        searched_all=part.searched_all,
        server_time=services.clock.now(),
    )
    return jsonify(dump(model))


def _item(row: LockRow) -> m.ListedLockModel:
    return m.ListedLockModel(
        id=row.attachment_id,
        title=row.title,
        open=row.open_url,
        page_id=row.container.id if row.container else None,
        page_title=row.page_title,
        lock=s.LockModel.model_validate(row.lock),
    )


def _file(part: LockPart) -> Response:
    """A part that does not end the list says so in its name, and where the list goes on."""
    answer = as_file(lines(part), "lockpoint-locks" if part.next_cursor is None else "lockpoint-locks-part")
    if part.next_cursor is not None:
        rest = {**request.args.to_dict(), "cursor": part.next_cursor}
        answer.headers["Link"] = f'<?{urlencode(rest)}>; rel="next"'
    return answer


def lines(part: LockPart) -> Iterator[str]:
    yield line(COLUMNS)
    for row in part.rows:
        lock, holder = row.lock, row.lock.holder
        yield line(
            (
                row.title or "",
                row.attachment_id,
                row.page_title or "",
                row.container.id if row.container else "",
                (holder.display_name if holder else None) or "",
                holder.account_id if holder else "",
                lock.since.isoformat() if lock.since else "",
                lock.expires_at.isoformat() if lock.expires_at else "",
                lock.state.value,
                lock.protection,
                lock.unprotected_reason or "",
                lock.note or "",
            )
        )
