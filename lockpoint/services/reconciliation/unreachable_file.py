"""A locked file that the app does not see: purged, or closed to the app."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason, Held, Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.overwrite_effects import to_managers, unprotected_mail
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.compare_and_set import Rule
from lockpoint.services.lock_record.file_state import FileState, second_look
from lockpoint.services.locks.end_lock import end
from lockpoint.services.ports.locks import AuditEvent, Effects, Protection, Witness
from lockpoint.services.tenancy.settings_in_force import in_force


def not_visible(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> None:
    """Tell a purged file from one that the app may not see; only two agreeing reads end a lock before its time.

    A lock that has run out is over wherever its file is.
    """
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is None or not isinstance(witness.record, Held):
        return
    if phase(witness.record, services.clock.now()) is Phase.EXPIRED:
        if _still_hidden(services, tenant, attachment_id, priority):
            rule = partial(rules.expire, lock_id=witness.record.lock_id)
            _end(services, tenant, witness, rule, priority)
    elif services.attachments.confirmed_gone(tenant, attachment_id, witness.container, priority=priority):
        rule = partial(rules.end, lock_id=witness.record.lock_id, reason=EndReason.FILE_GONE, by=None)
        _end(services, tenant, witness, rule, priority)
    elif witness.protection is not Protection.APP_BLOCKED:
        _note_blocked(services, tenant, witness, witness.record, priority)


def _still_hidden(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> bool:
    """Look again: a file that is there after all ends its lock in Confluence."""
    second_look(services)
    try:
        services.attachments.get(tenant, attachment_id, priority=priority, properties=False, operations=False)
    except (GoneOrInvisible, Forbidden):
        return True
    return False


def _end(services: Services, tenant: Tenant, witness: Witness, rule: Rule, priority: Priority) -> None:
    """The record is unreachable, so its end is only recorded; the mail finds the page by the witness."""
    end(services, tenant, FileState.unseen(witness), rule, priority=priority, standing=())


def _note_blocked(services: Services, tenant: Tenant, witness: Witness, held: Held, priority: Priority) -> None:
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
    mail = unprotected_mail(witness.attachment_id, held, reason.value)
    managers = in_force(services, tenant, witness.space_id, priority=priority).space.managers
    mails = (mail, *to_managers(mail, managers, held.holder))
    services.effects.record(tenant, Effects(audit=(row,), intents=mails))
    services.witnesses.set_protection(tenant, witness.attachment_id, reason)
