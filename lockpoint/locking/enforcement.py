"""The judge: what a file's history says must be done, from one fresh read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lockpoint.locking.lock import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a file as the host tells it; `size`, `file_id`, `title` are None where they were not read."""

    number: int
    created: datetime
    author: str | None
    message: str = ""
    minor: bool = False
    size: int | None = None
    file_id: str | None = None
    title: str | None = None


class FileStatus(StrEnum):
    """Where a file is: `GONE` only when two different reads agreed."""

    CURRENT = "current"
    TRASHED = "trashed"
    ARCHIVED = "archived"
    DRAFT = "draft"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class History:
    """A file's versions, oldest first, complete at least back to the protected one when `complete`."""

    status: FileStatus
    versions: tuple[Version, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class KnownRestoration:
    """A version that we made ourselves, and the version whose content it brought back (both by the host's time)."""

    created: datetime
    source_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is undone here, and whose versions count as the holder's."""

    undo_rename: bool = True
    undo_trash: bool = True
    allowed: frozenset[str] = frozenset()


class FlagReason(StrEnum):
    """Why a file is not protected although it is locked."""

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
class RenameBack:
    """Give the file its old name; `offender` is the version that changed it."""

    title: str
    offender: Version


@dataclass(frozen=True, slots=True)
class Undelete:
    """Bring the file back from the trash."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Do not touch the file; say why it is not protected. `offenders` may be empty."""

    reason: FlagReason
    offenders: tuple[Version, ...] = ()


Verdict = Nothing | Restore | RenameBack | Undelete | Flag


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it stands on.

    `head` is the newest authorised version of the file's own history (None when there is none); `uploaded` says that
    the holder (or an allowed account) made it after the protected base, so the base moves to it;
    `overruled` are unauthorised versions that an authorised one already replaced: told and recorded, nothing to undo.
    """

    verdict: Verdict
    head: Version | None
    uploaded: bool = False
    overruled: tuple[Version, ...] = ()


def judge(
    history: History,
    held: Held,
    *,
    policy: Policy,
    own_account: str | None,
    restorations: tuple[KnownRestoration, ...],
    until: datetime | None = None,
) -> Judgement:
    """Say what `held` requires of a file with this history; pure, total, and blind to how it was woken.

    `until` is the end of protection on the host's clock for a hold that has ended (None: still held; then
    `expires_at - MARGIN` bounds it).
    """
    raise NotImplementedError
