"""How holds end: by their holder, by somebody else, by time, or because the file is gone; and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lockpoint.locking import rules
from lockpoint.locking.events import MailKind
from lockpoint.locking.lock import Ended, EndReason, Free, Held, Record, Snapshot
from lockpoint.services import watching
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.ports import Attachment, MailIntent
from lockpoint.services.protecting import protect
from lockpoint.services.rebasing import rebase
from lockpoint.services.recording import RequestOutcome, record_write
from lockpoint.services.services import Services
from lockpoint.services.looking import Outcome, Seen, Written, look
from lockpoint.services.writing import write

Moments = tuple[datetime, ...]
Rule = Callable[[Snapshot, Moments], rules.Decision]
# Ends that the holder learns of by mail: all but the ones they brought about themselves.
_TOLD = {
    EndReason.BROKEN: MailKind.LOCK_ENDED_BY_OTHER,
    EndReason.TAKEN_OVER: MailKind.LOCK_ENDED_BY_OTHER,
    EndReason.EXPIRED: MailKind.LOCK_ENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One wish to end a hold: `rule` decides, `by` is the account that wants it (None: nobody, time did)."""

    rule: Rule
    op_id: str
    by: str | None
    lane: Lane
    request: RequestOutcome | None = None
    space_id: str | None = None


def end(services: Services, tenant: Tenant, seen: Seen, ending: Ending) -> Outcome:
    """Settle what is pending, then end the hold, write it down, and announce it.

    What could not be undone is named in the tombstone: no ending forgets an intrusion.
    """
    seen, unsettled = settle(services, tenant, seen, lane=ending.lane)
    return end_as_is(services, tenant, seen, ending, unsettled)


def end_as_is(services: Services, tenant: Tenant, seen: Seen, ending: Ending, unsettled: Moments) -> Outcome:
    """End the hold without touching the file, write it down, and announce it."""
    outcome = write(
        services,
        tenant,
        seen.attachment.id,
        lambda snapshot: ending.rule(snapshot, unsettled),
        op_id=ending.op_id,
        lane=ending.lane,
        seen=seen,
    )
    if isinstance(outcome, Written):
        announce(services, tenant, outcome, ending)
    return outcome


def settle(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> tuple[Seen, tuple[datetime, ...]]:
    """Undo a pending overwrite before the hold moves; what the host would not let us undo is left as unsettled."""
    held = seen.reading
    if not isinstance(held, Held):
        return seen, ()
    try:
        settled = protect(services, tenant, seen, held, lane=lane)
        if settled.uploaded is None:
            return settled.seen, settled.unsettled
        rebase(services, tenant, settled.seen, held, settled.uploaded, lane=lane)
        return look(services, tenant, seen.attachment.id, lane=lane), settled.unsettled
    except HostError:
        pending = seen.attachment.head.created
        return seen, (pending,) if pending > held.base.created else ()


def expire(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Outcome:
    """End a hold whose time and margin have passed; losing to an extension is fine."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.expire(snapshot, lock_id=held.lock_id, op_id=op_id, unsettled=unsettled)

    return end(services, tenant, seen, Ending(rule=rule, op_id=op_id, by=None, lane=lane))


def release_after_upload(services: Services, tenant: Tenant, seen: Seen, held: Held, *, lane: Lane) -> Outcome:
    """End a hold that was to last until its holder's next upload."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.release(snapshot, holder=held.holder, lock_id=held.lock_id, op_id=op_id, unsettled=unsettled)

    return end(services, tenant, seen, Ending(rule=rule, op_id=op_id, by=held.holder, lane=lane))


def announce(services: Services, tenant: Tenant, written: Written, ending: Ending) -> None:
    """Write an ending down, with the mails it owes; then empty the line of those who asked."""
    ended = ended_by(written.record)
    intents = owed(services, tenant, written.attachment, written.record, ended)
    record_write(
        services,
        tenant,
        written,
        account=ending.by,
        space_id=ending.space_id,
        intents=intents,
        request=ending.request,
    )
    if isinstance(written.record, Free):
        watching.served(services, tenant, written.attachment, ending.lane)


def owed(
    services: Services, tenant: Tenant, attachment: Attachment, record: Record, ended: Ended | None
) -> tuple[MailIntent, ...]:
    """The mails that this record owes: to its last holder, and to those who asked when the file is free now."""
    if ended is None:
        return ()
    waiting = (
        watching.announcements(services, tenant, attachment, ended.lock_id, but=ended.by)
        if isinstance(record, Free)
        else ()
    )
    # The holder has a mail of their own about this ending; a second one would only repeat it.
    to_holder = _to_holder(attachment, ended)
    return (*(m for m in waiting if not (to_holder and m.recipient == ended.holder)), *to_holder)


def ended_by(record: Record) -> Ended | None:
    """The ending that this very write brought about, if it did."""
    if isinstance(record, Free):
        return record.ended
    return record.ended if record.ended is not None and record.ended.at == record.at else None


def _to_holder(attachment: Attachment, ended: Ended) -> tuple[MailIntent, ...]:
    kind = _TOLD.get(ended.reason)
    if kind is None or ended.by == ended.holder:
        return ()
    mail = MailIntent(
        kind=kind,
        recipient=ended.holder,
        attachment_id=attachment.id,
        event_key=ended.lock_id,
        actor=ended.by,
        lock_id=ended.lock_id,
        detail=ended.reason.value,
    )
    return (mail,)
