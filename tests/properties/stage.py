"""A stage on which several calls of real use cases run at once, each stopping at every call to a port.

A call runs in a greenlet. At a port it hands control back; whoever directs the stage then says what becomes of that
port call: done, lost on the way there or back, landing late, answered from a stale replica, or our process dies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import greenlet

from lockpoint.services.clock_skew import ClockOffsets
from lockpoint.services.errors import HostError, HostUnavailable, StorageUnavailable, UseCaseError
from tests.fakes.confluence import FakeConfluence
from tests.fakes.world import FakeClock

LATEST = timedelta(seconds=25)  # a request that was sent lands within this time, or never
HOST = {"attachments", "lock_properties", "properties"}
STORAGE = {"effects", "witnesses", "requests", "guard", "restorations"}
WRITES = {
    ("lock_properties", "create"),
    ("lock_properties", "replace"),
    ("attachments", "restore"),
    ("attachments", "rename"),
    ("attachments", "undo_trash"),
}
READS = {("attachments", "get"), ("lock_properties", "read")}


class Fate(Enum):
    """What becomes of one port call."""

    DONE = auto()
    LOST_BEFORE = auto()  # never arrived; the caller sees a time-out
    LOST_AFTER = auto()  # done; the caller sees a time-out
    LATE = auto()  # the caller sees a time-out; it lands some time later
    STALE = auto()  # answered by a replica that is behind
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()


class Crash(BaseException):
    """Our process died here."""


@dataclass
class PortCall:
    """A call to a port that waits for its fate."""

    port: str
    name: str
    thunk: Callable[[], Any]
    since: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Port and method."""
        return self.port, self.name

    def possible(self, fate: Fate) -> bool:
        """Whether this can happen to such a call."""
        if fate is Fate.LATE:
            return self.key in WRITES
        if fate is Fate.STALE:
            return self.key in READS
        return fate is Fate.DONE or self.port in HOST | STORAGE


@dataclass
class Task:
    """One call of a use case: what it waits for, and what came of it."""

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
    """A write on its way that nobody waits for any more."""

    thunk: Callable[[], Any]
    until: datetime
    task: str


@dataclass
class Stage:
    """The running tasks, the late writes, and one true clock."""

    clock: FakeClock
    host: FakeConfluence
    tasks: list[Task] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    current: Task | None = None
    landing: str | None = None

    @property
    def writer(self) -> str | None:
        """Whose write reaches the host right now."""
        return self.current.name if self.current else self.landing

    def spawn(self, name: str, work: Callable[[], Any]) -> Task:
        """Start a use case; it stops at its first port call."""
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
        """Let the port call that the task waits for meet its fate (as far as that is possible for it), and go on."""
        call = task.waits
        assert call is not None
        assert call.since is not None
        fate = fate if call.possible(fate) else Fate.DONE
        if call.key in WRITES and self.clock.now() - call.since > LATEST:
            fate = Fate.LOST_BEFORE  # no request lives that long
        self._resume(task, fate)

    def finish(self, task: Task) -> None:
        """Let the rest of the task go well."""
        while not task.done:
            self.advance(task)

    def running(self) -> list[Task]:
        """The tasks that wait at a port."""
        return [task for task in self.tasks if not task.done]

    def land(self, index: int) -> None:
        """A late write arrives; nobody hears of it."""
        late = self.late.pop(index)
        if self.clock.now() <= late.until:
            self.landing = late.task
            _quietly(late.thunk)
            self.landing = None

    def gate(self, call: PortCall) -> Any:
        """Where a task stops; called in the task's own greenlet."""
        task = self.current
        assert task is not None
        task.port_calls += 1
        call.since = self.clock.now()
        fate = task.runner.parent.switch(call)
        return self._meet(call, fate)

    def sleep(self, seconds: float) -> None:
        """A task sleeps: others may run, and it wakes no earlier than it asked for."""
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
    """A port whose every method stops the task that calls it."""

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
    """Implements `ports.Clock` for a process whose clock is off by `offset`."""

    def __init__(self, stage: Stage, offset: timedelta) -> None:
        self._stage = stage
        self._offset = offset

    def now(self) -> datetime:
        return self._stage.clock.now() + self._offset

    def sleep(self, seconds: float) -> None:
        self._stage.sleep(seconds)


class Unmeasured(ClockOffsets):
    """A node that is as far off as is tolerated; here time also passes between question and answer."""

    def note(self, asked: datetime, answered: datetime, host: datetime | None) -> None:
        """Keep nothing."""


def _quietly(thunk: Callable[[], Any]) -> None:
    try:
        thunk()
    except (HostError, StorageUnavailable):
        return
