"""Making one file right again, whatever woke us: everything is read afresh, nothing of the message is believed."""

from __future__ import annotations

from lockpoint.locking import rules
from lockpoint.locking.enforcement import FileStatus, FlagReason
from lockpoint.locking.events import AuditKind, MailKind
from lockpoint.locking.lock import EndReason, Free, Held, Phase, Snapshot
from lockpoint.services import endings
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.endings import Ending, Moments
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.looking import Seen, look
from lockpoint.services.ports import AuditEvent, Effects, MailIntent, Witness
from lockpoint.services.protecting import protect
from lockpoint.services.rebasing import rebase
from lockpoint.services.recording import hint_jobs, newer_than, recovered_row, witness_of
from lockpoint.services.services import Services
from lockpoint.services.writing import heal

MUTEX_SECONDS = 60.0


def reconcile(services: Services, tenant: Tenant, attachment_id: str, *, lane: Lane = Lane.HINTS) -> None:
    """Bring one file and our knowledge of it in line with its record: heal, protect, expire, note what is gone.

    Costs 2 points when nothing happened. Errors of the host pass through: the job comes back later.
    """
    if not tenant.active:
        return
    with (
        spending_on("reconcile" if lane is Lane.HINTS else "sweep"),
        services.mutexes.hold(f"reconcile:{tenant.id}:{attachment_id}", MUTEX_SECONDS),
    ):
        _reconcile(services, tenant, attachment_id, lane)


def trashed_by(services: Services, tenant: Tenant, attachment_id: str, account: str) -> None:
    """A hint that `account` trashed the file: a holder who throws their own file away gives the lock back.

    The hint is believed only where the file is really in the trash and this account really holds it; the worst that
    a wrong hint can do is to end a lock on a file that is in the trash.
    """
    if not tenant.active:
        return
    with spending_on("reconcile"):
        seen = _look(services, tenant, attachment_id, Lane.HINTS)
        held = seen.reading if seen else None
        in_trash = seen is not None and seen.attachment.status is FileStatus.TRASHED
        if seen is not None and in_trash and isinstance(held, Held) and held.holder == account:
            _give_back(services, tenant, seen, held)
        else:
            _reconcile(services, tenant, attachment_id, Lane.HINTS)


def _reconcile(services: Services, tenant: Tenant, attachment_id: str, lane: Lane) -> None:
    witness = services.witnesses.get(tenant, attachment_id)
    seen = _look(services, tenant, attachment_id, lane)
    if seen is None:
        _not_visible(services, tenant, attachment_id, witness, lane)
        return
    if not isinstance(seen.reading, Held | Free):
        _heal_if_live(services, tenant, seen, witness, lane)
        return
    _catch_up(services, tenant, seen, seen.reading, witness)
    if isinstance(seen.reading, Held):
        _tend(services, tenant, seen, seen.reading, lane)


def _tend(services: Services, tenant: Tenant, seen: Seen, held: Held, lane: Lane) -> None:
    """Protect a held file; end a hold whose time is over; follow the holder's own uploads."""
    if rules.phase(held, services.clock.now()) is Phase.EXPIRED:
        endings.expire(services, tenant, seen, held, lane=lane)
        return
    settled = protect(services, tenant, seen, held, lane=lane)
    if settled.uploaded is None:
        return
    rebase(services, tenant, settled.seen, held, settled.uploaded, lane=lane)
    if held.unlock_on_upload and settled.uploaded.author == held.holder:
        after = look(services, tenant, seen.attachment.id, lane=lane)
        endings.release_after_upload(services, tenant, after, held, lane=lane)


def _look(services: Services, tenant: Tenant, attachment_id: str, lane: Lane) -> Seen | None:
    try:
        return look(services, tenant, attachment_id, lane=lane)
    except (GoneOrInvisible, Forbidden):
        return None


