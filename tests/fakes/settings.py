"""Settings that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lockpoint.domain.lock import Limits
from lockpoint.domain.settings import InForce
from lockpoint.services.context import Tenant
from lockpoint.services.settings_memory import RememberedSettings, SettingsMemory

NEVER_OLD = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Limited(InForce):
    lives: Limits = field(default_factory=Limits)

    @property
    def limits(self) -> Limits:
        return self.lives


@dataclass(eq=False)
class FixedSettings(SettingsMemory):
    """The defaults, with other lives of locks: schedules pass in minutes."""

    lives: Limits = field(default_factory=Limits)

    def __init__(self, lives: Limits) -> None:
        super().__init__()
        self.lives = lives

    def get(self, tenant: Tenant, space_id: str | None) -> RememberedSettings:  # noqa: ARG002 - of every space
        return RememberedSettings(_Limited(lives=self.lives), (None, None), NEVER_OLD, NEVER_OLD, timedelta())
