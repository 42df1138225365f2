"""Atlassian's points quota (developer.atlassian.com/cloud/confluence/rate-limiting).

A request costs 1, plus 1 per core object returned (page, space, attachment …), plus 2 per identity object (user, group,
permission); a write costs 1. All sites share the app's hourly pool.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.model.clock import iso

if TYPE_CHECKING:
    from simulator.model.clock import Clock

WINDOW_MS = 3_600_000
DEFAULT_LIMIT = 65_000
NEAR_LIMIT_SHARE = 0.2


@dataclass(slots=True)
class Charge:
    """Operation asked for and objects returned."""

    core: int = 0
    identity: int = 0
    route: str = "unrouted"

    def points(self, method: str) -> int:
        return 1 + self.core + 2 * self.identity if method == "GET" else 1


@dataclass(slots=True)
class Quota:
    """One app's pool; call under the world's lock."""

    clock: Clock
    limit: int = DEFAULT_LIMIT
    used: int = 0
    window: int = -1
    by_site: Counter[str] = field(default_factory=Counter)
    by_route: Counter[str] = field(default_factory=Counter)

    def roll(self) -> None:
        """Empty the pool at a new hour."""
        window = self.clock.now_ms() // WINDOW_MS
        if window != self.window:
            self.window, self.used = window, 0

    def spend(self, points: int, site: str, route: str) -> None:
        self.roll()
        self.used += points
        self.by_site[site] += points
        self.by_route[route] += points

    @property
    def remaining(self) -> int:
        """Points left this hour."""
        return max(0, self.limit - self.used)

    @property
    def reset_ms(self) -> int:
        """When the pool refills."""
        return (self.window + 1) * WINDOW_MS

    def seconds_left(self) -> int:
        """Until the refill, at least 1."""
        return max(1, (self.reset_ms - self.clock.now_ms()) // 1000)

    def headers(self) -> dict[str, str]:
        """Of every answer to an app."""
        near = self.remaining < self.limit * NEAR_LIMIT_SHARE
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": iso(self.reset_ms),
            "X-RateLimit-NearLimit": "true" if near else "false",
            "Beta-RateLimit-Policy": f'"global-app-quota";q={self.limit};w=3600',
        }

    def exhausted_headers(self) -> dict[str, str]:
        """Of a 429."""
        reason = {"Retry-After": str(self.seconds_left()), "RateLimit-Reason": "confluence-quota-global-based"}
        return self.headers() | reason

    def clear(self) -> None:
        self.limit, self.used = DEFAULT_LIMIT, 0
        self.by_site.clear()
        self.by_route.clear()
