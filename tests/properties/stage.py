"""A stage for concurrent calls of real use cases, each stopping at every port call.

A call runs in a greenlet and yields at each port; the director then chooses the fate of that port call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import greenlet

from lockpoint.services.clock_skew import ClockOffsets, ClockState
from lockpoint.services.errors import HostError, HostUnavailable, StorageUnavailable, UseCaseError
from tests.fakes.confluence.whole import FakeConfluence
from tests.fakes.world import FakeClock

LATEST = timedelta(seconds=25)  # a sent request lands within this time, or never
HOST = {"attachments", "lock_properties", "properties"}
STORAGE = {"effects", "witnesses", "requests", "guard", "restorations"}
CREATE = ("lock_properties", "create")
WRITES = {
    CREATE,
    ("lock_properties", "replace"),
    ("attachments", "restore"),
    ("attachments", "rename"),
    ("attachments", "undo_trash"),
}
READS = {("attachments", "get"), ("lock_properties", "read")}


class Fate(Enum):
    DONE = auto()
    LOST_BEFORE = auto()  # never arrived; the caller times out
    LOST_AFTER = auto()  # done; the caller times out
    LATE = auto()  # the caller times out; it lands later
    STALE = auto()  # answered by a lagging replica
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()


class Crash(BaseException):
    """Our process crashed."""


@dataclass
class PortCall:
    """A port call waiting for its fate."""

    port: str
    name: str
    thunk: Callable[[], Any]
    since: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.port, self.name

    def possible(self, fate: Fate) -> bool:
        """Whether the fate suits the call."""
        if fate is Fate.LATE:
            return self.key in WRITES
        if fate is Fate.STALE:
            return self.key in READS
        return fate is Fate.DONE or self.port in HOST | STORAGE


@dataclass
class Task:
    """One use case call, its waiting port call and result."""

    name: str
    runner: Any
    waits: PortCall | None = None
    done: bool = False
    crashed: bool = False
    result: Any = None
    error: Exception | None = None
    port_calls: int = 0


@dataclass
class Late:
    """A late write without a waiting caller."""

    thunk: Callable[[], Any]
    until: datetime
    task: str


@dataclass
class Stage:
    """Running tasks, late writes, one true clock."""

    clock: FakeClock
    host: FakeConfluence
    tasks: list[Task] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    current: Task | None = None
    landing: str | None = None
    pauses: bool = False
    """Whether a process may stand still for minutes just before it sends a write."""
    slow: frozenset[tuple[str, str]] = frozenset()
    """Calls that always time out, and land late."""

    @property
    def writer(self) -> str | None:
        """Whose write the host receives now."""
        return self.current.name if self.current else self.landing

    @property
    def writer_task(self) -> int:
        """Which task is at work; 0 for none."""
        return self.tasks.index(self.current) + 1 if self.current else 0

    def spawn(self, name: str, work: Callable[[], Any]) -> Task:
        """Start a use case up to its first port call."""
        task = Task(name, None)

        def body() -> None:
            try:
                task.result = work()
            except (UseCaseError, HostError, StorageUnavailable) as refusal:
                task.error = refusal
            except Crash:
                task.crashed = True

        task.runner = greenlet.greenlet(body)
        self.tasks.append(task)
        self._resume(task, None)
        return task

    def advance(self, task: Task, fate: Fate = Fate.DONE) -> None:
        """Apply the fate, where possible, to the task's port call, and continue."""
        call = task.waits
        assert call is not None
        assert call.since is not None
        if not call.possible(fate):
            fate = Fate.DONE
        if call.key in self.slow:
            fate = Fate.LATE
        if call.key in self._short_lived and self.clock.now() - call.since > LATEST:
            fate = Fate.LOST_BEFORE  # requests never live that long
        self._resume(task, fate)

    @property
    def _short_lived(self) -> set[tuple[str, str]]:
        """Writes that come soon or never; the first record's guard counts on it."""
        return {CREATE} if self.pauses else WRITES

    def finish(self, task: Task) -> None:
        """Finish the task without faults."""
        while not task.done:
            self.advance(task)

    def running(self) -> list[Task]:
        """Tasks waiting at a port."""
        return [task for task in self.tasks if not task.done]

    def land(self, index: int) -> None:
        """No caller learns of it."""
        late = self.late.pop(index)
        if self.clock.now() <= late.until:
            self.landing = late.task
            _quietly(late.thunk)
            self.landing = None

    def gate(self, call: PortCall) -> Any:
        """Stop a task; called in its own greenlet."""
        task = self.current
        assert task is not None
        task.port_calls += 1
        call.since = self.clock.now()
        fate = task.runner.parent.switch(call)
        return self._meet(call, fate)

    def sleep(self, seconds: float) -> None:
        """Others may run; the task wakes no earlier."""
        wake = self.clock.now() + timedelta(seconds=seconds)
        if self.current is None:
            self.clock.at = wake
            return
        self.gate(PortCall("clock", "sleep", lambda: None))
        self.clock.at = max(self.clock.at, wake)

    def _resume(self, task: Task, fate: Fate | None) -> None:
        before, self.current = self.current, task
        try:
            waits = task.runner.switch(fate) if fate else task.runner.switch()
        finally:
            self.current = before
        task.done = task.runner.dead
        task.waits = None if task.done else waits

    def _meet(self, call: PortCall, fate: Fate) -> Any:
        if fate is Fate.DONE:
            return call.thunk()
        if fate is Fate.STALE:
            self.host.lag = timedelta(seconds=1.5)
            try:
                return call.thunk()
            finally:
                self.host.lag = timedelta()
        if fate in {Fate.LOST_AFTER, Fate.CRASH_AFTER}:
            _quietly(call.thunk)
        if fate is Fate.LATE:
            assert self.current is not None
            self.late.append(Late(call.thunk, self.clock.now() + LATEST, self.current.name))
        if fate in {Fate.CRASH_BEFORE, Fate.CRASH_AFTER}:
            raise Crash
        raise (StorageUnavailable if call.port in STORAGE else HostUnavailable)("time-out")


class Gated:
    """A port whose every method stops its caller."""

    def __init__(self, stage: Stage, name: str, port: Any) -> None:
        self._stage = stage
        self._name = name
        self._port = port

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._port, method)

        def call(*args: Any, **values: Any) -> Any:
            if self._stage.current is None:
                return inner(*args, **values)
            return self._stage.gate(PortCall(self._name, method, lambda: inner(*args, **values)))

        return call


class NodeClock:
    """Implements `ports.Clock` with an error of `offset`."""

    def __init__(self, stage: Stage, offset: timedelta) -> None:
        self._stage = stage
        self._offset = offset

    def now(self) -> datetime:
        return self._stage.clock.now() + self._offset

    def sleep(self, seconds: float) -> None:
        self._stage.sleep(seconds)


class Unmeasured(ClockOffsets):
    """Accepts every clock offset; here time also passes between question and answer."""

    def of(self, site: int) -> ClockState:  # noqa: ARG002 - of any site
        return ClockState.RIGHT

    def note(self, site: int, asked: datetime, answered: datetime, host: datetime | None) -> ClockState:  # noqa: ARG002
        """Keep nothing."""
        return ClockState.RIGHT


def _quietly(thunk: Callable[[], Any]) -> None:
    try:
        thunk()
    except (HostError, StorageUnavailable):
        return
