"""The shapes of `/api/v1`: for requests, answers and OpenAPI."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason
from lockpoint.services.listing.page_files import Sort
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.tenancy import UsageEvent

_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
SPACE_KEY = r"~?[A-Za-z0-9_.:-]{1,200}"
LARGEST_COUNT = 2**31 - 1  # of versions and revisions

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
LockId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Hours = Annotated[int, Field(strict=True, ge=1, le=8760)]
# Free text: no control characters but line breaks and tabs.
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
ReasonText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
_IDS = r"^[A-Za-z0-9:_-]{1,128}(,[A-Za-z0-9:_-]{1,128}){0,24}$"  # up to 25
_FILE_IDS = r"^(att)?[1-9][0-9]{0,18}(,(att)?[1-9][0-9]{0,18}){0,24}$"  # up to 25
PersonId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_-]{1,128}$")]


def plain_number(text: object) -> object:
    """Refuse what Python also takes: `+1`, `1_0`, ` 1 `."""
    if isinstance(text, str) and not (text.isascii() and text.isdigit()):
        raise ValueError("must be a number")
    return text


def iso_time(text: object) -> object:
    """Refuse what pydantic also takes: a number of seconds."""
    if not isinstance(text, str) or _ISO_TIME.fullmatch(text) is None:
        raise ValueError("must be a time with its offset, as the list has it")
    return text


class Incoming(BaseModel):
    """camelCase, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, alias_generator=to_camel)


class Outgoing(BaseModel):
    """camelCase, from the services' values."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, alias_generator=to_camel, populate_by_name=True, from_attributes=True
    )


class Command(Incoming):
    """The id gives a repeated call one effect."""

    request_id: RequestId


class AcquireBody(Command):
    seen_version: Annotated[int, Field(strict=True, ge=1, le=LARGEST_COUNT)] | None = None
    seen_version_created: Annotated[AwareDatetime, BeforeValidator(iso_time)] | None = None
    hours: Hours | None = None
    note: Note | None = None
    unlock_on_upload: Annotated[bool, Field(strict=True)] = False


class ReleaseBody(Command):
    lock_id: LockId


class ExtendBody(Command):
    """Life counts from now; null leaves note and wish as they are, an empty note goes."""

    lock_id: LockId
    hours: Hours | None = None
    note: Note | None = None
    unlock_on_upload: Annotated[bool, Field(strict=True)] | None = None


class BreakBody(Command):
    lock_id: LockId
    reason: ReasonText


class TakeOverBody(Command):
    lock_id: LockId
    reason: ReasonText
    hours: Hours | None = None
    note: Note | None = None
    unlock_on_upload: Annotated[bool, Field(strict=True)] = False


class RequestBody(Command):
    """Ask the owner of this lock for the file."""

    lock_id: LockId
    message: Note | None = None


class CancelRequestBody(Command):
    lock_id: LockId


class DeclineBody(Command):
    """`accountId` is who asked."""

    lock_id: LockId
    account_id: PersonId
    note: Note | None = None


class HandOverBody(Command):
    """`accountId` is who asked; whoever is not the owner of the lock gives a reason."""

    lock_id: LockId
    account_id: PersonId
    reason: ReasonText | None = None


class NotifyBody(Command):
    """Join or leave the waitlist."""


class AccessBody(Command):
    """Give the app access to a page."""


class MailChoices(BaseModel):
    """Which optional mails a person wants."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)

    lock_ended: Annotated[bool, Field(strict=True)] = True
    overwrite_attempt: Annotated[bool, Field(strict=True)] = True
    unprotected: Annotated[bool, Field(strict=True)] = True
    lock_will_end: Annotated[bool, Field(strict=True)] = True
    edit_request: Annotated[bool, Field(strict=True)] = True
    edit_answer: Annotated[bool, Field(strict=True)] = True
    endless_locks: Annotated[bool, Field(strict=True)] = True


class PreferencesBody(Command):
    """All preferences; null follows the Confluence profile, and leaves `restricted` as it is."""

    mails: MailChoices = MailChoices()
    locale: Annotated[str, StringConstraints(max_length=35)] | None = None
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None = None
    restricted: Annotated[bool, Field(strict=True)] | None = None


class ListQuery(Incoming):
    q: Annotated[str, StringConstraints(max_length=200)] = ""
    state: ViewState | None = None
    sort: Sort = Sort.TITLE
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=250), BeforeValidator(plain_number)] = 100


class AuditQueryModel(Incoming):
    """`from` belongs to the time asked for, `to` does not. Without a space the whole site, for site admins."""

    space: Annotated[str, StringConstraints(pattern=rf"^{SPACE_KEY}$")] | None = None
    since: Annotated[AwareDatetime | None, BeforeValidator(iso_time)] = Field(None, alias="from")
    to: Annotated[AwareDatetime, BeforeValidator(iso_time)] | None = None
    event: AuditKind | None = None
    account: PersonId | None = None
    attachment: Annotated[str, StringConstraints(pattern=r"^(att)?[1-9][0-9]{0,18}$")] | None = None
    cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,400}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=50_000), BeforeValidator(plain_number)] | None = None


class SearchQuery(Incoming):
    """Either the beginning of a name, or ids of those whose names are wanted, separated by commas."""

    q: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    ids: Annotated[str, StringConstraints(pattern=_IDS)] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.q is None) is (self.ids is None):
            raise ValueError("give q or ids")
        return self


