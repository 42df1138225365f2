"""The locked file that is being protected, and how it is left alone when that is impossible."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus, Flag, FlagReason, Version
from lockpoint.domain.history.unlocked import NOBODY
from lockpoint.domain.lock import Held
from lockpoint.domain.settings import InForce
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails, row_about, unprotected
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected, TooLarge
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import Effects, Protection
from lockpoint.services.tenancy.absence import absence_until
from lockpoint.services.tenancy.activity import is_on
from lockpoint.services.tenancy.settings_in_force import in_force
from lockpoint.services.tenancy.site_facts import app_accounts
from lockpoint.services.tenancy.whereabouts import follow

FRESH = timedelta(seconds=2)
"""How old a look may be that decides alone. A second one is about one call old when the restore is sent."""

_AT_WORK = (Protection.PROTECTED, Protection.RESTORING)
REFUSALS = (Rejected, Forbidden, GoneOrInvisible, TooLarge)


@dataclass(frozen=True, slots=True)
class ProtectionResult:
    """A file after everything was undone that could be.

    `uploaded` is the newer version to protect from now on; `by_holder`: the holder made new content since the base;
    `name_waits`: its wrong name is to be undone before. `pending` are overwrites that still stand, by the
    host's time, and `flag` says why. `again`: something was undone that may have hidden more, so the file must be
    judged again.
    """

    state: FileState
    uploaded: Version | None = None
    by_holder: bool = False
    name_waits: bool = False
    pending: tuple[datetime, ...] = ()
    flag: FlagReason | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A locked file in one look; `numbered`: how many older versions were read under their numbers after it.

    None: they were listed. `listed` are those that were read singly then, in this look or one before it: a version
    never changes, only its number.
    """

    services: Services
    tenant: Tenant
    state: FileState
    held: Held
    priority: Priority
    numbered: int | None = None
    listed: dict[datetime, Version] = field(default_factory=dict)

    undoes_trash: ClassVar[bool] = True

    @property
    def attachment(self) -> Attachment:
        return self.state.attachment

    @property
    def marked(self) -> Protection | None:
        """How the file was said to be protected before this look; None when nothing was said."""
        return self.state.witness.protection if self.state.witness else None

    @property
    def settings(self) -> InForce:
        """What its space has decided, as far as the space is known; raises the host's errors."""
        return in_force(self.services, self.tenant, self.space_id, priority=self.priority)

    @property
    def space_id(self) -> str | None:
        return self.state.witness.space_id if self.state.witness else None

    def switched_on(self) -> bool:
        """Return whether Lockpoint is on where the file is known to be; costs nothing."""
        return is_on(self.services, self.tenant, self.space_id, priority=self.priority)

    def protects_here(self) -> bool:
        """Return whether anything may be undone where the file is now; 2 points where spaces differ.

        Pages move with those above them, and of that no webhook tells.
        """
        witness = self.state.witness
        if witness is None or not self.services.site_states.switches(self.tenant, self.space_id).spaces_decide:
            return self.switched_on()
        return follow(self.services, self.tenant, witness, priority=self.priority)

    def absence_until(self) -> datetime | None:
        """Return until when anybody could change the file in spite of the lock; None: protected since it began."""
        return absence_until(self.services, self.tenant, self.held, self.state.witness)

    def mark(self, protection: Protection, head: Version | None = None) -> None:
        """Write into the witness how the file is protected, and which version is its newest (that of this look).

        What is done as the holder leaves the file marked as it was.
        """
        if self.state.person is not None and protection in _AT_WORK:
            return
        seen = (head or self.attachment.head).number
        self.services.witnesses.set_protection(self.tenant, self.attachment.id, protection, seen)

    def read_state(self) -> FileState:
        return read_state(
            self.services, self.tenant, self.attachment.id, priority=self.priority, person=self.state.person
        )

    def still_held(self, state: FileState) -> bool:
        """Return whether the lock that is being protected is the one on the file as it was read now."""
        standing = state.standing
        return isinstance(standing, Held) and standing.lock_id == self.held.lock_id

    def own_account(self) -> str:
        return self.services.people.own_account(self.tenant, priority=self.priority)

    def own_accounts(self) -> frozenset[str]:
        return app_accounts(self.services.people, self.tenant, priority=self.priority)

    def made_by_us(self, after: FileState) -> bool:
        """Return whether an edit of ours, of name or status, made the newest version of `after`."""
        before, made = self.attachment.head, after.attachment.head
        us = self.state.person or self.own_account()
        return made.created != before.created and made.author == us and made.file_id == before.file_id

    def just_read(self) -> bool:
        """Return whether the file was read in this moment, and nothing since but the version before its newest.

        What ends a lock is noted in the witness, which is read now.
        """
        asked, now = self.state.asked, self.services.clock.now()
        if self.numbered != 1 or asked is None or not timedelta() <= now - asked <= FRESH:
            return False
        witness = self.services.witnesses.get(self.tenant, self.attachment.id)
        held = witness.record if witness else None
        return isinstance(held, Held) and held.lock_id == self.held.lock_id and self.switched_on()

    def version(self, number: int) -> Version:
        return self.services.attachments.version(
            self.tenant, self.attachment.id, number, priority=self.priority, person=self.state.person
        )

    def versions(self, back_to: datetime | None) -> tuple[tuple[Version, ...], bool]:
        """Return them oldest first, without sizes and names, and whether they are all."""
        return self.services.attachments.versions(
            self.tenant, self.attachment.id, back_to=back_to, priority=self.priority, person=self.state.person
        )

    def unchanged(self) -> bool:
        """Read once more: whether lock, status and newest version are those that were decided on, and still count.

        A newest version with the same number shows that no number below it has moved.
        """
        state = self.read_state()
        return _place(state.attachment) == _place(self.attachment) and self.still_held(state) and self.switched_on()


def _place(attachment: Attachment) -> tuple[FileStatus, datetime, int]:
    return attachment.status, attachment.head.created, attachment.head.number


def flag(held_file: HeldFile, verdict: Flag) -> ProtectionResult:
    """Leave the file alone and say so: in the audit log, in every list, to the holder and lock managers."""
    why = Protection(verdict.reason.value)
    rows = list(conflicts(held_file.attachment, held_file.held, verdict.offenders, "not_undone"))
    intents = list(overwrite_mails(held_file.attachment, held_file.held, verdict.offenders, "not_undone"))
    if held_file.marked is not why and held_file.held.holder != NOBODY:
        row = row_about(held_file.attachment, held_file.held, AuditKind.FLAGGED, held_file.attachment.head)
        rows.append(replace(row, at=held_file.services.clock.now(), account=None, detail=why.value))
        managers = held_file.settings.space.managers
        intents.extend(unprotected(held_file.attachment, held_file.held, verdict.reason, managers))
    if rows or intents:
        held_file.services.effects.record(held_file.tenant, Effects(audit=tuple(rows), intents=tuple(intents)))
    held_file.mark(why)  # last: a crash before it says things twice rather than never
    return ProtectionResult(held_file.state, pending=tuple(v.created for v in verdict.offenders), flag=verdict.reason)


def reason_of(refused: Exception) -> FlagReason:
    if isinstance(refused, Rejected):
        return FlagReason.RESTORE_REFUSED
    return FlagReason.TOO_LARGE if isinstance(refused, TooLarge) else FlagReason.APP_BLOCKED
