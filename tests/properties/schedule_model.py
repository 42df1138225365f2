"""Machine 2: the real use cases, stopped at every port call, with every fate of such a call."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import MARGIN, FoundRecord, Held, Limits, Record, Subject
from lockpoint.domain.signed_record import decode
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.edit_requests import ask as edit_requests
from lockpoint.services.edit_requests.hand_over import hand_over
from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.waitlist import KEY as WAITLIST
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.break_lock import break_lock
from lockpoint.services.locks.extend import extend
from lockpoint.services.locks.release import release
from lockpoint.services.locks.take_over import take_over
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.reconciliation import reconcile
from tests.fakes.settings import FixedSettings
from tests.fakes.world import ACME, ALICE, BOB, DANA, KEYS, World, make_world
from tests.properties.oracle import Stored, check_step, require
from tests.properties.stage import HOST, STORAGE, Fate, Gated, NodeClock, Stage, Task, Unmeasured

PEOPLE = (ALICE, BOB, DANA)
MANAGERS = frozenset({DANA})
SKEW = timedelta(seconds=15)  # half the margin: a node further off refuses writes
STALE = timedelta(seconds=2)  # maximum age of a read
LIMITS = Limits(default=timedelta(seconds=120), longest=timedelta(seconds=900))
VERBS = (
    *("acquire", "acquire", "extend", "release", "break", "take_over", "reconcile"),
    *("request", "request", "cancel_request", "hand_over", "hand_over"),
)
STEPS = (1, 5, 20, 30, 60, 90, 120)
FAULTS = (*(Fate.DONE,) * 12, *Fate)
UNKNOWN = frozenset({"busy", "in_progress"})
MOST_PORT_CALLS = 120


@dataclass
class Request:
    """Repeated calls share id and outcome; `to`: who gets the file in a hand-over."""

    id: str
    verb: str
    person: str
    named: str
    to: str
    task: Task
    started: datetime
    first: datetime
    answers: list[str] = field(default_factory=list)
    checked: bool = False


@dataclass
class ScheduleModel:
    """World of machine 2. `patch` replaces services, for broken designs."""

    patch: Callable[[Services], Services] = lambda services: services
    duplicates: bool = True
    skewed: bool = True
    world: World = field(default_factory=make_world)
    stage: Stage = field(init=False)
    nodes: list[Services] = field(init=False)
    file_id: str = field(init=False)
    requests: list[Request] = field(default_factory=list)
    written: list[tuple[Stored, str]] = field(default_factory=list)  # with the row's id
    told: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    granted: dict[str, str] = field(default_factory=dict)  # the request's last lock

    def __post_init__(self) -> None:
        world = self.world
        self.stage = Stage(world.clock, world.host)
        self.file_id = world.add_file().id
        self._watch_the_host()
        offsets = (timedelta(), SKEW, -SKEW) if self.skewed else (timedelta(),) * 3
        self.nodes = [self.patch(self._node(offset)) for offset in offsets]

    def _node(self, offset: timedelta) -> Services:
        ports = {name: Gated(self.stage, name, getattr(self.world.services, name)) for name in HOST | STORAGE}
        clock = NodeClock(self.stage, offset)
        return replace(
            self.world.services, clock=clock, settings_memory=FixedSettings(LIMITS), clock_offsets=Unmeasured(), **ports
        )

    # --- steps -----------------------------------------------------------------------------------------------

    def begin(self, verb: str, person: str, node: int, pick: int = 0) -> None:
        person, to = self._handing(person, pick) if verb == "hand_over" else (person, "")
        others = verb in {"break", "take_over", "request", "hand_over"}
        named, now = self._named(person, pick, other=others), self.world.clock.now()
        request = Request(f"r{len(self.requests)}", verb, person, named, to, Task("none", None), now, now)
        self.requests.append(request)
        self._start(request, node)

    def repeat(self, index: int, node: int) -> None:
        """Under the same id."""
        open_ones = [r for r in self.requests if r.task.done and r.verb != "reconcile" and not self._definite(r)]
        if open_ones:
            self._start(open_ones[index % len(open_ones)], node)

    def advance(self, index: int, fate: Fate = Fate.DONE, count: int = 1) -> None:
        """Advance one call by some port calls; the last meets this fate."""
        running = self.stage.running()
        if not running:
            return
        task = running[index % len(running)]
        for left in reversed(range(count)):
            if not task.done:
                self.stage.advance(task, Fate.DONE if left else fate)
        self.check()

    def land(self, index: int) -> None:
        if self.stage.late:
            self.stage.land(index % len(self.stage.late))
            self.check()

    def tick(self, seconds: int) -> None:
        self.world.clock.advance(seconds=seconds)
        self.check()

    def settle(self) -> None:
        """End all faults and open calls, then read the file again."""
        for task in self.stage.running():
            self.stage.finish(task)
        while self.stage.late:
            self.stage.land(0)
        self.check()
        reconcile.reconcile(self.world.services, ACME, self.file_id)
        self._check_audit()

    def random_step(self, rng: random.Random) -> None:
        roll = rng.random()
        if roll < 0.70:
            self.advance(rng.randrange(8), rng.choice(FAULTS), rng.choice((1, 1, 2, 4, 8)))
        elif roll < 0.85:
            self.begin(rng.choice(VERBS), rng.choice(PEOPLE), rng.randrange(3), rng.randrange(12))
        elif roll < 0.90:
            self.repeat(rng.randrange(8), rng.randrange(3))
        elif roll < 0.94:
            self.land(rng.randrange(8))
        else:
            self.tick(rng.choice(STEPS))

    # --- requests and answers ----------------------------------------------------------------------------------

    def _start(self, request: Request, node: int) -> None:
        services = self.nodes[node % len(self.nodes)]
        request.started, request.checked = self.world.clock.now(), False
        request.task = self.stage.spawn(request.id, self._work(request, services))
        self.check()

    def _work(self, request: Request, services: Services) -> Callable[[], Any]:
        actor, key = (
            self.world.actor(request.person),
            RequestKey(request.id, f"{request.verb} {request.named} {request.to}"),
        )
        place = (services, actor, self.file_id, key)
        verbs: dict[str, Callable[[], Any]] = {
            "acquire": lambda: acquire(*place, LockOptions()),
            "extend": lambda: extend(*place, request.named, None),
            "release": lambda: release(*place, request.named),
            "break": lambda: break_lock(*place, request.named, "away"),
            "take_over": lambda: take_over(*place, request.named, "away", LockOptions()),
            "request": lambda: edit_requests.ask(*place, request.named, "please"),
            "cancel_request": lambda: edit_requests.cancel(*place, request.named),
            "hand_over": lambda: hand_over(*place, request.named, request.to, "away"),
            "reconcile": lambda: reconcile.reconcile(services, ACME, self.file_id, priority=Priority.SWEEP),
        }
        return verbs[request.verb]

    def _handing(self, person: str, pick: int) -> tuple[str, str]:
        """Return who hands over to whom: often the holder to somebody who asks."""
        held, rows = self._present(), self.world.site().rows.get((PropertyHost.ATTACHMENT, self.file_id, WAITLIST), ())
        found = waitlist_of(self.world.services, ACME, self.file_id, rows[0] if rows else None).requests
        person = held.holder if isinstance(held, Held) and pick % 3 else person
        others = [one.account for one in found if one.account != person] or [one for one in PEOPLE if one != person]
        return person, others[pick % len(others)]

    def _named(self, person: str, pick: int, *, other: bool) -> str:
        present = self._present()
        if isinstance(present, Held) and (other or present.holder == person) and pick % 4:
            return present.lock_id
        known = sorted({stored.record.lock_id for stored, _ in self.written if isinstance(stored.record, Held)})
        return known[pick % len(known)] if known else "0" * 32

    def _definite(self, request: Request) -> bool:
        return any(answer != "unknown" for answer in request.answers)

    def check(self) -> None:
        """Process new answers and check the present state."""
        for request in self.requests:
            if request.task.done and not request.checked:
                request.checked = True
                if request.verb != "reconcile":
                    self._take(request)
            require(request.task.port_calls <= MOST_PORT_CALLS, "I19: a call ends within its bound", request)
        now = self.world.clock.now()
        yes = {who for name, (who, until) in self.told.items() if name not in self.ended and now < until}
        require(len(yes) <= 1, "I1: one holder at most", self.told, self.ended)

    def _take(self, request: Request) -> None:
        answer = self._answer(request)
        before = [a for a in request.answers if a != "unknown"]
        request.answers.append(answer)
        if answer == "unknown":
            return
        require(not before or before[-1] == answer, "I8: the same outcome for the same request", request, answer)
        if answer == "yes":
            self._take_yes(request)
        elif answer == "already_locked":
            other = self._somebody_else(request)
            require(other, "I3, I4: a no names somebody else who held the file", request, self.written[-3:])
        elif answer == "lock_lost" and request.verb in {"extend", "release", "hand_over"}:
            require(not self._held_throughout(request), "I3: a holder keeps the lock", request, self.written[-3:])

    def _answer(self, request: Request) -> str:
        task = request.task
        if task.crashed or (task.error is not None and not isinstance(task.error, UseCaseError)):
            return "unknown"
        if isinstance(task.error, UseCaseError):
            return "unknown" if task.error.code in UNKNOWN else task.error.code
        return "yes"

    def _take_yes(self, request: Request) -> None:
        lock = request.task.result.lock
        if request.verb == "release":
            self.freed.add(request.named)
            require(self._over(request.named), "I3: a released lock is over", request)
        elif request.verb in {"break", "hand_over"}:
            require(self._over(request.named), "I3: a broken lock, and one handed over, is over", request)
            if request.verb == "hand_over" and lock.holder and lock.holder.account_id == request.to:
                self.told[lock.lock_id] = (request.to, lock.expires_at)
        elif request.verb in {"request", "cancel_request"}:
            return
        elif lock.lock_id is not None and lock.state == "mine":
            stored = {s.record.lock_id for s, _ in self.written if isinstance(s.record, Held)}
            require(lock.lock_id in stored, "I3: a yes has its record", request, lock)
            self.told[lock.lock_id] = (request.person, lock.expires_at)

    def _over(self, lock_id: str) -> bool:
        present = self._present()
        return not (isinstance(present, Held) and present.lock_id == lock_id)

    def _somebody_else(self, request: Request) -> bool:
        """Whether another person had the lock during the call, or just before.

        A repeated call gets an earlier try's result, so the first try counts as its start.
        """
        return any(
            isinstance(record, Held)
            and record.holder != request.person
            and (record.expires_at is None or since < record.expires_at + MARGIN + SKEW)
            for record, since in self._shown_since(request.first - STALE)
        )

    def _held_throughout(self, request: Request) -> bool:
        """Whether the caller had the named lock, live on every clock, throughout the call."""
        now = self.world.clock.now()
        return all(
            isinstance(record, Held)
            and (record.lock_id, record.holder) == (request.named, request.person)
            and (record.expires_at is None or now + SKEW < record.expires_at)
            for record, _ in self._shown_since(request.started - STALE)
        )

    def _shown_since(self, start: datetime) -> list[tuple[FoundRecord, datetime]]:
        """Return what the property said since `start`, and when first."""
        place = (PropertyHost.ATTACHMENT, self.file_id, "lockpointlock")
        shown: list[tuple[FoundRecord, datetime]] = [(self._read(()), start)]
        for since, rows in self.world.site().past_rows.get(place, []):
            if since <= start:
                shown = []
            shown.append((self._read(rows), max(since, start)))
        return shown

    # --- stored records -----------------------------------------------------------------------------------------

    def _present(self) -> FoundRecord:
        return self._read(self.world.site().lock_rows(self.file_id))

    def _read(self, rows: tuple[StoredProperty, ...]) -> FoundRecord:
        return self.world.reading_in(rows, self.file_id)

    def _watch_the_host(self) -> None:
        """Observe each of our writes as applied; the host may keep duplicates."""
        host, create, write, remove = (
            self.world.host,
            self.world.host.create,
            self.world.host.replace,
            self.world.host.lock_properties.delete,
        )

        def creating(
            tenant: Tenant, kind: PropertyHost, host_id: str, key: str, value: object, person: str | None
        ) -> StoredProperty:
            site = self.world.site()
            rows = site.rows.get((kind, host_id, key), ())
            fresh = self.duplicates and len(rows) == 1 and site.clock.now() - _made(rows[0]) < STALE
            if not fresh or key != "lockpointlock":
                row = create(tenant, kind, host_id, key, value, person)
            else:
                row = site.new_row(key, value)
                site.put_rows(kind, host_id, key, (*rows, row))
            if key == "lockpointlock":
                self._note(row)
            return row

        def replacing(
            tenant: Tenant,
            kind: PropertyHost,
            host_id: str,
            key: str,
            row_id: str,
            version: int,
            value: object,
            *,
            person: str | None,
        ) -> StoredProperty:
            row = write(tenant, kind, host_id, key, row_id, version, value, person=person)
            if key == "lockpointlock":
                self._note(row)
            return row

        def deleting(
            tenant: Tenant, attachment_id: str, property_id: str, *, priority: Priority, person: str | None = None
        ) -> None:
            rows = self.world.site().lock_rows(attachment_id)
            require(not rows or property_id != rows[0].id, "I6: the record is never deleted", rows)
            remove(tenant, attachment_id, property_id, priority=priority, person=person)

        host.create, host.replace = creating, replacing
        host.lock_properties.delete = deleting

    def _note(self, row: StoredProperty) -> None:
        record = decode(row.value, row.version, Subject(ACME.site_key, self.file_id), KEYS)
        require(isinstance(record, Record), "I5: what we write can be read where it lies", row)
        assert isinstance(record, Record)
        person = self._author()
        stored = Stored(record, self.world.clock.now(), person)
        before = [s.record for s, row_id in self.written if row_id == row.id]
        if self.world.site().lock_rows(self.file_id)[0].id == row.id:  # a second row of the key proves nothing
            check_step(before[-1] if before else None, stored, managers=MANAGERS, skew=SKEW)
            self._check_who_asked(record)
            if isinstance(record, Held):
                self._note_lock(before, record)
        self.written.append((stored, row.id))
        if record.ended is not None:
            self.ended.add(record.ended.lock_id)

    def _check_who_asked(self, record: Record) -> None:
        """Check P-11: a file is handed over to a person whose request stood during the call."""
        if record.kind is not AuditKind.HANDED_OVER or not isinstance(record, Held) or record.ended is None:
            return
        call = next(request for request in self.requests if request.id == self.stage.writer)
        place = (PropertyHost.ATTACHMENT, self.file_id, WAITLIST)
        asked: set[tuple[str, str]] = set()
        for since, rows in self.world.site().past_rows.get(place, []):
            if since <= call.first - STALE:
                asked.clear()
            row = rows[0] if rows else None
            found = waitlist_of(self.world.services, ACME, self.file_id, row).requests
            asked |= {(one.account, one.lock_id) for one in found if one.open}
        require((record.holder, record.ended.lock_id) in asked, "P-11: only who asked gets the file", record, asked)

    def _note_lock(self, before: list[Record], held: Held) -> None:
        """Check one lock per request, and that released locks stay released."""
        last = before[-1] if before else None
        if isinstance(last, Held) and last.lock_id == held.lock_id:
            require(held.lock_id not in self.freed, "I7: a released lock stays released", held)
            return
        request = self.stage.writer or ""
        earlier = self.granted.get(request)
        require(earlier is None, "I8: one request, one lock", held, earlier)
        require(held.lock_id not in self.freed, "I7: a released lock stays released", held)
        self.granted[request] = held.lock_id
        self.ended.discard(held.lock_id)
        self.freed.discard(held.lock_id)

    def _author(self) -> str | None:
        """Return the writing call's person; None for the sweep."""
        for request in self.requests:
            if request.id == self.stage.writer and request.verb != "reconcile":
                return request.person
        return None

    def _check_audit(self) -> None:
        """Check I16: no audit row without its record, and every record has its row, of its own kind."""
        rows = {(row.epoch, row.seq): row.kind for row in self.world.tables.audit_of(ACME) if row.epoch}
        places = {(s.record.epoch, s.record.seq) for s, _ in self.written}
        require(rows.keys() <= places, "I16: an audit row without a record", rows, places)
        kept = [row.id for row in self.world.site().lock_rows(self.file_id)[:1]]
        for stored, row_id in self.written:
            record = stored.record
            if row_id in kept:
                require(rows.get((record.epoch, record.seq)) is record.kind, "I16: a record has its row", record, rows)


def _made(row: StoredProperty) -> datetime:
    assert row.created is not None
    return row.created


def run(seed: int, steps: int = 60, **options: Any) -> ScheduleModel:
    """Run one random schedule; raise `Violation`. Half start with everybody at a file without record."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = ScheduleModel(**options)
    if seed % 2:
        rush(model, rng)
    for _ in range(steps):
        model.random_step(rng)
    model.settle()
    return model


def run_rush(seed: int, **options: Any) -> ScheduleModel:
    """Run only the start, where records are created; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = ScheduleModel(**options)
    rush(model, rng)
    model.settle()
    return model


def rush(model: ScheduleModel, rng: random.Random) -> None:
    """Everybody requests the file without record within two seconds, with lagging replicas."""
    for node, person in enumerate(PEOPLE):
        model.begin("acquire", person, node)
    for _ in range(rng.randrange(10, 60)):
        model.advance(rng.randrange(3), rng.choice((*FAULTS, *(Fate.STALE,) * 8, Fate.LATE)))
        if rng.random() < 0.1:
            model.land(rng.randrange(3))
