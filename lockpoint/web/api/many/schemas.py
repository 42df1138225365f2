"""The shapes of calls about many files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, model_validator

from lockpoint.domain.events import MailKind
from lockpoint.services.bulk import NAMES_LOCK, BulkAction
from lockpoint.services.ports.listing import ListedState, LockOrder
from lockpoint.web.api.schemas import (
    LARGEST_COUNT,
    SPACE_KEY,
    Command,
    ErrorModel,
    Hours,
    Incoming,
    LockAnswerModel,
    LockId,
    LockModel,
    Note,
    NotifyModel,
    Outgoing,
    PersonModel,
    ReasonText,
    SelfTestModel,
    iso_time,
    plain_number,
)

MOST_IN_BULK = 100
MOST_LISTED = 250

FileId = Annotated[
    str, StringConstraints(pattern=r"^(att)?[1-9][0-9]{0,18}$"), AfterValidator(lambda text: text.removeprefix("att"))
]


SearchText = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


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


class SpaceLocksQuery(Incoming):
    """`q`: beginnings of words of file names, or of owners' names, as Confluence's search finds them."""

    q: SearchText = ""
    state: ListedState | None = None
    holder: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_-]{1,128}$")] | None = None
    page: FileId | None = None
    sort: LockOrder = LockOrder.EXPIRES
    cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=-]{1,600}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED), BeforeValidator(plain_number)] = 50


class LocksQuery(SpaceLocksQuery):
    """`site`, for site admins, leaves out pages that they may not view. `waiting`: others' locks that one awaits.

    It reads the locks of others, four times as many as it lists at most, so its parts may be short.
    """

    scope: Literal["mine", "waiting", "site"]


class ListedLockModel(Outgoing):
    """The titles are null where the owner may not see the page any more."""

    id: str
    title: str | None
    open: str | None
    page_id: str | None
    page_title: str | None
    lock: LockModel


class LocksModel(Outgoing):
    """Locks across pages; `searchedAll` is false where `q` found more files than are looked at."""

    items: list[ListedLockModel]
    viewer_account_id: str
    next_cursor: str | None
    searched_all: bool
    server_time: datetime


class NoticeModel(Outgoing):
    """Title and link are null where the file is gone, or could not be asked for just now."""

    id: str
    kind: MailKind
    at: datetime
    attachment_id: str
    title: str | None
    open: str | None
    version: int | None
    lock_id: str | None
    detail: str | None
    person: PersonModel | None


class NoticesModel(Outgoing):
    """What the caller should be shown now, newest first."""

    items: list[NoticeModel]
    server_time: datetime


class SelfTestBody(Command):
    """Try again whether Confluence restores versions of attachments."""


class SelfTestRunModel(SelfTestModel):
    """The last result; `secondsUntilNext` is how long it is the answer to whoever asks for another test."""

    seconds_until_next: int


class FormerSiteBody(Command):
    """Let the locks of an earlier installation by Connect at the same address count; nothing where there is none."""


class FormerSiteModel(Outgoing):
    """Whether there is still one whose locks do not count."""

    former_site: bool


class HealthQuery(Incoming):
    """Without a space the whole site, for site admins."""

    space: Annotated[str, StringConstraints(pattern=rf"^{SPACE_KEY}$")] | None = None


class ReasonModel(Outgoing):
    """Why so many locks do not protect."""

    reason: str
    count: int


class LocksHealthModel(Outgoing):
    """All live locks, also those on pages that the caller may not see."""

    live: int
    unprotected: list[ReasonModel]
    licensed: bool


class PointsHealthModel(Outgoing):
    """Confluence's points that this site used in the present hour, and may use in one; null: nobody counts."""

    used: int | None
    most: int
    until: datetime
    blocked_until: datetime | None


class MailsHealthModel(Outgoing):
    """Of the last seven days by result; people without an address, or told in comments; mails that wait, or parked."""

    results: dict[str, int]
    without_address: int
    told_in_comments: int
    refused: int
    waiting: int
    parked: int


class ForgeHealthModel(Outgoing):
    """How long the app may call the site with the token that Forge brought last; null: not until the next one comes.

    When Forge sent an event, and its hourly call, last; null: none yet. `formerSite`: there are locks of an earlier
    installation by Connect that do not count.
    """

    access_until: datetime | None
    renewed_at: datetime | None
    last_event_at: datetime | None
    last_tick_at: datetime | None
    former_site: bool


class HealthModel(Outgoing):
    """Of a space only the locks; the other members are null then. `forge` is null on a site at Connect's door, too."""

    locks: LocksHealthModel
    points: PointsHealthModel | None
    mails: MailsHealthModel | None
    parked_jobs: dict[str, int] | None
    restore_self_test: SelfTestModel | None
    forge: ForgeHealthModel | None
    server_time: datetime
