"""Machine 3: a locked file with history, people's changes, and the real reconciliation, stopped anywhere.

Alice locks the file. Every content is unique, so bytes identify uploads.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.history.restore_budget import LONGEST_PAUSE
from lockpoint.domain.history.version_marker import source_of
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostError, StorageUnavailable, UseCaseError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.reconciliation import reconcile
from tests.fakes.confluence.site import APP_ACCOUNT, StoredVersion
from tests.fakes.redis import FakeMutexes
from tests.fakes.world import ACME, ALICE, BOB, DANA, World, make_world
from tests.properties.oracle import require
from tests.properties.stage import HOST, STORAGE, Fate, Gated, Stage, Unmeasured

UPLOADERS = (ALICE, ALICE, BOB, BOB, DANA, None)
OTHERS = (BOB, DANA)
TITLE = "plan.txt"
STEPS = (3, 10, 60, 300, 900)
FAULTS = (*(Fate.DONE,) * 16, *Fate)
# Visible reasons to leave a file alone; the last only where an admin deleted the evidence.
GIVEN_UP = {"order_unclear"}
GIVEN_UP_WHERE_VERSIONS_ARE_GONE = {"baseline_lost", "own_upload_without_source"}


@dataclass(frozen=True)
class Hint:
    """A webhook: the newest version at its sending."""

    number: int
    author: str | None


Wake = Callable[[Services, str, Hint], None]
Origin = Callable[[bytes], StoredVersion]
"""The version that brought these bytes."""


def wake(services: Services, file_id: str, hint: Hint) -> None:  # noqa: ARG001 - a hint's content is not trusted
    reconcile.reconcile(services, ACME, file_id, priority=Priority.EVENT)


@dataclass
class EnforcementModel:
    """World of machine 3. `wake`, `patch` and `swept` serve deliberately broken designs."""

    wake: Wake = wake
    swept: bool = True
    patch: Callable[[Services], Services] = lambda services: services
    world: World = field(default_factory=make_world)
    hints: list[Hint] = field(default_factory=list)
    uploads: dict[bytes, StoredVersion] = field(default_factory=dict)
    made: list[StoredVersion] = field(default_factory=list)  # by people, renames included
    gone: set[bytes] = field(default_factory=set)  # contents of versions that people deleted
    overwrites: int = 0
    disturbances: int = 0
    stage: Stage = field(init=False)
    services: Services = field(init=False)
    file_id: str = field(init=False)

    def __post_init__(self) -> None:
        world = self.world
        self.stage = Stage(world.clock, world.host)
        stored = world.add_file(DANA, content=b"0", title=TITLE)
        self.file_id = stored.id
        self.uploads[b"0"] = stored.versions[0]
        self.made.append(stored.versions[0])
        world.clock.advance(minutes=10)
        acquire(
            world.services, world.actor(ALICE), stored.id, RequestKey("lock", "x"), LockOptions(life=timedelta(days=29))
        )
        world.clock.advance(minutes=10)
        gated = {name: Gated(self.stage, name, getattr(world.services, name)) for name in HOST | STORAGE}
        self.services = self.patch(replace(world.services, clock_offsets=Unmeasured(), **gated))

    # --- people's actions ------------------------------------------------------------------------------------------

    def upload(self, author: str | None) -> None:
        """Not in the trash."""
        if self.file.status is not FileStatus.CURRENT:
            return
        content = str(len(self.uploads)).encode()
        self.uploads[content] = self.world.site().upload(self.file_id, author, content)
        self.made.append(self.uploads[content])
        self.overwrites += author != ALICE
        self.disturbances += bool(self.stage.running())
        self._hint()

    def rename(self, author: str) -> None:
        """Not in the trash."""
        if self.file.status is not FileStatus.CURRENT:
            return
        made = self.world.site().rename(self.file_id, author, f"name-{len(self.file.versions)}.txt")
        self.made.append(made)
        self.disturbances += bool(self.stage.running())
        self._hint()

    def trash(self) -> None:
        if self.file.status is FileStatus.CURRENT:
            self.world.site().trash(self.file_id)
            self._hint()

    def delete_version(self, pick: int) -> None:
        """As an admin; later versions are renumbered."""
        versions = self.file.versions
        if len(versions) > 1:
            number = pick % len(versions) + 1
            self.gone.add(versions[number - 1].content)
            self.world.site().delete_version(self.file_id, number)
            self.disturbances += 1
            self._hint()

    # --- host and app ----------------------------------------------------------------------------------------------

    def deliver(self, index: int, *, again: bool) -> None:
        """Deliver late, in any order, once or repeatedly."""
        if self.hints:
            place = index % len(self.hints)
            hint = self.hints[place] if again else self.hints.pop(place)
            self.disturbances += len(self.stage.running()) > 0
            self.stage.spawn(f"hint {hint.number}", lambda: self.wake(self.services, self.file_id, hint))
            self.check()

    def lose(self, index: int) -> None:
        if self.hints:
            self.hints.pop(index % len(self.hints))

    def sweep(self) -> None:
        if not self.swept:
            return
        self.disturbances += len(self.stage.running()) > 0
        self.stage.spawn(
            "sweep", lambda: reconcile.reconcile(self.services, ACME, self.file_id, priority=Priority.SWEEP)
        )
        self.check()

    def sweep_if_trashed(self) -> None:
        """A trashed file takes no uploads."""
        if self.file.status is FileStatus.TRASHED:
            self._sweep()

    def advance(self, index: int, fate: Fate = Fate.DONE, count: int = 1) -> None:
        """Advance one task by some port calls; the last meets this fate."""
        running = self.stage.running()
        if not running:
            return
        task = running[index % len(running)]
        self.disturbances += fate is not Fate.DONE
        for left in reversed(range(count)):
            if not task.done:
                self.stage.advance(task, Fate.DONE if left else fate)
        self.check()

    def land(self, index: int) -> None:
        if self.stage.late:
            self.disturbances += 1
            self.stage.land(index % len(self.stage.late))
            self.check()

    def tick(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)

    def settle(self) -> None:
        """End all faults, uploads and open tasks, then sweep (I11-I16, I21)."""
        for task in self.stage.running():
            self.stage.finish(task)
        while self.stage.late:
            self.stage.land(0)
        self.world.clock.at += LONGEST_PAUSE
        for hint in self.hints:
            self._must_work(lambda hint=hint: self.wake(self.world.services, self.file_id, hint))
        for _ in range(3):
            self._sweep()
        versions = len(self.file.versions)
        self._sweep()
        require(len(self.file.versions) == versions, "I14: a right file is left alone", self.history())
        self.check()
        self._check_outcome()

    def random_step(self, rng: random.Random) -> None:
        roll = rng.random()
        if roll < 0.50:
            self.advance(rng.randrange(4), rng.choice(FAULTS), rng.choice((1, 1, 2, 5)))
        elif roll < 0.66:
            self.deliver(rng.randrange(8), again=rng.random() < 0.3)
        elif roll < 0.78:
            self.upload(rng.choice(UPLOADERS))
        elif roll < 0.84:
            self.tick(rng.choice(STEPS))
        else:
            rare: tuple[Callable[[], None], ...] = (
                lambda: self.rename(rng.choice((ALICE, BOB))),
                self.trash,
                lambda: self.delete_version(rng.randrange(20)),
                lambda: self.lose(rng.randrange(8)),
                self.sweep,
                lambda: self.land(rng.randrange(4)),
            )
            rng.choice(rare)()
        self.tick(3)  # people and tasks are seconds apart: an unclear order has its own test

    # --- invariants ------------------------------------------------------------------------------------------------

    @property
    def file(self) -> Any:
        return self.world.site().files[self.file_id]

    @property
    def held(self) -> Held:
        found = self.world.found(self.file_id)
        assert isinstance(found, Held), found
        return found

    def history(self) -> list[tuple[str, bytes, str, datetime]]:
        return [(str(v.author)[7:12], v.content, v.title, v.created) for v in self.file.versions]

    def check(self) -> None:
        """Check I13 and I21, which hold always."""
        contents = {version.content for version in self.file.versions}
        lost = set(self.uploads) - contents - self.gone
        require(not lost, "I21: every byte string is still there unless a person deleted it", lost)
        restores = [v for v in self.file.versions if v.author == APP_ACCOUNT and source_of(v.message)]
        bound = self.overwrites + self.disturbances
        require(len(restores) <= bound, "I13: no more restores than overwrites and disturbances", self.history())

    def expected(self, origin: Origin | None = None) -> bytes | None:
        """Return the newest permitted content that exists; a lock protects everything up to its base."""
        origin = origin or self.uploads.__getitem__
        there = {version.created for version in self.file.versions}
        rows = self.world.tables.restorations.values()
        doubtful = {row.created for row in rows if row.created == row.source_created}
        own = [v for v in self.file.versions if v.author == APP_ACCOUNT and v.created not in doubtful]
        there |= {source_of(version.message) for version in own}
        base = self.held.base.created
        there |= {row.source_created for row in rows if row.created in there and row.source_created <= base}
        good = [v for v in self.made if v.created in there and (self._by_alice(v, origin) or v.created <= base)]
        return max(good, key=lambda version: version.created).content if good else None

    def _by_alice(self, version: StoredVersion, origin: Origin) -> bool:
        """Whether Alice's version counts; her rename of an overwrite keeps it an overwrite."""
        first = origin(version.content)
        mine = first.author == ALICE or first.created <= self.held.base.created
        return version.author == ALICE and mine

    def _first_there(self, content: bytes) -> StoredVersion:
        """Return the oldest version that still has these bytes: all that a look after a deletion can know."""
        there = {version.created for version in self.file.versions}
        carriers = [version for version in self.made if version.content == content and version.created in there]
        return min(carriers, key=lambda version: version.created, default=self.uploads[content])

    def _adopted(self) -> set[bytes]:
        """Bytes that only a version of Alice's still carries, since the one they came with was deleted."""
        there = {version.created for version in self.file.versions}
        return {v.content for v in self.made if v.author == ALICE and v.created in there and v.content in self.gone}

    def _check_outcome(self) -> None:
        expected, protection = self.expected(), self.world.tables.witnesses[ACME.id, self.file_id].protection
        if protection in GIVEN_UP or (self.gone and protection in GIVEN_UP_WHERE_VERSIONS_ARE_GONE):
            return
        require(protection == "protected", "I11: a visible reason", protection, self.history())
        require(self.file.status is FileStatus.CURRENT, "I11: the file is out of the trash", self.history())
        mine = [v for v in self.uploads.values() if v.author == ALICE]
        base = self.held.base.created
        lost = all(version.created != base for version in self.file.versions)
        past = {version.content for version in self.file.versions if lost and version.created <= base}
        require(
            expected is None
            or self.file.content in {expected, self.expected(self._first_there), *past, *self._adopted()},
            "I11, I12: the newest authorised content is current",
            expected,
            self.history(),
            mine,
        )
        accused = {row.account for row in self._audit() if row.kind is AuditKind.CONFLICT}
        require(ALICE not in accused, "L-44: the holder is not accused", accused)
        require(self.held.base.author in {ALICE, DANA}, "L-42: only the holder moves the base", self.held)

    def _audit(self) -> list[Any]:
        return self.world.tables.audit_of(ACME)

    def _sweep(self) -> None:
        if self.swept:
            self._must_work(
                lambda: reconcile.reconcile(self.world.services, ACME, self.file_id, priority=Priority.SWEEP)
            )

    @staticmethod
    def _must_work(work: Callable[[], None]) -> None:
        try:
            work()
        except (HostError, StorageUnavailable, UseCaseError) as trouble:
            require(False, "I11: nothing prevents reconciliation", trouble)

    def _hint(self) -> None:
        self.hints.append(Hint(len(self.file.versions), self.file.versions[-1].author))
        self.check()


def run(seed: int, steps: int = 40, **options: Any) -> EnforcementModel:
    """Run one random schedule; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = EnforcementModel(**options)
    mutexes = model.world.services.mutexes
    assert isinstance(mutexes, FakeMutexes)
    mutexes.away = bool(seed % 2)  # exclusion is efficiency, never correctness
    for _ in range(steps):
        model.random_step(rng)
    model.settle()
    return model
