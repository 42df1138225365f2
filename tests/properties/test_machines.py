"""The lock's invariants under schedules that Hypothesis chooses and shrinks.

`bin/test --long` runs the same machines with budgets of hours.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.properties import enforcement_model, lock_model, schedule_model, system_model, time_model
from tests.properties.enforcement_model import EnforcementModel
from tests.properties.lock_model import LockModel
from tests.properties.schedule_model import ScheduleModel
from tests.properties.stage import Fate
from tests.properties.system_model import SystemModel

PICK = st.integers(0, 11)
FATES = st.sampled_from([Fate.DONE] * 4 + list(Fate))
COUNTS = st.sampled_from([1, 1, 2, 5, 12])


class LockMachine(RuleBasedStateMachine):
    """Rules over one conditionally written property, with outsiders (I1-I10)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = LockModel()

    def _open(self) -> list[lock_model.Call]:
        return [call for call in self.model.calls if call.answer is None]

    @rule(verb=st.sampled_from(lock_model.VERBS), person=st.sampled_from(lock_model.PEOPLE), pick=PICK)
    def ask(self, verb: str, person: str, pick: int) -> None:
        self.model.begin(verb, person, pick)

    @precondition(lambda self: self._open())
    @rule(pick=PICK, way=st.sampled_from(lock_model.WAYS), again=st.booleans())
    def go_on(self, pick: int, way: str, *, again: bool) -> None:
        call = self._open()[pick % len(self._open())]
        if again:
            self.model.read(call)
        self.model.decide(call, way)

    @rule(verb=st.sampled_from(lock_model.VERBS), person=st.sampled_from(lock_model.PEOPLE), pick=PICK)
    def ask_and_do(self, verb: str, person: str, pick: int) -> None:
        self.model.decide(self.model.begin(verb, person, pick), "applied")

    @rule(seconds=st.sampled_from(lock_model.STEPS))
    def time_passes(self, seconds: int) -> None:
        self.model.tick(seconds)

    @rule(value=st.sampled_from([None, "x", {}, {"mac": "k:0"}]))
    def outsider_writes(self, value: object) -> None:
        self.model.garble(value)

    @rule(pick=PICK)
    def outsider_writes_an_old_value(self, pick: int) -> None:
        self.model.replay(pick)

    @rule()
    def outsider_deletes(self) -> None:
        self.model.remove()

    @rule(pick=PICK)
    def outsider_deletes_and_writes_an_old_value(self, pick: int) -> None:
        self.model.remove_and_replay(pick)


class ScheduleMachine(RuleBasedStateMachine):
    """Real use cases, stopped at every port call (I1-I8, I16, I19)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ScheduleModel()

    @initialize(people=st.lists(st.sampled_from(schedule_model.PEOPLE), max_size=3))
    def rush(self, people: list[str]) -> None:
        for node, person in enumerate(people):
            self.model.begin("acquire", person, node)

    @rule(
        verb=st.sampled_from(schedule_model.VERBS),
        person=st.sampled_from(schedule_model.PEOPLE),
        node=st.integers(0, 2),
        pick=PICK,
    )
    def ask(self, verb: str, person: str, node: int, pick: int) -> None:
        self.model.begin(verb, person, node, pick)

    @precondition(lambda self: self.model.stage.running())
    @rule(pick=PICK, fate=FATES, count=COUNTS)
    def go_on(self, pick: int, fate: Fate, count: int) -> None:
        self.model.advance(pick, fate, count)

    @rule(pick=PICK, node=st.integers(0, 2))
    def ask_again(self, pick: int, node: int) -> None:
        self.model.repeat(pick, node)

    @precondition(lambda self: self.model.stage.late)
    @rule(pick=PICK)
    def late_write_lands(self, pick: int) -> None:
        self.model.land(pick)

    @rule(seconds=st.sampled_from(schedule_model.STEPS))
    def time_passes(self, seconds: int) -> None:
        self.model.tick(seconds)

    def teardown(self) -> None:
        self.model.settle()


class TimeMachine(RuleBasedStateMachine):
    """Extension, shortening, warning and expiry by nodes whose clocks differ (I10, L-30 to L-33)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = time_model.TimeModel()

    @rule(
        verb=st.sampled_from(time_model.VERBS),
        person=st.sampled_from(time_model.PEOPLE),
        node=st.integers(0, 2),
        life=st.sampled_from(time_model.LIVES),
    )
    def look(self, verb: str, person: str, node: int, life: int | None) -> None:
        self.model.begin(verb, person, node, life)

    @precondition(lambda self: self.model.looks)
    @rule(pick=PICK)
    def act(self, pick: int) -> None:
        self.model.finish(self.model.looks[pick % len(self.model.looks)])

    @rule(hours=st.sampled_from(time_model.HOURS))
    def admin_changes_the_settings(self, hours: int) -> None:
        self.model.change(hours)

    @rule(seconds=st.sampled_from(time_model.STEPS))
    def time_passes(self, seconds: int) -> None:
        self.model.tick(seconds)

    def teardown(self) -> None:
        self.model.settle()


