"""The read-decide-write loop: the conditional write of the record is what decides a lock, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from lockpoint.domain import rules
from lockpoint.domain import signed_record as records
from lockpoint.domain.lock import Held, Record, Snapshot, Subject
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, HostError, HostUnavailable, LostRace
from lockpoint.services.lock_record.file_state import FileState, Outcome, Unwritten, Written, keep_lowest, read_state
from lockpoint.services.lock_record.record_effects import record_write
from lockpoint.services.ports.jobs import Job, JobKind, JobSubject

ROUNDS = 4
PATIENCE = timedelta(seconds=2)
STALE_READ = 1.5  # seconds after which a read that still shows no record is believed
LATE_WRITE = timedelta(seconds=60)  # longer than any request to the host can live
CONFIRMED = LATE_WRITE + timedelta(seconds=30)  # when to look whether a hold began that nobody wrote down
SENT_WITHIN = timedelta(seconds=5)  # after the claim of the guard, so that its time covers the whole life of the write
FIRST_PAUSE = 0.05  # seconds, doubled each round, full jitter

Decide = Callable[[Snapshot], rules.Decision]
Prepare = Callable[[FileState], FileState]


class _Stored(Enum):
    """How one conditional write went."""

    YES = auto()
    LOST = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One wish to write: the same `op_id` in every round, so that a write whose answer was lost is recognised."""

    services: Services
    tenant: Tenant
    attachment_id: str
    op_id: str
    priority: Priority
    prepare: Prepare | None = None


def compare_and_set(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    decide: Decide,
    *,
    op_id: str,
    priority: Priority,
    state: FileState | None = None,
    prepare: Prepare | None = None,
) -> Outcome:
    """Bring about what `decide` says, or learn why not.

    `seen` is a read the caller has just made; `prepare` sees to the file after every other read, before deciding.
    Each round reads afresh, decides, and writes on condition that nobody wrote in between. Raises `Busy` when nobody
    can say yet: asking again with the same ids is safe. Other errors of the host pass through.
    """
    attempt = _Attempt(
        services=services, tenant=tenant, attachment_id=attachment_id, op_id=op_id, priority=priority, prepare=prepare
    )
    deadline = services.clock.now() + PATIENCE
    unknown = False
    for round_ in range(ROUNDS):
        now_seen = state if state is not None and round_ == 0 else _look_again(attempt, unknown=unknown)
        came = _Stored.UNKNOWN if now_seen is None else _round(attempt, decide, now_seen)
        if not isinstance(came, _Stored):
            return came
        unknown = unknown or came is _Stored.UNKNOWN
        if services.clock.now() >= deadline:
            break
        services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
    raise Busy("Nobody knows yet whether this worked. Asking again is safe.", details={"retryAfter": 2})


def heal(services: Services, tenant: Tenant, attachment_id: str, witness: Held, *, priority: Priority) -> bool:
    """Write a live hold again whose record outsiders removed or garbled; True when this call did it.

    A read may be stale, so it takes a second one, `STALE_READ` seconds later, that shows the same damage.
    """
    services.clock.sleep(STALE_READ)
    state = read_state(services, tenant, attachment_id, priority=priority)
    op_id = services.ids.new()
    decision = rules.heal(_snapshot(services, state), witness=witness, op_id=op_id)
    if not isinstance(decision, rules.Write):
        return False
    attempt = _Attempt(services=services, tenant=tenant, attachment_id=attachment_id, op_id=op_id, priority=priority)
    if _store(attempt, state, decision.record) is not _Stored.YES:
        return False
    record_write(services, tenant, Written(decision.record, state, decision), account=None, detail="removed_outside")
    return True


def _snapshot(services: Services, state: FileState) -> Snapshot:
    """What the rules look at: the read, and the witness, which notices what outsiders did to the record."""
    return Snapshot(found=state.found, head=state.attachment.base(), now=services.clock.now(), witness=state.known)


