"""Undoing renames and the trash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.file_names import restored_name
from lockpoint.domain.history.judge import FileStatus, Flag, UndoRename, UndoTrash, Version
from lockpoint.services.enforcement.held_file import REFUSALS, HeldFile, ProtectionResult, flag, reason_of
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails, row_about
from lockpoint.services.enforcement.restore_budget import left_in_pause
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace
from lockpoint.services.ports.locks import Effects, Protection, Restoration
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.absence import return_under

_BEFORE_ANY_VERSION = timedelta(days=36525)


def undo_rename(held_file: HeldFile, verdict: UndoRename) -> ProtectionResult | None:
    """Give the file its name and type back; None when it moved."""
    if paused := left_in_pause(held_file, tuple(version.author for version in verdict.offenders)):
        return paused
    if not held_file.unchanged():
        return None
    try:
        name_as(held_file, verdict.named)
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(held_file, Flag(reason_of(refused), verdict.offenders))
    done = _Undone(AuditKind.RENAMED_BACK, "renamed", verdict.offender)
    return _own_change(held_file, done, verdict.head.created)


def name_as(held_file: HeldFile, named: Version) -> None:
    """Give the file name and type of a version, or a name that says so if that is taken; `LostRace` when it moved."""
    attachment = held_file.attachment
    title = named.title or attachment.title
    media_type = None if named.media_type == attachment.media_type else named.media_type
    edit = partial(
        held_file.services.attachments.rename,
        held_file.tenant,
        attachment,
        media_type=media_type,
        priority=held_file.priority,
        person=held_file.state.person,
    )
    _first_free(edit, title, restored_name(title))


def undo_trash(held_file: HeldFile, verdict: UndoTrash) -> ProtectionResult | None:
    """Bring the file back from the trash, to be judged again; if its name is taken, under a name that says so.

    A file whose page is in the trash reads as trashed too; it comes back with the page. What was trashed during an
    absence stays there.
    """
    if _trashed_in_the_absence(held_file):
        held_file.mark(Protection.UNCHECKED)
        return ProtectionResult(held_file.state)
    if not _page_is_there(held_file):
        held_file.mark(Protection.SUSPENDED)
        return ProtectionResult(held_file.state, pending=tuple(v.created for v in verdict.offenders))
    if paused := left_in_pause(held_file, (None,), verdict.offenders):
        return paused
    return _undo_trash(held_file, verdict) if held_file.unchanged() else None


def _undo_trash(held_file: HeldFile, verdict: UndoTrash) -> ProtectionResult | None:
    title = held_file.attachment.title
    try:
        name = _first_free(_undo_trash_as(held_file), title, restored_name(title))
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(held_file, Flag(reason_of(refused), verdict.offenders))
    done = _Undone(AuditKind.UNDELETED, "trashed" if name == title else "trashed_renamed")
    return replace(_own_change(held_file, done, _content_source(held_file)), again=True)


def _undo_trash_as(held_file: HeldFile) -> Callable[[str], None]:
    return partial(
        held_file.services.attachments.undo_trash,
        held_file.tenant,
        held_file.attachment,
        priority=held_file.priority,
        person=held_file.state.person,
    )


@dataclass(frozen=True, slots=True)
class _Undone:
    """What was undone: its audit row, the word for it in mails, and the version to blame, if any."""

    kind: AuditKind
    word: str
    offender: Version | None = None


def _trashed_in_the_absence(held_file: HeldFile) -> bool:
    """Return whether the file was not read since the site is active again: by the mark, or for want of any."""
    if held_file.marked is not None:
        return held_file.marked is Protection.UNCHECKED
    return return_under(held_file.services, held_file.tenant, held_file.held, held_file.state.witness) is not None


def _page_is_there(held_file: HeldFile) -> bool:
    """Return whether the app sees the file's page where people work on it."""
    if held_file.attachment.container is None:
        return False
    try:
        page = held_file.services.people.container(
            held_file.tenant, held_file.state.person, held_file.attachment.container, priority=held_file.priority
        )
    except (GoneOrInvisible, Forbidden):
        return False
    return page.status is FileStatus.CURRENT


def _first_free(edit: Callable[[str], None], *titles: str) -> str:
    """Try the names in turn and return the one that worked; a lost race under the last one passes through."""
    *first, last = titles
    for title in first:
        try:
            edit(title)
        except LostRace:
            continue
        return title
    edit(last)
    return last


def _own_change(held_file: HeldFile, undone: _Undone, source: datetime) -> ProtectionResult:
    """Record the version that our change of name or status made, so that the judge knows it as ours.

    Where none is surely ours the row counts for the budget only: it names no version, now or later.
    """
    after = held_file.read_state()
    made, now = after.attachment.head, held_file.services.clock.now()
    moved = held_file.made_by_us(after)
    offenders = (undone.offender,) if undone.offender else ()
    nothing = now - _BEFORE_ANY_VERSION
    restoration = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=made.created if moved else nothing,
        source_created=source if moved else nothing,
        offenders=tuple(v.author for v in offenders if v.author),
        at=now,
    )
    account = held_file.own_account() if held_file.state.person is None else None
    row = replace(row_about(held_file.attachment, held_file.held, undone.kind, made), account=account)
    effects = Effects(
        restorations=(restoration,),
        audit=(*conflicts(held_file.attachment, held_file.held, offenders, undone.word), row),
        intents=_told(held_file, undone, made),
    )
    held_file.services.effects.record(held_file.tenant, effects)
    held_file.mark(Protection.PROTECTED, made)
    return ProtectionResult(after, again=not moved)


def _told(held_file: HeldFile, undone: _Undone, made: Version) -> tuple[MailIntent, ...]:
    """Return mails to both sides; the history does not say who trashed a file, so of that only the holder is told."""
    if undone.kind is AuditKind.RENAMED_BACK:
        offenders = (undone.offender,) if undone.offender else ()
        return overwrite_mails(held_file.attachment, held_file.held, offenders, undone.word)
    mail = MailIntent(
        kind=MailKind.OVERWRITE_ATTEMPT,
        recipient=held_file.held.holder,
        attachment_id=held_file.attachment.id,
        event_key=f"{held_file.attachment.id}/{held_file.attachment.head.created.isoformat()}/trashed",
        lock_id=held_file.held.lock_id,
        version=made.number,
        detail=undone.word,
    )
    return (mail,)


def _content_source(held_file: HeldFile) -> datetime:
    """Return the version whose content the return from the trash left in place."""
    head = held_file.attachment.head
    known = {
        own.created: own.source_created
        for own in held_file.services.restorations.known(held_file.tenant, held_file.attachment.id)
    }
    return known.get(head.created, head.created)