def _heal_if_live(services: Services, tenant: Tenant, seen: Seen, witness: Witness | None, lane: Lane) -> None:
    """A live hold whose record is missing or garbled is written again; any other damage is nobody's loss."""
    record = witness.record if witness else None
    if isinstance(record, Held) and rules.phase(record, services.clock.now()) is Phase.HELD:
        heal(services, tenant, seen.attachment.id, record, lane=lane)


def _catch_up(services: Services, tenant: Tenant, seen: Seen, record: Held | Free, witness: Witness | None) -> None:
    """Write down a record that Postgres does not know: a crash of ours came between the two, or a row was lost.

    A tombstone found this way still owes its announcements.
    """
    moved = witness is not None and witness.container != seen.attachment.container
    if witness is not None and not moved and not newer_than(record, witness.record):
        return
    ended = endings.ended_by(record) if witness is None or newer_than(record, witness.record) else None
    effects = Effects(
        witness=witness_of(services, record, seen.attachment, witness.space_id if witness and not moved else None),
        audit=recovered_row(services, tenant, record, seen.attachment),
        intents=endings.owed(services, tenant, seen.attachment, record, ended),
        jobs=hint_jobs(tenant, seen.attachment.container, witness.container if witness else None),
    )
    services.ledger.record(tenant, effects)


def _not_visible(services: Services, tenant: Tenant, attachment_id: str, witness: Witness | None, lane: Lane) -> None:
    """Tell a purged file from one that the app may not see: only two agreeing reads end a lock."""
    if witness is None:
        return
    if not services.attachments.confirmed_gone(tenant, attachment_id, witness.container, lane=lane):
        if services.witnesses.set_protection(tenant, attachment_id, FlagReason.APP_BLOCKED.value):
            _note_blocked(services, tenant, witness)
        return
    record = witness.record
    if isinstance(record, Held):
        _note_gone(services, tenant, witness, record)
    services.witnesses.forget(tenant, attachment_id)


def _note_blocked(services: Services, tenant: Tenant, witness: Witness) -> None:
    if isinstance(witness.record, Held):
        intent = _mail(MailKind.UNPROTECTED, witness, witness.record, FlagReason.APP_BLOCKED.value)
        row = _row(services, AuditKind.FLAGGED, witness, witness.record, FlagReason.APP_BLOCKED.value)
        services.ledger.record(tenant, Effects(audit=(row,), intents=(intent,)))


def _note_gone(services: Services, tenant: Tenant, witness: Witness, held: Held) -> None:
    intent = _mail(MailKind.LOCK_ENDED, witness, held, EndReason.FILE_GONE.value)
    row = _row(services, AuditKind.FILE_GONE, witness, held, None)
    jobs = hint_jobs(tenant, witness.container)
    services.ledger.record(tenant, Effects(audit=(row,), intents=(intent,), jobs=jobs))


def _row(services: Services, kind: AuditKind, witness: Witness, held: Held, detail: str | None) -> AuditEvent:
    return AuditEvent(
        at=services.clock.now(),
        kind=kind,
        attachment_id=witness.attachment_id,
        account=None,
        epoch=held.epoch,
        seq=held.seq,
        lock_id=held.lock_id,
        detail=detail,
    )


def _mail(kind: MailKind, witness: Witness, held: Held, detail: str) -> MailIntent:
    return MailIntent(
        kind=kind,
        recipient=held.holder,
        attachment_id=witness.attachment_id,
        event_key=f"{held.lock_id}/{detail}",
        lock_id=held.lock_id,
        detail=detail,
    )


def _give_back(services: Services, tenant: Tenant, seen: Seen, held: Held) -> None:
    """Release a hold whose holder trashed the file; nothing is settled, because nothing shall come back."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.release(snapshot, holder=held.holder, lock_id=held.lock_id, op_id=op_id, unsettled=unsettled)

    ending = Ending(rule=rule, op_id=op_id, by=held.holder, lane=Lane.HINTS)
    endings.end_as_is(services, tenant, seen, ending, ())
