# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""A Confluence in memory, behind the ports of `lockpoint.services.ports.confluence`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.services.context import Door, Priority, Tenant
from lockpoint.services.errors import (
    Forbidden,
    GoneOrInvisible,
    LostRace,
    NoAddress,
    Rejected,
    TooLarge,
)
from lockpoint.services.ports.confluence import (
    Attachment,
    AttachmentPage,
    Container,
    ContainerKind,
    ContainerView,
    FileProperties,
    Group,
    Mention,
    Person,
    PropertyHost,
    ScratchTrial,
    Space,
    StoredProperty,
    UnreadableFile,
)
from lockpoint.services.ports.runtime import Clock

LOCK_KEY = "lockpointlock"
WAITLIST_KEY = "lockpointwatch"
APP_ACCOUNT = "557058:app"
LONGEST_TITLE = 255  # UTF-16 units
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class StoredVersion:
    """Its number is its place in the list."""

    created: datetime
    author: str | None
    content: bytes
    file_id: str
    title: str
    message: str = ""
    minor: bool = False
    media_type: str = "text/plain"


@dataclass
class StoredFile:
    id: str
    container: Container
    versions: list[StoredVersion]
    status: FileStatus = FileStatus.CURRENT
    uploaded: list[bytes] = field(default_factory=list)

    @property
    def content(self) -> bytes:
        return self.versions[-1].content

    @property
    def title(self) -> str:
        return self.versions[-1].title

    @property
    def media_type(self) -> str:
        """The type now."""
        return self.versions[-1].media_type if self.versions else "text/plain"


@dataclass
class Page:
    """`restricted_to` None means everybody."""

    container: Container
    space_id: str = "65538"
    title: str = "Release plan"
    status: FileStatus = FileStatus.CURRENT
    restricted_to: set[str] | None = None


