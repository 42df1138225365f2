"""Confluence in bad health: refusals, lost and late answers, stale reads, and events that go astray."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import requests

from tests.e2e.system import CALL_SECONDS, System
from tests.storm.evidence import Json

SITE: Final = "acme"
LATE_SECONDS: Final = 20.0
GOOD_EVENTS: Final = {"delaySeconds": 0, "jitterSeconds": 0, "duplicate": 0, "lossRate": 0}
RECORD: Final = {"method": "PUT", "what": "properties"}
FIRST_RECORD: Final = {"method": "POST", "what": "properties"}
RESTORE: Final = {"method": "POST", "what": "version"}
READ: Final = {"method": "GET", "what": ""}
WRITES: Final = (RECORD, RECORD, FIRST_RECORD, RESTORE)


class HostFaults:
    """Breaks calls about some files and their page, on one site; every choice comes from `chance`."""

    def __init__(self, system: System, chance: random.Random, ids: Sequence[str], longest: float, lag: float) -> None:
        """`longest`: seconds that anything may take; `lag`: how much later versions may be shown, 0 for never."""
        self._system = system
        self._chance = chance
        self._ids = "|".join(ids)
        self._longest = longest
        self._lag_seconds = lag
        self._latest = 0.0

    def step(self) -> str:
        """Begin one fault; return its name."""
        fault = self._chance.choice(self._faults)
        return f"{fault.__name__.strip('_')} {fault()}"

    def end(self) -> None:
        """Heal Confluence, and wait until nothing is under way to it any more."""
        requests.delete(f"{self._system.confluence.origin}/_sim/faults", timeout=CALL_SECONDS)
        self._events(**GOOD_EVENTS)
        self._behave(0)
        time.sleep(self._latest)
        self._system.confluence.post("/_sim/webhooks/drain", {"timeoutSeconds": 30})

    @property
    def _faults(self) -> tuple[Callable[[], object], ...]:
        return (
            *(self._conflict, self._lost, self._dropped, self._late, self._stale, self._doubled, self._busy),
            *(self._broken, self._slow, self._missing, self._cut, self._garbage, self._astray, self._astray),
            *((self._lag,) if self._lag_seconds else ()),
        )

    def _conflict(self) -> object:
        """F01"""
        return self._break("status", RECORD, status=409, times=self._chance.choice((1, 2, 10)))

    def _lost(self) -> object:
        """F02"""
        return self._break("lost", self._chance.choice(WRITES))

    def _dropped(self) -> object:
        """F03"""
        return self._break("drop", self._chance.choice(WRITES))

    def _late(self) -> object:
        """F04: a record; what a late restore buries is not found (docs/assumptions.md)."""
        seconds = self._chance.uniform(0.5, min(LATE_SECONDS, self._longest))
        self._latest = max(self._latest, seconds)
        return self._break("late", self._chance.choice((RECORD, FIRST_RECORD)), seconds=seconds)

    def _stale(self) -> object:
        """F05"""
        seconds, times = self._chance.uniform(0.2, 5), self._chance.randint(1, 6)
        return self._break("stale_properties", READ, seconds=seconds, times=times)

    def _doubled(self) -> object:
        """F06"""
        return self._break("duplicate", FIRST_RECORD)

    def _busy(self) -> object:
        """F10"""
        return self._break("status", self._any(), status=429, headers={"Retry-After": "1"}, times=3)

    def _broken(self) -> object:
        """F11"""
        return self._break("status", self._any(), status=self._chance.choice((500, 502, 503, 504)), times=5)

    def _slow(self) -> object:
        """F12"""
        return self._break("delay", self._any(), seconds=self._chance.choice((0.1, 1, 4)), times=5)

    def _missing(self) -> object:
        """F09"""
        return self._break("not_found", READ)

    def _cut(self) -> object:
        """F13"""
        return self._break("truncate", READ, bytes=self._chance.randint(0, 200))

    def _garbage(self) -> object:
        """F17"""
        return self._break("garbage", self._any())

    def _lag(self) -> object:
        """F15"""
        return self._behave(self._chance.choice((0, 0, self._lag_seconds)))

    def _astray(self) -> object:
        """F21, F22"""
        longest = min(5.0, self._longest)
        return self._events(
            delaySeconds=self._chance.choice((0, 0.5)),
            jitterSeconds=self._chance.choice((0, longest)),
            duplicate=self._chance.choice((0, 0, 3)),
            lossRate=self._chance.choice((0, 0, 0.5, 1)),
        )

    def _any(self) -> dict[str, str]:
        return self._chance.choice((READ, *WRITES))

    def _break(self, kind: str, which: dict[str, str], **values: Any) -> Json:
        path = f"({self._ids}).*{which['what']}"
        rule = {"kind": kind, "method": which["method"], "path": path, "site": SITE, "caller": "app", **values}
        self._system.confluence.post("/_sim/faults", rule)
        return {**which, **values}

    def _behave(self, lag: float) -> float:
        self._system.confluence.post(f"/_sim/sites/{SITE}/behaviour", {"readLagSeconds": lag})
        return lag

    def _events(self, **settings: float) -> Json:
        self._system.confluence.post("/_sim/webhooks/settings", {"site": SITE, **settings})
        return settings
