"""Confluence, as use cases need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.domain.lock import Base
from lockpoint.services.context import Priority, Tenant


class ContainerKind(StrEnum):
    PAGE = "page"
    BLOGPOST = "blogpost"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Container:
    kind: ContainerKind
    id: str


@dataclass(frozen=True, slots=True)
class StoredProperty:
    """Version from 1 (0 where there are none), parsed JSON, the host's time of writing.

    Anybody may have stored any value; id, version and time are the host's.
    """

    id: str
    version: int
    value: object
    created: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment as the caller sees it; `id` is bare digits.

    `properties` are all rows under the lock key, lowest id first; None when not asked for. `waitlist_row` is the row
    under `lockpointwatch`. `host_time` is the answer's Date header.
    """

    id: str
    status: FileStatus
    title: str
    media_type: str
    size: int
    container: Container | None
    head: Version
    may_update: bool = False
    properties: tuple[StoredProperty, ...] | None = None
    waitlist_row: StoredProperty | None = None
    open_url: str = ""
    download_url: str = ""
    host_time: datetime | None = None

    def base(self) -> Base:
        return Base(created=self.head.created, author=self.head.author, size=self.head.size, number=self.head.number)


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """What can be said of a listed file that Confluence describes in a form that we do not know."""

    id: str
    title: str | None


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    """`next_cursor` is opaque; None at the end. `whole` says that no file lacks even its id."""

    items: tuple[Attachment, ...]
    next_cursor: str | None
    unreadable: tuple[UnreadableFile, ...] = ()
    whole: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        return (*(file.id for file in self.items), *(file.id for file in self.unreadable))


