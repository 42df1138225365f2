"""What the use cases need from Confluence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.judge import FileStatus, Version
from lockpoint.domain.lock import Base
from lockpoint.services.context import Priority, Tenant


class ContainerKind(StrEnum):
    """What an attachment hangs on."""

    PAGE = "page"
    BLOGPOST = "blogpost"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Container:
    """The page or blog post of an attachment."""

    kind: ContainerKind
    id: str


@dataclass(frozen=True, slots=True)
class StoredProperty:
    """A property as it lies in Confluence: numeric id, version from 1, value as parsed JSON, host's time of writing."""

    id: str
    version: int
    value: object
    created: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment as the caller sees it; names live only as long as this value does.

    `id` is bare digits. `may_update` is what the caller may do with the file. `properties` holds every row found
    under our lock key, lowest id first (normally none or one); None when they were not asked for. `watch` is the row
    under `lockpointwatch` from the same answer. `host_time` is the answer's Date header.
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
        """The newest version, as a record keeps it."""
        return Base(created=self.head.created, author=self.head.author, size=self.head.size, number=self.head.number)


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    """One page of a listing, and where the next begins (opaque; None at the end)."""

    items: tuple[Attachment, ...]
    next_cursor: str | None


class Attachments(Protocol):
    """Attachments of a site. `person` None means: as the app; otherwise as that account (impersonation).

    Every method raises the errors of `services.errors`; `GoneOrInvisible` is one witness only.
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
    ) -> Attachment:
        """The attachment with its newest version, our lock property rows and the caller's rights, in one call."""
        ...

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
        """The current attachments that the caller may see (without properties and rights)."""
        ...

    def versions(
        self, tenant: Tenant, attachment_id: str, *, back_to: datetime | None, priority: Priority
    ) -> tuple[tuple[Version, ...], bool]:
        """Versions oldest first, paged back until one is not younger than `back_to` (None: all); and whether complete.

        Sizes, file ids and titles are not in this listing; `version` reads them.
        """
        ...

    def version(self, tenant: Tenant, attachment_id: str, number: int, *, priority: Priority) -> Version:
        """One version with its size, file id and title."""
        ...

    def restore(self, tenant: Tenant, attachment_id: str, number: int, message: str, *, priority: Priority) -> Version:
        """Make version `number` current again by Confluence's own operation; `Rejected` or `Forbidden` when refused.

        Answers the version that this made.
        """
        ...

    def copy(
        self, tenant: Tenant, attachment: Attachment, source: Version, message: str, *, priority: Priority
    ) -> Version:
        """Copy mode: stream the bytes of `source` from Confluence back to Confluence as a new minor version.

        Raises `TooLarge` above the limit, `BadAnswer` when what arrived is not as long as `source.size`.
        """
        ...

    def rename(self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority) -> None:
        """Give the file this name, on condition that its version is still `attachment.head` (`LostRace` otherwise)."""
        ...

    def undo_trash(self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority) -> None:
        """Bring a trashed file back under `title`; `LostRace` when the name is taken or the version moved."""
        ...

    def confirmed_gone(
        self, tenant: Tenant, attachment_id: str, container: Container | None, *, priority: Priority
    ) -> bool:
        """Whether two different reads at least 1.5 s apart agree that the file is purged."""
        ...


class LockProperties(Protocol):
    """The lock record's place: a content property whose write is conditional on its version."""

    def read(self, tenant: Tenant, attachment_id: str, *, priority: Priority) -> tuple[StoredProperty, ...]:
        """All rows under the lock key, lowest id first; empty when there is none; `GoneOrInvisible` for the file."""
        ...

    def create(
        self, tenant: Tenant, attachment_id: str, value: Mapping[str, object], *, priority: Priority
    ) -> StoredProperty:
        """Create the row; `LostRace` when one exists; `HostUnavailable`: it may exist now, or appear later."""
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
    ) -> StoredProperty:
        """Write `value` as version `version`, which must be the present one + 1; `LostRace`, also for a gone row."""
        ...

    def delete(self, tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority) -> None:
        """Remove a superfluous duplicate row; never used on the only row."""
        ...


