"""What a file's history requires; `lineage` says which versions are whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lockpoint.domain.history.file_names import stands_for
from lockpoint.domain.history.lineage import Lineage, Standing, Traced, trace
from lockpoint.domain.history.versions import FileStatus, History, KnownRestoration, Policy, Version
from lockpoint.domain.lock import Held

__all__ = [
    "FileStatus",
    "Flag",
    "FlagReason",
    "History",
    "Judgement",
    "KnownRestoration",
    "Nothing",
    "Policy",
    "Restore",
    "UndoRename",
    "UndoTrash",
    "Verdict",
    "Version",
    "judge",
]

# A person who locked between two uploads this close may have seen them in the other order.
UNCLEAR = timedelta(seconds=2)


class FlagReason(StrEnum):
    """Why a locked file is not protected."""

    OWN_ACCOUNT_UNKNOWN = "own_account_unknown"
    OWN_UPLOAD_WITHOUT_SOURCE = "own_upload_without_source"
    ORDER_UNCLEAR = "order_unclear"
    BASELINE_LOST = "baseline_lost"
    HISTORY_INCOMPLETE = "history_incomplete"
    APP_BLOCKED = "app_blocked"
    RESTORE_REFUSED = "restore_refused"
    PAUSED = "paused"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Nothing:
    """The file is as it should be."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Make `version` current again; `offenders` are the unauthorised versions after it, oldest first.

    `renamed` has the file's name and type where `version` has other ones.
    """

    version: Version
    offenders: tuple[Version, ...]
    renamed: Version | None = None

    @property
    def named(self) -> Version:
        """The version whose name and type the file should have."""
        return self.renamed or self.version


@dataclass(frozen=True, slots=True)
class UndoRename:
    """Give the file back name and type of `named`; `head` has the content.

    `offender` changed them (None: nobody is to blame).
    """

    named: Version
    offender: Version | None
    head: Version

    @property
    def offenders(self) -> tuple[Version, ...]:
        return (self.offender,) if self.offender else ()


@dataclass(frozen=True, slots=True)
class UndoTrash:
    """Bring the file back from the trash, then judge again; `offenders` are the overwrites below it."""

    offenders: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """Leave the file alone and say why it is not protected."""

    reason: FlagReason
    offenders: tuple[Version, ...] = ()


Verdict = Nothing | Restore | UndoRename | UndoTrash | Flag


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its grounds.

    `head` is the newest authorised version of the file's own history (None: there is none). `uploaded`: it is newer
    than the base, which moves to it: made by the holder, an allowed account, or anybody during an absence or before the
    lock began; `name_waits`: not before its wrong name is undone. `by_holder`: the holder made new content since the
    lock began. `free` are all versions that others made during an absence. `superseded` are the unauthorised versions
    in the protected time that something has replaced (an upload of the holder, our restoration, the end of the lock):
    recorded and told once, nothing to undo; versions known to change no content are not among them.
    """

    verdict: Verdict
    head: Version | None
    uploaded: bool = False
    superseded: tuple[Version, ...] = ()
    free: tuple[Version, ...] = ()
    by_holder: bool = False
    name_waits: bool = False


def judge(
    history: History,
    held: Held,
    *,
    policy: Policy,
    own_accounts: frozenset[str],
    restorations: tuple[KnownRestoration, ...],
    until: datetime | None = None,
) -> Judgement:
    """Return what `held` requires of a file with this history; pure and total.

    `own_accounts` are those that the app has had on the site, none when it is not known who it is there.

    `until` is the end of protection, by the host's time, of a lock that is over: the file is then not touched (None:
    still held; `expires_at - MARGIN` bounds the protection). Contents are compared by `file_id`; versions without one
    are not known to be equal. No version says who trashed a file, so a locked file always leaves the trash.
    """
    lineage = trace(history, held, policy=policy, own_accounts=own_accounts, restorations=restorations, until=until)
    touch = until is None
    verdict = _verdict(history, lineage, policy, own_accounts, held) if touch else Nothing()
    head = lineage.head
    return Judgement(
        verdict=verdict,
        head=head.version if head else None,
        uploaded=head is not None and _moves_base(head, held),
        name_waits=head is not None and _name_waits(verdict, head, lineage),
        free=lineage.free,
        by_holder=lineage.holder_uploaded,
        superseded=lineage.replaced if touch else lineage.replaced + lineage.offenders,
    )


def _verdict(history: History, lineage: Lineage, policy: Policy, own_accounts: frozenset[str], held: Held) -> Verdict:
    if history.status is FileStatus.TRASHED and policy.undo_trash:
        return UndoTrash(lineage.offenders)
    if history.status is not FileStatus.CURRENT:
        return Nothing()
    if lineage.head is None:
        reason = FlagReason.BASELINE_LOST if history.complete else FlagReason.HISTORY_INCOMPLETE
        return Flag(reason, lineage.offenders)
    if not lineage.unreplaced:
        return _name(history, lineage, lineage.head.version, policy)
    doubt = _doubt(lineage, own_accounts, held)
    if doubt:
        return Flag(doubt, lineage.offenders)
    head, named = lineage.head.version, lineage.named
    return Restore(head, lineage.offenders, None if named is None or head.named_as(named) else named)


def _moves_base(head: Traced, held: Held) -> bool:
    """Return whether the head is to be protected from now on; a new name for the same content counts."""
    protected = {Standing.PAST, Standing.EARLIER, Standing.HOLDERS, Standing.FREE}
    return head.by in protected and head.version.created > held.base.created


def _name_waits(verdict: Verdict, head: Traced, lineage: Lineage) -> bool:
    """Return whether the head has a wrong name that is not undone yet: as the base, it would make that name right."""
    return not isinstance(verdict, Nothing) and lineage.named is not None and not head.version.named_as(lineage.named)


def _name(history: History, lineage: Lineage, head: Version, policy: Policy) -> Verdict:
    """Return what to do about the name of a file with the right content."""
    current = history.versions[-1]
    if not policy.undo_rename or lineage.named is None or current.named_as(lineage.named):
        return Nothing()
    if (lineage.newest_is_ours or lineage.name_is_ours) and stands_for(current.title, lineage.named.title):
        return Nothing()
    return UndoRename(lineage.named, lineage.renamer, head)


def _doubt(lineage: Lineage, own_accounts: frozenset[str], held: Held) -> FlagReason | None:
    """Return why a wrong content is better left alone."""
    if not own_accounts:
        return FlagReason.OWN_ACCOUNT_UNKNOWN
    if any(traced.standing is Standing.OWN for traced in lineage.unreplaced):
        return FlagReason.OWN_UPLOAD_WITHOUT_SOURCE
    return FlagReason.ORDER_UNCLEAR if _order_unclear(lineage, held) else None


def _order_unclear(lineage: Lineage, held: Held) -> bool:
    """Return whether an offender came so close to another person's base that it may be older than the lock.

    There is no such doubt after a version of the holder's own, nor where the record says when the lock began.
    """
    if held.began is not None or held.base.author == held.holder or lineage.newest_is_holders:
        return False
    return any(offender.created < held.base.created + UNCLEAR for offender in lineage.offenders)
