"""What a file should be, judged from the host's own history alone.

The history is the file's versions and the stored values of the lock property, both by the host's time. From these
follows who held the file when a version came, whether it was authorised then, and what must be current in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import MARGIN, EndReason, Free, Held, Record
from tests.fakes.confluence.site import APP_ACCOUNT, StoredFile, StoredVersion

T = TypeVar("T")
Place = tuple[int, int]


@dataclass
class Right(Generic[T]):
    """What may be current: the newest of `newest` that is there, or any of `also`, where either is fair."""

    newest: list[tuple[datetime, T]]
    also: set[T] = field(default_factory=set)

    def becomes(self, since: datetime, value: T) -> None:
        """The right value is this one and no other."""
        self.newest.append((since, value))
        self.also.clear()

    def stays(self, since: datetime) -> None:
        """The right value is what it was, and of this version, too."""
        self.newest.append((since, self.newest[-1][1]))

    def may_become(self, since: datetime, value: T) -> None:
        """A version nobody is punished for, and that nobody protects."""
        self.also.add(self.newest[-1][1])
        self.newest.append((since, value))

    def holds(self, value: T, there: Callable[[datetime, T], bool]) -> bool:
        """Return whether this is the newest right value of those that are still there."""
        left = [each for since, each in self.newest if there(since, each)]
        return value in self.also or not left or value == left[-1]


@dataclass
class Offence:
    """A version of another person in the protected time of a lock."""

    version: StoredVersion
    held: Held
    content: bool
    holders: set[str]
    locks: set[str]
    overruled: bool = False


@dataclass
class StoredRecord:
    """A record as the host stored it: when, and what kind of write it was."""

    record: Record
    at: datetime
    kind: AuditKind


@dataclass
class HostHistory:
    """Follows the host; every method is told what the host has just stored."""

    file: StoredFile
    content: Right[bytes] = field(init=False)
    title: Right[str] = field(init=False)
    records: list[StoredRecord] = field(default_factory=list)
    offences: dict[datetime, Offence] = field(default_factory=dict)
    excusable: set[datetime] = field(default_factory=set)  # versions that may be called an offence or not
    deleted: set[datetime] = field(default_factory=set)
    gone: list[StoredVersion] = field(default_factory=list)  # what was deleted
    holders_content: dict[str, datetime] = field(default_factory=dict)  # by lock: the holder's newest upload
    trashers: set[str] = field(default_factory=set)
    chain: dict[str, str] = field(default_factory=dict)  # the present lock and those taken over before, with holders

    def __post_init__(self) -> None:
        first = self.file.versions[0]
        self.content = Right([(first.created, first.content)])
        self.title = Right([(first.created, first.title)])

    @property
    def last(self) -> Record | None:
        return self.records[-1].record if self.records else None

    @property
    def held(self) -> Held | None:
        """The lock that has not ended by a record."""
        return self.last if isinstance(self.last, Held) else None

    # --- what the host stored --------------------------------------------------------------------------------------

    def version(self, version: StoredVersion, before: StoredVersion, *, beginning: bool) -> None:
        """A version came. `beginning`: the call that began the lock has not answered, so either reading is fair."""
        if version.author == APP_ACCOUNT:
            self._came_late(version)
            return
        held, new_content = self.held, version.file_id != before.file_id
        if held is None or version.author == held.holder:
            self._authorised(version, before, new_content=new_content)
        elif not protects(held, version.created):
            self.excusable.add(version.created)
            self._maybe(version, new_content=new_content)
        else:
            self.offences[version.created] = Offence(version, held, new_content, {held.holder}, {held.lock_id})
            if beginning:
                self.excusable.add(version.created)
                self._allow(version)

    def _came_late(self, ours: StoredVersion) -> None:
        """A version of ours after the end stays where another made what stood then: perhaps an overwrite."""
        ended = self.records[-1] if self.records else None
        if ended is None or not isinstance(ended.record, Free):
            return
        theirs = [v for v in self.file.versions if v.author != APP_ACCOUNT or v.created < ended.at]
        stood = theirs[-1] if theirs else ours
        if stood.created < ended.at and stood.author not in {APP_ACCOUNT, ended.record.ended.holder}:
            self.content.also.add(ours.content)

    def _authorised(self, version: StoredVersion, before: StoredVersion, *, new_content: bool) -> None:
        """Under a lock, who uploads under a name that is there does not choose it."""
        if self.held is None or version.title != before.title:
            self.title.becomes(version.created, version.title)
        else:
            self.title.stays(version.created)
        if not new_content:
            return
        self.content.becomes(version.created, version.content)
        if self.held is not None:
            self.holders_content[self.held.lock_id] = version.created
            self._overrule(version.created)

    def _maybe(self, version: StoredVersion, *, new_content: bool) -> None:
        self.title.may_become(version.created, version.title)
        if new_content:
            self.content.may_become(version.created, version.content)

    def version_deleted(self, version: StoredVersion) -> None:
        """Without a lock all that is left is right. A new name for bytes that were deleted may seem to make them."""
        self.deleted.add(version.created)
        self.gone.append(version)
        if any(other.author != APP_ACCOUNT and other.content == version.content for other in self.file.versions):
            self.content.also.add(version.content)
        if self.held is None or not protects(self.held, version.created):
            self._accept_current()

    def stored(self, record: Record, at: datetime) -> None:
        """A record of ours was stored."""
        before = self.last
        self.records.append(StoredRecord(record, at, kind_of_write(record, before)))
        if isinstance(record, Free):
            self._accept_current()
        elif not isinstance(before, Held) or before.lock_id != record.lock_id:
            self._begins(record)
        elif record.base != before.base:
            self._protects(record.base.created)

    def _begins(self, held: Held) -> None:
        """A lock protects what it finds; one that took over another settles what its base does not cover."""
        current = self.file.versions[-1]
        if held.taken_from is None:
            self.chain = {held.lock_id: held.holder}
            self.content.becomes(current.created, current.content)
            self.title.becomes(current.created, current.title)
            return
        self.chain[held.lock_id] = held.holder
        for version in self.file.versions:
            if version.created == held.base.created:
                self._allow(version)  # what could not be undone before
        for moment, offence in self.offences.items():
            if offence.version.author == held.holder and moment > held.base.created:
                self.excusable.add(moment)
                self._allow(offence.version)
                self._overrule(moment)
        for offence in self.offences.values():
            if offence.held.lock_id in self.chain:
                offence.holders.add(held.holder)
                offence.locks.add(held.lock_id)

    def _overrule(self, moment: datetime) -> None:
        for offence in self.offences.values():
            offence.overruled |= offence.held.lock_id in self.chain and offence.version.created < moment

    def _allow(self, version: StoredVersion) -> None:
        self.content.also.add(version.content)
        self.title.also.add(version.title)

    def _protects(self, base: datetime) -> None:
        """An overwrite that could not be undone, or came while its lock began, is protected from now on."""
        known = next((v for v in self.file.versions if v.created == base), None)
        if known is not None and (known.created in self.offences or known.created in self.excusable):
            self._allow(known)

    def _accept_current(self) -> None:
        self.content.also.add(self.file.content)
        self.title.also.add(self.file.title)

    # --- what follows ----------------------------------------------------------------------------------------------

    def content_is_right(self) -> bool:
        """Bytes whose own version an admin deleted, while another name of them is left, may count or not."""
        there, current = {version.content for version in self.file.versions}, self.file.content
        right = self.content.holds(current, lambda _, content: content in there)
        right = right or self.content.holds(current, lambda since, _: since not in self.deleted)
        return right or self.file.content in {version.content for version in self._before_a_lost_base()}

    def title_is_right(self) -> bool:
        right = self.title.holds(self.file.title, lambda since, _: since not in self.deleted)
        return right or self.file.title in {version.title for version in self._before_a_lost_base()}

    def _before_a_lost_base(self) -> list[StoredVersion]:
        """Where an admin deleted the protected version, no history tells which of the older ones was right.

        What came before the lock was stored is protected, too. What we brought back may itself be deleted later.
        """
        held = self.held
        if held is None:
            return []
        began = next(s.at for s in self.records if isinstance(s.record, Held) and s.record.lock_id == held.lock_id)
        newest = max(began, held.base.created)
        lost = max((moment for moment in self.deleted if held.base.created <= moment <= newest), default=None)
        ever = (*self.file.versions, *self.gone)
        return [version for version in ever if lost is not None and version.created < lost]

    def must_be_told(self) -> list[Offence]:
        """The overwrites that need a row: those that nobody deleted, and about which there is no doubt."""
        return [
            offence
            for moment, offence in self.offences.items()
            if offence.content and moment not in self.excusable and moment not in self.deleted
        ]

    def may_be_told(self) -> set[datetime]:
        return self.offences.keys() | self.excusable

    @property
    def began(self) -> set[str]:
        """Every lock there ever was."""
        return {stored.record.lock_id for stored in self.records if isinstance(stored.record, Held)}

    def should_have_ended(self) -> bool:
        """Whether the holder's upload should have ended the present lock."""
        held = self.held
        if held is None or not held.unlock_on_upload:
            return False
        uploaded = self.holders_content.get(held.lock_id)
        counts = uploaded is not None and uploaded not in self.deleted and uploaded > held.base.created
        return counts and uploaded is not None and protects(held, uploaded)

    def standing_offence(self) -> Offence | None:
        """The overwrite whose content is current, whoever gave it a new name since."""
        current = [o for o in self.offences.values() if o.content and o.version.content == self.file.content]
        doubtful = any(offence.version.created in self.excusable for offence in current) or self.content_is_right()
        return None if doubtful or not current else current[-1]

    def holder_caused_the_end(self, held: Held) -> bool:
        """By trashing the file, or by an upload; where an admin deleted the evidence, a new name may read as one."""
        uploaded = held.lock_id in self.holders_content or bool(self.deleted)
        return held.holder in self.trashers or (held.unlock_on_upload and uploaded)


def protects(held: Held, moment: datetime) -> bool:
    """Whether a lock protects at this moment: not in its last seconds, when a slow clock may differ."""
    return held.expires_at is None or moment < held.expires_at - MARGIN


def kind_of_write(record: Record, before: Record | None) -> AuditKind:
    """Return what a write was, by the record it replaced."""
    if isinstance(record, Free):
        return AuditKind(record.ended.reason)
    if not isinstance(before, Held) or before.lock_id != record.lock_id:
        taken = isinstance(before, Held) and record.ended is not None and record.ended.reason is EndReason.TAKEN_OVER
        return AuditKind.TAKEN_OVER if taken else AuditKind.ACQUIRED
    if record.epoch > before.epoch:
        return AuditKind.HEALED
    return AuditKind.REBASED if record.base != before.base else AuditKind.EXTENDED
