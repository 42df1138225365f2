"""Places of a process for requests that may wait for Confluence, so that a slow site delays only itself."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter as Metric
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

if TYPE_CHECKING:
    from lockpoint.services.context import Actor

OF_PERSON: Final = 2
OF_SITE: Final = 8
OF_ALL: Final = 12
"""Of a process's 16 threads: health, frames, webhooks and lifecycle calls never wait for Confluence."""
RETRY_SECONDS: Final = 2

# Labels are our own words, never ids.
_REFUSED: Final = Metric("lockpoint_no_place", "Requests refused because others are at work", ["whose"])


class Places:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._people: Counter[tuple[int, str]] = Counter()
        self._sites: Counter[int] = Counter()

    def take(self, actor: Actor) -> None:
        """TooManyRequests (429) for a person with enough requests at work, ServiceUnavailable (503) for others."""
        site, person = actor.tenant.id, (actor.tenant.id, actor.account_id)
        with self._lock:
            if self._people[person] >= OF_PERSON:
                _REFUSED.labels("person").inc()
                raise TooManyRequests(retry_after=RETRY_SECONDS)
            if self._sites[site] >= OF_SITE or self._sites.total() >= OF_ALL:
                _REFUSED.labels("site" if self._sites[site] >= OF_SITE else "all").inc()
                raise ServiceUnavailable(retry_after=RETRY_SECONDS)
            self._people[person] += 1
            self._sites[site] += 1

    def give_back(self, actor: Actor) -> None:
        with self._lock:
            self._people -= Counter({(actor.tenant.id, actor.account_id): 1})
            self._sites -= Counter({actor.tenant.id: 1})
