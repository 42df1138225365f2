"""What a stored record writes to Postgres: its audit row, its witness, and rows that a crash left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, FoundRecord, Free, Held, Record, Unreadable
from lockpoint.domain.signed_json import key_id_of
from lockpoint.domain.snapshots import kind_of, lock_of, unseen_between
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.known_pages import KnownProperties, stamp_of
from lockpoint.services.lock_record.end_notices import owed_end_notices
from lockpoint.services.lock_record.file_state import FileState, Written
from lockpoint.services.ports.confluence import Attachment, FileProperties
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.locks import AuditEvent, Effects, Protection, Witness
from lockpoint.services.tenancy.whereabouts import hint_jobs

RequestOutcome = tuple[str, str, int, str | None]  # account, request id, status, error code


def audit_row(record: Record, attachment: Attachment, account: str | None) -> AuditEvent:
    return AuditEvent(
        at=record.at,
        kind=kind_of(record),
        attachment_id=attachment.id,
        account=account,
        epoch=record.epoch,
        seq=record.seq,
        lock_id=lock_of(record),
        version=attachment.head.number,
    )


def actor_of(record: Record) -> str | None:
    """Return who caused a record write, as far as the record says."""
    if isinstance(record, Held) and (record.kind is not AuditKind.HANDED_OVER or record.ended is None):
        return record.holder
    return record.ended.by if record.ended else None


def witness_of(record: Record, state: FileState, space_id: str | None, now: datetime, *, newest_key: str) -> Witness:
    """Return our copy, without people's words: those stay in Confluence.

    A continued lock keeps its protection. `newest_key` signed a record that was not read.
    """
    known = state.witness
    space = space_id or (known.space_id if known and known.container == state.attachment.container else None)
    return Witness(
        attachment_id=state.attachment.id,
        container=state.attachment.container,
        space_id=space,
        record=without_words(record),
        protection=known.protection if known and _same_lock(known.record, record) else Protection.PROTECTED,
        version=state.attachment.head.number,
        seen_at=now,
        signed_by=signer_of(state) if state.found == record else newest_key,
    )


def signer_of(state: FileState) -> str | None:
    """Return the id of the key that signed the record that was read."""
    return key_id_of(state.row.value) if state.row else None


def record_write(
    services: Services,
    tenant: Tenant,
    written: Written,
    *,
    account: str | None,
    space_id: str | None = None,
    request: RequestOutcome | None = None,
    detail: str | None = None,
    jobs: tuple[Job, ...] = (),
    protection: Protection | None = None,
) -> None:
    """Store the effects of a written record: its mails, and what a crash left out of the record before.

    The creation guard of a first record is released only now: the next to claim it finds the witness. `protection` is
    how the file is marked from now on (None: as it was).
    """
    state, record, now = written.state, written.record, services.clock.now()
    before = state.found if isinstance(state.found, Held | Free) else None
    row = replace(audit_row(record, state.attachment, account), detail=detail)
    known = witness_of(record, state, space_id, now, newest_key=services.mac_keys.newest)
    witness = replace(known, protection=protection) if protection else known
    effects = Effects(
        witness=witness,
        audit=(*unreadable_row(state, now), *_rows_before(written), row),
        intents=owed_end_notices(services, tenant, state.attachment, record, before, state.known),
        jobs=(*hint_jobs(tenant, state.attachment.container), *jobs),
        request=request,
    )
    services.effects.record(tenant, effects)
    if isinstance(state.found, Absent):
        services.guard.release(tenant, state.attachment.id, record.op_id)
    if isinstance(record, Held) and written.row is not None:
        ours = FileProperties((written.row,), state.attachment.waitlist_row)
        seen = KnownProperties(now, stamp_of(witness, state.attachment.head), ours)
        services.known_pages.note_properties(tenant, state.attachment.id, seen)


def record_found(services: Services, tenant: Tenant, state: FileState) -> None:
    """Record a write that a crash left out before the next one replaces it, and hides it for ever.

    A known record stays as it is, so that whoever records the next write still finds what is owed to people. Where none
    is known nothing is owed yet, and a lock becomes known, so that its end will be told.
    """
    found = state.found
    rows = recovered_rows(found, state) if isinstance(found, Held | Free) else ()
    if rows and isinstance(found, Held | Free):
        told = owed_end_notices(services, tenant, state.attachment, found, state.known)
        begun = state.known is None and isinstance(found, Held)
        witness = witness_of(found, state, None, services.clock.now(), newest_key=services.mac_keys.newest)
        services.effects.record(tenant, Effects(witness=witness if begun else None, audit=rows, intents=told))


def recovered_rows(record: Record, state: FileState) -> tuple[AuditEvent, ...]:
    """Return the row of a found record that is not known yet, and of each write that is missing before it."""
    if state.known is not None and not newer_than(record, state.known):
        return ()
    row = audit_row(record, state.attachment, actor_of(record))
    return (*_missing_rows(record, state), replace(row, recovered=True, version=None))


def unreadable_row(state: FileState, now: datetime) -> tuple[AuditEvent, ...]:
    """Return that a record was found which is not to be obeyed: one row a day."""
    if not isinstance(state.found, Unreadable) or end_unwritten(state):
        return ()
    row = AuditEvent(
        at=now.replace(hour=0, minute=0, second=0, microsecond=0),
        kind=AuditKind.FLAGGED,
        attachment_id=state.attachment.id,
        account=None,
        detail=f"unreadable_{state.found.reason}",
    )
    return (row,)


def end_unwritten(state: FileState) -> bool:
    """Return whether the record is older than an end that could not be stored."""
    return state.witness is not None and state.witness.protection is Protection.END_UNWRITTEN


def newer_than(record: FoundRecord, other: Record) -> bool:
    return isinstance(record, Held | Free) and (record.epoch, record.seq) > (other.epoch, other.seq)


def without_words(record: Record) -> Record:
    """Return a record without the holder's note and without the reason of its end."""
    if isinstance(record, Free):
        return replace(record, ended=replace(record.ended, why=None))
    return replace(record, note=None, ended=replace(record.ended, why=None) if record.ended else None)


def _rows_before(written: Written) -> tuple[AuditEvent, ...]:
    """Return the rows of earlier writes that the witness shows as never recorded."""
    before = written.state.found
    if not isinstance(before, Held | Free):
        return ()
    if before == written.record:
        return _missing_rows(before, written.state)
    return recovered_rows(before, written.state)


def _missing_rows(record: Record, state: FileState) -> tuple[AuditEvent, ...]:
    """Return a row for each write between the known record and a found one: a database can lose what it had.

    They were made by the time of the found record, under its lock if the known one is about that, too.
    """
    known = state.known
    return tuple(
        AuditEvent(
            at=record.at,
            kind=AuditKind.RECOVERED,
            attachment_id=state.attachment.id,
            account=None,
            epoch=record.epoch,
            seq=seq,
            lock_id=lock_of(record) if known is not None and lock_of(known) == lock_of(record) else None,
            recovered=True,
        )
        for seq in unseen_between(known, record)
    )


def _same_lock(one: Record, other: Record) -> bool:
    return isinstance(one, Held) and isinstance(other, Held) and one.lock_id == other.lock_id
