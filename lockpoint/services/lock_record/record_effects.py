"""What a stored record writes to Postgres: its audit row, its witness, and rows that a crash left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, FoundRecord, Free, Held, Record, Unreadable
from lockpoint.domain.signed_json import key_id_of
from lockpoint.domain.snapshots import kind_of, lock_of, unseen_between
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.errors import WitnessMoved
from lockpoint.services.known_pages import KnownProperties, stamp_of
from lockpoint.services.lock_record.end_notices import owed_end_notices
from lockpoint.services.lock_record.file_state import FileState, Written
from lockpoint.services.ports.confluence import Attachment, FileProperties
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.locks import AuditEvent, Effects, Protection, Witness
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.whereabouts import hint_jobs

ROUNDS = 3
"""In which effects are decided anew, as more becomes known of a record meanwhile."""

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


def on_what_is_known(services: Services, tenant: Tenant, state: FileState, work: Callable[[FileState], None]) -> None:
    """Do `work`, anew with the witness as it is now where it moved in between; `WitnessMoved` when it goes on moving.

    What a record owes to people depends on what was known before: between a read and its effects lie calls, and others
    record writes of theirs. `work` may be done several times.
    """
    for _ in range(ROUNDS):
        try:
            return work(state)
        except WitnessMoved:
            state = replace(state, witness=services.witnesses.get(tenant, state.attachment.id))
    return work(state)


def decided_on(record: Record, known: Record | None) -> tuple[int, int] | None:
    """Return the place of what was known before a record that is news, else None: a known one owes nothing."""
    if known is None:
        return (0, 0)
    return (known.epoch, known.seq) if newer_than(record, known) else None


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

    Both are decided on what is known by then. The creation guard of a first record is released only now: the next to
    claim it finds the witness. `protection` is how the file is marked from now on (None: as it was).
    """

    def work(state: FileState) -> None:
        now = replace(written, state=state)
        witness = _witness_after(services, now, space_id, protection)
        effects = Effects(
            witness=witness,
            decided_on=decided_on(now.record, state.known),
            audit=(
                *unreadable_row(state, services.clock.now()),
                *_rows_before(now),
                replace(audit_row(now.record, state.attachment, account), detail=detail),
            ),
            intents=_owed(services, tenant, now),
            jobs=(*hint_jobs(tenant, state.attachment.container), *jobs),
            request=request,
        )
        services.effects.record(tenant, effects)
        _note_written(services, tenant, now, witness)

    on_what_is_known(services, tenant, written.state, work)


def record_found(services: Services, tenant: Tenant, state: FileState) -> None:
    """Record a write that a crash left out before the next one replaces it, and hides it for ever; `WitnessMoved`.

    A known record stays as it is, so that whoever records the next write still finds what is owed to people. Where none
    is known nothing is owed yet, and a lock becomes known, so that its end will be told.
    """
    found = state.found
    rows = recovered_rows(found, state) if isinstance(found, Held | Free) else ()
    if rows and isinstance(found, Held | Free):
        begun = state.known is None and isinstance(found, Held)
        witness = witness_of(found, state, None, services.clock.now(), newest_key=services.mac_keys.newest)
        effects = Effects(
            witness=witness if begun else None,
            decided_on=decided_on(found, state.known),
            audit=rows,
            intents=owed_end_notices(services, tenant, state.attachment, found, state.known),
        )
        services.effects.record(tenant, effects)


def _witness_after(
    services: Services, written: Written, space_id: str | None, protection: Protection | None
) -> Witness:
    witness = witness_of(
        written.record, written.state, space_id, services.clock.now(), newest_key=services.mac_keys.newest
    )
    return replace(witness, protection=protection) if protection else witness


def _owed(services: Services, tenant: Tenant, written: Written) -> tuple[MailIntent, ...]:
    """Return the mails about the end of a lock by this write, and by the one before if nobody recorded that."""
    state, attachment = written.state, written.state.attachment
    before = state.found if isinstance(state.found, Held | Free) else None
    earlier = owed_end_notices(services, tenant, attachment, before, state.known) if before else ()
    present = owed_end_notices(services, tenant, attachment, written.record, before, state.known)
    return tuple(dict.fromkeys((*earlier, *present)))


def _note_written(services: Services, tenant: Tenant, written: Written, witness: Witness) -> None:
    """Release the guard of a first record, and keep the row of a lock for the next list."""
    attachment = written.state.attachment
    if isinstance(written.state.found, Absent):
        services.guard.release(tenant, attachment.id, written.record.op_id)
    if isinstance(written.record, Held) and written.row is not None:
        ours = FileProperties((written.row,), attachment.waitlist_row)
        seen = KnownProperties(witness.seen_at, stamp_of(witness, attachment.head), ours)
        services.known_pages.note_properties(tenant, attachment.id, seen)


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
