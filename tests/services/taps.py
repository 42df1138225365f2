"""Taps on every port: count calls, let others act in between, or crash the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lockpoint.services.errors import GoneOrInvisible
from tests.fakes.world import World

HOST = ("attachments", "lock_properties", "properties", "people", "directory", "search", "scratch", "comments")
STORAGE = (
    "effects",
    "jobs",
    "held_file_jobs",
    "witnesses",
    "restorations",
    "requests",
    "guard",
    "tenants",
    "site_states",
    "intents",
)
REST = ("audit_log", "mutexes", "mailer")

# Points by Confluence's published formula: one per call, one per core object.
POINTS = {
    "attachments.get": 2,
    "attachments.version": 2,
    "attachments.restore": 1,
    "attachments.rename": 1,
    "attachments.undo_trash": 1,
    "attachments.versions": 2,
    "attachments.copy": 4,
    "attachments.confirmed_gone": 1,
    "people.container": 2,
    "people.administers_space": 1,
    "people.administers_site": 3,
    "people.describe": 1,
    "people.address": 3,
    "lock_properties.read": 1,
    "lock_properties.create": 1,
    "lock_properties.replace": 1,
    "comments.add": 1,
    "comments.has": 1,
    "properties.read": 1,
    "properties.create": 1,
    "properties.replace": 1,
    "properties.read_app": 1,
    "properties.write_app": 1,
}


class ProcessDied(BaseException):
    """No code of ours may catch this."""


Action = Callable[[], None]


@dataclass
class Taps:
    """Actions at port calls; names are `port.method`."""

    calls: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    before: dict[tuple[str, int], Action] = field(default_factory=dict)
    after: dict[tuple[str, int], Action] = field(default_factory=dict)
    die_before: int | None = None
    die_after: int | None = None

    def clear(self) -> None:
        self.calls.clear()
        self.order.clear()
        self.hidden.clear()

    def host_calls(self) -> list[str]:
        return [name for name in self.order if name.split(".")[0] in HOST]

    def points(self) -> int:
        """The client caches the app's account after the first read; a read that finds nothing costs 1."""
        asked = [name for name in self.host_calls() if name != "people.own_account"]
        return sum(POINTS[name] for name in asked) - len(self.hidden)

    def enter(self, name: str) -> None:
        self.calls[name] += 1
        self.order.append(name)
        if self.die_before == len(self.order):
            raise ProcessDied(name)
        self._act(self.before, name)

    def leave(self, name: str, number: int) -> None:
        if self.die_after == number:
            raise ProcessDied(name)
        self._act(self.after, name)

    def _act(self, actions: dict[tuple[str, int], Action], name: str) -> None:
        for key in ((name, self.calls[name]), (name, 0)):
            action = actions.pop(key, None) if key[1] else actions.get(key)
            if action is not None:
                action()


class TappedPort:
    def __init__(self, name: str, port: Any, taps: Taps) -> None:
        self._name, self._port, self._taps = name, port, taps

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if not callable(found):
            return found
        name = f"{self._name}.{method}"

        def call(*args: Any, **kwargs: Any) -> Any:
            self._taps.enter(name)
            number = len(self._taps.order)
            try:
                answer = found(*args, **kwargs)
            except GoneOrInvisible:
                if name == "attachments.get":
                    self._taps.hidden.add(number)
                raise
            self._taps.leave(name, number)
            return answer

        return call


def tap(world: World) -> Taps:
    """Tap every port of the services but clock and randomness."""
    taps = Taps()
    ports = {name: TappedPort(name, getattr(world.services, name), taps) for name in (*HOST, *STORAGE, *REST)}
    world.services = replace(world.services, **ports)
    return taps
