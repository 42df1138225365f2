"""Lists of files as they were read lately, in the memory of one process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from lockpoint.domain.permissions import Facts
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import Attachment, ContainerView, UnreadableFile

MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Viewer:
    """What one person may do on a page; `roles` says whether it was asked which roles they have."""

    at: datetime
    view: ContainerView
    facts: Facts
    roles: bool


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file with its properties; `stamp` says what was known of its lock and version then."""

    at: datetime
    stamp: object
    file: Attachment


@dataclass(slots=True)
class KnownPage:
    """What is known of a page, and of the people who asked for its list."""

    files: tuple[Attachment, ...]
    odd: tuple[UnreadableFile, ...]
    read_at: datetime
    locked: dict[str, LockedFile] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    app_may_edit: bool = False

    def __len__(self) -> int:
        return len(self.files) + len(self.odd) + 1


class KnownPages:
    """Thread-safe; drops what was used least."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[int, str], KnownPage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant: Tenant, page_id: str) -> KnownPage | None:
        with self._lock:
            if (tenant.id, page_id) in self._pages:
                self._pages.move_to_end((tenant.id, page_id))
            return self._pages.get((tenant.id, page_id))

    def put(self, tenant: Tenant, page_id: str, page: KnownPage) -> None:
        with self._lock:
            self._pages[tenant.id, page_id] = page
            self._pages.move_to_end((tenant.id, page_id))
            while len(self._pages) > 1 and sum(map(len, self._pages.values())) > MOST_FILES:
                self._pages.popitem(last=False)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for key in [key for key in self._pages if key[0] == tenant.id]:
                del self._pages[key]
