"""Supervision of services: started in order, restarted, stopped in reverse order."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Final, Protocol

from devstack.databases.guardian import Guardian
from devstack.errors import EmbeddedError

POLL_SECONDS: Final = 0.2
FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""A service that ran for so long starts again with the shortest delay."""


class Service(Protocol):
    name: str

    @property
    def pid(self) -> int | None:
        """None unless running."""

    def start(self) -> None:
        """Start or restart; EmbeddedError on failure."""

    def stop(self) -> None:
        """Stop and reap."""


@dataclass(slots=True)
class _Watched:
    service: Service
    started: float
    deaths: int = 0
    due: float | None = None


class Supervisor:
    """Watches services in the thread that calls `watch`."""

    def __init__(self, say: Callable[[str, str], None], revived: Callable[[str], None]) -> None:
        """Report exits through `say(name, line)`, restarts through `revived(name)`."""
        self._say = say
        self._revived = revived
        self._layers: list[list[_Watched]] = []
        self._expected: set[str] = set()

    def start(self, *services: Service) -> None:
        """Start independent services, after those of earlier calls.

        EmbeddedError when one does not start; `stop` stops those that did.
        """
        layer: list[_Watched] = []
        self._layers.append(layer)
        for service in services:
            layer.append(_Watched(service, time.monotonic()))
            service.start()

    def expect_end(self, name: str) -> None:
        """Start the service at once when it ends next, and do not call that a death. From any thread."""
        self._expected.add(name)

    def watch(self, stop: Event, guardian: Guardian) -> None:
        """Restart exited services and the guardian until `stop`."""
        while not stop.wait(POLL_SECONDS):
            guardian.revive()
            for layer in self._layers:
                for watched in layer:
                    self._look_after(watched, time.monotonic())

    def stop(self) -> None:
        """Services started together stop together."""
        while self._layers:
            layer = self._layers.pop()
            with ThreadPoolExecutor(max_workers=max(1, len(layer))) as pool:
                list(pool.map(lambda watched: watched.service.stop(), layer))

    def _look_after(self, watched: _Watched, now: float) -> None:
        if watched.due is None and watched.service.pid is None:
            if watched.service.name in self._expected:
                self._expected.discard(watched.service.name)
                self._restart(watched)
                return
            watched.deaths = 1 if now - watched.started > STEADY_SECONDS else watched.deaths + 1
            delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (watched.deaths - 1))
            watched.due = now + delay
            self._say(watched.service.name, f"has died; starting it again in {delay:g} s")
        elif watched.due is not None and now >= watched.due:
            self._restart(watched)

    def _restart(self, watched: _Watched) -> None:
        watched.due = None
        watched.started = time.monotonic()
        try:
            watched.service.start()
        except EmbeddedError as error:
            self._say(watched.service.name, str(error))
        else:
            self._revived(watched.service.name)
