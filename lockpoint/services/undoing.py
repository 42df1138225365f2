"""Undoing changes of a file's name and status: renames, and the trash."""

from __future__ import annotations

from datetime import datetime

from lockpoint.locking.enforcement import Flag, RenameBack, Version
from lockpoint.locking.events import AuditKind
from lockpoint.services.cases import REFUSALS, Case, Settled, flag, reason_of
from lockpoint.services.errors import LostRace
from lockpoint.services.ports import Effects, Restoration
from lockpoint.services.telling import conflicts, row_about


def rename_back(case: Case, verdict: RenameBack) -> Settled | None:
    """Give the file its name back; None when it moved meanwhile."""
    try:
        case.services.attachments.rename(case.tenant, case.attachment, verdict.title, lane=case.lane)
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(reason_of(refused), (verdict.offender,)))
    return _own_change(case, AuditKind.RENAMED_BACK, verdict.offender, verdict.head.created)


def undelete(case: Case) -> Settled | None:
    """Bring the file back from the trash; where its name is taken meanwhile, under a name that says so."""
    title = case.attachment.title
    try:
        _undelete_as(case, title, suffixed(title))
    except LostRace:
        return None
    except REFUSALS as refused:
        return flag(case, Flag(reason_of(refused)))
    return _own_change(case, AuditKind.UNDELETED, None, _content_source(case))


def suffixed(title: str) -> str:
    """A name for a file whose own name is taken: `plan.docx` becomes `plan (restored).docx`."""
    stem, dot, ending = title.rpartition(".")
    return f"{stem} (restored).{ending}" if dot and stem else f"{title} (restored)"


def _undelete_as(case: Case, *titles: str) -> None:
    """Try the names in turn; a lost race under the last one passes through."""
    *first, last = titles
    for title in first:
        try:
            case.services.attachments.undelete(case.tenant, case.attachment, title, lane=case.lane)
        except LostRace:
            continue
        return
    case.services.attachments.undelete(case.tenant, case.attachment, last, lane=case.lane)


def _own_change(case: Case, kind: AuditKind, offender: Version | None, source: datetime) -> Settled:
    """Write down the version that our own change of name or status made, so that the judge knows it as ours."""
    after = case.look()
    made = after.attachment.head
    restoration = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created,
        source_created=source,
        offenders=(offender.author,) if offender and offender.author else (),
        at=case.services.clock.now(),
    )
    own_account = case.services.people.own_account(case.tenant, lane=case.lane)
    before = case.attachment.head
    moved = made.created != before.created and made.author == own_account and made.file_id == before.file_id
    rows = conflicts(case.attachment, case.held, (offender,) if offender else (), "renamed")
    effects = Effects(
        restorations=(restoration,) if moved else (),
        audit=(*rows, row_about(case.attachment, case.held, kind, made)),
    )
    case.services.ledger.record(case.tenant, effects)
    case.mark("protected")
    return Settled(after)


def _content_source(case: Case) -> datetime:
    """The version whose content the return from the trash left in place."""
    head = case.attachment.head
    known = {
        own.created: own.source_created for own in case.services.restorations.known(case.tenant, case.attachment.id)
    }
    return known.get(head.created, head.created)