class PeopleQuery(SearchQuery):
    """`kind` is what to find by name; ids may be of both."""

    kind: Literal["person", "app"] = "person"


class FilesQuery(Incoming):
    """Ids of attachments, separated by commas."""

    ids: Annotated[str, StringConstraints(pattern=_FILE_IDS)]


class FileModel(Outgoing):
    id: str
    title: str
    open: str | None


class FilesModel(Outgoing):
    """Files that the caller sees. `unknown`: Confluence could not be asked for these just now."""

    files: list[FileModel]
    unknown: list[str]


class PersonModel(Outgoing):
    """The name is null where Confluence hides it."""

    account_id: str
    display_name: str | None


class PeopleModel(Outgoing):
    """Some people whose name fits, as Confluence shows them to the caller."""

    people: list[PersonModel]


class GroupModel(Outgoing):
    id: str
    name: str


class GroupsModel(Outgoing):
    """Some groups whose name fits, as Confluence shows them to the caller."""

    groups: list[GroupModel]


class AuditRowModel(Outgoing):
    """`person` is null where nobody did it; the name is null where nobody is known any more."""

    at: datetime
    event: AuditKind
    person: PersonModel | None
    attachment_id: str | None
    version: int | None
    lock_id: str | None
    detail: str | None
    recovered: bool


class AuditModel(Outgoing):
    """Rows of the audit log, newest first."""

    items: list[AuditRowModel]
    next_cursor: str | None


class AskingModel(Outgoing):
    asked: bool
    count: int
    position: int | None


class CanModel(Outgoing):
    """What the viewer may do now."""

    lock: bool
    release: bool
    extend: bool
    break_: Annotated[bool, Field(alias="break")]
    take_over: bool
    notify_me: bool
    give_access: bool
    request: bool
    cancel_request: bool
    decline: bool
    hand_over: bool


class LastEndedModel(Outgoing):
    reason: EndReason
    by: PersonModel | None
    at: datetime
    why: str | None


class RequestModel(Outgoing):
    """Somebody asks for the file; `message` only for the owner and who asks, the last two only for who was declined."""

    person: PersonModel
    at: datetime
    message: str | None
    declined_at: datetime | None
    note: str | None


class LockModel(Outgoing):
    """A lock as the viewer sees it."""

    state: ViewState
    lock_id: str | None
    holder: PersonModel | None
    since: datetime | None
    expires_at: datetime | None
    seconds_left: int | None
    note: str | None
    unlock_on_upload: bool
    protection: Literal["protected", "restoring", "unprotected", "suspended"]
    unprotected_reason: str | None
    paused_until: datetime | None
    notify_me: AskingModel
    requests: list[RequestModel]
    can: CanModel
    last_ended: LastEndedModel | None


class WarningModel(Outgoing):
    """The call worked; the caller should know this."""

    code: Literal["head_moved"]
    message: str
    author: str | None
    version: int


class LockAnswerModel(Outgoing):
    """The lock after a call."""

    id: str
    lock: LockModel
    warning: WarningModel | None
    server_time: datetime


class LockStateModel(Outgoing):
    """The lock of one file."""

    id: str
    lock: LockModel
    server_time: datetime


class LinksModel(Outgoing):
    """Where Confluence shows and serves the file."""

    open: str
    download: str


class AttachmentModel(Outgoing):
    """Of a file in state `unreadable` all may be missing but its id; its title may be empty."""

    id: str
    title: str
    media_type: str | None
    file_size: int | None
    version: int | None
    version_created: datetime | None
    links: LinksModel | None
    lock: LockModel


class ViewerModel(Outgoing):
    account_id: str
    may_edit: bool
    may_break: bool


class ListModel(Outgoing):
    """The files of a page, `total` in all parts. `active` False: Lockpoint is off here, and nothing is listed."""

    title: str
    items: list[AttachmentModel]
    total: int
    next_cursor: str | None
    server_time: datetime
    viewer: ViewerModel
    active: bool


class NotifyModel(Outgoing):
    """The viewer's place on the waitlist."""

    notify_me: AskingModel


class AccessModel(Outgoing):
    """The app may edit the page; `files` locks on it are looked at now."""

    id: str
    files: int


class SelfTestModel(Outgoing):
    result: Literal["works", "refused", "unknown"]
    at: datetime | None


class UsageModel(Outgoing):
    """An event's count on one day; locale and zone are empty where unknown."""

    day: date
    event: UsageEvent
    locale: str
    zone: str
    count: int


class PreferencesModel(Outgoing):
    """The caller's preferences. Restricted: data about the person are only kept, not used."""

    mails: MailChoices
    locale: str | None
    time_zone: str | None
    restricted: bool


class PurposeModel(Outgoing):
    """Why a group of data is there, and where it comes from."""

    purpose: str
    origin: str


class MyDataModel(Outgoing):
    """All data about the caller on this site; rows keep their stored names."""

    site: str
    account_id: str
    collected_at: datetime
    database: dict[str, list[dict[str, Any]]]
    locks: list[dict[str, Any]]
    ended: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    preferences: dict[str, Any]
    complete: bool
    purposes: dict[str, PurposeModel]
    notes: list[str]


class ErrorModel(Outgoing):
    """The body of every error; details differ by code."""

    model_config = ConfigDict(extra="allow")

    error: str
    message: str
