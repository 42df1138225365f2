"""The limit on undoing: two programs that undo each other would never stop."""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.events import MailKind
from lockpoint.domain.history.judge import Flag, FlagReason, Version
from lockpoint.domain.history.restore_budget import Offender
from lockpoint.domain.history.unlocked import NOBODY
from lockpoint.services.enforcement.held_file import HeldFile, ProtectionResult, flag
from lockpoint.services.enforcement.overwrite_effects import to_managers
from lockpoint.services.lock_record.pauses import pause_end
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.notifications import MailIntent


def left_in_pause(
    held_file: HeldFile, offenders: tuple[Offender, ...], standing: tuple[Version, ...] = ()
) -> ProtectionResult | None:
    """Leave the file alone while these people's changes are not undone, and look again at the end; None: undo them."""
    until = pause_end(held_file.services, held_file.tenant, held_file.held.lock_id, offenders)
    if until is None:
        return None
    told = () if held_file.held.holder == NOBODY else _told(held_file, offenders, until)
    effects = Effects(intents=told, jobs=(_look_again(held_file, until),))
    held_file.services.effects.record(held_file.tenant, effects)
    return flag(held_file, Flag(FlagReason.PAUSED, standing))


def _told(held_file: HeldFile, offenders: tuple[Offender, ...], until: datetime) -> tuple[MailIntent, ...]:
    """Return the mails to the holder and the lock managers, once for each pause."""
    mail = MailIntent(
        kind=MailKind.PAUSED,
        recipient=held_file.held.holder,
        attachment_id=held_file.attachment.id,
        event_key=f"{held_file.held.lock_id}/{until.isoformat()}",
        actor=offenders[-1] if offenders else None,
        lock_id=held_file.held.lock_id,
        detail=FlagReason.PAUSED.value,
    )
    return (mail, *to_managers(mail, held_file.settings.space.managers, mail.actor))


def _look_again(held_file: HeldFile, until: datetime) -> Job:
    return Job(
        JobKind.RECONCILE,
        held_file.tenant.id,
        held_file.attachment.id,
        until - held_file.services.clock.now(),
    )
