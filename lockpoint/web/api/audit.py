"""`/api/v1/audit`, as JSON or CSV."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter

from lockpoint.domain.events import AuditKind
from lockpoint.services.errors import Invalid, UseCaseError
from lockpoint.services.listing import audit_view
from lockpoint.services.ports.locks import AuditEvent, AuditQuery
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.many.csv_file import as_file, line, wants_csv
from lockpoint.web.api.requests import bare_id, query_as
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.listing.audit_view import AuditPage, AuditRow

MOST_IN_PAGE: Final = 250
MOST_IN_CSV: Final = 50_000
COLUMNS: Final = ("time", "event", "account", "name", "attachment", "version", "lock", "detail", "recovered")
_COUNT = Annotated[int, Field(ge=0, le=s.LARGEST_COUNT)]
_ID = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]
_PLACE: Final = TypeAdapter(tuple[AwareDatetime, _ID | None, _COUNT, _COUNT, AuditKind])


def audit_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("audit", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/audit")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        asked, actor = query_as(s.AuditQueryModel), current_actor()
        if wants_csv():
            query = _query(asked, usual=MOST_IN_CSV, most=MOST_IN_CSV)
            return _file(audit_view.read_all(services, actor, query, asked.space), told=asked.limit is None)
        page = audit_view.read(services, actor, _query(asked, usual=100, most=MOST_IN_PAGE), asked.space)
        cursor = cursor_of(page.last) if page.last else None
        return jsonify(dump(s.AuditModel(items=[_item(row) for row in page.rows], next_cursor=cursor)))

    return blueprint


def _file(page: AuditPage, *, told: bool) -> Response:
    """A part that does not end the log says so in its name, and where it goes on; who asked for all, in a last line."""
    if page.last is None:
        return as_file(lines(page.rows), "lockpoint-audit")
    rest = {**request.args.to_dict(), "cursor": cursor_of(page.last)}
    answer = as_file([*lines(page.rows), *([_unfinished(page.last)] if told else ())], "lockpoint-audit-part")
    answer.headers["Link"] = f'<?{urlencode(rest)}>; rel="next"'
    return answer


def _unfinished(last: AuditEvent) -> str:
    return line((f"NOT COMPLETE: the log goes on before {last.at.isoformat()}; the header Link leads there",))


def lines(rows: Iterable[AuditRow]) -> Iterator[str]:
    """Yield CSV line by line; no cell begins a formula in a spreadsheet."""
    yield line(COLUMNS)
    for row in rows:
        event, person = row.event, row.person
        yield line(
            (
                event.at.isoformat(),
                event.kind.value,
                event.account or "",
                (person.display_name if person else None) or "",
                event.attachment_id or "",
                "" if event.version is None else str(event.version),
                event.lock_id or "",
                event.detail or "",
                "yes" if event.recovered else "no",
            )
        )


def cursor_of(event: AuditEvent) -> str:
    place = (event.at, event.attachment_id, event.epoch, event.seq, event.kind)
    return base64.urlsafe_b64encode(_PLACE.dump_json(place)).decode().rstrip("=")


def place_from(cursor: str) -> AuditEvent:
    """Return the row that a cursor stands for; `Invalid` for one that is not ours."""
    try:
        place = _PLACE.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise Invalid("This cursor is invalid.") from None
    at, attachment_id, epoch, seq, kind = place
    return AuditEvent(at=at, kind=kind, attachment_id=attachment_id, account=None, epoch=epoch, seq=seq)


def _query(asked: s.AuditQueryModel, *, usual: int, most: int) -> AuditQuery:
    return AuditQuery(
        since=asked.since,
        until=asked.to,
        kind=asked.event,
        account=asked.account,
        attachment_id=bare_id(asked.attachment) if asked.attachment else None,
        after=place_from(asked.cursor) if asked.cursor else None,
        limit=min(asked.limit or usual, most),
    )


def _item(row: AuditRow) -> s.AuditRowModel:
    event = row.event
    return s.AuditRowModel(
        at=event.at,
        event=event.kind,
        person=s.PersonModel.model_validate(row.person) if row.person else None,
        attachment_id=event.attachment_id,
        version=event.version,
        lock_id=event.lock_id,
        detail=event.detail,
        recovered=event.recovered,
    )
