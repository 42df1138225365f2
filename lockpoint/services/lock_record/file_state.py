"""One fresh read of a file and its lock record."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockpoint.domain import signed_record as records
from lockpoint.domain.decisions import Already, Refusal, Write
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, FoundRecord, Free, Held, Record, Subject, Unreadable
from lockpoint.domain.snapshots import lock_of, trusted
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.confluence import Attachment, StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects, Witness


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as the app sees it, and what its lock record says.

    `row` is the property row that is the record (None: there is none). `witness` was known before the read, so a sound
    record is never older; one that is older reads as `Unreadable`.
    """

    attachment: Attachment
    found: FoundRecord
    row: StoredProperty | None
    witness: Witness | None = None

    @classmethod
    def from_outside(cls, attachment: Attachment, witness: Witness | None) -> FileState:
        """A file whose record the app may not read: the last known one stands for it."""
        return cls(replace(attachment, may_update=False), witness.record if witness else Absent(), None, witness)

    @property
    def known(self) -> Record | None:
        """The newest record that was known before this read."""
        return self.witness.record if self.witness else None

    @property
    def standing(self) -> FoundRecord:
        """What counts for people: damage to the record of a live lock does not end it."""
        return standing(self.found, self.known)


@dataclass(frozen=True, slots=True)
class Written:
    """The record is stored: by this call, or by an earlier try of it that a re-read showed.

    `state` is what the last round read; `write` is None when the re-read showed the record.
    """

    record: Record
    state: FileState
    write: Write | None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The rule refused, or nothing had to be written; `state` is what it decided on."""

    decision: Already | Refusal
    state: FileState


Outcome = Written | Unwritten

SECOND_LOOK = 1.5  # seconds after which a read may be believed that a stale replica could have given


def second_look(services: Services) -> None:
    """Wait until a second read tells a stale answer from a true one."""
    services.clock.sleep(SECOND_LOOK)


def read_state(services: Services, tenant: Tenant, attachment_id: str, *, priority: Priority) -> FileState:
    """Read the attachment and its record in one call; the host's errors pass through.

    The witness is read first, so that a sound record is never older. Without a sound record it is read again: a lock
    recorded since must not be missed because outsiders removed its record.
    """
    witness = services.witnesses.get(tenant, attachment_id)
    asked = services.clock.now()
    attachment = services.attachments.get(tenant, attachment_id, priority=priority)
    services.clock_offsets.note(asked, services.clock.now(), attachment.host_time)
    rows = attachment.properties or ()
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, attachment_id, rows, priority)
    row = rows[0] if rows else None
    found = _trusted(reading_of(services, tenant, attachment_id, row), witness)
    if isinstance(found, Absent | Unreadable):
        witness = services.witnesses.get(tenant, attachment_id)
        found = _trusted(found, witness)
    return FileState(attachment, found, row, witness)


def _trusted(found: FoundRecord, witness: Witness | None) -> FoundRecord:
    return trusted(found, witness.record if witness else None)


def standing(found: FoundRecord, known: Record | None) -> FoundRecord:
    """Return the record that counts: the known one where the found one was removed or garbled."""
    return known if known is not None and isinstance(found, Absent | Unreadable) else found


def reading_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> FoundRecord:
    """Return what a property row says about this file."""
    if row is None:
        return Absent()
    return records.decode(row.value, row.version, Subject(tenant.client_key, attachment_id), services.mac_keys)


def keep_lowest(
    services: Services, tenant: Tenant, attachment_id: str, rows: tuple[StoredProperty, ...], priority: Priority
) -> tuple[StoredProperty, ...]:
    """Keep the row with the lowest id as the record; remove another only if it is ours and says nothing newer."""
    kept, *others = rows
    state = reading_of(services, tenant, attachment_id, kept)
    for row in others:
        copy = reading_of(services, tenant, attachment_id, row)
        if isinstance(copy, Held | Free) and _not_newer(copy, state):
            services.effects.record(tenant, Effects(audit=(_removed(attachment_id, copy),)))
            services.lock_properties.delete(tenant, attachment_id, row.id, priority=priority)
    return (kept,)


def _removed(attachment_id: str, copy: Record) -> AuditEvent:
    """Recorded before the removal, and always the same, so that a crash in between loses no row."""
    return AuditEvent(
        at=copy.at,
        kind=AuditKind.DUPLICATE_REMOVED,
        attachment_id=attachment_id,
        account=None,
        lock_id=lock_of(copy),
    )


def _not_newer(copy: Record, kept: FoundRecord) -> bool:
    if not isinstance(kept, Held | Free):
        return False
    return (copy.epoch, copy.seq) <= (kept.epoch, kept.seq)
