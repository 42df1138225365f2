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
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, HostError, HostUnavailable, LostRace
from lockpoint.services.lock_record.file_state import (
    FileState,
    Outcome,
    Unwritten,
    Written,
    keep_lowest,
    read_state,
    second_look,
)
from lockpoint.services.lock_record.record_effects import record_found, record_write
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject

ROUNDS = 4
PATIENCE = timedelta(seconds=2)
LATE_WRITE = timedelta(seconds=60)  # longer than any request to the host can live
CONFIRMED = LATE_WRITE + timedelta(seconds=30)  # when to look whether a lock began without being recorded
SENT_WITHIN = timedelta(seconds=5)  # after the claim of the guard, so that its time covers the whole life of the write
FIRST_PAUSE = 0.05  # seconds, doubled each round, full jitter


class Rule(Protocol):
    """A transition of `domain.rules` with everything filled in but what the write knows."""

    def __call__(self, snapshot: Snapshot, *, op_id: str) -> rules.Decision:
        """Decide on one read."""
        ...


Prepare = Callable[[FileState], tuple[FileState, Moments]]
"""Deals with the file before each decision; returns it afresh, with the overwrites that still stand."""


class _Stored(Enum):
    """How one conditional write went."""

    YES = auto()
    LOST = auto()
    UNKNOWN = auto()


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

    `state` is a read that the caller has just made. Each round has the same `op_id`, so that a write whose answer was
    lost is recognised. Raises `Busy` when the outcome is unknown: asking again with the same ids is safe. Other errors
    of the host pass through.
    """
    write = _Write(services, tenant, attachment_id, rule, op_id or services.ids.new(), priority, prepare)
    if state is not None:
        state = write.prepared(state)
    deadline = services.clock.now() + PATIENCE
    unknown = False
    for round_ in range(ROUNDS):
        if state is None:
            state = write.read_again(unknown=unknown)
        came = _Stored.UNKNOWN if state is None else write.attempt(state)
        if not isinstance(came, _Stored):
            return came
        state, unknown = None, unknown or came is _Stored.UNKNOWN
        if services.clock.now() >= deadline:
            break
        services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
    raise Busy(
        "It is not known yet whether this worked. Repeat the request: it has no second effect.",
        details={"retryAfter": 2},
    )


def heal(services: Services, tenant: Tenant, attachment_id: str, witness: Held, *, priority: Priority) -> bool:
    """Write a live lock again whose record outsiders removed or garbled; return whether this call did it.

    A read may be stale, so a second one must show the same damage.
    """
    second_look(services)
    state = read_state(services, tenant, attachment_id, priority=priority)
    op_id = services.ids.new()
    decision = rules.heal(_snapshot(services, state), witness=witness, op_id=op_id)
    if not isinstance(decision, rules.Write):
        return False
    if _store(services, tenant, state, decision.record, priority=priority) is not _Stored.YES:
        return False
    record_write(services, tenant, Written(decision.record, state, decision), account=None, detail="removed_outside")
    return True


@dataclass(slots=True)
class _Write:
    """One change of a record over all its rounds; `pending` gathers what each preparation left standing."""

    services: Services
    tenant: Tenant
    attachment_id: str
    rule: Rule
    op_id: str
    priority: Priority
    prepare: Prepare | None
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
            state = read_state(self.services, self.tenant, self.attachment_id, priority=self.priority)
        except HostUnavailable:
            if not unknown:
                raise
            return None
        return self.prepared(state)

    def attempt(self, state: FileState) -> Outcome | _Stored:
        """Decide on one read, and try to store what was decided."""
        decision = self.rule(_snapshot(self.services, state, self.pending), op_id=self.op_id)
        if isinstance(decision, rules.Damaged):
            heal(self.services, self.tenant, self.attachment_id, decision.witness, priority=self.priority)
            return _Stored.LOST
        if isinstance(decision, rules.Already) and decision.record.op_id == self.op_id:
            return Written(decision.record, state, None)
        if not isinstance(decision, rules.Write):
            return Unwritten(decision, state)
        record_found(self.services, self.tenant, state)
        _promise_confirmation(self.services, self.tenant, state, decision.record)
        stored = _store(self.services, self.tenant, state, decision.record, priority=self.priority)
        return Written(decision.record, state, decision) if stored is _Stored.YES else stored


def _snapshot(services: Services, state: FileState, pending: Moments = ()) -> Snapshot:
    return Snapshot(
        found=state.found,
        head=state.attachment.base(),
        now=services.clock.now(),
        witness=state.known,
        pending=pending,
    )


def _promise_confirmation(services: Services, tenant: Tenant, state: FileState, record: Record) -> None:
    """Queue a look for a lock that may begin without being recorded: by our crash, or by a late write.

    A file that is known as locked is looked at by the sweep anyway.
    """
    if isinstance(record, Held) and not isinstance(state.known, Held):
        subject = JobSubject(state.attachment.id, record.op_id).encode()
        services.jobs.defer((Job(JobKind.CONFIRM, tenant.id, subject, CONFIRMED),))


def _store(services: Services, tenant: Tenant, state: FileState, record: Record, *, priority: Priority) -> _Stored:
    if not services.clock_offsets.trustworthy():
        raise Busy(
            "This server's clock is wrong, so it cannot decide about locks. Try again later.",
            details={"retryAfter": 30},
        )
    row, file_id = state.row, state.attachment.id
    value = records.encode(record, Subject(tenant.client_key, file_id), services.mac_keys)
    try:
        if row is None:
            return _create(services, tenant, state, record.op_id, value, priority=priority)
        services.lock_properties.replace(tenant, file_id, row.id, value, row.version + 1, priority=priority)
    except LostRace:
        return _Stored.LOST
    except HostUnavailable:
        return _Stored.UNKNOWN
    return _Stored.YES


def _create(
    services: Services, tenant: Tenant, state: FileState, op_id: str, value: dict[str, object], *, priority: Priority
) -> _Stored:
    """Create the first record under the guard, and read back, because the host may keep two rows of one key.

    Unless the host refused, the guard stays: a timed-out write may still land, and after a success a replica that lags
    behind still shows no row to the next caller. `record_write` releases it when the witness is there; else it runs
    out.
    """
    file_id = state.attachment.id
    if not _claim(services, tenant, state, op_id):
        return _Stored.LOST
    try:
        created = services.lock_properties.create(tenant, file_id, value, priority=priority)
    except HostUnavailable:
        raise
    except HostError:
        services.guard.release(tenant, file_id, op_id)
        raise
    rows = services.lock_properties.read(tenant, file_id, priority=priority)
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, file_id, rows, priority)
    # A read that does not show the row yet is stale, not a loss: the host confirmed the creation.
    return _Stored.YES if not rows or rows[0].id == created.id else _Stored.LOST


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
