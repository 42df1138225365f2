"""The shapes of calls about many files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator

from lockpoint.services.bulk import NAMES_LOCK, BulkAction
from lockpoint.web.api.schemas import (
    LARGEST_COUNT,
    Command,
    ErrorModel,
    Hours,
    Incoming,
    LockAnswerModel,
    LockId,
    Note,
    NotifyModel,
    Outgoing,
    ReasonText,
    iso_time,
)

MOST_IN_BULK = 100

FileId = Annotated[
    str, StringConstraints(pattern=r"^(att)?[1-9][0-9]{0,18}$"), AfterValidator(lambda text: text.removeprefix("att"))
]


class BulkItemBody(Incoming):
    """`lockId` is the lock that the caller saw: for `unlock`, `extend` and `break`."""

    id: FileId
    lock_id: LockId | None = None
    seen_version: Annotated[int, Field(strict=True, ge=1, le=LARGEST_COUNT)] | None = None
    seen_version_created: Annotated[AwareDatetime, BeforeValidator(iso_time)] | None = None


class BulkBody(Command):
    """One act on each file, all with the same options; `break` needs a reason."""

    action: BulkAction
    items: Annotated[tuple[BulkItemBody, ...], Field(min_length=1, max_length=MOST_IN_BULK)]
    hours: Hours | None = None
    note: Note | None = None
    unlock_on_upload: Annotated[bool, Field(strict=True)] = False
    reason: ReasonText | None = None

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("a file is named twice")
        if self.action in NAMES_LOCK and not all(item.lock_id for item in self.items):
            raise ValueError("each file needs its lockId")
        if (self.reason is not None) is not (self.action is BulkAction.BREAK):
            raise ValueError("a reason belongs to break, and break needs one")
        return self


class BulkResultModel(Outgoing):
    """`status` and `body` are those of the single call; `retry`: send the same request again, after `retryAfter`."""

    id: str
    outcome: Literal["done", "refused", "retry"]
    status: int
    body: LockAnswerModel | NotifyModel | ErrorModel


class BulkModel(Outgoing):
    """A result for each file, in the order of the request; `retryAfter` in seconds, null when nothing is left."""

    items: list[BulkResultModel]
    retry_after: int | None
    until: datetime | None
    server_time: datetime