class Attachments(Protocol):
    """A site's files, as `person` or (None) as the app. Raises the errors of `services.errors`.

    One `GoneOrInvisible` is not proof: see `confirmed_gone`.
    """

    def get(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        priority: Priority,
        person: str | None = None,
        properties: bool = True,
        operations: bool = True,
    ) -> Attachment: ...

    def of_container(
        self,
        tenant: Tenant,
        container: Container,
        *,
        priority: Priority,
        person: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> AttachmentPage:
        """Current attachments that the caller may see, without properties and permissions."""
        ...

    def newest(
        self, tenant: Tenant, container: Container, *, priority: Priority, person: str | None = None
    ) -> AttachmentPage:
        """The one that was changed last, or none; `GoneOrInvisible` for the page."""
        ...

    def versions(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        back_to: datetime | None,
        priority: Priority,
        person: str | None = None,
    ) -> tuple[tuple[Version, ...], bool]:
        """Return versions oldest first, back to one not younger than `back_to` (None: all), and whether that is all.

        Without sizes, file ids and titles: `version` reads those.
        """
        ...

    def version(
        self, tenant: Tenant, attachment_id: str, number: int, *, priority: Priority, person: str | None = None
    ) -> Version: ...

    def restore(
        self,
        tenant: Tenant,
        attachment_id: str,
        number: int,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        """Restore version `number` by Confluence's own operation; return the new version.

        Raises `Rejected` or `Forbidden` when refused.
        """
        ...

    def copy(
        self,
        tenant: Tenant,
        attachment: Attachment,
        source: Version,
        message: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> Version:
        """Copy mode: stream the bytes of `source` into a new minor version of its media type; the name stays.

        Raises `TooLarge`, or `BadAnswer` when their number is not `source.size`.
        """
        ...

    def rename(
        self,
        tenant: Tenant,
        attachment: Attachment,
        title: str,
        media_type: str | None,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> None:
        """Rename and retype (None: leave the type) if `attachment.head` is still the newest version.

        Raises `LostRace` otherwise, and when another file has the name.
        """
        ...

    def undo_trash(
        self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority, person: str | None = None
    ) -> None:
        """Restore from the trash under `title`; raises `LostRace` when the name is taken or the version moved."""
        ...

    def confirmed_gone(
        self, tenant: Tenant, attachment_id: str, container: Container | None, *, priority: Priority
    ) -> bool:
        """Return whether two different reads at least 1.5 s apart agree that the file is purged."""
        ...


@dataclass(frozen=True, slots=True)
class FileProperties:
    """All rows under the lock key, lowest id first, and that of the waitlist."""

    locks: tuple[StoredProperty, ...]
    waitlist: StoredProperty | None


class LockProperties(Protocol):
    """The lock record, written on condition of its version, as `person` or, for None, as the app."""

    def read(
        self, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
    ) -> FileProperties:
        """Without the file, for half the points; `GoneOrInvisible` for the file."""
        ...

    def create(
        self,
        tenant: Tenant,
        attachment_id: str,
        value: Mapping[str, object],
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        """`LostRace` when a row exists; after `HostUnavailable` it may exist, now or later."""
        ...

    def replace(
        self,
        tenant: Tenant,
        attachment_id: str,
        property_id: str,
        value: Mapping[str, object],
        version: int,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        """Write `value` as `version` (the present one + 1); `LostRace` otherwise, also for a missing row."""
        ...

    def delete(
        self, tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority, person: str | None = None
    ) -> None:
        """Delete a duplicate row, never the only one."""
        ...


class PropertyHost(StrEnum):
    ATTACHMENT = "attachment"
    PAGE = "page"
    BLOGPOST = "blogpost"
    SPACE = "space"


class Properties(Protocol):
    """Our other properties: waitlist, byline, site settings; `person` as for `LockProperties`."""

    def read(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty | None:
        """The row, the lowest id of several."""
        ...

    def create(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        value: object,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        """`LostRace` when it exists."""
        ...

    def replace(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        stored: StoredProperty,
        value: object,
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        """`LostRace` unless `stored` is the present version and the only row; other rows are gone then."""
        ...

    def read_app(self, tenant: Tenant, key: str, *, priority: Priority) -> object | None:
        """Users can write app properties, and the last write wins: verify what you read."""
        ...

    def write_app(self, tenant: Tenant, key: str, value: object, *, priority: Priority) -> None: ...


@dataclass(frozen=True, slots=True)
class ContainerView:
    """As one person sees it now."""

    container: Container
    space_id: str
    title: str
    status: FileStatus
    may_update: bool


@dataclass(frozen=True, slots=True)
class Space:
    id: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """`in_use` is False for closed and deactivated accounts."""

    account_id: str
    display_name: str
    in_use: bool
    time_zone: str | None = None
    locale: str | None = None


class People(Protocol):
    """Asked of Confluence each time."""

    def container(
        self, tenant: Tenant, account: str | None, container: Container, *, priority: Priority
    ) -> ContainerView:
        """As `account` (None: the app); `GoneOrInvisible`."""
        ...

    def space(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> Space:
        """As `account` sees it; `GoneOrInvisible`."""
        ...

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, priority: Priority) -> bool:
        """Asked as that person."""
        ...

    def administers_site(self, tenant: Tenant, account: str, *, priority: Priority) -> bool: ...

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, priority: Priority) -> Mapping[str, Person]:
        """Accounts that Confluence does not know are left out."""
        ...

    def profile(self, tenant: Tenant, account: str, *, priority: Priority) -> Person:
        """With time zone and locale where Confluence tells them; `GoneOrInvisible`."""
        ...

    def space_administrators(self, tenant: Tenant, space_id: str, *, priority: Priority) -> Sequence[str]:
        """Those named one by one; groups are not expanded."""
        ...

    def address(self, tenant: Tenant, account: str, *, priority: Priority) -> str:
        """For one mail; `NoAddress`."""
        ...

    def admit(
        self, tenant: Tenant, person: str, container: Container, account: str, *, priority: Priority
    ) -> tuple[str, ...]:
        """As `person`, add `account` to each restriction of the page that leaves it out; return the operations.

        An operation that is open to all stays open. Raises `GoneOrInvisible`, `Forbidden` or `Rejected` when refused.
        """
        ...

    def own_account(self, tenant: Tenant, *, priority: Priority) -> str:
        """The app user; cached, since it never changes during an installation."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str


class Directory(Protocol):
    """People and groups of a site, asked as one of its people."""

    def groups_of(self, tenant: Tenant, account: str, *, priority: Priority) -> frozenset[str]:
        """Ids of the person's own groups."""
        ...

    def find_people(
        self, tenant: Tenant, account: str, text: str, *, priority: Priority, apps: bool = False
    ) -> Sequence[Person]:
        """Some whose name has words that begin like those of `text`: people, or the accounts of apps."""
        ...

    def find_groups(self, tenant: Tenant, account: str, text: str, *, priority: Priority) -> Sequence[Group]:
        """Some whose name contains `text`."""
        ...

    def groups_named(self, tenant: Tenant, account: str, ids: Sequence[str], *, priority: Priority) -> Sequence[Group]:
        """The groups with these ids; those that Confluence does not show are left out."""
        ...

    def find_files(
        self, tenant: Tenant, account: str, text: str, *, space_key: str | None, priority: Priority
    ) -> tuple[frozenset[str], bool]:
        """Ids of current attachments whose name has words that begin like those of `text`, and whether that is all.

        The index lags behind; nothing is decided by it.
        """
        ...


class LockSearch(Protocol):
    """Finds locks of a site whose witness rows are lost."""

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[Container, ...], str | None]:
        """Pages and blog posts whose `lockedCount` is above 0; `Rejected` where the search does not know it."""
        ...

    def spaces(self, tenant: Tenant, *, cursor: str | None, priority: Priority) -> tuple[tuple[str, ...], str | None]:
        """Ids of current spaces."""
        ...

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[str, ...], str | None]: ...


@dataclass(frozen=True, slots=True)
class ScratchTrial:
    """`works`: False when Confluence refuses or restores other content, None where no place to try was found."""

    works: bool | None
    scratch_id: str | None


class ScratchFiles(Protocol):
    """A file of the app's own, invisible to people."""

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, priority: Priority) -> ScratchTrial:
        """Try whether Confluence's own operation restores old content, on file `scratch_id` if it exists."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A comment for one person: plain texts and addresses of ours. `link` ends in what no other comment's has."""

    account: str
    sentences: tuple[str, ...]
    link_text: str
    link: str


class Comments(Protocol):
    """At the foot of pages, as the app; everybody who sees the page reads them."""

    def add(self, tenant: Tenant, container: Container, mention: Mention, *, priority: Priority) -> None:
        """Raises the host's errors; after `HostUnavailable` the comment may be there."""
        ...

    def has(self, tenant: Tenant, container: Container, link: str, *, priority: Priority) -> bool:
        """Return whether one of the newest comments of ours leads to this address."""
        ...
