"""Mails that a lock ended: to its holder, unless they ended it, and to the waitlist."""

from __future__ import annotations

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Ended, EndReason, FoundRecord, Held, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.notifications import MailIntent

# Ends that the holder learns of by mail: all but their own.
_TOLD = {
    EndReason.BROKEN: MailKind.LOCK_ENDED_BY_OTHER,
    EndReason.TAKEN_OVER: MailKind.LOCK_ENDED_BY_OTHER,
    EndReason.HANDED_OVER: MailKind.LOCK_ENDED_BY_OTHER,
    EndReason.EXPIRED: MailKind.LOCK_ENDED,
    EndReason.FILE_GONE: MailKind.LOCK_ENDED,
}


def owed_end_notices(
    services: Services, tenant: Tenant, attachment: Attachment, record: Record, *earlier: FoundRecord | None
) -> tuple[MailIntent, ...]:
    """Return the mails about the end of a lock that was live in one of the `earlier` records.

    A witness that still says "held" shows that the end was never announced.
    """
    ended = record.ended
    if ended is None or not any(isinstance(e, Held) and e.lock_id == ended.lock_id for e in earlier):
        return ()
    if isinstance(record, Held) and record.holder == ended.holder and ended.reason is EndReason.EXPIRED:
        return ()  # renewed by its own holder, for whom nothing has ended
    to_holder = mail_to_holder(attachment.id, ended)
    if isinstance(record, Held):
        return (*to_holder, *_mail_to_next(attachment.id, record, ended))
    return (*end_notices(services, tenant, attachment, ended), *to_holder)


def end_notices(services: Services, tenant: Tenant, attachment: Attachment, ended: Ended) -> tuple[MailIntent, ...]:
    """Return the mails to the waitlist, first come first; who held or ended the lock needs none."""
    return tuple(
        MailIntent(
            kind=MailKind.FILE_AVAILABLE,
            recipient=account,
            attachment_id=attachment.id,
            event_key=ended.lock_id,
            actor=ended.by,
            lock_id=ended.lock_id,
        )
        for account in waitlist_of(services, tenant, attachment.id, attachment.waitlist_row).everybody
        if account not in {ended.by, ended.holder}
    )


def _mail_to_next(attachment_id: str, held: Held, ended: Ended) -> tuple[MailIntent, ...]:
    """Return the mail to a new holder who did not lock the file themselves."""
    if ended.reason is not EndReason.HANDED_OVER:
        return ()
    mail = MailIntent(
        kind=MailKind.EDIT_ANSWER,
        recipient=held.holder,
        attachment_id=attachment_id,
        event_key=ended.lock_id,
        actor=ended.by,
        lock_id=held.lock_id,
        detail=ended.reason.value,
    )
    return (mail,)


def mail_to_holder(attachment_id: str, ended: Ended) -> tuple[MailIntent, ...]:
    """Return the mail to the last holder; none about an end that they brought about."""
    kind = _TOLD.get(ended.reason)
    if kind is None or ended.by == ended.holder:
        return ()
    mail = MailIntent(
        kind=kind,
        recipient=ended.holder,
        attachment_id=attachment_id,
        event_key=ended.lock_id,
        actor=ended.by,
        lock_id=ended.lock_id,
        detail=ended.reason.value,
    )
    return (mail,)