class EnforcementMachine(RuleBasedStateMachine):
    """A file with history, and the real reconciliation (I11-I14, I21)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = EnforcementModel()

    @rule(author=st.sampled_from(enforcement_model.UPLOADERS))
    def upload(self, author: str | None) -> None:
        self._breathe()
        self.model.upload(author)

    @rule(author=st.sampled_from([enforcement_model.ALICE, enforcement_model.BOB]))
    def rename(self, author: str) -> None:
        self._breathe()
        self.model.rename(author)

    @rule()
    def trash(self) -> None:
        self.model.trash()

    @rule(pick=PICK)
    def delete_version(self, pick: int) -> None:
        self.model.delete_version(pick)

    @precondition(lambda self: self.model.hints)
    @rule(pick=PICK, again=st.booleans())
    def deliver(self, pick: int, *, again: bool) -> None:
        self.model.deliver(pick, again=again)

    @precondition(lambda self: self.model.hints)
    @rule(pick=PICK)
    def lose(self, pick: int) -> None:
        self.model.lose(pick)

    @rule()
    def sweep(self) -> None:
        self.model.sweep()

    @precondition(lambda self: self.model.stage.running())
    @rule(pick=PICK, fate=FATES, count=COUNTS)
    def go_on(self, pick: int, fate: Fate, count: int) -> None:
        self.model.advance(pick, fate, count)

    @precondition(lambda self: self.model.stage.late)
    @rule(pick=PICK)
    def late_write_lands(self, pick: int) -> None:
        self.model.land(pick)

    @rule(seconds=st.sampled_from(enforcement_model.STEPS))
    def time_passes(self, seconds: int) -> None:
        self.model.tick(seconds)

    def teardown(self) -> None:
        self.model.settle()

    def _breathe(self) -> None:
        """Space uploads by seconds: an unclear order has its own test."""
        self.model.tick(3)


class SystemMachine(RuleBasedStateMachine):
    """Everything at once, judged from the host's history (I1-I23)."""

    calm = False

    def __init__(self) -> None:
        super().__init__()
        self.model = SystemModel(calm=self.calm)

    @rule(
        verb=st.sampled_from(system_model.VERBS),
        person=st.sampled_from(schedule_model.PEOPLE),
        node=st.integers(0, 2),
        pick=PICK,
    )
    def request(self, verb: str, person: str, node: int, pick: int) -> None:
        self.model.begin(verb, person, node, pick)

    @rule(author=st.sampled_from(system_model.UPLOADERS), title=st.sampled_from([None, None, None, "other.txt"]))
    def upload(self, author: str | None, title: str | None) -> None:
        self.model.upload(author, title)

    @rule(author=st.sampled_from(system_model.RENAMERS))
    def rename(self, author: str) -> None:
        self.model.rename(author)

    @rule(author=st.sampled_from(system_model.RENAMERS))
    def trash(self, author: str) -> None:
        self.model.trash(author)

    @rule(person=st.sampled_from(system_model.WAITERS), node=st.integers(0, 2))
    def wait_for_it(self, person: str, node: int) -> None:
        self.model.ask(person, node)

    @precondition(lambda self: self.model.hints)
    @rule(pick=PICK, node=st.integers(0, 2), again=st.booleans())
    def deliver(self, pick: int, node: int, *, again: bool) -> None:
        self.model.deliver(pick, node, again=again)

    @rule(pick=PICK, node=st.integers(0, 2))
    def run_job(self, pick: int, node: int) -> None:
        self.model.run_job(pick, node)

    @rule(node=st.integers(0, 2))
    def sweep(self, node: int) -> None:
        self.model.sweep(node)

    @precondition(lambda self: self.model.stage.running())
    @rule(pick=PICK, count=COUNTS)
    def go_on(self, pick: int, count: int) -> None:
        self.model.advance(pick, Fate.DONE, count)

    @rule(seconds=st.sampled_from(system_model.STEPS))
    def time_passes(self, seconds: int) -> None:
        self.model.tick(seconds)

    def teardown(self) -> None:
        self.model.settle()


class CalmMachine(SystemMachine):
    """The same without faults: only concurrency."""

    calm = True


class HostileMachine(SystemMachine):
    """The same with every fate of a port call."""

    @precondition(lambda self: self.model.stage.running())
    @rule(pick=PICK, fate=FATES, count=COUNTS)
    def meet(self, pick: int, fate: Fate, count: int) -> None:
        self.model.advance(pick, fate, count)

    @precondition(lambda self: self.model.stage.late)
    @rule(pick=PICK)
    def late_write_lands(self, pick: int) -> None:
        self.model.land(pick)

    @rule(pick=PICK)
    def delete_version(self, pick: int) -> None:
        self.model.delete_version(pick)

    @precondition(lambda self: self.model.hints)
    @rule(pick=PICK)
    def lose(self, pick: int) -> None:
        self.model.lose(pick)

    @rule(pick=PICK, node=st.integers(0, 2))
    def ask_again(self, pick: int, node: int) -> None:
        self.model.repeat(pick, node)


TestCalmMachine = CalmMachine.TestCase
TestHostileMachine = HostileMachine.TestCase
TestLockMachine = LockMachine.TestCase
TestScheduleMachine = ScheduleMachine.TestCase
TestTimeMachine = TimeMachine.TestCase
TestEnforcementMachine = EnforcementMachine.TestCase
TestLockMachine.settings = settings(stateful_step_count=50)
TestScheduleMachine.settings = settings(stateful_step_count=50)
TestTimeMachine.settings = settings(stateful_step_count=50)
TestEnforcementMachine.settings = settings(stateful_step_count=40)
TestCalmMachine.settings = settings(stateful_step_count=40)
TestHostileMachine.settings = settings(stateful_step_count=40)
