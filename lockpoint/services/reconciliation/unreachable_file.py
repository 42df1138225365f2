"""A locked file that the app does not see: purged, or closed to the app."""

from __future__ import annotations

from lockpoint.domain import next_record
from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import EndReason, Free, Held, Phase, Snapshot
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.end_notices import mail_to_holder
from lockpoint.services.lock_record.file_state import second_look
from lockpoint.services.lock_record.record_effects import hint_jobs
from lockpoint.services.ports.locks import AuditEvent, Effects, Protection, Witness
from lockpoint.services.ports.notifications import MailIntent


def not_visible(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> None:
    """Tell a purged file from one that the app may not see; only two agreeing reads end a lock before its time.

    A lock that has run out is over wherever its file is.
    """
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is None or not isinstance(witness.record, Held):
        return
    if phase(witness.record, services.clock.now()) is Phase.EXPIRED:
        if _still_hidden(services, tenant, attachment_id, priority):
            _note_end(services, tenant, witness, witness.record, EndReason.EXPIRED)
    elif services.attachments.confirmed_gone(tenant, attachment_id, witness.container, priority=priority):
        _note_end(services, tenant, witness, witness.record, EndReason.FILE_GONE)
    elif witness.protection is not Protection.APP_BLOCKED:
        _note_blocked(services, tenant, witness, witness.record)


def _still_hidden(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> bool:
    """Look again: a file that is there after all ends its lock in Confluence."""
    second_look(services)
    try:
        services.attachments.get(tenant, attachment_id, priority=priority, properties=False, operations=False)
    except (GoneOrInvisible, Forbidden):
        return True
    return False


def _note_blocked(services: Services, tenant: Tenant, witness: Witness, held: Held) -> None:
    """Told before it is marked: a crash in between tells it twice rather than never."""
    reason = Protection.APP_BLOCKED
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.FLAGGED,
        attachment_id=witness.attachment_id,
        account=None,
        lock_id=held.lock_id,
        detail=reason.value,
    )
    intent = MailIntent(
        kind=MailKind.UNPROTECTED,
        recipient=held.holder,
        attachment_id=witness.attachment_id,
        event_key=f"{held.lock_id}/{reason.value}",
        lock_id=held.lock_id,
        detail=reason.value,
    )
    services.effects.record(tenant, Effects(audit=(row,), intents=(intent,)))
    services.witnesses.set_protection(tenant, witness.attachment_id, reason)


def _note_end(services: Services, tenant: Tenant, witness: Witness, held: Held, reason: EndReason) -> None:
    """The record is unreachable, so its end is recorded here only; the mail finds the page by the witness.

    Should the file be reachable again, its record is older than this one and is not obeyed.
    """
    now = services.clock.now()
    ended = next_record.ended(held, Snapshot(held, None, now), reason, by=None)
    kind, op_id = AuditKind(reason), services.ids.new()
    tombstone = Free(epoch=held.epoch, seq=held.seq + 1, op_id=op_id, at=now, kind=kind, ended=ended)
    row = AuditEvent(
        at=now,
        kind=kind,
        attachment_id=witness.attachment_id,
        account=None,
        epoch=tombstone.epoch,
        seq=tombstone.seq,
        lock_id=held.lock_id,
        version=held.base.number,
    )
    kept = Witness(
        attachment_id=witness.attachment_id,
        container=witness.container,
        space_id=witness.space_id,
        record=tombstone,
        seen_at=now,
    )
    effects = Effects(
        witness=kept,
        audit=(row,),
        intents=mail_to_holder(witness.attachment_id, ended),
        jobs=hint_jobs(tenant, witness.container),
    )
    services.effects.record(tenant, effects)
