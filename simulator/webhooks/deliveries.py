"""One delivery, and a site's delivery settings."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.model.entities import App


@dataclass(slots=True)
class Settings:
    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    duplicate: int = 0
    loss_rate: float = 0.0
    lose_next: int = 0
    shuffle: bool = False
    hold: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(1))


@dataclass(slots=True)
class Delivery:
    """One POST; `outcome`: waiting, delivered, failed, lost."""

    id: int
    site: str
    app_key: str
    event: str
    path: str
    body: bytes
    outcome: str = "waiting"
    status: int | None = None
    seconds: float | None = None
    tries: int = 0

    def json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "site": self.site,
            "appKey": self.app_key,
            "event": self.event,
            "path": self.path,
            "body": self.body.decode("utf-8", "replace"),
            "outcome": self.outcome,
            "status": self.status,
            "seconds": self.seconds,
        }


def declared_paths(app: App, event: str) -> list[str]:
    """Relative to the base URL."""
    modules = app.descriptor.get("modules")
    hooks = modules.get("webhooks") if isinstance(modules, dict) else None
    found = hooks if isinstance(hooks, list) else []
    return [str(hook["url"]) for hook in found if isinstance(hook, dict) and hook.get("event") == event]
