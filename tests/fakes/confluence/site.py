"""The data of one site in memory, and what people do there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import GoneOrInvisible, LostRace, Rejected
from lockpoint.services.ports.confluence import (
    Container,
    ContainerKind,
    Mention,
    Person,
    PropertyHost,
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
