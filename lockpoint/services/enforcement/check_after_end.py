"""After a lock ended: record and report overwrites made before the end. Restores nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.domain.lock import Free, Held, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.protect import history_of, judged
from lockpoint.services.enforcement.superseded import note_left_standing
from lockpoint.services.lock_record.file_state import FileState, Written, read_state
from lockpoint.services.lock_record.record_effects import newer_than
from lockpoint.services.tenancy.activity import is_active

_INSTANT = timedelta(microseconds=1)


def check_after_end(services: Services, tenant: Tenant, written: Written, *, priority: Priority) -> Written:
    """Look once more when the tombstone is stored; return the write with the waitlist as it is now.

    One read when no version is newer than the last look. The host's errors pass through: it is then unknown what
    happened under the lock, and its end must not be recorded as if it were checked.
    """
    state = written.state
    after = read_state(services, tenant, state.attachment.id, priority=priority, person=state.person)
    held = _ended_lock(written.record, state)
    if not is_active(services, tenant, priority=priority):
        held = None
    if held is not None and after.attachment.head.created > _newest_checked(written, held):
        _record_overwrites(HeldFile(services, tenant, after, held, priority), end_of_protection(written.record, after))
    return replace(
        written, state=replace(state, attachment=replace(state.attachment, waitlist_row=after.attachment.waitlist_row))
    )


def catch_up_on_end(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Look back at a lock whose end was stored but not recorded, since a crash came between."""
    record, known = state.found, state.known
    if not isinstance(record, Held | Free) or known is None or not newer_than(record, known):
        return
    held = _ended_lock(record, state)
    if held is not None and state.attachment.head.created > held.base.created:
        _record_overwrites(HeldFile(services, tenant, state, held, priority), end_of_protection(record, state))


def end_of_protection(record: Record, state: FileState) -> datetime | None:
    """Return when the ended lock stopped protecting: when the host stored the record, else when we wrote it.

    What a following lock found in place is its own base; all that is newer it protects itself.
    """
    if isinstance(record, Held):
        return record.base.created + _INSTANT
    shown = isinstance(state.found, Free) and state.found.op_id == record.op_id
    stored = state.row.created if shown and state.row else None
    return stored or record.ended.at


def _ended_lock(record: Record, state: FileState) -> Held | None:
    ended = record.ended
    for earlier in (state.found, state.known):
        if ended is not None and isinstance(earlier, Held) and earlier.lock_id == ended.lock_id:
            return earlier
    return None


def _newest_checked(written: Written, held: Held) -> datetime:
    """Return the newest version that was checked before the write; after an unfinished earlier try, the base."""
    return written.state.attachment.head.created if written.write else held.base.created


def _record_overwrites(held_file: HeldFile, until: datetime | None) -> None:
    own = held_file.services.people.own_account(held_file.tenant, priority=held_file.priority)
    history = history_of(held_file)
    note_left_standing(held_file, history, judged(held_file, history, own, until=until), own)
