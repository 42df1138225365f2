"""EditRequests for a locked file: who asks its holder for it, in which words, and what the holder answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Held
from lockpoint.domain.record_json import Fields, WrongFieldError
from lockpoint.services.ports.notifications import MailIntent

DECLINED = "declined"
HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """One person asks for one lock; `message` is theirs, `note` the holder's. Open until it is declined.

    It ends with the lock. `id` is random: it names the request where nobody may be named.
    """

    id: str
    lock_id: str
    account: str
    at: datetime
    message: str | None = None
    declined_at: datetime | None = None
    note: str | None = None

    @property
    def open(self) -> bool:
        return self.declined_at is None

    def declined(self, at: datetime, note: str | None) -> EditRequest:
        return replace(self, declined_at=at, note=note)


EditRequests = tuple[EditRequest, ...]


def open_requests(requests: EditRequests, lock_id: str, holder: str) -> EditRequests:
    """Return what the holder of this lock is asked and has not answered, oldest first."""
    return tuple(one for one in requests if one.open and one.lock_id == lock_id and one.account != holder)


def written(request: EditRequest) -> dict[str, object]:
    declined = request.declined_at
    return {
        "id": request.id,
        "lock_id": request.lock_id,
        "account": request.account,
        "at": request.at.astimezone(UTC).isoformat(),
        "message": request.message,
        "declined_at": declined.astimezone(UTC).isoformat() if declined else None,
        "note": request.note,
    }


def read_requests(values: object) -> EditRequests:
    """Return the requests of a signed property; whatever has another form is left out."""
    found = (_read(value) for value in values) if isinstance(values, list) else ()
    return tuple(request for request in found if request is not None)


def request_mail(attachment_id: str, held: Held, request: EditRequest) -> MailIntent:
    """Return the mail to the holder; the message stays in Confluence until it is sent."""
    return MailIntent(
        kind=MailKind.EDIT_REQUEST,
        recipient=held.holder,
        attachment_id=attachment_id,
        event_key=request.id,
        actor=request.account,
        lock_id=request.lock_id,
    )


def decline_mail(attachment_id: str, held: Held, request: EditRequest) -> MailIntent:
    """Return the mail to who asked."""
    return MailIntent(
        kind=MailKind.EDIT_ANSWER,
        recipient=request.account,
        attachment_id=attachment_id,
        event_key=request.id,
        actor=held.holder,
        lock_id=request.lock_id,
        detail=DECLINED,
    )


def _read(value: object) -> EditRequest | None:
    if not isinstance(value, Mapping):
        return None
    fields = Fields(value)
    try:
        return EditRequest(
            id=fields.text("id"),
            lock_id=fields.text("lock_id"),
            account=fields.text("account"),
            at=fields.time("at"),
            message=fields.text_or_none("message"),
            declined_at=fields.time_or_none("declined_at"),
            note=fields.text_or_none("note"),
        )
    except WrongFieldError:
        return None
