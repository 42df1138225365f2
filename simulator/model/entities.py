"""People, spaces, pages, attachments, properties and installed apps."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = object


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """One property at one version; `created_at` in milliseconds."""

    id: int
    key: str
    value: Json
    number: int
    created_at: int
    author_id: str | None
    message: str = ""


class PropertyBag:
    """Properties of one owner, with a journal for stale reads."""

    def __init__(self) -> None:
        self.rows: tuple[PropertyRow, ...] = ()
        self._journal: deque[tuple[float, tuple[PropertyRow, ...]]] = deque([(0.0, ())], maxlen=500)

    def replace(self, rows: tuple[PropertyRow, ...]) -> None:
        self.rows = rows
        self._journal.append((time.monotonic(), rows))

    def seen(self, seconds_ago: float = 0.0) -> tuple[PropertyRow, ...]:
        """The rows `seconds_ago` (0: now)."""
        if not seconds_ago:
            return self.rows
        moment = time.monotonic() - seconds_ago
        past = [rows for at, rows in self._journal if at <= moment]
        return past[-1] if past else self._journal[0][1]

    def written(self, key: str) -> list[PropertyRow]:
        """What the key's row with the lowest id was, oldest first, as far as the journal goes back."""
        found: dict[tuple[int, int], PropertyRow] = {}
        for _, rows in self._journal:
            row = min((row for row in rows if row.key == key), key=lambda row: row.id, default=None)
            if row is not None:
                found.setdefault((row.id, row.number), row)
        return list(found.values())

    def by_key(self, key: str, seconds_ago: float = 0.0) -> PropertyRow | None:
        """The key's row with the lowest id."""
        rows = [row for row in self.seen(seconds_ago) if row.key == key]
        return min(rows, key=lambda row: row.id) if rows else None


@dataclass(frozen=True, slots=True)
class UserProperty:
    """Without version (v1 only)."""

    id: str
    value: Json
    created_at: int
    modified_at: int


@dataclass(slots=True)
class Group:
    """`members` are account ids."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Person:
    """Account on one site; `status`: active, inactive, closed; `changed_at` in milliseconds."""

    account_id: str
    name: str
    display_name: str
    email: str
    account_type: str = "atlassian"
    role: str = "editor"
    site_admin: bool = False
    status: str = "active"
    time_zone: str | None = "Europe/Helsinki"
    locale: str = "en_GB"
    email_hidden: bool = True
    changed_at: int = 0
    properties: dict[str, UserProperty] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the account may sign in."""
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Its number is its position: deleting one renumbers those above."""

    created_at: int
    author_id: str | None
    message: str
    minor_edit: bool
    title: str
    media_type: str
    file_id: str
    data: bytes
    applied: float = field(default_factory=time.monotonic)
    dated: bool = True
    """Whether v2 tells when it was made."""

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(slots=True)
class Attachment:
    """`trashed_alone`: trashed without its page."""

    id: int
    container_id: int
    versions: list[FileVersion]
    status: str = "current"
    trashed_alone: bool = False
    bag: PropertyBag = field(default_factory=PropertyBag)

    @property
    def head(self) -> FileVersion:
        return self.versions[-1]

    @property
    def number(self) -> int:
        return len(self.versions)

    @property
    def title(self) -> str:
        return self.head.title

    def visible(self, seconds_ago: float) -> list[FileVersion]:
        """As a lagging read sees them, at least the first."""
        moment = time.monotonic() - seconds_ago
        return [v for v in self.versions if v.applied <= moment] or self.versions[:1] if seconds_ago else self.versions


@dataclass(frozen=True, slots=True)
class ContentVersion:
    created_at: int
    author_id: str | None
    message: str
    title: str
    body: str


@dataclass(slots=True)
class Content:
    """`type`: page, blogpost. Empty restriction sets restrict nothing."""

    id: int
    type: str
    space_id: int
    versions: list[ContentVersion]
    status: str = "current"
    read: set[str] = field(default_factory=set)
    update: set[str] = field(default_factory=set)
    bag: PropertyBag = field(default_factory=PropertyBag)

    @property
    def title(self) -> str:
        return self.versions[-1].title

    @property
    def number(self) -> int:
        return len(self.versions)

    @property
    def author_id(self) -> str | None:
        return self.versions[0].author_id


@dataclass(frozen=True, slots=True)
class Comment:
    """At the foot of a page or blog post, in storage format; `created_at` in milliseconds."""

    id: int
    content_id: int
    author_id: str
    created_at: int
    body: str


@dataclass(slots=True)
class Space:
    """`permissions`: operations by account id."""

    id: int
    key: str
    name: str
    author_id: str
    created_at: int
    status: str = "current"
    homepage_id: int | None = None
    permissions: dict[str, set[str]] = field(default_factory=dict)
    blocked_apps: set[str] = field(default_factory=set)
    bag: PropertyBag = field(default_factory=PropertyBag)


@dataclass(slots=True)
class App:
    key: str
    name: str
    base_url: str
    descriptor: dict[str, object]

    @property
    def scopes(self) -> frozenset[str]:
        """In upper case."""
        scopes = self.descriptor.get("scopes")
        return frozenset(str(scope).upper() for scope in scopes) if isinstance(scopes, list) else frozenset()


@dataclass(slots=True)
class Installation:
    """`state`: enabled, disabled, uninstalled."""

    app: App
    client_key: str
    shared_secret: str
    oauth_client_id: str
    account_id: str
    state: str = "disabled"
    pending_secret: str | None = None
    licence_active: bool = False
    licence_evaluation: bool = False
    properties: dict[str, Json] = field(default_factory=dict)

    @property
    def licence(self) -> str:
        """The parameter `lic`."""
        return "active" if self.licence_active else "none"
