"""Rows and mails of an overwrite; the same version leaves the same ones however often it is seen."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FlagReason, Version
from lockpoint.domain.history.unlocked import NOBODY
from lockpoint.domain.lock import Ended, Held
from lockpoint.domain.settings import Accounts
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.ports.notifications import TO_MANAGER, MailIntent

_STRICT = {"undone": "strict", "renamed": "strict_renamed"}
"""What the author is told where a file is changed that nobody holds."""


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
        lock_id=None if held.holder == NOBODY else held.lock_id,
        version=version.number,
    )


def overwrite_mails(
    attachment: Attachment, held: Held | Ended, offenders: tuple[Version, ...], detail: str
) -> tuple[MailIntent, ...]:
    """Return mails: to each author once that their upload met a lock, to the holder once for each upload.

    Where nobody holds the file only its author is told, and only of what was undone.
    """
    to_holder = attempts(attachment, held, offenders, detail)
    if held.holder == NOBODY:
        return tuple(_to_author(mail) for mail in to_holder if mail.actor and detail in _STRICT)
    to_authors = (
        replace(mail, kind=MailKind.UPLOAD_UNDONE, recipient=mail.actor, actor=held.holder)
        for mail in to_holder
        if mail.actor is not None
    )
    return (*to_holder, *to_authors)


def _to_author(mail: MailIntent) -> MailIntent:
    """Words about nobody's lock say what to do instead."""
    author, detail = mail.actor or "", _STRICT[mail.detail or ""]
    return replace(mail, kind=MailKind.UPLOAD_UNDONE, recipient=author, actor=None, detail=detail)


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
    attachment: Attachment, held: Held, reason: FlagReason, managers: Accounts = ()
) -> tuple[MailIntent, ...]:
    """Return mails, once for each lock and reason, that the file is not protected; a pause tells its own end."""
    if reason is FlagReason.PAUSED or held.holder == NOBODY:
        return ()
    return (mail := unprotected_mail(attachment.id, held, reason.value), *to_managers(mail, managers, held.holder))


def unprotected_mail(attachment_id: str, held: Held, reason: str) -> MailIntent:
    return MailIntent(
        kind=MailKind.UNPROTECTED,
        recipient=held.holder,
        attachment_id=attachment_id,
        event_key=f"{held.lock_id}/{reason}",
        lock_id=held.lock_id,
        detail=reason,
    )


def to_managers(mail: MailIntent, managers: Accounts, actor: str | None) -> tuple[MailIntent, ...]:
    """Return the holder's mail as the lock managers of the space get it, whose `actor` needs none.

    Managers by group get none: what is everybody's task is nobody's.
    """
    return tuple(
        replace(mail, recipient=manager, actor=actor, detail=f"{TO_MANAGER}{mail.detail or ''}")
        for manager in managers
        if manager not in {mail.recipient, actor}
    )
