"""What each person was shown of pages, and where pages are, in the memory of one process and for minutes."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.domain.permissions import Facts
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.ports.confluence import Attachment, Container, ContainerView, FileProperties, UnreadableFile
from lockpoint.services.ports.locks import Witness

MOST_FILES = 20_000
MOST_SPACES = 20_000
MOST_LOCKED = 20_000
KEPT = timedelta(minutes=10)
"""They hold names of files: nothing stays longer, whether somebody asks or not."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the person may do on the page; `roles` says whether it was asked which roles they have.

    `settings` is the version of the space's settings then, which name its lock managers.
    """

    at: datetime
    view: ContainerView
    facts: Facts
    roles: bool
    settings: int = 0


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file with its properties; `stamp` says what was known of its lock and version then."""

    at: datetime
    stamp: object
    file: Attachment


def stamp_of(witness: Witness, head: Version) -> object:
    """Return what a locked file must agree in not to be read again."""
    record = witness.record
    return (record.epoch, record.seq, witness.protection, witness.version, witness.seen_at, head.number, head.created)


@dataclass(frozen=True, slots=True)
class KnownProperties:
    """Properties of a locked file, without the file; `stamp` as there."""

    at: datetime
    stamp: object
    ours: FileProperties


@dataclass(slots=True)
class KnownPage:
    """What one person was shown of a page."""

    files: tuple[Attachment, ...]
    odd: tuple[UnreadableFile, ...]
    read_at: datetime
    locked: dict[str, LockedFile] = field(default_factory=dict)
    viewer: Viewer | None = None
    app_may_edit: bool = False

    def forget_rights_of_app(self) -> None:
        """Let the next read of a file show what the app may do here."""
        self.app_may_edit = False
        self.locked.clear()

    def __len__(self) -> int:
        return len(self.files) + len(self.odd) + len(self.locked) + 1


_Place = tuple[int, str, str]
"""Site, page and AccountID: what one person was shown is never shown to another."""


CallLater = Callable[[float, Callable[[], None]], None]
"""Calls something after so many seconds."""


def on_a_thread(seconds: float, call: Callable[[], None]) -> None:
    """Call it on a thread of its own, which does not keep the process alive."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


class KnownPages:
    """Thread-safe; drops what was used least, and what is older than `KEPT`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, later: CallLater = on_a_thread) -> None:
        self._pages: OrderedDict[_Place, tuple[float, KnownPage]] = OrderedDict()
        self._spaces: OrderedDict[tuple[int, Container], tuple[float, str]] = OrderedDict()
        self._locked: OrderedDict[tuple[int, str], tuple[float, KnownProperties]] = OrderedDict()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._later = later
        self._tidied_later = False

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

    def note_space(self, tenant: Tenant, view: ContainerView) -> None:
        """Remember the space of a page as somebody was shown it; of a current one only."""
        place = (tenant.id, view.container)
        with self._lock:
            self._spaces.pop(place, None)
            if view.status is FileStatus.CURRENT:
                self._spaces[place] = (self._monotonic(), view.space_id)
            if len(self._spaces) > MOST_SPACES:
                self._spaces.popitem(last=False)
            self._tidy_later()

    def space_of(self, tenant: Tenant, container: Container) -> str | None:
        """Return the space that this page was in within the last minutes, where the page was current."""
        with self._lock:
            since, space = self._spaces.get((tenant.id, container), (-math.inf, None))
        return space if self._monotonic() - since < KEPT.total_seconds() else None

    def note_properties(self, tenant: Tenant, attachment_id: str, known: KnownProperties) -> None:
        """Remember them for everybody whose own list shows the file."""
        place = (tenant.id, attachment_id)
        with self._lock:
            self._locked.pop(place, None)
            self._locked[place] = (self._monotonic(), known)
            if len(self._locked) > MOST_LOCKED:
                self._locked.popitem(last=False)
            self._tidy_later()

    def properties(self, tenant: Tenant, attachment_id: str) -> KnownProperties | None:
        with self._lock:
            since, known = self._locked.get((tenant.id, attachment_id), (-math.inf, None))
        return known if self._monotonic() - since < KEPT.total_seconds() else None

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for page in [page for page in self._spaces if page[0] == tenant.id]:
                del self._spaces[page]
            for file in [file for file in self._locked if file[0] == tenant.id]:
                del self._locked[file]
            for place in [place for place in self._pages if place[0] == tenant.id]:
                del self._pages[place]

    def tidy(self) -> None:
        """Drop what is too old."""
        with self._lock:
            self._tidied_later = False
            until = self._monotonic() - KEPT.total_seconds()
            for place in [place for place, (since, _) in self._pages.items() if since <= until]:
                del self._pages[place]
            for page in [page for page, (since, _) in self._spaces.items() if since <= until]:
                del self._spaces[page]
            for file in [file for file, (since, _) in self._locked.items() if since <= until]:
                del self._locked[file]
            if self._pages or self._spaces or self._locked:
                self._tidy_later()

    def _tidy_later(self) -> None:
        if not self._tidied_later:
            self._tidied_later = True
            self._later(KEPT.total_seconds() / 10, self.tidy)
