"""Undoing changes of a file's name and status: renames, and the trash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.judge import FileStatus, Flag, FlagReason, RenameBack, Version
from lockpoint.services.enforcement.held_file import LEFT, REFUSALS, SUSPENDED, Case, Settled, flag, reason_of
from lockpoint.services.enforcement.overwrite_effects import conflicts, row_about, tell
from lockpoint.services.enforcement.restore_budget import over_budget
from lockpoint.services.errors import Forbidden, GoneOrInvisible, LostRace
from lockpoint.services.ports.locks import Effects, Restoration
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.absence import return_under


def rename_back(case: Case, verdict: RenameBack) -> Settled | None:
    """Give the file its name back; None when it moved meanwhile."""
    if over_budget(case, (verdict.offender,)):
        return flag(case, Flag(FlagReason.PAUSED))
    try:
        case.services.attachments.rename(case.tenant, case.attachment, verdict.title, lane=case.lane)
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(reason_of(refused), (verdict.offender,)))
    done = _Undone(AuditKind.RENAMED_BACK, "renamed", verdict.offender)
    return _own_change(case, done, verdict.head.created)


def undelete(case: Case) -> Settled | None:
    """Bring the file back from the trash; where its name is taken meanwhile, under a name that says so.

    A file whose page is in the trash reads as trashed, too: it comes back with the page, and not by our doing. What
    went there while the app was not at work stays.
    """
    if _trashed_in_the_absence(case):
        case.mark(LEFT)
        return Settled(case.seen)
    if not _page_is_there(case):
        case.mark(SUSPENDED)
        return Settled(case.seen)
    if over_budget(case, ()):
        return flag(case, Flag(FlagReason.PAUSED))
    title = case.attachment.title
    try:
        name = _undelete_as(case, title, suffixed(title))
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(reason_of(refused)))
    done = _Undone(AuditKind.UNDELETED, "trashed" if name == title else "trashed_renamed")
    return _own_change(case, done, _content_source(case))


def suffixed(title: str) -> str:
    """A name for a file whose own name is taken: `plan.docx` becomes `plan (restored).docx`."""
    stem, dot, ending = title.rpartition(".")
    return f"{stem} (restored).{ending}" if dot and stem else f"{title} (restored)"


@dataclass(frozen=True, slots=True)
class _Undone:
    """What was undone: its audit row, the word for it in mails, and the version that was to blame, if one was."""

    kind: AuditKind
    word: str
    offender: Version | None = None


def _trashed_in_the_absence(case: Case) -> bool:
    """Whether nobody has looked at the file since the app is at work again: by the mark, or since nothing is known."""
    if case.marked is not None:
        return case.marked == LEFT
    return return_under(case.services.tenants.by_id(case.tenant.id), case.held) is not None


def _page_is_there(case: Case) -> bool:
    """Whether the app sees the file's page where people work on it."""
    if case.attachment.container is None:
        return False
    try:
        page = case.services.people.container(case.tenant, None, case.attachment.container, lane=case.lane)
    except (GoneOrInvisible, Forbidden):
        return False
    return page.status is FileStatus.CURRENT


def _undelete_as(case: Case, *titles: str) -> str:
    """Try the names in turn, and answer which it was; a lost race under the last one passes through."""
    *first, last = titles
    for title in first:
        try:
            case.services.attachments.undelete(case.tenant, case.attachment, title, lane=case.lane)
        except LostRace:
            continue
        return title
    case.services.attachments.undelete(case.tenant, case.attachment, last, lane=case.lane)
    return last


def _own_change(case: Case, undone: _Undone, source: datetime) -> Settled:
    """Write down the version that our own change of name or status made, so that the judge knows it as ours.

    Where it made none that is surely ours, the row is there for the budget only: it names no version, and if it hits
    one by chance, then as standing for itself.
    """
    after = case.look()
    made, now = after.attachment.head, case.services.clock.now()
    own_account = case.services.people.own_account(case.tenant, lane=case.lane)
    before = case.attachment.head
    moved = made.created != before.created and made.author == own_account and made.file_id == before.file_id
    offenders = (undone.offender,) if undone.offender else ()
    restoration = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created if moved else now,
        source_created=source if moved else now,
        offenders=tuple(v.author for v in offenders if v.author),
        at=now,
    )
    row = row_about(case.attachment, case.held, undone.kind, made)
    effects = Effects(
        restorations=(restoration,),
        audit=(*conflicts(case.attachment, case.held, offenders, undone.word), row),
        intents=_told(case, undone, made),
    )
    case.services.ledger.record(case.tenant, effects)
    case.mark("protected")
    return Settled(after)


def _told(case: Case, undone: _Undone, made: Version) -> tuple[MailIntent, ...]:
    """To both sides; who put a file into the trash is not in its history, so of that only the holder is told."""
    if undone.offender:
        return tell(case.attachment, case.held, (undone.offender,), undone.word)
    mail = MailIntent(
        kind=MailKind.OVERWRITE_ATTEMPT,
        recipient=case.held.holder,
        attachment_id=case.attachment.id,
        event_key=f"{case.attachment.id}/{made.created.isoformat()}",
        lock_id=case.held.lock_id,
        version=made.number,
        detail=undone.word,
    )
    return (mail,)


def _content_source(case: Case) -> datetime:
    """The version whose content the return from the trash left in place."""
    head = case.attachment.head
    known = {
        own.created: own.source_created for own in case.services.restorations.known(case.tenant, case.attachment.id)
    }
    return known.get(head.created, head.created)
