"""Strict spaces: what others than a holder upload or rename is undone also where nobody holds the file (P-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.history.unlocked import base_among, lock_of_nobody, settled_until
from lockpoint.domain.history.versions import FileStatus, Version
from lockpoint.domain.lock import Free, Held, Newer
from lockpoint.services.clock_skew import TOLERATED
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.protect import keep_right
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.tenancy.absence import last_return
from lockpoint.services.tenancy.activity import is_on
from lockpoint.services.tenancy.settings_in_force import in_force
from lockpoint.services.tenancy.whereabouts import space_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockedFile(HeldFile):
    """`held` stands for the lock that nobody has."""

    space: str

    undoes_trash = False

    @property
    def space_id(self) -> str:
        return self.space

    def switched_on(self) -> bool:
        return is_strict(self.services, self.tenant, self.space, priority=self.priority)

    def protects_here(self) -> bool:
        """Where the file is was just asked."""
        return self.switched_on()

    def absence_until(self) -> None:
        """What nobody holds is protected from after the last return on: it may have no witness that knows its space."""

    def still_held(self, state: FileState) -> bool:
        """Return whether nobody has locked the file since."""
        return not isinstance(state.standing, Held | Newer) and state.found == self.state.found


def is_strict(services: Services, tenant: Tenant, space_id: str, *, priority: Priority) -> bool:
    on = is_on(services, tenant, space_id, priority=priority)
    return on and in_force(services, tenant, space_id, priority=priority).rules.strict


def protect_unlocked(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Undo what was done to an unlocked file of a strict space; the host's errors pass through.

    Costs nothing on a site without one. Trash is left alone: no version says whose it was, and people bring it back.
    """
    file = state.attachment
    if isinstance(state.standing, Held | Newer) or not state.writable or file.status is not FileStatus.CURRENT:
        return
    if file.head.number == 1 or not services.site_states.switches(tenant, None).strict_somewhere:
        return
    space = space_of(services, tenant, file.container, priority=priority, person=state.person)
    if space is None or not is_strict(services, tenant, space, priority=priority):
        return
    settled = _settled(services, tenant, state, space)
    if file.head.created <= settled or _ours(services, tenant, file.id, file.head):
        return
    base = _base(services, tenant, state, settled, priority)
    if base is None:
        return
    held = lock_of_nobody(file.id, base, settled)
    keep_right(UnlockedFile(services=services, tenant=tenant, state=state, held=held, priority=priority, space=space))


def _ours(services: Services, tenant: Tenant, attachment_id: str, head: Version) -> bool:
    """Return whether the newest version is one with which we undid something: webhooks tell of it, too."""
    known = services.restorations.known(tenant, attachment_id)
    return any(own.created == head.created != own.source_created for own in known)


def _settled(services: Services, tenant: Tenant, state: FileState, space: str) -> datetime:
    """Moments of ours are compared with the host's: uploads seconds later stand, too."""
    ours = (services.site_states.switches(tenant, space).strict_at, last_return(services, tenant, space))
    ended = state.row.created if isinstance(state.found, Free) and state.row else None
    return settled_until(services.clock.now(), ended, *(moment + TOLERATED for moment in ours if moment))


def _base(
    services: Services, tenant: Tenant, state: FileState, settled: datetime, priority: Priority
) -> Version | None:
    versions, _ = services.attachments.versions(
        tenant, state.attachment.id, back_to=settled, priority=priority, person=state.person
    )
    return base_among(versions, settled)
