"""People's actions, one line each, on a stage with two sites."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import FoundRecord, Free, Held
from lockpoint.services.context import Tenant
from lockpoint.services.edit_requests import ask as edit_requests
from lockpoint.services.edit_requests.decline import decline
from lockpoint.services.edit_requests.hand_over import hand_over
from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.listing import page_files
from lockpoint.services.lock_record.waitlist import KEY as WAITLIST_KEY
from lockpoint.services.lock_record.waitlist import Waitlist, WaitlistPlace, waitlist_of
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.break_lock import break_lock
from lockpoint.services.locks.extend import extend
from lockpoint.services.locks.lock_view import LockView
from lockpoint.services.locks.release import release
from lockpoint.services.locks.result import LockResult
from lockpoint.services.locks.show import show
from lockpoint.services.locks.take_over import take_over
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.reconciliation.sweep import sweep
from lockpoint.worker import handlers
from tests.fakes.confluence.site import LOCK_KEY, StoredFile
from tests.fakes.world import ACME, ALICE, BOB, GLOBEX, World, make_world
from tests.services.taps import Taps, tap

WHY = "needed for the audit"


@dataclass
class Stage:
    """A world, one file of Alice's, and all actions on it."""

    world: World
    taps: Taps
    file: StoredFile
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def key(self, request_id: str | None = None, digest: str = "same") -> RequestKey:
        return RequestKey(request_id or f"request-{next(self.numbers):08}", digest)

    def lock(
        self, who: str = ALICE, *, key: RequestKey | None = None, file: StoredFile | None = None, **options: Any
    ) -> LockResult:
        actor = self.world.actor(who)
        return acquire(self.world.services, actor, (file or self.file).id, key or self.key(), LockOptions(**options))

    def extend(
        self,
        lock_id: str,
        who: str = ALICE,
        *,
        key: RequestKey | None = None,
        hours: int | None = None,
        unlock_on_upload: bool | None = None,
    ) -> LockResult:
        life, actor = None if hours is None else timedelta(hours=hours), self.world.actor(who)
        place = (self.world.services, actor, self.file.id, key or self.key())
        return extend(*place, lock_id, life, unlock_on_upload=unlock_on_upload)

    def release(self, lock_id: str, who: str = ALICE, *, key: RequestKey | None = None) -> LockResult:
        return release(self.world.services, self.world.actor(who), self.file.id, key or self.key(), lock_id)

    def break_(self, lock_id: str, who: str, *, key: RequestKey | None = None, why: str = WHY) -> LockResult:
        return break_lock(self.world.services, self.world.actor(who), self.file.id, key or self.key(), lock_id, why)

    def take_over(
        self, lock_id: str, who: str, *, key: RequestKey | None = None, why: str = WHY, **options: Any
    ) -> LockResult:
        actor = self.world.actor(who)
        return take_over(
            self.world.services, actor, self.file.id, key or self.key(), lock_id, why, LockOptions(**options)
        )

    def show(self, who: str = ALICE) -> LockView:
        return show(self.world.services, self.world.actor(who), self.file.id)

    def ask(self, who: str) -> WaitlistPlace:
        return notify_me.ask(self.world.services, self.world.actor(who), self.file.id)

    def request(
        self, lock_id: str, who: str = BOB, message: str | None = None, *, key: RequestKey | None = None
    ) -> LockResult:
        actor = self.world.actor(who)
        return edit_requests.ask(self.world.services, actor, self.file.id, key or self.key(), lock_id, message)

    def cancel_request(self, lock_id: str, who: str = BOB, *, key: RequestKey | None = None) -> LockResult:
        actor = self.world.actor(who)
        return edit_requests.cancel(self.world.services, actor, self.file.id, key or self.key(), lock_id)

    def decline(
        self,
        lock_id: str,
        asker: str = BOB,
        who: str = ALICE,
        note: str | None = None,
        *,
        key: RequestKey | None = None,
    ) -> LockResult:
        actor = self.world.actor(who)
        return decline(self.world.services, actor, self.file.id, key or self.key(), lock_id, asker, note)

    def hand_over(
        self, lock_id: str, to: str = BOB, who: str = ALICE, why: str | None = None, *, key: RequestKey | None = None
    ) -> LockResult:
        actor = self.world.actor(who)
        return hand_over(self.world.services, actor, self.file.id, key or self.key(), lock_id, to, why)

    @property
    def waitlist(self) -> Waitlist:
        rows = self.world.site().rows.get((PropertyHost.ATTACHMENT, self.file.id, WAITLIST_KEY), ())
        return waitlist_of(self.world.services, ACME, self.file.id, rows[0] if rows else None)

    def rows(self, who: str = ALICE, **query: Any) -> tuple[page_files.Row, ...]:
        found = page_files.of_container(
            self.world.services, self.world.actor(who), self.file.container, page_files.Query(**query)
        )
        return found.rows

    def upload(self, who: str | None, content: bytes) -> None:
        self.world.site().upload(self.file.id, who, content)

    def reconcile(self) -> None:
        reconcile(self.world.services, ACME, self.file.id)

    def sweep(self) -> int:
        return sweep(self.world.services, ACME)

    def run_jobs(self, *kinds: JobKind, also_later: bool = False) -> None:
        """Run the queue like the worker; mails only on request."""
        wanted = kinds or tuple(kind for kind in JobKind if kind is not JobKind.SEND_MAIL)
        work = handlers(self.world.services)
        for _ in range(100):
            due = [j for j in self.world.tables.jobs if j.kind in wanted and (also_later or not j.delay)]
            if not due:
                return
            job = due[0]
            self.world.tables.jobs.remove(job)
            work[job.kind](job.tenant_id, job.subject)
        raise AssertionError("the queue never ends")

    def jobs(self, kind: JobKind) -> list[Job]:
        return [job for job in self.world.tables.jobs if job.kind is kind]

    @property
    def content(self) -> bytes:
        return self.file.content

    @property
    def found(self) -> FoundRecord:
        return self.world.found(self.file.id)

    @property
    def held(self) -> Held:
        found = self.found
        assert isinstance(found, Held), found
        return found

    @property
    def tombstone(self) -> Free:
        found = self.found
        assert isinstance(found, Free), found
        return found

    def audit(self) -> list[AuditKind]:
        return [row.kind for row in self.world.tables.audit_of(ACME)]

    def mails(self) -> list[tuple[MailKind, str, str | None]]:
        return sorted((m.kind, m.recipient, m.detail) for m in self.world.tables.mails_of(ACME))

    def stored_records(self) -> list[Held | Free]:
        """Return all our records of the file, in order."""
        past = self.world.site().past_rows.get((PropertyHost.ATTACHMENT, self.file.id, LOCK_KEY), [])
        records: dict[tuple[int, int], Held | Free] = {}
        for _, rows in past:
            for row in rows:
                found = self.world.reading_in((row,), self.file.id)
                if isinstance(found, Held | Free):
                    records.setdefault((found.epoch, found.seq), found)
        return [records[place] for place in sorted(records)]