def _round(attempt: _Attempt, decide: Decide, state: FileState) -> Outcome | _Stored:
    """Decide on one read, and try to store what was decided."""
    decision = decide(_snapshot(attempt.services, state))
    if isinstance(decision, rules.Damaged):
        heal(attempt.services, attempt.tenant, attempt.attachment_id, decision.witness, priority=attempt.priority)
        return _Stored.LOST
    if isinstance(decision, rules.Already) and decision.record.op_id == attempt.op_id:
        return Written(decision.record, state, None)
    if not isinstance(decision, rules.Write):
        return Unwritten(decision, state)
    _promise_another_look(attempt, state, decision.record)
    stored = _store(attempt, state, decision.record)
    return Written(decision.record, state, decision) if stored is _Stored.YES else stored


def _promise_another_look(attempt: _Attempt, state: FileState, record: Record) -> None:
    """Make sure that a hold is found that begins although we die before writing it down, or that begins late.

    A file that is known as held is looked at by the sweep anyway.
    """
    if isinstance(record, Held) and not isinstance(state.known, Held):
        subject = JobSubject(attempt.attachment_id, attempt.op_id).encode()
        attempt.services.jobs.defer((Job(JobKind.CONFIRM, attempt.tenant.id, subject, CONFIRMED),))


def _look_again(attempt: _Attempt, *, unknown: bool) -> FileState | None:
    """Read afresh; while an own write is in doubt, a failing read is only another reason to try again."""
    try:
        state = read_state(attempt.services, attempt.tenant, attempt.attachment_id, priority=attempt.priority)
    except HostUnavailable:
        if not unknown:
            raise
        return None
    return attempt.prepare(state) if attempt.prepare else state


def _store(attempt: _Attempt, state: FileState, record: Record) -> _Stored:
    services, tenant, file_id = attempt.services, attempt.tenant, attempt.attachment_id
    if not services.clock_offsets.trustworthy():
        raise Busy("This server's clock is wrong, so it cannot decide about locks.", details={"retryAfter": 30})
    value = records.encode(record, Subject(tenant.client_key, file_id), services.mac_keys)
    try:
        if state.row is None:
            return _create(attempt, state, value)
        row = state.row
        services.lock_properties.replace(tenant, file_id, row.id, value, row.version + 1, priority=attempt.priority)
    except LostRace:
        return _Stored.LOST
    except HostUnavailable:
        return _Stored.UNKNOWN
    return _Stored.YES


def _create(attempt: _Attempt, state: FileState, value: dict[str, object]) -> _Stored:
    """Create the first record under the guard, and read back, because the host may keep two rows of one key.

    Under the guard the witness is asked once more: another call may have created a record that outsiders removed.
    Unless the host refused, the guard stays: a timed-out write may still land, and after a success a replica that lags
    behind still shows no row to the next caller, for whom the host might keep a second one. `record_write` gives the
    guard back when the witness is there; otherwise it runs out.
    """
    services, tenant, file_id = attempt.services, attempt.tenant, attempt.attachment_id
    claimed = services.clock.now()
    if not services.guard.claim(tenant, file_id, attempt.op_id, until=claimed + LATE_WRITE):
        return _Stored.LOST
    witness = services.witnesses.get(tenant, file_id)
    if witness is not None and witness.record != state.known:
        services.guard.release(tenant, file_id, attempt.op_id)
        return _Stored.LOST
    if services.clock.now() - claimed > SENT_WITHIN:  # this process was stopped for a while: the guard may be another's
        return _Stored.LOST
    try:
        created = services.lock_properties.create(tenant, file_id, value, priority=attempt.priority)
    except HostUnavailable:
        raise
    except HostError:
        services.guard.release(tenant, file_id, attempt.op_id)
        raise
    rows = services.lock_properties.read(tenant, file_id, priority=attempt.priority)
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, file_id, rows, attempt.priority)
    # A read that does not show the row yet is stale, not a loss: the host confirmed the creation.
    return _Stored.YES if not rows or rows[0].id == created.id else _Stored.LOST