class FakeSite:
    """The data of one site, and what people do there (`upload`, `rename`, `trash`, …)."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.app_account = APP_ACCOUNT
        self.people: dict[str, Person] = {}
        self.addresses: dict[str, str] = {}
        self.viewers: set[str] = set()  # may view but not edit, anywhere
        self.space_id, self.space_key = "65538", "DOCS"
        self.space_admins: set[str] = set()
        self.groups: dict[str, set[str]] = {}  # by account
        self.site_admins: set[str] = set()
        self.pages: dict[str, Page] = {}
        self.files: dict[str, StoredFile] = {}
        self.rows: dict[tuple[PropertyHost, str, str], tuple[StoredProperty, ...]] = {}
        self.past_rows: dict[tuple[PropertyHost, str, str], list[tuple[datetime, tuple[StoredProperty, ...]]]] = {}
        self.app_properties: dict[str, object] = {}  # Connect's
        self.forge_properties: dict[str, object] = {}
        self.comments: list[tuple[str, Mention]] = []  # page, what
        self.unreadable: dict[str, tuple[UnreadableFile, ...]] = {}  # by page
        self.restore_refused = False
        self.restore_leaves_type = False
        self.restrictions_refused = False
        self.copy_limit: int | None = None
        self.search_works = True
        self._numbers = itertools.count(131_201)
        self._last = datetime.min.replace(tzinfo=clock.now().tzinfo)

    # --- what people do --------------------------------------------------------------------------------------

    def add_page(self, *, kind: ContainerKind = ContainerKind.PAGE, **values: Any) -> Page:
        page = Page(Container(kind, str(next(self._numbers))), **values)
        self.pages[page.container.id] = page
        return page

    def add_file(
        self, page: Page, author: str | None, content: bytes = b"first", title: str = "plan.txt"
    ) -> StoredFile:
        stored = StoredFile(str(next(self._numbers)), page.container, [])
        self.files[stored.id] = stored
        self.add_version(stored, author, content=content, title=title)
        return stored

    def add_version(
        self,
        stored: StoredFile,
        author: str | None,
        *,
        content: bytes,
        title: str | None = None,
        message: str = "",
        file_id: str | None = None,
        minor: bool = False,
        media_type: str | None = None,
    ) -> StoredVersion:
        version = StoredVersion(
            created=self.moment(),
            author=author,
            content=content,
            file_id=file_id or f"media-{next(self._numbers)}",
            title=title or stored.title,
            message=message,
            minor=minor,
            media_type=media_type or stored.media_type,
        )
        stored.versions.append(version)
        if file_id is None:
            stored.uploaded.append(content)
        return version

    def upload(
        self,
        file_id: str,
        author: str | None,
        content: bytes,
        *,
        title: str | None = None,
        media_type: str | None = None,
    ) -> StoredVersion:
        return self.add_version(self.files[file_id], author, content=content, title=title, media_type=media_type)

    def rename(self, file_id: str, author: str | None, title: str, media_type: str | None = None) -> StoredVersion:
        if len(title.encode("utf-16-le")) > 2 * LONGEST_TITLE:
            raise Rejected("the name is too long")
        stored = self.files[file_id]
        now = stored.versions[-1]
        return self.add_version(
            stored, author, content=now.content, title=title, file_id=now.file_id, media_type=media_type
        )

    def must_be_free(self, stored: StoredFile, title: str) -> None:
        """`LostRace` when another current file on the page has the name."""
        same = (f for f in self.files.values() if f.container == stored.container and f is not stored)
        if any(f.title == title and f.status is FileStatus.CURRENT for f in same):
            raise LostRace(title)

    def trash(self, file_id: str) -> None:
        self.files[file_id].status = FileStatus.TRASHED

    def purge(self, file_id: str) -> None:
        del self.files[file_id]

    def delete_version(self, file_id: str, number: int) -> None:
        del self.files[file_id].versions[number - 1]

    def put_rows(self, host: PropertyHost, host_id: str, key: str, rows: Sequence[StoredProperty]) -> None:
        """Store any rows; the previous ones stay readable as a stale answer."""
        place = (host, host_id, key)
        kept = tuple(sorted(rows, key=lambda row: int(row.id)))
        self.past_rows.setdefault(place, []).append((self.clock.now(), kept))
        self.rows[place] = kept

    def lock_rows(self, file_id: str) -> tuple[StoredProperty, ...]:
        return self.rows.get((PropertyHost.ATTACHMENT, file_id, LOCK_KEY), ())

    def put_lock_rows(self, file_id: str, *rows: StoredProperty) -> None:
        self.put_rows(PropertyHost.ATTACHMENT, file_id, LOCK_KEY, rows)

    # --- how the site answers --------------------------------------------------------------------------------

    def moment(self) -> datetime:
        """The host's time, never the same twice."""
        self._last = max(self.clock.now(), self._last + TICK)
        return self._last

    def new_row(self, key: str, value: object) -> StoredProperty:
        return StoredProperty(str(next(self._numbers)), 1, value, self.moment(), key)

    def rows_as_of(self, place: tuple[PropertyHost, str, str], moment: datetime) -> tuple[StoredProperty, ...]:
        """The answer of a replica that lags behind."""
        seen: tuple[StoredProperty, ...] = ()
        for since, rows in self.past_rows.get(place, []):
            if since <= moment:
                seen = rows
        return seen

    def may_view(self, account: str, container: Container) -> bool:
        page = self.pages[container.id]
        known = account in self.people or account == self.app_account
        return known and (page.restricted_to is None or account in page.restricted_to)

    def may_edit(self, account: str, container: Container) -> bool:
        return self.may_view(account, container) and account not in self.viewers

    def may_write(self, host: PropertyHost, host_id: str, person: str | None) -> bool:
        """Whether somebody (None: the app) may write properties of this file or page."""
        if host is PropertyHost.SPACE:
            return person in self.space_admins
        stored = self.files.get(host_id)
        if host is PropertyHost.ATTACHMENT and stored is None:
            return False
        page = self.pages.get(stored.container.id if stored else host_id)
        return page is None or self.may_edit(person or self.app_account, page.container)

    def file(self, attachment_id: str, account: str) -> StoredFile:
        stored = self.files.get(attachment_id)
        if stored is None or not self.may_view(account, stored.container):
            raise GoneOrInvisible(attachment_id)
        return stored


