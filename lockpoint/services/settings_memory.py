"""Settings and texts of mails as this process read them last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from lockpoint.domain.mails.mail_templates import Texts
from lockpoint.domain.settings import InForce
from lockpoint.services.context import Tenant

MOST_SPACES: Final = 10_000


@dataclass(frozen=True, slots=True)
class RememberedSettings:
    """`revisions` are those that Postgres knew of site and space when they were read; `good_for` counts from `read`."""

    settings: InForce
    revisions: tuple[int | None, int | None]
    read: datetime
    checked: datetime
    good_for: timedelta


@dataclass(slots=True, eq=False)
class SettingsMemory:
    """A `SiteCache` of one process; the spaces that were used last. Thread-safe.

    `forgotten` tells apart what was read before and after this process changed something.
    """

    _known: OrderedDict[tuple[int, str | None], RememberedSettings] = field(default_factory=OrderedDict)
    _forgotten: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, tenant: Tenant, space_id: str | None) -> RememberedSettings | None:
        return self._known.get((tenant.id, space_id))

    def forgotten(self) -> int:
        """Return how often settings were forgotten, of any site: no number may outlive its site here."""
        return self._forgotten

    def keep(self, tenant: Tenant, space_id: str | None, remembered: RememberedSettings, forgotten: int) -> None:
        """Remember what was read since then; nothing when it was forgotten meanwhile."""
        with self._lock:
            if self._forgotten != forgotten:
                return
            self._known[tenant.id, space_id] = remembered
            self._known.move_to_end((tenant.id, space_id))
            if len(self._known) > MOST_SPACES:
                self._known.popitem(last=False)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            self._forgotten += 1
            for place in [place for place in self._known if place[0] == tenant.id]:
                del self._known[place]


@dataclass(frozen=True, slots=True)
class RememberedTexts:
    """`revision` is the one that Postgres knew when they were read."""

    texts: Texts
    revision: int | None
    read: datetime
    checked: datetime


@dataclass(frozen=True, slots=True)
class TextsMemory:
    """A `SiteCache` of one process. Thread-safe: values are replaced whole."""

    _known: dict[int, RememberedTexts] = field(default_factory=dict)

    def get(self, tenant: Tenant) -> RememberedTexts | None:
        return self._known.get(tenant.id)

    def keep(self, tenant: Tenant, remembered: RememberedTexts) -> None:
        self._known[tenant.id] = remembered

    def forget(self, tenant: Tenant) -> None:
        self._known.pop(tenant.id, None)
