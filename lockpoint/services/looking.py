"""One fresh read of a file and its lock record."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.locking import record as records
from lockpoint.locking.decisions import Already, Refusal, Write
from lockpoint.locking.lock import Absent, Free, Held, Reading, Record, Subject
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.ports import Attachment, StoredProperty
from lockpoint.services.services import Services


@dataclass(frozen=True, slots=True)
class Seen:
    """One fresh read of a file: the attachment as the app sees it and what its lock record says.

    `row` is the property row that is the record; None when there is none.
    """

    attachment: Attachment
    reading: Reading
    row: StoredProperty | None


@dataclass(frozen=True, slots=True)
class Written:
    """The write was stored: by this very call, or by an earlier try of it that a re-read showed."""

    record: Record
    before: Reading
    attachment: Attachment
    kind: Write | None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The rule said no, or that nothing need be written; `seen` is what it looked at."""

    decision: Already | Refusal
    seen: Seen


Outcome = Written | Unwritten


def look(services: Services, tenant: Tenant, attachment_id: str, *, lane: Lane) -> Seen:
    """Read the attachment and its record in one call; raises the host's errors."""
    attachment = services.attachments.get(tenant, attachment_id, lane=lane)
    rows = attachment.properties or ()
    if len(rows) > 1:
        rows = keep_lowest(services, tenant, attachment_id, rows, lane)
    row = rows[0] if rows else None
    return Seen(attachment, reading_of(services, tenant, attachment_id, row), row)


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
            services.lock_properties.delete(tenant, attachment_id, row.id, lane=lane)
    return (kept,)


def _not_newer(copy: Record, kept: Reading) -> bool:
    if not isinstance(kept, Held | Free):
        return False
    return (copy.epoch, copy.seq) <= (kept.epoch, kept.seq)
