"""One fresh read of a file and its lock record."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.domain import signed_record as records
from lockpoint.domain.decisions import Already, Refusal, Write
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, Free, Held, Reading, Record, Subject, Unreadable
from lockpoint.domain.snapshots import trusted
from lockpoint.services.container import Services
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.ports.confluence import Attachment, StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects, Witness


@dataclass(frozen=True, slots=True)
class Seen:
    """One fresh read of a file: the attachment as the app sees it and what its lock record says.

    `row` is the property row that is the record; None when there is none. `witness` is what was known before the read,
    so a sound record is never older than it; one that is older reads as `Unreadable`.
    """

    attachment: Attachment
    reading: Reading
    row: StoredProperty | None
    witness: Witness | None = None

    @classmethod
    def from_outside(cls, attachment: Attachment, witness: Witness | None) -> Seen:
        """A file whose record the app may not read: what was known of it last is all there is."""
        return cls(attachment, witness.record if witness else Absent(), None, witness)

    @property
    def known(self) -> Record | None:
        """The newest record that was known before this read."""
        return self.witness.record if self.witness else None

    @property
    def standing(self) -> Reading:
        """What counts for a person who looks: damage done to the record of a live hold does not end it."""
        return standing(self.reading, self.known)


@dataclass(frozen=True, slots=True)
class Written:
    """The write was stored: by this very call, or by an earlier try of it that a re-read showed.

    `seen` is what the last round looked at; `write` is None when the re-read showed the record.
    """

    record: Record
    seen: Seen
    write: Write | None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The rule said no, or that nothing need be written; `seen` is what it looked at."""

    decision: Already | Refusal
    seen: Seen


Outcome = Written | Unwritten


def look(services: Services, tenant: Tenant, attachment_id: str, *, lane: Lane) -> Seen:
    """Read the attachment and its record in one call; raises the host's errors.

    The witness is read first, so that a sound record is never older than it. Where there is no sound record, it is
    read again: a hold that was written down since must not be taken for none because outsiders removed its record.
    """
    witness = services.witnesses.get(tenant, attachment_id)
    asked = services.clock.now()
    attachment = services.attachments.get(tenant, attachment_id, lane=lane)
    services.clock_offsets.note(asked, services.clock.now(), attachment.host_time)
    rows = attachment.properties or ()
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, attachment_id, rows, lane)
    row = rows[0] if rows else None
    reading = _trusted(reading_of(services, tenant, attachment_id, row), witness)
    if isinstance(reading, Absent | Unreadable):
        witness = services.witnesses.get(tenant, attachment_id)
        reading = _trusted(reading, witness)
    return Seen(attachment, reading, row, witness)


def _trusted(reading: Reading, witness: Witness | None) -> Reading:
    return trusted(reading, witness.record if witness else None)


def standing(reading: Reading, known: Record | None) -> Reading:
    """A trusted reading, or what is known where the record was removed or garbled: the rules decide by the same."""
    return known if known is not None and isinstance(reading, Absent | Unreadable) else reading


def reading_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> Reading:
    """What a property row says about this file."""
    if row is None:
        return Absent()
    return records.decode(row.value, row.version, Subject(tenant.client_key, attachment_id), services.mac_keys)


def keep_lowest(
    services: Services, tenant: Tenant, attachment_id: str, rows: tuple[StoredProperty, ...], lane: Lane
) -> tuple[StoredProperty, ...]:
    """The row with the lowest id is the record; another is removed only if it is ours and says nothing newer."""
    kept, *others = rows
    state = reading_of(services, tenant, attachment_id, kept)
    for row in others:
        copy = reading_of(services, tenant, attachment_id, row)
        if isinstance(copy, Held | Free) and _not_newer(copy, state):
            services.ledger.record(tenant, Effects(audit=(_removed(attachment_id, copy),)))
            services.lock_properties.delete(tenant, attachment_id, row.id, lane=lane)
    return (kept,)


def _removed(attachment_id: str, copy: Record) -> AuditEvent:
    """Written before the removal, and always the same, so that a crash in between costs no row."""
    return AuditEvent(
        at=copy.at,
        kind=AuditKind.DUPLICATE_REMOVED,
        attachment_id=attachment_id,
        account=None,
        epoch=copy.epoch,
        seq=copy.seq,
        lock_id=copy.lock_id if isinstance(copy, Held) else copy.ended.lock_id,
    )


def _not_newer(copy: Record, kept: Reading) -> bool:
    if not isinstance(kept, Held | Free):
        return False
    return (copy.epoch, copy.seq) <= (kept.epoch, kept.seq)
