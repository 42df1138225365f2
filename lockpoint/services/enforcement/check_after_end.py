"""After a lock ended: record and report overwrites made before the end. Restores nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.domain.lock import Free, Held, Record
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.protect import history_of, judged
from lockpoint.services.enforcement.superseded import record_superseded
from lockpoint.services.lock_record.file_state import FileState, Written, read_state, second_look
from lockpoint.services.lock_record.record_effects import newer_than
from lockpoint.services.tenancy.activity import protects

_INSTANT = timedelta(microseconds=1)


def check_after_end(services: Services, tenant: Tenant, written: Written, *, priority: Priority) -> Written:
    """Look back at the whole lock when its end is stored; return the write with the waitlist as it is now.

    One read when the protected version is still the newest; none after a take-over, whose own lock covers what came
    later. The host's errors pass through: it is then unknown what happened under the lock, and its end must not be
    recorded as if it were checked.
    """
    state = after = written.state
    held = _ended_lock(written.record, state)
    if isinstance(written.record, Free) or (held is not None and written.record.taken_from is None):
        after = _read_after(services, tenant, written, priority)
    if held is not None:
        _look_back(HeldFile(services, tenant, after, held, priority), written.record)
    return replace(
        written, state=replace(state, attachment=replace(state.attachment, waitlist_row=after.attachment.waitlist_row))
    )


def catch_up_on_end(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Look back at a lock whose end was stored but not recorded, since a crash came between.

    The witness is read again: it may be older than the record only because this look was slow.
    """
    record, known = state.found, state.known
    if not isinstance(record, Held | Free) or not (known is None or newer_than(record, known)):
        return
    state = replace(state, witness=services.witnesses.get(tenant, state.attachment.id))
    held = _ended_lock(record, state)
    if held is not None:
        _look_back(HeldFile(services, tenant, state, held, priority), record)


def _read_after(services: Services, tenant: Tenant, written: Written, priority: Priority) -> FileState:
    """Read the file as it is with its end stored; a read that does not show the end comes from a slow replica."""
    record, place = written.record, (tenant, written.state.attachment.id)
    after = read_state(services, *place, priority=priority, person=written.state.person)
    if isinstance(after.found, Held | Free) and not newer_than(record, after.found):
        return after
    second_look(services)
    return read_state(services, *place, priority=priority, person=written.state.person)


def end_of_protection(record: Record, state: FileState) -> datetime | None:
    """Return when the ended lock stopped protecting: when the host stored its tombstone, else surely not later.

    What a take-over found in place is its own base; all that is newer it protects itself.
    """
    ended, found = record.ended, state.found
    if ended is None:
        return None
    if isinstance(record, Held) and record.taken_from is not None:
        return record.base.created + _INSTANT
    shown = isinstance(found, Free) and found.ended.lock_id == ended.lock_id
    stored = state.row.created if shown and state.row else None
    return stored or ended.at - TOLERATED


def _ended_lock(record: Record, state: FileState) -> Held | None:
    ended = record.ended
    for earlier in (state.found, state.known):
        if ended is not None and isinstance(earlier, Held) and earlier.lock_id == ended.lock_id:
            return earlier
    return None


def _look_back(held_file: HeldFile, record: Record) -> None:
    """Record every overwrite since the base, also those seen before: repeating adds no row and no mail."""
    if held_file.attachment.head.created <= held_file.held.base.created:
        return
    if not protects(held_file.services, held_file.tenant, held_file.space_id, priority=held_file.priority):
        return
    own, history = held_file.own_accounts(), history_of(held_file)
    until = end_of_protection(record, held_file.state)
    record_superseded(held_file, history, judged(held_file, history, own, until=until), own, until=until)
