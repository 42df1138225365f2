"""Overwrites found as a lock is about to change: undone first, or else named, recorded and told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from lockpoint.domain.history.judge import History
from lockpoint.domain.lock import Held, Moments
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails
from lockpoint.services.enforcement.protect import judged, protect
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.ports.locks import Effects
from lockpoint.services.tenancy.activity import protects

_LATEST: Final = datetime.max.replace(tzinfo=UTC)
"""The lock has not ended: only its own expiry bounds the protection."""


def undo_before_end(
    services: Services, tenant: Tenant, lock_id: str | None, priority: Priority, state: FileState
) -> tuple[FileState, Moments]:
    """Undo what can be undone before the lock ends; return the file afresh, and the overwrites that stand.

    Damage to the record must not hide an overwrite, so the known lock counts. Any lock but the named one is left alone.
    Nothing is undone as a person who only ends another's lock. Without a licence,
    or in an inactive space, nothing is pending.
    """
    held = state.standing
    if not isinstance(held, Held) or held.lock_id != lock_id:
        return state, ()
    space = state.witness.space_id if state.witness else None
    if not protects(services, tenant, space, priority=priority):
        return state, ()
    if state.person not in {None, held.holder}:
        return state, _note_pending(HeldFile(services, tenant, state, held, Priority.EVENT))
    return undo_pending(services, tenant, state, held, priority=priority)


def undo_pending(
    services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority
) -> tuple[FileState, Moments]:
    """Undo a pending overwrite; return what the host would not let us undo."""
    try:
        result = protect(services, tenant, state, held, priority=priority)
    except HostError:
        return state, _note_pending(HeldFile(services, tenant, state, held, Priority.EVENT))
    if result.pending and result.flag is None:
        _note_pending(HeldFile(services, tenant, result.state, held, Priority.EVENT))
    return result.state, result.pending


def _note_pending(held_file: HeldFile) -> Moments:
    """Record that the newest version may be an overwrite that could not be looked into, and tell both sides."""
    attachment, held = held_file.attachment, held_file.held
    history = History(attachment.status, (attachment.head,), complete=False)
    offenders = judged(held_file, history, _own_accounts(held_file), until=_LATEST).superseded
    effects = Effects(
        audit=conflicts(attachment, held, offenders, "not_undone"),
        intents=overwrite_mails(attachment, held, offenders, "not_undone"),
    )
    held_file.services.effects.record(held_file.tenant, effects)
    return tuple(version.created for version in offenders)


def _own_accounts(held_file: HeldFile) -> frozenset[str]:
    """None where they are not known without the host."""
    try:
        return held_file.own_accounts()
    except HostError:
        return frozenset()
