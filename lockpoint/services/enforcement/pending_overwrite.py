"""Overwrites found as a lock is about to change: undone first, or else named, recorded and told."""

from __future__ import annotations

from lockpoint.domain.judge import Version
from lockpoint.domain.lock import MARGIN, Held, Moments
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails
from lockpoint.services.enforcement.protect import protect
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.ports.locks import Effects
from lockpoint.services.tenancy.absence import absence_until
from lockpoint.services.tenancy.activity import is_active


def undo_before_end(
    services: Services, tenant: Tenant, lock_id: str | None, priority: Priority, state: FileState
) -> tuple[FileState, Moments]:
    """Undo what can be undone before the lock ends; return the file afresh, and the overwrites that stand.

    Damage to the record must not hide an overwrite, so the known lock counts. Any lock but the named one is left alone.
    Nothing is undone as a person who only ends another's lock.
    Without a licence everybody may upload: nothing is pending.
    """
    held = state.standing
    if not isinstance(held, Held) or held.lock_id != lock_id:
        return state, ()
    if not is_active(services, tenant, priority=priority):
        return state, ()
    if state.person not in {None, held.holder}:
        return state, _note_pending(services, tenant, state, held)
    return undo_pending(services, tenant, state, held, priority=priority)


def undo_pending(
    services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority
) -> tuple[FileState, Moments]:
    """Undo a pending overwrite; return what the host would not let us undo."""
    try:
        result = protect(services, tenant, state, held, priority=priority)
    except HostError:
        return state, _note_pending(services, tenant, state, held)
    if result.pending and result.flag is None:
        _note_pending(services, tenant, result.state, held)
    return result.state, result.pending


def _note_pending(services: Services, tenant: Tenant, state: FileState, held: Held) -> Moments:
    """Record that the newest version may be an overwrite that could not be looked into, and tell both sides."""
    head = state.attachment.head
    if not _foreign(services, tenant, state.attachment.id, head, held):
        return ()
    effects = Effects(
        audit=conflicts(state.attachment, held, (head,), "not_undone"),
        intents=overwrite_mails(state.attachment, held, (head,), "not_undone"),
    )
    services.effects.record(tenant, effects)
    return (head.created,)


def _foreign(services: Services, tenant: Tenant, attachment_id: str, head: Version, held: Held) -> bool:
    """Return whether a version is, as far as is known without the host, another person's under the lock."""
    over = held.expires_at is not None and head.created >= held.expires_at - MARGIN
    back = absence_until(services, tenant, held)
    if back is not None and head.created <= back:
        return False
    if head.created <= held.base.created or over or head.author in {held.holder, _own_account(services, tenant)}:
        return False
    return all(own.created != head.created for own in services.restorations.known(tenant, attachment_id))


def _own_account(services: Services, tenant: Tenant) -> str:
    """Return our own account where it is known without the host, else ""."""
    try:
        return services.people.own_account(tenant, priority=Priority.EVENT)
    except HostError:
        return ""
