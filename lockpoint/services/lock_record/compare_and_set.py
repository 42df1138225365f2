"""The conditional write of a lock record, which decides every lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol

from lockpoint.domain import rules
from lockpoint.domain import signed_record as records
from lockpoint.domain.lock import Held, Moments, Record, Snapshot, Subject
from lockpoint.services.clock_skew import DECIDES, ClockState
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, Forbidden, HostError, HostUnavailable, LostRace, WitnessMoved
from lockpoint.services.lock_record.file_state import (
    FileState,
    Outcome,
    Unwritten,
    Written,
    keep_lowest,
    read_state,
    second_look,
    since,
)
from lockpoint.services.lock_record.record_effects import record_found, record_write
from lockpoint.services.ports.confluence import Attachment, StoredProperty
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject

ROUNDS = 4
PATIENCE = timedelta(seconds=2)
LATE_WRITE = timedelta(seconds=60)  # longer than any request to the host lasts
CONFIRMED = LATE_WRITE + timedelta(seconds=30)  # when to look for an unrecorded lock
SENT_WITHIN = timedelta(seconds=5)  # of the guard's claim, whose time then covers the whole write
FIRST_PAUSE = 0.05  # seconds, doubled each round, full jitter


class Rule(Protocol):
    """A transition of `domain.rules` with everything filled in but what the write knows."""

    def __call__(self, snapshot: Snapshot, *, op_id: str) -> rules.Decision:
        """Decide on one read."""
        ...


Prepare = Callable[[FileState], tuple[FileState, Moments]]
"""Deals with the file before each decision; returns it afresh, with the pending overwrites."""


class _Failed(Enum):
    """Why a record is not known to be stored."""

    LOST = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A record with the host's time where a lock began, its row, and the file if it was read since."""

    record: Record
    row: StoredProperty
    after: Attachment | None = None


def compare_and_set(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    rule: Rule,
    *,
    priority: Priority,
    op_id: str | None = None,
    state: FileState | None = None,
    prepare: Prepare | None = None,
) -> Outcome:
    """Write what `rule` decides on a fresh read, on condition that nothing else was written in between.

    `state` is a read that the caller has just made; what follows is done as the same person. Each round has the same
    `op_id`, so that a write whose answer was lost is recognised. Raises `Busy` when the outcome is unknown: asking
    again with the same ids is safe, and `Forbidden` where nobody may write. Other errors of the host pass through.
    """
    person = state.person if state else None
    write = _Write(services, tenant, attachment_id, rule, op_id or services.ids.new(), priority, prepare, person)
    if state is not None:
        state = write.prepared(state)
    deadline = services.clock.now() + PATIENCE
    unknown = False
    for round_ in range(ROUNDS):
        if state is None:
            state = write.read_again(unknown=unknown)
        came = _Failed.UNKNOWN if state is None else write.attempt(state)
        if not isinstance(came, _Failed):
            return came
        state, unknown = None, unknown or came is _Failed.UNKNOWN
        if services.clock.now() >= deadline:
            break
        services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
    raise Busy(
        "It is not known yet whether this worked. Repeat the request: it has no second effect.",
        details={"retryAfter": 2},
    )


def heal(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    witness: Held,
    *,
    priority: Priority,
    person: str | None = None,
) -> bool:
    """Write a live lock's removed or garbled record again; return whether this call did it.

    A read may be stale, so a second one must show the same damage.
    """
    second_look(services)
    state = read_state(services, tenant, attachment_id, priority=priority, person=person)
    op_id = services.ids.new()
    decision = rules.heal(snapshot_of(services, state), witness=witness, op_id=op_id)
    if not isinstance(decision, rules.Write):
        return False
    stored = _store(services, tenant, state, decision.record, priority=priority)
    if isinstance(stored, _Failed):
        return False
    record_write(services, tenant, Written(stored.record, state, decision), account=None, detail="removed_outside")
    return True


@dataclass(slots=True)
class _Write:
    """One change over all its rounds; `pending` gathers the overwrites that each preparation left."""

    services: Services
    tenant: Tenant
    attachment_id: str
    rule: Rule
    op_id: str
    priority: Priority
    prepare: Prepare | None
    person: str | None
    pending: Moments = ()

    def prepared(self, state: FileState) -> FileState:
        if self.prepare is None:
            return state
        state, left = self.prepare(state)
        self.pending = tuple(dict.fromkeys((*self.pending, *left)))
        return state

    def read_again(self, *, unknown: bool) -> FileState | None:
        """Read afresh; while an own write is in doubt, a failing read is only another reason to try again."""
        try:
            state = read_state(
                self.services, self.tenant, self.attachment_id, priority=self.priority, person=self.person
            )
        except HostUnavailable:
            if not unknown:
                raise
            return None
        return self.prepared(state)

    def attempt(self, state: FileState) -> Outcome | _Failed:
        """Decide on one read, and try to store what was decided."""
        decision = self.rule(snapshot_of(self.services, state, self.pending), op_id=self.op_id)
        if isinstance(decision, rules.Damaged):
            lock, person = decision.witness, self.person
            heal(self.services, self.tenant, self.attachment_id, lock, priority=self.priority, person=person)
            return _Failed.LOST
        if isinstance(decision, rules.Already) and decision.record.op_id == self.op_id:
            return Written(decision.record, state, None)
        if not isinstance(decision, rules.Write):
            return Unwritten(decision, state)
        try:
            record_found(self.services, self.tenant, state)
        except WitnessMoved:
            return _Failed.LOST
        _promise_confirmation(self.services, self.tenant, state, decision.record)
        stored = _store(self.services, self.tenant, state, decision.record, priority=self.priority)
        return (
            stored if isinstance(stored, _Failed) else Written(stored.record, state, decision, stored.after, stored.row)
        )


