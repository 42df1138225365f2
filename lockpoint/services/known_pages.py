"""Lists of files as each person read them lately, in the memory of one process and for minutes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lockpoint.domain.permissions import Facts
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.ports.confluence import Attachment, ContainerView, UnreadableFile

MOST_FILES = 20_000
KEPT = timedelta(minutes=10)
"""They hold names of files: nothing stays longer, whether somebody asks or not."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the person may do on the page; `roles` says whether it was asked which roles they have."""

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
    """What one person was shown of a page."""

    files: tuple[Attachment, ...]
    odd: tuple[UnreadableFile, ...]
    read_at: datetime
    locked: dict[str, LockedFile] = field(default_factory=dict)
    viewer: Viewer | None = None
    app_may_edit: bool = False

    def __len__(self) -> int:
        return len(self.files) + len(self.odd) + len(self.locked) + 1


_Place = tuple[int, str, str]
"""Site, page and AccountID: what one person was shown is never shown to another."""


class KnownPages:
    """Thread-safe; drops what was used least, and what is older than `KEPT`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pages: OrderedDict[_Place, tuple[float, KnownPage]] = OrderedDict()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def get(self, actor: Actor, page_id: str) -> KnownPage | None:
        place = (actor.tenant.id, page_id, actor.account_id)
        with self._lock:
            if place in self._pages:
                self._pages.move_to_end(place)
            found = self._pages.get(place)
            return found[1] if found else None

    def put(self, actor: Actor, page_id: str, page: KnownPage) -> None:
        place = (actor.tenant.id, page_id, actor.account_id)
        with self._lock:
            self._pages[place] = (self._monotonic(), page)
            self._pages.move_to_end(place)
            while len(self._pages) > 1 and sum(len(one) for _, one in self._pages.values()) > MOST_FILES:
                self._pages.popitem(last=False)
            self._tidy_later()

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for place in [place for place in self._pages if place[0] == tenant.id]:
                del self._pages[place]

    def tidy(self) -> None:
        """Drop what is too old."""
        with self._lock:
            self._timer = None
            until = self._monotonic() - KEPT.total_seconds()
            for place in [place for place, (since, _) in self._pages.items() if since <= until]:
                del self._pages[place]
            if self._pages:
                self._tidy_later()

    def _tidy_later(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(KEPT.total_seconds() / 10, self.tidy)
            self._timer.daemon = True
            self._timer.start()
