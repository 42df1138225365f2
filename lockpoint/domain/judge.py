"""What a file's history requires; `lineage` says which versions are whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lockpoint.domain.lineage import Lineage, Standing, Traced, trace
from lockpoint.domain.lock import Held
from lockpoint.domain.versions import FileStatus, History, KnownRestoration, Policy, Version

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
    """Make `version` current again; `offenders` are the unauthorised versions after it, oldest first."""

    version: Version
    offenders: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class UndoRename:
    """Give the file its old name; `offender` changed it, `head` has the content and the name."""

    title: str
    offender: Version
    head: Version


@dataclass(frozen=True, slots=True)
class UndoTrash:
    """Bring the file back from the trash."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Leave the file alone and say why it is not protected."""

    reason: FlagReason
    offenders: tuple[Version, ...] = ()


Verdict = Nothing | Restore | UndoRename | UndoTrash | Flag


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its grounds.

    `head` is the newest authorised version of the file's own history. `uploaded`: the holder, an allowed account, or
    anybody during an absence made it after the base, so the base moves to it; `by_holder`: the holder made new content
    since the base. `free` are others' versions from an absence. `superseded` are unauthorised versions in the
    protected time that an upload of the holder, our restoration or the end of the lock replaced: recorded and told
    once, not undone; versions known to change no content are left out.
    """

    verdict: Verdict
    head: Version | None
    uploaded: bool = False
    superseded: tuple[Version, ...] = ()
    free: tuple[Version, ...] = ()
    by_holder: bool = False


def judge(
    history: History,
    held: Held,
    *,
    policy: Policy,
    own_account: str | None,
    restorations: tuple[KnownRestoration, ...],
    until: datetime | None = None,
) -> Judgement:
    """Return what `held` requires of a file with this history; pure and total.

    `until` is the end of protection, by the host's time, of a lock that is over: the file is then not touched (None:
    still held; `expires_at - MARGIN` bounds the protection). Contents are compared by `file_id`; versions without one
    are not known to be equal. No version says who trashed a file, so a locked file always leaves the trash.
    """
    lineage = trace(history, held, policy=policy, own_account=own_account, restorations=restorations, until=until)
    touch = until is None
    verdict = _verdict(history, lineage, policy, own_account, held) if touch else Nothing()
    head = lineage.head
    return Judgement(
        verdict=verdict,
        head=head.version if head else None,
        uploaded=head is not None and _moves_base(head, held),
        free=lineage.free,
        by_holder=lineage.holder_uploaded,
        superseded=lineage.replaced if touch else lineage.replaced + lineage.offenders,
    )


def _verdict(history: History, lineage: Lineage, policy: Policy, own_account: str | None, held: Held) -> Verdict:
    if history.status is FileStatus.TRASHED and policy.undo_trash:
        return UndoTrash()
    if history.status is not FileStatus.CURRENT:
        return Nothing()
    if lineage.head is None:
        reason = FlagReason.BASELINE_LOST if history.complete else FlagReason.HISTORY_INCOMPLETE
        return Flag(reason, lineage.offenders)
    if not lineage.unreplaced:
        return _name(history, lineage, lineage.head.version, policy)
    doubt = _doubt(lineage, own_account, held)
    return Flag(doubt, lineage.offenders) if doubt else Restore(lineage.head.version, lineage.offenders)


def _moves_base(head: Traced, held: Held) -> bool:
    """A new name for the same content moves the base, too."""
    return head.by in {Standing.HOLDERS, Standing.FREE} and head.version.created > held.base.created


def _name(history: History, lineage: Lineage, head: Version, policy: Policy) -> Verdict:
    """Return what to do about the name of a file with the right content."""
    current = history.versions[-1]
    if not policy.undo_rename or lineage.title is None or current.title in {None, lineage.title}:
        return Nothing()
    return UndoRename(lineage.title, lineage.renamer or current, head)


def _doubt(lineage: Lineage, own_account: str | None, held: Held) -> FlagReason | None:
    """Return why a wrong content is better left alone."""
    if own_account is None:
        return FlagReason.OWN_ACCOUNT_UNKNOWN
    if any(traced.standing is Standing.OWN for traced in lineage.unreplaced):
        return FlagReason.OWN_UPLOAD_WITHOUT_SOURCE
    return FlagReason.ORDER_UNCLEAR if _order_unclear(lineage, held) else None


def _order_unclear(lineage: Lineage, held: Held) -> bool:
    """Return whether an offender is so close to another person's base that it may be older than the lock."""
    if held.base.author == held.holder or lineage.newest_is_holders:
        return False
    return any(offender.created < held.base.created + UNCLEAR for offender in lineage.offenders)
