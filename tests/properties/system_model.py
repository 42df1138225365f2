"""Machine 4: everything at once on one file, judged from the host's history.

People change the file and its lock, hints are late, lost and doubled, jobs come back, processes crash or stand still
for minutes, and rows go by age. `calm` schedules have no faults, only concurrency.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from lockpoint.domain.events import ABOUT_LIVE_LOCKS, AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.history.version_marker import source_of
from lockpoint.domain.lock import EndReason, Free, Held, Limits, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostError, StorageUnavailable, UseCaseError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.compare_and_set import CONFIRMED
from lockpoint.services.lock_record.waitlist import KEY as WAITLIST_KEY
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.take_over import take_over
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.reconciliation import reconcile
from lockpoint.worker import handlers
from tests.fakes.confluence.site import APP_ACCOUNT, StoredFile, StoredVersion
from tests.fakes.redis import FakeMutexes
from tests.fakes.settings import FixedSettings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GLOBEX, SAM
from tests.properties.host_history import HostHistory, Offence, protects
from tests.properties.oracle import require
from tests.properties.schedule_model import PEOPLE, Request, ScheduleModel
from tests.properties.stage import Fate, Task
from tests.services.stage import RECORD_KINDS

STRANGERS = tuple(f"557058:{number:08x}-0000-4000-8000-000000000009" for number in range(6))
UPLOADERS = (ALICE, ALICE, ALICE, BOB, BOB, DANA, SAM, None, *STRANGERS)
RENAMERS = (ALICE, BOB, DANA, SAM)
WAITERS = (CHARLIE, SAM)
VERBS = ("acquire", "acquire", "acquire", "extend", "release", "release", "break", "take_over")
LIMITS = Limits(default=timedelta(seconds=120), longest=timedelta(days=29))
LONG = timedelta(days=20)
STEPS = (5, 20, 31, 60, 90, 120, 300)
KEPT = timedelta(days=3)
FAULTS = (*(Fate.DONE,) * 20, *Fate)
ON_FILE = frozenset({JobKind.RECONCILE, JobKind.CONFIRM, JobKind.TRASHED})
ROUNDS = 12  # in which the queue of one file must run dry

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(dict[K, V]):
    """A table that remembers every row ever added, also after a purge.

    A row `too_old` when it comes is left out, as by `storage.effects`: the first try counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.added: list[V] = []
        self.keys_ever: set[K] = set()
        self.too_old: Callable[[V], bool] = lambda _: False

    def __setitem__(self, key: K, value: V) -> None:
        old = self.too_old(value)
        if key not in self and not (old and key in self.keys_ever):
            self.added.append(value)
        self.keys_ever.add(key)
        if not old:
            super().__setitem__(key, value)

    def setdefault(self, key: K, value: V) -> V:
        if key not in self:
            self[key] = value
        return self.get(key, value)