RECORD_KINDS = (
    AuditKind.ACQUIRED,
    AuditKind.EXTENDED,
    AuditKind.REBASED,
    AuditKind.RELEASED,
    AuditKind.BROKEN,
    AuditKind.TAKEN_OVER,
    AuditKind.HANDED_OVER,
    AuditKind.EXPIRED,
    AuditKind.HEALED,
    AuditKind.SIGNED_AGAIN,
    AuditKind.SHORTENED,
    AuditKind.PERSON_ERASED,
    AuditKind.RECOVERED,
)


def make_stage(**other: Any) -> Stage:
    """Return a stage with taps; the other site has a locked file that must stay unchanged."""
    world = make_world(**other)
    world.add_file("557058:61a00000-0000-4000-8000-000000000006", GLOBEX)
    file = world.add_file()
    return Stage(world, tap(world), file)


def untouched(stage: Stage, tenant: Tenant = GLOBEX) -> bool:
    """Whether the other site has nothing known, stored, queued or changed."""
    tables, site = stage.world.tables, stage.world.site(tenant)
    stored = [
        tables.audit_of(tenant),
        tables.mails_of(tenant),
        [job for job in tables.jobs if job.tenant_id == tenant.id],
        [
            key
            for key in (*tables.witnesses, *tables.restorations, *tables.claims, *tables.guards)
            if key[0] == tenant.id
        ],
        list(site.rows),
        [file for file in site.files.values() if len(file.versions) != 1],
    ]
    return not any(stored) and tenant.id not in tables.states


def refusal_of(call: Any, *args: Any, **kwargs: Any) -> UseCaseError:
    try:
        answer = call(*args, **kwargs)
    except UseCaseError as refusal:
        return refusal
    raise AssertionError(f"not refused: {answer}")


def one_row_for_each_record(stage: Stage) -> bool:
    """I16: audit rows match our record writes, one to one."""
    rows = [row for row in stage.world.tables.audit_of(ACME) if row.kind in RECORD_KINDS]
    places: Sequence[tuple[int, int]] = sorted((row.epoch, row.seq) for row in rows)
    return list(places) == [(record.epoch, record.seq) for record in stage.stored_records()]
