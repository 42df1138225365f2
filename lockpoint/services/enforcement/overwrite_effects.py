"""Rows and mails of an overwrite; the same version leaves the same ones however often it is seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FlagReason, Version
from lockpoint.domain.lock import Ended, Held
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.ports.notifications import MANAGER, MailIntent


def conflicts(
    attachment: Attachment, held: Held, offenders: tuple[Version, ...], detail: str
) -> tuple[AuditEvent, ...]:
    """Return a conflict row for each version of others; `detail` says what became of it."""
    return tuple(replace(row_about(attachment, held, AuditKind.CONFLICT, v), detail=detail) for v in offenders)


def row_about(attachment: Attachment, held: Held | Ended, kind: AuditKind, version: Version) -> AuditEvent:
    """Return a row about a version, at the version's time, so that a repeated look repeats the row."""
    return AuditEvent(
        at=version.created,
        kind=kind,
        attachment_id=attachment.id,
        account=version.author,
        lock_id=held.lock_id,
        version=version.number,
    )


def overwrite_mails(
    attachment: Attachment, held: Held | Ended, offenders: tuple[Version, ...], detail: str
) -> tuple[MailIntent, ...]:
    """Return mails: to each author once that their upload met a lock, to the holder once for each upload."""
    to_holder = attempts(attachment, held, offenders, detail)
    to_authors = (
        replace(mail, kind=MailKind.UPLOAD_UNDONE, recipient=mail.actor, actor=held.holder)
        for mail in to_holder
        if mail.actor is not None
    )
    return (*to_holder, *to_authors)


def attempts(
    attachment: Attachment, held: Held | Ended, offenders: tuple[Version, ...], detail: str
) -> tuple[MailIntent, ...]:
    """Return mails to the holder, once for each upload of another."""
    return tuple(
        MailIntent(
            kind=MailKind.OVERWRITE_ATTEMPT,
            recipient=held.holder,
            attachment_id=attachment.id,
            event_key=f"{attachment.id}/{version.created.isoformat()}",
            actor=version.author,
            lock_id=held.lock_id,
            version=version.number,
            detail=detail,
        )
        for version in offenders
    )


def unprotected(
    attachment: Attachment, held: Held, reason: FlagReason, managers: Collection[str] = ()
) -> tuple[MailIntent, ...]:
    """Return the mails, once for each lock and reason, that the file is not protected; a pause tells its own end."""
    if reason is FlagReason.PAUSED:
        return ()
    mail = MailIntent(
        kind=MailKind.UNPROTECTED,
        recipient=held.holder,
        attachment_id=attachment.id,
        event_key=f"{held.lock_id}/{reason.value}",
        lock_id=held.lock_id,
        detail=reason.value,
    )
    return (mail, *to_managers(replace(mail, actor=held.holder), managers))


def to_managers(mail: MailIntent, managers: Collection[str]) -> tuple[MailIntent, ...]:
    """Return the mail to the holder as lock managers get it, but for whom it is about."""
    others = (one for one in managers if one not in {mail.recipient, mail.actor})
    theirs = replace(mail, event_key=f"{mail.event_key}/{MANAGER}", detail=MANAGER)
    return tuple(replace(theirs, recipient=manager) for manager in others)