class PropertyHost(StrEnum):
    """What other properties of ours hang on."""

    ATTACHMENT = "attachment"
    PAGE = "page"
    BLOGPOST = "blogpost"
    SPACE = "space"


class Properties(Protocol):
    """Our other properties: who asked to be notified, the byline text, configuration."""

    def read(
        self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, *, priority: Priority
    ) -> StoredProperty | None:
        """The row (the lowest id of several), or None."""
        ...

    def create(
        self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, value: object, *, priority: Priority
    ) -> StoredProperty:
        """Create it; `LostRace` when it exists."""
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
    ) -> StoredProperty:
        """Write the version after `stored.version`; `LostRace` when somebody was faster."""
        ...

    def read_app(self, tenant: Tenant, key: str, *, priority: Priority) -> object | None:
        """An app property's value, or None; last write wins there, and users can write it: verify what you read."""
        ...

    def write_app(self, tenant: Tenant, key: str, value: object, *, priority: Priority) -> None:
        """Store an app property."""
        ...


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A page or blog post as one person sees it now."""

    container: Container
    space_id: str
    title: str
    status: FileStatus
    may_update: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What Confluence shows of a person; `in_use` is False for closed and deactivated accounts."""

    account_id: str
    display_name: str
    in_use: bool
    time_zone: str | None = None
    locale: str | None = None


class People(Protocol):
    """People and their rights, always established by Confluence itself."""

    def container(
        self, tenant: Tenant, account: str | None, container: Container, *, priority: Priority
    ) -> ContainerView:
        """The page or blog post as `account` (None: the app) sees it; `GoneOrInvisible` when they do not."""
        ...

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, priority: Priority) -> bool:
        """Whether `account` administers the space (asked as that person)."""
        ...

    def administers_site(self, tenant: Tenant, account: str, *, priority: Priority) -> bool:
        """Whether `account` administers Confluence."""
        ...

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, priority: Priority) -> Mapping[str, Person]:
        """Names for display; accounts that Confluence does not know are left out."""
        ...

    def profile(self, tenant: Tenant, account: str, *, priority: Priority) -> Person:
        """One person with time zone and locale, as far as Confluence tells; `GoneOrInvisible` for an unknown one."""
        ...

    def space_administrators(self, tenant: Tenant, space_id: str, *, priority: Priority) -> Sequence[str]:
        """The people who are named as administrators of the space; groups are not taken apart."""
        ...

    def address(self, tenant: Tenant, account: str, *, priority: Priority) -> str:
        """The person's e-mail address, for this one mail; `NoAddress` when there is none to be had."""
        ...

    def own_account(self, tenant: Tenant, *, priority: Priority) -> str:
        """The account id of the app user on this site; cached, it never changes during an installation."""
        ...


class LockSearch(Protocol):
    """Finding locks again on a site whose witness rows are lost."""

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[Container, ...], str | None]:
        """Pages and blog posts whose `lockedCount` hint is above 0; `Rejected` where the search knows no such hint."""
        ...

    def spaces(self, tenant: Tenant, *, cursor: str | None, priority: Priority) -> tuple[tuple[str, ...], str | None]:
        """Ids of the current spaces."""
        ...

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[str, ...], str | None]:
        """Ids of the attachments of a space."""
        ...


@dataclass(frozen=True, slots=True)
class ScratchTrial:
    """What trying the restore operation showed (None: nowhere to try); `scratch_id` is the file to use again."""

    works: bool | None
    scratch_id: str | None


class ScratchFiles(Protocol):
    """A file of the app's own, seen by nobody, to try things on."""

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, priority: Priority) -> ScratchTrial:
        """Whether Confluence's restore operation brings back an attachment's old content here.

        `works` is False when it refuses, or when the content was not the old one.
        """
        ...
