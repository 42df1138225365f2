"""What a stored record leaves in Postgres: its audit row, its witness, and rows that an earlier crash left out."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.locking.events import AuditKind
from lockpoint.locking.lock import Free, Held, Reading, Record
from lockpoint.locking.snapshots import kind_of
from lockpoint.services.context import Tenant
from lockpoint.services.ports import (
    Attachment,
    AuditEvent,
    Container,
    Effects,
    Job,
    JobKind,
    MailIntent,
    Witness,
)
from lockpoint.services.services import Services
from lockpoint.services.looking import Written

RequestOutcome = tuple[str, str, int, str | None]  # account, request id, status, error code


def audit_row(record: Record, kind: AuditKind, attachment: Attachment, account: str | None) -> AuditEvent:
    """The one row of a record write."""
    return AuditEvent(
        at=record.at,
        kind=kind,
        attachment_id=attachment.id,
        account=account,
        epoch=record.epoch,
        seq=record.seq,
        lock_id=record.lock_id if isinstance(record, Held) else record.ended.lock_id,
        version=attachment.head.number,
    )


def actor_of(record: Record) -> str | None:
    """Who caused a record write, as far as the record tells."""
    return record.holder if isinstance(record, Held) else record.ended.by


def witness_of(services: Services, record: Record, attachment: Attachment, space_id: str | None) -> Witness:
    """The copy we keep; the holder's note is a person's own words and stays in Confluence."""
    kept = replace(record, note=None) if isinstance(record, Held) else _without_words(record)
    return Witness(
        attachment_id=attachment.id,
        container=attachment.container,
        space_id=space_id,
        record=kept,
        seen_at=services.clock.now(),
    )


def record_write(
    services: Services,
    tenant: Tenant,
    written: Written,
    *,
    account: str | None,
    space_id: str | None = None,
    intents: tuple[MailIntent, ...] = (),
    request: RequestOutcome | None = None,
    detail: str | None = None,
) -> None:
    """Write down one stored record; with it the row of the record before, if a crash left that one out."""
    before = written.before if isinstance(written.before, Held | Free) else None
    kind = written.kind.kind if written.kind else kind_of(written.record, before)
    row = replace(audit_row(written.record, kind, written.attachment, account), detail=detail)
    rows = (*missing_row(services, tenant, written), row)
    effects = Effects(
        witness=witness_of(services, written.record, written.attachment, space_id),
        audit=rows,
        intents=intents,
        jobs=hint_jobs(tenant, written.attachment.container),
        request=request,
    )
    services.ledger.record(tenant, effects)


def missing_row(services: Services, tenant: Tenant, written: Written) -> tuple[AuditEvent, ...]:
    """The row of the record that this write replaced, when the witness shows that it was never written down."""
    before = written.before
    if not isinstance(before, Held | Free) or before == written.record:
        return ()
    return recovered_row(services, tenant, before, written.attachment)


def recovered_row(services: Services, tenant: Tenant, record: Record, attachment: Attachment) -> tuple[AuditEvent, ...]:
    """A row for a record that is newer than its witness."""
    witness = services.witnesses.get(tenant, attachment.id)
    if witness is not None and _order(witness.record) >= _order(record):
        return ()
    known = witness.record if witness else None
    row = audit_row(record, kind_of(record, known), attachment, actor_of(record))
    return (replace(row, recovered=True, version=None),)


def hint_jobs(tenant: Tenant, *containers: Container | None) -> tuple[Job, ...]:
    """Refresh what the byline of these pages says; several changes in a moment make one refresh."""
    return tuple(
        Job(JobKind.PAGE_HINT, tenant.id, f"{container.kind.value}:{container.id}")
        for container in dict.fromkeys(containers)
        if container is not None
    )


def newer_than(record: Reading, other: Record) -> bool:
    """Whether `record` was stored after `other`."""
    return isinstance(record, Held | Free) and _order(record) > _order(other)


def _order(record: Record) -> tuple[int, int]:
    return (record.epoch, record.seq)


def _without_words(record: Free) -> Free:
    return replace(record, ended=replace(record.ended, why=None))