def snapshot_of(services: Services, state: FileState, pending: Moments = ()) -> Snapshot:
    """Return what a rule may look at of one read."""
    return Snapshot(
        found=state.found,
        head=state.attachment.base(),
        now=services.clock.now(),
        witness=state.known,
        pending=pending,
    )


def _promise_confirmation(services: Services, tenant: Tenant, state: FileState, record: Record) -> None:
    """Queue a look for a lock that may begin unrecorded: by our crash, or by a late write.

    A file known as locked is read by the sweep anyway.
    """
    if isinstance(record, Held) and not isinstance(state.known, Held):
        subject = JobSubject(state.attachment.id, record.op_id).encode()
        services.jobs.defer((Job(JobKind.CONFIRM, tenant.id, subject, CONFIRMED),))


def _store(
    services: Services, tenant: Tenant, state: FileState, record: Record, *, priority: Priority
) -> _Stored | _Failed:
    """Write a record on condition of the read.

    Without the right to edit, Confluence answers as if the race were lost, every time: not even tried.
    """
    if not state.writable:
        raise Forbidden("the lock record may not be written")
    _require_the_time(services, tenant)
    row, file_id = state.row, state.attachment.id
    value = records.encode(record, Subject(tenant.site_key, file_id), services.mac_keys)
    try:
        if row is None:
            return _create(services, tenant, state, record, value, priority=priority)
        stored = services.lock_properties.replace(
            tenant, file_id, row.id, value, row.version + 1, priority=priority, person=state.person
        )
    except LostRace:
        return _Failed.LOST
    except HostUnavailable:
        return _Failed.UNKNOWN
    return _Stored(since(record, stored), stored)


def _require_the_time(services: Services, tenant: Tenant) -> None:
    """Refuse while our clock is wrong, or while nothing says that it is right."""
    clock = services.clock_offsets.of(tenant.id)
    if clock in DECIDES:
        return
    reason = (
        "Confluence's answers do not say what time it is"
        if clock is ClockState.UNKNOWN
        else "This server's clock does not agree with Confluence's"
    )
    raise Busy(f"{reason}, so nothing is decided about locks. Try again in a minute.", details={"retryAfter": 30})


def _create(
    services: Services,
    tenant: Tenant,
    state: FileState,
    record: Record,
    value: dict[str, object],
    *,
    priority: Priority,
) -> _Stored | _Failed:
    """Create the first record under the guard, and read back, because the host may keep two rows of one key.

    The file is read with its rows, so that a new lock needs no other look at what was uploaded meanwhile.

    Unless the host refused, the guard stays: a timed-out write may still land, and after a success a replica that lags
    behind still shows no row to the next caller. `record_write` releases it when the witness is there; else it runs
    out.
    """
    file_id = state.attachment.id
    if not _claim(services, tenant, state, record.op_id):
        return _Failed.LOST
    try:
        created = services.lock_properties.create(tenant, file_id, value, priority=priority, person=state.person)
    except HostUnavailable:
        raise
    except HostError:
        services.guard.release(tenant, file_id, record.op_id)
        raise
    after = services.attachments.get(tenant, file_id, priority=priority, person=state.person, operations=False)
    rows = after.properties or ()
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, file_id, rows, priority, state.person)
    # A read that does not show the row yet is stale, not a loss: the host confirmed the creation.
    mine = not rows or rows[0].id == created.id
    return _Stored(since(record, created), created, after) if mine else _Failed.LOST


def _claim(services: Services, tenant: Tenant, state: FileState, op_id: str) -> bool:
    """Claim the guard; False when another has it, or when the file was locked, or this process stopped, in between."""
    file_id, claimed = state.attachment.id, services.clock.now()
    if not services.guard.claim(tenant, file_id, op_id, until=claimed + LATE_WRITE):
        return False
    witness = services.witnesses.get(tenant, file_id)
    if witness is not None and witness.record != state.known:
        services.guard.release(tenant, file_id, op_id)
        return False
    return services.clock.now() - claimed <= SENT_WITHIN
