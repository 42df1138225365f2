"""Reading a locked file as the app or, where the app may not edit it, as the holder of its lock."""

from __future__ import annotations

from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import FoundRecord, Free, Held, Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostUnavailable, Unauthorised
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.ports.locks import Protection, Witness

_MAY_BE_SAVED = (FileStatus.CURRENT, FileStatus.TRASHED)


def look(
    services: Services, tenant: Tenant, attachment_id: str, witness: Witness | None, *, priority: Priority
) -> tuple[FileState | None, bool]:
    """Return the file as whoever may edit it, else as the app sees it (None: nobody shows it), and if the app looked.

    One "not there" can be false, so the holder stands in only from the next look on. A sweep spends one read on a live
    lock that is known to be closed to the app: as its holder or as the app, by chance.
    """
    known = witness is not None and witness.protection is Protection.APP_BLOCKED
    thrifty = known and priority is Priority.SWEEP and not _over(services, witness)
    if thrifty and services.ids.fraction() < 0.5:  # noqa: PLR2004 - a half
        return _as_holder(services, tenant, witness, priority), False
    state = _as_app(services, tenant, attachment_id, priority)
    if not (thrifty and _unchanged(state)) and _needs_holder(state, known=known):
        state = _as_holder(services, tenant, witness, priority) or state
    return state, True


def _as_app(services: Services, tenant: Tenant, attachment_id: str, priority: Priority) -> FileState | None:
    try:
        return read_state(services, tenant, attachment_id, priority=priority)
    except (GoneOrInvisible, Forbidden):
        return None


def _as_holder(services: Services, tenant: Tenant, witness: Witness | None, priority: Priority) -> FileState | None:
    """Return the file as the holder, if they may still edit it and the lock that is known is theirs."""
    held = witness.record if witness else None
    if witness is None or not isinstance(held, Held):
        return None
    try:
        state = read_state(services, tenant, witness.attachment_id, priority=priority, person=held.holder)
    except (GoneOrInvisible, Forbidden, Unauthorised, HostUnavailable):
        return None
    return state if state.writable and _whose(state.standing) == held.holder else None


def _unchanged(state: FileState | None) -> bool:
    if state is None:
        return True
    held = state.standing
    return isinstance(held, Held) and state.attachment.head.created == held.base.created


def _needs_holder(state: FileState | None, *, known: bool) -> bool:
    """Return whether only its holder can do something for the file; nobody can on an archived page."""
    if state is None:
        return known
    asleep = state.witness is not None and state.witness.protection is Protection.SUSPENDED
    return state.blocked and state.attachment.status in _MAY_BE_SAVED and not asleep


def _over(services: Services, witness: Witness | None) -> bool:
    return witness is not None and phase(witness.record, services.clock.now()) is Phase.EXPIRED


def _whose(record: FoundRecord) -> str | None:
    if isinstance(record, Held):
        return record.holder
    return record.ended.holder if isinstance(record, Free) else None
