"""The read-decide-write loop: the conditional write of the record is what decides a lock, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto

from lockpoint.locking import record as records
from lockpoint.locking import rules
from lockpoint.locking.lock import Held, Record, Snapshot, Subject
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import Busy, HostError, HostUnavailable, LostRace
from lockpoint.services.looking import Outcome, Seen, Unwritten, Written, keep_lowest, look, reading_of
from lockpoint.services.recording import record_write
from lockpoint.services.services import Services

ROUNDS = 4
PATIENCE = timedelta(seconds=2)
STALE_READ = 1.5  # seconds after which a read that still shows no record is believed
LATE_WRITE = timedelta(seconds=60)  # longer than any request to the host can live
FIRST_PAUSE = 0.05  # seconds, doubled each round, full jitter

Decide = Callable[[Snapshot], rules.Decision]


def write(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    decide: Decide,
    *,
    op_id: str,
    lane: Lane,
    seen: Seen | None = None,
) -> Outcome:
    """Bring about what `decide` says, or learn why not.

    `seen` is a read the caller has just made. Each round reads afresh, decides, and writes on condition that nobody
    wrote in between. Raises `Busy` when nobody can say yet: asking again with the same ids is safe. Other errors of
    the host pass through.
    """
    deadline = services.clock.now() + PATIENCE
    unknown = False
    for round_ in range(ROUNDS):
        now_seen = (
            seen if seen is not None and round_ == 0 else _look_again(services, tenant, attachment_id, lane, unknown)
        )
        if now_seen is not None:
            decision = decide(snapshot(services, tenant, attachment_id, now_seen))
            if isinstance(decision, rules.Damaged):
                heal(services, tenant, attachment_id, decision.witness, lane=lane)
                continue
            if isinstance(decision, rules.Already) and decision.record.op_id == op_id:
                return Written(decision.record, now_seen.reading, now_seen.attachment, None)
            if not isinstance(decision, rules.Write):
                return Unwritten(decision, now_seen)
            stored = _store(services, tenant, attachment_id, now_seen, decision.record, op_id, lane)
            if stored is _Stored.YES:
                return Written(decision.record, now_seen.reading, now_seen.attachment, decision)
            unknown = unknown or stored is _Stored.UNKNOWN
        if services.clock.now() >= deadline:
            break
        services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
    raise Busy("Nobody knows yet whether this worked. Asking again is safe.", details={"retryAfter": 2})


def snapshot(services: Services, tenant: Tenant, attachment_id: str, seen: Seen) -> Snapshot:
    """What the rules look at: the read, and the witness, which notices what outsiders did to the record."""
    witness = services.witnesses.get(tenant, attachment_id)
    return Snapshot(
        reading=seen.reading,
        head=seen.attachment.base(),
        now=services.clock.now(),
        witness=witness.record if witness else None,
    )


def heal(services: Services, tenant: Tenant, attachment_id: str, witness: Held, *, lane: Lane) -> bool:
    """Write a live hold again whose record outsiders removed or garbled; True when this call did it.

    A read may be stale, so it takes a second one, `STALE_READ` seconds later, that shows the same damage.
    """
    services.clock.sleep(STALE_READ)
    seen = look(services, tenant, attachment_id, lane=lane)
    op_id = services.ids.new()
    decision = rules.heal(snapshot(services, tenant, attachment_id, seen), witness=witness, op_id=op_id)
    if not isinstance(decision, rules.Write):
        return False
    if _store(services, tenant, attachment_id, seen, decision.record, op_id, lane) is not _Stored.YES:
        return False
    written = Written(decision.record, seen.reading, seen.attachment, decision)
    record_write(services, tenant, written, account=None, detail="removed_outside")
    return True


class _Stored(Enum):
    """How one conditional write went."""

    YES = auto()
    LOST = auto()
    UNKNOWN = auto()


def _look_again(services: Services, tenant: Tenant, attachment_id: str, lane: Lane, unknown: bool) -> Seen | None:
    """Read afresh; while an own write is in doubt, a failing read is only another reason to try again."""
    try:
        return look(services, tenant, attachment_id, lane=lane)
    except HostUnavailable:
        if not unknown:
            raise
        return None


def _store(
    services: Services, tenant: Tenant, attachment_id: str, seen: Seen, record: Record, op_id: str, lane: Lane
) -> _Stored:
    value = records.encode(record, Subject(tenant.client_key, attachment_id), services.mac_keys)
    try:
        if seen.row is None:
            return _create(services, tenant, attachment_id, value, op_id, lane)
        services.lock_properties.replace(tenant, attachment_id, seen.row.id, value, seen.row.version + 1, lane=lane)
    except LostRace:
        return _Stored.LOST
    except HostUnavailable:
        return _Stored.UNKNOWN
    return _Stored.YES


def _create(
    services: Services, tenant: Tenant, attachment_id: str, value: dict[str, object], op_id: str, lane: Lane
) -> _Stored:
    """Create the first record under the guard, and read back, because the host may keep two rows of one key.

    After a time-out the guard stays: the write may still land, and until then nobody else may create.
    """
    until = services.clock.now() + LATE_WRITE
    if not services.guard.claim(tenant, attachment_id, op_id, until=until):
        return _Stored.LOST
    try:
        created = services.lock_properties.create(tenant, attachment_id, value, lane=lane)
    except HostUnavailable:
        raise
    except HostError:
        services.guard.release(tenant, attachment_id, op_id)
        raise
    rows = services.lock_properties.read(tenant, attachment_id, lane=lane)
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, attachment_id, rows, lane)
    services.guard.release(tenant, attachment_id, op_id)
    # A read that does not show the row yet is stale, not a loss: the host confirmed the creation.
    return _Stored.YES if not rows or rows[0].id == created.id else _Stored.LOST
