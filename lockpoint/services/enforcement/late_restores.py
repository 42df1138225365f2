"""Restores that landed after their lock's end: what they buried comes back."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.buried_version import buried_version, restored_late
from lockpoint.domain.history.versions import FileStatus, Version
from lockpoint.domain.lock import Ended, Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import REFUSALS
from lockpoint.services.enforcement.overwrite_effects import overwrite_mails, row_about
from lockpoint.services.enforcement.restore_ways import make_current, way_of
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import Effects
from lockpoint.services.tenancy.site_facts import app_accounts

LOOKS = 4  # at a file that moves


def bring_back_buried(
    services: Services, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
) -> None:
    """Make current again what restores of ours buried after their lock's end.

    Each look reads afresh, and so mends what the one before did late. Under another lock its own look decides. The
    host's errors pass through: the job comes back, and sees what became of it.
    """
    for _ in range(LOOKS):
        try:
            state = read_state(services, tenant, attachment_id, priority=priority, person=person)
        except (GoneOrInvisible, Forbidden):
            return
        record = state.found
        buried = _buried(services, tenant, state, record, priority) if isinstance(record, Free) else None
        if buried is None or not isinstance(record, Free):
            return
        if not _brought_back(services, tenant, state, record.ended, buried, priority):
            tell_buried(services, tenant, state.attachment, record.ended, buried)
            return


def tell_buried(
    services: Services, tenant: Tenant, attachment: Attachment, lock: Held | Ended, buried: Version
) -> None:
    """Tell the author of a version that stays buried: it is in the history."""
    row = replace(row_about(attachment, lock, AuditKind.FLAGGED, buried), detail="buried")
    told = overwrite_mails(attachment, lock, (buried,), "undone")
    mails = tuple(mail for mail in told if mail.kind is MailKind.UPLOAD_UNDONE)
    services.effects.record(tenant, Effects(audit=(row,), intents=mails))


def _buried(services: Services, tenant: Tenant, state: FileState, record: Free, priority: Priority) -> Version | None:
    """Costs nothing where nothing is newer than the end; versions are read singly only where one of them is ours."""
    file, person, end = state.attachment, state.person, state.row.created if state.row else None
    if end is None or file.head.created < end:
        return None
    own = app_accounts(services.people, tenant, priority=priority)
    us = own | {person} if person else own
    listed, _ = services.attachments.versions(tenant, file.id, back_to=end, priority=priority, person=person)
    if not any(restored_late(version, end, us) for version in listed):
        return None
    get = services.attachments.version
    versions = tuple(get(tenant, file.id, version.number, priority=priority, person=person) for version in listed)
    return buried_version(versions, end=end, holder=record.ended.holder, us=us)


def _brought_back(
    services: Services, tenant: Tenant, state: FileState, lock: Ended, buried: Version, priority: Priority
) -> bool:
    """Restore it unless the file has moved since; return False where that is refused, also in the trash."""
    way = way_of(services, tenant, priority)
    if way is None or not state.writable or state.attachment.status is not FileStatus.CURRENT:
        return False
    now = read_state(services, tenant, state.attachment.id, priority=priority, person=state.person)
    if (now.found, now.attachment.head.created) != (state.found, state.attachment.head.created):
        return True
    try:
        make_current(services, tenant, state, way, buried, lock.lock_id, priority)
    except LostRace:
        return True
    except REFUSALS:
        return False
    return True
