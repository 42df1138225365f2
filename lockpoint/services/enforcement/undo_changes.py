"""Undoing renames and the trash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.judge import FileStatus, Flag, UndoRename, Version
from lockpoint.services.enforcement.held_file import REFUSALS, HeldFile, ProtectionResult, flag, reason_of
from lockpoint.services.enforcement.overwrite_effects import conflicts, overwrite_mails, row_about
from lockpoint.services.enforcement.restore_budget import left_in_pause
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace
from lockpoint.services.ports.locks import Effects, Protection, Restoration
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.absence import return_under


def undo_rename(held_file: HeldFile, verdict: UndoRename) -> ProtectionResult | None:
    """Give the file its name back; None when it moved."""
    if paused := left_in_pause(held_file, (verdict.offender.author,)):
        return paused
    if not held_file.unchanged():
        return None
    try:
        held_file.services.attachments.rename(
            held_file.tenant, held_file.attachment, verdict.title, priority=held_file.priority
        )
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(held_file, Flag(reason_of(refused), (verdict.offender,)))
    done = _Undone(AuditKind.RENAMED_BACK, "renamed", verdict.offender)
    return _own_change(held_file, done, verdict.head.created)


def undo_trash(held_file: HeldFile) -> ProtectionResult | None:
    """Bring the file back from the trash; if its name is taken, under a name that says so.

    A file whose page is in the trash reads as trashed too; it comes back with the page. What was trashed during an
    absence stays there.
    """
    if _trashed_in_the_absence(held_file):
        held_file.mark(Protection.UNCHECKED)
        return ProtectionResult(held_file.state)
    if not _page_is_there(held_file):
        held_file.mark(Protection.SUSPENDED)
        return ProtectionResult(held_file.state)
    if paused := left_in_pause(held_file, (None,)):
        return paused
    return _undo_trash(held_file) if held_file.unchanged() else None


def _undo_trash(held_file: HeldFile) -> ProtectionResult | None:
    title = held_file.attachment.title
    try:
        name = _undelete_as(held_file, title, suffixed(title))
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(held_file, Flag(reason_of(refused)))
    done = _Undone(AuditKind.UNDELETED, "trashed" if name == title else "trashed_renamed")
    return _own_change(held_file, done, _content_source(held_file))


def suffixed(title: str) -> str:
    """Return a name for a file whose own is taken: `plan.docx` becomes `plan (restored).docx`."""
    stem, dot, ending = title.rpartition(".")
    return f"{stem} (restored).{ending}" if dot and stem else f"{title} (restored)"


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
    return return_under(held_file.services.tenants.by_id(held_file.tenant.id), held_file.held) is not None


def _page_is_there(held_file: HeldFile) -> bool:
    """Return whether the app sees the file's page where people work on it."""
    if held_file.attachment.container is None:
        return False
    try:
        page = held_file.services.people.container(
            held_file.tenant, None, held_file.attachment.container, priority=held_file.priority
        )
    except (GoneOrInvisible, Forbidden):
        return False
    return page.status is FileStatus.CURRENT


def _undelete_as(held_file: HeldFile, *titles: str) -> str:
    """Try the names in turn and return the one that worked; a lost race under the last one passes through."""
    *first, last = titles
    for title in first:
        try:
            held_file.services.attachments.undo_trash(
                held_file.tenant, held_file.attachment, title, priority=held_file.priority
            )
        except LostRace:
            continue
        return title
    held_file.services.attachments.undo_trash(held_file.tenant, held_file.attachment, last, priority=held_file.priority)
    return last


def _own_change(held_file: HeldFile, undone: _Undone, source: datetime) -> ProtectionResult:
    """Record the version that our change of name or status made, so that the judge knows it as ours.

    Where none is surely ours the row counts for the budget only: it names no version, or itself.
    """
    after = held_file.read_state()
    made, now = after.attachment.head, held_file.services.clock.now()
    own_account = held_file.services.people.own_account(held_file.tenant, priority=held_file.priority)
    before = held_file.attachment.head
    moved = made.created != before.created and made.author == own_account and made.file_id == before.file_id
    offenders = (undone.offender,) if undone.offender else ()
    restoration = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=made.created if moved else now,
        source_created=source if moved else now,
        offenders=tuple(v.author for v in offenders if v.author),
        at=now,
    )
    row = row_about(held_file.attachment, held_file.held, undone.kind, made)
    effects = Effects(
        restorations=(restoration,),
        audit=(*conflicts(held_file.attachment, held_file.held, offenders, undone.word), row),
        intents=_told(held_file, undone, made),
    )
    held_file.services.effects.record(held_file.tenant, effects)
    held_file.mark(Protection.PROTECTED)
    return ProtectionResult(after)


def _told(held_file: HeldFile, undone: _Undone, made: Version) -> tuple[MailIntent, ...]:
    """Return mails to both sides; the history does not say who trashed a file, so of that only the holder is told."""
    if undone.offender:
        return overwrite_mails(held_file.attachment, held_file.held, (undone.offender,), undone.word)
    mail = MailIntent(
        kind=MailKind.OVERWRITE_ATTEMPT,
        recipient=held_file.held.holder,
        attachment_id=held_file.attachment.id,
        event_key=f"{held_file.attachment.id}/{made.created.isoformat()}",
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