@dataclass
class SystemModel(ScheduleModel):
    """World of machine 4; `calm`: no faults. `patch` serves deliberately broken designs."""

    duplicates: bool = False
    calm: bool = False
    queued: dict[Job, datetime] = field(default_factory=dict)  # when a job was first seen
    hints: list[str | None] = field(default_factory=list)  # who is said to have trashed the file, if anybody
    work: list[tuple[Task, Job]] = field(default_factory=list)
    disturbances: int = 0
    contents: int = 0
    asked: list[tuple[str, Task]] = field(default_factory=list)
    rows: Kept[tuple[object, ...], AuditEvent] = field(default_factory=Kept)
    mails: Kept[tuple[object, ...], Any] = field(default_factory=Kept)
    owed: set[tuple[str, str]] = field(default_factory=set)  # end notices, by lock and person
    read_by: dict[int, datetime] = field(default_factory=dict)  # by task: the newest version of its last read
    trashes: int = 0
    seen_by: dict[int, list[datetime]] = field(default_factory=dict)  # by task: the newest version at each of its calls
    cancelled: set[str] = field(default_factory=set)
    history: HostHistory = field(init=False)

    def __post_init__(self) -> None:
        self.skewed = self.skewed and not self.calm
        self.world.tables.audit = self.rows
        self.world.tables.intents = self.mails
        self.rows.too_old = lambda row: row.at < self.world.clock.now() - KEPT
        super().__post_init__()
        self.stage.pauses = True
        self.history = HostHistory(self.file)
        self._watch_the_file()

    def _node(self, offset: timedelta) -> Services:
        return replace(super()._node(offset), settings_memory=FixedSettings(LIMITS))

    @property
    def file(self) -> StoredFile:
        return self.world.site().files[self.file_id]

    # --- people ----------------------------------------------------------------------------------------------------

    def upload(self, author: str | None, title: str | None = None) -> None:
        if self.file.status is FileStatus.CURRENT:
            self.contents += 1
            self._disturb()
            self.world.site().upload(self.file_id, author, b"%d" % self.contents, title=title)
            self.hints.append(None)

    def rename(self, author: str) -> None:
        if self.file.status is FileStatus.CURRENT:
            self._disturb()
            self.world.site().rename(self.file_id, author, f"name-{len(self.file.versions)}.txt")
            self.hints.append(None)

    def trash(self, author: str) -> None:
        if self.file.status is FileStatus.CURRENT:
            self._disturb()
            self.world.site().trash(self.file_id)
            self.history.trashers.add(author)
            self.trashes += 1
            self.hints.append(author)

    def delete_version(self, pick: int) -> None:
        """As an admin; later versions are renumbered."""
        versions = self.file.versions
        if len(versions) > 1:
            self.disturbances += 1
            gone = versions[pick % len(versions)]
            self.world.site().delete_version(self.file_id, pick % len(versions) + 1)
            self.history.version_deleted(gone)
            self.hints.append(None)

    def ask(self, person: str, node: int, *, cancel: bool = False) -> None:
        """Join the waitlist, or leave it."""
        services, verb = self.nodes[node % len(self.nodes)], notify_me.cancel if cancel else notify_me.ask
        if cancel:
            self.cancelled.add(person)
        self._disturb()
        task = self.stage.spawn("ask", lambda: verb(services, self.world.actor(person), self.file_id))
        self.asked.append((person, task))

    # --- host, queue and time --------------------------------------------------------------------------------------

    def deliver(self, index: int, node: int, *, again: bool = False) -> None:
        """A hint comes: late, in any order, perhaps once more."""
        if self.hints:
            place = index % len(self.hints)
            trasher = self.hints[place] if again else self.hints.pop(place)
            self._start_job(_job(self.file_id, trasher), node)

    def lose(self, index: int) -> None:
        if self.hints:
            self.hints.pop(index % len(self.hints))

    def run_job(self, index: int, node: int) -> None:
        jobs = [job for job in self.world.tables.jobs if job.kind in ON_FILE and self._due(job)]
        if jobs:
            job = jobs[index % len(jobs)]
            self.world.tables.jobs.remove(job)
            self._start_job(job, node)

    def check(self) -> None:
        super().check()
        now, waiting = self.world.clock.now(), self.world.tables.jobs
        self.queued = {job: self.queued.get(job, now) for job in waiting if job.kind is JobKind.CONFIRM}

    def _due(self, job: Job) -> bool:
        """A look that counts on writes having landed never comes before its time; others may."""
        now = self.world.clock.now()
        return job.kind is not JobKind.CONFIRM or now - self.queued.get(job, now) >= job.delay

    def sweep(self, node: int) -> None:
        """The sweep comes to this file, as long as it is known as locked."""
        witness = self.world.tables.witnesses.get((ACME.id, self.file_id))
        if witness is not None and isinstance(witness.record, Held):
            self._disturb()
            services = self.nodes[node % len(self.nodes)]
            self.stage.spawn(
                "sweep", lambda: reconcile.reconcile(services, ACME, self.file_id, priority=Priority.SWEEP)
            )
            self.check()

    def advance(self, index: int, fate: Fate = Fate.DONE, count: int = 1) -> None:
        self.disturbances += fate is not Fate.DONE
        super().advance(index, fate, count)
        self._give_back()

    def land(self, index: int) -> None:
        self.disturbances += bool(self.stage.late)
        super().land(index)

    def days_pass(self) -> None:
        """Rows go by age, as in `storage.retention.purge`; mails are sent by then, and no call or job lasts so long."""
        for task in self.stage.running():
            self.stage.finish(task)
        self._give_back()
        self.world.clock.advance(seconds=90)
        self._quieten()
        self.world.clock.advance(days=KEPT.days + 1)
        before, tables = self.world.clock.now() - KEPT, self.world.tables
        held = [w.record for w in tables.witnesses.values() if isinstance(w.record, Held)]
        live = {one.lock_id for one in held} | {one.ended.lock_id for one in held if one.ended and one.taken_from}
        for key, own in list(tables.restorations.items()):
            if own.at < before and own.lock_id not in live:
                del tables.restorations[key]
        for place, row in list(self.rows.items()):
            if row.at < before:
                del self.rows[place]
        for name, mail in list(self.mails.items()):
            if mail.intent.lock_id not in live or mail.intent.kind not in ABOUT_LIVE_LOCKS:
                del self.mails[name]

    def _start_job(self, job: Job, node: int) -> None:
        self._disturb()
        work = handlers(self.nodes[node % len(self.nodes)])[job.kind]
        task = self.stage.spawn("job", lambda: work(job.tenant_id, job.subject))
        self.work.append((task, job))
        self._give_back()
        self.check()

    def _give_back(self) -> None:
        """A job that failed or lost its worker comes back."""
        for task, job in self.work:
            if task.done and (task.crashed or task.error is not None):
                self.world.tables.defer([job])
        self.work = [(task, job) for task, job in self.work if not task.done]

    def _disturb(self) -> None:
        self.disturbances += bool(self.stage.running())

    # --- requests --------------------------------------------------------------------------------------------------

    def _start(self, request: Request, node: int) -> None:
        self._disturb()
        super()._start(request, node)

    def _work(self, request: Request, services: Services) -> Callable[[], Any]:
        number = int(request.id[1:])
        options = LockOptions(life=LONG if number % 3 == 0 else None, unlock_on_upload=number % 4 == 1)
        actor, key = self.world.actor(request.person), RequestKey(request.id, f"{request.verb} {request.named}")
        if request.verb == "acquire":
            return lambda: acquire(services, actor, self.file_id, key, options)
        if request.verb == "take_over":
            return lambda: take_over(services, actor, self.file_id, key, request.named, "away", options)
        return super()._work(request, services)

    def _author(self) -> str | None:
        """Return whose write the host receives; a job ends a lock in its holder's name where that person caused it."""
        held = self.history.held
        if self.stage.writer in {"job", "sweep", None}:
            return held.holder if held is not None and self.history.holder_caused_the_end(held) else None
        return super()._author()

    # --- the host's history ----------------------------------------------------------------------------------------

    def _watch_the_file(self) -> None:
        site, add_version = self.world.site(), self.world.site().add_version

        def adding(stored: StoredFile, author: str | None, **values: Any) -> StoredVersion:
            before = stored.versions[-1]
            if author == APP_ACCOUNT:
                self._check_bury(before, values.get("message", ""))
            made = add_version(stored, author, **values)
            self.history.version(made, before, beginning=self._beginning())
            return made

        site.add_version = adding
        for call in ("get", "version", "versions"):
            self._watch_the_reads(call)

    def _watch_the_reads(self, name: str) -> None:
        attachments = self.world.host.attachments
        call = getattr(attachments, name)

        def watched(*place: Any, **values: Any) -> Any:
            task, newest = self.stage.writer_task, self.file.versions[-1].created
            self.seen_by.setdefault(task, []).append(newest)
            if name == "get":
                self.read_by[task] = newest
            return call(*place, **values)

        setattr(attachments, name, watched)

    def _check_bury(self, buried: StoredVersion, message: str) -> None:
        """A look acts on what it has just seen: what was there two calls before is not buried."""
        seen = self.seen_by.get(self.stage.writer_task, [])[-2:]
        right = self.history.content.newest[-1] == (buried.created, buried.content)
        doubtful = buried.created in self.history.excusable or self.history.deleted or buried.author == APP_ACCOUNT
        blind = len(seen) == 2 and seen[0] >= buried.created
        require(
            not (blind and right and not doubtful and source_of(message)),
            "G1: nothing right is buried knowingly",
            buried,
            seen,
        )

    def _beginning(self) -> bool:
        """Whether nobody was answered yet that the present lock began."""
        held = self.history.held
        if held is None:
            return False
        return any(
            self.granted.get(request.id) == held.lock_id and not (request.task.done and self._definite(request))
            for request in self.requests
        )

    def _note(self, row: Any) -> None:
        super()._note(row)
        stored, _ = self.written[-1]
        standing = self.history.standing_offence()
        if isinstance(stored.record, Free) and standing is not None:
            self._check_named(stored.record, standing)
        self.history.stored(stored.record, row.created)
        if isinstance(stored.record, Free):
            self.owed |= {(stored.record.ended.lock_id, person) for person in self._waiting()}

    def _check_named(self, record: Free, standing: Offence) -> None:
        """No end forgets an overwrite that it saw; a job ends a lock for its holder without looking, or looking again.

        Where the host fails in between, the look back tells it.
        """
        if not self.calm:
            return
        for_holder = record.ended.reason is EndReason.RELEASED or self.file.status is FileStatus.TRASHED
        if self.stage.writer in {"job", "sweep", None} and for_holder:
            return
        missed = self.read_by.get(self.stage.writer_task) != self.file.versions[-1].created
        carries = {v.created for v in self.file.versions if v.content == standing.version.content}
        named = not carries.isdisjoint(record.ended.pending)
        require(missed or named, "L-34: a tombstone names the overwrite that stands", standing, record, self.seen())

    def _waiting(self) -> tuple[str, ...]:
        rows = [
            row
            for (_, file_id, key), kept in self.world.site().rows.items()
            if key == WAITLIST_KEY
            for row in kept
            if file_id == self.file_id
        ]
        return waitlist_of(self.world.services, ACME, self.file_id, rows[0] if rows else None).askers

    # --- the end ---------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """End all faults and open calls, let the queue run dry, and judge."""
        self.stage.slow = frozenset()
        for task in self.stage.running():
            self.stage.finish(task)
        while self.stage.late:
            self.stage.land(0)
        self._give_back()
        self.check()
        self.world.clock.advance(seconds=90)
        for trasher in self.hints:
            self._must_work(_job(self.file_id, trasher))
        self._quieten()
        if self._running_out():
            self.world.clock.advance(seconds=61)
            self._quieten()
        before = self._everything()
        self._must_work(_job(self.file_id, None))
        require(self._everything() == before, "I14: a right file is left alone", before, self._everything())
        self._check_file()
        self._check_offences()
        self._check_records()
        self._check_waiting()
        self._check_others()

    def _quieten(self) -> None:
        """Two sweeps, and the queue until nothing of this file is left in it but a look at the end of a pause."""
        for _ in range(ROUNDS):
            self._must_work(_job(self.file_id, None))
            jobs = [job for job in self.world.tables.jobs if job.kind in ON_FILE and job.delay <= CONFIRMED]
            if not jobs:
                break
            for job in jobs:
                self.world.tables.jobs.remove(job)
                self._must_work(job)
        else:
            require(False, "I11: the queue runs dry", jobs)

    def _must_work(self, job: Job) -> None:
        try:
            handlers(self.world.services)[job.kind](job.tenant_id, job.subject)
        except (HostError, StorageUnavailable, UseCaseError) as trouble:
            require(False, "I11: nothing prevents reconciliation", trouble)

    def _running_out(self) -> bool:
        held = self.history.held
        return held is not None and not protects(held, self.world.clock.now())

    def _everything(self) -> tuple[object, ...]:
        return len(self.file.versions), self.file.status, len(self.history.records), len(self.rows), len(self.mails)

    # --- invariants ------------------------------------------------------------------------------------------------

    def _check_file(self) -> None:
        """I11-I13, I21."""
        history, protection = self.history, self._protection()
        contents = {version.content for version in self.file.versions}
        lost = set(self.file.uploaded) - contents if not history.deleted else set()
        require(not lost, "I21: every byte string is still there unless a person deleted it", lost)
        restores = [v for v in self.file.versions if v.author == APP_ACCOUNT]
        bound = len(history.offences) + len(history.excusable) + self.trashes + self.disturbances
        require(len(restores) <= 2 * bound, "I13: no more restores than overwrites and disturbances", self.seen())
        require(not history.should_have_ended(), "L-24: the holder's upload ends this lock", self.seen())
        if history.held is not None and protection != "protected":
            require(protection is not None and protection != "restoring", "I11: a visible reason", protection)
            return
        right = history.content_is_right() or self._buried_is_told()
        require(right, "I11, I12: the right content", self.seen())
        if history.held is not None:
            require(self.file.status is FileStatus.CURRENT, "I11: the file is out of the trash", self.seen())
        require(history.title_is_right() or bool(history.deleted), "I11: the right name", self.seen())

    def _protection(self) -> str | None:
        witness = self.world.tables.witnesses.get((ACME.id, self.file_id))
        return witness.protection.value if witness and isinstance(witness.record, Held) else None

    def _buried_is_told(self) -> bool:
        return any(row.kind is AuditKind.FLAGGED and row.detail == "buried" for row in self.rows.added)

    def _check_offences(self) -> None:
        """L-41, L-44, I17: each overwrite has one row and its mails, and nobody else is accused."""
        conflicts = Counter(row.at for row in self.rows.added if row.kind is AuditKind.CONFLICT)
        false = conflicts.keys() - self.history.may_be_told()
        require(not false, "L-44: nobody is accused of what was allowed", false, self.seen())
        twice = Counter((m.intent.kind, m.intent.event_key, m.intent.recipient) for m in self.mails.added)
        require(not twice or max(twice.values()) == 1, "I17: a mail only once", twice)
        for offence in self.history.must_be_told():
            require(conflicts[offence.version.created] == 1, "L-41: an overwrite has its row", offence, self.seen())
            if not (offence.overruled or self.history.deleted):
                self._check_mails(offence)

    def _check_mails(self, offence: Offence) -> None:
        event = f"{self.file_id}/{offence.version.created.isoformat()}"
        mails = {(m.intent.kind, m.intent.recipient) for m in self.mails.added if m.intent.event_key == event}
        author = {(MailKind.UPLOAD_UNDONE, offence.version.author)} if offence.version.author else set()
        holders = {(MailKind.OVERWRITE_ATTEMPT, holder) for holder in offence.holders}
        told = author <= mails and bool(mails & holders) and mails <= author | holders
        require(told, "L-41: holder and author are told", offence, mails, self.seen())

    def _check_records(self) -> None:
        """I16, I22: rows and witness say what the host's record says."""
        rows = sorted((row.epoch, row.seq, row.kind.value) for row in self.rows.added if row.kind in RECORD_KINDS)
        writes = sorted((s.record.epoch, s.record.seq, s.kind.value) for s in self.history.records)
        places = [row[:2] for row in rows], [write[:2] for write in writes]
        require(places[0] == places[1], "I16: one row for each stored record", *places)
        require(rows == writes, "I16: a row says what the write was", rows, writes)
        witness = self.world.tables.witnesses.get((ACME.id, self.file_id))
        known = witness.record.op_id if witness else None
        require(known == (self.history.last.op_id if self.history.last else None), "I22: the newest record is known")
        self._check_ends()

    def _check_ends(self) -> None:
        """L-21: a holder whose lock somebody or time ended is told, once."""
        told = {(m.intent.event_key, m.intent.recipient, m.intent.kind) for m in self.mails.added}
        for before, after in zip(self.history.records, self.history.records[1:], strict=False):
            ended, new = after.record.ended, after.record
            if not isinstance(before.record, Held) or ended is None or ended.lock_id != before.record.lock_id:
                continue
            renewed = isinstance(new, Held) and new.holder == ended.holder and ended.reason is EndReason.EXPIRED
            if renewed or ended.by == ended.holder:
                continue
            kind = MailKind.LOCK_ENDED if ended.reason is EndReason.EXPIRED else MailKind.LOCK_ENDED_BY_OTHER
            require((ended.lock_id, ended.holder, kind) in told, "L-21: the holder is told of the end", after)

    def _check_waiting(self) -> None:
        """L-26: who waited is told once, and an unlocked file keeps no waitlist."""
        told = {(m.intent.event_key, m.intent.recipient) for m in self.mails.added}
        ended = {record.ended.lock_id: record.ended.by for record in self._records() if isinstance(record, Free)}
        missing = [one for one in self.owed - told if one[1] not in self.cancelled | {ended[one[0]]}]
        require(not missing, "L-26: who waits is told of the end", missing)
        if isinstance(self.history.last, Free):
            require(not self._waiting(), "L-26: an unlocked file keeps no waitlist", self._waiting())

    def _records(self) -> list[Record]:
        return [stored.record for stored in self.history.records]

    def _check_others(self) -> None:
        """I18: the second site is untouched."""
        tables = self.world.tables
        places = (tables.audit, tables.intents, tables.witnesses, tables.restorations, tables.claims, tables.guards)
        require(not any(key[0] == GLOBEX.id for place in places for key in place), "I18: the other site")
        require(not self.world.site(GLOBEX).rows, "I18: the other site's properties")

    def seen(self) -> list[str]:
        """The history in words, for a finding."""
        names = {None: "anonymous", APP_ACCOUNT: "app", ALICE: "alice", BOB: "bob", DANA: "dana", SAM: "sam"}
        told = [(v.created, f"{names.get(v.author, 'other')} {v.content!r} {v.title}") for v in self.file.versions]
        for stored in self.history.records:
            held = stored.record if isinstance(stored.record, Held) else None
            base = f" {names[held.holder]} base {held.base.created:%H:%M:%S.%f}" if held else ""
            told.append((stored.at, f"{stored.kind}{base}"))
        return [f"{at:%d %H:%M:%S.%f} {words}" for at, words in sorted(told)]

    # --- chance ----------------------------------------------------------------------------------------------------

    def random_step(self, rng: random.Random) -> None:
        roll = rng.random()
        if roll < 0.50:
            fate = Fate.DONE if self.calm else rng.choice(FAULTS)
            self.advance(rng.randrange(6), fate, rng.choice((1, 1, 2, 4, 9, 30)))
        elif roll < 0.62:
            self.begin(rng.choice(VERBS), rng.choice(PEOPLE), rng.randrange(3), rng.randrange(12))
        elif roll < 0.74:
            self.upload(rng.choice(UPLOADERS), f"new-{self.contents}.txt" if rng.random() < 0.15 else None)
        elif roll < 0.84:
            self.deliver(rng.randrange(8), rng.randrange(3), again=rng.random() < 0.2)
        elif roll < 0.89:
            self.run_job(rng.randrange(8), rng.randrange(3))
        else:
            rng.choice(self._rare(rng))()
        self.world.clock.advance(seconds=rng.choice((0, 0, 0.2, 1, 3)))

    def _rare(self, rng: random.Random) -> list[Callable[[], None]]:
        calm: list[Callable[[], None]] = [
            lambda: self.rename(rng.choice(RENAMERS)),
            lambda: self.trash(rng.choice(RENAMERS)),
            lambda: self.sweep(rng.randrange(3)),
            lambda: self.ask(rng.choice(WAITERS), rng.randrange(3), cancel=rng.random() < 0.1),
            lambda: self.tick(rng.choice(STEPS)),
            lambda: self.tick(rng.choice(STEPS)),
        ]
        if self.calm:
            return calm
        hostile: list[Callable[[], None]] = [
            lambda: self.delete_version(rng.randrange(20)),
            lambda: self.lose(rng.randrange(8)),
            lambda: self.land(rng.randrange(4)),
            lambda: self.land(rng.randrange(4)),
            lambda: self.repeat(rng.randrange(8), rng.randrange(3)),
        ]
        return [*calm, *hostile, self.days_pass]


def _job(file_id: str, trasher: str | None) -> Job:
    if trasher is None:
        return Job(JobKind.RECONCILE, ACME.id, file_id)
    return Job(JobKind.TRASHED, ACME.id, JobSubject(file_id, trasher).encode())


def run(seed: int, steps: int = 45, **options: Any) -> SystemModel:
    """Run one random schedule; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = SystemModel(**options)
    mutexes = model.world.services.mutexes
    assert isinstance(mutexes, FakeMutexes)
    mutexes.away = bool(seed % 2)  # exclusion is efficiency, never correctness
    model.world.site().restore_refused = seed % 8 == 6  # what cannot be undone is named and told
    if seed % 8 == 5 and not model.calm:
        model.stage.slow = frozenset({("attachments", "restore")})  # what buries a free upload comes back
    for _ in range(steps):
        model.random_step(rng)
    model.settle()
    return model