class FakeConfluence:
    """The sites of several tenants, and their ports."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sites: dict[int, FakeSite] = {}
        self.lag = timedelta()  # age of the properties that reads return
        self.attachments = FakeAttachments(self)
        self.lock_properties = FakeLockProperties(self)
        self.properties = FakeProperties(self)
        self.people = FakePeople(self)
        self.directory = FakeDirectory(self)
        self.search = FakeLockSearch(self)
        self.scratch = FakeScratchFiles(self)
        self.comments = FakeComments(self)

    def site(self, tenant: Tenant) -> FakeSite:
        if tenant.id not in self.sites:
            self.sites[tenant.id] = FakeSite(self.clock)
        return self.sites[tenant.id]

    def rows(self, tenant: Tenant, host: PropertyHost, host_id: str, key: str) -> tuple[StoredProperty, ...]:
        site, place = self.site(tenant), (host, host_id, key)
        return site.rows_as_of(place, site.clock.now() - self.lag) if self.lag else site.rows.get(place, ())

    def create(
        self, tenant: Tenant, host: PropertyHost, host_id: str, key: str, value: object, person: str | None
    ) -> StoredProperty:
        site = self.site(tenant)
        if not site.may_write(host, host_id, person):
            raise GoneOrInvisible(host_id)
        if site.rows.get((host, host_id, key)):
            raise LostRace(key)
        row = site.new_row(key, value)
        site.put_rows(host, host_id, key, (row,))
        return row

    def replace(
        self,
        tenant: Tenant,
        host: PropertyHost,
        host_id: str,
        key: str,
        row_id: str,
        version: int,
        value: object,
        *,
        person: str | None,
    ) -> StoredProperty:
        site = self.site(tenant)
        if not site.may_write(host, host_id, person):
            raise LostRace(key)
        rows = site.rows.get((host, host_id, key), ())
        present = next((row for row in rows if row.id == row_id), None)
        if present is None or present.version + 1 != version:
            raise LostRace(key)
        new = replace(present, version=version, value=value, created=site.moment())
        site.put_rows(host, host_id, key, [new if row is present else row for row in rows])
        return new


def version_of(stored: StoredFile, number: int, *, detailed: bool) -> Version:
    found = stored.versions[number - 1]
    return Version(
        number=number,
        created=found.created,
        author=found.author,
        message=found.message,
        minor=found.minor,
        size=len(found.content) if detailed else None,
        file_id=found.file_id if detailed else None,
        title=found.title if detailed else None,
        media_type=found.media_type if detailed else None,
    )


class FakeAttachments:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

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
        site = self.host.site(tenant)
        account = person or site.app_account
        stored = site.file(attachment_id, account)
        return self._attachment(tenant, stored, account, properties=properties, operations=operations)

    def _attachment(
        self, tenant: Tenant, stored: StoredFile, account: str, *, properties: bool, operations: bool
    ) -> Attachment:
        site = self.host.site(tenant)
        waitlist_row = self.host.rows(tenant, PropertyHost.ATTACHMENT, stored.id, WAITLIST_KEY) if properties else ()
        locks = self.host.rows(tenant, PropertyHost.ATTACHMENT, stored.id, LOCK_KEY) if properties else None
        return Attachment(
            id=stored.id,
            status=stored.status,
            title=stored.title,
            media_type=stored.media_type,
            size=len(stored.content),
            container=stored.container,
            head=version_of(stored, len(stored.versions), detailed=True),
            may_update=operations and site.may_edit(account, stored.container),
            properties=locks,
            waitlist_row=waitlist_row[0] if waitlist_row else None,
            open_url=f"https://{tenant.id}.example/wiki/x/{stored.id}",
            download_url=f"https://{tenant.id}.example/wiki/download/{stored.id}",
            host_time=site.clock.now(),
        )

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
        site = self.host.site(tenant)
        account = person or site.app_account
        if container.id not in site.pages or not site.may_view(account, container):
            raise GoneOrInvisible(container.id)
        files = [f for f in site.files.values() if f.container == container and f.status is FileStatus.CURRENT]
        start = int(cursor or 0)
        items = tuple(
            self._attachment(tenant, stored, account, properties=False, operations=False)
            for stored in files[start : start + limit]
        )
        odd = () if cursor else site.unreadable.get(container.id, ())
        return AttachmentPage(items, str(start + limit) if start + limit < len(files) else None, odd)

    def newest(
        self, tenant: Tenant, container: Container, *, priority: Priority, person: str | None = None
    ) -> AttachmentPage:
        whole = self.of_container(tenant, container, priority=priority, person=person, limit=10_000)
        items = sorted(whole.items, key=lambda file: file.head.created)[-1:]
        return AttachmentPage(tuple(items), None)

    def versions(
        self,
        tenant: Tenant,
        attachment_id: str,
        *,
        back_to: datetime | None,
        priority: Priority,
        person: str | None = None,
    ) -> tuple[tuple[Version, ...], bool]:
        site = self.host.site(tenant)
        stored = site.file(attachment_id, person or site.app_account)
        every = tuple(version_of(stored, number + 1, detailed=False) for number in range(len(stored.versions)))
        if back_to is None:
            return every, True
        older = [place for place, version in enumerate(every) if version.created <= back_to]
        return every[older[-1] if older else 0 :], True

    def version(
        self, tenant: Tenant, attachment_id: str, number: int, *, priority: Priority, person: str | None = None
    ) -> Version:
        site = self.host.site(tenant)
        stored = site.file(attachment_id, person or site.app_account)
        if not 1 <= number <= len(stored.versions):
            raise GoneOrInvisible(str(number))
        return version_of(stored, number, detailed=True)

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
        site = self._editable(tenant, attachment_id, person)
        stored = site.files[attachment_id]
        if site.restore_refused:
            raise Rejected("the operation does not apply to attachments")
        if not 1 <= number <= len(stored.versions):
            raise GoneOrInvisible(str(number))
        source = stored.versions[number - 1]
        site.add_version(
            stored,
            person or site.app_account,
            content=source.content,
            title=stored.title,
            message=message,
            file_id=source.file_id,
            media_type=stored.media_type if site.restore_leaves_type else source.media_type,
        )
        return version_of(stored, len(stored.versions), detailed=True)

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
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        wanted = next((v for v in stored.versions if v.created == source.created), None)
        if wanted is None:
            raise GoneOrInvisible(str(source.number))
        if site.copy_limit is not None and len(wanted.content) > site.copy_limit:
            raise TooLarge(attachment.id)
        site.add_version(
            stored,
            person or site.app_account,
            content=wanted.content,
            message=message,
            minor=True,
            media_type=source.media_type,
        )
        stored.uploaded.pop()  # these bytes are no person's
        return version_of(stored, len(stored.versions), detailed=True)

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
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        self._unmoved(stored, attachment)
        site.must_be_free(stored, title)
        site.rename(stored.id, person or site.app_account, title, media_type)

    def undo_trash(
        self, tenant: Tenant, attachment: Attachment, title: str, *, priority: Priority, person: str | None = None
    ) -> None:
        site = self._editable(tenant, attachment.id, person)
        stored = site.files[attachment.id]
        self._unmoved(stored, attachment)
        if title != attachment.title:
            site.rename(stored.id, person or site.app_account, title)
        site.must_be_free(stored, title)
        site.rename(stored.id, person or site.app_account, title)
        stored.status = FileStatus.CURRENT

    def confirmed_gone(
        self, tenant: Tenant, attachment_id: str, container: Container | None, *, priority: Priority
    ) -> bool:
        return attachment_id not in self.host.site(tenant).files

    def _editable(self, tenant: Tenant, attachment_id: str, person: str | None) -> FakeSite:
        site = self.host.site(tenant)
        account = person or site.app_account
        stored = site.file(attachment_id, account)
        if not site.may_edit(account, stored.container):
            raise Forbidden(attachment_id)
        return site

    @staticmethod
    def _unmoved(stored: StoredFile, attachment: Attachment) -> None:
        if len(stored.versions) != attachment.head.number:
            raise LostRace(attachment.id)


class FakeLockProperties:
    """A write without the right to edit is answered 404, which reads as a lost race where a row is named."""

    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def read(
        self, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
    ) -> FileProperties:
        site = self.host.site(tenant)
        site.file(attachment_id, person or site.app_account)
        rows = self.host.rows(tenant, PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        waitlist = self.host.rows(tenant, PropertyHost.ATTACHMENT, attachment_id, WAITLIST_KEY)
        return FileProperties(rows, waitlist[0] if waitlist else None)

    def create(
        self,
        tenant: Tenant,
        attachment_id: str,
        value: Mapping[str, object],
        *,
        priority: Priority,
        person: str | None = None,
    ) -> StoredProperty:
        place = (PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        return self.host.create(tenant, *place, dict(value), person)

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
        place = (PropertyHost.ATTACHMENT, attachment_id, LOCK_KEY)
        return self.host.replace(tenant, *place, property_id, version, dict(value), person=person)

    def delete(
        self, tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority, person: str | None = None
    ) -> None:
        site = self.host.site(tenant)
        if site.may_write(PropertyHost.ATTACHMENT, attachment_id, person):
            site.put_lock_rows(attachment_id, *(row for row in site.lock_rows(attachment_id) if row.id != property_id))


class FakeProperties:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

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
        return next(iter(self.host.rows(tenant, host, host_id, key)), None)

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
        return self.host.create(tenant, host, host_id, key, value, person)

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
        site, place = self.host.site(tenant), (host, host_id, stored.key)
        if site.may_write(host, host_id, person) and len(rows := site.rows.get(place, ())) > 1:
            site.put_rows(*place, rows[:1])
            raise LostRace(stored.key)
        return self.host.replace(tenant, *place, stored.id, stored.version + 1, value, person=person)

    def read_app(self, tenant: Tenant, key: str, *, priority: Priority) -> object | None:
        return self._of_app(tenant).get(key)

    def write_app(self, tenant: Tenant, key: str, value: object, *, priority: Priority) -> None:
        self._of_app(tenant)[key] = value

    def _of_app(self, tenant: Tenant) -> dict[str, object]:
        site = self.host.site(tenant)
        return site.forge_properties if tenant.door is Door.FORGE else site.app_properties


class FakeComments:
    """Whoever may edit may comment."""

    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def add(self, tenant: Tenant, container: Container, mention: Mention, *, priority: Priority) -> None:
        site = self.host.site(tenant)
        if not site.may_edit(site.app_account, container):
            raise GoneOrInvisible(container.id)
        site.comments.append((container.id, mention))

    def has(self, tenant: Tenant, container: Container, link: str, *, priority: Priority) -> bool:
        site = self.host.site(tenant)
        if not site.may_view(site.app_account, container):
            raise GoneOrInvisible(container.id)
        return any(place == container.id and mention.link == link for place, mention in site.comments)


class FakePeople:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def container(
        self, tenant: Tenant, account: str | None, container: Container, *, priority: Priority
    ) -> ContainerView:
        site = self.host.site(tenant)
        account = account or site.app_account
        page = site.pages.get(container.id)
        if page is None or not site.may_view(account, container):
            raise GoneOrInvisible(container.id)
        return ContainerView(container, page.space_id, page.title, page.status, site.may_edit(account, container))

    def space(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> Space:
        site = self.host.site(tenant)
        if account not in site.people or key != site.space_key:
            raise GoneOrInvisible(key)
        return Space(site.space_id, key, "Docs")

    def administers_space(self, tenant: Tenant, account: str, space_id: str, *, priority: Priority) -> bool:
        return account in self.host.site(tenant).space_admins

    def administers_site(self, tenant: Tenant, account: str, *, priority: Priority) -> bool:
        return account in self.host.site(tenant).site_admins

    def describe(self, tenant: Tenant, accounts: Sequence[str], *, priority: Priority) -> Mapping[str, Person]:
        people = self.host.site(tenant).people
        return {account: people[account] for account in accounts if account in people}

    def profile(self, tenant: Tenant, account: str, *, priority: Priority) -> Person:
        found = self.host.site(tenant).people.get(account)
        if found is None:
            raise GoneOrInvisible(account)
        return found

    def space_administrators(self, tenant: Tenant, space_id: str, *, priority: Priority) -> Sequence[str]:
        return sorted(self.host.site(tenant).space_admins)

    def address(self, tenant: Tenant, account: str, *, priority: Priority) -> str:
        found = self.host.site(tenant).addresses.get(account)
        if found is None:
            raise NoAddress("hidden")
        return found

    def own_account(self, tenant: Tenant, *, priority: Priority) -> str:
        return self.host.site(tenant).app_account

    def admit(
        self, tenant: Tenant, person: str, container: Container, account: str, *, priority: Priority
    ) -> tuple[str, ...]:
        site = self.host.site(tenant)
        page = site.pages.get(container.id)
        if page is None or not site.may_edit(person, container) or site.restrictions_refused:
            raise GoneOrInvisible(container.id)
        if page.restricted_to is None or account in page.restricted_to:
            return ()
        page.restricted_to = {*page.restricted_to, account}
        return ("read", "update")


class FakeScratchFiles:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def try_restore(self, tenant: Tenant, scratch_id: str | None, *, priority: Priority) -> ScratchTrial:
        site = self.host.site(tenant)
        if not site.pages:
            return ScratchTrial(None, scratch_id)
        return ScratchTrial(not site.restore_refused, scratch_id or "131199")


class FakeDirectory:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def groups_of(self, tenant: Tenant, account: str, *, priority: Priority) -> frozenset[str]:
        return frozenset(self.host.site(tenant).groups.get(account, ()))

    def find_people(
        self, tenant: Tenant, account: str, text: str, *, priority: Priority, apps: bool = False
    ) -> Sequence[Person]:
        people = () if apps else self.host.site(tenant).people.values()
        return [person for person in people if person.display_name.casefold().startswith(text.casefold())]

    def find_groups(self, tenant: Tenant, account: str, text: str, *, priority: Priority) -> Sequence[Group]:
        known = {group for groups in self.host.site(tenant).groups.values() for group in groups}
        return [Group(group, group) for group in sorted(known) if text in group]

    def groups_named(self, tenant: Tenant, account: str, ids: Sequence[str], *, priority: Priority) -> Sequence[Group]:
        return [group for group in self.find_groups(tenant, account, "", priority=priority) if group.id in ids]

    def find_files(
        self, tenant: Tenant, account: str, text: str, *, space_key: str | None, priority: Priority
    ) -> tuple[frozenset[str], bool]:
        site = self.host.site(tenant)
        named = {one.id for one in site.files.values() if text.casefold() in one.versions[-1].title.casefold()}
        return frozenset(named), True


class FakeLockSearch:
    def __init__(self, host: FakeConfluence) -> None:
        self.host = host

    def containers_with_locks(
        self, tenant: Tenant, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[Container, ...], str | None]:
        site = self.host.site(tenant)
        if not site.search_works:
            raise Rejected("no such field")
        hosts = {ContainerKind.PAGE: PropertyHost.PAGE, ContainerKind.BLOGPOST: PropertyHost.BLOGPOST}
        found = []
        for page in site.pages.values():
            rows = site.rows.get((hosts[page.container.kind], page.container.id, "lockpointpage"), ())
            if rows and isinstance(rows[0].value, dict) and rows[0].value.get("lockedCount", 0) > 0:
                found.append(page.container)
        return tuple(found), None

    def spaces(self, tenant: Tenant, *, cursor: str | None, priority: Priority) -> tuple[tuple[str, ...], str | None]:
        return tuple(sorted({page.space_id for page in self.host.site(tenant).pages.values()})), None

    def attachments_of_space(
        self, tenant: Tenant, space_id: str, *, cursor: str | None, priority: Priority
    ) -> tuple[tuple[str, ...], str | None]:
        site = self.host.site(tenant)
        mine = [f for f in site.files.values() if site.pages[f.container.id].space_id == space_id]
        return tuple(stored.id for stored in mine), None


__all__ = ["APP_ACCOUNT", "FakeConfluence", "FakeSite", "Page", "StoredFile", "StoredVersion"]
