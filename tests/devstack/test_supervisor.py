"""The supervisor with fake services."""

import threading
from dataclasses import dataclass, field

import pytest

from devstack.databases.guardian import Guardian
from devstack.errors import EmbeddedError
from devstack.supervisor import LONGEST_DELAY_SECONDS, Supervisor


@dataclass
class Mortal:
    """A service without a process."""

    name: str
    log: list[str]
    pid: int | None = None
    """None if not running."""
    fails: int = 0
    starts: int = 0

    def start(self) -> None:
        self.starts += 1
        self.log.append(f"start {self.name}")
        if self.fails:
            self.fails -= 1
            raise EmbeddedError("not today")
        self.pid = 1

    def stop(self) -> None:
        self.log.append(f"stop {self.name}")
        self.pid = None


@dataclass
class Watching:
    """A supervisor with a clock set by the test."""

    log: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    now: float = 0.0

    def supervisor(self, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        return Supervisor(
            lambda name, line: self.said.append(f"{name}: {line}"), lambda name: self.log.append(f"revived {name}")
        )

    def pass_seconds(self, supervisor: Supervisor, seconds: float) -> None:
        self.now += seconds
        for layer in supervisor._layers:
            for watched in layer:
                supervisor._look_after(watched, self.now)


def test_nothing_to_start_is_nothing_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both databases may be given by variables."""
    supervisor = Watching().supervisor(monkeypatch)
    supervisor.start()
    supervisor.stop()


def test_what_was_started_last_is_stopped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases must run longer than the processes that use them."""
    watching = Watching()
    supervisor = watching.supervisor(monkeypatch)
    supervisor.start(Mortal("database", watching.log))
    supervisor.start(Mortal("web", watching.log))
    supervisor.stop()
    assert watching.log == ["start database", "start web", "stop web", "stop database"]


def test_what_dies_is_started_again_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The delay doubles with each quick end up to a limit, and is reset by a long run."""
    watching = Watching()
    supervisor = watching.supervisor(monkeypatch)
    web = Mortal("web", watching.log)
    supervisor.start(web)
    delays = []
    for _ in range(9):
        web.pid = None
        watching.pass_seconds(supervisor, 0)
        delays.append(float(watching.said[-1].split(" in ")[1].removesuffix(" s")))
        watching.pass_seconds(supervisor, delays[-1] - 0.1)
        starts = web.starts
        watching.pass_seconds(supervisor, 0.1)
        assert web.starts == starts + 1
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    watching.pass_seconds(supervisor, LONGEST_DELAY_SECONDS + 1)
    web.pid = None
    watching.pass_seconds(supervisor, 0)
    assert watching.said[-1] == "web: has died; starting it again in 0.5 s"
    assert watching.log.count("revived web") == 9


def test_an_end_that_was_asked_for_is_no_death(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts again at once and in silence; the next end is one."""
    watching = Watching()
    supervisor = watching.supervisor(monkeypatch)
    web = Mortal("web", watching.log)
    supervisor.start(web)
    supervisor.expect_end("web")
    watching.pass_seconds(supervisor, 1)
    assert (web.starts, watching.said) == (1, [])
    web.pid = None
    watching.pass_seconds(supervisor, 0)
    assert (web.starts, watching.said, watching.log[-1]) == (2, [], "revived web")
    web.pid = None
    watching.pass_seconds(supervisor, 0)
    assert watching.said == ["web: has died; starting it again in 0.5 s"]


def test_what_does_not_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed restart is reported and repeated."""
    watching = Watching()
    supervisor = watching.supervisor(monkeypatch)
    web = Mortal("web", watching.log)
    supervisor.start(web)
    web.pid, web.fails = None, 1
    for _ in range(4):
        watching.pass_seconds(supervisor, 1)
    assert "web: not today" in watching.said
    assert web.starts == 3
    assert watching.log.count("revived web") == 1


def test_watching_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch returns as soon as the stop event is set."""
    supervisor = Watching().supervisor(monkeypatch)
    guardian, stop = Guardian(), threading.Event()
    threading.Timer(0.5, stop.set).start()
    supervisor.watch(stop, guardian)
    guardian.close()


def test_a_failed_start_still_stops_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """When one of several services does not start, the earlier ones are stopped."""
    watching = Watching()
    supervisor = watching.supervisor(monkeypatch)
    with pytest.raises(EmbeddedError):
        supervisor.start(Mortal("a", watching.log), Mortal("b", watching.log, fails=1))
    supervisor.stop()
    assert {"stop a", "stop b"} <= set(watching.log)
