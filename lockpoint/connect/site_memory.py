"""What a process remembers of the table of installations, for either door.

One look in `LOOK_SECONDS` asks for the changes of all sites, so that a known site costs no read of its own.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from lockpoint.services.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

FRESH_SECONDS: Final = 5.0
"""A site is served so long after it was read, or after a look for changes that did not name it."""
LOOK_SECONDS: Final = 2.0
KEPT_SECONDS: Final = 300.0
"""A site is read again after so long, whatever looks said."""
UNKNOWN_SECONDS: Final = 5.0
STALE_SECONDS: Final = 600.0
"""How long known sites are served without the database."""
REREAD_SECONDS: Final = 2.0
"""Minimum between rereads of a site that is in doubt."""
MOST_SITES: Final = 10_000
MOST_UNKNOWN: Final = 2_000

_V = TypeVar("_V")
_W = TypeVar("_W")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[_V]):
    value: _V
    read_at: float
    doubted_at: float | None = None


class SiteMemory(Generic[_V]):
    """Bounded and thread-safe, by any name of a site; `clock` gives monotonic seconds.

    `read` asks the table for one name, `changed` for the client keys of rows that were stored since a mark. Lifecycle
    events call `forget` in their process; others notice within `FRESH_SECONDS`.
    """

    def __init__(
        self,
        read: Callable[[str], _V | None],
        changed: Callable[[str | None], tuple[str, frozenset[str] | None]],
        site_key: Callable[[_V], str],
        clock: Callable[[], float],
    ) -> None:
        self._ask = read
        self._changed = changed
        self._client_key = site_key
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Kept[_V]] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._mark: str | None = None
        self._looks = 0
        self._looked_at = self._tried_at = -math.inf

    def find(self, name: str) -> _V | None:
        """StorageUnavailable when the database cannot tell."""
        now = self._clock()
        self._look(now)
        with self._lock:
            kept = self._known.get(name)
            if kept is not None and self._fresh(kept, now):
                self._known.move_to_end(name)
                return kept.value
            if self._unknown.get(name, now) > now:
                return None
        try:
            return self.read(name)
        except StorageUnavailable:
            if kept is not None and now - kept.read_at < STALE_SECONDS:
                return kept.value
            raise

    def read(self, name: str, doubted_at: float | None = None) -> _V | None:
        """Ask the table now; StorageUnavailable."""
        read_at, looks = self._clock(), self._looks
        value = self._ask(name)
        with self._lock:
            if looks != self._looks:
                return value  # a look meanwhile may have seen what this read did not
            if value is None:
                self._known.pop(name, None)
                _put(self._unknown, name, read_at + UNKNOWN_SECONDS, MOST_UNKNOWN)
            else:
                self._unknown.pop(name, None)
                _put(self._known, name, _Kept(value, read_at, doubted_at), MOST_SITES)
        return value

    def reread(self, name: str, doubted: _V) -> _V | None:
        """Return what there is instead of a doubtful value; None if it was read again just now."""
        now = self._clock()
        with self._lock:
            kept = self._known.get(name)
            if kept is not None and kept.value is not doubted:
                return kept.value
            if kept is not None and kept.doubted_at is not None and now - kept.doubted_at < REREAD_SECONDS:
                return None
        return self.read(name, doubted_at=now)

    def forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)
            self._unknown.pop(name, None)

    def _fresh(self, kept: _Kept[_V], now: float) -> bool:
        seen_at = max(kept.read_at, self._looked_at) if now - kept.read_at < KEPT_SECONDS else kept.read_at
        return now - seen_at < FRESH_SECONDS

    def _look(self, now: float) -> None:
        """Drop what changed, at most every `LOOK_SECONDS`; without the database, sites go stale."""
        with self._lock:
            if now - self._tried_at < LOOK_SECONDS:
                return
            self._tried_at = now
            since = self._mark
        try:
            mark, changed = self._changed(since)
        except StorageUnavailable:
            return
        with self._lock:
            self._mark, self._looked_at, self._looks = mark, now, self._looks + 1
            self._drop(changed)

    def _drop(self, changed: frozenset[str] | None) -> None:
        """None: any site may have changed. Whoever was unknown under a name of another kind is asked for soon."""
        if changed is None:
            self._known.clear()
            self._unknown.clear()
        elif changed:
            for name in [name for name, kept in self._known.items() if self._client_key(kept.value) in changed]:
                del self._known[name]
            for name in changed:
                self._unknown.pop(name, None)


def _put(cache: OrderedDict[str, _W], key: str, value: _W, most: int) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > most:
        cache.popitem(last=False)
