"""One fresh read of a file and its lock record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lockpoint.domain import signed_record as records
from lockpoint.domain.decisions import Already, Refusal, Write
from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.domain.lock import Absent, FoundRecord, Free, Held, Record, Subject, Unreadable
from lockpoint.domain.snapshots import lock_of, trusted
from lockpoint.services.clock_skew import ClockState
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.confluence import Attachment, StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects, Witness


@dataclass(frozen=True, slots=True)
class FileState:
    """A file, and what its lock record says.

    `row` is the property row that is the record (None: there is none). `witness` was known before the read, so a sound
    record is never older; one that is older reads as `Unreadable`. `person` is whom the file was read as where the app
    may not edit it (None: the app); everything about this file goes the same way. `asked` is when it was read.
    """

    attachment: Attachment
    found: FoundRecord
    row: StoredProperty | None
    witness: Witness | None = None
    person: str | None = None
    asked: datetime | None = None

    @classmethod
    def from_outside(cls, attachment: Attachment, witness: Witness | None) -> FileState:
        """A file whose record the app may not read: the last known one stands for it."""
        return cls(replace(attachment, may_update=False), witness.record if witness else Absent(), None, witness)

    @classmethod
    def unseen(cls, witness: Witness) -> FileState:
        """A file that nobody shows us, as its witness last knew it."""
        base = witness.record.base if isinstance(witness.record, Held) else None
        nothing = Attachment(
            id=witness.attachment_id,
            status=FileStatus.CURRENT,
            title="",
            media_type="",
            size=0,
            container=witness.container,
            head=Version(
                number=base.number if base else 0, created=base.created if base else witness.seen_at, author=None
            ),
        )
        return cls.from_outside(nothing, witness)

    @property
    def blocked(self) -> bool:
        """Whether the app itself may not edit the file."""
        return self.person is not None or not self.attachment.may_update

    @property
    def writable(self) -> bool:
        """Whether whoever read the file may edit it."""
        return self.attachment.may_update

    @property
    def known(self) -> Record | None:
        """The newest record known before this read."""
        return self.witness.record if self.witness else None

    @property
    def standing(self) -> FoundRecord:
        """What counts for people: damage to a live lock's record does not end it."""
        return standing(self.found, self.known)


@dataclass(frozen=True, slots=True)
class Written:
    """The record is stored, by this call or an earlier try of it.

    `state` is what the last round read; `write` is None when a re-read showed the record. `after` is the file as it was
    read once the record stood (None: it was not), `row` the property as this call wrote it.
    """

    record: Record
    state: FileState
    write: Write | None
    after: Attachment | None = None
    row: StoredProperty | None = None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The rule refused, or nothing had to be written; `state` is what it decided on."""

    decision: Already | Refusal
    state: FileState


Outcome = Written | Unwritten

SECOND_LOOK = 1.5  # seconds after which no replica is believed to be stale


def second_look(services: Services) -> None:
    """Wait until a second read tells a stale answer from a true one."""
    services.clock.sleep(SECOND_LOOK)


def read_state(
    services: Services, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
) -> FileState:
    """Read the attachment and its record in one call, as `person` or as the app; the host's errors pass through.

    The witness is read first, so that a sound record is never older. Without a sound record it is read again: a lock
    recorded since must not be missed because outsiders removed its record.
    """
    witness, asked = services.witnesses.get(tenant, attachment_id), services.clock.now()
    attachment = read_attachment(services, tenant, attachment_id, priority, person)
    rows = attachment.properties or ()
    if len(rows) > 1 and attachment.may_update:
        rows = keep_lowest(services, tenant, attachment_id, rows, priority, person)
    row = rows[0] if rows else None
    found = _trusted(reading_of(services, tenant, attachment_id, row), witness)
    if isinstance(found, Absent | Unreadable):
        witness = services.witnesses.get(tenant, attachment_id)
        found = _trusted(found, witness)
    return FileState(attachment, found, row, witness, person, asked)


def state_of(services: Services, tenant: Tenant, attachment: Attachment, witness: Witness | None) -> FileState:
    """Return a file as it was read before, with what is known of its lock."""
    row = (attachment.properties or (None,))[0]
    return FileState(attachment, _trusted(reading_of(services, tenant, attachment.id, row), witness), row, witness)


def read_attachment(
    services: Services, tenant: Tenant, attachment_id: str, priority: Priority, person: str | None
) -> Attachment:
    """Read the attachment, a second time where its date alone contradicts our clock: one odd answer decides nothing."""
    attachment, clock = _timed(services, tenant, attachment_id, priority, person)
    if clock is ClockState.DOUBTFUL:
        attachment, _ = _timed(services, tenant, attachment_id, priority, person)
    return attachment


def _timed(
    services: Services, tenant: Tenant, attachment_id: str, priority: Priority, person: str | None
) -> tuple[Attachment, ClockState]:
    asked = services.clock.now()
    attachment = services.attachments.get(tenant, attachment_id, priority=priority, person=person)
    return attachment, services.clock_offsets.note(tenant.id, asked, services.clock.now(), attachment.host_time)


def _trusted(found: FoundRecord, witness: Witness | None) -> FoundRecord:
    return trusted(found, witness.record if witness else None)


def standing(found: FoundRecord, known: Record | None) -> FoundRecord:
    """Return the record that counts: the known one where the found one was removed or garbled."""
    return known if known is not None and isinstance(found, Absent | Unreadable) else found


def reading_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> FoundRecord:
    if row is None:
        return Absent()
    found = _decoded(services, tenant, attachment_id, row)
    return since(found, row) if isinstance(found, Held | Free) else found


def _decoded(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty) -> FoundRecord:
    """Under the site's name, else under its former one."""
    of_site, *of_former = (
        records.decode(row.value, row.version, Subject(name, attachment_id), services.mac_keys)
        for name in tenant.signed_names
    )
    return next((found for found in (of_site, *of_former) if not isinstance(found, Unreadable)), of_site)


def since(record: Record, row: StoredProperty) -> Record:
    """Return a lock's first record with the host's time of its row, which is when the lock began."""
    first = isinstance(record, Held) and record.began is None and record.at == record.acquired_at
    return replace(record, began=row.created) if isinstance(record, Held) and first else record


def keep_lowest(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    rows: tuple[StoredProperty, ...],
    priority: Priority,
    person: str | None,
) -> tuple[StoredProperty, ...]:
    """Keep the row with the lowest id as the record; remove another only if it is ours and says nothing newer."""
    kept, *others = rows
    state = reading_of(services, tenant, attachment_id, kept)
    for row in others:
        copy = reading_of(services, tenant, attachment_id, row)
        if isinstance(copy, Held | Free) and _not_newer(copy, state):
            services.effects.record(tenant, Effects(audit=(_removed(attachment_id, copy),)))
            services.lock_properties.delete(tenant, attachment_id, row.id, priority=priority, person=person)
    return (kept,)


def _removed(attachment_id: str, copy: Record) -> AuditEvent:
    """Recorded before the removal, and always the same: a crash in between loses no row."""
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
